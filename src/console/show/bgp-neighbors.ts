/** `show bgp neighbors [A]` in the platform's order (show-output B10). */
import type { Family, IpAddress } from '../../base/index.ts';
import type { BgpFamily } from '../../bgp/index.ts';
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { BGP_NOT_ACTIVE, isOf, stateSchema } from './bgp-summary.ts';
import { upTime } from './names.ts';
import { address, count, counts, flag, list, object, oneOf, optional, publish, text, type Value } from './schema.ts';
import { endpointSchema, endpointValue } from './selectors.ts';
import { lines, type Shown } from './shown.ts';

const familySchema = object({
  prefixesReceived: count('prefixes that it told'),
  prefixesAccepted: count('of these, permitted by inbound policy'),
  prefixesSent: count('prefixes told to it'),
});

const connectionSchema = object({
  local: endpointSchema,
  remote: endpointSchema,
  state: text('TCP state'),
  mssBytes: count('largest segment sent'),
  rttMs: optional(count('smoothed round trip, rounded')),
  retransmissions: count('segments sent again'),
  unacknowledgedBytes: count('sent and not acknowledged'),
  queuedBytes: count('not sent yet'),
});

const neighborSchema = object({
  address: address('neighbour'),
  remoteAs: count('its AS'),
  link: oneOf(['internal', 'external'], 'iBGP or eBGP'),
  description: optional(text('description')),
  remoteRouterId: address('its BGP identifier; 0.0.0.0 while unknown'),
  state: stateSchema,
  isShutdown: flag('shut down by the configuration'),
  stateSeconds: optional(count('since it was established, or ended; absent: it never was')),
  holdSeconds: optional(count('hold time agreed on')),
  keepaliveSeconds: optional(count('keepalive interval agreed on')),
  capabilities: list(text('capability'), 'capabilities that both have'),
  messagesSent: count('messages of all kinds'),
  messagesReceived: count('messages of all kinds'),
  updatesSent: count('UPDATE messages'),
  updatesReceived: count('UPDATE messages'),
  outQueue: count('messages that wait for the transport'),
  tableVersion: count('version of the table that it has been told'),
  ipv4Unicast: optional(familySchema),
  ipv6Unicast: optional(familySchema),
  l2vpnEvpn: optional(familySchema),
  establishedCount: count('how often the session came up'),
  lastReset: optional(text('why the session last ended')),
  lastError: optional(text('NOTIFICATION that was last sent or received')),
  isPrefixLimitExceeded: flag('ceased for too many prefixes; Idle until cleared'),
  faults: counts('what the neighbour did wrong, by kind'),
  connection: optional(connectionSchema),
});

export const bgpNeighborsSchema = publish(
  'show-bgp-neighbors',
  'show bgp [ipv4|ipv6 unicast] neighbors [ADDRESS]',
  object({ isActive: flag('BGP is configured'), neighbors: list(neighborSchema, 'neighbours') }),
);
export type BgpNeighbors = Value<typeof bgpNeighborsSchema.schema>;
type Neighbor = BgpNeighbors['neighbors'][number];

export function showBgpNeighbors(
  snapshot: GatewaySnapshot,
  only: IpAddress | undefined,
  family: Family | undefined,
): Shown<BgpNeighbors> {
  const value = bgpNeighbors(snapshot, only, family);
  if (!value.isActive) return { value, text: BGP_NOT_ACTIVE };
  if (value.neighbors.length === 0) return { value, text: '% No such neighbor or address family\n' };
  return { value, text: value.neighbors.map((one) => lines(block(one))).join('\n') };
}

