/** Anti-replay of one SA, RFC 4303 section 3.4.3. */

const WORD_BITS = 32;

/** Keeps everybody else away from what is changed between `enter` and `leave`. */
export type Guard = Readonly<{ enter: () => void; leave: () => void }>;

/** Where a window lives that several threads use: its bits, its right edge, and what keeps them apart. */
export type ReplayMemory = Readonly<{ seen: Uint32Array; highest: Float64Array; guard?: Guard }>;

/**
 * The numbers seen among the newest `size`, as a ring of bits. A window of 0 checks nothing and still follows the
 * highest number. What lies at or below where it starts counts as seen: a sender's first packet is 1 (section 3.3.2).
 */
export class ReplayWindow {
  readonly size: number;
  readonly #seen: Uint32Array;
  readonly #edge: Float64Array;
  readonly #guard: Guard | undefined;

  /** `size` in packets, brought up to whole words of 32. `highest` is 0 for a new SA. A given memory is begun already. */
  constructor(size: number, highest = 0, memory?: ReplayMemory) {
    const words = replayWords(size);
    this.size = words * WORD_BITS;
    this.#seen = memory?.seen.subarray(0, words) ?? new Uint32Array(words);
    this.#edge = memory?.highest ?? new Float64Array(1);
    this.#guard = memory?.guard;
    if (memory === undefined) beginReplay({ seen: this.#seen, highest: this.#edge }, highest);
  }

  /** Highest number accepted: the right edge. */
  get highest(): number {
    return this.#edge[0] ?? 0;
  }

  set #highest(value: number) {
    this.#edge[0] = value;
  }

  /** Why a number must be refused, before its packet is authenticated; undefined lets it pass. */
  check(sequence: number): 'replayed' | 'too-old' | undefined {
    this.#guard?.enter();
    const refused = this.#judge(sequence);
    this.#guard?.leave();
    return refused;
  }

  /**
   * Takes note of a number that passed `check` and whose packet proved authentic; moves the right edge. Refused is what
   * another thread has taken since.
   */
  accept(sequence: number): 'replayed' | 'too-old' | undefined {
    this.#guard?.enter();
    const refused = this.#guard === undefined ? undefined : this.#judge(sequence);
    if (refused === undefined) this.#take(sequence);
    this.#guard?.leave();
    return refused;
  }

  #judge(sequence: number): 'replayed' | 'too-old' | undefined {
    const { highest } = this;
    if (this.size === 0 || sequence > highest) return undefined;
    if (sequence <= highest - this.size) return 'too-old';
    return this.#has(sequence) ? 'replayed' : undefined;
  }

  #take(sequence: number): void {
    const { highest } = this;
    if (sequence > highest) {
      if (sequence - highest >= this.size) this.#seen.fill(0);
      else for (let skipped = highest + 1; skipped < sequence; skipped++) this.#clear(skipped);
      this.#highest = sequence;
    }
    if (this.size > 0) this.#mark(sequence);
  }

  /** One word for each 32 packets; the newest packet is bit 0 of the first word. */
  bitmap(): number[] {
    const words = new Array<number>(this.#seen.length).fill(0);
    const { highest } = this;
    for (let age = 0; age < this.size && age <= highest; age++) {
      if (!this.#has(highest - age)) continue;
      const word = age >>> 5;
      words[word] = ((words[word] ?? 0) | (1 << (age & 31))) >>> 0;
    }
    return words;
  }

  #has(sequence: number): boolean {
    const bit = sequence % this.size;
    return (((this.#seen[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 1;
  }

  #mark(sequence: number): void {
    const bit = sequence % this.size;
    this.#seen[bit >>> 5] = (this.#seen[bit >>> 5] ?? 0) | (1 << (bit & 31));
  }

  #clear(sequence: number): void {
    const bit = sequence % this.size;
    this.#seen[bit >>> 5] = (this.#seen[bit >>> 5] ?? 0) & ~(1 << (bit & 31));
  }
}

/** Words of bits that a window needs. */
export function replayWords(size: number): number {
  return Math.ceil(Math.max(0, size) / WORD_BITS);
}

/** Makes memory ready for a new SA, or for one that has taken packets up to `highest`. */
export function beginReplay({ seen, highest }: ReplayMemory, start = 0): void {
  seen.fill(0xffff_ffff);
  highest[0] = start;
}
