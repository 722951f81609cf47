/** `show bgp l2vpn evpn …`: routes of tenants, RFC 9136, as a router shows them. */
import type { Prefix } from '../../../base/index.ts';
import type { EvpnPathSnapshot } from '../../../bgp/index.ts';
import type { GatewaySnapshot } from '../../../gateway/index.ts';
import { BGP_NOT_ACTIVE } from '../bgp-summary.ts';
import { pathSchema, pathValue } from '../bgp-table.ts';
import { macName } from '../names.ts';
import { address, count, flag, list, object, optional, publish, text, type Value } from '../schema.ts';
import { lines, type Shown } from '../shown.ts';
import { pathFigures, pathOrigin, pathStatus, STATUS_CODES } from './bgp.ts';
import { addressWord } from './words.ts';

const routeSchema = object({
  routeType: count('type of EVPN route; 5: an IP prefix'),
  routeDistinguisher: text('route distinguisher'),
  vrf: optional(text('VRF of ours that has it')),
  ethernetTag: count('Ethernet tag'),
  esi: text('Ethernet segment, hexadecimal'),
  gateway: address('gateway that it overlays on; unspecified: none'),
  vni: count('VNI, its label'),
  routeTargets: list(text('extended community'), 'VRFs with one of these take it'),
  isVxlan: flag('encapsulation is VXLAN'),
  routerMac: optional(text("router's MAC at the tunnel endpoint")),
  version: optional(count('version of the table in which its best path last changed')),
  path: pathSchema,
});

export const evpnTableSchema = publish(
  'show-bgp-evpn',
  'show bgp l2vpn evpn [route-type 5]',
  object({
    isActive: flag('BGP is configured'),
    tableVersion: count('changes of best paths, plus one'),
    routerId: address('BGP identifier'),
    routes: list(routeSchema, 'by route distinguisher and prefix, a path each'),
  }),
);
export type EvpnTable = Value<typeof evpnTableSchema.schema>;
type Route = EvpnTable['routes'][number];

export function showEvpnTable(snapshot: GatewaySnapshot, paths: readonly EvpnPathSnapshot[]): Shown<EvpnTable> {
  const value = evpnTable(snapshot, paths);
  return { value, text: value.isActive ? tableText(value) : BGP_NOT_ACTIVE };
}

/** In detail, all routes or those of a prefix. */
export function showEvpnRoutes(
  snapshot: GatewaySnapshot,
  all: readonly EvpnPathSnapshot[],
  prefix: Prefix | undefined,
): Shown<EvpnTable> {
  const paths = prefix === undefined ? all : all.filter(({ nlri }) => nlri.prefix.equals(prefix));
  const value = evpnTable(snapshot, paths);
  if (!value.isActive) return { value, text: BGP_NOT_ACTIVE };
  if (value.routes.length === 0) return { value, text: '% Network not in table\n' };
  return { value, text: lines([...grouped(value.routes)].flatMap(([name, own]) => routeText(name, own))) };
}

function grouped(routes: readonly Route[]): Map<string, Route[]> {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    const name = nameOf(route);
    groups.set(name, [...(groups.get(name) ?? []), route]);
  }
  return groups;
}

function evpnTable({ bgp, model }: GatewaySnapshot, paths: readonly EvpnPathSnapshot[]): EvpnTable {
  const vrfs = new Map(model.vrfs.map(({ rd, name }) => [rd, name]));
  return {
    isActive: bgp !== undefined,
    tableVersion: bgp?.tableVersion ?? 0,
    routerId: bgp?.routerId.toString() ?? '0.0.0.0',
    routes: paths.map((path): Route => {
      const { nlri, fields, overlay } = path;
      const vrf = vrfs.get(nlri.rd);
      const { routerMac } = overlay;
      return {
        routeType: 5,
        routeDistinguisher: nlri.rd,
        ...(vrf === undefined ? {} : { vrf }),
        ethernetTag: nlri.ethernetTag,
        esi: fields.esi,
        gateway: fields.gateway.toString(),
        vni: fields.label,
        routeTargets: overlay.routeTargets,
        isVxlan: overlay.isVxlan,
        ...(routerMac === undefined ? {} : { routerMac: macName(routerMac) }),
        ...(path.version === undefined ? {} : { version: path.version }),
        path: pathValue(path),
      };
    }),
  };
}

/** Type, distinguisher, tag, length and prefix; behind the stroke the bytes that they take. */
function nameOf({ routeType, routeDistinguisher, ethernetTag, path }: Route): string {
  const [network = '', length = ''] = path.prefix.split('/');
  const bytes = network.includes(':') ? 29 : 17;
  return `[${routeType}][${routeDistinguisher}][${ethernetTag}][${length}][${addressWord(network)}]/${bytes}`;
}

function tableText({ tableVersion, routerId, routes }: EvpnTable): string {
  const body = routes.flatMap((route, i) => {
    const { routeDistinguisher: rd, vrf, path } = route;
    const before = routes[i - 1];
    const heading = `Route Distinguisher: ${rd}${vrf === undefined ? '' : ` (default for vrf ${vrf})`}`;
    const isNew = before === undefined || nameOf(before) !== nameOf(route);
    return [
      ...(before?.routeDistinguisher === rd ? [] : [heading]),
      ...(isNew ? [`${pathStatus(path)} ${nameOf(route)}`] : []),
      `${isNew ? ' '.repeat(22) : pathStatus(path).padEnd(22)}${addressWord(path.nextHop).padEnd(15)}${pathFigures(path)}`,
    ];
  });
  return lines([
    `BGP table version is ${tableVersion}, local router ID is ${routerId}`,
    ...STATUS_CODES,
    '',
    '     Network          Next Hop            Metric LocPrf Weight Path',
    ...body,
  ]);
}

function routeText(name: string, routes: readonly Route[]): string[] {
  const best = routes.findIndex(({ path }) => path.isBest);
  const which = best < 0 ? 'no best path' : `best #${best + 1}`;
  return [
    `BGP routing table entry for ${name}, version ${routes[0]?.version ?? 0}`,
    `Paths: (${routes.length} available, ${which}, table EVPN-BGP-Table)`,
    ...routes.flatMap(pathText),
  ];
}

function pathText({ path, vrf, esi, gateway, vni, routeTargets, isVxlan, routerMac }: Route): string[] {
  const via = path.source === 'local' ? ` (via vrf ${vrf ?? 'default'})` : ' (via default)';
  const from = path.from === undefined ? '0.0.0.0' : addressWord(path.from);
  const communities = [
    ...routeTargets.map((target) => `RT:${target}`),
    ...(isVxlan ? ['ENCAP:8'] : []),
    ...(routerMac === undefined ? [] : [`Router MAC:${routerMac.toUpperCase()}`]),
  ];
  return [
    `  ${path.asPath === '' ? 'Local' : path.asPath}`,
    `    ${addressWord(path.nextHop)}${via} from ${from} (${path.fromRouterId ?? '0.0.0.0'})`,
    `      ${pathOrigin(path)}`,
    `      EVPN ESI: ${esi.toUpperCase()}, Gateway Address: ${addressWord(gateway)}, VNI Label ${vni}, MPLS VPN Label 0`,
    ...(communities.length === 0 ? [] : [`      Extended Community: ${communities.join(' ')}`]),
    `      Decision: ${path.reason}`,
  ];
}
