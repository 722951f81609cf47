/**
 * One connection: the state machine of RFC 9293 section 3.3.2, hardened by RFC 5961.
 *
 *     connect: SYN-SENT ----SYN-ACK----> ESTABLISHED --close--> FIN-WAIT-1 --ACK--> FIN-WAIT-2 --FIN--> TIME-WAIT
 *        SYN |                              ^    | FIN             | FIN                                    ^
 *            v                              |    v                 v                                        |
 *     SYN: SYN-RECEIVED --------ACK---------+  CLOSE-WAIT       CLOSING ------------------ACK---------------+
 *                                                | close
 *                                                v
 *                                              LAST-ACK --ACK--> CLOSED
 */
import { after, EMPTY, type Endpoint, earlier, type Instant, type IpAddress, type SecretKey } from '../base/index.ts';
import type { ConnectionId, TcpConnectionSnapshot, TcpEffect } from './contract.ts';
import type { Counters } from './counters.ts';
import { RECEIVE_WINDOW, Receiver } from './receiver.ts';
import { type Piece, Sender } from './sender.ts';
import { advance, isBefore } from './sequence.ts';
import { encodeSegment, Flag, HEADER_LENGTH, MD5_LENGTH, type Segment } from './wire/segment.ts';

export type ConnectionState =
  | 'SYN-SENT'
  | 'SYN-RECEIVED'
  | 'ESTABLISHED'
  | 'FIN-WAIT-1'
  | 'FIN-WAIT-2'
  | 'CLOSE-WAIT'
  | 'CLOSING'
  | 'LAST-ACK'
  | 'TIME-WAIT'
  | 'CLOSED';

export type CloseReason = Extract<TcpEffect, { kind: 'closed' }>['reason'];

/** A remote address, with the key that all its segments are signed with. */
export type Peer = { readonly address: IpAddress; key: SecretKey | undefined };

export type ConnectionOptions = Readonly<{
  id: ConnectionId;
  local: Endpoint;
  remotePort: number;
  peer: Peer;
  mss: number;
  ttl: number | undefined;
  initialSequence: number;
  counters: Counters;
}>;

/** With more than this written and not acknowledged a writer should wait for `drained`. */
export const HIGH_WATER_BYTES = 64 * 1024;
const LOW_WATER_BYTES = 16 * 1024;

/**
 * RFC 9293 section 3.4.2 asks for 2 MSL, four minutes. Tunnels do not hold packets for minutes, and a lab or a hub
 * would keep thousands of dead connections: 2 s outlast the retransmissions of the peer's FIN at any sane round trip.
 * Initial sequence numbers and ports are random, so an old segment does not fit a new connection.
 */
const TIME_WAIT_MS = 2_000;

/** A peer that never closes its half: RFC 9293 waits for ever, we (as most) for a minute. */
const FIN_WAIT_2_MS = 60_000;

/** RFC 5961 section 7: challenge ACKs are limited, for each connection alone so that nobody can measure others by it. */
const CHALLENGE_INTERVAL_MS = 500;

/** RFC 9293 section 3.7.1: what a peer takes that says nothing. */
const DEFAULT_MSS = { 4: 536, 6: 1220 } as const;

/** A peer that asks for smaller segments wants to waste our time. */
const SMALLEST_MSS = 88;

/** RFC 7323 section 2.3. */
const MAX_WINDOW_SHIFT = 14;

export class Connection {
  readonly id: ConnectionId;
  readonly local: Endpoint;
  readonly remotePort: number;
  readonly peer: Peer;
  readonly #ttl: number | undefined;
  readonly #counters: Counters;
  readonly #sender: Sender;
  readonly #announcedMss: number;
  #receiver: Receiver | undefined;
  #state: ConnectionState = 'CLOSED';
  #mss: number;
  /** We called; the effect is `connected`, not `accepted`. */
  #isActive = false;
  /** The gateway knows of it and must hear of its end. */
  #isKnown = false;
  #isAbove = false;
  #offersScale = true;
  /** End of TIME-WAIT, or of patience in FIN-WAIT-2. */
  #expiresAt: Instant | undefined;
  #challengedAt: Instant | undefined;

