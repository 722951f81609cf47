/** What the TCP stack is told, and what it orders: the surface between TCP and the gateway. RFC 9293, RFC 2385. */
import type { Endpoint, IpAddress, Prefix, SecretKey } from '../base/index.ts';

/** Names one connection for its whole life; never reused. */
export type ConnectionId = number;

export type TcpEvent =
  /** A TCP segment (header and data, no IP header), its checksum not verified yet. */
  | Readonly<{ kind: 'segment'; local: IpAddress; remote: IpAddress; segment: Uint8Array }>
  /** Active open. `mss`: what we announce and the most we send (interface MTU - headers). */
  | Readonly<{
      kind: 'connect';
      connection: ConnectionId;
      local: IpAddress;
      remote: Endpoint;
      mss: number;
      ttl?: number;
    }>
  /** Answer SYNs to a local port (any local address); `mss` as above. Repeating it changes the options. */
  | Readonly<{ kind: 'listen'; port: number; mss: number; ttl?: number }>
  | Readonly<{ kind: 'unlisten'; port: number }>
  /** RFC 2385 key for all segments to and from a remote address; undefined takes it away. */
  | Readonly<{ kind: 'set-md5-key'; remote: IpAddress; key: SecretKey | undefined }>
  /** Keys for remote addresses in a prefix that have none of their own; replaces those before. */
  | Readonly<{ kind: 'set-md5-ranges'; ranges: readonly Readonly<{ prefix: Prefix; key: SecretKey }>[] }>
  | Readonly<{ kind: 'write'; connection: ConnectionId; data: Uint8Array }>
  /** Graceful close after what was written; `abort` sends RST at once. */
  | Readonly<{ kind: 'close' | 'abort'; connection: ConnectionId }>
  /** ICMP too-big for a segment we sent: lower the send MSS to fit `mtu`. */
  | Readonly<{
      kind: 'path-mtu';
      local: IpAddress;
      remote: IpAddress;
      mtu: number;
      /** Of the segment that the ICMP message quotes: believed only when that one is under way (RFC 5927 section 4.1). */
      quoted?: Readonly<{ localPort: number; remotePort: number; sequence: number }>;
    }>
  | Readonly<{ kind: 'tick' }>;

export type TcpEffect =
  | Readonly<{ kind: 'send'; local: IpAddress; remote: IpAddress; segment: Uint8Array; ttl?: number }>
  | Readonly<{ kind: 'accepted'; connection: ConnectionId; local: Endpoint; remote: Endpoint }>
  | Readonly<{ kind: 'connected'; connection: ConnectionId; local: Endpoint; remote: Endpoint }>
  | Readonly<{ kind: 'data'; connection: ConnectionId; data: Uint8Array }>
  /** The peer will send no more; we still may. */
  | Readonly<{ kind: 'end'; connection: ConnectionId }>
  /** The connection is no more; its id means nothing from now on. */
  | Readonly<{
      kind: 'closed';
      connection: ConnectionId;
      reason: 'finished' | 'refused' | 'reset' | 'timed-out' | 'aborted' | 'unreachable';
    }>
  /** The send buffer has room again after `write` had filled it past the high-water mark. */
  | Readonly<{ kind: 'drained'; connection: ConnectionId }>
  | Readonly<{ kind: 'notice'; code: string; local: IpAddress; remote: IpAddress }>;

export type TcpConnectionSnapshot = Readonly<{
  connection: ConnectionId;
  state: string;
  local: Endpoint;
  remote: Endpoint;
  mss: number;
  /** Smoothed round trip in ms; undefined before the first sample. */
  rttMs?: number;
  retransmissions: number;
  unacknowledged: number;
  queued: number;
}>;

export type TcpSnapshot = Readonly<{
  connections: readonly TcpConnectionSnapshot[];
  counters: Readonly<Record<string, number>>;
}>;
