/** `show ip route`, `show ipv6 route` in IOS-XE's layout (show-output B11). */
import { type Family, IpAddress, Prefix } from '../../../base/index.ts';
import type { GatewaySnapshot } from '../../../gateway/index.ts';
import { upTime } from '../names.ts';
import { type RouteTable, routeTable } from '../route.ts';
import { lines, type Shown } from '../shown.ts';
import { addressWord } from './words.ts';

type Route = RouteTable['routes'][number];

/** What is asked for; `vrf` '' is the global table. */
export type RouteFilter = Readonly<{ vrf: string; source?: 'bgp' | 'static' | 'connected' | 'local' }>;

export function showIosRoute(snapshot: GatewaySnapshot, family: Family, filter: RouteFilter): Shown<RouteTable> {
  const value = filtered(overlaid(snapshot, routeTable(snapshot, family)), filter);
  return { value, text: family === 4 ? textOf4(value, filter) : textOf6(value, filter) };
}

/** The route that packets to an address take, or the very one of a prefix, in detail. */
export function showIosRouteEntry(
  snapshot: GatewaySnapshot,
  family: Family,
  vrf: string,
  wanted: IpAddress | Prefix,
): Shown<RouteTable> {
  const table = filtered(overlaid(snapshot, routeTable(snapshot, family)), { vrf });
  const fits = table.routes.flatMap((route) => {
    const prefix = Prefix.parse(route.prefix);
    if (prefix === undefined) return [];
    const isIt = wanted instanceof IpAddress ? prefix.contains(wanted) && prefix.length > 0 : prefix.equals(wanted);
    return isIt ? [{ route, length: prefix.length }] : [];
  });
  const best = fits.sort((a, b) => b.length - a.length)[0]?.route;
  const value = { ...table, routes: best === undefined ? [] : [best] };
  return { value, text: best === undefined ? '% Network not in table\n' : entryText(best, vrf, snapshot.bgp?.asn) };
}

/** Routes into VXLAN lead by the BDI that stands for the VNI, where there is one. */
function overlaid({ overlay }: GatewaySnapshot, table: RouteTable): RouteTable {
  const bdis = new Map(overlay?.vnis.map(({ interface: name, bdi }) => [name, bdi]));
  if (bdis.size === 0) return table;
  type Hop = Route['nextHops'][number];
  const named = (hop: Hop): Hop => {
    const bdi = hop.interface === undefined ? undefined : bdis.get(hop.interface);
    return bdi === undefined ? hop : { ...hop, interface: bdi };
  };
  const routes = table.routes.map((route) => ({
    ...route,
    nextHops: route.nextHops.map(named),
    resolved: route.resolved.map(named),
  }));
  return { ...table, routes };
}

function filtered(table: RouteTable, { vrf, source }: RouteFilter): RouteTable {
  const own = table.routes.filter((route) => route.vrf === vrf);
  const gateway = own.find((route) => route.prefix.endsWith('/0'))?.resolved[0]?.gateway;
  const { gatewayOfLastResort: _, ...rest } = table;
  return {
    ...rest,
    ...(gateway === undefined ? {} : { gatewayOfLastResort: gateway }),
    routes: source === undefined ? own : own.filter((route) => wordOf(route) === source),
  };
}

/** What IKE tells of a peer stands among static routes on this platform. */
function wordOf({ source }: Route): Exclude<Route['source'], 'vpn'> {
  return source === 'vpn' ? 'static' : source;
}

