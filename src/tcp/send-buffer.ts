/** What was written and not acknowledged: the chunks as they came, without a copy. */
import { EMPTY } from '../base/index.ts';

type Chunk = Readonly<{ start: number; data: Uint8Array }>;

/** A byte queue that can be read anywhere. Offsets count from the oldest byte. */
export class SendBuffer {
  #chunks: Chunk[] = [];
  #head = 0;
  /** Positions in the whole stream: of the oldest byte, and behind the newest. */
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  append(data: Uint8Array): void {
    if (data.length === 0) return;
    this.#chunks.push({ start: this.#end, data });
    this.#end += data.length;
  }

  /** Lets the oldest `count` bytes go. */
  release(count: number): void {
    this.#start = Math.min(this.#end, this.#start + count);
    for (;;) {
      const chunk = this.#chunks[this.#head];
      if (chunk === undefined || chunk.start + chunk.data.length > this.#start) break;
      this.#head++;
    }
    if (this.#head === this.#chunks.length) {
      this.#chunks = [];
      this.#head = 0;
    } else if (this.#head > 64 && this.#head * 2 > this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#head = 0;
    }
  }

  /** `length` bytes from `offset`; a view where they lie in one chunk. */
  read(offset: number, length: number): Uint8Array {
    if (length === 0) return EMPTY;
    let position = this.#start + offset;
    let index = this.#find(position);
    const first = this.#chunks[index];
    if (first === undefined) return EMPTY;
    const skip = position - first.start;
    if (first.data.length - skip >= length) return first.data.subarray(skip, skip + length);
    const out = new Uint8Array(length);
    for (let filled = 0; filled < length; index++) {
      const chunk = this.#chunks[index];
      if (chunk === undefined) break;
      const part = chunk.data.subarray(position - chunk.start, position - chunk.start + length - filled);
      out.set(part, filled);
      filled += part.length;
      position += part.length;
    }
    return out;
  }

  /** Index of the chunk that holds a position, by bisection. */
  #find(position: number): number {
    let low = this.#head;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#chunks[middle]?.start ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
