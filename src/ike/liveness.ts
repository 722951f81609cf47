/**
 * Dead peer detection, RFC 7296 section 2.4: an empty INFORMATIONAL request when nothing authentic was heard for a
 * while. The proof of life is any authentic IKE message or ESP packet.
 */
import { after, type Instant } from '../base/index.ts';
import type { Liveness } from './policy.ts';
import type { Schedule } from './window.ts';

/** When to look whether to ask, if nothing is heard until then; `quietUntil`: no sooner, as nothing was sent so far. */
export function livenessDueAt(
  liveness: Liveness | undefined,
  heardAt: Instant,
  quietUntil?: Instant,
): Instant | undefined {
  if (liveness === undefined) return undefined;
  const due = after(heardAt, liveness.idleMs);
  return quietUntil === undefined || quietUntil < due ? due : quietUntil;
}

/**
 * On demand one asks only when there is traffic to send and nothing comes back (RFC 7296 section 2.4). The plane tells
 * when it last sent; how soon traffic is noticed that begins after a time of rest, this says.
 */
export function nextLook({ retryMs }: Liveness, now: Instant): Instant {
  return after(now, Math.max(LEAST_LOOK_MS, retryMs));
}

const LEAST_LOOK_MS = 1_000;

/** Sendings of the question: `tries` in all and `more`, `retryMs` apart. */
export function livenessSchedule(liveness: Liveness, more = 0): Schedule {
  return Array.from({ length: Math.max(1, liveness.tries) + more }, () => liveness.retryMs);
}
