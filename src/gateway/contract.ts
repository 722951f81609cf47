/** What one gateway is told, and what it orders: the surface that `lab` and `host` drive. */
import type { Endpoint, IpAddress, SecretKey } from '../base/index.ts';
import type { DeviceModel } from '../config/model.ts';
import type { CookieSecret, Ppk } from '../ike/index.ts';
import type { PlaneCommand, PlaneEvent, PlaneTap } from '../plane/contract.ts';
import type { TcpEffect } from '../tcp/index.ts';
import type { Credentials } from './credentials.ts';
import type { GatewayLogEvent } from './event.ts';

export type GatewayEvent =
  /** Run this configuration: the first one, or a change of it, made by somebody with a line. Only what differs is touched. */
  | Readonly<{
      kind: 'configure';
      model: DeviceModel;
      by?: Readonly<{ user: string; command: string }>;
      /** What the dialect has no line for; absent: as before. */
      peerSettings?: readonly PeerSettings[];
    }>
  /** Other private keys, certificates or revocation lists: those in use stay until the next authentication. */
  | Readonly<{ kind: 'credentials'; credentials: Credentials }>
  | Readonly<{ kind: 'plane'; event: PlaneEvent }>
  /** A physical interface (hardware name) gained or lost its carrier. All are down until told otherwise. */
  | Readonly<{ kind: 'carrier'; interface: string; up: boolean }>
  | Readonly<{ kind: 'operator'; request: OperatorRequest }>
  /** From the TCP of the machine's kernel, where `lanTcp` is `host`. */
  | Readonly<{ kind: 'host-tcp'; report: HostTcpReport; vrf?: string }>
  /** Something of the machine around that operators shall read about, such as a link that is gone. */
  | Readonly<{ kind: 'machine'; severity: GatewayLogEvent['severity']; code: string; text: string; subject?: string }>
  /** Cookies demanded in our stead since this was last told, bad ones that were shown, and strangers nobody could hear. */
  | Readonly<{ kind: 'cookies-answered'; challenges: number; refused: number; lost: number }>
  | Readonly<{ kind: 'tick' }>;

/**
 * How IKE is with a peer as far as the dialect can not say it. `peer` is the name of its tunnel-group or of its tunnel
 * interface, or `*` for all; what is more particular counts.
 */
export type PeerSettings = Readonly<{
  peer: string;
  ppk?: Ppk;
  mobike?: 'offer' | 'accept' | 'off';
  reauthenticateMs?: number;
}>;

export type OperatorRequest =
  | Readonly<{ kind: 'ping'; id: number; ping: PingRequest }>
  | Readonly<{ kind: 'traceroute'; id: number; traceroute: TracerouteRequest }>
  /** Ends a ping or a traceroute; their numbers are of one sequence. */
  | Readonly<{ kind: 'cancel'; id: number }>
  | Readonly<{ kind: 'clear-ike' | 'clear-child'; remote?: IpAddress }>
  /** Replaces SAs at once, as at the end of their lifetime: nothing that passes is lost. */
  | Readonly<{ kind: 'rekey-ike' | 'rekey-child'; remote?: IpAddress }>
  /** Soft: what was told is told again, in one direction or in both. */
  | Readonly<{ kind: 'clear-bgp'; vrf?: string; neighbor?: IpAddress; soft: boolean; direction?: 'in' | 'out' }>
  /** Captures packets; one of that name is changed. */
  | Readonly<{ kind: 'capture'; tap: PlaneTap }>
  | Readonly<{ kind: 'end-capture' | 'clear-capture'; name: string }>
  /** Forgets connections in transit. */
  | Readonly<{ kind: 'clear-connections'; address?: IpAddress }>
  /** Somebody has done with configuring, on a platform that tells of that rather than of each line. */
  | Readonly<{ kind: 'configured'; by: Readonly<{ user: string; command: string }> }>
  /** Clean stop: deletes IKE SAs, ceases BGP. */
  | Readonly<{ kind: 'shutdown' }>;

