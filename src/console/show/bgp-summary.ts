/** `show bgp [ipv4|ipv6 unicast] summary` in ASA's layout (show-output A7). */
import type { Family } from '../../base/index.ts';
import type { BgpFamily, BgpNeighborSnapshot } from '../../bgp/index.ts';
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { upTime } from './names.ts';
import { address, count, flag, list, object, oneOf, optional, publish, text, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

export const BGP_NOT_ACTIVE = '% BGP not active\n';

export const familySchema = oneOf(['ipv4 unicast', 'ipv6 unicast', 'l2vpn evpn'], 'address family');

/** How values name an address family. */
export function familyName(family: BgpFamily): 'ipv4 unicast' | 'ipv6 unicast' | 'l2vpn evpn' {
  if (family === 'evpn') return 'l2vpn evpn';
  return family === 4 ? 'ipv4 unicast' : 'ipv6 unicast';
}

export const stateSchema = oneOf(
  ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'],
  'state, RFC 4271 section 8.2.2',
);

const neighborSchema = object({
  address: address('neighbour'),
  remoteAs: count('its AS'),
  description: optional(text('description')),
  state: stateSchema,
  isShutdown: flag('shut down by the configuration'),
  isPrefixLimitExceeded: flag('ceased for too many prefixes; Idle until cleared'),
  stateSeconds: optional(count('since it was established, or ended; absent: it never was')),
  messagesReceived: count('messages of all kinds'),
  messagesSent: count('messages of all kinds'),
  tableVersion: count('version of the table that it has been told'),
  inQueue: count('messages received and not worked off'),
  outQueue: count('messages that wait for the transport'),
  prefixesReceived: count('prefixes of this family that inbound policy permitted'),
  prefixesSent: count('prefixes of this family told to it'),
});

export const bgpSummarySchema = publish(
  'show-bgp-summary',
  'show bgp [ipv4|ipv6 unicast] summary, show bgp l2vpn evpn summary',
  object({
    isActive: flag('BGP is configured'),
    family: familySchema,
    routerId: address('BGP identifier'),
    localAs: count('AS'),
    tableVersion: count('changes of best paths, plus one'),
    prefixes: count('prefixes of IPv4 and IPv6, or of EVPN'),
    paths: count('paths of the same'),
    attributeSets: count('different sets of path attributes'),
    asPaths: count('different AS paths'),
    communitySets: count('different sets of communities'),
    prefixesAdded: count('prefixes that came since the start'),
    prefixesRemoved: count('prefixes that went since the start'),
    pathsAdded: count('paths that came since the start'),
    pathsRemoved: count('paths that went since the start'),
    neighbors: list(neighborSchema, 'neighbours of the family'),
  }),
);
export type BgpSummary = Value<typeof bgpSummarySchema.schema>;
type Neighbor = BgpSummary['neighbors'][number];

export function showBgpSummary(snapshot: GatewaySnapshot, family: Family): Shown<BgpSummary> {
  const value = bgpSummary(snapshot, family);
  return { value, text: value.isActive ? summaryText(value, BYTES, neighborLines) : BGP_NOT_ACTIVE };
}

export function bgpSummary({ bgp, now }: GatewaySnapshot, family: BgpFamily): BgpSummary {
  const counted = family === 'evpn' ? bgp?.evpn : bgp;
  return {
    isActive: bgp !== undefined,
    family: familyName(family),
    routerId: bgp?.routerId.toString() ?? '0.0.0.0',
    localAs: bgp?.asn ?? 0,
    tableVersion: bgp?.tableVersion ?? 0,
    prefixes: counted?.prefixes ?? 0,
    paths: counted?.paths ?? 0,
    attributeSets: bgp?.attributeSets ?? 0,
    asPaths: bgp?.asPaths ?? 0,
    communitySets: bgp?.communitySets ?? 0,
    prefixesAdded: bgp?.activity?.prefixesAdded ?? 0,
    prefixesRemoved: bgp?.activity?.prefixesRemoved ?? 0,
    pathsAdded: bgp?.activity?.pathsAdded ?? 0,
    pathsRemoved: bgp?.activity?.pathsRemoved ?? 0,
    neighbors: (bgp?.neighbors ?? [])
      .filter((one) => isOf(one, family))
      .map((one) => ({
        address: one.address.toString(),
        remoteAs: one.remoteAsn,
        ...(one.description === undefined ? {} : { description: one.description }),
        state: one.state,
        isShutdown: one.shutdown,
        isPrefixLimitExceeded: one.maximumPrefixExceeded === true,
        ...(one.since === undefined ? {} : { stateSeconds: Math.floor((now - one.since) / 1000) }),
        messagesReceived: one.messagesReceived,
        messagesSent: one.messagesSent,
        tableVersion: one.tableVersion,
        // What comes is worked off before anything else happens.
        inQueue: 0,
        outQueue: one.outQueue,
        prefixesReceived: one.families?.[family]?.accepted ?? 0,
        prefixesSent: one.families?.[family]?.sent ?? 0,
      })),
  };
}

/** Whether a neighbour is configured for a family. */
export function isOf(one: BgpNeighborSnapshot, family: BgpFamily): boolean {
  return one.families?.[family] !== undefined;
}

/** Memory that a platform counts for each entry, in bytes. */
export type EntryBytes = Readonly<Record<'network' | 'path' | 'attributes' | 'asPath' | 'community', number>>;

const BYTES: EntryBytes = { network: 200, path: 80, attributes: 208, asPath: 40, community: 24 };

/** The text of a platform that counts entries by `bytes` and writes a neighbour by `row`. */
export function summaryText(v: BgpSummary, bytes: EntryBytes, row: (one: Neighbor) => readonly string[]): string {
  const entries = (figure: number, what: string, each: number): string =>
    `${figure} ${what} entries using ${figure * each} bytes of memory`;
  const total =
    v.prefixes * bytes.network +
    v.paths * bytes.path +
    v.attributeSets * bytes.attributes +
    v.asPaths * bytes.asPath +
    v.communitySets * bytes.community;
  return lines([
    `BGP router identifier ${v.routerId}, local AS number ${v.localAs}`,
    `BGP table version is ${v.tableVersion}, main routing table version ${v.tableVersion}`,
    entries(v.prefixes, 'network', bytes.network),
    entries(v.paths, 'path', bytes.path),
    `${v.attributeSets}/${v.attributeSets} BGP path/bestpath attribute entries using ${v.attributeSets * bytes.attributes} bytes of memory`,
    ...(v.asPaths === 0 ? [] : [entries(v.asPaths, 'BGP AS-PATH', bytes.asPath)]),
    ...(v.communitySets === 0 ? [] : [entries(v.communitySets, 'BGP community', bytes.community)]),
    '0 BGP route-map cache entries using 0 bytes of memory',
    '0 BGP filter-list cache entries using 0 bytes of memory',
    `BGP using ${total} total bytes of memory`,
    `BGP activity ${v.prefixesAdded}/${v.prefixesRemoved} prefixes, ${v.pathsAdded}/${v.pathsRemoved} paths, scan interval 60 secs`,
    '',
    'Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd',
    ...v.neighbors.flatMap(row),
  ]);
}

function neighborLines(one: Neighbor): string[] {
  const rest = [
    '4',
    String(one.remoteAs).padStart(12),
    ` ${String(one.messagesReceived).padEnd(7)}`,
    ` ${String(one.messagesSent).padEnd(7)}`,
    String(one.tableVersion).padStart(9),
    String(one.inQueue).padStart(5),
    String(one.outQueue).padStart(5),
    ` ${(one.stateSeconds === undefined ? 'never' : upTime(one.stateSeconds * 1000)).padEnd(8)}`,
    ` ${stateWord(one)}`,
  ].join('');
  // A long (IPv6) address takes a line of its own.
  return one.address.length <= 15 ? [`${one.address.padEnd(15)} ${rest}`] : [one.address, `${' '.repeat(16)}${rest}`];
}

/** `Idle (Admin)`, or how many prefixes came. */
export function stateWord({ state, isShutdown, isPrefixLimitExceeded, prefixesReceived }: Neighbor): string {
  if (state === 'Established') return String(prefixesReceived).padEnd(8);
  if (isShutdown) return 'Idle (Admin)';
  return isPrefixLimitExceeded ? 'Idle (PfxCt)' : state;
}
