/** What arrives of a numbered stream: in its place, late, twice, or not at all. */

/** Numbers that were passed over, and the time between which that was noticed (milliseconds since 1970). */
export type Gap = Readonly<{ first: number; count: number; sinceMs: number; untilMs: number }>;

export type StreamCounts = Readonly<{
  /** The first number that nobody knows of yet. */
  next: number;
  received: number;
  /** Passed over, and not come since. */
  missing: number;
  reordered: number;
  doubled: number;
  /** The first gaps there were, late arrivals or not. */
  gaps: readonly Gap[];
  longestPauseMs: number;
}>;

const GAPS_KEPT = 200;
/** More than this is not told one by one any more; what is late then counts as twice. */
const MISSING_KEPT = 1_000_000;

export class NumberedStream {
  readonly #missing = new Set<number>();
  readonly #gaps: Gap[] = [];
  #next = 0;
  #received = 0;
  #forgotten = 0;
  #reordered = 0;
  #doubled = 0;
  #last = 0;
  #longestPauseMs = 0;

  arrived(number: number, nowMs: number): void {
    this.#received++;
    if (number < this.#next) {
      if (this.#missing.delete(number)) this.#reordered++;
      else this.#doubled++;
      return;
    }
    // The stream begins with what arrives first.
    const since = this.#last === 0 ? nowMs : this.#last;
    if (this.#last === 0) this.#next = number;
    this.#longestPauseMs = Math.max(this.#longestPauseMs, nowMs - since);
    if (number > this.#next) this.#passOver(number, since, nowMs);
    this.#next = number + 1;
    this.#last = nowMs;
  }

  told(): StreamCounts {
    return {
      next: this.#next,
      received: this.#received,
      missing: this.#missing.size + this.#forgotten,
      reordered: this.#reordered,
      doubled: this.#doubled,
      gaps: this.#gaps,
      longestPauseMs: this.#longestPauseMs,
    };
  }

  #passOver(number: number, sinceMs: number, untilMs: number): void {
    const first = this.#next;
    for (let i = first; i < number; i++) {
      if (this.#missing.size < MISSING_KEPT) this.#missing.add(i);
      else this.#forgotten++;
    }
    if (this.#gaps.length < GAPS_KEPT) this.#gaps.push({ first, count: number - first, sinceMs, untilMs });
  }
}
