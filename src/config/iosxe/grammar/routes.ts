/** Static routes of any VRF. */
import { type IpAddress, Prefix } from '../../../base/index.ts';
import type { Draft } from '../../draft.ts';
import type { StaticRouteModel } from '../../model.ts';
import {
  address,
  choice,
  hardwareInterface,
  mask,
  name,
  network,
  number,
  optional,
  type Param,
  prefix,
  refers,
} from '../../parameters.ts';
import type { Place } from '../../place.ts';
import type { Assembly } from '../assembly.ts';
import { harmless, type IosxeRow, unsupported, used } from '../row.ts';

const SECTION = 'route';
const vrf = optional(refers('VRF', name('VRF; the global table without it', 32)));
const interfaceName = optional(refers('interface', hardwareInterface('Interface toward it')));
const nowhere = optional(choice('Nowhere', { Null0: 'Drop the packets' }));
const distance = optional(number(1, 255, 'Administrative distance; 1 by default'));
const label = optional(name('Name of the route'));
const tag = optional(number(1, 4294967295, 'Tag, for route maps'));
const track = optional(number(1, 1000, 'Tracked object'));
const permanent = optional(choice('When', { permanent: 'Also while its interface is down' }));
const table = optional(choice('Where the gateway is looked up', { global: 'In the global table' }));

const OPTIONS = '[<table>] / [<distance>] [name <label>] [tag <tag>] [<permanent>] [track <track>]';

type Wanted = Readonly<{
  vrf?: string | undefined;
  interface?: string | undefined;
  gateway?: IpAddress | undefined;
  nowhere?: 'Null0' | undefined;
  distance?: number | undefined;
  label?: string | undefined;
  tag?: number | undefined;
  track?: number | undefined;
  permanent?: 'permanent' | undefined;
  table?: 'global' | undefined;
}>;

export const routeRows: readonly IosxeRow[] = [
  used('config', {
    pattern: `ip route [vrf <vrf>] <network> <mask> / {<gateway>|<nowhere>|<interface> [<gateway>]} ${OPTIONS}`,
    help: 'Static IPv4 route',
    section: SECTION,
    params: {
      vrf,
      network: network('Network'),
      mask: mask('Its mask'),
      gateway: optional(address('Gateway', 4)),
      nowhere,
      interface: interfaceName,
      distance,
      label,
      tag,
      permanent,
      track,
      table,
    },
    example: [
      'ip route 10.0.0.0 255.0.0.0 192.0.2.1',
      'ip route vrf INET 0.0.0.0 0.0.0.0 198.51.100.254',
      'ip route 10.1.0.0 255.255.0.0 Tunnel10',
      {
        line: 'ip route 10.2.0.0 255.255.0.0 Gi0/0/1 192.0.2.1 250 name BACKUP tag 7',
        prints: 'ip route 10.2.0.0 255.255.0.0 GigabitEthernet0/0/1 192.0.2.1 250 name BACKUP tag 7',
      },
      'ip route 10.3.0.0 255.255.0.0 Null0 254',
      'ip route 10.4.0.0 255.255.0.0 192.0.2.1 permanent',
    ],
    set(target, args, place) {
      const wanted = prefixOf(args.network, args.mask, place);
      if (wanted !== undefined) addRoute(target, wanted, args, place);
    },
    unset(target, args) {
      if (args.network !== undefined && args.mask !== undefined)
        removeRoutes(target, new Prefix(args.network, args.mask), args);
    },
    print: (device) =>
      device.staticRoutes
        .filter((one) => one.prefix.family === 4)
        .map((one) => ({ values: { network: one.prefix.address, mask: one.prefix.length, ...valuesOf(one) } })),
  }),
  used('config', {
    pattern: `ipv6 route [vrf <vrf>] <prefix> / {<gateway>|<nowhere>|<interface> [<gateway>]} ${OPTIONS}`,
    help: 'Static IPv6 route',
    section: SECTION,
    params: {
      vrf,
      prefix: capitals(prefix(6, 'Destination')),
      gateway: optional(capitals(address('Gateway', 6))),
      nowhere,
      interface: interfaceName,
      distance,
      label,
      tag,
      permanent,
      track,
      table,
    },
    example: [
      'ipv6 route ::/0 2001:DB8::FE',
      'ipv6 route vrf INET 2001:DB8:1::/48 Tunnel10 20',
      'ipv6 route 2001:DB8:2::/48 GigabitEthernet0/0/1 FE80::1',
    ],
    set(target, args, place) {
      addRoute(target, args.prefix, args, place);
    },
    unset(target, args) {
      if (args.prefix !== undefined) removeRoutes(target, args.prefix, args);
    },
    print: (device) =>
      device.staticRoutes
        .filter((one) => one.prefix.family === 6)
        .map((one) => ({ values: { prefix: one.prefix, ...valuesOf(one) } })),
  }),
  unsupported('config', {
    pattern: 'ip route [vrf <vrf>] <network> <mask> dhcp [<distance>]',
    help: 'Route by a gateway that DHCP tells',
    section: SECTION,
    params: { vrf, network: network('Network'), mask: mask('Its mask'), distance },
    example: 'ip route 0.0.0.0 0.0.0.0 dhcp',
  }),
  harmless('config', {
    pattern: '{ip routing|ip cef|ip cef distributed|ip subnet-zero|ip classless|ip source-route}',
    help: 'What a router does anyway',
    section: SECTION,
    example: ['ip routing', { line: 'no ip source-route' }],
  }),
  harmless('config', {
    pattern: '{ipv6 unicast-routing|ipv6 cef}',
    help: 'Forward IPv6, which is done anyway',
    section: SECTION,
    example: 'ipv6 unicast-routing',
  }),
];

