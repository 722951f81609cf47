/** What a gateway says of the things that happen to it: typed values, from which syslog, JSON and text are drawn. */
import type { Endpoint, Instant, IpAddress, Prefix } from '../base/index.ts';
import type { Cause, TrafficSelector } from '../ike/index.ts';
import type { ConnectionEnd, DropReason } from '../plane/contract.ts';
import type { RouteSource } from '../routing/index.ts';

/** One thing that happened, with its chain of causes. `at` is when; `code` is stable. Never holds a key. */
export type GatewayLogEvent = Readonly<{
  at: Instant;
  severity: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
  code: string;
  text: string;
  subject?: string;
  /** The other end, where one is known. */
  remote?: IpAddress;
  /** It is the how manieth of its gateway, from 1. */
  number?: number;
  cause?: Cause;
  details?: EventDetails;
}>;

/** The parties to an event, by what kind of thing it happened to. */
export type EventDetails =
  | LineDetails
  | RouteDetails
  | RoutesDetails
  | IkeDetails
  | ChildSaDetails
  | BgpDetails
  | TcpDetails
  | EspDetails
  | PathMtuDetails
  | TunnelDetails
  | ConnectionDetails
  | TransitDeniedDetails
  | ConfigurationDetails;

/** Line protocol of an interface. */
export type LineDetails = Readonly<{ kind: 'line'; interface: string; alias?: string; up: boolean }>;

/** One route of the RIB that came or went. */
export type RouteDetails = Readonly<{
  kind: 'route';
  change: 'installed' | 'withdrawn';
  vrf: string;
  prefix: Prefix;
  source: RouteSource;
  distance: number;
  metric: number;
  nextHops: readonly Readonly<{ interface: string; alias?: string; gateway?: IpAddress }>[];
}>;

/** Many routes of one source, counted. */
export type RoutesDetails = Readonly<{ kind: 'routes'; source: RouteSource; installed: number; withdrawn: number }>;

/** An IKE SA, or the attempt at one. */
export type IkeDetails = Readonly<{
  kind: 'ike';
  local: Endpoint;
  remote: Endpoint;
  /** Tunnel-group; absent while nobody knows who speaks. */
  group?: string;
  /** What the peer calls itself, as text. */
  identity?: string;
  /** The tunnel that the peer serves; absent for a group of a virtual template. */
  interface?: string;
  session?: number;
  role?: 'initiator' | 'responder';
  /** What a tunnel that is asked for shall carry. */
  localSelectors?: readonly TrafficSelector[];
  remoteSelectors?: readonly TrafficSelector[];
  /** Where the peer was before it moved, and SPIs of the IKE SA, 16 hexadecimal digits each. */
  moved?: Readonly<{ local: Endpoint; remote: Endpoint; initiatorSpi: string; responderSpi: string }>;
  /** What an IKE SA that ended had done. Bytes are those of inner packets. */
  lived?: Readonly<{ durationMs: number; bytesSent: number; bytesReceived: number }>;
}>;

/** A pair of ESP SAs. */
export type ChildSaDetails = Readonly<{
  kind: 'child-sa';
  interface: string;
  alias?: string;
  local: Endpoint;
  remote: Endpoint;
  group?: string;
  session: number;
  role: 'initiator' | 'responder';
  inboundSpi: number;
  outboundSpi: number;
  localSelectors: readonly TrafficSelector[];
  remoteSelectors: readonly TrafficSelector[];
  /** Inbound SPI of the child SA whose place it took. */
  replaces?: number;
}>;

/** A BGP neighbour. */
export type BgpDetails = Readonly<{
  kind: 'bgp';
  neighbor: IpAddress;
  vrf?: string;
  remoteAsn?: number;
  reason?: string;
}>;

/** TCP segments that were refused. */
export type TcpDetails = Readonly<{ kind: 'tcp'; local: IpAddress; remote: IpAddress }>;

/** An ESP packet that was dropped. */
export type EspDetails = Readonly<{
  kind: 'esp';
  reason: DropReason;
  spi: number;
  sequence?: number;
  local: IpAddress;
  remote: IpAddress;
  interface?: string;
  group?: string;
  /** What was inside, when that was what did not fit, and what the SA is for. */
  inner?: Readonly<{ source: IpAddress; destination: IpAddress; protocol: number }>;
  localSelectors?: readonly TrafficSelector[];
  remoteSelectors?: readonly TrafficSelector[];
}>;

/** Largest packet toward a peer. */
export type PathMtuDetails = Readonly<{
  kind: 'path-mtu';
  interface: string;
  alias?: string;
  /** Absent: it is about GRE that goes in clear. */
  inboundSpi?: number;
  outboundSpi?: number;
  remote?: IpAddress;
  group?: string;
  pathMtu: number;
  innerMtu: number;
  /** The ICMP error that said so, if one did, and the path MTU until then. */
  told?: Readonly<{ from: IpAddress; suggested: number; before: number }>;
}>;

/** A tunnel that wants to come up, or can not. */
export type TunnelDetails = Readonly<{ kind: 'tunnel'; interface: string; alias?: string; remote?: IpAddress }>;

/** One end of what passes through, and the interface that it is behind. */
export type TransitParty = Readonly<{
  interface: string;
  alias?: string;
  securityLevel: number;
  endpoint: Endpoint;
}>;

/** A TCP connection between others, through this device. */
export type ConnectionDetails = Readonly<{
  kind: 'connection';
  number: number;
  initiator: TransitParty;
  responder: TransitParty;
  ended?: Readonly<{ durationMs: number; bytes: number; reason: ConnectionEnd }>;
}>;

/** A packet between others that was not let through. */
export type TransitDeniedDetails = Readonly<{
  kind: 'transit-denied';
  reason: 'access-list' | 'no-connection';
  protocol: number;
  from: TransitParty;
  to: TransitParty;
  accessList?: string;
  /** Of a TCP segment. */
  flags?: number;
}>;

/** Somebody entered a line of configuration; keys in it are masked. */
export type ConfigurationDetails = Readonly<{ kind: 'configuration'; user: string; command: string }>;
