/** Interfaces: physical, loopback, tunnel (VTI) and virtual template, with their addresses. */
import type { Draft } from '../../draft.ts';
import { addressFault, addV6, removeV6 } from '../../interface-addresses.ts';
import { isPhysical } from '../../interface-name.ts';
import type { InterfaceModel } from '../../model.ts';
import {
  address,
  choice,
  hardwareInterface,
  interfacing,
  mask,
  name,
  nameif,
  number,
  optional,
  refers,
  text,
} from '../../parameters.ts';
import type { Place } from '../../place.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';

/** What stands before the examples of lines that only tunnels take. */
export const TUNNEL = { within: ['interface Tunnel1'] } as const;

/** Refuses a line that only tunnels take. */
export function tunnelOf(
  target: Draft<InterfaceModel>,
  place: Place,
): NonNullable<Draft<InterfaceModel>['tunnel']> | undefined {
  if (target.tunnel !== undefined) return target.tunnel;
  return place.error('not-a-tunnel', `${target.name} is not a tunnel interface`);
}

export const interfaceRows: readonly AsaRow[] = [
  used('config', {
    pattern: 'interface <name> / [type <type>]',
    help: 'Configure an interface',
    section: 'interface',
    enters: 'interface',
    params: {
      name: hardwareInterface('Interface, such as GigabitEthernet0/0, Loopback1, Tunnel1, Virtual-Template1'),
      type: optional(choice('Type of a virtual template', { tunnel: 'Template of tunnel interfaces' })),
    },
    example: [
      { line: 'interface GigabitEthernet0/0', prints: 'interface GigabitEthernet0/0' },
      { line: 'interface Tunnel 1', prints: 'interface Tunnel1' },
      { line: 'interface virtual-Template 1 type tunnel', prints: 'interface Virtual-Template1 type tunnel' },
    ],
    opener: (values) =>
      String(values['name']).startsWith('Virtual-Template') ? { ...values, type: 'tunnel' } : values,
    set(target, args, place) {
      if (args.type !== undefined && !args.name.startsWith('Virtual-Template'))
        return place.error('contradiction', 'only a Virtual-Template has a type', { param: 'type' });
      return target.interface(args.name, place.written());
    },
    unset(target, args) {
      if (args.name !== undefined) target.removeInterface(args.name);
    },
    print: (device) =>
      device.interfaces.map((one) => ({
        values: { name: one.name, type: one.kind === 'virtual-template' ? ('tunnel' as const) : undefined },
        view: one,
      })),
  }),
  used('interface', {
    pattern: 'description / <text>',
    help: 'Describe the interface',
    attribute: 'description',
    params: { text: text('Any text') },
    example: 'description to the provider',
    set(target, args) {
      target.description = args.text;
    },
    unset(target) {
      delete target.description;
    },
    print: (view) => (view.description === undefined ? [] : [{ values: { text: view.description } }]),
  }),
  used('interface', {
    pattern: 'shutdown',
    help: 'Switch the interface off',
    attribute: 'shutdown',
    negatable: true,
    params: {},
    example: ['shutdown', { line: 'no shutdown' }],
    set(target) {
      target.shutdown = true;
    },
    unset(target) {
      target.shutdown = false;
    },
    print(view, all) {
      if (view.shutdown) return [{ values: {} }];
      const said = all || (isPhysical(view.name) && !isInUse(view));
      return said ? [{ values: {}, negated: true }] : [];
    },
  }),
  harmless('interface', {
    pattern: '<what> <rest>',
    help: 'Setting of a physical port',
    params: {
      what: choice('Setting', {
        speed: 'Speed of the port',
        duplex: 'Duplex of the port',
        'mac-address': 'Hardware address',
        bandwidth: 'Informational bandwidth',
        delay: 'Informational delay',
        flowcontrol: 'Pause frames',
        negotiation: 'Autonegotiation',
        lldp: 'Link discovery',
      }),
      rest: text('Value'),
    },
    example: { line: 'speed 1000', prints: 'speed 1000' },
  }),
  harmless('interface', { pattern: 'management-only', help: 'No traffic through', example: 'management-only' }),
  harmless('interface', {
    pattern: 'ipv6 nd <rest>',
    help: 'IPv6 neighbour discovery',
    params: { rest: text('Setting') },
    example: 'ipv6 nd suppress-ra',
  }),
  unsupported('interface', {
    pattern: '<what> <rest>',
    help: 'Layer 2, multicast, interior routing and other features of an interface',
    params: {
      what: choice('Feature', {
        vlan: 'VLAN of a subinterface',
        'channel-group': 'Member of a bundle',
        'bridge-group': 'Member of a bridge',
        'member-interface': 'Member of a redundant interface',
        'policy-route': 'Policy-based routing',
        'zone-member': 'Traffic zone',
        ospf: 'OSPF',
        authentication: 'EIGRP authentication',
        'hello-interval': 'EIGRP hellos',
        'hold-time': 'EIGRP hold time',
        igmp: 'Group management',
        pim: 'Multicast routing',
        dhcprelay: 'DHCP relay',
        bfd: 'Bidirectional forwarding detection',
        isis: 'IS-IS',
      }),
      rest: text('Setting'),
    },
    example: 'vlan 100',
  }),
  used('interface', {
    pattern: 'nameif / <name>',
    help: 'Name that other commands call the interface by',
    attribute: 'alias',
    params: { name: nameif('Name, at most 48 characters') },
    example: { line: 'nameif outside' },
    set(target, args) {
      target.alias = args.name;
      const explicit = target.written.attributes['securityLevel'] !== undefined;
      if (target.tunnel === undefined && !explicit) target.securityLevel = defaultLevel(target);
    },
    unset(target) {
      delete target.alias;
      delete target.securityLevel;
    },
    print: (view) =>
      view.alias !== undefined
        ? [{ values: { name: view.alias } }]
        : isPhysical(view.name)
          ? [{ values: {}, negated: true }]
          : [],
  }),
  used('interface', {
    pattern: 'security-level / <level>',
    help: 'Trust in the interface; a tunnel has none of its own',
    attribute: 'securityLevel',
    params: { level: number(0, 100, 'Level; inside is 100, others 0 by default') },
    example: { line: 'security-level 50', within: ['interface GigabitEthernet0/0', 'nameif dmz'] },
    set(target, args, place) {
      if (target.tunnel === undefined) target.securityLevel = args.level;
      else if (args.level === 0) place.warn('ignored', 'a tunnel interface has security level 0 anyway');
      else place.error('contradiction', 'a tunnel interface has no security level of its own');
    },
    unset(target) {
      if (target.alias === undefined) delete target.securityLevel;
      else target.securityLevel = defaultLevel(target);
    },
    print(view) {
      if (view.securityLevel === undefined) return isPhysical(view.name) ? [{ values: {}, negated: true }] : [];
      const said = view.kind === 'ethernet' || view.securityLevel !== defaultLevel(view);
      return said ? [{ values: { level: view.securityLevel } }] : [];
    },
  }),
  used('interface', {
    pattern: 'vrf forwarding / <name>',
    help: 'Put the interface into a virtual router',
    attribute: 'vrf',
    params: { name: name('Virtual router') },
    example: 'vrf forwarding RED',
    set(target, args) {
      target.vrf = args.name;
    },
    unset(target) {
      target.vrf = '';
    },
    print: (view) => (view.vrf === '' ? [] : [{ values: { name: view.vrf } }]),
  }),
  used('interface', {
    pattern: 'ip address / <address> <mask> [standby <standby>]',
    help: 'IPv4 address',
    attribute: 'addresses',
    params: {
      address: address('Own address', 4),
      mask: mask('Netmask'),
      standby: optional(address('Address of the standby unit', 4)),
    },
    example: [
      'ip address 10.0.0.1 255.255.255.0',
      { line: 'ip address 172.16.1.5 255.255.255.254', ...TUNNEL },
      { line: 'ip address 10.0.0.1 255.255.255.0 standby 10.0.0.2', prints: 'ip address 10.0.0.1 255.255.255.0' },
    ],
    set(target, args, place) {
      if (target.kind === 'virtual-template')
        return place.error('contradiction', 'a virtual template borrows its address: use ip unnumbered');
      const fault = addressFault(args.address, args.mask);
      if (fault !== undefined) return place.error('bad-address', fault, { param: 'address' });
      if (args.standby !== undefined)
        place.warn('unsupported', 'failover is not supported: the standby address is ignored', { param: 'standby' });
      target.addresses = [
        { address: args.address, length: args.mask },
        ...target.addresses.filter((one) => one.address.family !== 4),
      ];
      delete target.unnumbered[4];
      return undefined;
    },
    unset(target) {
      target.addresses = target.addresses.filter((one) => one.address.family !== 4);
    },
    print(view) {
      const own = view.addresses.filter((one) => one.address.family === 4);
      if (own.length > 0) return own.map((one) => ({ values: { address: one.address, mask: one.length } }));
      return isPhysical(view.name) && view.unnumbered[4] === undefined ? [{ values: {}, negated: true }] : [];
    },
  }),
  unsupported('interface', {
    pattern: 'ip address {dhcp [<setroute>]|pppoe [<setroute>]}',
    help: 'Learn the address from the network',
    params: { setroute: optional(choice('Default route', { setroute: 'Take the default route as well' })) },
    example: 'ip address dhcp setroute',
  }),
  used('interface', {
    pattern: 'ip unnumbered / <interface>',
    help: 'Borrow the IPv4 address of another interface',
    attribute: 'unnumbered',
    params: { interface: refers('interface', nameif('Interface that lends its address')) },
    example: { line: 'ip unnumbered LOOP', ...TUNNEL },
    set(target, args, place) {
      if (tunnelOf(target, place) === undefined) return;
      if (isItself(target, args.interface)) {
        place.error('contradiction', 'an interface cannot borrow its own address', { param: 'interface' });
        return;
      }
      target.unnumbered[4] = args.interface;
      target.addresses = target.addresses.filter((one) => one.address.family !== 4);
    },
    unset(target) {
      delete target.unnumbered[4];
    },
    print: (view) => (view.unnumbered[4] === undefined ? [] : [{ values: { interface: view.unnumbered[4] } }]),
  }),
  used('interface', {
    pattern: 'ipv6 enable',
    help: 'IPv6 with a link-local address alone',
    attribute: 'ipv6Enabled',
    params: {},
    example: 'ipv6 enable',
    set(target) {
      target.ipv6Enabled = true;
    },
    unset(target) {
      target.ipv6Enabled = target.addresses.some((one) => one.address.family === 6);
    },
    print(view) {
      const implied = view.addresses.some((one) => one.address.family === 6) || view.unnumbered[6] !== undefined;
      return view.ipv6Enabled && !implied ? [{ values: {} }] : [];
    },
  }),
  used('interface', {
    pattern: 'ipv6 address / <address> link-local [standby <standby>]',
    help: 'IPv6 link-local address',
    attribute: 'addresses',
    params: {
      address: address('Link-local address', 6),
      standby: optional(address('Address of the standby unit', 6)),
    },
    example: 'ipv6 address fe80::1 link-local',
    set(target, args, place) {
      if (!args.address.isLinkLocal)
        return place.error('bad-address', `${args.address} is not within fe80::/10`, { param: 'address' });
      addV6(target, args.address, 64);
      return undefined;
    },
    unset(target, args) {
      removeV6(target, args.address);
    },
    print: (view) =>
      view.addresses.filter((one) => one.address.isLinkLocal).map((one) => ({ values: { address: one.address } })),
  }),
  used('interface', {
    pattern: 'ipv6 address / <address> [standby <standby>]',
    help: 'IPv6 address',
    attribute: 'addresses',
    params: {
      address: interfacing(6, 'Own address and its length'),
      standby: optional(address('Address of the standby unit', 6)),
    },
    example: 'ipv6 address 2001:db8::1/64',
    set(target, { address: own, standby }, place) {
      const fault = addressFault(own.address, own.length);
      if (fault !== undefined) return place.error('bad-address', fault, { param: 'address' });
      if (standby !== undefined)
        place.warn('unsupported', 'failover is not supported: the standby address is ignored', { param: 'standby' });
      addV6(target, own.address, own.length);
      return undefined;
    },
    unset(target, args) {
      removeV6(target, args.address?.address);
    },
    print: (view) =>
      view.addresses
        .filter((one) => one.address.family === 6 && !one.address.isLinkLocal)
        .map((one) => ({ values: { address: one } })),
  }),
  unsupported('interface', {
    pattern: 'ipv6 address {autoconfig|dhcp|<address> eui-64}',
    help: 'IPv6 address made from the link',
    params: { address: optional(interfacing(6, 'Prefix that the hardware address completes')) },
    example: 'ipv6 address autoconfig',
  }),
  used('interface', {
    pattern: 'ipv6 unnumbered / <interface>',
    help: 'Borrow the IPv6 address of another interface',
    attribute: 'unnumbered6',
    params: { interface: refers('interface', nameif('Interface that lends its address')) },
    example: { line: 'ipv6 unnumbered LOOP', ...TUNNEL },
    set(target, args, place) {
      if (tunnelOf(target, place) === undefined) return;
      if (isItself(target, args.interface)) {
        place.error('contradiction', 'an interface cannot borrow its own address', { param: 'interface' });
        return;
      }
      target.unnumbered[6] = args.interface;
      target.ipv6Enabled = true;
    },
    unset(target) {
      delete target.unnumbered[6];
    },
    print: (view) => (view.unnumbered[6] === undefined ? [] : [{ values: { interface: view.unnumbered[6] } }]),
  }),
  used('config', {
    pattern: 'mtu <interface> / <bytes>',
    help: 'Largest packet of an interface',
    section: 'mtu',
    params: { interface: nameif('Interface'), bytes: number(64, 9198, 'Bytes; 1500 by default') },
    example: { line: 'mtu outside 1400', within: ['interface GigabitEthernet0/0', 'nameif outside', 'exit'] },
    set(target, args, place) {
      target.withInterface(args.interface, place, (found) => {
        found.mtu = args.bytes;
        found.written.attributes['mtu'] = place.position;
      });
    },
    unset(target, args) {
      const found = target.byAlias(args.interface ?? '');
      delete found?.mtu;
    },
    print: (device, all) =>
      device.interfaces.flatMap((one) =>
        one.alias !== undefined && (one.mtu !== undefined || all)
          ? [{ values: { interface: one.alias, bytes: one.mtu ?? 1500 } }]
          : [],
      ),
  }),
  used('config', {
    pattern: 'same-security-traffic permit <between>',
    help: 'Traffic between equally trusted interfaces',
    section: 'same-security',
    params: {
      between: choice('Which', {
        'inter-interface': 'Between interfaces of one level',
        'intra-interface': 'In and out of one interface',
      }),
    },
    example: ['same-security-traffic permit inter-interface', 'same-security-traffic permit intra-interface'],
    set(target, args) {
      target.device.sameSecurityPermit[args.between === 'inter-interface' ? 'interInterface' : 'intraInterface'] = true;
    },
    unset(target, args) {
      target.device.sameSecurityPermit[args.between === 'inter-interface' ? 'interInterface' : 'intraInterface'] =
        false;
    },
    print: ({ sameSecurityPermit }) => [
      ...(sameSecurityPermit.interInterface ? [{ values: { between: 'inter-interface' as const } }] : []),
      ...(sameSecurityPermit.intraInterface ? [{ values: { between: 'intra-interface' as const } }] : []),
    ],
  }),
];

/** Named and with an address: as saved configurations show an interface that is up. */
export function isInUse(view: Pick<InterfaceModel, 'alias' | 'addresses'>): boolean {
  return view.alias !== undefined && view.addresses.length > 0;
}

function defaultLevel(view: Pick<InterfaceModel, 'alias'>): number {
  return view.alias === 'inside' ? 100 : 0;
}

function isItself(target: Draft<InterfaceModel>, named: string): boolean {
  return named === target.alias || named.toLowerCase() === target.name.toLowerCase();
}