export function bgpNeighbors(
  { bgp, now, tcp }: GatewaySnapshot,
  only: IpAddress | undefined,
  family: Family | undefined,
): BgpNeighbors {
  const chosen = (bgp?.neighbors ?? []).filter(
    (one) => (only === undefined || one.address.equals(only)) && (family === undefined || isOf(one, family)),
  );
  const neighbors = chosen.map((one): Neighbor => {
    const connection = tcp.connections.find(
      ({ local, remote }) =>
        one.local !== undefined &&
        remote.address.equals(one.address) &&
        local.port === one.local.port &&
        local.address.equals(one.local.address),
    );
    const counts = (which: BgpFamily): Neighbor['ipv4Unicast'] => {
      const own = one.families?.[which];
      return own && { prefixesReceived: own.received, prefixesAccepted: own.accepted, prefixesSent: own.sent };
    };
    const [four, six, evpn] = [counts(4), counts(6), counts('evpn')];
    return {
      address: one.address.toString(),
      remoteAs: one.remoteAsn,
      link: one.remoteAsn === bgp?.asn ? 'internal' : 'external',
      ...(one.description === undefined ? {} : { description: one.description }),
      remoteRouterId: one.remoteRouterId?.toString() ?? '0.0.0.0',
      state: one.state,
      isShutdown: one.shutdown,
      ...(one.since === undefined ? {} : { stateSeconds: Math.floor((now - one.since) / 1000) }),
      ...(one.holdMs === undefined ? {} : { holdSeconds: one.holdMs / 1000 }),
      ...(one.keepaliveMs === undefined ? {} : { keepaliveSeconds: Math.floor(one.keepaliveMs / 1000) }),
      capabilities: one.capabilities,
      messagesSent: one.messagesSent,
      messagesReceived: one.messagesReceived,
      updatesSent: one.updatesSent,
      updatesReceived: one.updatesReceived,
      outQueue: one.outQueue,
      tableVersion: one.tableVersion,
      ...(four === undefined ? {} : { ipv4Unicast: four }),
      ...(six === undefined ? {} : { ipv6Unicast: six }),
      ...(evpn === undefined ? {} : { l2vpnEvpn: evpn }),
      establishedCount: one.establishedCount,
      ...(one.lastReset === undefined ? {} : { lastReset: one.lastReset }),
      ...(one.lastError === undefined ? {} : { lastError: one.lastError }),
      isPrefixLimitExceeded: one.maximumPrefixExceeded === true,
      faults: { ...one.faults },
      ...(connection === undefined
        ? {}
        : {
            connection: {
              local: endpointValue(connection.local),
              remote: endpointValue(connection.remote),
              state: connection.state,
              mssBytes: connection.mss,
              ...(connection.rttMs === undefined ? {} : { rttMs: Math.round(connection.rttMs) }),
              retransmissions: connection.retransmissions,
              unacknowledgedBytes: connection.unacknowledged,
              queuedBytes: connection.queued,
            },
          }),
    };
  });
  return { isActive: bgp !== undefined, neighbors };
}

function block(one: Neighbor): string[] {
  const since = one.stateSeconds === undefined ? undefined : upTime(one.stateSeconds * 1000);
  const up = one.state === 'Established' && since !== undefined ? `, up for ${since}` : '';
  const statistics = (name: string, sent: number, received: number): string =>
    `    ${`${name}:`.padEnd(16)}${String(sent).padStart(10)}${String(received).padStart(12)}`;
  const { connection } = one;
  return [
    `BGP neighbor is ${one.address},  context single_vf,  remote AS ${one.remoteAs}, ${one.link} link`,
    ...(one.description === undefined ? [] : [` Description: ${one.description}`]),
    ...(one.isShutdown ? [' Administratively shut down'] : []),
    `  BGP version 4, remote router ID ${one.remoteRouterId}`,
    `  BGP state = ${one.state}${up}`,
    `  Hold time is ${one.holdSeconds ?? 0}, keepalive interval is ${one.keepaliveSeconds ?? 0} seconds`,
    '  Neighbor capabilities:',
    ...one.capabilities.map((capability) => `    ${capability}: advertised and received`),
    '  Message statistics:',
    `    InQ depth is 0`,
    `    OutQ depth is ${one.outQueue}`,
    '',
    `${' '.repeat(26)}Sent        Rcvd`,
    statistics('Updates', one.updatesSent, one.updatesReceived),
    statistics('Total', one.messagesSent, one.messagesReceived),
    ...familyLines('IPv4 Unicast', one.ipv4Unicast, one.tableVersion),
    ...familyLines('IPv6 Unicast', one.ipv6Unicast, one.tableVersion),
    '',
    `  Connections established ${one.establishedCount}; dropped ${one.establishedCount - (one.state === 'Established' ? 1 : 0)}`,
    one.lastReset === undefined ? '  Last reset never' : `  Last reset ${since ?? ''}, due to ${one.lastReset}`,
    ...(one.lastError === undefined ? [] : [`  Last error: ${one.lastError}`]),
    ...(one.isPrefixLimitExceeded ? ['  Peer had exceeded the max. no. of prefixes configured.'] : []),
    ...Object.entries(one.faults).map(([kind, figure]) => `  Faults of the neighbor: ${kind} ${figure}`),
    ...(connection === undefined
      ? ['No active TCP connection']
      : [
          `Connection state is ${connection.state}, ${connection.retransmissions} retransmissions, max segment ${connection.mssBytes} bytes`,
          `Local host: ${connection.local.address}, Local port: ${connection.local.port}`,
          `Foreign host: ${connection.remote.address}, Foreign port: ${connection.remote.port}`,
          ...(connection.rttMs === undefined ? [] : [`SRTT: ${connection.rttMs} ms`]),
        ]),
  ];
}

function familyLines(name: string, family: Neighbor['ipv4Unicast'], tableVersion: number): string[] {
  if (family === undefined) return [];
  const { prefixesReceived: received, prefixesAccepted: accepted, prefixesSent: sent } = family;
  return [
    '',
    ` For address family: ${name}`,
    `  BGP table version ${tableVersion}, neighbor version ${tableVersion}/0`,
    `${' '.repeat(32)}Sent       Rcvd`,
    '  Prefix activity:             ----       ----',
    `    Prefixes Current:    ${String(sent).padStart(11)}${String(accepted).padStart(11)}`,
    `    Prefixes denied:     ${'n/a'.padStart(11)}${String(received - accepted).padStart(11)}`,
  ];
}
