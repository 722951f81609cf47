/** The gateway's own record of what happened: bounded, newest last, each with its cause. */
import type { Instant } from '../base/index.ts';
import type { Cause } from '../ike/index.ts';
import type { GatewayLogEvent } from './event.ts';

const KEPT = 512;

/** What an event has besides its words. */
export type EventExtras = Pick<GatewayLogEvent, 'subject' | 'remote' | 'cause' | 'details'>;

export class Journal {
  readonly #events: GatewayLogEvent[] = [];
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
    this.#events.push(event);
    if (this.#events.length > 2 * KEPT) this.#events.splice(0, this.#events.length - KEPT);
    return event;
  }

  /** The events still kept, oldest first. */
  events(): readonly GatewayLogEvent[] {
    return this.#events.slice(-KEPT);
  }
}

/** A chain of causes as one sentence. */
export function causeText(cause: Cause): string {
  return cause.because === undefined ? cause.text : `${cause.text}, because ${causeText(cause.because)}`;
}
