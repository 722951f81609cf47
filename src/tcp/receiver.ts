/** The receiving half of a connection: what came in order, what waits for a gap, and when to acknowledge. */
import { after, type Instant } from '../base/index.ts';
import type { ConnectionId, TcpEffect } from './contract.ts';
import { ReassemblyQueue } from './reassembly.ts';
import { advance, distance, isBefore } from './sequence.ts';
import { Flag, type Segment, sequenceLength } from './wire/segment.ts';

/**
 * The window we always offer. What comes in order is handed on at once, so nothing ever narrows it; it bounds what one
 * connection can make us keep.
 */
export const RECEIVE_WINDOW = 0xffff;

/** RFC 9293 section 3.8.6.3 allows 500 ms. 40 ms stays well below anybody's retransmission timeout. */
const DELAYED_ACK_MS = 40;

export class Receiver {
  /** Next byte expected (RCV.NXT). */
  next: number;
  /** An acknowledgment is due now. */
  isAckDue = false;
  /** When one is due at the latest. */
  ackAt: Instant | undefined;
  #finAt: number | undefined;
  #isFinished = false;
  #unacknowledged = 0;
  #queue: ReassemblyQueue | undefined;

  constructor(next: number) {
    this.next = next;
  }

  /** The peer's FIN and everything before it has arrived. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** RFC 9293 section 3.10.7.4, first check, for a window that is never zero. */
  isAcceptable(segment: Segment): boolean {
    const length = sequenceLength(segment);
    const start = distance(this.next, segment.sequence);
    const end = start + Math.max(0, length - 1);
    return (start >= 0 && start < RECEIVE_WINDOW) || (end >= 0 && end < RECEIVE_WINDOW && start < 0);
  }

  /** Takes in data and FIN of an acceptable segment; hands on what is in order. */
  receive(segment: Segment, connection: ConnectionId, now: Instant, out: TcpEffect[]): void {
    if (this.#isFinished) {
      this.isAckDue = true; // only what we have already: the acknowledgment was lost
      return;
    }
    let { sequence, payload } = segment;
    let hasFin = (segment.flags & Flag.FIN) !== 0;
    const known = distance(sequence, this.next);
    if (known > 0) {
      payload = payload.subarray(Math.min(known, payload.length));
      sequence = this.next;
      this.isAckDue = true;
    }
    const room = RECEIVE_WINDOW - distance(this.next, sequence);
    if (payload.length > room) {
      payload = payload.subarray(0, room);
      hasFin = false;
    }
    if (hasFin) this.#finAt ??= advance(sequence, payload.length);
    if (payload.length > 0) {
      if (sequence === this.next) this.#deliver(payload, connection, now, out);
      else {
        this.#queue ??= new ReassemblyQueue();
        this.#queue.add(sequence, payload);
        this.isAckDue = true; // RFC 5681 section 4.2: duplicates tell the sender of the gap
      }
    }
    if (this.#finAt === undefined) return;
    this.isAckDue = true;
    if (isBefore(this.next, this.#finAt)) return;
    this.next = advance(this.next, 1);
    this.#isFinished = true;
    this.#queue = undefined;
  }

  /** A segment with our acknowledgment went out. */
  acknowledged(): void {
    this.isAckDue = false;
    this.ackAt = undefined;
    this.#unacknowledged = 0;
  }

  #deliver(payload: Uint8Array, connection: ConnectionId, now: Instant, out: TcpEffect[]): void {
    out.push({ kind: 'data', connection, data: payload });
    this.next = advance(this.next, payload.length);
    const queue = this.#queue;
    if (queue === undefined) {
      // Every second segment at once, a single one after a moment.
      if (++this.#unacknowledged >= 2) this.isAckDue = true;
      else this.ackAt ??= after(now, DELAYED_ACK_MS);
      return;
    }
    this.isAckDue = true;
    for (;;) {
      const data = queue.take(this.next);
      if (data === undefined) break;
      out.push({ kind: 'data', connection, data });
      this.next = advance(this.next, data.length);
    }
    if (queue.isEmpty) this.#queue = undefined;
  }
}
