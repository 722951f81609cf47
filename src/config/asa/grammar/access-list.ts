/** Access lists; the objects they use are in `objects.ts`. */
import { Prefix } from '../../../base/index.ts';
import type { Draft } from '../../draft.ts';
import type { AccessListEntryModel, AccessListModel } from '../../model.ts';
import { address, choice, mask, name, network, number, optional, text, words } from '../../parameters.ts';
import type { Place } from '../../place.ts';
import type { PortRange } from '../../rows/ports.ts';
import { PROTOCOLS, portsOf, protocolName, protocolNumber } from '../../rows/ports.ts';
import type { Assembly } from '../assembly.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';
import { destination, type Side, sidePrefixes, source } from './sides.ts';

const SECTION = 'access-list';
const action = words('What to do', 'permit', 'deny');
const SOURCE = '{<any>|host <host>|<net> <mask>|<prefix>|object <object>|object-group <group>|interface <interface>}';
const DESTINATION =
  '{<dany>|host <dhost>|<dnet> <dmask>|<dprefix>|object <dobject>|object-group <dgroup>|interface <dinterface>}';
const SOURCE_PORT = '[{<op> <port>|range <from> <to>}]';
const DESTINATION_PORT = '[{<dop> <dport>|range <dfrom> <dto>|object-group <services>}]';

