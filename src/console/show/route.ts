/** `show route` in ASA's layout (show-output A8). IPv6 routes follow in the layout of `show ipv6 route`. */
import { type Family, netmask } from '../../base/index.ts';
import type { GatewaySnapshot } from '../../gateway/index.ts';
import type { InstalledRoute } from '../../routing/index.ts';
import { upTime } from './names.ts';

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

export function showRoute(snapshot: GatewaySnapshot, family: Family = 4): string {
  const all = snapshot.routes.flatMap(({ routes }) => routes).filter(({ prefix }) => prefix.family === family);
  const sorted = [...all].sort((a, b) => a.prefix.compare(b.prefix));
  const alias = new Map(snapshot.interfaces.map(({ name, alias: nameif }) => [name, nameif ?? name]));
  const fallback = sorted.find(({ prefix }) => prefix.length === 0);
  const gateway = fallback?.resolved[0]?.gateway;
  const lines = [
    ...CODES,
    gateway === undefined
      ? 'Gateway of last resort is not set'
      : `Gateway of last resort is ${gateway} to network ${fallback?.prefix.address}`,
    '',
    ...sorted.flatMap((route) => routeLines(route, alias, snapshot.now)),
  ];
  return `${lines.join('\n')}\n`;
}

function routeLines(route: InstalledRoute, alias: ReadonlyMap<string, string>, now: number): string[] {
  const { prefix, candidate, resolved } = route;
  const isDefault = prefix.length === 0 ? '*' : '';
  const code = `${LETTERS[candidate.source]}${isDefault}`.padEnd(9);
  const target = prefix.family === 4 ? `${prefix.address} ${netmask(prefix.length)}` : prefix.toString();
  const name = (interfaceName: string): string => alias.get(interfaceName) ?? interfaceName;
  const first = resolved[0];
  if (candidate.source === 'connected' || candidate.source === 'local') {
    return [`${code}${target} is directly connected, ${name(first?.interface ?? '')}`];
  }
  if (candidate.source === 'vpn') {
    return [`${code}${target} connected by VPN (advertised), ${name(first?.interface ?? '')}`];
  }
  const head = `${code}${target} [${candidate.distance}/${candidate.metric}]`;
  if (candidate.nextHops.length === 0) return [`${head} is directly connected, Null0`];
  const ways =
    candidate.source === 'bgp'
      ? candidate.nextHops.map(({ gateway }) => `via ${gateway}, ${upTime(now - route.since)}`)
      : resolved.map((way) =>
          way.gateway === undefined ? `via ${name(way.interface)}` : `via ${way.gateway}, ${name(way.interface)}`,
        );
  const indent = ' '.repeat(head.length - `[${candidate.distance}/${candidate.metric}]`.length);
  return ways.map((way, i) =>
    i === 0 ? `${head} ${way}` : `${indent}[${candidate.distance}/${candidate.metric}] ${way}`,
  );
}
