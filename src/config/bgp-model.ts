/** The model of BGP: speakers, neighbours, peer groups, families. */
import type { Family, IpAddress, Prefix, SecretKey } from '../base/index.ts';
import type { Written } from './written.ts';

export type BgpNeighborFamilyModel = Readonly<{
  activate: boolean;
  nextHopSelf: boolean;
  routeReflectorClient: boolean;
  prefixListIn?: string;
  prefixListOut?: string;
  routeMapIn?: string;
  routeMapOut?: string;
  sendCommunity: boolean;
  weight: number;
  defaultOriginate: boolean;
  allowAsIn: number;
  removePrivateAs: boolean;
  maximumPrefix?: Readonly<{ count: number; warningPercent: number; warningOnly: boolean }>;
}>;

export type BgpNeighborModel = Readonly<{
  address: IpAddress;
  /** Group whose values hold where it has none of its own. */
  peerGroup?: string;
  remoteAsn?: number;
  localAsn?: number;
  description?: string;
  shutdown: boolean;
  password?: SecretKey;
  timers?: Readonly<{ keepaliveMs: number; holdMs: number; minimumHoldMs: number }>;
  ebgpMultihop?: number;
  disableConnectedCheck: boolean;
  ttlSecurityHops?: number;
  updateSource?: string;
  connectionMode: 'active' | 'passive' | 'both';
  advertisementIntervalMs?: number;
  families: Readonly<Partial<Record<Family, BgpNeighborFamilyModel>>>;
  evpn?: EvpnNeighborModel;
  written: Written;
}>;

/** What a neighbour does in L2VPN EVPN. */
export type EvpnNeighborModel = Readonly<{
  activate: boolean;
  routeReflectorClient: boolean;
  sendStandard: boolean;
  sendExtended: boolean;
}>;

export type BgpFamilyModel = Readonly<{
  networks: readonly Readonly<{ prefix: Prefix; routeMap?: string; written: Written }>[];
  redistribute: readonly Readonly<{
    source: 'connected' | 'static' | 'ospf' | 'eigrp';
    metric?: number;
    routeMap?: string;
    written: Written;
  }>[];
  maximumPaths: Readonly<{ ebgp: number; ibgp: number }>;
  distances: Readonly<{ ebgp: number; ibgp: number; local: number }>;
}>;

export type BgpModel = Readonly<{
  asn: number;
  routerId?: IpAddress;
  logNeighborChanges: boolean;
  enforceFirstAs: boolean;
  alwaysCompareMed: boolean;
  timers: Readonly<{ keepaliveMs: number; holdMs: number; minimumHoldMs: number }>;
  neighbors: readonly BgpNeighborModel[];
  families: Readonly<Partial<Record<Family, BgpFamilyModel>>>;
  /** What runs in VRFs: neighbours there belong to that table. */
  vrfs?: readonly BgpVrfModel[];
  /** Neighbours that may come from anywhere in a prefix; they are as `peer` says, apart from the address. */
  listenRanges?: readonly BgpListenRangeModel[];
  peerGroups?: readonly BgpPeerGroupModel[];
  /** Sessions of listen ranges at most. */
  listenLimit?: number;
  /** `address-family l2vpn evpn` is there. */
  hasEvpn?: boolean;
  /** Whether a new neighbour exchanges IPv4 routes without being told; absent: it does. */
  ipv4ByDefault?: boolean;
  written: Written;
}>;

/** What several neighbours have in common. Each of them holds the values in force; this is where they come from. */
export type BgpPeerGroupModel = Readonly<{
  name: string;
  /** Autonomous systems that a peer of a listen range may be of beside `peer.remoteAsn`. */
  alternateAsns: readonly number[];
  peer: Omit<BgpNeighborModel, 'address'>;
  written: Written;
}>;

/** `address-family ipv4|ipv6 vrf NAME`. */
export type BgpVrfModel = Readonly<{
  vrf: string;
  routerId?: IpAddress;
  neighbors: readonly BgpNeighborModel[];
  listenRanges?: readonly BgpListenRangeModel[];
  peerGroups?: readonly BgpPeerGroupModel[];
  families: Readonly<Partial<Record<Family, BgpFamilyModel>>>;
  /** Families whose routes are told to other tunnel endpoints, `advertise l2vpn evpn`. */
  advertiseEvpn?: readonly Family[];
}>;

export type BgpListenRangeModel = Readonly<{
  prefix: Prefix;
  peerGroup: string;
  /** Autonomous systems that a peer may be of beside `peer.remoteAsn`. */
  alternateAsns: readonly number[];
  /** Everything the peer group says. */
  peer: Omit<BgpNeighborModel, 'address'>;
  written: Written;
}>;