export const accessListRows: readonly AsaRow[] = [
  used('config', {
    pattern: `access-list <name> / [line <line>] [extended] <action> {<protocol>|<number>|object <service>|object-group <service>} ${SOURCE} ${SOURCE_PORT} ${DESTINATION} ${DESTINATION_PORT} [<icmp>] [log [<level>] [interval <interval>]] [time-range <range>] [<inactive>]`,
    help: 'Entry of an extended access list',
    section: SECTION,
    params: {
      name: name('Access list'),
      line: optional(number(1, 2147483647, 'Place in the list')),
      action,
      protocol: optional(choice('Protocol', PROTOCOLS)),
      number: optional(number(0, 255, 'Protocol number')),
      service: optional(name('Service object')),
      ...source,
      dany: destination.any,
      dhost: destination.host,
      dnet: destination.net,
      dmask: destination.mask,
      dprefix: destination.prefix,
      dobject: destination.object,
      dgroup: destination.group,
      dinterface: destination.interface,
      dop: destination.op,
      dport: destination.port,
      dfrom: destination.from,
      dto: destination.to,
      services: optional(name('Group of services')),
      icmp: optional(
        words('Kind of ICMP', 'echo', 'echo-reply', 'unreachable', 'time-exceeded', 'redirect', 'traceroute'),
      ),
      level: optional(
        words(
          'Level',
          ...(['0', '1', '2', '3', '4', '5', '6', '7', 'emergencies', 'alerts', 'critical', 'errors'] as const),
          ...(['warnings', 'notifications', 'informational', 'debugging', 'default', 'disable'] as const),
        ),
      ),
      interval: optional(number(1, 600, 'Seconds')),
      range: optional(name('Time range')),
      inactive: optional(words('Switched off', 'inactive')),
    },
    example: [
      'access-list A extended permit ip any any',
      'access-list A extended permit tcp any any eq bgp',
      'access-list A extended permit ip 10.1.0.0 255.255.0.0 host 192.0.2.1',
      'access-list A extended deny udp any range 1000 2000 2001:db8::/32 eq isakmp inactive',
      { line: 'access-list A permit icmp any any', prints: 'access-list A extended permit icmp any any' },
      {
        line: 'access-list A extended permit ip object O object-group G',
        within: ['object network O', 'host 10.0.0.1', 'object-group network G', 'network-object object O', 'exit'],
      },
    ],
    set(target, args, place) {
      const destinationSide: Side = {
        any: args.dany,
        host: args.dhost,
        net: args.dnet,
        mask: args.dmask,
        prefix: args.dprefix,
        object: args.dobject,
        group: args.dgroup,
        interface: args.dinterface,
      };
      const entry: Draft<AccessListEntryModel> = {
        action: args.action,
        protocol: args.number ?? protocolNumber(args.protocol ?? 'ip'),
        source: [],
        destination: [],
        inactive: args.inactive !== undefined,
        text: place.canonical.replace(/^access-list \S+ (?:line \d+ )?(?:extended )?/, 'extended '),
        written: place.written(),
      };
      for (const [op, param] of [
        [args.op, 'op'],
        [args.dop, 'dop'],
      ] as const)
        if (op === 'neq')
          return place.error('unsupported', 'neq is not supported: write the ranges instead', { param });
      if (args.icmp !== undefined)
        place.warn('unsupported', 'kinds of ICMP are not told apart: the entry matches all of them', { param: 'icmp' });
      if (args.range !== undefined) place.warn('unsupported', 'time ranges are not supported', { param: 'range' });
      const sourcePorts = portsOf(args.op, args.port, args.from, args.to);
      const destinationPorts = portsOf(args.dop, args.dport, args.dfrom, args.dto);
      if (sourcePorts === 'empty' || destinationPorts === 'empty')
        return place.error('contradiction', 'this range of ports is empty');
      if (sourcePorts !== undefined) entry.sourcePorts = sourcePorts;
      if (destinationPorts !== undefined) entry.destinationPorts = destinationPorts;
      addEntry(target, args.name, 'extended', entry, args.line, place);
      // Objects may be given their addresses further down.
      target.later(() => {
        entry.source = resolve(target, args, place, '');
        entry.destination = resolve(target, destinationSide, place, 'd');
        applyServices(target, entry, args.service ?? args.services, place);
      });
      return undefined;
    },
    unset: removeEntry,
    print: entriesOf,
  }),
  used('config', {
    pattern: 'access-list <name> standard <action> {<any>|host <host>|<net> <mask>}',
    help: 'Entry of a standard access list',
    section: SECTION,
    params: {
      name: name('Access list'),
      action,
      any: optional(words('Everything', 'any', 'any4')),
      host: optional(address('One address', 4)),
      net: optional(network('Network')),
      mask: optional(mask('Netmask, not a wildcard')),
    },
    example: [
      'access-list S standard permit 10.0.0.0 255.0.0.0',
      'access-list S standard deny host 10.0.0.1',
      'access-list S standard permit any4',
    ],
    set(target, args, place) {
      const sources = args.any === undefined ? resolve(target, args, place, '') : [Prefix.all(4)];
      const entry: Draft<AccessListEntryModel> = {
        action: args.action,
        protocol: 0,
        source: sources,
        destination: [Prefix.all(4)],
        inactive: false,
        text: place.canonical.replace(/^access-list \S+ /, ''),
        written: place.written(),
      };
      addEntry(target, args.name, 'standard', entry, undefined, place);
    },
    unset: removeEntry,
    // The row above prints all lists in their order.
    print: () => [],
  }),
  harmless('config', {
    pattern: 'access-list <name> [line <line>] remark <text>',
    help: 'Note between entries',
    section: SECTION,
    params: {
      name: name('Access list'),
      line: optional(number(1, 2147483647, 'Place')),
      text: text('Any text'),
    },
    example: 'access-list A remark branch offices',
  }),
  unsupported('config', {
    pattern: 'access-list <name> <type> <rest>',
    help: 'Lists of other kinds',
    section: SECTION,
    params: { name: name('Access list'), type: words('Type', 'ethertype', 'webtype'), rest: text('Entry') },
    example: 'access-list E ethertype permit any',
  }),
];

