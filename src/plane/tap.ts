/** Captures: copies of packets as interfaces pass them. What is ordered of a plane, and what it gives back. */
import type { Family, Instant, Prefix } from '../base/index.ts';

/** One end of a flow: no prefix is any address, no ports are any. */
export type TapEnd = Readonly<{
  prefix?: Prefix;
  /** TCP and UDP. */
  ports?: readonly Readonly<{ from: number; to: number }>[];
}>;

/** Packets between two ends, whichever of them sends. */
export type TapMatch = Readonly<{
  /** IP protocol number; 0: any. */
  protocol: number;
  family?: Family;
  ends: readonly [TapEnd, TapEnd];
}>;

/**
 * A capture at an interface, in both directions. At a tunnel interface packets are seen in clear: outbound before they
 * are sealed, inbound after they were opened.
 */
export type PlaneTap = Readonly<{
  name: string;
  /** Absent: all interfaces; that of a template: all its clones. */
  interface?: string;
  /** Packets that any of these fits; none: all packets. */
  matches: readonly TapMatch[];
  /** What it may hold in all, and of each packet. */
  bufferBytes: number;
  packetBytes: number;
  /** With a full buffer the oldest packets make room; otherwise it takes no more. */
  circular: boolean;
  /** One way only; absent: both. */
  direction?: 'in' | 'out' | 'both';
  /** It takes nothing: defined and not begun, or ended for now. */
  stopped?: boolean;
}>;

/** A packet that was captured. */
export type TappedPacket = Readonly<{
  at: Instant;
  interface: string;
  direction: 'in' | 'out';
  /** At a tunnel interface: it came out of ESP, or is about to go into it. */
  cleartext?: 'decrypted' | 'to-encrypt';
  /** As much of it as is kept. */
  bytes: Uint8Array;
  /** How long it was. */
  length: number;
}>;

export type TapStatus = Readonly<{
  tap: PlaneTap;
  /** Held now. */
  packets: number;
  bytes: number;
  /** Packets that fitted but found no room, or had to make some. */
  lost: number;
  isFull: boolean;
}>;
