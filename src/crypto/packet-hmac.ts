/**
 * HMAC (RFC 2104) for one packet after another: by one-shot hashes over memory that is kept, for Node's own HMAC makes
 * objects for each, which cost as much as the hashing of a packet.
 */
import { hash as hashOnce } from 'node:crypto';
import { EMPTY } from '../base/index.ts';

const INNER = 0x36;
const OUTER = 0x5c;
const FIRST_CAPACITY = 2048;

/** What is being hashed, of any key: nothing stays in it from one packet to the next. */
let scratch = new Uint8Array(FIRST_CAPACITY);

export class PacketHmac {
  readonly #hash: string;
  readonly #innerKey: Uint8Array;
  /** The key's block, and behind it the inner hash. */
  readonly #outer: Uint8Array;

  /** `hash` is Node's name of it. */
  constructor(hash: string, key: Uint8Array) {
    const block = hash === 'sha384' || hash === 'sha512' ? 128 : 64;
    const short = key.length > block ? hashOnce(hash, key, 'buffer') : key;
    this.#hash = hash;
    this.#innerKey = new Uint8Array(block).fill(INNER);
    this.#outer = new Uint8Array(block + hashOnce(hash, EMPTY, 'buffer').length).fill(OUTER, 0, block);
    for (const [i, byte] of short.entries()) {
      this.#innerKey[i] = byte ^ INNER;
      this.#outer[i] = byte ^ OUTER;
    }
  }

  /** Over these parts as if they were one. */
  compute(a: Uint8Array, b: Uint8Array, c: Uint8Array, d: Uint8Array): Uint8Array {
    const block = this.#innerKey.length;
    const end = block + a.length + b.length + c.length + d.length;
    if (end > scratch.length) scratch = new Uint8Array(end * 2);
    scratch.set(this.#innerKey);
    scratch.set(a, block);
    scratch.set(b, block + a.length);
    scratch.set(c, block + a.length + b.length);
    scratch.set(d, end - d.length);
    this.#outer.set(hashOnce(this.#hash, scratch.subarray(0, end), 'buffer'), block);
    return hashOnce(this.#hash, this.#outer, 'buffer');
  }
}
