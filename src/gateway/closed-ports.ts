/** Datagrams for ports of ours that nobody listens to: RFC 1122 section 4.1.3.1, RFC 4443 section 3.1. */
import type { Instant } from '../base/index.ts';
import { buildIcmpError, type IpHeader } from '../ip/index.ts';
import type { Context } from './context.ts';

const PORT_UNREACHABLE = { 4: 3, 6: 4 } as const;
/** RFC 1812 section 4.3.2.8: errors are limited. */
const ANSWERS_PER_SECOND = 20;
const BURST = 40;

/** How many answers may still be given. */
export class ClosedPorts {
  #tokens = BURST;
  #filledAt: number | undefined;

  /** Whether one more may be answered. */
  take(now: Instant): boolean {
    const passedMs = now - (this.#filledAt ?? now);
    this.#filledAt = now;
    this.#tokens = Math.min(BURST, this.#tokens + (passedMs * ANSWERS_PER_SECOND) / 1000);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

/** Tells who sent it, as the last hop of a traceroute does. */
export function refuseDatagram(context: Context, vrf: string, header: IpHeader, packet: Uint8Array): void {
  const { destination: source, family } = header;
  const error = buildIcmpError({ source, kind: 'unreachable', code: PORT_UNREACHABLE[family], offending: packet });
  if (error === undefined || !context.closedPorts.take(context.now)) return;
  context.command({ kind: 'inject', vrf, packet: error });
}
