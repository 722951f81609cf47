/** What the operator decides about BGP: neighbours, timers and policies as plain values. */
import type { IpAddress, Prefix, SecretKey } from '../base/index.ts';
import type { BgpFamily, EvpnPrefix } from './evpn.ts';

export type PrefixListEntry = Readonly<{
  sequence: number;
  action: 'permit' | 'deny';
  prefix: Prefix;
  /** Bounds on the matched prefix's length; neither: exactly the entry's length. */
  ge?: number;
  le?: number;
}>;

/** First matching entry decides; no match denies; an empty list permits everything. */
export type PrefixList = Readonly<{ name: string; entries: readonly PrefixListEntry[] }>;

export type RouteMapMatch =
  | Readonly<{ kind: 'prefix-list'; lists: readonly PrefixList[] }>
  | Readonly<{ kind: 'next-hop'; lists: readonly PrefixList[] }>
  /** Cisco regular expressions over the AS path's text; an entry list each, first match decides. */
  | Readonly<{ kind: 'as-path'; entries: readonly Readonly<{ action: 'permit' | 'deny'; expression: string }>[] }>
  | Readonly<{ kind: 'community'; communities: readonly number[]; exact: boolean }>
  | Readonly<{ kind: 'metric'; value: number }>
  | Readonly<{ kind: 'tag'; values: readonly number[] }>;

export type RouteMapSet =
  | Readonly<{ kind: 'local-preference' | 'metric' | 'weight'; value: number }>
  | Readonly<{ kind: 'as-path-prepend'; asns: readonly number[] }>
  | Readonly<{ kind: 'community'; communities: readonly number[]; additive: boolean }>
  | Readonly<{ kind: 'next-hop'; address: IpAddress }>
  | Readonly<{ kind: 'origin'; origin: 'igp' | 'egp' | 'incomplete' }>;

export type RouteMapClause = Readonly<{
  sequence: number;
  action: 'permit' | 'deny';
  /** All must match. */
  match: readonly RouteMapMatch[];
  set: readonly RouteMapSet[];
}>;

/** First clause that matches decides; no match denies. */
export type RouteMap = Readonly<{ name: string; clauses: readonly RouteMapClause[] }>;

/** Policies of one neighbour in one direction, all of which must permit. */
export type NeighborPolicy = Readonly<{ prefixList?: PrefixList; routeMap?: RouteMap }>;

/** What a neighbour does in one address family. */
export type NeighborFamily = Readonly<{
  nextHopSelf: boolean;
  routeReflectorClient: boolean;
  in: NeighborPolicy;
  out: NeighborPolicy;
  sendCommunity: boolean;
  /** Extended communities; absent: as `sendCommunity`. */
  sendExtendedCommunity?: boolean;
  weight: number;
  defaultOriginate: boolean;
  allowAsIn: number;
  removePrivateAs: boolean;
  /** Beyond `count` prefixes the session is ceased (or only a warning logged). */
  maximumPrefix?: Readonly<{ count: number; warningPercent: number; warningOnly: boolean }>;
}>;

export type BgpNeighbor = Readonly<{
  address: IpAddress;
  remoteAsn: number;
  /** Autonomous systems that it may be of as well. */
  alternateAsns?: readonly number[];
  /** Our AS as this neighbour sees it, when not the global one. */
  localAsn?: number;
  description?: string;
  shutdown: boolean;
  password?: SecretKey;
  keepaliveMs: number;
  holdMs: number;
  minimumHoldMs: number;
  /** TTL of eBGP packets; 1 without `ebgp-multihop`; 255 with GTSM. */
  ebgpMultihop?: number;
  disableConnectedCheck: boolean;
  /** RFC 5082: accept only from at most this many hops away. */
  ttlSecurityHops?: number;
  /** Our address toward it (from `update-source`); absent: that of the outgoing interface. */
  localAddress?: IpAddress;
  connectionMode: 'active' | 'passive' | 'both';
  advertisementIntervalMs: number;
  families: Readonly<Partial<Record<BgpFamily, NeighborFamily>>>;
}>;

export type BgpConfig = Readonly<{
  asn: number;
  routerId: IpAddress;
  /** Reflection cluster, RFC 4456; the router id unless set. */
  clusterId?: IpAddress;
  neighbors: readonly BgpNeighbor[];
  maximumPaths: Readonly<{ ebgp: number; ibgp: number }>;
  enforceFirstAs: boolean;
  alwaysCompareMed: boolean;
  defaultLocalPreference: number;
}>;

/** A route of our own that BGP shall announce (`network`, `redistribute`, policy already applied). */
export type LocalRoute = Readonly<{
  prefix: Prefix;
  /** Unspecified: next hop becomes the session's local address. */
  nextHop?: IpAddress;
  origin: 'igp' | 'egp' | 'incomplete';
  med?: number;
  localPreference?: number;
  weight: number;
  communities: readonly number[];
  asPathPrepend: readonly number[];
}>;

/** A tenant's prefix of our own that BGP shall announce to other tunnel endpoints (RFC 9136 section 4.4.1). */
export type LocalEvpnRoute = Readonly<{
  /** Its label is the VNI. */
  nlri: EvpnPrefix;
  /** Our tunnel endpoint: it stays the next hop wherever the route goes. */
  nextHop: IpAddress;
  origin: 'igp' | 'egp' | 'incomplete';
  med?: number;
  routeTargets: readonly string[];
  routerMac: Uint8Array;
}>;
