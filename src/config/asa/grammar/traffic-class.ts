/** What traffic in transit is told apart by (`class-map`), and how its TCP is cleaned (`tcp-map`). */
import type { Draft } from '../../draft.ts';
import type { TcpMapModel, TcpOptionRule, TcpOptionTreatment, TrafficMatchModel } from '../../model.ts';
import { named } from '../../named.ts';
import { name, number, optional, refers, text, words } from '../../parameters.ts';
import { portNumber, portParam } from '../../rows/ports.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';

const SECTION = 'policy-map';
const inClass = { within: ['class-map CM'] };
const inMap = { within: ['tcp-map TM'] };
const DEFAULT_CLASS = 'class-default';

/** Options by the word of their own, with their kinds (IANA "TCP Option Kind Numbers"). */
const NAMED_OPTIONS = {
  mss: { from: 2, to: 2 },
  'window-scale': { from: 3, to: 3 },
  'selective-ack': { from: 4, to: 5 },
  timestamp: { from: 8, to: 8 },
  md5: { from: 19, to: 19 },
} as const;

type OptionWord = keyof typeof NAMED_OPTIONS;

export const trafficClassRows: readonly AsaRow[] = [
  used('config', {
    pattern: 'class-map <name> / [<match>]',
    help: 'Kind of traffic in transit',
    section: SECTION,
    enters: 'class-map',
    params: { name: name('Class', 40), match: optional(words('Lines that must fit', 'match-any', 'match-all')) },
    example: ['class-map CM_BGP', { line: 'class-map CM_BGP match-any', prints: 'class-map CM_BGP' }],
    opener: ({ name: own }) => ({ name: own }),
    set({ device }, args, place) {
      if (args.name === DEFAULT_CLASS)
        return place.error('contradiction', `${DEFAULT_CLASS} is there already`, { param: 'name' });
      device.trafficClasses ??= [];
      return named(device.trafficClasses, args.name, () => ({
        name: args.name,
        matches: [],
        written: place.written(),
      }));
    },
    unset({ device }, args) {
      const left = (device.trafficClasses ?? []).filter((one) => one.name !== args.name);
      if (left.length > 0) device.trafficClasses = left;
      else delete device.trafficClasses;
    },
    print: ({ trafficClasses = [] }) => trafficClasses.map((one) => ({ values: { name: one.name }, view: one })),
  }),
  used('class-map', {
    pattern: 'match / {<all>|access-list <list>|port <protocol> {eq <port>|range <from> <to>}}',
    help: 'What belongs to the class',
    attribute: 'matches',
    params: {
      all: optional(words('Everything, or what is inspected by default', 'any', 'default-inspection-traffic')),
      list: optional(refers('access list', name('Access list: what it permits'))),
      protocol: optional(words('Protocol', 'tcp', 'udp')),
      port: optional(portParam('Destination port')),
      from: optional(portParam('First port')),
      to: optional(portParam('Last port')),
    },
    example: [
      { line: 'match access-list BGP', ...inClass },
      { line: 'match any', ...inClass },
      { line: 'match default-inspection-traffic', ...inClass },
      { line: 'match port tcp eq bgp', prints: 'match port tcp eq 179', ...inClass },
      { line: 'match port udp range 1000 2000', ...inClass },
    ],
    set(target, args, place) {
      const wanted = matchOf(args);
      if (wanted.kind === 'ports' && wanted.from > wanted.to)
        return place.error('contradiction', 'this range of ports is empty');
      const [only] = target.matches;
      const isSame = JSON.stringify(only) === JSON.stringify(wanted);
      // A class has one match; the exception is an access list beside the traffic that is inspected by default.
      if (only !== undefined && !isSame)
        return place.error('contradiction', `class-map ${target.name} has a match already: take it back first`);
      if (!isSame) target.matches.push(wanted);
      return undefined;
    },
    unset(target) {
      target.matches = [];
    },
    print: ({ matches }) => matches.map((one) => ({ values: {}, line: matchText(one) })),
  }),
  unsupported('class-map', {
    pattern: 'match {dscp <rest>|precedence <rest>|rtp <rest>|flow <rest>|tunnel-group <rest>|user-statistics <rest>}',
    help: 'Other traits: they match nothing here',
    params: { rest: text('Value') },
    example: { line: 'match flow ip destination-address', ...inClass },
  }),
  harmless('class-map', {
    pattern: 'description <text>',
    help: 'Describe the class',
    params: { text: text('Any text') },
    example: { line: 'description sessions through us', ...inClass },
  }),
  harmless('config', {
    pattern: '{class-map|policy-map} type <kind> <rest>',
    help: 'Kinds of traffic for inspections, which are not made',
    section: SECTION,
    enters: 'section',
    params: { kind: words('Kind', 'inspect', 'management', 'regex'), rest: text('Protocol and name') },
    example: ['class-map type inspect http match-all C', 'policy-map type inspect dns preset_dns_map'],
  }),
  used('config', {
    pattern: 'tcp-map <name>',
    help: 'How TCP in transit is cleaned; empty, as without one: option 19 is cleared',
    section: SECTION,
    enters: 'tcp-map',
    params: { name: name('Map', 64) },
    example: 'tcp-map TCP_MD5_ALLOW',
    set({ device }, args, place) {
      device.tcpMaps ??= [];
      return named(device.tcpMaps, args.name, () => ({
        name: args.name,
        options: [],
        written: place.written(),
      }));
    },
    unset({ device }, args) {
      const left = (device.tcpMaps ?? []).filter((one) => one.name !== args.name);
      if (left.length > 0) device.tcpMaps = left;
      else delete device.tcpMaps;
    },
    print: ({ tcpMaps = [] }) => tcpMaps.map((one) => ({ values: { name: one.name }, view: one })),
  }),
  used('tcp-map', {
    pattern: 'tcp-options {<option>|range <from> <to>} <treatment> [multiple]',
    help: 'What becomes of a TCP option',
    attribute: 'options',
    params: {
      option: optional(words('Option', 'mss', 'window-scale', 'selective-ack', 'timestamp', 'md5')),
      from: optional(number(6, 255, 'First kind')),
      to: optional(number(6, 255, 'Last kind')),
      treatment: words('What becomes of it; drop: of the whole segment', 'allow', 'clear', 'drop'),
    },
    example: [
      { line: 'tcp-options md5 allow', ...inMap },
      { line: 'tcp-options md5 allow multiple', prints: 'tcp-options md5 allow', ...inMap },
      { line: 'tcp-options range 20 30 drop', ...inMap },
      { line: 'tcp-options range 19 19 allow', prints: 'tcp-options md5 allow', ...inMap },
    ],
    set(target, args, place) {
      const rule = ruleOf(args);
      if (rule === undefined) return place.error('contradiction', 'this range of options is empty', { param: 'to' });
      removeRule(target, rule);
      target.options.push(rule);
      return undefined;
    },
    unset(target, args) {
      const rule = ruleOf({ treatment: 'clear', ...args });
      if (rule !== undefined) removeRule(target, rule);
    },
    print: ({ options }) => options.map((one) => ({ values: {}, line: ruleText(one) })),
  }),
  used('tcp-map', {
    pattern: 'urgent-flag / <treatment>',
    help: 'What becomes of the urgent flag',
    attribute: 'urgentFlag',
    params: { treatment: words('What becomes of it', 'allow', 'clear') },
    example: { line: 'urgent-flag allow', ...inMap },
    set(target, args) {
      target.urgentFlag = args.treatment;
    },
    unset(target) {
      delete target.urgentFlag;
    },
    print: ({ urgentFlag }) => (urgentFlag === undefined ? [] : [{ values: { treatment: urgentFlag } }]),
  }),
  used('tcp-map', {
    pattern: 'reserved-bits / <treatment>',
    help: 'What becomes of segments with reserved bits',
    attribute: 'reservedBits',
    params: { treatment: words('What becomes of them; drop: of the whole segment', 'allow', 'clear', 'drop') },
    example: { line: 'reserved-bits clear', ...inMap },
    set(target, args) {
      target.reservedBits = args.treatment;
    },
    unset(target) {
      delete target.reservedBits;
    },
    print: ({ reservedBits }) => (reservedBits === undefined ? [] : [{ values: { treatment: reservedBits } }]),
  }),
  used('tcp-map', {
    pattern: 'checksum-verification',
    help: 'Drop segments whose checksum is wrong',
    attribute: 'verifiesChecksum',
    params: {},
    example: { line: 'checksum-verification', ...inMap },
    set(target) {
      target.verifiesChecksum = true;
    },
    unset(target) {
      delete target.verifiesChecksum;
    },
    print: ({ verifiesChecksum }) => (verifiesChecksum === true ? [{ values: {} }] : []),
  }),
  harmless('tcp-map', {
    pattern:
      '{check-retransmission|ttl-evasion-protection|window-variation <rest>|synack-data <rest>|syn-data <rest>|seq-past-window <rest>|queue-limit <rest>|invalid-ack <rest>|exceed-mss <rest>}',
    help: 'Other checks of the map, which are not made',
    params: { rest: optional(text('Setting')) },
    example: { line: 'queue-limit 10', ...inMap },
  }),
];

