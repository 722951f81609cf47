/** Access lists and the objects they use. */
import { type IpAddress, Prefix } from '../../../base/index.ts';
import type { AccessListEntryModel, AccessListModel } from '../../model.ts';
import {
  address,
  choice,
  interfacing,
  mask,
  name,
  nameif,
  network,
  number,
  optional,
  text,
  words,
} from '../../parameters.ts';
import type { Assembly, Draft, Place } from '../assembly.ts';
import { type NetworkObject, type PortRange, prefixesOfRange } from '../objects.ts';
import { PROTOCOLS, portNumber, portParam, protocolName, protocolNumber } from '../ports.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';

const SECTION = 'access-list';
const action = words('What to do', 'permit', 'deny');
const anyWord = words('Everything', 'any', 'any4', 'any6');
const SOURCE = '{<any>|host <host>|<net> <mask>|<prefix>|object <object>|object-group <group>|interface <interface>}';
const DESTINATION =
  '{<dany>|host <dhost>|<dnet> <dmask>|<dprefix>|object <dobject>|object-group <dgroup>|interface <dinterface>}';
const SOURCE_PORT = '[{<op> <port>|range <from> <to>}]';
const DESTINATION_PORT = '[{<dop> <dport>|range <dfrom> <dto>|object-group <services>}]';

const side = (which: string) => ({
  any: optional(anyWord),
  host: optional(address(`${which}: one address`)),
  net: optional(network(`${which}: network`)),
  mask: optional(mask('Netmask, not a wildcard')),
  prefix: optional(interfacing(6, `${which}: IPv6 prefix`)),
  object: optional(name(`${which}: object`)),
  group: optional(name(`${which}: object group`)),
  interface: optional(nameif(`${which}: address of an interface`)),
  op: optional(words('Comparison', 'eq', 'lt', 'gt', 'neq')),
  port: optional(portParam('Port')),
  from: optional(portParam('First port')),
  to: optional(portParam('Last port')),
});
const source = side('Source');
const destination = side('Destination');

