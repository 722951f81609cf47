/**
 * Which peers a certificate makes somebody: rules over the names and numbers in it, as the certificate maps of
 * configurations state them. They choose among peers; whether the certificate is to be believed is asked afterwards.
 */
import { type AlternativeName, type Certificate, nameAttributes, nameText } from '../crypto/index.ts';
import type { CertificateCondition, CertificateRule } from './policy.ts';

/** Whether a certificate is as one of the rules wants it. */
export function ruleFits(rules: readonly CertificateRule[], certificate: Certificate | undefined): boolean {
  if (certificate === undefined) return false;
  // A rule without conditions would let everybody in: it is one that is not finished.
  return rules.some((rule) => rule.length > 0 && rule.every((condition) => holds(condition, certificate)));
}

/** Whether one condition holds: where there is nothing to compare, what must not be is not. */
export function holds(condition: CertificateCondition, certificate: Certificate): boolean {
  const { field, relation } = condition;
  if (field === 'valid-from' || field === 'valid-until') {
    const own = field === 'valid-from' ? certificate.notBefore : certificate.notAfter;
    return inTime(own, condition);
  }
  const comparable = field === 'serial' ? comparableSerial : comparableText;
  const wanted = comparable(condition.value);
  const texts = textsOf(condition, certificate).map(comparable);
  switch (relation) {
    case 'equals':
      return texts.includes(wanted);
    case 'differs':
      return !texts.includes(wanted);
    case 'contains':
      return texts.some((text) => text.includes(wanted));
    case 'lacks':
      return !texts.some((text) => text.includes(wanted));
    default:
      return false; // before and from are relations of times
  }
}

function inTime(own: number, { relation, value }: CertificateCondition): boolean {
  const wanted = timeOf(value);
  if (wanted === undefined) return false;
  switch (relation) {
    case 'equals':
      return own === wanted;
    case 'differs':
      return own !== wanted;
    case 'before':
      return own < wanted;
    case 'from':
      return own >= wanted;
    default:
      return false;
  }
}

/** What a condition compares: one attribute of a name, a whole name in either order, or whatever else the field is. */
function textsOf({ field, attribute }: CertificateCondition, certificate: Certificate): readonly string[] {
  const { subject, issuer, alternativeNames, serial, extendedKeyUsage } = certificate;
  switch (field) {
    case 'subject':
      return nameTexts(subject, attribute);
    case 'issuer':
      return nameTexts(issuer, attribute);
    case 'alternative-name':
      return alternativeNames.flatMap(alternativeText);
    case 'any-name':
      return [...nameTexts(subject, attribute), ...alternativeNames.flatMap(alternativeText)];
    case 'unstructured-name':
      return ['hostname', 'ipaddress'].flatMap((one) => nameTexts(subject, one));
    case 'serial':
      return [serial];
    case 'key-usage':
      return (extendedKeyUsage ?? []).map((one) => KEY_USAGES.get(one) ?? one);
    default:
      return [];
  }
}

function nameTexts(name: Uint8Array, attribute: string | undefined): readonly string[] {
  if (attribute !== undefined) {
    return (nameAttributes(name) ?? []).flatMap(({ key, value }) => (key === attribute ? [value] : []));
  }
  const text = nameText(name);
  if (text === undefined || text === '') return [];
  // Some write names from the root, others from the leaf.
  return [
    text,
    text
      .split(/(?<!\\),/)
      .reverse()
      .join(','),
  ];
}

function alternativeText(one: AlternativeName): readonly string[] {
  switch (one.kind) {
    case 'dns':
    case 'email':
      return [one.name];
    case 'ip':
      return [String(one.address)];
    case 'directory':
      return nameTexts(one.der, undefined);
    default:
      return one satisfies never;
  }
}

/** Without regard to case, nor to blanks around commas and equals signs. */
function comparableText(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/\s*([,=])\s*/g, '$1')
    .replaceAll(/\s+/g, ' ');
}

/** Without regard to leading zeros and to what people put between the digits. */
function comparableSerial(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[\s:]/g, '')
    .replace(/^(?:0x)?0*/, '');
}

/** RFC 5280 section 4.2.1.12. */
const KEY_USAGES: ReadonlyMap<string, string> = new Map([
  ['1.3.6.1.5.5.7.3.1', 'serverauth'],
  ['1.3.6.1.5.5.7.3.2', 'clientauth'],
  ['1.3.6.1.5.5.7.3.3', 'codesigning'],
  ['1.3.6.1.5.5.7.3.4', 'emailprotection'],
  ['1.3.6.1.5.5.7.3.8', 'timestamping'],
  ['1.3.6.1.5.5.7.3.9', 'ocspsigning'],
]);

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** `15 Mar 2026 12:00:00` or `Mar 15 2026`, in UTC; undefined when it is no such time. */
export function timeOf(text: string): number | undefined {
  const parts = text.trim().toLowerCase().split(/\s+/);
  const [first = '', second = '', year = '', time = '00:00:00'] = parts;
  const [day, month] = /^\d/.test(first) ? [first, second] : [second, first];
  const index = MONTHS.indexOf(month.slice(0, 3));
  const clock = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(time);
  if (index < 0 || !/^\d{1,2}$/.test(day) || !/^\d{4}$/.test(year) || clock === null) return undefined;
  const [hour = 0, minute = 0, secondOfMinute = 0] = clock.slice(1).map((one) => Number(one ?? 0));
  if (Number(day) < 1 || Number(day) > 31 || hour > 23 || minute > 59 || secondOfMinute > 59) return undefined;
  return Date.UTC(Number(year), index, Number(day), hour, minute, secondOfMinute);
}