export type PingRequest = Readonly<{
  destination: IpAddress;
  /** Absent: the global table. */
  vrf?: string;
  source?: IpAddress;
  count: number;
  /** Whole IP packet, bytes. */
  size: number;
  df: boolean;
  timeoutMs: number;
  intervalMs: number;
  /** What the data is filled with, 16 bits over and over; 0xabcd when absent. */
  pattern?: number;
  /** A reply must bring the data back as it was. */
  validate?: boolean;
}>;

/** How one echo request ended: a reply (damaged: with other data than was sent), silence, or an ICMP error. */
export type PingProbe = Readonly<{
  sequence: number;
  result: 'reply' | 'damaged' | 'timeout' | 'unreachable' | 'too-big' | 'ttl-exceeded' | 'no-route';
  rttMs?: number;
  from?: IpAddress;
  mtu?: number;
}>;

export type TracerouteRequest = Readonly<{
  destination: IpAddress;
  /** Absent: the global table. */
  vrf?: string;
  source?: IpAddress;
  method: 'udp' | 'icmp';
  /** Probes for each hop. */
  probes: number;
  minTtl: number;
  maxTtl: number;
  timeoutMs: number;
  /** Of the first datagram. */
  port: number;
}>;

/** How one probe ended; `reply` is the destination's. */
export type TracerouteProbe = Readonly<{
  /** TTL that it had. */
  hop: number;
  result: 'reply' | 'ttl-exceeded' | 'timeout' | 'unreachable' | 'prohibited' | 'too-big' | 'no-route';
  rttMs?: number;
  from?: IpAddress;
}>;

/** What the kernel's TCP is told: the orders of `tcp/contract.ts` without what a kernel knows by itself. */
export type HostTcpOrder =
  | Readonly<{
      kind: 'connect';
      connection: number;
      local: IpAddress;
      remote: Endpoint;
      ttl: number;
      /** RFC 5082: segments with less are not heard. */
      minTtl?: number;
    }>
  /** Repeating it changes the TTL. */
  | Readonly<{ kind: 'listen'; port: number; ttl?: number }>
  | Readonly<{ kind: 'unlisten'; port: number }>
  | Readonly<{ kind: 'set-md5-key'; remote: IpAddress; key: SecretKey | undefined }>
  /** For the connections that a remote address opens. */
  | Readonly<{ kind: 'set-ttl'; remote: IpAddress; ttl: Readonly<{ ttl: number; minTtl?: number }> | undefined }>
  | Readonly<{ kind: 'write'; connection: number; data: Uint8Array }>
  | Readonly<{ kind: 'close' | 'abort'; connection: number }>;

/** What it reports. Numbers of accepted connections are its own, positive ones. */
export type HostTcpReport =
  | Exclude<TcpEffect, Readonly<{ kind: 'send' | 'notice' }>>
  | Readonly<{ kind: 'notice'; code: string; text: string; remote?: IpAddress }>;

export type GatewayEffect =
  | Readonly<{ kind: 'plane'; command: PlaneCommand }>
  | Readonly<{ kind: 'log'; event: GatewayLogEvent }>
  | Readonly<{ kind: 'ping-probe'; id: number; probe: PingProbe }>
  | Readonly<{ kind: 'ping-done'; id: number; probes: readonly PingProbe[] }>
  | Readonly<{ kind: 'traceroute-probe'; id: number; probe: TracerouteProbe }>
  | Readonly<{ kind: 'traceroute-done'; id: number; probes: readonly TracerouteProbe[] }>
  | DriverEffect;

/** What concerns the machine around alone: a driver without one leaves it out. */
export type DriverEffect =
  /** The kernel's TCP in a VRF; each has one of its own, with numbers of its own. */
  | Readonly<{ kind: 'host-tcp'; order: HostTcpOrder; vrf?: string }>
  /** A packet for ourselves that came by this interface and nobody here waits for: the machine may have its own use. */
  | Readonly<{ kind: 'unclaimed'; interface: string; packet: Uint8Array }>
  /** Whoever reads our packets may demand cookies of strangers in our stead (`StatelessCookies`); no secret: no more. */
  | Readonly<{ kind: 'demand-cookies'; secrets: readonly CookieSecret[] }>;