const CODES = [
  'Codes: L - local, C - connected, S - static, R - RIP, M - mobile, B - BGP',
  '       D - EIGRP, EX - EIGRP external, O - OSPF, IA - OSPF inter area ',
  '       N1 - OSPF NSSA external type 1, N2 - OSPF NSSA external type 2',
  '       E1 - OSPF external type 1, E2 - OSPF external type 2, m - OMP',
  '       n - NAT, Ni - NAT inside, No - NAT outside, Nd - NAT DIA',
  '       i - IS-IS, su - IS-IS summary, L1 - IS-IS level-1, L2 - IS-IS level-2',
  '       ia - IS-IS inter area, * - candidate default, U - per-user static route',
  '       H - NHRP, G - NHRP registered, g - NHRP registration summary',
  '       o - ODR, P - periodic downloaded static route, l - LISP',
  '       a - application route',
  '       + - replicated route, % - next hop override, p - overrides from PfR',
  '       & - replicated local route overrides by connected',
  '',
];

const LETTERS = { connected: 'C', local: 'L', static: 'S', vpn: 'S', bgp: 'B' } as const;

function textOf4({ gatewayOfLastResort, routes }: RouteTable, { vrf }: RouteFilter): string {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    const key = majorNetwork(route);
    groups.set(key, [...(groups.get(key) ?? []), route]);
  }
  return lines([
    ...(vrf === '' ? [] : ['', `Routing Table: ${vrf}`]),
    ...CODES,
    gatewayOfLastResort === undefined
      ? 'Gateway of last resort is not set'
      : `Gateway of last resort is ${gatewayOfLastResort} to network 0.0.0.0`,
    '',
    ...[...groups].flatMap(([major, own]) => groupLines(major, own)),
  ]);
}

function lengthOf({ prefix }: Route): number {
  return Number(prefix.slice(prefix.indexOf('/') + 1));
}

/** The classful network that a route lies in, by which this platform groups its table; a supernet stands alone. */
function majorNetwork(route: Route): string {
  const address = IpAddress.parse(route.prefix.split('/')[0] ?? '');
  const first = Number(route.prefix.split('.')[0]);
  const classful = first < 128 ? 8 : first < 192 ? 16 : 24;
  if (address === undefined || lengthOf(route) < classful) return route.prefix;
  return new Prefix(address, classful).toString();
}

function groupLines(major: string, routes: readonly Route[]): string[] {
  const masks = new Set(routes.map(lengthOf));
  const [only] = routes;
  const classful = Number(major.slice(major.indexOf('/') + 1));
  if (routes.length === 1 && only !== undefined && lengthOf(only) === classful) return routeLines(only, 6);
  const subnets = `${routes.length} subnet${routes.length === 1 ? '' : 's'}`;
  const head =
    masks.size === 1
      ? `${major.split('/')[0]}/${[...masks][0]} is subnetted, ${subnets}`
      : `${major} is variably subnetted, ${subnets}, ${masks.size} masks`;
  return [`      ${head}`, ...routes.flatMap((route) => routeLines(route, 9))];
}

/** `width`: of the code; what stands in no group is less indented. */
function routeLines(route: Route, width: number): string[] {
  const letter = LETTERS[route.source];
  const code = `${letter}${lengthOf(route) === 0 ? '*' : ''}`.padEnd(width);
  const way = (hop: Route['resolved'][number] | undefined): string => hop?.interface ?? 'Null0';
  const [first] = route.resolved;
  if (route.source === 'connected' || route.source === 'local' || route.source === 'vpn')
    return [`${code}${route.prefix} is directly connected, ${way(first)}`];
  const age = upTime(route.ageSeconds * 1000);
  const preference = `[${route.distance}/${route.metric}]`;
  if (route.isNull) {
    const how = route.source === 'bgp' ? `${preference} via 0.0.0.0, ${age}` : 'is directly connected';
    return [`${code}${route.prefix} ${how}, Null0`];
  }
  const ways = hops(route, age);
  const head = `${code}${route.prefix} `;
  if (
    route.source === 'static' &&
    first?.gateway === undefined &&
    route.nextHops.every(({ gateway }) => gateway === undefined)
  )
    return route.resolved.map(
      (hop, i) => `${i === 0 ? head : ' '.repeat(head.length)}is directly connected, ${way(hop)}`,
    );
  return ways.map((text, i) => `${i === 0 ? head : ' '.repeat(head.length)}${preference} via ${text}`);
}

