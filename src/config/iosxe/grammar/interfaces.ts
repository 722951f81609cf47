/** Interfaces: physical, subinterfaces, loopbacks, BDI, tunnels and virtual templates, with their addresses. */
import type { Draft } from '../../draft.ts';
import { addressFault, addV6, removeV6 } from '../../interface-addresses.ts';
import type { InterfaceModel } from '../../model.ts';
import {
  address,
  choice,
  hardwareInterface,
  interfacing,
  mask,
  name,
  number,
  optional,
  refers,
  text,
  words,
} from '../../parameters.ts';
import { harmless, type IosxeRow, unsupported, used } from '../row.ts';

export const interfaceRows: readonly IosxeRow[] = [
  used('config', {
    pattern: 'interface <name> / [{<point-to-point>|type <type>}]',
    help: 'Configure an interface',
    section: 'interface',
    enters: 'interface',
    params: {
      name: hardwareInterface('Interface, such as GigabitEthernet0/0/0, Loopback1, Tunnel1, Virtual-Template1'),
      'point-to-point': optional(choice('Kind of subinterface', { 'point-to-point': 'Point to point' })),
      type: optional(choice('Type of a virtual template', { tunnel: 'Template of tunnel interfaces' })),
    },
    example: [
      { line: 'interface GigabitEthernet0/0/1.100' },
      { line: 'interface Tunnel 10', prints: 'interface Tunnel10' },
      { line: 'interface Virtual-Template1 type tunnel' },
    ],
    opener: ({ name: called }) =>
      String(called).startsWith('Virtual-Template') ? { name: called, type: 'tunnel' } : { name: called },
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
    example: 'description TUN > ASA-XFW01 - Tun10',
    set(target, args) {
      target.description = args.text;
    },
    unset(target) {
      delete target.description;
    },
    print: (view) => (view.description === undefined ? [] : [{ values: { text: view.description } }]),
  }),
  used('interface', {
    pattern: 'bandwidth / <kbps>',
    help: 'Informational bandwidth',
    attribute: 'bandwidth',
    params: { kbps: number(1, 10_000_000, 'Kilobits a second') },
    example: 'bandwidth 100000',
    set(target, args) {
      target.bandwidthKbps = args.kbps;
    },
    unset(target) {
      delete target.bandwidthKbps;
    },
    print: (view) => (view.bandwidthKbps === undefined ? [] : [{ values: { kbps: view.bandwidthKbps } }]),
  }),
  used('interface', {
    pattern: 'bandwidth qos-reference / <kbps>',
    help: 'Bandwidth that quality of service reckons with; nothing else does',
    attribute: 'qosReference',
    params: { kbps: number(1, 10_000_000, 'Kilobits a second') },
    example: 'bandwidth qos-reference 400000',
    set(target, args) {
      target.qosReferenceKbps = args.kbps;
    },
    unset(target) {
      delete target.qosReferenceKbps;
    },
    print: (view) => (view.qosReferenceKbps === undefined ? [] : [{ values: { kbps: view.qosReferenceKbps } }]),
  }),
  harmless('interface', {
    pattern: 'bandwidth {receive <kbps>|inherit}',
    help: 'Bandwidth of the way in, or that of the port below',
    params: { kbps: optional(number(1, 10_000_000, 'Kilobits a second')) },
    example: 'bandwidth receive 100000',
  }),
  used('interface', {
    pattern: 'encapsulation dot1Q / <vlan> [<native>]',
    help: '802.1Q tag of a subinterface',
    attribute: 'vlan',
    params: {
      vlan: number(1, 4094, 'VLAN'),
      native: optional(choice('Untagged', { native: 'Frames without a tag' })),
    },
    example: { line: 'encapsulation dot1Q 100', within: ['interface GigabitEthernet0/0/1.100'] },
    set(target, args, place) {
      if (!target.name.includes('.')) return place.error('contradiction', `${target.name} is not a subinterface`);
      target.vlan = args.vlan;
      return undefined;
    },
    unset(target) {
      delete target.vlan;
    },
    print: (view) => (view.vlan === undefined ? [] : [{ values: { vlan: view.vlan } }]),
  }),
  used('interface', {
    pattern: '{vrf forwarding|ip vrf forwarding} / <vrf>',
    help: 'Put the interface into a VRF; its addresses are lost by that',
    attribute: 'vrf',
    params: { vrf: refers('VRF', name('VRF', 32)) },
    example: { line: 'vrf forwarding INET' },
    set(target, args, place) {
      if (target.vrf !== args.vrf) dropAddresses(target, args.vrf, (text) => place.warn('address-removed', text));
      target.vrf = args.vrf;
    },
    unset(target, _args, place) {
      if (target.vrf !== '') dropAddresses(target, '', (text) => place.warn('address-removed', text));
      target.vrf = '';
    },
    print: (view) => (view.vrf === '' ? [] : [{ values: { vrf: view.vrf }, line: `vrf forwarding ${view.vrf}` }]),
  }),
  used('interface', {
    pattern: 'ip address / <address> <mask> [<secondary>]',
    help: 'IPv4 address',
    attribute: 'addresses',
    params: {
      address: address('Own address', 4),
      mask: mask('Netmask'),
      secondary: optional(choice('One more', { secondary: 'Beside the first one' })),
    },
    example: [
      'ip address 10.0.0.1 255.255.255.0',
      {
        line: 'ip address 10.0.1.1 255.255.255.0 secondary',
        within: ['interface Loopback1', 'ip address 10.9.9.9 255.255.255.255'],
      },
    ],
    set(target, args, place) {
      if (target.kind === 'virtual-template')
        return place.error('contradiction', 'a virtual template borrows its address: use ip unnumbered');
      const fault = addressFault(args.address, args.mask);
      if (fault !== undefined) return place.error('bad-address', fault, { param: 'address' });
      const own = { address: args.address, length: args.mask };
      const [first, ...more] = target.addresses.filter((one) => one.address.family === 4);
      const others = target.addresses.filter((one) => one.address.family !== 4);
      if (args.secondary === undefined) target.addresses = [own, ...more, ...others];
      else if (first === undefined) return place.error('contradiction', 'there is no first address yet');
      else target.addresses = [first, ...more.filter((one) => !one.address.equals(own.address)), own, ...others];
      delete target.unnumbered[4];
      return undefined;
    },
    unset(target, args) {
      target.addresses = target.addresses.filter(
        (one) => one.address.family !== 4 || (args.address !== undefined && !one.address.equals(args.address)),
      );
    },
    print: (view) =>
      view.addresses
        .filter((one) => one.address.family === 4)
        .map((one, index) => ({
          values: {
            address: one.address,
            mask: one.length,
            secondary: index > 0 ? ('secondary' as const) : undefined,
          },
        })),
  }),
  unsupported('interface', {
    pattern: 'ip address {dhcp|negotiated}',
    help: 'Learn the address from the network or from the hub',
    example: 'ip address negotiated',
  }),
  used('interface', {
    pattern: 'ip unnumbered / <interface>',
    help: 'Borrow the IPv4 address of another interface',
    attribute: 'unnumbered',
    params: { interface: refers('interface', hardwareInterface('Interface that lends its address')) },
    example: { line: 'ip unnumbered Loopback1', within: ['interface Tunnel1'] },
    set(target, args, place) {
      if (target.name === args.interface)
        return place.error('contradiction', 'an interface cannot borrow its own address', { param: 'interface' });
      target.unnumbered[4] = args.interface;
      target.addresses = target.addresses.filter((one) => one.address.family !== 4);
      return undefined;
    },
    unset(target) {
      delete target.unnumbered[4];
    },
    print: (view) => (view.unnumbered[4] === undefined ? [] : [{ values: { interface: view.unnumbered[4] } }]),
  }),
  used('interface', {
    pattern: 'ip mtu / <bytes>',
    help: 'Largest IP packet',
    attribute: 'mtu',
    params: { bytes: number(68, 9216, 'Bytes') },
    example: 'ip mtu 1400',
    set(target, args) {
      target.mtu = args.bytes;
    },
    unset(target) {
      delete target.mtu;
    },
    print: (view) => (view.mtu === undefined ? [] : [{ values: { bytes: view.mtu } }]),
  }),
  used('interface', {
    pattern: 'mtu / <bytes>',
    help: 'Largest packet of the link',
    attribute: 'mtu',
    params: { bytes: number(64, 9216, 'Bytes; 1500 by default') },
    example: { line: 'mtu 1500', prints: 'ip mtu 1500' },
    set(target, args) {
      target.mtu ??= args.bytes;
    },
    unset(target) {
      delete target.mtu;
    },
  }),
  used('interface', {
    pattern: 'ip tcp adjust-mss / <bytes>',
    help: 'Largest TCP segment let through in SYNs, both ways',
    attribute: 'clampMss',
    params: { bytes: number(500, 1460, 'Bytes') },
    example: 'ip tcp adjust-mss 1348',
    set(target, args) {
      target.clampMss = args.bytes;
    },
    unset(target) {
      delete target.clampMss;
    },
    print: (view) => (view.clampMss === undefined ? [] : [{ values: { bytes: view.clampMss } }]),
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
    pattern: 'ipv6 address / <address> link-local',
    help: 'IPv6 link-local address',
    attribute: 'addresses',
    params: { address: address('Link-local address', 6) },
    example: 'ipv6 address FE80::1 link-local',
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
      view.addresses
        .filter((one) => one.address.isLinkLocal)
        .map((one) => ({
          values: { address: one.address },
          line: `ipv6 address ${String(one.address).toUpperCase()} link-local`,
        })),
  }),
  used('interface', {
    pattern: 'ipv6 address / <address>',
    help: 'IPv6 address',
    attribute: 'addresses',
    params: { address: interfacing(6, 'Own address and its length') },
    example: 'ipv6 address 2001:DB8::1/64',
    set(target, { address: own }, place) {
      const fault = addressFault(own.address, own.length);
      if (fault !== undefined) return place.error('bad-address', fault, { param: 'address' });
      addV6(target, own.address, own.length);
      return undefined;
    },
    unset(target, args) {
      removeV6(target, args.address?.address);
    },
    print: (view) =>
      view.addresses
        .filter((one) => one.address.family === 6 && !one.address.isLinkLocal)
        .map((one) => ({
          values: { address: one },
          line: `ipv6 address ${String(one.address).toUpperCase()}/${one.length}`,
        })),
  }),
  used('interface', {
    pattern: 'ipv6 unnumbered / <interface>',
    help: 'Borrow the IPv6 address of another interface',
    attribute: 'unnumbered6',
    params: { interface: refers('interface', hardwareInterface('Interface that lends its address')) },
    example: { line: 'ipv6 unnumbered Loopback1', within: ['interface Tunnel1'] },
    set(target, args, place) {
      if (target.name === args.interface)
        return place.error('contradiction', 'an interface cannot borrow its own address', { param: 'interface' });
      target.unnumbered[6] = args.interface;
      target.ipv6Enabled = true;
      return undefined;
    },
    unset(target) {
      delete target.unnumbered[6];
    },
    print: (view) => (view.unnumbered[6] === undefined ? [] : [{ values: { interface: view.unnumbered[6] } }]),
  }),
  used('interface', {
    pattern: 'crypto ipsec df-bit / <df>',
    help: 'Bit "do not fragment" of the outer packets that leave by it',
    attribute: 'df',
    params: { df: choice('What to do', { clear: 'Clear it', copy: 'As the inner packet has it', set: 'Set it' }) },
    example: 'crypto ipsec df-bit clear',
    set(target, args) {
      target.df = args.df;
    },
    unset(target) {
      delete target.df;
    },
    print: (view) => (view.df === undefined ? [] : [{ values: { df: view.df } }]),
  }),
  used('interface', {
    pattern: 'crypto ipsec fragmentation / <when>',
    help: 'Fragment what is too long before or after it is encrypted',
    attribute: 'fragmentation',
    params: {
      when: choice('When', { 'after-encryption': 'The outer packet', 'before-encryption': 'The inner packet' }),
    },
    example: 'crypto ipsec fragmentation after-encryption',
    set(target, args) {
      target.fragmentation = args.when === 'after-encryption' ? 'after' : 'before';
    },
    unset(target) {
      delete target.fragmentation;
    },
    print: ({ fragmentation }) =>
      fragmentation === undefined
        ? []
        : [
            {
              values: {
                when: fragmentation === 'after' ? ('after-encryption' as const) : ('before-encryption' as const),
              },
            },
          ],
  }),
  used('interface', {
    pattern: 'shutdown',
    help: 'Switch the interface off',
    attribute: 'shutdown',
    params: {},
    example: ['shutdown', { line: 'no shutdown', prints: '' }],
    set(target) {
      target.shutdown = true;
    },
    unset(target) {
      target.shutdown = false;
    },
    print: (view) => (view.shutdown ? [{ values: {} }] : []),
  }),
  harmless('interface', {
    pattern: '<what> [<rest>]',
    help: 'Setting of a port',
    params: {
      what: words(
        'Setting',
        ...([
          'negotiation',
          'duplex',
          'speed',
          'media-type',
          'load-interval',
          'delay',
          'carrier-delay',
          'plim',
        ] as const),
        ...(['mac-address', 'hold-queue', 'mop', 'tx-ring-limit', 'macsec', 'if-state'] as const),
        ...(['max-reserved-bandwidth'] as const),
      ),
      rest: optional(text('Value')),
    },
    example: 'negotiation auto',
  }),
  // Where a line of the top level begins with the same word, the second one tells them apart.
  harmless('interface', {
    pattern:
      '{cdp {enable|tlv <rest>|log <rest>}|lldp {transmit|receive|enable}|arp {timeout <rest>|arpa}|logging event <rest>|ntp {disable [<rest>]|broadcast [<rest>]|multicast [<rest>]}|snmp {trap <rest>|ifindex <rest>}|power inline [<rest>]|udld port [<rest>]|nhrp {group <rest>|map <rest>|attribute <rest>}}',
    help: 'What the port tells its neighbours and the log',
    params: { rest: optional(text('Value')) },
    example: ['cdp enable', 'logging event link-status', 'arp timeout 300', 'nhrp group GOLD'],
  }),
  harmless('interface', {
    pattern:
      'ip {redirects|unreachables|proxy-arp|flow monitor <rest>|flow ingress|flow egress|virtual-reassembly [<rest>]|nbar protocol-discovery [<rest>]|directed-broadcast [<rest>]|route-cache [<rest>]|mask-reply|information-reply|local-proxy-arp|load-sharing <rest>|mroute-cache|accounting [<rest>]}',
    help: 'What the router says and counts about packets',
    params: { rest: optional(text('Setting')) },
    example: [{ line: 'no ip redirects' }, 'ip flow monitor M input'],
  }),
  unsupported('interface', {
    pattern: '<what> [<rest>]',
    help: 'Features that are not here',
    params: {
      what: words(
        'Feature',
        ...(['channel-group', 'service-policy', 'standby', 'vrrp', 'zone-member', 'switchport'] as const),
        ...([
          'service-insertion',
          'ospfv3',
          'ppp',
          'pppoe',
          'pppoe-client',
          'dialer',
          'peer',
          'random-detect',
        ] as const),
        ...(['fair-queue', 'bridge-group', 'lacp', 'ethernet', 'dot1x', 'traffic-shape', 'rate-limit'] as const),
      ),
      rest: optional(text('Setting')),
    },
    example: 'service-policy output SHAPE',
  }),
  unsupported('interface', {
    pattern:
      '{bfd {interval <rest>|template <rest>|echo|jitter}|mpls {ip|mtu <rest>|bgp <rest>|ldp <rest>|label <rest>|traffic-eng <rest>}|backup {interface <rest>|delay <rest>}|isis <rest>|cts {role-based <rest>|manual}|authentication {mode <rest>|key <rest>}|xconnect <rest>|performance monitor <rest>|crypto ipsec client <rest>}',
    help: 'Detection of faults, labels and backup',
    params: { rest: optional(text('Setting')) },
    example: ['bfd interval 300 min_rx 300 multiplier 3', 'mpls ip'],
  }),
  unsupported('interface', {
    pattern: 'service instance <rest>',
    help: 'Frames of some VLANs, for bridging',
    enters: 'section',
    params: { rest: text('Number and kind') },
    example: 'service instance 100 ethernet',
  }),
  unsupported('interface', {
    pattern:
      'ipv6 {<what> [<rest>]|dhcp {server <rest>|relay <rest>|client <rest>}|nd {ra <rest>|prefix <rest>|managed-config-flag|other-config-flag|reachable-time <rest>|ns-interval <rest>|dad <rest>|router-preference <rest>|cache <rest>}|flow monitor <rest>|router isis [<rest>]|policy route-map <rest>}',
    help: 'Features of IPv6 that are not here',
    params: {
      what: words(
        'Feature',
        ...(['eigrp', 'mtu', 'nat', 'nhrp', 'ospf', 'pim', 'redirects', 'rip', 'tcp', 'traffic-filter'] as const),
        ...(['unreachables', 'verify', 'virtual-reassembly'] as const),
      ),
      rest: optional(text('Setting')),
    },
    example: ['ipv6 nd ra suppress all', 'ipv6 ospf 1 area 0'],
  }),
  unsupported('interface', {
    pattern:
      'ip {access-group <rest>|nat inside|nat outside|nat enable|policy route-map <rest>|nhrp <rest>|pim {sparse-mode|dense-mode|sparse-dense-mode|passive|dr-priority <rest>|query-interval <rest>|bfd|nbma-mode}|igmp {version <rest>|join-group <rest>|static-group <rest>|access-group <rest>|query-interval <rest>}|verify unicast <rest>|rip {send <rest>|receive <rest>|authentication <rest>}|router isis [<rest>]|helper-address <rest>|dhcp {relay <rest>|client <rest>|smart-relay <rest>}|summary-address <rest>|hello-interval <rest>|hold-time <rest>|authentication <rest>|split-horizon [<rest>]|next-hop-self <rest>|bandwidth-percent <rest>|rsvp bandwidth [<rest>]|wccp <number> redirect <rest>}',
    help: 'Features of the IP layer that are not here',
    params: { number: optional(number(0, 254, 'Service')), rest: optional(text('Setting')) },
    example: ['ip nat outside', 'ip nhrp network-id 1', 'ip access-group OUTSIDE_IN in'],
  }),
];

function dropAddresses(target: Draft<InterfaceModel>, vrf: string, warn: (text: string) => void): void {
  if (target.addresses.length === 0) return;
  target.addresses = [];
  const why = vrf === '' ? 'disabling a VRF' : `enabling VRF ${vrf}`;
  warn(`Interface ${target.name} addresses removed due to ${why}`);
}
