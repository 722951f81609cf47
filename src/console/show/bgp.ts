/** `show bgp summary`, `show bgp`, `show bgp neighbors` in ASA's layout (show-output A7, B10). */
import type { IpAddress } from '../../base/index.ts';
import type { BgpNeighborSnapshot, BgpPathSnapshot } from '../../bgp/index.ts';
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { upTime } from './names.ts';

const NOT_ACTIVE = '% BGP not active\n';
/** Memory that the platform counts for each entry, in bytes. */
const NETWORK_BYTES = 200;
const PATH_BYTES = 80;
const ATTRIBUTE_BYTES = 208;

export function showBgpSummary({ bgp, now }: GatewaySnapshot): string {
  if (bgp === undefined) return NOT_ACTIVE;
  const { prefixes, paths, attributeSets, tableVersion } = bgp;
  const total = prefixes * NETWORK_BYTES + paths * PATH_BYTES + attributeSets * ATTRIBUTE_BYTES;
  const lines = [
    `BGP router identifier ${bgp.routerId}, local AS number ${bgp.asn}`,
    `BGP table version is ${tableVersion}, main routing table version ${tableVersion}`,
    `${prefixes} network entries using ${prefixes * NETWORK_BYTES} bytes of memory`,
    `${paths} path entries using ${paths * PATH_BYTES} bytes of memory`,
    `${attributeSets}/${attributeSets} BGP path/bestpath attribute entries using ${attributeSets * ATTRIBUTE_BYTES} bytes of memory`,
    '0 BGP route-map cache entries using 0 bytes of memory',
    '0 BGP filter-list cache entries using 0 bytes of memory',
    `BGP using ${total} total bytes of memory`,
    `BGP activity ${prefixes}/0 prefixes, ${paths}/0 paths, scan interval 60 secs`,
    '',
    'Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd',
    ...bgp.neighbors.map((one) => summaryLine(one, now)),
  ];
  return `${lines.join('\n')}\n`;
}

function summaryLine(one: BgpNeighborSnapshot, now: number): string {
  const address = one.address.toString();
  const since = one.since === undefined ? 'never' : upTime(now - one.since);
  const state =
    one.state === 'Established' ? String(one.prefixesReceived).padEnd(8) : one.shutdown ? 'Idle (Admin)' : one.state;
  const rest = [
    '4',
    String(one.remoteAsn).padStart(12),
    ` ${String(one.messagesReceived).padEnd(7)}`,
    ` ${String(one.messagesSent).padEnd(7)}`,
    String(one.tableVersion).padStart(9),
    '0'.padStart(5),
    String(one.outQueue).padStart(5),
    ` ${since.padEnd(8)}`,
    ` ${state}`,
  ].join('');
  // A long (IPv6) address takes a line of its own.
  return address.length <= 15 ? `${address.padEnd(15)} ${rest}` : `${address}\n${' '.repeat(16)}${rest}`;
}

export function showBgp({ bgp }: GatewaySnapshot, paths: readonly BgpPathSnapshot[]): string {
  if (bgp === undefined) return NOT_ACTIVE;
  const lines = [
    `BGP table version is ${bgp.tableVersion}, local router ID is ${bgp.routerId}`,
    'Status codes: s suppressed, d damped, h history, * valid, > best, i - internal, ',
    '              r RIB-failure, S Stale, m multipath',
    'Origin codes: i - IGP, e - EGP, ? - incomplete',
    '',
    '   Network          Next Hop            Metric LocPrf Weight Path',
  ];
  let previous = '';
  for (const path of paths) {
    const network = path.prefix.toString();
    lines.push(tableLine(path, network === previous ? '' : network));
    previous = network;
  }
  return `${lines.join('\n')}\n`;
}

function tableLine(path: BgpPathSnapshot, network: string): string {
  const status = `${path.valid ? '*' : ' '}${path.best ? '>' : path.multipath ? 'm' : ' '}${path.source === 'ibgp' ? 'i' : ' '}`;
  const origin = { igp: 'i', egp: 'e', incomplete: '?' }[path.origin];
  const nextHop = path.source === 'local' ? '0.0.0.0' : path.nextHop.toString();
  const rest = [
    nextHop.padEnd(15),
    String(path.med ?? '').padStart(10),
    String(path.localPreference ?? '').padStart(7),
    String(path.weight).padStart(7),
    ` ${path.asPath === '' ? '' : `${path.asPath} `}${origin}`,
  ].join('');
  return network.length <= 16
    ? `${status} ${network.padEnd(17)}${rest}`
    : `${status} ${network}\n${' '.repeat(21)}${rest}`;
}

export function showBgpNeighbors({ bgp, now }: GatewaySnapshot, address: IpAddress | undefined): string {
  if (bgp === undefined) return NOT_ACTIVE;
  const chosen = bgp.neighbors.filter((one) => address === undefined || one.address.equals(address));
  if (chosen.length === 0) return `% No such neighbor or address family\n`;
  return chosen.map((one) => neighborBlock(bgp.asn, one, now)).join('\n');
}

function neighborBlock(asn: number, one: BgpNeighborSnapshot, now: number): string {
  const kind = one.remoteAsn === asn ? 'internal' : 'external';
  const up = one.state === 'Established' && one.since !== undefined ? `, up for ${upTime(now - one.since)}` : '';
  const lines = [
    `BGP neighbor is ${one.address},  context single_vf,  remote AS ${one.remoteAsn}, ${kind} link`,
    ...(one.description === undefined ? [] : [` Description: ${one.description}`]),
    `  BGP version 4, remote router ID ${one.remoteRouterId ?? '0.0.0.0'}`,
    `  BGP state = ${one.state}${up}`,
    `  Hold time is ${(one.holdMs ?? 0) / 1000}, keepalive interval is ${(one.keepaliveMs ?? 0) / 1000} seconds`,
    '  Neighbor capabilities:',
    ...one.capabilities.map((capability) => `    ${capability}`),
    '  Message statistics:',
    `    Messages: ${one.messagesSent} sent, ${one.messagesReceived} received`,
    `    Updates: ${one.updatesSent} sent, ${one.updatesReceived} received`,
    `    Prefixes: ${one.prefixesSent} sent, ${one.prefixesReceived} received`,
    `  Connections established ${one.establishedCount}`,
    one.lastReset === undefined ? '  Last reset never' : `  Last reset due to ${one.lastReset}`,
    ...(one.lastError === undefined ? [] : [`  Last error: ${one.lastError}`]),
  ];
  return `${lines.join('\n')}\n`;
}
