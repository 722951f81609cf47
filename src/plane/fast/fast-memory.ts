/**
 * Memory that the main thread and a fast path share: child SAs as both use them, what the fast path has carried by each
 * interface, and the flows that it may take by itself (`flow-table.ts`). All of it is numbers at fixed places; the
 * system gives pages only to what is used.
 */
import { beginReplay, type Guard, type InboundMemory, LATENESS_BUCKETS, type OutboundMemory } from '../../esp/index.ts';

/** SAs that the fast path can hold at a time; further ones are the software plane's alone. */
export const MOST_SLOTS = 16_384;
const MOST_PORTS = 16_384;
export const MOST_FLOWS = 32_768;
export const FLOW_WORDS = 32;
/** Largest replay window that a slot has room for. */
export const MOST_WINDOW = 1024;

const SLOT_WORDS = 64;
const SLOT_NUMBERS = 64;
const PORT_NUMBERS = 4;
const GLOBAL_WORDS = 16;

/** Places among the words that are nobody's own. */
export const GlobalWord = { GENERATION: 0, HANDLED: 1 } as const;

/** Places among the words of a slot. */
const LOCK_OUT = 0;
const LOCK_IN = 1;
const STAMP = 2;
const SEEN = 32;
const SEEN_WORDS = MOST_WINDOW / 32;

/** Places among the numbers of a slot. Those of the second group only the fast path writes. */
export const SaNumber = {
  SEQUENCE: 0,
  HIGHEST: 1,
  FURTHEST_BEHIND: 2,
  /** How far IN_BYTES, OUT_BYTES and the sequence may grow before the main thread must look at a limit. */
  IN_LIMIT: 3,
  OUT_LIMIT: 4,
  SEQUENCE_LIMIT: 5,

  IN_PACKETS: 8,
  IN_BYTES: 9,
  OUT_PACKETS: 10,
  OUT_BYTES: 11,
  LAST_IN: 12,
  LAST_OUT: 13,
  REPLAYED: 14,
  TOO_OLD: 15,
  INTEGRITY_FAILED: 16,
  BAD_LENGTH: 17,
  BAD_PADDING: 18,

  LATENESS: 20,
} as const;

/** What the fast path carried by an interface. */
export const PortNumber = { IN_PACKETS: 0, IN_BYTES: 1, OUT_PACKETS: 2, OUT_BYTES: 3 } as const;

const WORDS_AT = 0;
const SLOT_WORDS_AT = WORDS_AT + GLOBAL_WORDS * 4;
const SLOT_NUMBERS_AT = SLOT_WORDS_AT + MOST_SLOTS * SLOT_WORDS * 4;
const PORT_NUMBERS_AT = SLOT_NUMBERS_AT + MOST_SLOTS * SLOT_NUMBERS * 8;
const FLOWS_AT = PORT_NUMBERS_AT + MOST_PORTS * PORT_NUMBERS * 8;
const BYTES = FLOWS_AT + MOST_FLOWS * FLOW_WORDS * 4;

/** Of an SA, what its two users share. */
export type SaSlot = Readonly<{
  index: number;
  numbers: Float64Array;
  inbound: InboundMemory;
  outbound: OutboundMemory;
}>;

export class FastMemory {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly flows: Int32Array;
  /** The same memory, as numbers. */
  readonly flowNumbers: Float64Array;
  readonly #slotWords: Int32Array;
  readonly #slotNumbers: Float64Array;
  readonly #portNumbers: Float64Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer, WORDS_AT, GLOBAL_WORDS);
    this.#slotWords = new Int32Array(buffer, SLOT_WORDS_AT, MOST_SLOTS * SLOT_WORDS);
    this.#slotNumbers = new Float64Array(buffer, SLOT_NUMBERS_AT, MOST_SLOTS * SLOT_NUMBERS);
    this.#portNumbers = new Float64Array(buffer, PORT_NUMBERS_AT, MOST_PORTS * PORT_NUMBERS);
    this.flows = new Int32Array(buffer, FLOWS_AT, MOST_FLOWS * FLOW_WORDS);
    this.flowNumbers = new Float64Array(buffer, FLOWS_AT, (MOST_FLOWS * FLOW_WORDS) / 2);
  }

  /** Changes when anything did that flows were judged by. */
  get generation(): number {
    return Atomics.load(this.words, GlobalWord.GENERATION);
  }

  /** No flow that was known until now is taken any more. */
  forgetFlows(): void {
    Atomics.add(this.words, GlobalWord.GENERATION, 1);
  }

  slot(index: number): SaSlot {
    const words = this.#slotWords.subarray(index * SLOT_WORDS, (index + 1) * SLOT_WORDS);
    const numbers = this.#slotNumbers.subarray(index * SLOT_NUMBERS, (index + 1) * SLOT_NUMBERS);
    const one = (place: number): Float64Array => numbers.subarray(place, place + 1);
    const seen = new Uint32Array(this.buffer, words.byteOffset + SEEN * 4, SEEN_WORDS);
    return {
      index,
      numbers,
      inbound: {
        seen,
        highest: one(SaNumber.HIGHEST),
        furthestBehind: one(SaNumber.FURTHEST_BEHIND),
        lateness: numbers.subarray(SaNumber.LATENESS, SaNumber.LATENESS + 2 * LATENESS_BUCKETS),
        guard: guardOf(words, LOCK_IN),
      },
      outbound: { sequence: one(SaNumber.SEQUENCE), guard: guardOf(words, LOCK_OUT) },
    };
  }

  /** Makes a slot ready for a new SA. */
  begin(slot: SaSlot): void {
    slot.numbers.fill(0);
    beginReplay(slot.inbound);
    this.restamp(slot.index);
  }

  /** Changes when flows by this SA have to be judged anew. */
  stamp(slot: number): number {
    return Atomics.load(this.#slotWords, slot * SLOT_WORDS + STAMP);
  }

  restamp(slot: number): void {
    Atomics.add(this.#slotWords, slot * SLOT_WORDS + STAMP, 1);
  }

  /** Counters of an interface by its place; undefined when there are too many of them. */
  portNumbers(place: number): Float64Array | undefined {
    if (place >= MOST_PORTS) return undefined;
    return this.#portNumbers.subarray(place * PORT_NUMBERS, (place + 1) * PORT_NUMBERS);
  }

  /** Counts what passed by an interface; place 0 is none. */
  countPort(place: number, direction: 'in' | 'out', packets: number, bytes: number): void {
    if (place <= 0 || place >= MOST_PORTS) return;
    const at = place * PORT_NUMBERS + (direction === 'in' ? PortNumber.IN_PACKETS : PortNumber.OUT_PACKETS);
    const numbers = this.#portNumbers;
    numbers[at] = (numbers[at] ?? 0) + packets;
    numbers[at + 1] = (numbers[at + 1] ?? 0) + bytes;
  }
}

/** How long a wait lasts before the lock is looked at again. */
const LOOK_EVERY_MS = 1;

/**
 * A lock at one place, held for a few instructions at a time: 1 is taken, 2 is taken and somebody may wait. Nobody goes on
 * without it, however long it takes: a sequence number that is used twice gives the keys of AES-GCM away.
 */
function guardOf(words: Int32Array, place: number): Guard {
  return {
    enter: () => {
      if (Atomics.compareExchange(words, place, 0, 1) === 0) return;
      while (Atomics.exchange(words, place, 2) !== 0) Atomics.wait(words, place, 2, LOOK_EVERY_MS);
    },
    leave: () => {
      if (Atomics.exchange(words, place, 0) === 2) Atomics.notify(words, place, 1);
    },
  };
}