  constructor(options: ConnectionOptions) {
    this.id = options.id;
    this.local = options.local;
    this.remotePort = options.remotePort;
    this.peer = options.peer;
    this.#ttl = options.ttl;
    this.#counters = options.counters;
    this.#announcedMss = options.mss;
    this.#mss = options.mss;
    this.#sender = new Sender(options.initialSequence, this.#segmentSize());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get wakeAt(): Instant | undefined {
    return earlier(earlier(this.#sender.timer, this.#receiver?.ackAt), this.#expiresAt);
  }

  /** Active open. */
  open(now: Instant, out: TcpEffect[]): void {
    this.#isActive = true;
    this.#isKnown = true;
    this.#state = 'SYN-SENT';
    this.#sendSyn(now, out);
  }

  /** Passive open by a SYN. */
  answer(syn: Segment, now: Instant, out: TcpEffect[]): void {
    this.#adopt(syn);
    this.#state = 'SYN-RECEIVED';
    this.#sendSyn(now, out);
  }

  /** Whether a SYN may begin a new connection in place of this one, RFC 9293 section 3.10.7.4 (TIME-WAIT). */
  yieldsTo(syn: Segment): boolean {
    return (
      this.#state === 'TIME-WAIT' &&
      (syn.flags & (Flag.SYN | Flag.ACK | Flag.RST)) === Flag.SYN &&
      isBefore(this.#receiver?.next ?? syn.sequence, syn.sequence)
    );
  }

  write(data: Uint8Array, now: Instant, out: TcpEffect[]): void {
    if (this.#sender.isFinishing || this.#state === 'CLOSED' || this.#state === 'TIME-WAIT') return;
    this.#sender.write(data, now);
    if (this.#sender.buffered > HIGH_WATER_BYTES) this.#isAbove = true;
    this.#flush(now, out);
  }

  /**
   * RFC 9293 section 3.10.4, but for SYN-SENT: there it drops what was written before; we deliver that first, so that
   * a writer need not wait for `connected`.
   */
  close(now: Instant, out: TcpEffect[]): void {
    if (this.#state === 'SYN-SENT' && this.#sender.buffered === 0) {
      this.#end('aborted', out);
      return;
    }
    this.#sender.finish();
    if (this.#state === 'ESTABLISHED') this.#state = 'FIN-WAIT-1';
    else if (this.#state === 'CLOSE-WAIT') this.#state = 'LAST-ACK';
    this.#flush(now, out);
  }

  /** RFC 9293 section 3.10.5. */
  abort(out: TcpEffect[]): void {
    if (this.#state !== 'SYN-SENT' && this.#state !== 'TIME-WAIT' && this.#state !== 'CLOSED') {
      this.#counters.resetsSent++;
      this.#send({ sequence: this.#sender.max, flags: Flag.RST | Flag.ACK, payload: EMPTY }, out);
    }
    this.#end('aborted', out);
  }

  segment(segment: Segment, now: Instant, out: TcpEffect[]): void {
    const receiver = this.#receiver;
    if (receiver === undefined) this.#inSynSent(segment, now, out);
    else this.#inOtherStates(segment, receiver, now, out);
    this.#flush(now, out);
  }

  tick(now: Instant, out: TcpEffect[]): void {
    if (this.#expiresAt !== undefined && now >= this.#expiresAt) {
      this.#end('finished', out);
      return;
    }
    const receiver = this.#receiver;
    if (receiver?.ackAt !== undefined && now >= receiver.ackAt) receiver.isAckDue = true;
    if (this.#sender.timer !== undefined && now >= this.#sender.timer) this.#expireSender(now, out);
    this.#flush(now, out);
  }

  /** Whether a segment with these ports and this sequence number is under way, not acknowledged yet. */
  hasSent({
    localPort,
    remotePort,
    sequence,
  }: Readonly<{ localPort: number; remotePort: number; sequence: number }>): boolean {
    const { una, max } = this.#sender;
    const isOurs = localPort === this.local.port && remotePort === this.remotePort;
    return isOurs && !isBefore(sequence, una) && isBefore(sequence, max);
  }

  /** The path carries packets of `size` bytes after the IP header at most. */
  shrink(size: number, now: Instant, out: TcpEffect[]): void {
    const mss = Math.max(SMALLEST_MSS, size - HEADER_LENGTH);
    if (mss >= this.#mss) return;
    this.#mss = mss;
    this.#sender.shrink(this.#segmentSize());
    this.#flush(now, out);
  }

  snapshot(): TcpConnectionSnapshot {
    const sender = this.#sender;
    const rttMs = sender.smoothedMs;
    const isOpen = this.#state !== 'SYN-SENT' && this.#state !== 'SYN-RECEIVED';
    const unacknowledged = isOpen ? Math.min(sender.outstanding, sender.buffered) : 0;
    return {
      connection: this.id,
      state: this.#state,
      local: this.local,
      remote: { address: this.peer.address, port: this.remotePort },
      mss: this.#segmentSize(),
      ...(rttMs === undefined ? {} : { rttMs }),
      retransmissions: sender.retransmissions,
      unacknowledged,
      queued: sender.buffered - unacknowledged,
    };
  }

  /** RFC 9293 section 3.10.7.3. */
  #inSynSent(segment: Segment, now: Instant, out: TcpEffect[]): void {
    const { flags } = segment;
    const hasAck = (flags & Flag.ACK) !== 0;
    if (hasAck && segment.acknowledgment !== this.#sender.nxt) {
      this.#counters.unacceptable++;
      if ((flags & Flag.RST) === 0) this.#reset(segment.acknowledgment, out);
      return;
    }
    if ((flags & Flag.RST) !== 0) {
      if (!hasAck) return;
      this.#counters.resetsReceived++;
      this.#end('refused', out);
      return;
    }
    if ((flags & Flag.SYN) === 0) return;
    const receiver = this.#adopt(segment);
    if (!hasAck) {
      // Both called at once: answer their SYN and wait for the answer to ours.
      this.#state = 'SYN-RECEIVED';
      this.#send({ sequence: this.#sender.initialSequence, flags: Flag.SYN | Flag.ACK, payload: EMPTY }, out);
      return;
    }
    this.#establish(segment, now, out);
    receiver.isAckDue = true;
    const { payload } = segment;
    if (payload.length > 0 || (flags & Flag.FIN) !== 0) {
      this.#receive({ ...segment, sequence: receiver.next, flags: flags & ~Flag.SYN }, receiver, now, out);
    }
  }

  /** RFC 9293 section 3.10.7.4, in its order of checks. */
  #inOtherStates(given: Segment, receiver: Receiver, now: Instant, out: TcpEffect[]): void {
    let segment = given;
    if (this.#state === 'SYN-RECEIVED' && (segment.flags & Flag.SYN) !== 0) {
      const isSame = advance(segment.sequence, 1) === receiver.next;
      if (isSame && (segment.flags & (Flag.ACK | Flag.RST)) === 0) {
        // The SYN once more: our answer was lost.
        this.#send({ sequence: this.#sender.initialSequence, flags: Flag.SYN | Flag.ACK, payload: EMPTY }, out);
        return;
      }
      // Simultaneous open: the SYN we know carries the acknowledgment of ours.
      if (isSame) segment = { ...segment, sequence: receiver.next, flags: segment.flags & ~Flag.SYN };
    }
    const { flags } = segment;
    if (!receiver.isAcceptable(segment)) {
      this.#counters.unacceptable++;
      if ((flags & Flag.RST) !== 0) return;
      if (this.#state === 'TIME-WAIT') this.#expiresAt = after(now, TIME_WAIT_MS);
      // Data again means that our acknowledgment was lost; a bare one might come from an endless exchange of these.
      if (segment.payload.length > 0 || (flags & Flag.FIN) !== 0) receiver.isAckDue = true;
      else this.#challenge(receiver, now);
      return;
    }
    if ((flags & Flag.RST) !== 0) {
      this.#onReset(segment, receiver, now, out);
      return;
    }
    // RFC 5961 section 4: a SYN inside a connection, wherever it lies, is asked back. A peer that did restart answers RST.
    if ((flags & Flag.SYN) !== 0) {
      this.#challenge(receiver, now);
      return;
    }
    if ((flags & Flag.ACK) === 0) return;
    if (this.#state === 'SYN-RECEIVED') {
      if (segment.acknowledgment !== this.#sender.nxt) {
        this.#counters.unacceptable++;
        this.#reset(segment.acknowledgment, out);
        return;
      }
      this.#establish(given, now, out);
    } else if (!this.#onAcknowledgment(segment, receiver, now, out)) return;
    if (segment.payload.length > 0 || (flags & Flag.FIN) !== 0) this.#receive(segment, receiver, now, out);
  }

  /** RFC 5961 section 3.2: only a RST at exactly the next byte counts; others in the window are asked back. */
  #onReset(segment: Segment, receiver: Receiver, now: Instant, out: TcpEffect[]): void {
    if (segment.sequence !== receiver.next) {
      this.#challenge(receiver, now);
      return;
    }
    if (this.#state === 'TIME-WAIT') return; // RFC 1337: it only cuts the wait short
    this.#counters.resetsReceived++;
    this.#end(this.#state === 'SYN-RECEIVED' ? 'refused' : 'reset', out);
  }

  /** Fifth check. Says whether the segment goes on to the data. */
  #onAcknowledgment(segment: Segment, receiver: Receiver, now: Instant, out: TcpEffect[]): boolean {
    const before = this.#sender.buffered;
    const outcome = this.#sender.acknowledge(segment, now);
    if (outcome === 'unacceptable') {
      this.#counters.unacceptable++;
      this.#challenge(receiver, now);
      return false;
    }
    if (outcome === 'lost') this.#send(this.#sender.first(now), out);
    this.#tellDrained(before, out);
    if (!this.#sender.isFinAcknowledged) return true;
    if (this.#state === 'FIN-WAIT-1') {
      this.#state = 'FIN-WAIT-2';
      this.#expiresAt = after(now, FIN_WAIT_2_MS);
    } else if (this.#state === 'CLOSING') this.#waitAndForget(now, out);
    else if (this.#state === 'LAST-ACK') this.#end('finished', out);
    return this.#state !== 'CLOSED';
  }

  /** Seventh and eighth check. */
  #receive(segment: Segment, receiver: Receiver, now: Instant, out: TcpEffect[]): void {
    const wasFinished = receiver.isFinished;
    receiver.receive(segment, this.id, now, out);
    if (wasFinished) {
      if (this.#state === 'TIME-WAIT') this.#expiresAt = after(now, TIME_WAIT_MS);
      return;
    }
    if (!receiver.isFinished) return;
    out.push({ kind: 'end', connection: this.id });
    if (this.#state === 'ESTABLISHED') this.#state = 'CLOSE-WAIT';
    else if (this.#state === 'FIN-WAIT-1') this.#state = 'CLOSING';
    else if (this.#state === 'FIN-WAIT-2') this.#waitAndForget(now, out);
  }

  #establish(segment: Segment, now: Instant, out: TcpEffect[]): void {
    this.#sender.synAcknowledged(segment, now);
    this.#isKnown = true;
    this.#state = this.#sender.isFinishing ? 'FIN-WAIT-1' : 'ESTABLISHED';
    const remote = { address: this.peer.address, port: this.remotePort };
    const kind = this.#isActive ? 'connected' : 'accepted';
    out.push({ kind, connection: this.id, local: this.local, remote });
  }

  /** Takes over what the peer's SYN says. */
  #adopt(syn: Segment): Receiver {
    const theirs = syn.mss ?? DEFAULT_MSS[this.peer.address.family];
    this.#mss = Math.max(SMALLEST_MSS, Math.min(this.#mss, theirs));
    this.#offersScale = syn.windowScale !== undefined;
    this.#sender.windowShift = Math.min(syn.windowScale ?? 0, MAX_WINDOW_SHIFT);
    const receiver = new Receiver(advance(syn.sequence, 1));
    this.#receiver = receiver;
    return receiver;
  }

  #expireSender(now: Instant, out: TcpEffect[]): void {
    if (this.#state === 'SYN-SENT' || this.#state === 'SYN-RECEIVED') {
      this.#sendSyn(now, out);
      return;
    }
    const outcome = this.#sender.expire(now);
    if (outcome === 'gave-up') this.#end('timed-out', out);
    else if (outcome !== 'resend') this.#send(outcome, out);
  }

  #sendSyn(now: Instant, out: TcpEffect[]): void {
    if (!this.#sender.startSyn(now)) {
      this.#end('timed-out', out);
      return;
    }
    const flags = this.#receiver === undefined ? Flag.SYN : Flag.SYN | Flag.ACK;
    this.#send({ sequence: this.#sender.initialSequence, flags, payload: EMPTY }, out);
  }

  /** Sends what may go, then a bare acknowledgment if one is due and nothing carried it. */
  #flush(now: Instant, out: TcpEffect[]): void {
    const receiver = this.#receiver;
    if (receiver === undefined || this.#state === 'CLOSED') return;
    this.#sender.segmentSize = this.#segmentSize();
    for (;;) {
      const piece = this.#sender.next(now);
      if (piece === undefined) break;
      this.#send(piece, out);
    }
    this.#sender.arm(now);
    if (receiver.isAckDue) this.#send({ sequence: this.#sender.nxt, flags: Flag.ACK, payload: EMPTY }, out);
  }

  #send(piece: Piece, out: TcpEffect[]): void {
    const receiver = this.#receiver;
    const isSyn = (piece.flags & Flag.SYN) !== 0;
    this.#counters.segmentsSent++;
    const segment: Segment = {
      sourcePort: this.local.port,
      destinationPort: this.remotePort,
      sequence: piece.sequence,
      acknowledgment: (piece.flags & Flag.ACK) === 0 ? 0 : (receiver?.next ?? 0),
      flags: piece.flags,
      window: RECEIVE_WINDOW,
      ...(isSyn ? { mss: this.#announcedMss } : {}),
      // Shift 0: our window needs none, but offering it lets the peer scale his (RFC 7323 section 1.3).
      ...(isSyn && this.#offersScale ? { windowScale: 0 } : {}),
      payload: piece.payload,
    };
    this.#emit(segment, out);
    receiver?.acknowledged();
  }

  /** A reset for an acknowledgment of something we never sent. */
  #reset(sequence: number, out: TcpEffect[]): void {
    this.#counters.resetsSent++;
    const ports = { sourcePort: this.local.port, destinationPort: this.remotePort };
    this.#emit({ ...ports, sequence, acknowledgment: 0, flags: Flag.RST, window: 0, payload: EMPTY }, out);
  }

  #emit(segment: Segment, out: TcpEffect[]): void {
    const local = this.local.address;
    const remote = this.peer.address;
    const bytes = encodeSegment(segment, local, remote, this.peer.key);
    const ttl = this.#ttl;
    out.push({ kind: 'send', local, remote, segment: bytes, ...(ttl === undefined ? {} : { ttl }) });
  }

  #challenge(receiver: Receiver, now: Instant): void {
    if (this.#challengedAt !== undefined && now - this.#challengedAt < CHALLENGE_INTERVAL_MS) return;
    this.#challengedAt = now;
    this.#counters.challengeAcks++;
    receiver.isAckDue = true;
  }

  #tellDrained(before: number, out: TcpEffect[]): void {
    const { buffered } = this.#sender;
    const isEmptied = before > 0 && buffered === 0;
    if (!isEmptied && !(this.#isAbove && buffered <= LOW_WATER_BYTES)) return;
    this.#isAbove = false;
    out.push({ kind: 'drained', connection: this.id });
  }

  #waitAndForget(now: Instant, out: TcpEffect[]): void {
    this.#state = 'TIME-WAIT';
    this.#expiresAt = after(now, TIME_WAIT_MS);
    // For the gateway it is over; the wait is our own affair.
    this.#tellClosed('finished', out);
  }

  #end(reason: CloseReason, out: TcpEffect[]): void {
    this.#state = 'CLOSED';
    this.#tellClosed(reason, out);
  }

  #tellClosed(reason: CloseReason, out: TcpEffect[]): void {
    if (this.#isKnown) out.push({ kind: 'closed', connection: this.id, reason });
    this.#isKnown = false;
  }

  /** RFC 9293 section 3.7.1: options come off the segment size. */
  #segmentSize(): number {
    return this.peer.key === undefined ? this.#mss : this.#mss - MD5_LENGTH;
  }
}
