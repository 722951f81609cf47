/** `show ip bgp …` in IOS-XE's layout (show-output B10), of the values that all platforms have. */
import { type Family, type IpAddress, Prefix } from '../../../base/index.ts';
import type { BgpFamily, BgpPathSnapshot } from '../../../bgp/index.ts';
import type { GatewaySnapshot } from '../../../gateway/index.ts';
import { type BgpNeighbors, bgpNeighbors } from '../bgp-neighbors.ts';
import { type BgpPrefix, bgpPrefix, type Wanted } from '../bgp-prefix.ts';
import {
  BGP_NOT_ACTIVE,
  type BgpSummary,
  bgpSummary,
  type EntryBytes,
  stateWord,
  summaryText,
} from '../bgp-summary.ts';
import { type BgpTable, bgpTable, ORIGINS, type PathValue } from '../bgp-table.ts';
import { upTime } from '../names.ts';
import { lines, type Shown } from '../shown.ts';
import { addressWord } from './words.ts';

/** Memory that the platform counts for each entry, in bytes. */
const BYTES = { network: 248, path: 136, attributes: 288, asPath: 24, community: 24 } as const satisfies EntryBytes;

export function showIosBgpSummary(snapshot: GatewaySnapshot, family: BgpFamily): Shown<BgpSummary> {
  const value = bgpSummary(snapshot, family);
  return { value, text: value.isActive ? summaryText(value, BYTES, neighborRow) : BGP_NOT_ACTIVE };
}

/** `show bgp all summary`: every family under its head. */
export function showIosBgpAllSummary(snapshot: GatewaySnapshot): Shown<BgpSummary> {
  const [four, six, evpn] = [bgpSummary(snapshot, 4), bgpSummary(snapshot, 6), bgpSummary(snapshot, 'evpn')];
  if (!four.isActive) return { value: four, text: BGP_NOT_ACTIVE };
  const part = (name: string, value: BgpSummary): string =>
    value.neighbors.length === 0 ? '' : `For address family: ${name}\n${summaryText(value, BYTES, neighborRow)}\n`;
  return { value: four, text: `${part('IPv4 Unicast', four)}${part('IPv6 Unicast', six)}${part('L2VPN E-VPN', evpn)}` };
}

function neighborRow(one: BgpSummary['neighbors'][number]): string[] {
  const address = addressWord(one.address);
  const rest = [
    '4',
    String(one.remoteAs).padStart(12),
    String(one.messagesReceived).padStart(7),
    String(one.messagesSent).padStart(7),
    String(one.tableVersion).padStart(8),
    String(one.inQueue).padStart(4),
    String(one.outQueue).padStart(4),
    (one.stateSeconds === undefined ? 'never' : upTime(one.stateSeconds * 1000)).padEnd(8),
    stateWord(one).trim().padStart(9),
  ].join(' ');
  return address.length <= 15 ? [`${address.padEnd(15)} ${rest}`] : [address, `${' '.repeat(16)}${rest}`];
}

export function showIosBgpTable(
  snapshot: GatewaySnapshot,
  paths: readonly BgpPathSnapshot[],
  family: Family,
): Shown<BgpTable> {
  const value = bgpTable(snapshot, paths, family);
  return { value, text: value.isActive ? tableText(value) : BGP_NOT_ACTIVE };
}

export const STATUS_CODES = [
  'Status codes: s suppressed, d damped, h history, * valid, > best, i - internal, ',
  '              r RIB-failure, S Stale, m multipath, b backup-path, f RT-Filter, ',
  '              x best-external, a additional-path, c RIB-compressed, ',
  '              t secondary path, L long-lived-stale,',
  'Origin codes: i - IGP, e - EGP, ? - incomplete',
  'RPKI validation codes: V valid, I invalid, N Not found',
] as const;

function tableText({ tableVersion, routerId, paths }: BgpTable): string {
  const networks = new Set(paths.map(({ prefix }) => prefix)).size;
  return lines([
    `BGP table version is ${tableVersion}, local router ID is ${routerId}`,
    ...STATUS_CODES,
    '',
    '     Network          Next Hop            Metric LocPrf Weight Path',
    ...paths.flatMap((path, i) => pathRow(path, path.prefix === paths[i - 1]?.prefix ? '' : networkText(path.prefix))),
    ...(networks === 0 ? [] : ['', `Total number of prefixes ${networks} `]),
  ]);
}

