/** Access lists: numbered and named, of both families, with wildcard masks, sequence numbers and remarks. */
import { type IpAddress, Prefix } from '../../../base/index.ts';
import type { Draft } from '../../draft.ts';
import type { AccessListEntryModel, AccessListModel, DeviceModel } from '../../model.ts';
import { address, name, number, optional, prefix, text, words } from '../../parameters.ts';
import type { Place } from '../../place.ts';
import { portParam, portsOf } from '../../rows/ports.ts';
import type { Assembly } from '../assembly.ts';
import { harmless, type IosxeRow, unsupported, used } from '../row.ts';
import { prefixesOf, wildcard } from '../wildcard.ts';

const SECTION = 'access-list';
const STEP = 10;
const STANDARD = { within: ['ip access-list standard S'] } as const;
const EXTENDED = { within: ['ip access-list extended E'] } as const;
const IPV6 = { within: ['ipv6 access-list V6'] } as const;

const PROTOCOLS: Readonly<Record<string, number>> = {
  ip: 0,
  ipv6: 0,
  icmp: 1,
  igmp: 2,
  ipinip: 4,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  ahp: 51,
  eigrp: 88,
  ospf: 89,
  pim: 103,
  sctp: 132,
};
const protocolWords = words('Protocol', ...Object.keys(PROTOCOLS));
const icmpWords = words(
  'Kind of ICMP',
  ...(['echo', 'echo-reply', 'unreachable', 'time-exceeded', 'packet-too-big', 'ttl-exceeded', 'traceroute'] as const),
  ...(['administratively-prohibited', 'host-unreachable', 'port-unreachable', 'redirect', 'nd-na', 'nd-ns'] as const),
);
const action = words('What to do', 'permit', 'deny');
const sequence = optional(number(1, 2147483647, 'Place; 10 past the last by default'));
const logging = optional(words('Log', 'log', 'log-input'));

const PORTS = '[{<op> <port>|range <from> <to>}]';
const DESTINATION_PORTS = '[{<dop> <dport>|range <dfrom> <dto>}]';
const V4_ENTRY = `<action> {<protocol>|<number>} {<any>|host <host>|<net> <wildcard>} ${PORTS} {<dany>|host <dhost>|<dnet> <dwildcard>} ${DESTINATION_PORTS} [<icmp>] [<logging>]`;
const V6_ENTRY = `<action> {<protocol>|<number>} {<any>|host <host>|<net6>} ${PORTS} {<dany>|host <dhost>|<dnet6>} ${DESTINATION_PORTS} [<icmp>] [<logging>]`;
const STANDARD_ENTRY = '<action> {<any>|[host] <host>|<net> <wildcard>} [<logging>]';

const ports = {
  op: optional(words('Comparison', 'eq', 'lt', 'gt')),
  port: optional(portParam('Port')),
  from: optional(portParam('First port')),
  to: optional(portParam('Last port')),
  dop: optional(words('Comparison', 'eq', 'lt', 'gt')),
  dport: optional(portParam('Port')),
  dfrom: optional(portParam('First port')),
  dto: optional(portParam('Last port')),
};
const common = {
  action,
  protocol: optional(protocolWords),
  number: optional(number(0, 255, 'Protocol number')),
  any: optional(words('Everything', 'any')),
  dany: optional(words('Everything', 'any')),
  ...ports,
  icmp: optional(icmpWords),
  logging,
};
const v4 = {
  ...common,
  host: optional(address('One address', 4)),
  net: optional(address('Network', 4)),
  wildcard: optional(wildcard('Its wildcard mask')),
  dhost: optional(address('One address', 4)),
  dnet: optional(address('Network', 4)),
  dwildcard: optional(wildcard('Its wildcard mask')),
};
const v6 = {
  ...common,
  host: optional(address('One address', 6)),
  net6: optional(prefix(6, 'Network')),
  dhost: optional(address('One address', 6)),
  dnet6: optional(prefix(6, 'Network')),
};
const standard = {
  action,
  any: optional(words('Everything', 'any')),
  host: optional(address('One address', 4)),
  net: optional(address('Network', 4)),
  wildcard: optional(wildcard('Its wildcard mask')),
  logging,
};

type Entry = Draft<AccessListEntryModel>;
type List = Draft<AccessListModel>;