function matchOf(
  args: Readonly<{
    all?: string | undefined;
    list?: string | undefined;
    protocol?: 'tcp' | 'udp' | undefined;
    port?: string | undefined;
    from?: string | undefined;
    to?: string | undefined;
  }>,
): TrafficMatchModel {
  if (args.list !== undefined) return { kind: 'access-list', accessList: args.list };
  if (args.protocol === undefined) return { kind: args.all === 'any' ? 'any' : 'default-inspection' };
  const [from, to] = [args.port ?? args.from ?? '0', args.port ?? args.to ?? '0'];
  return { kind: 'ports', protocol: args.protocol, from: portNumber(from), to: portNumber(to) };
}

function matchText(match: TrafficMatchModel): string {
  switch (match.kind) {
    case 'any':
      return 'match any';
    case 'default-inspection':
      return 'match default-inspection-traffic';
    case 'access-list':
      return `match access-list ${match.accessList}`;
    case 'ports': {
      const { protocol, from, to } = match;
      return `match port ${protocol} ${from === to ? `eq ${from}` : `range ${from} ${to}`}`;
    }
    default:
      return match satisfies never;
  }
}

function ruleOf(
  args: Readonly<{
    option?: OptionWord | undefined;
    from?: number | undefined;
    to?: number | undefined;
    treatment: TcpOptionTreatment;
  }>,
): TcpOptionRule | undefined {
  const { treatment } = args;
  if (args.option !== undefined) return { ...NAMED_OPTIONS[args.option], treatment };
  const { from = 0, to = 0 } = args;
  return from === 0 || from > to ? undefined : { from, to, treatment };
}

function removeRule(target: Draft<TcpMapModel>, rule: TcpOptionRule): void {
  target.options = target.options.filter((one) => one.from !== rule.from || one.to !== rule.to);
}

function ruleText({ from, to, treatment }: TcpOptionRule): string {
  const named = Object.entries(NAMED_OPTIONS).find(([, one]) => one.from === from && one.to === to);
  return `tcp-options ${named === undefined ? `range ${from} ${to}` : named[0]} ${treatment}`;
}
