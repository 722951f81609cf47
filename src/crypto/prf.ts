/** Pseudorandom functions and the key stream that IKEv2 draws from them. */
import { createHmac } from 'node:crypto';
import { concat } from '../base/index.ts';
import { plain } from './hash.ts';
import { prfHmac } from './registry.ts';

/** prf(key, data) of RFC 7296 section 2.13; `data` is all parts in order. Keys of any length: HMAC sees to that. */
export function prf(id: number, key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac(prfHmac(id).hash, key);
  for (const part of data) hmac.update(part);
  return plain(hmac.digest());
}

/** First `length` bytes of prf+(key, seed): T1 = prf(K, S | 01), T2 = prf(K, T1 | S | 02)… (RFC 7296 section 2.13). */
export function prfPlus(id: number, key: Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  const { hash, length: step } = prfHmac(id);
  // The counter is one octet: 255 blocks are all there is.
  if (length > 255 * step) throw new RangeError(`prf+ cannot give ${length} bytes`);
  const out = new Uint8Array(length);
  let block: Uint8Array = new Uint8Array(0);
  for (let offset = 0, count = 1; offset < length; offset += step, count++) {
    block = plain(
      createHmac(hash, key)
        .update(concat(block, seed, Uint8Array.of(count)))
        .digest(),
    );
    out.set(block.subarray(0, length - offset), offset);
  }
  return out;
}