/** Everything that an entry of any kind was read as. */
type Wanted = Readonly<{
  action: 'permit' | 'deny';
  protocol?: string | undefined;
  number?: number | undefined;
  any?: string | undefined;
  host?: IpAddress | undefined;
  net?: IpAddress | undefined;
  wildcard?: number | undefined;
  net6?: Prefix | undefined;
  op?: string | undefined;
  port?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  dany?: string | undefined;
  dhost?: IpAddress | undefined;
  dnet?: IpAddress | undefined;
  dwildcard?: number | undefined;
  dnet6?: Prefix | undefined;
  dop?: string | undefined;
  dport?: string | undefined;
  dfrom?: string | undefined;
  dto?: string | undefined;
  icmp?: string | undefined;
}>;

export const accessListRows: readonly IosxeRow[] = [
  listRow('ip access-list standard', 'access-list-standard', 'standard', 'S'),
  listRow('ip access-list extended', 'access-list-extended', 'extended', 'E'),
  listRow('ipv6 access-list', 'access-list-ipv6', 'extended', 'V6'),
  used('access-list-standard', {
    pattern: `[<sequence>] / ${STANDARD_ENTRY}`,
    help: 'Entry about sources',
    params: { sequence, ...standard },
    example: [
      { line: '10 permit 10.0.0.0 0.255.255.255', ...STANDARD },
      { line: 'permit host 10.0.0.1', ...STANDARD, prints: '10 permit host 10.0.0.1' },
      { line: 'deny any', ...STANDARD, prints: '10 deny any' },
    ],
    set: (list, args, place) => addEntry(list, args, args.sequence, place),
    unset: (list, args, place) => removeEntry(list, args.sequence, place),
    print: (list) => linesOf(list),
  }),
  used('access-list-extended', {
    pattern: `[<sequence>] / ${V4_ENTRY}`,
    help: 'Entry about packets',
    params: { sequence, ...v4 },
    example: [
      { line: '10 permit ip any any', ...EXTENDED },
      { line: '20 permit tcp 10.0.0.0 0.0.255.255 host 192.0.2.1 eq bgp', ...EXTENDED },
      { line: '30 deny udp any range 1000 2000 any log', ...EXTENDED },
      { line: 'permit icmp any any', ...EXTENDED, prints: '10 permit icmp any any' },
    ],
    set: (list, args, place) => addEntry(list, args, args.sequence, place),
    unset: (list, args, place) => removeEntry(list, args.sequence, place),
    print: (list) => linesOf(list),
  }),
  used('access-list-ipv6', {
    pattern: `[sequence <sequence>] / ${V6_ENTRY}`,
    help: 'Entry about packets',
    params: { sequence, ...v6 },
    example: [
      { line: 'sequence 10 permit ipv6 any any', ...IPV6 },
      {
        line: 'permit tcp 2001:db8::/32 any eq 179',
        ...IPV6,
        prints: 'sequence 10 permit tcp 2001:db8::/32 any eq 179',
      },
    ],
    set: (list, args, place) => addEntry(list, args, args.sequence, place),
    unset: (list, args, place) => removeEntry(list, args.sequence, place),
    print: (list) => linesOf(list),
  }),
  remarkRow('access-list-standard', 'S'),
  remarkRow('access-list-extended', 'E'),
  remarkRow('access-list-ipv6', 'V6'),
  unsupported(['access-list-extended', 'access-list-standard'], {
    pattern: '[<sequence>] <action> <rest>',
    help: 'Entries about several ports, object groups, flags of TCP and the like: they match nothing',
    yields: true,
    params: { sequence, action, rest: text('Entry') },
    example: [
      { line: '10 permit tcp any any established', ...EXTENDED },
      { line: '20 permit tcp any any eq 80 443', ...EXTENDED },
    ],
  }),
  unsupported('access-list-ipv6', {
    pattern: '[sequence <sequence>] <action> <rest>',
    help: 'Entries about flags and headers: they match nothing',
    yields: true,
    params: { sequence, action, rest: text('Entry') },
    example: { line: 'sequence 10 permit tcp any any established', ...IPV6 },
  }),
  used('config', {
    pattern: `access-list <list> / ${STANDARD_ENTRY}`,
    help: 'Entry of a numbered list about sources',
    section: SECTION,
    params: { list: number(1, 99, 'List'), ...standard },
    example: {
      line: 'access-list 10 permit 10.0.0.0 0.255.255.255',
      prints: '10 permit 10.0.0.0 0.255.255.255',
    },
    set: (target, args, place) => addEntry(listOf(target, String(args.list), 'standard', 4), args, undefined, place),
    unset: (target, args, place) => removeNumbered(target, args.list, args.action, place),
  }),
  used('config', {
    pattern: `access-list <list> / ${V4_ENTRY}`,
    help: 'Entry of a numbered list about packets',
    section: SECTION,
    params: { list: number(100, 199, 'List'), ...v4 },
    example: { line: 'access-list 101 permit tcp any any eq bgp', prints: '10 permit tcp any any eq bgp' },
    set: (target, args, place) => addEntry(listOf(target, String(args.list), 'extended', 4), args, undefined, place),
    unset: (target, args, place) => removeNumbered(target, args.list, args.action, place),
  }),
  used('config', {
    pattern: 'access-list <list> remark <text>',
    help: 'Note between entries',
    section: SECTION,
    params: { list: number(1, 199, 'List'), text: text('Any text') },
    example: { line: 'access-list 10 remark branches', prints: 'remark branches' },
    set(target, args) {
      const list = listOf(target, String(args.list), args.list < 100 ? 'standard' : 'extended', 4);
      list.remarks = [...(list.remarks ?? []), args.text];
    },
  }),
  unsupported('config', {
    pattern: 'access-list <list> <rest>',
    help: 'Entries about several ports, flags and the like, and lists of other kinds: they match nothing',
    section: SECTION,
    yields: true,
    params: { list: number(1, 2699, 'List'), rest: text('Entry') },
    example: 'access-list 101 permit tcp any any established',
  }),
  harmless('config', {
    pattern: 'ip access-list {resequence <rest>|log-update <rest>|logging <rest>|persistent|helper <rest>}',
    help: 'Numbering and logging of lists',
    section: SECTION,
    params: { rest: text('Setting') },
    example: 'ip access-list log-update threshold 10',
  }),
  unsupported('config', {
    pattern: '{object-group <rest>|mac access-list <rest>|time-range <rest>}',
    help: 'Groups of addresses and services, lists about frames, times of day',
    section: SECTION,
    enters: 'section',
    params: { rest: text('Kind and name') },
    example: 'object-group network SERVERS',
  }),
];

