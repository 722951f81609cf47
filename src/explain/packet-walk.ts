/** A packet's way through devices as it was walked: what each of them decided, and where it ended. */
import { type IpAddress, readU16 } from '../base/index.ts';
import { Protocol, parseIp } from '../ip/index.ts';
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

/** Where a walk begins: a host or a device that sends it itself, or an interface of a device where it comes in. */
export type WalkStart = Readonly<{ node: string; packet: Uint8Array; interface?: string; vrf?: string }>;

/** Whoever can walk packets; a second one meets what the first has left, so that an answer follows its question. */
export type PacketWalker = Readonly<{ walk: (start: WalkStart) => PacketWalk }>;

/** Undefined: it is no IP packet. */
export function outlineOf(packet: Uint8Array): PacketOutline | undefined {
  const parsed = parseIp(packet);
  if (!parsed.ok) return undefined;
  const { protocol, source, destination, payloadOffset, fragmentOffset, moreFragments, totalLength } = parsed.value;
  const hasPorts = (protocol === Protocol.TCP || protocol === Protocol.UDP) && fragmentOffset === 0;
  const ports = hasPorts
    ? { sourcePort: readU16(packet, payloadOffset), destinationPort: readU16(packet, payloadOffset + 2) }
    : {};
  const isFragment = moreFragments || fragmentOffset > 0;
  return { protocol, source, destination, ...ports, bytes: totalLength, isFragment };
}