/** IPv6 as routers of this kind write it. */
function capitals<T>(param: Param<T>): Param<T> {
  return { ...param, write: (value) => param.write(value).toUpperCase() };
}

/** The prefix, unless the address has bits outside its mask. */
function prefixOf(base: IpAddress, length: number, place: Place): Prefix | undefined {
  const found = new Prefix(base, length);
  if (found.address.equals(base)) return found;
  return place.error('host-bits', `${base} has bits outside the mask; the network is ${found.address}`, {
    param: 'network',
    expected: String(found.address),
  });
}

function addRoute(target: Assembly, wanted: Prefix, args: Wanted, place: Place): void {
  if (args.track !== undefined) place.warn('unsupported', 'tracking is not supported', { param: 'track' });
  if (args.table !== undefined)
    place.warn('unsupported', 'a gateway is looked up in the table of the route itself', { param: 'table' });
  const made: Draft<StaticRouteModel> = {
    ...(args.interface === undefined ? {} : { interface: args.interface }),
    prefix: wanted,
    ...(args.gateway === undefined ? {} : { gateway: args.gateway }),
    nullRoute: args.nowhere !== undefined,
    distance: args.distance ?? 1,
    vrf: args.vrf ?? '',
    ...(args.label === undefined ? {} : { name: args.label }),
    ...(args.tag === undefined ? {} : { tag: args.tag }),
    ...(args.permanent === undefined ? {} : { permanent: true }),
    written: place.written(),
  };
  const { device } = target;
  device.staticRoutes = device.staticRoutes.filter((one) => !isSameWay(one, made));
  device.staticRoutes.push(made);
}

function isSameWay(a: StaticRouteModel, b: StaticRouteModel): boolean {
  const isSameGateway = a.gateway === undefined ? b.gateway === undefined : b.gateway?.equals(a.gateway) === true;
  return (
    a.vrf === b.vrf &&
    a.prefix.equals(b.prefix) &&
    a.interface === b.interface &&
    a.nullRoute === b.nullRoute &&
    isSameGateway
  );
}

/** Removes the routes that this line names; with the prefix alone all of them. */
function removeRoutes(target: Assembly, wanted: Prefix, args: Wanted): void {
  const isMeant = (one: StaticRouteModel): boolean => {
    if (one.vrf !== (args.vrf ?? '') || !one.prefix.equals(wanted)) return false;
    if (args.nowhere !== undefined && !one.nullRoute) return false;
    if (args.interface !== undefined && one.interface !== args.interface) return false;
    return args.gateway === undefined || one.gateway?.equals(args.gateway) === true;
  };
  target.device.staticRoutes = target.device.staticRoutes.filter((one) => !isMeant(one));
}

function valuesOf(one: StaticRouteModel): Wanted {
  return {
    vrf: one.vrf === '' ? undefined : one.vrf,
    gateway: one.gateway,
    interface: one.interface,
    nowhere: one.nullRoute ? 'Null0' : undefined,
    distance: one.distance === 1 ? undefined : one.distance,
    label: one.name,
    tag: one.tag,
    permanent: one.permanent === true ? 'permanent' : undefined,
  };
}
