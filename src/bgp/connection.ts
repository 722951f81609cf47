/** One TCP connection of a session: its place in the FSM, its timers, and its stream both ways. */
import { after, type Endpoint, earlier, type Instant } from '../base/index.ts';
import type { BgpEffect, TransportId } from './events.ts';
import type { Negotiated } from './negotiation.ts';
import type { Messages } from './update-batch.ts';
import { Framer, KEEPALIVE } from './wire/framing.ts';

/** RFC 4271 section 8.2.2, from Connect on. */
export type ConnectionState = 'connecting' | 'open-sent' | 'open-confirm' | 'established';

/** The RFC's names of the states. */
export const STATE_NAMES = {
  connecting: 'Connect',
  'open-sent': 'OpenSent',
  'open-confirm': 'OpenConfirm',
  established: 'Established',
} as const;

/** What a message is that does not belong into a state, RFC 6608. */
export const UNEXPECTED_IN = {
  connecting: 'unexpected-in-open-sent',
  'open-sent': 'unexpected-in-open-sent',
  'open-confirm': 'unexpected-in-open-confirm',
  established: 'unexpected-in-established',
} as const;

const PROGRESS: readonly ConnectionState[] = ['connecting', 'open-sent', 'open-confirm', 'established'];

/** Bytes of UPDATEs given to the transport before we wait for it to drain. */
const HIGH_WATER_BYTES = 1 << 20;
/** The transport may have drained without our noticing (it says so only past its own mark): then go on after this. */
const STALL_MS = 1000;
/** Hold time until the OPEN has come: "a large value", RFC 4271 section 8.2.2. */
const OPEN_HOLD_MS = 240_000;

export class Connection {
  readonly transport: TransportId;
  readonly direction: 'in' | 'out';
  readonly framer = new Framer();
  state: ConnectionState = 'connecting';
  local: Endpoint | undefined;
  negotiated: Negotiated | undefined;
  /** HoldTimer; while connecting: our patience with TCP. */
  deadline: Instant | undefined;
  keepaliveAt: Instant | undefined;
  readonly #emit: (effect: BgpEffect) => void;
  readonly #queue: Uint8Array[] = [];
  #written = 0;
  #resumeAt: Instant | undefined;

  constructor(transport: TransportId, direction: 'in' | 'out', emit: (effect: BgpEffect) => void) {
    this.transport = transport;
    this.direction = direction;
    this.#emit = emit;
  }

  /** Both ends have accepted an OPEN on it. */
  get isAgreed(): boolean {
    return this.state === 'open-confirm' || this.state === 'established';
  }

  /** Parts of UPDATEs that wait for the transport to drain. */
  get queued(): number {
    return this.#queue.length;
  }

  wakeAt(): Instant | undefined {
    return earlier(earlier(this.deadline, this.keepaliveAt), this.#resumeAt);
  }

  /** TCP is up. */
  attached(local: Endpoint): void {
    this.local = local;
  }

  /** Our OPEN goes out. */
  opened(open: Uint8Array, now: Instant): void {
    this.state = 'open-sent';
    this.deadline = after(now, OPEN_HOLD_MS);
    this.send(open);
  }

  /** The neighbour's OPEN was accepted: answer with a KEEPALIVE. */
  confirmed(negotiated: Negotiated, now: Instant, jitter: number): void {
    this.negotiated = negotiated;
    this.state = 'open-confirm';
    this.heard(now);
    this.sendKeepalive(now, jitter);
  }

  /** Anything that restarts the HoldTimer: RFC 4271 section 8.2.2, KEEPALIVE and UPDATE. */
  heard(now: Instant): void {
    const hold = this.negotiated?.holdMs ?? 0;
    this.deadline = hold === 0 ? undefined : after(now, hold);
  }

  sendKeepalive(now: Instant, jitter: number): void {
    this.send(KEEPALIVE);
    this.#restartKeepalive(now, jitter);
  }

  send(data: Uint8Array): void {
    this.#emit({ kind: 'send', transport: this.transport, data });
  }

  /** Writes UPDATEs, or keeps them until the transport has drained. */
  sendUpdates(messages: Messages, now: Instant): void {
    for (const part of messages.parts) {
      if (this.#queue.length > 0 || this.#written > HIGH_WATER_BYTES) {
        if (this.#queue.length === 0) this.#resumeAt = after(now, STALL_MS);
        this.#queue.push(part);
      } else this.#write(part);
    }
  }

  /** The transport has taken all: the next ones may go. */
  drained(now: Instant): void {
    this.#written = 0;
    this.#resumeAt = undefined;
    const waiting = this.#queue.splice(0);
    this.sendUpdates({ parts: waiting, count: 0 }, now);
  }

  /** Lets the queue move on when the transport has been silent for long. */
  resumeIfDue(now: Instant): void {
    if (this.#resumeAt !== undefined && this.#resumeAt <= now) this.drained(now);
  }

  #write(part: Uint8Array): void {
    this.#written += part.length;
    this.send(part);
  }

  #restartKeepalive(now: Instant, jitter: number): void {
    const interval = this.negotiated?.keepaliveMs ?? 0;
    this.keepaliveAt = interval === 0 ? undefined : after(now, interval * jitter);
  }
}

/** The one that is nearest to a session. */
export function furthestOf(connections: readonly Connection[]): Connection | undefined {
  return connections.toSorted((a, b) => PROGRESS.indexOf(b.state) - PROGRESS.indexOf(a.state))[0];
}
