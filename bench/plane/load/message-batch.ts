/** Memory of many messages for one call of `sendmmsg` or `recvmmsg`: each with one vector and, when sending, an address. */
import type { Libc } from '../../../src/host/linux/libc.ts';

/** `mmsghdr` and `iovec` on 64-bit machines. */
const HEADER = 64;
const VECTOR = 16;

export class MessageBatch {
  readonly count: number;
  readonly size: number;
  /** The messages, one after another, `size` bytes for each. */
  readonly bytes: Uint8Array;
  /** Where the headers begin: what the calls want. */
  readonly address: number;
  readonly #headers: DataView;
  /** Kept: the headers point to it. */
  readonly #name: Uint8Array;

  constructor(libc: Libc, count: number, size: number, name: Uint8Array = new Uint8Array()) {
    this.count = count;
    this.size = size;
    this.bytes = new Uint8Array(count * size);
    this.#name = name.slice();
    this.#headers = new DataView(new ArrayBuffer(count * (HEADER + VECTOR)));
    this.address = libc.addressOf(this.#headers.buffer as ArrayBuffer);
    const data = libc.addressOf(this.bytes);
    for (let i = 0; i < count; i++) {
      const vector = count * HEADER + i * VECTOR;
      this.#headers.setBigUint64(vector, BigInt(data + i * size), true);
      this.setLength(i, size);
      this.#headers.setBigUint64(i * HEADER + 16, BigInt(this.address + vector), true);
      this.#headers.setBigUint64(i * HEADER + 24, 1n, true);
      if (name.length === 0) continue;
      this.#headers.setBigUint64(i * HEADER, BigInt(libc.addressOf(this.#name)), true);
      this.#headers.setUint32(i * HEADER + 8, name.length, true);
    }
  }

  message(i: number): Uint8Array {
    return this.bytes.subarray(i * this.size, (i + 1) * this.size);
  }

  /** How much of a message is sent. */
  setLength(i: number, length: number): void {
    this.#headers.setBigUint64(this.count * HEADER + i * VECTOR + 8, BigInt(length), true);
  }
}
