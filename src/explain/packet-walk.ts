/** A packet's way through devices as it was walked: what each of them decided, and where it ended. */
import type { IpAddress } from '../base/index.ts';
import type { PlaneNote } from '../plane/contract.ts';

/** How a packet looks on its way: the outermost header, ports where it has them. */
export type PacketOutline = Readonly<{
  protocol: number;
  source: IpAddress;
  destination: IpAddress;
  sourcePort?: number;
  destinationPort?: number;
  bytes: number;
  isFragment: boolean;
}>;

/** What became of a packet at one place. */
export type HopFate = 'passed' | 'waits' | 'delivered' | 'dropped' | 'left';

/** One visit of a packet to one node, or to a link that did not carry it. */
export type WalkHop = Readonly<{
  node: string;
  kind: 'device' | 'host' | 'router' | 'nat' | 'firewall' | 'bridge' | 'link';
  packet: PacketOutline;
  /** Where it came in; absent: it begins here. */
  port?: string;
  notes: readonly PlaneNote[];
  fate: HopFate;
  /** Why it was dropped, or what a node that is no device did with it. */
  reason?: string;
  /** Where it went. */
  next?: Readonly<{ port: string; nextHop: IpAddress; node?: string; bytes: number }>;
  /** Pieces of one packet that fared alike. */
  pieces: number;
}>;

export type PacketWalk = Readonly<{
  hops: readonly WalkHop[];
  /** 'left': out of what is known; 'waits': some of its pieces never came; 'circle': it went round and round. */
  verdict: 'delivered' | 'dropped' | 'left' | 'waits' | 'circle';
  /** Where that was. */
  node: string;
  reason?: string;
}>;