/** Classful networks go without their length. */
function networkText(written: string): string {
  const prefix = Prefix.parse(written);
  if (prefix?.family !== 4) return addressWord(written);
  if (prefix.length === 0) return '0.0.0.0';
  const first = Number(written.split('.')[0]);
  const classful = first < 128 ? 8 : first < 192 ? 16 : 24;
  return prefix.length === classful ? String(prefix.address) : written;
}

/** The marks before a network. */
export function pathStatus(path: PathValue): string {
  const use = path.isBest ? '>' : path.isMultipath ? 'm' : ' ';
  return ` ${path.isValid ? '*' : ' '}${use}${path.source === 'ibgp' ? 'i' : ' '} `;
}

/** What stands behind the next hop. */
export function pathFigures(path: PathValue): string {
  return [
    String(path.med ?? (path.source === 'local' ? 0 : '')).padStart(10),
    String(path.localPreference ?? '').padStart(7),
    String(path.weight).padStart(7),
    ` ${path.asPath === '' ? '' : `${path.asPath} `}${ORIGINS[path.origin]}`,
  ].join('');
}

function pathRow(path: PathValue, network: string): string[] {
  const status = pathStatus(path);
  const figures = pathFigures(path);
  const hop = addressWord(path.nextHop);
  const indent = ' '.repeat(22);
  // Long networks and next hops take lines of their own.
  const head = network.length <= 16 ? [] : [`${status}${network}`];
  const start = head.length === 0 ? `${status}${network.padEnd(17)}` : indent;
  if (hop.length <= 15) return [...head, `${start}${hop.padEnd(15)}${figures}`];
  return [...head, `${start}${hop}`, `${indent}${' '.repeat(15)}${figures}`];
}

export function showIosBgpPrefix(
  snapshot: GatewaySnapshot,
  all: readonly BgpPathSnapshot[],
  wanted: Wanted,
): Shown<BgpPrefix> {
  const value = bgpPrefix(snapshot, all, wanted);
  if (!value.isActive) return { value, text: BGP_NOT_ACTIVE };
  if (value.prefix === undefined) return { value, text: '% Network not in table\n' };
  const { paths, version } = value;
  const best = paths.findIndex(({ isBest }) => isBest);
  const which = best < 0 ? 'no best path' : `best #${best + 1}, table default`;
  return {
    value,
    text: lines([
      `BGP routing table entry for ${addressWord(value.prefix)}, version ${version}`,
      `Paths: (${paths.length} available, ${which})`,
      ...paths.flatMap((path) => pathBlock(path)),
    ]),
  };
}

/** `Origin IGP, localpref 100, valid, external, best`. */
export function pathOrigin(path: PathValue): string {
  const words = [
    `Origin ${{ igp: 'IGP', egp: 'EGP', incomplete: 'incomplete' }[path.origin]}`,
    ...(path.med === undefined ? [] : [`metric ${path.med}`]),
    `localpref ${path.localPreference ?? 100}`,
    ...(path.weight === 0 ? [] : [`weight ${path.weight}`]),
    ...(path.isValid ? ['valid'] : []),
    { local: 'sourced, local', ebgp: 'external', ibgp: 'internal' }[path.source],
    ...(path.isMultipath ? ['multipath'] : []),
    ...(path.isBest ? ['best'] : []),
  ];
  return words.join(', ');
}

function pathBlock(path: PathValue): string[] {
  const from =
    path.from === undefined
      ? ' from 0.0.0.0 (0.0.0.0)'
      : ` from ${addressWord(path.from)} (${path.fromRouterId ?? '0.0.0.0'})`;
  return [
    `  ${path.asPath === '' ? 'Local' : path.asPath}`,
    `    ${addressWord(path.nextHop)}${from}`,
    `      ${pathOrigin(path)}`,
    ...(path.communities.length === 0 ? [] : [`      Community: ${path.communities.join(' ')}`]),
    `      Decision: ${path.reason}`,
  ];
}

export function showIosBgpNeighbors(
  snapshot: GatewaySnapshot,
  only: IpAddress | undefined,
  family: Family | undefined,
): Shown<BgpNeighbors> {
  const value = bgpNeighbors(snapshot, only, family);
  if (!value.isActive) return { value, text: BGP_NOT_ACTIVE };
  if (value.neighbors.length === 0) return { value, text: '% No such neighbor or address family\n' };
  return { value, text: value.neighbors.map((one) => lines(neighborBlock(one))).join('\n') };
}

