/** The sending half of a connection: what is out, what may follow, and when to send again. RFC 9293 section 3.8. */
import { after, EMPTY, type Instant } from '../base/index.ts';
import { Congestion } from './congestion.ts';
import { RetransmissionTimeout } from './retransmission.ts';
import { SendBuffer } from './send-buffer.ts';
import { advance, distance, isBefore } from './sequence.ts';
import { Flag, type Segment } from './wire/segment.ts';

/** A stretch of the sequence space to put into a segment. */
export type Piece = Readonly<{ sequence: number; flags: number; payload: Uint8Array }>;

/** What an acknowledgment meant. `unacceptable`: of something never sent, or long past (RFC 5961 section 5). */
export type AckOutcome = 'new' | 'lost' | 'nothing' | 'unacceptable';

/** RFC 9293 section 3.8.3 (R2): give up a segment not before 100 s. */
const GIVE_UP_MS = 100_000;

/** SYNs in all: the last wait ends 63 s after the first. Whoever wants more (BGP) connects again. */
const MAX_SYNS = 6;

export class Sender {
  /** Oldest byte not acknowledged (SND.UNA), next to send (SND.NXT), and behind the newest ever sent. */
  una: number;
  nxt: number;
  max: number;
  /** Most data in one segment, options taken off. */
  segmentSize: number;
  /** RFC 7323: what to shift the peer's window by. */
  windowShift = 0;
  /** When the retransmission (or persist) timer runs out. */
  timer: Instant | undefined;
  retransmissions = 0;
  readonly #initial: number;
  readonly #buffer = new SendBuffer();
  readonly #congestion: Congestion;
  readonly #timeout = new RetransmissionTimeout();
  /** Behind the last byte written: where the FIN goes. */
  #end: number;
  #isFinishing = false;
  #window = 0;
  #largestWindow = 0;
  #windowSequence = 0;
  #windowAcknowledgment = 0;
  /** RFC 6298 section 3: one segment at a time is timed. */
  #timedEnd = 0;
  #timedAt: Instant | undefined;
  /** First timeout since something was acknowledged. */
  #stalledAt: Instant | undefined;
  #sentAt: Instant | undefined;
  #syns = 0;

  constructor(initialSequence: number, segmentSize: number) {
    this.#initial = initialSequence;
    this.una = initialSequence;
    this.nxt = advance(initialSequence, 1);
    this.max = this.nxt;
    this.#end = this.nxt;
    this.segmentSize = segmentSize;
    this.#congestion = new Congestion(initialSequence, segmentSize);
  }

  get initialSequence(): number {
    return this.#initial;
  }

  get smoothedMs(): number | undefined {
    return this.#timeout.smoothedMs;
  }

  /** Bytes written and not acknowledged. */
  get buffered(): number {
    return this.#buffer.length;
  }

  /** Bytes (and FIN) sent and not acknowledged. */
  get outstanding(): number {
    return distance(this.una, this.max);
  }

  get isFinishing(): boolean {
    return this.#isFinishing;
  }

  get isFinAcknowledged(): boolean {
    return this.#isFinishing && this.una === advance(this.#end, 1);
  }

  write(data: Uint8Array, now: Instant): void {
    if (this.#buffer.length === 0 && this.#sentAt !== undefined && now - this.#sentAt > this.#timeout.ms) {
      this.#congestion.idle(this.segmentSize);
    }
    this.#buffer.append(data);
    this.#end = advance(this.#end, data.length);
  }

  /** No more writes: a FIN follows the last byte. */
  finish(): void {
    this.#isFinishing = true;
  }

