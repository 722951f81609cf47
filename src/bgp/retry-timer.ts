/**
 * When to connect next. We differ from RFC 4271 section 8 in the waits: attempts repeat after some seconds instead of
 * two minutes, and after an error the way back to Connect takes a second, doubled each time the session does not last.
 */
import { after, type Instant, type Random, randomFraction } from '../base/index.ts';

/** ConnectRetryTimer; jitter makes it 5 to 7 seconds. */
const CONNECT_RETRY_MS = 7000;
const FIRST_CONNECT_MS = 250;
const BACK_OFF_MS = 1500;
const BACK_OFF_LIMIT_MS = 30_000;
/** A session that lasted this long owes nothing for earlier failures. */
const STABLE_MS = 30_000;

export class RetryTimer {
  readonly #random: Random;
  #at: Instant | undefined;
  #isBackingOff = false;
  #failures = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get at(): Instant | undefined {
    return this.#at;
  }

  /** Whether it runs because of an error: the FSM is in Idle then, else in Active. */
  get isBackingOff(): boolean {
    return this.#isBackingOff;
  }

  /** There is reason to connect, and nothing speaks against doing so now. */
  soon(now: Instant): void {
    this.#start(FIRST_CONNECT_MS, now);
  }

  /** The neighbour could not be reached. */
  afterAttempt(now: Instant): void {
    this.#start(CONNECT_RETRY_MS, now);
  }

  /** A connection ended in an error or by the neighbour's will. */
  afterError(now: Instant): void {
    this.#start(Math.min(BACK_OFF_MS * 2 ** this.#failures, BACK_OFF_LIMIT_MS), now);
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#isBackingOff = true;
  }

  stop(): void {
    this.#at = undefined;
    this.#isBackingOff = false;
  }

  /** Stops when it is due, and says so. */
  expires(now: Instant): boolean {
    if (this.#at === undefined || this.#at > now) return false;
    this.stop();
    return true;
  }

  /** A session ended after this long. */
  lasted(ms: number): void {
    if (ms >= STABLE_MS) this.forgive();
  }

  forgive(): void {
    this.#failures = 0;
  }

  /** RFC 4271 section 10: timers run 0.75 to 1.0 of their value. */
  jitter(): number {
    return 0.75 + 0.25 * randomFraction(this.#random);
  }

  #start(ms: number, now: Instant): void {
    this.#at = after(now, Math.round(ms * this.jitter()));
  }
}