function neighborBlock(one: BgpNeighbors['neighbors'][number]): string[] {
  const since = one.stateSeconds === undefined ? undefined : upTime(one.stateSeconds * 1000);
  const up = one.state === 'Established' && since !== undefined ? `, up for ${since}` : '';
  const statistics = (name: string, sent: number, received: number): string =>
    `    ${`${name}:`.padEnd(16)}${String(sent).padStart(10)}${String(received).padStart(11)}`;
  const { connection } = one;
  const dropped = one.establishedCount - (one.state === 'Established' ? 1 : 0);
  return [
    `BGP neighbor is ${addressWord(one.address)},  remote AS ${one.remoteAs}, ${one.link} link`,
    ...(one.description === undefined ? [] : [` Description: ${one.description}`]),
    ...(one.isShutdown ? [' Administratively shut down'] : []),
    `  BGP version 4, remote router ID ${one.remoteRouterId}`,
    `  BGP state = ${one.state}${up}`,
    ...(one.holdSeconds === undefined
      ? []
      : [`  hold time is ${one.holdSeconds}, keepalive interval is ${one.keepaliveSeconds ?? 0} seconds`]),
    '  Neighbor sessions:',
    one.state === 'Established'
      ? '    1 active, is not multisession capable (disabled)'
      : '    0 active, is not multisession capable (disabled)',
    '  Neighbor capabilities:',
    ...one.capabilities.map((capability) => `    ${capability}: advertised and received`),
    '  Message statistics:',
    '    InQ depth is 0',
    `    OutQ depth is ${one.outQueue}`,
    '    ',
    `${' '.repeat(26)}Sent       Rcvd`,
    statistics('Updates', one.updatesSent, one.updatesReceived),
    statistics('Total', one.messagesSent, one.messagesReceived),
    '  Do log neighbor state changes (via global configuration)',
    ...familyBlock('IPv4 Unicast', one.ipv4Unicast, one.tableVersion),
    ...familyBlock('IPv6 Unicast', one.ipv6Unicast, one.tableVersion),
    ...familyBlock('L2VPN E-VPN', one.l2vpnEvpn, one.tableVersion),
    '',
    `  Connections established ${one.establishedCount}; dropped ${dropped}`,
    one.lastReset === undefined ? '  Last reset never' : `  Last reset ${since ?? ''}, due to ${one.lastReset}`,
    ...(one.lastError === undefined ? [] : [`  Last error: ${one.lastError}`]),
    ...(one.isPrefixLimitExceeded ? ['  Peer had exceeded the max. no. of prefixes configured.'] : []),
    ...Object.entries(one.faults).map(([kind, figure]) => `  Faults of the neighbor: ${kind} ${figure}`),
    ...(connection === undefined
      ? ['  No active TCP connection']
      : [
          `Connection state is ${connection.state === 'ESTABLISHED' ? 'ESTAB' : connection.state}, I/O status: 1, unread input bytes: 0            `,
          `Local host: ${addressWord(connection.local.address)}, Local port: ${connection.local.port}`,
          `Foreign host: ${addressWord(connection.remote.address)}, Foreign port: ${connection.remote.port}`,
          ...(connection.rttMs === undefined ? [] : [`SRTT: ${connection.rttMs} ms`]),
          `Datagrams retransmitted: ${connection.retransmissions}, max data segment is ${connection.mssBytes} bytes`,
        ]),
  ];
}

function familyBlock(
  name: string,
  family: BgpNeighbors['neighbors'][number]['ipv4Unicast'],
  version: number,
): string[] {
  if (family === undefined) return [];
  const { prefixesReceived: received, prefixesAccepted: accepted, prefixesSent: sent } = family;
  return [
    '',
    ` For address family: ${name}`,
    `  BGP table version ${version}, neighbor version ${version}/0`,
    `${' '.repeat(33)}Sent       Rcvd`,
    '  Prefix activity:               ----       ----',
    `    Prefixes Current:      ${String(sent).padStart(10)}${String(accepted).padStart(11)}`,
    '                                   Outbound    Inbound',
    '  Local Policy Denied Prefixes:    --------    -------',
    `    Total:                 ${'n/a'.padStart(16)}${String(received - accepted).padStart(11)}`,
  ];
}
