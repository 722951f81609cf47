/**
 * Dead peer detection, RFC 7296 section 2.4: an empty INFORMATIONAL request when nothing authentic was heard for a
 * while. The proof of life is any authentic IKE message or ESP packet.
 */
import { after, type Instant } from '../base/index.ts';
import type { Liveness } from './policy.ts';
import type { Schedule } from './window.ts';

/**
 * When to ask, if nothing is heard until then. IOS `on-demand` asks only when there is traffic to send; IKE does not
 * see outbound traffic here, so both modes ask after idle time, which errs on the side of finding dead peers.
 */
export function livenessDueAt(liveness: Liveness | undefined, heardAt: Instant): Instant | undefined {
  return liveness === undefined ? undefined : after(heardAt, liveness.idleMs);
}

/** Sendings of the question: `tries` in all and `more`, `retryMs` apart. */
export function livenessSchedule(liveness: Liveness, more = 0): Schedule {
  return Array.from({ length: Math.max(1, liveness.tries) + more }, () => liveness.retryMs);
}
