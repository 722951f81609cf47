/** Lines of tunnel interfaces (VTI) and virtual templates. */
import { address, choice, name, nameif, optional, refers } from '../../parameters.ts';
import { type AsaRow, used } from '../row.ts';
import { TUNNEL, tunnelOf } from './interfaces.ts';

export const tunnelRows: readonly AsaRow[] = [
  used('interface', {
    pattern: 'tunnel source / interface <interface> [{ipv6 [<address>]|<address>}]',
    help: 'Interface that the outer packets leave from',
    attribute: 'source',
    params: {
      interface: refers('interface', nameif('Interface toward the peer')),
      address: optional(address('Its address to use, when it has several', 6)),
    },
    example: [
      { line: 'tunnel source interface outside', ...TUNNEL },
      {
        line: 'tunnel source interface outside 2001:db8::5',
        ...TUNNEL,
        prints: 'tunnel source interface outside ipv6 2001:db8::5',
      },
    ],
    set(target, args, place) {
      const tunnel = tunnelOf(target, place);
      if (tunnel === undefined) return;
      tunnel.sourceInterface = args.interface;
      if (args.address === undefined) delete tunnel.sourceAddress;
      else tunnel.sourceAddress = args.address;
    },
    unset(target) {
      delete target.tunnel?.sourceInterface;
      delete target.tunnel?.sourceAddress;
    },
    print(view) {
      const source = view.tunnel?.sourceInterface;
      return source === undefined ? [] : [{ values: { interface: source, address: view.tunnel?.sourceAddress } }];
    },
  }),
  used('interface', {
    pattern: 'tunnel source / <address>',
    help: 'Own address that the outer packets bear',
    attribute: 'source',
    params: { address: address('Own address') },
    example: { line: 'tunnel source 192.0.2.1', ...TUNNEL },
    set(target, args, place) {
      const tunnel = tunnelOf(target, place);
      if (tunnel === undefined) return;
      tunnel.sourceAddress = args.address;
      delete tunnel.sourceInterface;
    },
    unset(target) {
      delete target.tunnel?.sourceAddress;
    },
    print(view) {
      const source = view.tunnel?.sourceInterface === undefined ? view.tunnel?.sourceAddress : undefined;
      return source === undefined ? [] : [{ values: { address: source } }];
    },
  }),
  used('interface', {
    pattern: 'tunnel destination / <address>',
    help: 'Address of the other end',
    attribute: 'destination',
    params: { address: address('Peer') },
    example: [
      { line: 'tunnel destination 10.0.0.253', ...TUNNEL },
      { line: 'tunnel destination 2001:db8::253', ...TUNNEL },
    ],
    set(target, args, place) {
      const tunnel = tunnelOf(target, place);
      if (tunnel === undefined) return;
      if (target.kind === 'virtual-template')
        place.error('contradiction', 'a virtual template has no destination: its peers come by themselves');
      else if (args.address.isMulticast || args.address.isUnspecified)
        place.error('bad-address', `${args.address} is not the address of a peer`, { param: 'address' });
      else tunnel.destination = args.address;
    },
    unset(target) {
      delete target.tunnel?.destination;
    },
    print: (view) => (view.tunnel?.destination === undefined ? [] : [{ values: { address: view.tunnel.destination } }]),
  }),
  used('interface', {
    pattern: 'tunnel mode / ipsec <family>',
    help: 'Encapsulation, by the family of the outer packets',
    attribute: 'mode',
    params: { family: choice('Family', { ipv4: 'IPsec over IPv4', ipv6: 'IPsec over IPv6' }) },
    example: [
      { line: 'tunnel mode ipsec ipv4', ...TUNNEL },
      { line: 'tunnel mode ipsec ipv6', ...TUNNEL },
    ],
    set(target, args, place) {
      const tunnel = tunnelOf(target, place);
      if (tunnel !== undefined) tunnel.mode = args.family === 'ipv4' ? 4 : 6;
    },
    unset(target) {
      delete target.tunnel?.mode;
    },
    print(view) {
      const mode = view.tunnel?.mode;
      return mode === undefined ? [] : [{ values: { family: mode === 4 ? ('ipv4' as const) : ('ipv6' as const) } }];
    },
  }),
  used('interface', {
    pattern: 'tunnel protection / ipsec profile <profile>',
    help: 'IPsec profile that protects the tunnel',
    attribute: 'profile',
    params: { profile: refers('IPsec profile', name('IPsec profile')) },
    example: { line: 'tunnel protection ipsec profile VTI', ...TUNNEL },
    set(target, args, place) {
      const tunnel = tunnelOf(target, place);
      if (tunnel !== undefined) tunnel.profile = args.profile;
    },
    unset(target) {
      delete target.tunnel?.profile;
    },
    print: (view) => (view.tunnel?.profile === undefined ? [] : [{ values: { profile: view.tunnel.profile } }]),
  }),
  used('interface', {
    pattern: 'tunnel protection ipsec policy / <list>',
    help: 'Access list whose permit entries become the traffic selectors',
    attribute: 'policyAccessList',
    params: { list: refers('access list', name('Extended access list')) },
    example: { line: 'tunnel protection ipsec policy SELECT', ...TUNNEL },
    set(target, args, place) {
      const tunnel = tunnelOf(target, place);
      if (tunnel !== undefined) tunnel.policyAccessList = args.list;
    },
    unset(target) {
      delete target.tunnel?.policyAccessList;
    },
    print: (view) =>
      view.tunnel?.policyAccessList === undefined ? [] : [{ values: { list: view.tunnel.policyAccessList } }],
  }),
];
