/** Certificate maps, in the words of either dialect. */
import type { Assembly } from '../assembly.ts';
import type { CertificateConditionModel, CertificateField, CertificateMapModel } from '../certificate-map-model.ts';
import type { Draft } from '../draft.ts';
import { choice, name, number, optional, text } from '../parameters.ts';
import type { Printed } from '../row.ts';
import { type SharedRow, used } from './row.ts';

/** What the map is called where a line names none. */
export const DEFAULT_MAP = 'DefaultCertificateMap';

const RELATIONS = { eq: 'equals', ne: 'differs', co: 'contains', nc: 'lacks', lt: 'before', ge: 'from' } as const;
type RelationWord = keyof typeof RELATIONS;
const RELATION_HELP: Readonly<Record<RelationWord, string>> = {
  eq: 'Equal',
  ne: 'Not equal',
  co: 'Contains',
  nc: 'Does not contain',
  lt: 'Earlier',
  ge: 'Then or later',
};
const OF_TEXTS = ['eq', 'ne', 'co', 'nc'] as const;
const OF_TIMES = ['eq', 'ne', 'lt', 'ge'] as const;

const ATTRIBUTES = {
  cn: 'Common name',
  ou: 'Organizational unit',
  o: 'Organization',
  c: 'Country',
  l: 'Locality',
  sp: 'State or province',
  ea: 'Mail address',
  dc: 'Domain component',
  uid: 'User',
  gn: 'Given name',
  sn: 'Surname',
  t: 'Title',
  ser: 'Serial number',
} as const;
type AttributeWord = keyof typeof ATTRIBUTES;
/** As certificates are read here. */
const ATTRIBUTE_KEYS: Readonly<Partial<Record<AttributeWord, string>>> = { sp: 'st', ser: 'serialNumber' };

const FIELDS: readonly CertificateField[] = [
  'subject',
  'issuer',
  'alternative-name',
  'unstructured-name',
  'any-name',
  'serial',
  'key-usage',
  'valid-from',
  'valid-until',
];

export type MapWords = Readonly<{
  before: 'crypto ca' | 'crypto pki';
  section: string;
  /** Names of maps may be left out, and single attributes of names compared. */
  isAsa: boolean;
}>;

/** The line of a map's entry, and those of its conditions. */
export function certificateMapRows({ before, section, isAsa }: MapWords): readonly SharedRow[] {
  const within = { within: [`${before} certificate map BRANCHES 10`] };
  const condition = conditionRows(within);
  return [
    used('config', {
      pattern: `${before} certificate map ${isAsa ? '[<name>]' : '<name>'} <sequence>`,
      help: `Rules over certificates, for choosing ${isAsa ? 'tunnel-groups' : 'profiles'}`,
      section,
      enters: 'certificate-map',
      params: { name: optional(name('Map')), sequence: number(1, 65535, 'Place among its entries') },
      example: `${before} certificate map BRANCHES 10`,
      set: (target, args, place) => entryOf(target, args.name ?? DEFAULT_MAP, args.sequence, () => place.written()),
      unset(target, args) {
        const { device } = target;
        const wanted = args.name ?? (isAsa ? DEFAULT_MAP : undefined);
        const left = (device.certificateMaps ?? []).filter(
          (one) => one.name !== wanted || (args.sequence !== undefined && one.sequence !== args.sequence),
        );
        if (left.length > 0) device.certificateMaps = left;
        else delete device.certificateMaps;
      },
      print: (device) =>
        (device.certificateMaps ?? []).map((one) => ({
          values: { name: one.name, sequence: one.sequence },
          view: one,
        })),
    }),
    condition('subject-name', 'subject', 'Subject', isAsa, 'co ou=vpn'),
    condition('issuer-name', 'issuer', 'Authority that signed it', isAsa, 'eq cn=Root, o=Example'),
    condition('alt-subject-name', 'alternative-name', 'Its alternative names', false, 'co branch.example.com'),
    ...(isAsa
      ? [
          condition('serial-number', 'serial', 'Serial number, hexadecimal', false, 'ne 0102'),
          condition('extended-key-usage', 'key-usage', 'What it is for', false, 'co clientauth'),
        ]
      : [
          condition('unstructured-subject-name', 'unstructured-name', 'Its unstructured name', false, 'co branch'),
          condition('name', 'any-name', 'Subject or alternative names', false, 'nc test'),
          condition('serial-number', 'serial', 'Serial number, hexadecimal', false, 'ne 0102'),
          condition('valid-start', 'valid-from', 'When it becomes valid, in UTC', false, 'ge 1 Jan 2021 00:00:00'),
          condition('expires-on', 'valid-until', 'When it expires, in UTC', false, 'lt Jan 1 2031'),
        ]),
  ];
}

