/** When SAs are replaced, when they end, and how long to wait before trying again: RFC 7296 sections 2.8 and 2.4. */
import { after, type Instant, type Random, randomFraction } from '../base/index.ts';

/** Soft and hard end of an SA's time. Lifetimes are local matter in IKEv2: the peer never learns them. */
export type Lifetime = Readonly<{ softAt: Instant; hardAt: Instant }>;

const LEAST_MARGIN_MS = 30_000;

/**
 * Soft = hard - max(30 s, 10 %), less jitter of up to as much again, so that both ends rarely rekey at once
 * (section 2.8). A lifetime too short for the margin is halved instead.
 */
export function lifetime(since: Instant, lifetimeMs: number, random: Random): Lifetime {
  const margin = Math.min(Math.max(LEAST_MARGIN_MS, lifetimeMs / 10), lifetimeMs / 2);
  const jitter = Math.min(margin, (lifetimeMs - margin) / 2) * randomFraction(random);
  return { softAt: after(since, Math.round(lifetimeMs - margin - jitter)), hardAt: after(since, lifetimeMs) };
}

/** How long packets under way may still arrive on a child SA that was replaced. */
export const LINGER_MS = 5_000;

/** How long a replaced IKE SA waits for the peer's Delete: longer than all repetitions of a request. */
export const REKEYED_LINGER_MS = 120_000;

const RETRY_SOON_MS = 2_000;
const RETRY_LATER_MS = 20_000;

/**
 * When to try a rekey again that the peer refused. TEMPORARY_FAILURE passes quickly (section 2.25), other reasons do
 * not. Up to as much again at random, so that two ends that refused each other do not meet once more.
 */
export function rekeyRetryAt(now: Instant, temporary: boolean, random: Random): Instant {
  const base = temporary ? RETRY_SOON_MS : RETRY_LATER_MS;
  return after(now, Math.round(base * (1 + randomFraction(random))));
}

const FIRST_BACK_OFF_MS = 1_000;
const LAST_BACK_OFF_MS = 30_000;

/** Wait before the next attempt after `failures` in a row: 1, 2, 4 ... 30 s, less up to a quarter at random. */
export function backOffMs(failures: number, random: Random): number {
  const base = Math.min(FIRST_BACK_OFF_MS * 2 ** Math.min(failures - 1, 10), LAST_BACK_OFF_MS);
  return Math.round(base * (1 - randomFraction(random) / 4));
}