/** The addresses of one side; what does not exist is a warning and matches nothing. */
function resolve(target: Assembly, side: Side, place: Place, mark: '' | 'd'): Prefix[] {
  const own = sidePrefixes(side);
  if (own !== undefined) return own;
  const named = side.object ?? side.group;
  if (named !== undefined) {
    const found = target.objects.prefixesOf(named);
    if (found !== undefined) return [...found];
    const param = `${mark}${side.object === undefined ? 'group' : 'object'}`;
    place.warn('undefined-object', `no object or object-group is named \`${named}\``, { param });
    return [];
  }
  const found = target.byAlias(side.interface ?? '');
  if (found !== undefined) return found.addresses.map((one) => Prefix.host(one.address));
  place.warn('undefined-interface', `no interface has the nameif \`${side.interface ?? ''}\``, {
    param: `${mark}interface`,
  });
  return [];
}

function applyServices(
  target: Assembly,
  entry: Draft<AccessListEntryModel>,
  named: string | undefined,
  place: Place,
): void {
  if (named === undefined) return;
  const services = target.objects.servicesOf(named);
  const only = services?.[0];
  if (services === undefined) place.warn('undefined-object', `no object or object-group is named \`${named}\``);
  else if (only === undefined || services.length > 1)
    place.warn('unsupported', `\`${named}\` has ${services.length} services: the entry matches all ports`);
  else {
    if (only.protocol !== 0) entry.protocol = only.protocol;
    if (only.source !== undefined) entry.sourcePorts = { ...only.source };
    if (only.destination !== undefined) entry.destinationPorts = { ...only.destination };
  }
}

function addEntry(
  target: Assembly,
  wanted: string,
  type: 'standard' | 'extended',
  entry: Draft<AccessListEntryModel>,
  line: number | undefined,
  place: Place,
): void {
  const { accessLists } = target.device;
  const list = accessLists.find((one) => one.name === wanted) ?? { name: wanted, type, entries: [] };
  if (!accessLists.includes(list)) accessLists.push(list);
  if (list.type !== type) {
    place.error('contradiction', `access-list ${wanted} is ${list.type}`, { param: 'name' });
    return;
  }
  list.entries.splice(line === undefined ? list.entries.length : line - 1, 0, entry);
}

function removeEntry(target: Assembly, args: Readonly<{ name?: string; action?: string }>, place: Place): void {
  const list = target.device.accessLists.find((one) => one.name === args.name);
  if (list === undefined) return;
  const text = place.canonical.replace(/^no access-list \S+ (?:line \d+ )?(?:extended )?/, 'extended ');
  const plain = place.canonical.replace(/^no access-list \S+ /, '');
  list.entries = list.entries.filter((one) => args.action !== undefined && one.text !== text && one.text !== plain);
  if (list.entries.length === 0) target.device.accessLists = target.device.accessLists.filter((one) => one !== list);
}

function entriesOf(device: Readonly<{ accessLists: readonly AccessListModel[] }>) {
  return device.accessLists.flatMap((list) =>
    list.entries.map((one) => ({
      values: {},
      line: `access-list ${list.name} ${one.text ?? textOf(one, list.type)}`,
      key: list.name,
    })),
  );
}

/** An entry that was not made from text, in words; several prefixes on a side need several lines, so the first stands. */
function textOf(entry: AccessListEntryModel, type: 'standard' | 'extended'): string {
  const words: string[] = [type, entry.action];
  if (type === 'extended') words.push(protocolName(entry.protocol));
  words.push(sideText(entry.source));
  if (type === 'extended') {
    words.push(portText(entry.sourcePorts), sideText(entry.destination), portText(entry.destinationPorts));
    if (entry.inactive) words.push('inactive');
  }
  return words.filter((word) => word !== '').join(' ');
}

function sideText(prefixes: readonly Prefix[]): string {
  const [first, second] = prefixes;
  if (first === undefined || (second !== undefined && first.length === 0)) return 'any';
  if (first.length === 0) return first.family === 4 ? 'any4' : 'any6';
  if (first.isHost) return `host ${first.address}`;
  return first.family === 6 ? String(first) : `${first.address} ${mask('').write(first.length)}`;
}

function portText(ports: PortRange | undefined): string {
  if (ports === undefined) return '';
  return ports.from === ports.to ? `eq ${ports.from}` : `range ${ports.from} ${ports.to}`;
}
