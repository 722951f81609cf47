/**
 * Keeps the packets of a flow in order where one of them went by the main thread: those behind it wait until it was
 * handled. Flows are told apart by their addresses alone, so that fragments go with the rest of their datagrams.
 */
import { type FastMemory, GlobalWord } from './fast-memory.ts';
import type { FlowKey } from './flow-table.ts';

const BUCKETS = 4096;

export class OrderKeeper {
  /** Packets that were handed to the main thread; the sum wraps. */
  handed = 0;
  readonly #words: Int32Array;
  readonly #last = new Int32Array(BUCKETS);
  readonly #isAwaited = new Uint8Array(BUCKETS);
  /** Has the main thread catch up, if there is time for it; what was handed over was sent on its way. */
  readonly #catchUp: (handed: number) => void;

  constructor(memory: FastMemory, catchUp: (handed: number) => void) {
    this.#words = memory.words;
    this.#catchUp = catchUp;
  }

  /** Whether everything up to a packet was handled, if need be after a short wait. */
  isHandled(handed: number): boolean {
    if (this.#pending(handed) <= 0) return true;
    this.#catchUp(handed);
    return this.#pending(handed) <= 0;
  }

  /** Whether the next packet of a flow may overtake those at the main thread: there are none of its own. */
  mayPass(key: FlowKey): boolean {
    const bucket = bucketOf(key);
    if (this.#isAwaited[bucket] === 0) return true;
    if (!this.isHandled(this.#last[bucket] ?? 0)) return false;
    this.#isAwaited[bucket] = 0;
    return true;
  }

  /** The next packets to be handed over are of this flow. */
  note(key: FlowKey, count = 1): void {
    const bucket = bucketOf(key);
    this.#last[bucket] = (this.handed + count) | 0;
    this.#isAwaited[bucket] = 1;
  }

  #pending(handed: number): number {
    return (handed - Atomics.load(this.#words, GlobalWord.HANDLED)) | 0;
  }
}

function bucketOf({ words }: FlowKey): number {
  let hash = 0;
  for (let i = 0; i < 8; i++) hash = Math.imul(hash ^ (words[i] ?? 0), 0x9e3779b1) ^ (hash >>> 13);
  return (hash ^ (hash >>> 16)) & (BUCKETS - 1);
}