  /** A SYN (or SYN-ACK) goes out; false: it was sent often enough. */
  startSyn(now: Instant): boolean {
    if (this.#syns >= MAX_SYNS) return false;
    if (this.#syns > 0) {
      this.#timeout.backOff();
      this.retransmissions++;
    } else this.#timedAt = now;
    this.#syns++;
    this.timer = after(now, this.#timeout.ms);
    return true;
  }

  /** Our SYN was acknowledged; `segment` brings the first window (never scaled on a SYN, RFC 7323 section 2.2). */
  synAcknowledged(segment: Segment, now: Instant): void {
    this.una = this.nxt;
    this.timer = undefined;
    if (this.#syns === 1 && this.#timedAt !== undefined) this.#timeout.sample(now - this.#timedAt);
    else this.#timeout.startAfterLostSyn();
    this.#timedAt = undefined;
    const shift = (segment.flags & Flag.SYN) === 0 ? this.windowShift : 0;
    this.#setWindow(segment, segment.window * 2 ** shift);
  }

  /** Takes in the acknowledgment and window of a segment; `lost`: send `first` again. */
  acknowledge(segment: Segment, now: Instant): AckOutcome {
    const { acknowledgment: ack, sequence, payload, flags } = segment;
    if (isBefore(this.max, ack) || distance(ack, this.una) > this.#largestWindow) return 'unacceptable';
    const window = segment.window * 2 ** this.windowShift;
    let outcome: AckOutcome = 'nothing';
    if (isBefore(this.una, ack)) outcome = this.#advance(ack, now);
    else if (ack === this.una && payload.length === 0 && (flags & Flag.FIN) === 0) {
      // RFC 5681 section 2: a duplicate also has the window of the one before, and something is out.
      if (window === this.#window && this.outstanding > 0 && window > 0) outcome = this.#duplicate();
    }
    const isNewer =
      isBefore(this.#windowSequence, sequence) ||
      (this.#windowSequence === sequence && !isBefore(ack, this.#windowAcknowledgment));
    if (isNewer && !isBefore(ack, this.una)) {
      if (this.#window === 0 && window > 0 && ack === this.una) this.#reopen();
      this.#setWindow(segment, window);
    }
    // RFC 9293 section 3.8.6.1: a peer that answers probes may keep its window shut for as long as it likes.
    if (this.#window === 0) this.#stalledAt = undefined;
    return outcome;
  }

  /** The next piece that may go out; undefined: wait. */
  next(now: Instant): Piece | undefined {
    if (this.una === this.#initial) return undefined;
    const unsent = distance(this.nxt, this.#end);
    if (unsent < 0 || (unsent === 0 && !this.#isFinishing)) return undefined;
    let length = 0;
    if (unsent > 0) {
      const inFlight = distance(this.una, this.nxt);
      const allowed = Math.min(this.#congestion.window(this.segmentSize), this.#window) - inFlight;
      length = Math.min(unsent, this.segmentSize, allowed);
      if (length <= 0) return undefined;
      // Section 3.8.6.2.1, silly window: no bits and pieces while something is out that will bring an acknowledgment.
      if (length < this.segmentSize && length < unsent && inFlight > 0) return undefined;
    }
    const piece = this.#piece(this.nxt, length);
    const end = advance(this.nxt, length + (piece.flags & Flag.FIN));
    if (isBefore(this.nxt, this.max)) this.retransmissions++;
    else if (this.#timedAt === undefined) {
      this.#timedAt = now;
      this.#timedEnd = end;
    }
    this.nxt = end;
    if (isBefore(this.max, end)) this.max = end;
    this.#sentAt = now;
    return piece;
  }

  /** The oldest segment once more (fast retransmit, partial acknowledgment). */
  first(now: Instant): Piece {
    this.#timedAt = undefined; // Karn
    this.#sentAt = now;
    this.retransmissions++;
    const sent = Math.min(this.#buffer.length, this.outstanding);
    return this.#piece(this.una, Math.min(sent, this.segmentSize));
  }

  /** Sets the timer when anything waits for an acknowledgment or for a window; stops it when nothing does. */
  arm(now: Instant): void {
    if (this.una === this.#initial) return;
    const waits = this.outstanding > 0 || this.#buffer.length > 0 || (this.#isFinishing && !this.isFinAcknowledged);
    if (!waits) this.timer = undefined;
    else this.timer ??= after(now, this.#timeout.ms);
  }

  /** The timer ran out. `probe`: send this piece; `resend`: `next` begins anew at the oldest byte. */
  expire(now: Instant): 'gave-up' | 'resend' | Piece {
    this.timer = undefined;
    this.#timedAt = undefined;
    this.#stalledAt ??= now;
    if (now - this.#stalledAt >= GIVE_UP_MS) return 'gave-up';
    if (this.#window === 0) return this.#probe(now);
    const isFirst = this.#timeout.backoffs === 0;
    this.#congestion.timeout(this.max, this.outstanding, this.segmentSize, isFirst);
    this.#timeout.backOff();
    this.nxt = this.una;
    return 'resend';
  }

  /** The path carries less: what is out was lost, though not to congestion (RFC 1191 section 6.4). */
  shrink(segmentSize: number): void {
    this.segmentSize = segmentSize;
    if (this.una === this.#initial || this.outstanding === 0) return;
    this.#congestion.idle(segmentSize);
    this.#timedAt = undefined;
    this.nxt = this.una;
    this.timer = undefined;
  }

  #advance(ack: number, now: Instant): AckOutcome {
    const acknowledged = distance(this.una, ack);
    if (this.#timedAt !== undefined && !isBefore(ack, this.#timedEnd)) {
      this.#timeout.sample(now - this.#timedAt);
      this.#timedAt = undefined;
    }
    this.#buffer.release(Math.min(acknowledged, this.#buffer.length));
    this.una = ack;
    if (isBefore(this.nxt, ack)) this.nxt = ack;
    this.#stalledAt = undefined;
    this.#timeout.relax();
    const inFlight = distance(ack, this.nxt);
    if (this.#congestion.acknowledge(acknowledged, ack, inFlight, this.segmentSize) === 'partial') {
      if (this.#congestion.isFirstPartial()) this.timer = undefined;
      return 'lost';
    }
    this.timer = undefined; // RFC 6298 section 5.3: restarts, by `arm`
    return 'new';
  }

  #duplicate(): AckOutcome {
    const answer = this.#congestion.duplicate(this.una, this.max, this.outstanding, this.segmentSize);
    return answer === 'retransmit' ? 'lost' : 'nothing';
  }

  /** Section 3.8.6.1: one byte beyond the window makes the peer say how large the window is. */
  #probe(now: Instant): Piece {
    this.#timeout.backOff();
    this.timer = after(now, this.#timeout.ms);
    const piece = this.#piece(this.una, Math.min(1, this.#buffer.length));
    const end = advance(this.una, piece.payload.length + (piece.flags & Flag.FIN));
    if (isBefore(this.nxt, end)) this.nxt = end;
    if (isBefore(this.max, end)) this.max = end;
    return piece;
  }

  /** The window opened again: the probe's byte was not taken, begin at it without waiting for the timer. */
  #reopen(): void {
    this.nxt = this.una;
    this.timer = undefined;
    this.#timedAt = undefined;
    this.#timeout.relax();
  }

  #setWindow(segment: Segment, window: number): void {
    this.#window = window;
    this.#largestWindow = Math.max(this.#largestWindow, window);
    this.#windowSequence = segment.sequence;
    this.#windowAcknowledgment = segment.acknowledgment;
  }

  #piece(sequence: number, length: number): Piece {
    const isLast = advance(sequence, length) === this.#end;
    const payload = length === 0 ? EMPTY : this.#buffer.read(distance(this.una, sequence), length);
    const flags = Flag.ACK | (isLast && length > 0 ? Flag.PSH : 0) | (isLast && this.#isFinishing ? Flag.FIN : 0);
    return { sequence, flags, payload };
  }
}
