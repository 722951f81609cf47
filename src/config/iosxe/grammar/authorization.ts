/** `crypto ikev2 authorization policy`, and the aaa lines that lead to it. */
import { Prefix } from '../../../base/index.ts';
import type { Draft } from '../../draft.ts';
import type { AuthorizationPolicyModel } from '../../model.ts';
import { named } from '../../named.ts';
import {
  address,
  choice,
  hardwareInterface,
  mask,
  name,
  number,
  optional,
  prefix,
  refers,
  text,
} from '../../parameters.ts';
import { harmless, type IosxeRow, unsupported, used } from '../row.ts';

/** Administrative distance of routes that peers tell. */
const ACCEPTED_DISTANCE = 1;

export const authorizationRows: readonly IosxeRow[] = [
  harmless('config', {
    pattern: 'aaa new-model',
    help: 'Authentication, authorization and accounting',
    section: 'aaa',
    example: 'aaa new-model',
  }),
  harmless('config', {
    pattern: 'aaa {authorization <rest>|authentication <rest>|accounting <rest>|session-id <rest>}',
    help: 'Lists of methods; authorization of IKEv2 peers is always local',
    section: 'aaa',
    params: { rest: optional(text('List and methods')) },
    example: 'aaa authorization network FLEX local',
  }),
  used('config', {
    pattern: 'crypto ikev2 authorization policy <name>',
    help: 'What peers are told, and what of theirs is believed',
    section: 'ikev2-authorization',
    enters: 'ikev2-authorization',
    params: { name: name('Policy') },
    example: 'crypto ikev2 authorization policy FLEX',
    set(target, args, place) {
      return named<Draft<AuthorizationPolicyModel>>(target.device.authorizationPolicies, args.name, () => ({
        name: args.name,
        routeSetInterfaces: [],
        routeSetAccessLists: [],
        routeSetRemote: [],
        written: place.written(),
      }));
    },
    unset(target, args) {
      target.device.authorizationPolicies = target.device.authorizationPolicies.filter((one) => one.name !== args.name);
    },
    print: (device) => device.authorizationPolicies.map((one) => ({ values: { name: one.name }, view: one })),
  }),
  used('ikev2-authorization', {
    pattern: 'route set interface [<interface>]',
    help: 'Tell the peer the address of an interface; of the tunnel itself by default',
    attribute: 'routeSetInterface',
    params: { interface: optional(refers('interface', hardwareInterface('Interface'))) },
    example: ['route set interface', 'route set interface Loopback1'],
    set(target, args) {
      const wanted = args.interface ?? '';
      if (!target.routeSetInterfaces.includes(wanted)) target.routeSetInterfaces.push(wanted);
    },
    unset(target, args) {
      target.routeSetInterfaces = target.routeSetInterfaces.filter((one) => one !== (args.interface ?? ''));
    },
    print: (view) => view.routeSetInterfaces.map((one) => ({ values: { interface: one === '' ? undefined : one } })),
  }),
  used('ikev2-authorization', {
    pattern: 'route set access-list [<ipv6>] <list>',
    help: 'Tell the peer the networks of a standard access list',
    attribute: 'routeSetAccessLists',
    params: { ipv6: optional(choice('Family', { ipv6: 'IPv6' })), list: refers('access list', name('Access list')) },
    example: ['route set access-list 10', 'route set access-list ipv6 LANS'],
    set(target, args) {
      const family = args.ipv6 === undefined ? 4 : 6;
      if (!target.routeSetAccessLists.some((one) => one.name === args.list && one.family === family))
        target.routeSetAccessLists.push({ family, name: args.list });
    },
    unset(target, args) {
      target.routeSetAccessLists = target.routeSetAccessLists.filter((one) => one.name !== args.list);
    },
    print: (view) =>
      view.routeSetAccessLists.map((one) => ({
        values: { ipv6: one.family === 6 ? ('ipv6' as const) : undefined, list: one.name },
      })),
  }),
  used('ikev2-authorization', {
    pattern: 'route set remote ipv4 <address> <mask>',
    help: 'Tell the peer a network',
    attribute: 'routeSetRemote',
    params: { address: address('Network', 4), mask: mask('Its mask') },
    example: 'route set remote ipv4 10.0.0.0 255.0.0.0',
    set(target, args) {
      addPrefix(target, new Prefix(args.address, args.mask));
    },
    unset(target, args) {
      if (args.address !== undefined && args.mask !== undefined)
        dropPrefix(target, new Prefix(args.address, args.mask));
    },
    print: (view) =>
      view.routeSetRemote
        .filter((one) => one.family === 4)
        .map((one) => ({ values: { address: one.address, mask: one.length } })),
  }),
  used('ikev2-authorization', {
    pattern: 'route set remote ipv6 <prefix>',
    help: 'Tell the peer a network',
    attribute: 'routeSetRemote',
    params: { prefix: prefix(6, 'Network') },
    example: 'route set remote ipv6 2001:db8::/32',
    set(target, args) {
      addPrefix(target, args.prefix);
    },
    unset(target, args) {
      if (args.prefix !== undefined) dropPrefix(target, args.prefix);
    },
    print: (view) => view.routeSetRemote.filter((one) => one.family === 6).map((one) => ({ values: { prefix: one } })),
  }),
  used('ikev2-authorization', {
    pattern: 'route accept any / [tag <tag>] [distance <distance>]',
    help: 'Believe the networks that the peer tells',
    attribute: 'routeAccept',
    params: {
      tag: optional(number(1, 497777, 'Tag of the routes')),
      distance: optional(number(1, 255, 'Administrative distance; 1 by default')),
    },
    example: ['route accept any', 'route accept any tag 100 distance 5'],
    set(target, args) {
      const distance = args.distance ?? ACCEPTED_DISTANCE;
      target.routeAccept = { distance, ...(args.tag === undefined ? {} : { tag: args.tag }) };
    },
    unset(target) {
      delete target.routeAccept;
    },
    print: ({ routeAccept: own }) =>
      own === undefined
        ? []
        : [{ values: { tag: own.tag, distance: own.distance === ACCEPTED_DISTANCE ? undefined : own.distance } }],
  }),
  unsupported('ikev2-authorization', {
    pattern: '<what> <rest>',
    help: 'Addresses and settings for remote access',
    params: {
      what: choice('What', {
        pool: 'Pool of addresses',
        netmask: 'Mask of a given address',
        dns: 'Name servers',
        wins: 'Name servers of Windows',
        'def-domain': 'Domain',
        banner: 'Greeting',
        'backup-gateway': 'Other gateways',
        'split-dns': 'Domains of the tunnel',
        pfs: 'Perfect forward secrecy',
        'session-lifetime': 'Life of a session',
        ipsec: 'Limit of SAs',
        aaa: 'Attributes',
        dhcp: 'Addresses by DHCP',
        'subnet-acl': 'Networks in older words',
      }),
      rest: text('Value'),
    },
    example: 'pool POOL1',
  }),
];

function addPrefix(target: Draft<AuthorizationPolicyModel>, wanted: Prefix): void {
  if (!target.routeSetRemote.some((one) => one.equals(wanted))) target.routeSetRemote.push(wanted);
}

function dropPrefix(target: Draft<AuthorizationPolicyModel>, wanted: Prefix): void {
  target.routeSetRemote = target.routeSetRemote.filter((one) => !one.equals(wanted));
}
