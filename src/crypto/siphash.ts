/**
 * SipHash-2-4 with 64 bits of output (Aumasson and Bernstein, 2012): a keyed hash for short inputs that is fast without
 * a call into a library. For cookies and tables, where a tag lives for a minute; not a PRF of IKE.
 */

/** One key, its words ready; not reentrant, like everything on one thread. */
export class SipHash {
  readonly #k0: number;
  readonly #k1: number;
  readonly #k2: number;
  readonly #k3: number;

  /** The key is 16 bytes. */
  constructor(key: Uint8Array) {
    if (key.length !== 16) throw new RangeError(`a SipHash key of ${key.length} bytes`);
    this.#k0 = word(key, 0);
    this.#k1 = word(key, 4);
    this.#k2 = word(key, 8);
    this.#k3 = word(key, 12);
  }

  /** Writes the eight bytes of the tag of the first `length` bytes of `data` into `out` at `offset`. */
  hashInto(out: Uint8Array, offset: number, data: Uint8Array, length: number): void {
    // Each 64-bit word is a low half (l) and a high half (h).
    let v0l = this.#k0 ^ 0x70736575;
    let v0h = this.#k1 ^ 0x736f6d65;
    let v1l = this.#k2 ^ 0x6e646f6d;
    let v1h = this.#k3 ^ 0x646f7261;
    let v2l = this.#k0 ^ 0x6e657261;
    let v2h = this.#k1 ^ 0x6c796765;
    let v3l = this.#k2 ^ 0x79746573;
    let v3h = this.#k3 ^ 0x74656462;

    const whole = length - (length % 8);
    const blocks = whole / 8 + 1;
    for (let block = 0; block <= blocks; block++) {
      const isFinal = block === blocks;
      let ml = 0;
      let mh = 0;
      if (isFinal) v2l ^= 0xff;
      else if (block < blocks - 1) {
        ml = word(data, block * 8);
        mh = word(data, block * 8 + 4);
      } else {
        // The last word holds what is left over, and the length in its highest byte.
        for (let i = whole; i < length; i++) {
          const byte = data[i] ?? 0;
          const shift = (i & 3) * 8;
          if (i - whole < 4) ml |= byte << shift;
          else mh |= byte << shift;
        }
        mh |= (length & 0xff) << 24;
      }
      v3l ^= ml;
      v3h ^= mh;
      for (let round = isFinal ? 4 : 2; round > 0; round--) {
        // v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32)
        let sum = (v0l >>> 0) + (v1l >>> 0);
        v0h = (v0h + v1h + (sum > 0xffffffff ? 1 : 0)) | 0;
        v0l = sum | 0;
        let low = (v1l << 13) | (v1h >>> 19);
        v1h = ((v1h << 13) | (v1l >>> 19)) ^ v0h;
        v1l = low ^ v0l;
        low = v0l;
        v0l = v0h;
        v0h = low;
        // v2 += v3; v3 = rotl(v3, 16) ^ v2
        sum = (v2l >>> 0) + (v3l >>> 0);
        v2h = (v2h + v3h + (sum > 0xffffffff ? 1 : 0)) | 0;
        v2l = sum | 0;
        low = (v3l << 16) | (v3h >>> 16);
        v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h;
        v3l = low ^ v2l;
        // v0 += v3; v3 = rotl(v3, 21) ^ v0
        sum = (v0l >>> 0) + (v3l >>> 0);
        v0h = (v0h + v3h + (sum > 0xffffffff ? 1 : 0)) | 0;
        v0l = sum | 0;
        low = (v3l << 21) | (v3h >>> 11);
        v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h;
        v3l = low ^ v0l;
        // v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32)
        sum = (v2l >>> 0) + (v1l >>> 0);
        v2h = (v2h + v1h + (sum > 0xffffffff ? 1 : 0)) | 0;
        v2l = sum | 0;
        low = (v1l << 17) | (v1h >>> 15);
        v1h = ((v1h << 17) | (v1l >>> 15)) ^ v2h;
        v1l = low ^ v2l;
        low = v2l;
        v2l = v2h;
        v2h = low;
      }
      v0l ^= ml;
      v0h ^= mh;
    }
    writeWord(out, offset, v0l ^ v1l ^ v2l ^ v3l);
    writeWord(out, offset + 4, v0h ^ v1h ^ v2h ^ v3h);
  }
}

/** Four bytes, the lowest first. */
function word(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] ?? 0) |
    ((bytes[offset + 1] ?? 0) << 8) |
    ((bytes[offset + 2] ?? 0) << 16) |
    ((bytes[offset + 3] ?? 0) << 24)
  );
}

function writeWord(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
  bytes[offset + 3] = value >>> 24;
}
