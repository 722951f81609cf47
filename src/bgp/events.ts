/** What the BGP speaker is told, and what it orders: the whole surface between BGP and the gateway. */
import type { Endpoint, Instant, IpAddress, Prefix } from '../base/index.ts';
import type { BgpFamily, EvpnFields, EvpnPrefix, OverlayCommunities } from './evpn.ts';
import type { BgpConfig, LocalEvpnRoute, LocalRoute } from './policy.ts';

/** Number of a TCP connection: the gateway chooses positive ids for accepted ones, the speaker negative ones for its own. */
export type TransportId = number;

export type BgpEvent =
  | Readonly<{ kind: 'configure'; config: BgpConfig }>
  /** BGP is taken away: all sessions end with Cease/Peer De-configured. */
  | Readonly<{ kind: 'deconfigure' }>
  /**
   * Whether a route leads to the neighbour, and whether its address lies on a directly connected network. A session to
   * a directly connected eBGP neighbour drops at once when this goes away (fast external fallover).
   */
  | Readonly<{ kind: 'neighbor-reachable'; neighbor: IpAddress; reachable: boolean; connected: boolean }>
  /** Our `connect` succeeded, or a connection to port 179 was accepted (the gateway hands over every one). */
  | Readonly<{
      kind: 'transport-up';
      transport: TransportId;
      direction: 'out' | 'in';
      local: Endpoint;
      remote: Endpoint;
    }>
  | Readonly<{ kind: 'transport-data'; transport: TransportId; data: Uint8Array }>
  | Readonly<{ kind: 'transport-closed'; transport: TransportId; reason: string }>
  /** The transport took all that was written: more updates may follow (back-pressure). */
  | Readonly<{ kind: 'transport-drained'; transport: TransportId }>
  | Readonly<{ kind: 'local-routes'; announce: readonly LocalRoute[]; withdraw: readonly Prefix[] }>
  | Readonly<{ kind: 'local-evpn-routes'; announce: readonly LocalEvpnRoute[]; withdraw: readonly EvpnPrefix[] }>
  /** Metric toward a next hop that the speaker tracks; undefined: unreachable. */
  | Readonly<{ kind: 'next-hop'; address: IpAddress; metric: number | undefined }>
  /** Operator: reset a session (all when absent), or with `soft` only send and ask for routes anew (RFC 2918). */
  /** Soft: routes are told again, ours (`out`), the neighbour's (`in`), or both. */
  | Readonly<{ kind: 'clear'; neighbor?: IpAddress; soft: boolean; direction?: 'in' | 'out' }>
  | Readonly<{ kind: 'tick' }>;

/** A best path (or several of equal cost) for the RIB. */
export type BgpRoute = Readonly<{
  prefix: Prefix;
  nextHops: readonly IpAddress[];
  source: 'ebgp' | 'ibgp';
  metric: number;
  /** Neighbour of the best path. */
  from: IpAddress;
}>;

/** The best path of a tenant's prefix at another tunnel endpoint; which VRFs take it is the gateway's matter. */
export type EvpnRoute = Readonly<{
  nlri: EvpnPrefix;
  nextHop: IpAddress;
  fields: EvpnFields;
  communities: OverlayCommunities;
  source: 'ebgp' | 'ibgp';
  metric: number;
  from: IpAddress;
}>;

export type BgpEffect =
  /** Open TCP to the neighbour's port 179; the gateway answers `transport-up` or `transport-closed` with this id. */
  | Readonly<{ kind: 'connect'; transport: TransportId; neighbor: IpAddress; localAddress?: IpAddress; ttl: number }>
  | Readonly<{ kind: 'send'; transport: TransportId; data: Uint8Array }>
  | Readonly<{ kind: 'close'; transport: TransportId; abort: boolean }>
  | Readonly<{ kind: 'install-route'; route: BgpRoute }>
  | Readonly<{ kind: 'withdraw-route'; prefix: Prefix }>
  | Readonly<{ kind: 'install-evpn-route'; route: EvpnRoute }>
  | Readonly<{ kind: 'withdraw-evpn-route'; nlri: EvpnPrefix }>
  /** From now on tell `next-hop` for this address, the first time at once; or no longer. */
  | Readonly<{ kind: 'track-next-hop' | 'untrack-next-hop'; address: IpAddress }>
  | Readonly<{ kind: 'neighbor-up'; neighbor: IpAddress }>
  | Readonly<{ kind: 'neighbor-down'; neighbor: IpAddress; reason: string }>
  | Readonly<{ kind: 'notice'; neighbor?: IpAddress; code: string; text: string }>;

/** Finite state machine states, RFC 4271 section 8.2.2. */
export type BgpState = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established';

export type BgpNeighborSnapshot = Readonly<{
  address: IpAddress;
  remoteAsn: number;
  remoteRouterId?: IpAddress;
  description?: string;
  state: BgpState;
  shutdown: boolean;
  /** Since when in this state (Established) or out of it; undefined: never established. */
  since?: Instant;
  messagesReceived: number;
  messagesSent: number;
  updatesReceived: number;
  updatesSent: number;
  prefixesReceived: number;
  prefixesSent: number;
  /** The same by address family, of those that are configured: told, permitted by inbound policy, and sent. */
  families?: Readonly<Partial<Record<BgpFamily, Readonly<{ received: number; accepted: number; sent: number }>>>>;
  tableVersion: number;
  outQueue: number;
  holdMs?: number;
  keepaliveMs?: number;
  local?: Endpoint;
  capabilities: readonly string[];
  lastReset?: string;
  lastError?: string;
  establishedCount: number;
  /** Ceased for too many prefixes; stays Idle until cleared. */
  maximumPrefixExceeded?: boolean;
  /** What the neighbour did wrong, counted by kind. */
  faults?: Readonly<Record<string, number>>;
}>;

/** One path of one prefix with why it was or was not chosen. */
export type BgpPathSnapshot = Readonly<{
  prefix: Prefix;
  nextHop: IpAddress;
  /** Neighbour it came from; undefined: ours. */
  from?: IpAddress;
  source: 'local' | 'ebgp' | 'ibgp';
  asPath: string;
  origin: 'igp' | 'egp' | 'incomplete';
  med?: number;
  localPreference?: number;
  weight: number;
  communities: readonly number[];
  valid: boolean;
  best: boolean;
  multipath: boolean;
  /** Step of the decision process that settled it, in words. */
  reason: string;
  /** BGP identifier of the neighbour it came from. */
  fromRouterId?: IpAddress;
  /** Version of the table in which the prefix's best path last changed. */
  version?: number;
  /** Denied by inbound policy: it stands in Adj-RIB-In alone. */
  denied?: boolean;
}>;

/** One path of one EVPN route; `prefix` is the tenant's. */
export type EvpnPathSnapshot = BgpPathSnapshot &
  Readonly<{ nlri: EvpnPrefix; fields: EvpnFields; overlay: OverlayCommunities }>;

export type BgpSnapshot = Readonly<{
  asn: number;
  routerId: IpAddress;
  tableVersion: number;
  neighbors: readonly BgpNeighborSnapshot[];
  prefixes: number;
  paths: number;
  /** The same of EVPN, where a neighbour speaks it. */
  evpn?: Readonly<{ prefixes: number; paths: number }>;
  attributeSets: number;
  /** How many different AS paths and sets of communities there are. */
  asPaths?: number;
  communitySets?: number;
  /** Entries made and taken away since the start. */
  activity?: Readonly<{ prefixesAdded: number; prefixesRemoved: number; pathsAdded: number; pathsRemoved: number }>;
}>;
