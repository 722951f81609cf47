/** Between the main thread and the reader, which waits for packets in a thread of its own: messages and shared words. */
import type { Family } from '../../base/index.ts';
import type { FastOrder } from '../../plane/index.ts';
import type { DatagramClass } from './reuseport-filter.ts';

/** Something to read from, and what comes out of it. */
export type Descriptor = Readonly<
  | { fd: number; kind: 'udp'; queue: DatagramClass; local: string; port: 500 | 4500; hasGro?: boolean; vrf?: string }
  | { fd: number; kind: 'esp'; family: Family; local: string; vrf?: string }
  | { fd: number; kind: 'icmp'; family: Family }
  | { fd: number; kind: 'tun'; link: number; hasOffloads?: boolean }
  | { fd: number; kind: 'monitor' }
>;

/** `id` names a descriptor for as long as there is a reader, when its number may long be another's. */
export type Source = Readonly<{ id: number; descriptor: Descriptor }>;

/** To the reader. It has obeyed when `Word.ACKNOWLEDGED` is `sequence`. */
export type ReaderOrder = Readonly<{
  sequence: number;
  add: readonly Source[];
  remove: readonly number[];
  /** What to demand cookies with; none: not at all. */
  secrets: readonly BareSecret[];
  /** What the fast path shall know of SAs. */
  fast?: readonly FastOrder[];
}>;

/** A secret on its way between threads, where only plain values go. */
export type BareSecret = Readonly<{ version: number; key: Uint8Array }>;

/** From the reader. `index` holds two words for each packet: the source's id, and the packet's length. */
export type ReaderReport =
  | Readonly<{ kind: 'ready' }>
  | Readonly<{ kind: 'packets'; packets: ArrayBuffer; index: ArrayBuffer; weight: number }>
  /** Of strangers, since it was last told; `lost`: the kernel had no room for their first messages. */
  | Readonly<{ kind: 'cookies-answered'; challenges: number; refused: number; lost: number }>
  /** The descriptor gives nothing any more; it is the main thread's to close. */
  | Readonly<{ kind: 'gone'; id: number; errno: number }>;

export type ReaderData = Readonly<{
  wakeFd: number;
  shared: SharedArrayBuffer;
  /** There shall be a fast path. */
  fast?: FastData;
}>;

/** `memory` is that of `FastMemory`; `clockOffset` brings the clock of all threads (`hrtime`) to the driver's. */
export type FastData = Readonly<{ memory: SharedArrayBuffer; clockOffset: number; takesUdp: boolean }>;

/** Places in the shared words. Sums wrap. */
export const Word = { ACKNOWLEDGED: 0, POSTED: 1, CONSUMED: 2, STALLED: 3, END: 4 } as const;
const WORDS = 8;

/** What the reader counts, in the order of the shared numbers. */
export const readerCounters = [
  'outer-received',
  'inner-received',
  'first-messages',
  'first-messages-answered',
  'first-messages-refused',
  'outer-malformed',
  'kernel-dropped-first',
  'kernel-dropped-cookie',
  'kernel-dropped-established',
  'kernel-dropped-esp',
  'kernel-dropped-icmp',
  'reader-stalled',
  'fast-inner-received',
  'fast-outer-received',
  'fast-inner-sent',
  'fast-outer-sent',
  'fast-inner-refused',
  'fast-outer-refused',
  'fast-malformed',
  'fast-overflow',
] as const;

export type ReaderCounter = (typeof readerCounters)[number];

export const SHARED_BYTES = WORDS * 4 + readerCounters.length * 8;

/** Words that both sides read and write by `Atomics`. */
export function sharedWords(shared: SharedArrayBuffer): Int32Array {
  return new Int32Array(shared, 0, WORDS);
}

/** Counters that the reader alone writes. */
export function sharedCounters(shared: SharedArrayBuffer): Float64Array {
  return new Float64Array(shared, WORDS * 4, readerCounters.length);
}

/** What packets that were posted and not yet consumed may weigh: the rest waits in the kernel, or is dropped there. */
export const MOST_OUTSTANDING = 2 << 20;

/** A packet's own bytes, and about what it costs beside them. */
export function weightOf(bytes: number, packets: number): number {
  return bytes + packets * 256;
}