function listRow(
  before: string,
  mode: 'access-list-standard' | 'access-list-extended' | 'access-list-ipv6',
  type: 'standard' | 'extended',
  sample: string,
): IosxeRow {
  const family = mode === 'access-list-ipv6' ? 6 : 4;
  const isOwn = (one: AccessListModel): boolean => one.type === type && (one.family ?? 4) === family;
  return used('config', {
    pattern: `${before} <name>`,
    help: `List about ${type === 'standard' ? 'sources' : 'packets'} of IPv${family}`,
    section: SECTION,
    enters: mode,
    params: { name: name('Name or number') },
    example: { line: `${before} ${sample}` },
    set(target, args, place) {
      const list = listOf(target, args.name, type, family);
      if (isOwn(list)) return list;
      return place.error('contradiction', `access list ${args.name} is ${list.type}`, { param: 'name' });
    },
    unset(target, args) {
      const { device } = target;
      device.accessLists = device.accessLists.filter((one) => one.name !== args.name || !isOwn(one));
    },
    print: (device: DeviceModel) =>
      device.accessLists.filter(isOwn).map((one) => ({ values: { name: one.name }, view: one })),
  });
}

function remarkRow(
  mode: 'access-list-standard' | 'access-list-extended' | 'access-list-ipv6',
  sample: 'S' | 'E' | 'V6',
): IosxeRow {
  const { within } = { S: STANDARD, E: EXTENDED, V6: IPV6 }[sample];
  return used(mode, {
    pattern: `[${mode === 'access-list-ipv6' ? 'sequence ' : ''}<sequence>] remark <text>`,
    help: 'Note before the next entry',
    params: { sequence, text: text('Any text') },
    example: { line: 'remark branch offices', within },
    set(list, args) {
      list.remarks = [...(list.remarks ?? []), args.text];
    },
    unset(list, args) {
      const left = (list.remarks ?? []).filter((one) => one !== args.text);
      if (left.length > 0) list.remarks = left;
      else delete list.remarks;
      for (const entry of list.entries) {
        const kept = (entry.remarks ?? []).filter((one) => one !== args.text);
        if (kept.length > 0) entry.remarks = kept;
        else delete entry.remarks;
      }
    },
    // The row of entries prints them where they belong.
    print: () => [],
  });
}

