/** Lines of tunnel interfaces and virtual templates. */

import type { Draft } from '../../draft.ts';
import type { InterfaceModel } from '../../model.ts';
import { address, choice, hardwareInterface, name, optional, refers, text } from '../../parameters.ts';
import type { Place } from '../../place.ts';
import { type IosxeRow, unsupported, used } from '../row.ts';

const TUNNEL = { within: ['interface Tunnel10'] } as const;

/** Refuses a line that only tunnels take. */
function tunnelOf(
  target: Draft<InterfaceModel>,
  place: Place,
): NonNullable<Draft<InterfaceModel>['tunnel']> | undefined {
  if (target.tunnel !== undefined) return target.tunnel;
  return place.error('not-a-tunnel', `${target.name} is not a tunnel interface`);
}

export const tunnelRows: readonly IosxeRow[] = [
  used('interface', {
    pattern: 'tunnel source / {<address>|<interface>}',
    help: 'Where the outer packets come from',
    attribute: 'source',
    params: {
      address: optional(address('Own address')),
      interface: optional(refers('interface', hardwareInterface('Interface whose address they bear'))),
    },
    example: [
      { line: 'tunnel source GigabitEthernet0/0/1', ...TUNNEL },
      { line: 'tunnel source 192.0.2.1', ...TUNNEL },
    ],
    set(target, args, place) {
      const tunnel = tunnelOf(target, place);
      if (tunnel === undefined) return;
      delete tunnel.sourceAddress;
      delete tunnel.sourceInterface;
      if (args.address !== undefined) tunnel.sourceAddress = args.address;
      else if (args.interface !== undefined) tunnel.sourceInterface = args.interface;
    },
    unset(target) {
      delete target.tunnel?.sourceAddress;
      delete target.tunnel?.sourceInterface;
    },
    print({ tunnel }) {
      if (tunnel?.sourceAddress !== undefined) return [{ values: { address: tunnel.sourceAddress } }];
      return tunnel?.sourceInterface === undefined ? [] : [{ values: { interface: tunnel.sourceInterface } }];
    },
  }),
  used('interface', {
    pattern: 'tunnel mode ipsec <family> / [<overlay>]',
    help: 'IPsec without a header of its own, and the family of the outer packets',
    attribute: 'mode',
    params: {
      family: choice('Outer family', { ipv4: 'IPv4 outside', ipv6: 'IPv6 outside' }),
      overlay: optional(choice('Inner family', { 'v6-overlay': 'IPv6 inside', 'v4-overlay': 'IPv4 inside' })),
    },
    example: { line: 'tunnel mode ipsec ipv4', ...TUNNEL },
    set(target, args, place) {
      const tunnel = tunnelOf(target, place);
      if (tunnel === undefined) return;
      tunnel.mode = args.family === 'ipv4' ? 4 : 6;
      delete tunnel.greMode;
      if (args.overlay !== undefined) place.warn('unsupported', 'both families pass inside', { param: 'overlay' });
    },
    unset(target) {
      delete target.tunnel?.mode;
    },
    print: ({ tunnel }) =>
      tunnel?.mode === undefined
        ? []
        : [{ values: { family: tunnel.mode === 4 ? ('ipv4' as const) : ('ipv6' as const) } }],
  }),
  unsupported('interface', {
    pattern: 'tunnel mode {gre multipoint [<rest>]|ipip <rest>|ipv6ip <rest>|vxlan <rest>|udp <rest>}',
    help: 'Other encapsulations',
    params: { rest: optional(text('Kind')) },
    example: { line: 'tunnel mode gre multipoint', ...TUNNEL },
  }),
  used('interface', {
    pattern: 'tunnel destination / {<address>|<dynamic>}',
    help: 'Where the outer packets go',
    attribute: 'destination',
    params: {
      address: optional(address('The peer')),
      dynamic: optional(choice('Whoever it is', { dynamic: 'Found out by FlexVPN' })),
    },
    example: { line: 'tunnel destination 198.51.100.1', ...TUNNEL },
    set(target, args, place) {
      const tunnel = tunnelOf(target, place);
      if (tunnel === undefined) return;
      delete tunnel.destination;
      if (args.address !== undefined) tunnel.destination = args.address;
    },
    unset(target) {
      delete target.tunnel?.destination;
    },
    print: ({ tunnel }) => (tunnel?.destination === undefined ? [] : [{ values: { address: tunnel.destination } }]),
  }),
  used('interface', {
    pattern: 'tunnel vrf / <vrf>',
    help: 'VRF of the outer packets (front-door VRF)',
    attribute: 'frontVrf',
    params: { vrf: refers('VRF', name('VRF', 32)) },
    example: { line: 'tunnel vrf INET', ...TUNNEL },
    set(target, args, place) {
      const tunnel = tunnelOf(target, place);
      if (tunnel !== undefined) tunnel.frontVrf = args.vrf;
    },
    unset(target) {
      delete target.tunnel?.frontVrf;
    },
    print: ({ tunnel }) => (tunnel?.frontVrf === undefined ? [] : [{ values: { vrf: tunnel.frontVrf } }]),
  }),
  used('interface', {
    pattern: 'tunnel protection ipsec profile / <profile> [ikev2-profile <ike>]',
    help: 'What protects the tunnel',
    attribute: 'profile',
    params: {
      profile: refers('IPsec profile', name('IPsec profile')),
      ike: optional(refers('IKEv2 profile', name('IKE profile, before that of the IPsec profile'))),
    },
    example: [
      { line: 'tunnel protection ipsec profile VTI', ...TUNNEL },
      { line: 'tunnel protection ipsec profile VTI ikev2-profile P', ...TUNNEL },
    ],
    set(target, args, place) {
      const tunnel = tunnelOf(target, place);
      if (tunnel === undefined) return;
      tunnel.profile = args.profile;
      if (args.ike === undefined) delete tunnel.ikeProfile;
      else tunnel.ikeProfile = args.ike;
    },
    unset(target) {
      delete target.tunnel?.profile;
      delete target.tunnel?.ikeProfile;
    },
    print: ({ tunnel }) =>
      tunnel?.profile === undefined ? [] : [{ values: { profile: tunnel.profile, ike: tunnel.ikeProfile } }],
  }),
  used('interface', {
    pattern: 'tunnel protection ipsec policy <family> / <list>',
    help: 'Traffic selectors of the tunnel, from an access list',
    attribute: 'policyAccessList',
    params: {
      family: choice('Family', { ipv4: 'IPv4', ipv6: 'IPv6' }),
      list: refers('access list', name('Access list')),
    },
    example: { line: 'tunnel protection ipsec policy ipv4 SELECTORS', ...TUNNEL },
    set(target, args, place) {
      const tunnel = tunnelOf(target, place);
      if (tunnel !== undefined) tunnel.policyAccessList = args.list;
    },
    unset(target) {
      delete target.tunnel?.policyAccessList;
    },
    print: ({ tunnel }) =>
      tunnel?.policyAccessList === undefined
        ? []
        : [{ values: { family: 'ipv4' as const, list: tunnel.policyAccessList } }],
  }),
  unsupported('interface', {
    pattern: 'tunnel protection ipsec profile <profile> shared [<rest>]',
    help: 'One set of SAs for several GRE tunnels',
    params: { profile: name('IPsec profile'), rest: optional(text('IKE profile')) },
    example: { line: 'tunnel protection ipsec profile VTI shared', ...TUNNEL },
  }),
  unsupported('interface', {
    pattern: 'tunnel {bandwidth <rest>|route-via <rest>}',
    help: 'Settings of the outer header that are not here',
    params: { rest: optional(text('Setting')) },
    example: { line: 'tunnel bandwidth transmit 1000', ...TUNNEL },
  }),
];
