/** The gateway's own record of what happened: bounded, newest last, each with its cause. */
import type { Instant } from '../base/index.ts';
import type { Cause } from '../ike/index.ts';
import type { GatewayLogEvent } from './event.ts';

const KEPT = 512;
/** Of what passes between others, and goes on without us: it must not drive out what happened to ourselves. */
const KEPT_OF_TRANSIT = 128;

/** What an event has besides its words. */
export type EventExtras = Pick<GatewayLogEvent, 'subject' | 'remote' | 'cause' | 'details'>;

export class Journal {
  readonly #events: GatewayLogEvent[] = [];
  readonly #transit: GatewayLogEvent[] = [];
  #count = 0;

  /** Adds an event and returns it. */
  add(
    at: Instant,
    severity: GatewayLogEvent['severity'],
    code: string,
    text: string,
    more: EventExtras = {},
  ): GatewayLogEvent {
    const event = { at, severity, code, text, number: ++this.#count, ...more };
    if (isOfTransit(event)) keep(this.#transit, event, KEPT_OF_TRANSIT);
    else keep(this.#events, event, KEPT);
    return event;
  }

  /** The events still kept, oldest first. */
  events(): readonly GatewayLogEvent[] {
    const transit = this.#transit.slice(-KEPT_OF_TRANSIT);
    if (transit.length === 0) return this.#events.slice(-KEPT);
    const all = [...this.#events.slice(-KEPT), ...transit];
    return all.sort((a, b) => (a.number ?? 0) - (b.number ?? 0));
  }
}

function isOfTransit({ details }: GatewayLogEvent): boolean {
  return details?.kind === 'connection' || details?.kind === 'transit-denied';
}

function keep(events: GatewayLogEvent[], event: GatewayLogEvent, kept: number): void {
  events.push(event);
  if (events.length > 2 * kept) events.splice(0, events.length - kept);
}

/** A chain of causes as one sentence. */
export function causeText(cause: Cause): string {
  return cause.because === undefined ? cause.text : `${cause.text}, because ${causeText(cause.because)}`;
}
