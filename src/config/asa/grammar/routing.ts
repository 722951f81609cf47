/** Static routes; OSPF, EIGRP and the others are known and not supported. */
import { type IpAddress, Prefix } from '../../../base/index.ts';
import type { Draft } from '../../draft.ts';
import type { StaticRouteModel } from '../../model.ts';
import {
  address,
  choice,
  interfacing,
  mask,
  nameif,
  network,
  number,
  optional,
  refers,
  text,
  words,
} from '../../parameters.ts';
import type { Place } from '../../place.ts';
import type { Assembly } from '../assembly.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';

const SECTION = 'route';
const NULL_INTERFACE = 'Null0';
const distance = optional(number(1, 255, 'Administrative distance; 1 by default'));
const nothing = optional(choice('Nowhere', { Null0: 'Drop the packets' }));

export const routingRows: readonly AsaRow[] = [
  used('config', {
    pattern: 'route <interface> <network> <mask> / {<gateway>|<nowhere>} / [<distance>] [{track <track>|<tunneled>}]',
    help: 'Static IPv4 route',
    section: SECTION,
    params: {
      interface: refers('interface', nameif('Interface toward the gateway')),
      network: network('Network'),
      mask: mask('Its mask'),
      gateway: optional(address('Gateway; on a tunnel it may be the destination itself', 4)),
      nowhere: nothing,
      distance,
      track: optional(number(1, 500, 'Tracked object')),
      tunneled: optional(choice('For decrypted traffic', { tunneled: 'Default route of decrypted traffic' })),
    },
    example: [
      'route VTI 172.16.1.253 255.255.255.255 172.16.1.253 1',
      { line: 'route outside 0 0 192.0.2.254', prints: 'route outside 0.0.0.0 0.0.0.0 192.0.2.254 1' },
      { line: 'route inside 10.0.0.0 255.0.0.0 Null0 250' },
    ],
    set(target, args, place) {
      const prefix = prefixOf(args.network, args.mask, place);
      if (prefix === undefined) return;
      if (args.track !== undefined) place.warn('unsupported', 'tracking is not supported', { param: 'track' });
      if (args.tunneled !== undefined)
        place.warn('unsupported', 'routes for decrypted traffic alone are not supported', { param: 'tunneled' });
      addRoute(target, route(args.interface, prefix, args.gateway, args.distance, place));
    },
    unset(target, args) {
      if (args.network === undefined || args.mask === undefined) return;
      removeRoutes(target, args.interface, new Prefix(args.network, args.mask), args.gateway);
    },
    print: (device) =>
      device.staticRoutes
        .filter((one) => one.prefix.family === 4 && one.interface !== NULL_INTERFACE)
        .map((one) => ({
          values: {
            interface: one.interface,
            network: one.prefix.address,
            mask: one.prefix.length,
            gateway: one.gateway,
            nowhere: one.nullRoute ? ('Null0' as const) : undefined,
            distance: one.distance,
          },
        })),
  }),
  used('config', {
    pattern: 'route <nowhere> <network> <mask> / [<distance>]',
    help: 'Static IPv4 route to nowhere',
    section: SECTION,
    params: {
      nowhere: choice('Nowhere', { Null0: 'Drop the packets' }),
      network: network('Network'),
      mask: mask('Its mask'),
      distance,
    },
    example: { line: 'route Null0 10.0.0.0 255.0.0.0 250' },
    set(target, args, place) {
      const prefix = prefixOf(args.network, args.mask, place);
      if (prefix !== undefined) addRoute(target, route(NULL_INTERFACE, prefix, undefined, args.distance, place));
    },
    unset(target, args) {
      if (args.network === undefined || args.mask === undefined) return;
      removeRoutes(target, NULL_INTERFACE, new Prefix(args.network, args.mask), undefined);
    },
    print: (device) =>
      device.staticRoutes
        .filter((one) => one.prefix.family === 4 && one.interface === NULL_INTERFACE)
        .map((one) => ({
          values: {
            nowhere: 'Null0' as const,
            network: one.prefix.address,
            mask: one.prefix.length,
            distance: one.distance,
          },
        })),
  }),
  used('config', {
    pattern: 'ipv6 route <interface> <prefix> / {<gateway>|<nowhere>} / [<distance>] [<tunneled>]',
    help: 'Static IPv6 route',
    section: SECTION,
    params: {
      interface: refers('interface', nameif('Interface toward the gateway')),
      prefix: interfacing(6, 'Destination'),
      gateway: optional(address('Gateway', 6)),
      nowhere: nothing,
      distance,
      tunneled: optional(choice('For decrypted traffic', { tunneled: 'Default route of decrypted traffic' })),
    },
    example: [
      { line: 'ipv6 route outside ::/0 2001:db8::fe', prints: 'ipv6 route outside ::/0 2001:db8::fe' },
      'ipv6 route VTI 2001:db8:1::/48 2001:db8::253 20',
    ],
    set(target, args, place) {
      const prefix = prefixOf(args.prefix.address, args.prefix.length, place);
      if (prefix === undefined) return;
      if (args.tunneled !== undefined)
        place.warn('unsupported', 'routes for decrypted traffic alone are not supported', { param: 'tunneled' });
      addRoute(target, route(args.interface, prefix, args.gateway, args.distance, place));
    },
    unset(target, args) {
      if (args.prefix === undefined) return;
      removeRoutes(target, args.interface, new Prefix(args.prefix.address, args.prefix.length), args.gateway);
    },
    print: (device) =>
      device.staticRoutes
        .filter((one) => one.prefix.family === 6)
        .map((one) => ({
          values: {
            interface: one.interface,
            prefix: { address: one.prefix.address, length: one.prefix.length },
            gateway: one.gateway,
            nowhere: one.nullRoute ? ('Null0' as const) : undefined,
            distance: one.distance === 1 ? undefined : one.distance,
          },
        })),
  }),
  unsupported('config', {
    pattern: 'router <protocol> [<rest>]',
    help: 'Interior routing protocols',
    section: 'router',
    enters: 'section',
    params: { protocol: words('Protocol', 'ospf', 'eigrp', 'rip', 'isis'), rest: optional(text('Process')) },
    example: 'router ospf 1',
  }),
  unsupported('config', {
    pattern: '{ipv6 router|ipv6 ospf|policy-route|bfd|bfd-template|zone|multicast-routing|mroute} [<rest>]',
    help: 'Further routing',
    section: 'router',
    enters: 'section',
    params: { rest: optional(text('Setting')) },
    example: { line: 'ipv6 router ospf 1', prints: 'ipv6 router ospf 1' },
  }),
  unsupported('config', {
    pattern: '{sla monitor|track} <rest>',
    help: 'Tracking of reachability',
    section: SECTION,
    enters: 'section',
    params: { rest: text('Object') },
    example: { line: 'track 1 rtr 1 reachability', prints: 'track 1 rtr 1 reachability' },
  }),
  harmless('config', {
    pattern: 'route-lookup <rest>',
    help: 'Lookup details',
    section: SECTION,
    params: { rest: text('Setting') },
    example: 'route-lookup any',
  }),
];

