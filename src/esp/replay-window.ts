/** Anti-replay of one SA, RFC 4303 section 3.4.3. */

const WORD_BITS = 32;

/**
 * The numbers seen among the newest `size`, as a ring of bits. A window of 0 checks nothing and still follows the
 * highest number. What lies at or below where it starts counts as seen: a sender's first packet is 1 (section 3.3.2).
 */
export class ReplayWindow {
  readonly size: number;
  readonly #seen: Uint32Array;
  #highest: number;

  /** `size` in packets, brought up to whole words of 32. `highest` is 0 for a new SA. */
  constructor(size: number, highest = 0) {
    const words = Math.ceil(Math.max(0, size) / WORD_BITS);
    this.size = words * WORD_BITS;
    this.#seen = new Uint32Array(words).fill(0xffff_ffff);
    this.#highest = highest;
  }

  /** Highest number accepted: the right edge. */
  get highest(): number {
    return this.#highest;
  }

  /** Why a number must be refused, before its packet is authenticated; undefined lets it pass. */
  check(sequence: number): 'replayed' | 'too-old' | undefined {
    if (this.size === 0 || sequence > this.#highest) return undefined;
    if (sequence <= this.#highest - this.size) return 'too-old';
    return this.#has(sequence) ? 'replayed' : undefined;
  }

  /** Takes note of a number that passed `check` and whose packet proved authentic; moves the right edge. */
  accept(sequence: number): void {
    if (sequence > this.#highest) {
      if (sequence - this.#highest >= this.size) this.#seen.fill(0);
      else for (let skipped = this.#highest + 1; skipped < sequence; skipped++) this.#clear(skipped);
      this.#highest = sequence;
    }
    if (this.size > 0) this.#mark(sequence);
  }

  /** One word for each 32 packets; the newest packet is bit 0 of the first word. */
  bitmap(): number[] {
    const words = new Array<number>(this.#seen.length).fill(0);
    for (let age = 0; age < this.size && age <= this.#highest; age++) {
      if (!this.#has(this.#highest - age)) continue;
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
