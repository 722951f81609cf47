/** ESP packets of one SA on their way out, side by side in the arena. */
import type { Arena } from './arena.ts';
import { checksumOf } from './arena.ts';
import type { FastSa } from './fast-sa.ts';

/** What one send may carry: the kernel's `UDP_MAX_SEGMENTS` was 64 for long, and a datagram's length has 16 bits. */
export const MOST_IN_BATCH = 64;
const MOST_BYTES = 65_000;
/** What a cipher may write behind an ICV. */
export const SLACK = 64;
export const BATCH_BYTES = MOST_BYTES + 2048 + SLACK;
const OUTER_TTL = 64;
const ESP = 50;

export class SealedBatch {
  sa: FastSa | undefined;
  tos = 0;
  df = false;
  count = 0;
  /** Length of each packet but the last, which may be shorter, where the kernel is to cut them apart. */
  size = 0;
  readonly at: number;
  /** Where the packet of a number begins, its IP header included where we write that; one more for the end. */
  readonly places = new Int32Array(MOST_IN_BATCH + 1);
  #isClosed = false;

  constructor(at: number) {
    this.at = at;
    this.places[0] = at;
  }

  /** Bytes of all packets. */
  get length(): number {
    return (this.places[this.count] ?? 0) - this.at;
  }

  /** Whether a packet of `length` bytes may follow in the same send. */
  fits(sa: FastSa, length: number, tos: number, df: boolean): boolean {
    if (this.count === 0) return true;
    if (this.sa !== sa || this.count === MOST_IN_BATCH || this.length + length > MOST_BYTES) return false;
    if (!sa.config.udpEncapsulation) return true;
    return !this.#isClosed && length <= this.size && this.tos === tos && this.df === df;
  }

  /** Takes the packet that was made at the end; `length` counts an IP header that we write. */
  add(sa: FastSa, length: number, tos: number, df: boolean): void {
    if (this.count === 0) {
      this.sa = sa;
      this.tos = tos;
      this.df = df;
      this.size = length;
      this.#isClosed = false;
    } else if (length < this.size) this.#isClosed = true;
    this.places[this.count + 1] = this.end + length;
    this.count++;
  }

  /** Where the next packet begins. */
  get end(): number {
    return this.places[this.count] ?? 0;
  }

  clear(): void {
    this.count = 0;
  }
}

/** Writes the IP header before an ESP packet; its identification is left to the kernel, which fills in what is zero. */
export function writeOuterHeader(
  arena: Arena,
  at: number,
  length: number,
  tos: number,
  df: boolean,
  source: Uint8Array,
  destination: Uint8Array,
): void {
  const { view, bytes } = arena;
  if (destination.length === 16) {
    view.setUint32(at, 0x6000_0000 | (tos << 20));
    view.setUint16(at + 4, length - 40);
    bytes[at + 6] = ESP;
    bytes[at + 7] = OUTER_TTL;
    bytes.set(source, at + 8);
    bytes.set(destination, at + 24);
    return;
  }
  view.setUint16(at, 0x4500 | tos);
  view.setUint16(at + 2, length);
  view.setUint32(at + 4, df ? 0x4000 : 0);
  view.setUint32(at + 8, (OUTER_TTL << 24) | (ESP << 16));
  bytes.set(source, at + 12);
  bytes.set(destination, at + 16);
  view.setUint16(at + 10, checksumOf(arena.sum(at, 20)));
}
