/** `show route`, `show ipv6 route` in ASA's layout (show-output A8). */
import { type Family, netmask, Prefix } from '../../base/index.ts';
import type { GatewaySnapshot } from '../../gateway/index.ts';
import type { InstalledRoute } from '../../routing/index.ts';
import { upTime } from './names.ts';
import { address, count, flag, list, object, oneOf, optional, prefix, publish, text, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

const nextHopSchema = object({
  interface: optional(text('interface')),
  nameif: optional(text('its name')),
  gateway: optional(address('next hop; absent: the destination is on the link')),
});

const routeSchema = object({
  vrf: text('VRF; empty for the global one'),
  prefix: prefix('destination'),
  source: oneOf(['connected', 'local', 'static', 'vpn', 'bgp'], 'who knows it'),
  bgpKind: optional(oneOf(['ebgp', 'ibgp'], 'kind of session')),
  distance: count('administrative distance'),
  metric: count('metric'),
  tag: optional(count('tag')),
  ageSeconds: count('since it was installed'),
  isNull: flag('packets are dropped'),
  nextHops: list(nextHopSchema, 'as the protocol offered them'),
  resolved: list(nextHopSchema, 'as packets leave, recursion done'),
});

export const routeTableSchema = publish(
  'show-route',
  'show route, show ipv6 route',
  object({
    family: oneOf(['ipv4', 'ipv6'], 'address family'),
    gatewayOfLastResort: optional(address('next hop of the default route')),
    routes: list(routeSchema, 'installed routes'),
  }),
);
export type RouteTable = Value<typeof routeTableSchema.schema>;
type Route = RouteTable['routes'][number];

export function showRoute(snapshot: GatewaySnapshot, family: Family): Shown<RouteTable> {
  const value = routeTable(snapshot, family);
  return { value, text: textOf(value) };
}

export function routeTable(snapshot: GatewaySnapshot, family: Family): RouteTable {
  const nameifs = new Map(snapshot.interfaces.map(({ name, alias }) => [name, alias]));
  const hop = (way: Readonly<{ interface?: string; gateway?: { toString: () => string } }>) => {
    const nameif = way.interface === undefined ? undefined : nameifs.get(way.interface);
    return {
      ...(way.interface === undefined ? {} : { interface: way.interface }),
      ...(nameif === undefined ? {} : { nameif }),
      ...(way.gateway === undefined ? {} : { gateway: way.gateway.toString() }),
    };
  };
  const value = (vrf: string, { prefix: destination, candidate, resolved, since }: InstalledRoute): Route => ({
    vrf,
    prefix: destination.toString(),
    source: candidate.source,
    ...(candidate.bgpKind === undefined ? {} : { bgpKind: candidate.bgpKind }),
    distance: candidate.distance,
    metric: candidate.metric,
    ...(candidate.tag === undefined ? {} : { tag: candidate.tag }),
    ageSeconds: Math.max(0, Math.floor((snapshot.now - since) / 1000)),
    isNull: candidate.nextHops.length === 0,
    nextHops: candidate.nextHops.map(hop),
    resolved: resolved.map(hop),
  });
  const routes = snapshot.routes.flatMap(({ vrf, routes: own }) =>
    own
      .filter((route) => route.prefix.family === family)
      .sort((a, b) => a.prefix.compare(b.prefix))
      .map((route) => value(vrf, route)),
  );
  const gateway = routes.find((route) => route.prefix.endsWith('/0'))?.resolved[0]?.gateway;
  return {
    family: family === 4 ? 'ipv4' : 'ipv6',
    ...(gateway === undefined ? {} : { gatewayOfLastResort: gateway }),
    routes,
  };
}

const CODES = [
  'Codes: L - local, C - connected, S - static, R - RIP, M - mobile, B - BGP',
  '       D - EIGRP, EX - EIGRP external, O - OSPF, IA - OSPF inter area ',
  '       N1 - OSPF NSSA external type 1, N2 - OSPF NSSA external type 2',
  '       E1 - OSPF external type 1, E2 - OSPF external type 2, V - VPN',
  '       i - IS-IS, su - IS-IS summary, L1 - IS-IS level-1, L2 - IS-IS level-2',
  '       ia - IS-IS inter area, * - candidate default, U - per-user static route',
  '       o - ODR, P - periodic downloaded static route, + - replicated route',
];

const LETTERS = { connected: 'C', local: 'L', static: 'S', vpn: 'V', bgp: 'B' } as const;

function textOf({ family, gatewayOfLastResort, routes }: RouteTable): string {
  return lines([
    ...CODES,
    gatewayOfLastResort === undefined
      ? 'Gateway of last resort is not set'
      : `Gateway of last resort is ${gatewayOfLastResort} to network ${family === 'ipv4' ? '0.0.0.0' : '::'}`,
    '',
    ...routes.flatMap(routeLines),
  ]);
}

function routeLines(route: Route): string[] {
  const { resolved, nextHops, source } = route;
  const destination = Prefix.parse(route.prefix);
  const isDefault = destination?.length === 0 ? '*' : '';
  const code = `${LETTERS[source]}${isDefault}`.padEnd(9);
  const target = destination?.family === 4 ? `${destination.address} ${netmask(destination.length)}` : route.prefix;
  const name = (way: Route['resolved'][number] | undefined): string => way?.nameif ?? way?.interface ?? '';
  if (source === 'connected' || source === 'local') {
    return [`${code}${target} is directly connected, ${name(resolved[0])}`];
  }
  if (source === 'vpn') return [`${code}${target} connected by VPN (advertised), ${name(resolved[0])}`];
  const preference = `[${route.distance}/${route.metric}]`;
  if (route.isNull) return [`${code}${target} ${preference} is directly connected, Null0`];
  const ways =
    source === 'bgp'
      ? nextHops.map(({ gateway }) => `via ${gateway}, ${upTime(route.ageSeconds * 1000)}`)
      : resolved.map((way) => (way.gateway === undefined ? `via ${name(way)}` : `via ${way.gateway}, ${name(way)}`));
  const head = `${code}${target} `;
  return ways.map((way, i) => `${i === 0 ? head : ' '.repeat(head.length)}${preference} ${way}`);
}
