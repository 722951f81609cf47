/** `object` and `object-group`. They are kept as written; access lists hold what they come to. */
import { type IpAddress, Prefix } from '../../../base/index.ts';
import { address, choice, interfacing, mask, name, network, number, optional, text, words } from '../../parameters.ts';
import { PROTOCOLS, portsOf, protocolNumber } from '../../rows/ports.ts';
import { type NetworkObject, prefixesOfRange } from '../objects.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';
import { destination, sidePrefixes, source } from './sides.ts';

export const objectRows: readonly AsaRow[] = [
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

function rangePrefixes(first: IpAddress, last: IpAddress): Prefix[] {
  const offset = (one: IpAddress): number => one.a >>> 0;
  return prefixesOfRange(
    offset(first),
    offset(last),
    (at, length) => new Prefix(first.plus(at - offset(first)), length),
  );
}
