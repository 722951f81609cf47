/** What waits for a reader that is slower than we are: bounded by whoever fills it. */

/** The other end of a connection, whatever carries it. */
export type ControlPeer = Readonly<{
  /** Sends bytes; false: it is full, and says `drained` when there is room again. */
  write: (bytes: Uint8Array) => boolean;
  /** Stops and starts what comes in. */
  pause: () => void;
  resume: () => void;
  /** Ends the connection once everything was sent. */
  end: () => void;
  /** Ends it at once. */
  abort: () => void;
}>;

export class Outbox {
  readonly #peer: ControlPeer;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #isFull = false;
  #isEnding = false;

  constructor(peer: ControlPeer) {
    this.#peer = peer;
  }

  /** Bytes that the peer has not taken yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing more gets through at once. */
  get isFull(): boolean {
    return this.#isFull;
  }

  send(frame: Uint8Array): void {
    if (this.#isFull) {
      this.#waiting.push(frame);
      this.#bytes += frame.length;
    } else if (!this.#peer.write(frame)) {
      this.#isFull = true;
      // Who does not read is not listened to either: it can not make us hold more.
      this.#peer.pause();
    }
  }

  /** The peer has room again. */
  drained(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    this.#isFull = false;
    for (const frame of waiting) this.send(frame);
    if (this.#isFull) return;
    this.#peer.resume();
    if (this.#isEnding) this.#peer.end();
  }

  /** Ends the connection behind what waits. */
  end(): void {
    this.#isEnding = true;
    if (!this.#isFull) this.#peer.end();
  }

  /** Nobody reads any more. */
  clear(): void {
    this.#waiting = [];
    this.#bytes = 0;
    this.#isFull = true;
  }
}