function hops(route: Route, age: string): string[] {
  // A next hop of BGP stands alone, unless the route came with the interface of an overlay.
  if (route.source === 'bgp')
    return route.nextHops.map(({ gateway, interface: name }) =>
      [`${gateway}, ${age}`, ...(name === undefined ? [] : [name])].join(', '),
    );
  return route.nextHops.map(({ gateway, interface: name }) =>
    [gateway ?? '0.0.0.0', ...(name === undefined ? [] : [name])].join(', '),
  );
}

const CODES_6 = [
  'Codes: C - Connected, L - Local, S - Static, U - Per-user Static route',
  '       B - BGP, R - RIP, H - NHRP, I1 - ISIS L1',
  '       I2 - ISIS L2, IA - ISIS interarea, IS - ISIS summary, D - EIGRP',
  '       EX - EIGRP external, ND - ND Default, NDp - ND Prefix, DCE - Destination',
  '       NDr - Redirect, RL - RPL, O - OSPF Intra, OI - OSPF Inter',
  '       OE1 - OSPF ext 1, OE2 - OSPF ext 2, ON1 - OSPF NSSA ext 1',
  '       ON2 - OSPF NSSA ext 2, la - LISP alt, lr - LISP site-registrations',
  '       ld - LISP dyn-eid, lA - LISP away, le - LISP extranet-policy',
  '       lp - LISP publications, a - Application, m - OMP',
];

function textOf6({ routes }: RouteTable, { vrf }: RouteFilter): string {
  const name = vrf === '' ? 'default' : vrf;
  return lines([
    `IPv6 Routing Table - ${name} - ${routes.length} entries`,
    ...CODES_6,
    ...routes.flatMap((route) => [
      `${LETTERS[route.source].padEnd(4)}${addressWord(route.prefix)} [${route.distance}/${route.metric}]`,
      ...ways6(route),
    ]),
  ]);
}

function ways6(route: Route): string[] {
  if (route.isNull) return ['     via Null0, directly connected'];
  return route.resolved.map(({ gateway, interface: name }, i) => {
    if (route.source === 'local') return `     via ${name}, receive`;
    const told = route.nextHops[i]?.gateway ?? gateway;
    return told === undefined ? `     via ${name}, directly connected` : `     via ${addressWord(told)}, ${name}`;
  });
}

function entryText(route: Route, vrf: string, asn: number | undefined): string {
  const age = upTime(route.ageSeconds * 1000);
  const isBgp = route.source === 'bgp';
  const known =
    route.source === 'connected' || route.source === 'local'
      ? '  Known via "connected", distance 0, metric 0 (connected, via interface)'
      : `  Known via "${isBgp ? `bgp ${asn ?? ''}`.trim() : 'static'}", distance ${route.distance}, metric ${route.metric}`;
  const kind = route.bgpKind === undefined ? '' : `, type ${route.bgpKind === 'ebgp' ? 'external' : 'internal'}`;
  return lines([
    ...(vrf === '' ? [] : ['', `Routing Table: ${vrf}`]),
    `Routing entry for ${route.prefix}`,
    known,
    ...(isBgp
      ? [`  Tag ${route.tag ?? 0}${kind}`, `  Last update from ${route.nextHops[0]?.gateway ?? ''} ${age} ago`]
      : []),
    '  Routing Descriptor Blocks:',
    ...(route.isNull ? ['  * directly connected, via Null0'] : []),
    ...route.resolved.flatMap(({ gateway, interface: name }, i) => {
      const told = route.nextHops[i]?.gateway ?? gateway;
      const from =
        told === undefined ? `directly connected, via ${name}` : `${told}${isBgp ? `, from ${told}, ${age} ago` : ''}`;
      return [`  ${i === 0 ? '*' : ' '} ${from}`, `      Route metric is ${route.metric}, traffic share count is 1`];
    }),
  ]);
}
