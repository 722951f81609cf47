/**
 * What the plane did with one packet, for whoever would do the same with the next of its flow without asking. A packet
 * that was changed, cut, answered or seen by a capture leaves no way to follow; one whose TCP got other numbers does.
 */
import type { IpHeader } from '../../ip/index.ts';
import type { ChildSa } from './child-sa.ts';
import type { Connection } from './connections.ts';
import type { Port } from './plane-state.ts';

const TCP_HEADER = 20;
const MOST_TCP_HEADER = 60;
/** Sequence and acknowledgement numbers, and the checksum. */
const SHIFTED = (at: number): boolean => (at >= 4 && at < 12) || at === 16 || at === 17;

export class Trace {
  /** The SA that it came by, or was sealed by. */
  sa: ChildSa | undefined;
  /** Interface outside, of the tunnel, and on the side in clear; that is absent for what is our own. */
  outer: Port | undefined;
  tunnel: Port | undefined;
  clear: Port | undefined;
  /** The packet as it came out of the SA, or was to go into one: the very array. */
  given: Uint8Array | undefined;
  /** What was sealed, or handed to the machine around. */
  packet: Uint8Array | undefined;
  /** It passed as part of a connection, in which direction of it. */
  connection: Connection | undefined;
  isOutward = false;
  /** Where it went to was decided by its ports, too. */
  usesPorts = false;
  /** It was handed to the machine as ours, not to go on from there. */
  isOurs = false;
  /** Packets that left, to either side. */
  left = 0;
  /** Something was done with it that the next one may not be spared. */
  isSpecial = false;
  readonly #header = new Uint8Array(MOST_TCP_HEADER);

  reset(): void {
    this.sa = this.outer = this.tunnel = this.clear = undefined;
    this.given = this.packet = undefined;
    this.connection = undefined;
    this.usesPorts = this.isOurs = this.isSpecial = this.isOutward = false;
    this.left = 0;
  }

  /** A segment is about to be normalised. */
  before({ payloadOffset }: IpHeader, packet: Uint8Array): void {
    this.#header.fill(0);
    this.#header.set(packet.subarray(payloadOffset, payloadOffset + MOST_TCP_HEADER));
  }

  /** It was; other numbers are all that may be made of the next ones without a look. */
  after({ payloadOffset, totalLength }: IpHeader, packet: Uint8Array): void {
    const length = Math.max(TCP_HEADER, ((packet[payloadOffset + 12] ?? 0) >> 4) * 4);
    for (let i = 0; i < length && payloadOffset + i < totalLength; i++) {
      if (this.#header[i] !== packet[payloadOffset + i] && !SHIFTED(i)) this.isSpecial = true;
    }
  }
}
