/** How much may be on its way: slow start, congestion avoidance (RFC 5681) and NewReno recovery (RFC 6582). */
import { advance, isBefore } from './sequence.ts';

/** RFC 6928: ten segments to begin with. */
const INITIAL_SEGMENTS = 10;

/** RFC 5681 section 3.2: so many duplicates mean a loss, not reordering. */
const DUPLICATE_THRESHOLD = 3;

/** What the connection does about a duplicate acknowledgment. */
export type DuplicateAnswer = 'retransmit' | 'send-more';

/** Congestion state of one connection. All sizes in bytes. */
export class Congestion {
  #window: number;
  #threshold = Number.MAX_SAFE_INTEGER;
  #duplicates = 0;
  #isRecovering = false;
  #hadPartial = false;
  /** RFC 6582 `recover`: what was sent when the last loss was noticed. */
  #recover: number;

  constructor(initialSequence: number, segmentSize: number) {
    this.#recover = initialSequence;
    this.#window = INITIAL_SEGMENTS * segmentSize;
  }

  /** Congestion window, with RFC 3042's two extra segments for the first two duplicates. */
  window(segmentSize: number): number {
    const limitedTransmit = this.#isRecovering ? 0 : Math.min(this.#duplicates, 2) * segmentSize;
    return this.#window + limitedTransmit;
  }

  /** RFC 5681 section 4.1: after idling for longer than a timeout the old window means nothing. */
  idle(segmentSize: number): void {
    this.#window = Math.min(this.#window, INITIAL_SEGMENTS * segmentSize);
  }

  /**
   * `acknowledged` new bytes, up to `una`; `inFlight` are still out. Says whether the acknowledgment was partial: the
   * segment at `una` is lost too and must be sent again (RFC 6582 section 3.2, step 3).
   */
  acknowledge(acknowledged: number, una: number, inFlight: number, segmentSize: number): 'partial' | 'full' {
    this.#duplicates = 0;
    if (this.#isRecovering && isBefore(una, this.#recover)) {
      this.#window = Math.max(segmentSize, this.#window - acknowledged);
      if (acknowledged >= segmentSize) this.#window += segmentSize;
      return 'partial';
    }
    if (this.#isRecovering) {
      this.#isRecovering = false;
      this.#window = Math.min(this.#threshold, Math.max(inFlight, segmentSize) + segmentSize);
    } else if (this.#window < this.#threshold) this.#window += Math.min(acknowledged, segmentSize);
    else this.#window += Math.max(1, Math.floor((segmentSize * segmentSize) / this.#window));
    // `recover` must not fall half the sequence space behind.
    if (isBefore(this.#recover, una)) this.#recover = advance(una, -1);
    return 'full';
  }

  /** Whether the retransmission timer restarts on this partial acknowledgment: only on the first (RFC 6582 section 4). */
  isFirstPartial(): boolean {
    const isFirst = !this.#hadPartial;
    this.#hadPartial = true;
    return isFirst;
  }

  /** A duplicate acknowledgment of `una` while data up to `sent` is out. */
  duplicate(una: number, sent: number, inFlight: number, segmentSize: number): DuplicateAnswer {
    this.#duplicates++;
    if (this.#isRecovering) {
      this.#window += segmentSize; // one segment has left the network
      return 'send-more';
    }
    // RFC 6582 section 3.2, step 1: duplicates of what a timeout resent are not a new loss.
    if (this.#duplicates !== DUPLICATE_THRESHOLD || !isBefore(this.#recover, una)) return 'send-more';
    this.#threshold = Math.max(Math.floor(inFlight / 2), 2 * segmentSize);
    this.#window = this.#threshold + DUPLICATE_THRESHOLD * segmentSize;
    this.#recover = sent;
    this.#isRecovering = true;
    this.#hadPartial = false;
    return 'retransmit';
  }

  /** RFC 5681 section 3.1: the timer ran out with `inFlight` bytes out; the threshold halves once for each loss. */
  timeout(sent: number, inFlight: number, segmentSize: number, isFirst: boolean): void {
    if (isFirst) this.#threshold = Math.max(Math.floor(inFlight / 2), 2 * segmentSize);
    this.#window = segmentSize;
    this.#recover = sent;
    this.#isRecovering = false;
    this.#duplicates = 0;
  }
}
