import type { Instant } from '../../base/index.ts';

/** Lets `rate` things a second through, and `burst` at once after a pause. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: number | undefined;

  constructor(rate: number, burst: number) {
    this.#perMs = rate / 1000;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Takes a token if there is one. */
  take(now: Instant): boolean {
    const passed = now - (this.#filledAt ?? now);
    this.#tokens = Math.min(this.#burst, this.#tokens + passed * this.#perMs);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
