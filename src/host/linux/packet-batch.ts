/** Packets on their way to the main thread: gathered in one place, handed over as one array. */
import { weightOf } from './reader-protocol.ts';

const MOST_PACKETS = 1024;
const CAPACITY = 1 << 20;

export type PackedBatch = Readonly<{ packets: ArrayBuffer; index: ArrayBuffer; weight: number }>;

export class PacketBatch {
  readonly #bytes = new Uint8Array(CAPACITY);
  readonly #index = new Uint32Array(MOST_PACKETS * 2);
  #used = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Whether a packet of that length still fits. */
  hasRoom(length: number): boolean {
    return this.#count < MOST_PACKETS && this.#used + length <= CAPACITY;
  }

  /** Room for a packet of a source, which the caller fills. */
  add(source: number, length: number): Uint8Array {
    this.#index[this.#count * 2] = source;
    this.#index[this.#count * 2 + 1] = length;
    this.#count++;
    this.#used += length;
    return this.#bytes.subarray(this.#used - length, this.#used);
  }

  /** Everything gathered, as arrays of their own; begins anew. */
  take(): PackedBatch {
    const packets = this.#bytes.buffer.slice(0, this.#used);
    const index = this.#index.buffer.slice(0, this.#count * 8);
    const weight = weightOf(this.#used, this.#count);
    this.#used = 0;
    this.#count = 0;
    return { packets, index, weight };
  }
}

/** Walks what `take` packed. The packets are views of one array. */
export function unpackBatch(
  packed: Pick<PackedBatch, 'packets' | 'index'>,
  each: (source: number, packet: Uint8Array) => void,
): void {
  const index = new Uint32Array(packed.index);
  let offset = 0;
  for (let i = 0; i + 1 < index.length; i += 2) {
    const length = index[i + 1] ?? 0;
    each(index[i] ?? 0, new Uint8Array(packed.packets, offset, length));
    offset += length;
  }
}