type Side = Readonly<{
  any?: string | undefined;
  host?: IpAddress | undefined;
  net?: IpAddress | undefined;
  mask?: number | undefined;
  prefix?: Readonly<{ address: IpAddress; length: number }> | undefined;
  object?: string | undefined;
  group?: string | undefined;
  interface?: string | undefined;
}>;

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
  unsupported('config', {
    pattern: 'access-group <list> {<way> interface <interface>|global} [<rest>]',
    help: 'Filter the traffic of an interface: packets are not filtered',
    section: 'access-group',
    params: {
      list: name('Access list'),
      way: optional(words('Direction', 'in', 'out')),
      interface: optional(nameif('Interface')),
      rest: optional(text('Option')),
    },
    example: 'access-group OUTSIDE_IN in interface outside',
  }),
  used('config', {
    pattern: 'object network <name>',
    help: 'Name for an address, network or range',
    section: 'object',
    enters: 'object-network',
    kept: true,
    params: { name: name('Object') },
    example: 'object network LAN',
    set: (target, args) => target.objects.network(args.name),
    unset(target, args) {
      target.objects.networks.delete(args.name ?? '');
    },
  }),
  used('object-network', {
    pattern: '{host <host>|subnet <net> <mask>|subnet <prefix>|range <first> <last>}',
    help: 'What the object stands for',
    kept: true,
    params: {
      host: optional(address('One address')),
      net: optional(network('Network')),
      mask: optional(mask('Netmask')),
      prefix: optional(interfacing(6, 'IPv6 prefix')),
      first: optional(address('First address', 4)),
      last: optional(address('Last address', 4)),
    },
    example: ['host 10.0.0.1', 'subnet 10.0.0.0 255.0.0.0', 'range 10.0.0.1 10.0.0.9', 'subnet 2001:db8::/32'],
    set(target: NetworkObject, args, place) {
      const { first, last } = args;
      if (first !== undefined && last !== undefined && first.compare(last) > 0)
        return place.error('contradiction', 'the range ends before it begins', { param: 'last' });
      target.prefixes =
        first === undefined || last === undefined ? (sidePrefixes(args) ?? []) : rangePrefixes(first, last);
      return undefined;
    },
  }),
  used('config', {
    pattern: 'object-group network <name>',
    help: 'Name for several networks',
    section: 'object',
    enters: 'object-group-network',
    kept: true,
    params: { name: name('Object group') },
    example: 'object-group network LANS',
    set: (target, args) => target.objects.network(args.name),
    unset(target, args) {
      target.objects.networks.delete(args.name ?? '');
    },
  }),
  used('object-group-network', {
    pattern: '{network-object {host <host>|object <object>|<net> <mask>|<prefix>}|group-object <object>}',
    help: 'Member of the group',
    kept: true,
    params: {
      host: optional(address('One address')),
      object: optional(name('Object or group')),
      net: optional(network('Network')),
      mask: optional(mask('Netmask')),
      prefix: optional(interfacing(6, 'IPv6 prefix')),
    },
    example: [
      'network-object host 10.0.0.1',
      'network-object 10.1.0.0 255.255.0.0',
      'network-object object LAN',
      'group-object OTHERS',
    ],
    set(target, args) {
      if (args.object !== undefined) target.members.push(args.object);
      target.prefixes.push(...(sidePrefixes(args) ?? []));
    },
  }),
  used('config', {
    pattern: 'object service <name>',
    help: 'Name for a protocol and ports',
    section: 'object',
    enters: 'object-service',
    kept: true,
    params: { name: name('Object') },
    example: 'object service BGP',
    set: (target, args) => target.objects.service(args.name, 0),
  }),
  used('config', {
    pattern: 'object-group service <name> [<protocol>]',
    help: 'Name for several services',
    section: 'object',
    enters: 'object-group-service',
    kept: true,
    params: { name: name('Object group'), protocol: optional(words('Protocol', 'tcp', 'udp', 'tcp-udp')) },
    example: 'object-group service WEB tcp',
    set: (target, args) =>
      target.objects.service(args.name, args.protocol === 'tcp-udp' ? 0 : protocolNumber(args.protocol ?? 'ip')),
  }),
  used(['object-service', 'object-group-service'], {
    pattern:
      '{service|service-object} {<protocol>|<number>} [source {<op> <port>|range <from> <to>}] [destination {<dop> <dport>|range <dfrom> <dto>}]',
    help: 'Protocol and ports',
    kept: true,
    params: {
      protocol: optional(choice('Protocol', PROTOCOLS)),
      number: optional(number(0, 255, 'Protocol number')),
      op: source.op,
      port: source.port,
      from: source.from,
      to: source.to,
      dop: destination.op,
      dport: destination.port,
      dfrom: destination.from,
      dto: destination.to,
    },
    example: [
      { line: 'service tcp destination eq bgp', within: ['object service BGP'] },
      { line: 'service-object udp destination range 500 4500', within: ['object-group service G'] },
    ],
    set(target, args, place) {
      const sourcePorts = portsOf(args.op, args.port, args.from, args.to);
      const destinationPorts = portsOf(args.dop, args.dport, args.dfrom, args.dto);
      if (sourcePorts === 'empty' || destinationPorts === 'empty' || args.op === 'neq' || args.dop === 'neq')
        return place.error('contradiction', 'this range of ports is empty or has a hole');
      target.services.push({
        protocol: args.number ?? protocolNumber(args.protocol ?? 'ip'),
        ...(sourcePorts === undefined ? {} : { source: sourcePorts }),
        ...(destinationPorts === undefined ? {} : { destination: destinationPorts }),
      });
      return undefined;
    },
  }),
  used('object-group-service', {
    pattern: '{port-object {eq <port>|range <from> <to>}|group-object <object>|service-object object <object>}',
    help: 'Port or member of the group',
    kept: true,
    params: { port: source.port, from: source.from, to: source.to, object: optional(name('Object or group')) },
    example: [
      { line: 'port-object eq www', within: ['object-group service WEB tcp'] },
      { line: 'port-object range 8000 8100', within: ['object-group service WEB tcp'] },
    ],
    set(target, args, place) {
      const ports = portsOf(args.port === undefined ? undefined : 'eq', args.port, args.from, args.to);
      if (ports === 'empty') return place.error('contradiction', 'this range of ports is empty');
      if (args.object !== undefined) target.members.push(args.object);
      else if (ports !== undefined) target.services.push({ protocol: target.protocol, destination: ports });
      return undefined;
    },
  }),
  harmless(['object-network', 'object-service', 'object-group-network', 'object-group-service'], {
    pattern: 'description <text>',
    help: 'Describe the object',
    params: { text: text('Any text') },
    example: { line: 'description head office', within: ['object network LAN'] },
  }),
  unsupported('object-network', {
    pattern: '{nat <pair> {static|dynamic} <rest>|fqdn <rest>}',
    help: 'Translation and names of hosts',
    params: { pair: optional(name('Interfaces')), rest: text('Rule') },
    example: { line: 'nat (inside,outside) dynamic interface', within: ['object network LAN'] },
  }),
  unsupported('config', {
    pattern: 'object-group <type> <rest>',
    help: 'Groups of other kinds',
    section: 'object',
    enters: 'section',
    params: { type: words('Type', 'protocol', 'icmp-type', 'user', 'security'), rest: text('Name') },
    example: 'object-group icmp-type PINGS',
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

function sidePrefixes(side: Side): Prefix[] | undefined {
  if (side.any === 'any4') return [Prefix.all(4)];
  if (side.any === 'any6') return [Prefix.all(6)];
  if (side.any !== undefined) return [Prefix.all(4), Prefix.all(6)];
  if (side.host !== undefined) return [Prefix.host(side.host)];
  if (side.net !== undefined) return [new Prefix(side.net, side.mask ?? 32)];
  return side.prefix === undefined ? undefined : [new Prefix(side.prefix.address, side.prefix.length)];
}

function rangePrefixes(first: IpAddress, last: IpAddress): Prefix[] {
  const offset = (one: IpAddress): number => one.a >>> 0;
  return prefixesOfRange(
    offset(first),
    offset(last),
    (at, length) => new Prefix(first.plus(at - offset(first)), length),
  );
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

function portsOf(
  op: string | undefined,
  port: string | undefined,
  from: string | undefined,
  to: string | undefined,
): PortRange | 'empty' | undefined {
  const range = (low: number, high: number): PortRange | 'empty' => (low > high ? 'empty' : { from: low, to: high });
  if (from !== undefined && to !== undefined) return range(portNumber(from), portNumber(to));
  if (op === undefined || port === undefined) return undefined;
  const value = portNumber(port);
  if (op === 'lt') return range(0, value - 1);
  return op === 'gt' ? range(value + 1, 65535) : range(value, value);
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