function entryOf(
  target: Assembly,
  map: string,
  sequence: number,
  written: () => Draft<CertificateMapModel>['written'],
) {
  target.device.certificateMaps ??= [];
  const list = target.device.certificateMaps;
  const known = list.find((one) => one.name === map && one.sequence === sequence);
  if (known !== undefined) return known;
  const made: Draft<CertificateMapModel> = { name: map, sequence, conditions: [], written: written() };
  // Entries of one map stand together, in their order.
  const after = list.findIndex((one) => one.name === map && one.sequence > sequence);
  const last = list.findLastIndex((one) => one.name === map);
  list.splice(after >= 0 ? after : last >= 0 ? last + 1 : list.length, 0, made);
  return made;
}

function conditionRows(within: Readonly<{ within: readonly string[] }>) {
  return (word: string, field: CertificateField, help: string, hasAttributes: boolean, example: string): SharedRow => {
    const relations: readonly RelationWord[] = field.startsWith('valid') ? OF_TIMES : OF_TEXTS;
    const choices = Object.fromEntries(relations.map((one) => [one, RELATION_HELP[one]])) as Record<
      RelationWord,
      string
    >;
    return used('certificate-map', {
      pattern: `${word} ${hasAttributes ? '[attr <attribute>] ' : ''}<relation> <value>`,
      help,
      params: {
        attribute: optional(choice('Attribute', ATTRIBUTES)),
        relation: choice('Comparison', choices),
        value: text('Value, without regard to case'),
      },
      example: [
        { line: `${word} ${example}`, ...within },
        ...(hasAttributes ? [{ line: `${word} attr ou eq vpn`, ...within }] : []),
      ],
      set(target, args) {
        const made = conditionOf(field, args);
        if (!target.conditions.some((one) => isSame(one, made))) target.conditions.push(made);
        // As they are printed.
        target.conditions.sort((a, b) => FIELDS.indexOf(a.field) - FIELDS.indexOf(b.field));
      },
      unset(target, args) {
        const { relation, value } = args;
        target.conditions = target.conditions.filter((one) => {
          if (one.field !== field) return true;
          if (relation === undefined || value === undefined) return false;
          return !isSame(one, conditionOf(field, { ...args, relation, value }));
        });
      },
      print: (view) => view.conditions.filter((one) => one.field === field).map(printed),
    });
  };
}

type ConditionArgs = Readonly<{ attribute?: AttributeWord | undefined; relation: RelationWord; value: string }>;

function conditionOf(
  field: CertificateField,
  { attribute, relation, value }: ConditionArgs,
): Draft<CertificateConditionModel> {
  const key = attribute === undefined ? undefined : (ATTRIBUTE_KEYS[attribute] ?? attribute);
  return { field, ...(key === undefined ? {} : { attribute: key }), relation: RELATIONS[relation], value };
}

function isSame(a: CertificateConditionModel, b: CertificateConditionModel): boolean {
  return a.field === b.field && a.attribute === b.attribute && a.relation === b.relation && a.value === b.value;
}

function printed({ attribute, relation, value }: CertificateConditionModel): Printed<{
  attribute: AttributeWord | undefined;
  relation: RelationWord;
  value: string;
}> {
  const words = Object.keys(ATTRIBUTES) as AttributeWord[];
  const word = words.find((one) => (ATTRIBUTE_KEYS[one] ?? one) === attribute);
  const relations = Object.keys(RELATIONS) as RelationWord[];
  return {
    values: { attribute: word, relation: relations.find((one) => RELATIONS[one] === relation), value },
  };
}
