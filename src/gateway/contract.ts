/** What one gateway is told, and what it orders: the surface that `lab` and `host` drive. */
import type { IpAddress } from '../base/index.ts';
import type { DeviceModel } from '../config/model.ts';
import type { PlaneCommand, PlaneEvent } from '../plane/contract.ts';
import type { GatewayLogEvent } from './event.ts';

export type GatewayEvent =
  /** Run this configuration: the first one, or a change of it, made by somebody with a line. Only what differs is touched. */
  | Readonly<{ kind: 'configure'; model: DeviceModel; by?: Readonly<{ user: string; command: string }> }>
  | Readonly<{ kind: 'plane'; event: PlaneEvent }>
  /** A physical interface (hardware name) gained or lost its carrier. All are down until told otherwise. */
  | Readonly<{ kind: 'carrier'; interface: string; up: boolean }>
  | Readonly<{ kind: 'operator'; request: OperatorRequest }>
  | Readonly<{ kind: 'tick' }>;

export type OperatorRequest =
  | Readonly<{ kind: 'ping'; id: number; ping: PingRequest }>
  | Readonly<{ kind: 'cancel'; id: number }>
  | Readonly<{ kind: 'clear-ike' | 'clear-child'; remote?: IpAddress }>
  | Readonly<{ kind: 'clear-bgp'; neighbor?: IpAddress; soft: boolean }>
  /** Clean stop: deletes IKE SAs, ceases BGP. */
  | Readonly<{ kind: 'shutdown' }>;

export type PingRequest = Readonly<{
  destination: IpAddress;
  source?: IpAddress;
  count: number;
  /** Whole IP packet, bytes. */
  size: number;
  df: boolean;
  timeoutMs: number;
  intervalMs: number;
}>;

/** How one echo request ended: a reply, silence, or an ICMP error. */
export type PingProbe = Readonly<{
  sequence: number;
  result: 'reply' | 'timeout' | 'unreachable' | 'too-big' | 'ttl-exceeded' | 'no-route';
  rttMs?: number;
  from?: IpAddress;
  mtu?: number;
}>;

export type GatewayEffect =
  | Readonly<{ kind: 'plane'; command: PlaneCommand }>
  | Readonly<{ kind: 'log'; event: GatewayLogEvent }>
  | Readonly<{ kind: 'ping-probe'; id: number; probe: PingProbe }>
  | Readonly<{ kind: 'ping-done'; id: number; probes: readonly PingProbe[] }>;
