/** When to send again: round-trip estimation and the retransmission timeout, RFC 6298. */

/** Until a round trip was measured (section 2.1). */
export const INITIAL_RTO_MS = 1_000;

/**
 * Section 2.4 asks for 1 s at least. We take 200 ms, as Linux does: across a tunnel a lost segment would otherwise
 * cost a BGP session a whole second, and our own delayed ACKs (40 ms) stay well below.
 */
export const MIN_RTO_MS = 200;

/** Section 2.5: an upper bound must be 60 s or more. */
export const MAX_RTO_MS = 60_000;

/** Section 5.7: the timeout for data after the SYN itself had to be sent again. */
const RTO_AFTER_LOST_SYN_MS = 3_000;

/** The state of one connection's timeout. */
export class RetransmissionTimeout {
  #smoothed: number | undefined;
  #variation = 0;
  #base = INITIAL_RTO_MS;
  #backoff = 0;

  /** Smoothed round trip; undefined before the first sample. */
  get smoothedMs(): number | undefined {
    return this.#smoothed;
  }

  /** The timeout as it stands, back-off included. */
  get ms(): number {
    return Math.min(MAX_RTO_MS, this.#base * 2 ** this.#backoff);
  }

  /** How often it doubled since something was acknowledged. */
  get backoffs(): number {
    return this.#backoff;
  }

  /** A round trip, never one of a segment that was sent twice (Karn's algorithm, section 3). */
  sample(ms: number): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = ms;
      this.#variation = ms / 2;
    } else {
      this.#variation += (Math.abs(this.#smoothed - ms) - this.#variation) / 4;
      this.#smoothed += (ms - this.#smoothed) / 8;
    }
    // The clock's granularity is 1 ms.
    const timeout = this.#smoothed + Math.max(1, 4 * this.#variation);
    this.#base = Math.min(MAX_RTO_MS, Math.max(MIN_RTO_MS, timeout));
    this.#backoff = 0;
  }

  /** Section 5.5: the timer ran out. */
  backOff(): void {
    if (this.#backoff < 16) this.#backoff++;
  }

  /**
   * Something new was acknowledged. RFC 6298 keeps the doubled timeout until the next sample; like most stacks we fall
   * back at once, because the path has just shown that it works.
   */
  relax(): void {
    this.#backoff = 0;
  }

  /** The SYN was sent more than once, so nothing was measured. */
  startAfterLostSyn(): void {
    this.#base = RTO_AFTER_LOST_SYN_MS;
    this.#backoff = 0;
  }
}
