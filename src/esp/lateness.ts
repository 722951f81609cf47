/** How late packets come, and the replay window that would keep them (RFC 4303 section 3.4.3). */

/** Late packets of one SA, or of several together. */
export type Lateness = Readonly<{
  /**
   * Packets that came 2^i to 2^(i+1) - 1 behind the newest one, by i; the last entry counts those still later. `kept`
   * were authentic and taken; `dropped` were outside the window and so not authenticated: a hint, not a fact.
   */
  kept: readonly number[];
  dropped: readonly number[];
}>;

/** Up to half a million packets and more, far beyond the largest window. */
export const LATENESS_BUCKETS = 20;

/** Window sizes that can be configured. A window of 2^i keeps exactly what is in the buckets below i. */
export const REPLAY_WINDOWS: readonly number[] = [64, 128, 256, 512, 1024];

/** Counts in place, without allocating: it runs for packets. */
export class LatenessHistogram {
  readonly #kept: Float64Array;
  readonly #dropped: Float64Array;

  /** Counts in a memory of twice `LATENESS_BUCKETS` numbers, which others may count in as well. */
  constructor(memory: Float64Array = new Float64Array(2 * LATENESS_BUCKETS)) {
    this.#kept = memory.subarray(0, LATENESS_BUCKETS);
    this.#dropped = memory.subarray(LATENESS_BUCKETS, 2 * LATENESS_BUCKETS);
  }

  /** A packet came `behind` the newest one, at least 1. */
  count(behind: number, kept: boolean): void {
    const bucket = behind < 2 ** LATENESS_BUCKETS ? 31 - Math.clz32(behind) : LATENESS_BUCKETS - 1;
    const counts = kept ? this.#kept : this.#dropped;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }

  /** Undefined while every packet came in order. */
  lateness(): Lateness | undefined {
    const isAny = (counts: Float64Array): boolean => counts.some((count) => count > 0);
    return isAny(this.#kept) || isAny(this.#dropped)
      ? { kept: [...this.#kept], dropped: [...this.#dropped] }
      : undefined;
  }
}

/** Both together. */
export function addLateness(one: Lateness | undefined, other: Lateness | undefined): Lateness | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const sum = (a: readonly number[], b: readonly number[]): number[] => a.map((count, i) => count + (b[i] ?? 0));
  return { kept: sum(one.kept, other.kept), dropped: sum(one.dropped, other.dropped) };
}

export type WindowAdvice = Readonly<{
  /** Smallest window that keeps all that any window keeps. */
  window: number;
  /** Late packets that it keeps, and those that came too late for the largest one. */
  keeps: number;
  tooLateForAny: number;
}>;

export function adviseWindow({ kept, dropped }: Lateness): WindowAdvice {
  const late = kept.map((count, i) => count + (dropped[i] ?? 0));
  const largest = REPLAY_WINDOWS.at(-1) ?? 0;
  const beyond = Math.log2(largest);
  const highest = late.slice(0, beyond).findLastIndex((count) => count > 0);
  const window = REPLAY_WINDOWS.find((size) => size >= 2 ** (highest + 1)) ?? largest;
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  return { window, keeps: sum(late.slice(0, beyond)), tooLateForAny: sum(late.slice(beyond)) };
}