/** The prefix, unless the address has bits outside its mask. */
export function prefixOf(base: IpAddress, length: number, place: Place): Prefix | undefined {
  const prefix = new Prefix(base, length);
  if (prefix.address.equals(base)) return prefix;
  return place.error('host-bits', `${base} has bits outside the mask; the network is ${prefix.address}`, {
    param: base.family === 4 ? 'network' : 'prefix',
    expected: String(prefix.address),
  });
}

function route(
  through: string,
  prefix: Prefix,
  gateway: IpAddress | undefined,
  wanted: number | undefined,
  place: Place,
): Draft<StaticRouteModel> {
  return {
    interface: through,
    prefix,
    ...(gateway === undefined ? {} : { gateway }),
    nullRoute: gateway === undefined,
    distance: wanted ?? 1,
    vrf: '',
    written: place.written(),
  };
}

function addRoute(target: Assembly, added: Draft<StaticRouteModel>): void {
  removeRoutes(target, added.interface, added.prefix, added.gateway);
  target.device.staticRoutes.push(added);
}

/** Removes the routes that this line names; without a gateway all through that interface. */
function removeRoutes(
  target: Assembly,
  through: string | undefined,
  prefix: Prefix,
  gateway: IpAddress | undefined,
): void {
  target.device.staticRoutes = target.device.staticRoutes.filter(
    (one) =>
      one.interface !== through ||
      !one.prefix.equals(prefix) ||
      (gateway !== undefined && one.gateway?.equals(gateway) !== true),
  );
}