/** The list of a name, made when it is not there yet. IPv6 has names of its own. */
function listOf(target: Assembly, wanted: string, type: 'standard' | 'extended', family: 4 | 6): List {
  const { accessLists } = target.device;
  const known = accessLists.find((one) => one.name === wanted && (one.family ?? 4) === family);
  if (known !== undefined) return known;
  const made: List = { name: wanted, type, ...(family === 6 ? { family } : {}), entries: [] };
  accessLists.push(made);
  return made;
}

function addEntry(list: List, args: Wanted, at: number | undefined, place: Place): void {
  const family = list.family ?? 4;
  const sourcePorts = portsOf(args.op, args.port, args.from, args.to);
  const destinationPorts = portsOf(args.dop, args.dport, args.dfrom, args.dto);
  if (sourcePorts === 'empty' || destinationPorts === 'empty') {
    place.error('contradiction', 'this range of ports is empty');
    return;
  }
  if (args.icmp !== undefined)
    place.warn('unsupported', 'kinds of ICMP are not told apart: the entry matches all of them', { param: 'icmp' });
  const last = list.entries.at(-1)?.sequence ?? 0;
  const number = at ?? last - (last % STEP) + STEP;
  const entry: Entry = {
    action: args.action,
    protocol: args.number ?? PROTOCOLS[args.protocol ?? 'ip'] ?? 0,
    source: sideOf(args.host, args.net6, args.net, args.wildcard, family),
    destination: sideOf(args.dhost, args.dnet6, args.dnet, args.dwildcard, family),
    ...(sourcePorts === undefined ? {} : { sourcePorts }),
    ...(destinationPorts === undefined ? {} : { destinationPorts }),
    inactive: false,
    sequence: number,
    ...(list.remarks === undefined ? {} : { remarks: list.remarks }),
    text: textOf(place),
    written: place.written(),
  };
  delete list.remarks;
  list.entries = [...list.entries.filter((one) => one.sequence !== number), entry];
  list.entries.sort((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0));
}

/** The entry as it is written after the name of the list and its number. */
function textOf({ canonical }: Place): string {
  return canonical.replace(/^(?:no )?(?:access-list \d+ |(?:sequence )?\d+ )?/, '');
}

function sideOf(
  host: IpAddress | undefined,
  net6: Prefix | undefined,
  net: IpAddress | undefined,
  bits: number | undefined,
  family: 4 | 6,
): Prefix[] {
  if (host !== undefined) return [Prefix.host(host)];
  if (net6 !== undefined) return [net6];
  return net === undefined ? [Prefix.all(family)] : prefixesOf(net, bits ?? 0);
}

function removeEntry(list: List, at: number | undefined, place: Place): void {
  const wanted = textOf(place);
  list.entries = list.entries.filter((one) => (at === undefined ? one.text !== wanted : one.sequence !== at));
}

function removeNumbered(target: Assembly, wanted: number | undefined, what: string | undefined, place: Place): void {
  const { device } = target;
  const list = device.accessLists.find((one) => one.name === String(wanted) && one.family === undefined);
  if (list === undefined) return;
  if (what !== undefined) removeEntry(list, undefined, place);
  if (what === undefined || list.entries.length === 0)
    device.accessLists = device.accessLists.filter((one) => one !== list);
}

/** Entries with the notes before them, as they are printed. */
function linesOf(list: AccessListModel): readonly Readonly<{ values: Record<never, never>; line: string }>[] {
  const before = list.family === 6 ? 'sequence ' : '';
  const remarks = (texts: readonly string[] | undefined): string[] => (texts ?? []).map((one) => `remark ${one}`);
  const lines = [
    ...list.entries.flatMap((one) => [...remarks(one.remarks), `${before}${one.sequence} ${one.text ?? ''}`]),
    ...remarks(list.remarks),
  ];
  return lines.map((line) => ({ values: {}, line }));
}
