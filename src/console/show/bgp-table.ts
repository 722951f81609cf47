/** `show bgp`, and what a neighbour told or was told, in ASA's layout (show-output A7, B10). */
import type { Family } from '../../base/index.ts';
import type { BgpPathSnapshot } from '../../bgp/index.ts';
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { BGP_NOT_ACTIVE, familyName, familySchema } from './bgp-summary.ts';
import { address, count, flag, list, object, oneOf, optional, prefix, publish, text, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

export const pathSchema = object({
  prefix: prefix('destination'),
  nextHop: address('next hop; unspecified for what we originate'),
  from: optional(address('neighbour that it came from; absent: ours')),
  fromRouterId: optional(address("that neighbour's BGP identifier")),
  source: oneOf(['local', 'ebgp', 'ibgp'], 'where it comes from'),
  asPath: text('AS path, nearest first'),
  origin: oneOf(['igp', 'egp', 'incomplete'], 'ORIGIN'),
  med: optional(count('MULTI_EXIT_DISC')),
  localPreference: optional(count('LOCAL_PREF')),
  weight: count('weight, of local meaning'),
  communities: list(text('ASN:value'), 'communities'),
  isValid: flag('its next hop is reachable and policy permits it'),
  isBest: flag('the best path'),
  isMultipath: flag('used beside the best path'),
  isDenied: flag('denied by inbound policy'),
  reason: text('step of the decision process that settled its fate'),
});
export type PathValue = Value<typeof pathSchema>;

export const bgpTableSchema = publish(
  'show-bgp',
  'show bgp [ipv4|ipv6 unicast], show bgp neighbors ADDRESS routes|advertised-routes|received-routes',
  object({
    isActive: flag('BGP is configured'),
    family: familySchema,
    tableVersion: count('changes of best paths, plus one'),
    routerId: address('BGP identifier'),
    paths: list(pathSchema, 'paths by prefix, the best one of each first'),
  }),
);
export type BgpTable = Value<typeof bgpTableSchema.schema>;

export function showBgpTable(
  snapshot: GatewaySnapshot,
  paths: readonly BgpPathSnapshot[],
  family: Family,
): Shown<BgpTable> {
  const value = bgpTable(snapshot, paths, family);
  return { value, text: value.isActive ? textOf(value) : BGP_NOT_ACTIVE };
}

export function bgpTable({ bgp }: GatewaySnapshot, paths: readonly BgpPathSnapshot[], family: Family): BgpTable {
  return {
    isActive: bgp !== undefined,
    family: familyName(family),
    tableVersion: bgp?.tableVersion ?? 0,
    routerId: bgp?.routerId.toString() ?? '0.0.0.0',
    paths: paths.filter((path) => path.prefix.family === family).map(pathValue),
  };
}

export function pathValue(path: BgpPathSnapshot): PathValue {
  return {
    prefix: path.prefix.toString(),
    nextHop: path.source === 'local' ? (path.prefix.family === 4 ? '0.0.0.0' : '::') : path.nextHop.toString(),
    ...(path.from === undefined ? {} : { from: path.from.toString() }),
    ...(path.fromRouterId === undefined ? {} : { fromRouterId: path.fromRouterId.toString() }),
    source: path.source,
    asPath: path.asPath,
    origin: path.origin,
    ...(path.med === undefined ? {} : { med: path.med }),
    ...(path.localPreference === undefined ? {} : { localPreference: path.localPreference }),
    weight: path.weight,
    communities: path.communities.map(communityText),
    isValid: path.valid,
    isBest: path.best,
    isMultipath: path.multipath,
    isDenied: path.denied === true,
    reason: path.reason,
  };
}

/** `65000:100`; the well-known ones (RFC 1997) by name. */
function communityText(community: number): string {
  const known = { 4294967041: 'no-export', 4294967042: 'no-advertise', 4294967043: 'local-as' }[community >>> 0];
  return known ?? `${community >>> 16}:${community & 0xffff}`;
}

export const ORIGINS = { igp: 'i', egp: 'e', incomplete: '?' } as const;

function textOf({ tableVersion, routerId, paths }: BgpTable): string {
  return lines([
    `BGP table version is ${tableVersion}, local router ID is ${routerId}`,
    'Status codes: s suppressed, d damped, h history, * valid, > best, i - internal, ',
    '              r RIB-failure, S Stale, m multipath',
    'Origin codes: i - IGP, e - EGP, ? - incomplete',
    '',
    '   Network          Next Hop            Metric LocPrf Weight Path',
    ...paths.flatMap((path, i) => tableLines(path, path.prefix === paths[i - 1]?.prefix ? '' : path.prefix)),
  ]);
}

function tableLines(path: PathValue, network: string): string[] {
  const use = path.isBest ? '>' : path.isMultipath ? 'm' : ' ';
  const status = `${path.isValid ? '*' : ' '}${use}${path.source === 'ibgp' ? 'i' : ' '}`;
  const figures = [
    String(path.med ?? '').padStart(10),
    String(path.localPreference ?? '').padStart(7),
    String(path.weight).padStart(7),
    ` ${path.asPath === '' ? '' : `${path.asPath} `}${ORIGINS[path.origin]}`,
  ].join('');
  const first = `${status} ${network.padEnd(17)}`;
  // Long (IPv6) networks and next hops take lines of their own.
  const indent = ' '.repeat(21);
  const head = network.length <= 16 ? [] : [`${status} ${network}`];
  const start = head.length === 0 ? first : indent;
  if (path.nextHop.length <= 15) return [...head, `${start}${path.nextHop.padEnd(15)}${figures}`];
  return [...head, `${start}${path.nextHop}`, `${indent}${' '.repeat(15)}${figures}`];
}
