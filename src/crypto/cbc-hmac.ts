/** AES-CBC (RFC 3602) with a truncated HMAC over what is sent (RFC 2404, RFC 4868): encrypt, then authenticate. */
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { EMPTY, type SecretKey } from '../base/index.ts';
import { plain } from './hash.ts';
import type { Protector } from './protector.ts';
import { icvLength as icvLengthOf, integHmac } from './registry.ts';

const BLOCK_LENGTH = 16;

export function createCbcHmac(key: SecretKey, integ: number, integKey: SecretKey): Protector {
  const cipherName = `aes-${8 * key.length}-cbc`;
  const cipherKey = createSecretKey(key.reveal());
  const { hash } = integHmac(integ);
  const hmacKey = createSecretKey(integKey.reveal());
  const icvLength = icvLengthOf(integ);

  const computeIcv = (iv: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array, suffix: Uint8Array): Uint8Array => {
    const hmac = createHmac(hash, hmacKey).update(aad).update(iv).update(ciphertext);
    if (suffix.length > 0) hmac.update(suffix);
    return hmac.digest().subarray(0, icvLength);
  };

  const sealInto: Protector['sealInto'] = (out, offset, iv, aad, plaintext, suffix = EMPTY) => {
    const cipher = createCipheriv(cipherName, cipherKey, iv).setAutoPadding(false);
    const ciphertext = cipher.update(plaintext);
    cipher.final();
    out.set(ciphertext, offset);
    out.set(computeIcv(iv, aad, ciphertext, suffix), offset + ciphertext.length);
  };

  return {
    aead: false,
    ivLength: BLOCK_LENGTH,
    icvLength,
    blockLength: BLOCK_LENGTH,
    makeIv: (_counter, random) => random(BLOCK_LENGTH),
    seal(iv, aad, plaintext, suffix) {
      const out = new Uint8Array(plaintext.length + icvLength);
      sealInto(out, 0, iv, aad, plaintext, suffix);
      return out;
    },
    sealInto,
    open(iv, aad, sealed, suffix = EMPTY) {
      const length = sealed.length - icvLength;
      if (length < 0 || length % BLOCK_LENGTH !== 0 || iv.length !== BLOCK_LENGTH) return undefined;
      const ciphertext = sealed.subarray(0, length);
      // The ICV before anything else: RFC 4303 section 3.4.4.1, and no padding oracle.
      if (!timingSafeEqual(computeIcv(iv, aad, ciphertext, suffix), sealed.subarray(length))) return undefined;
      const decipher = createDecipheriv(cipherName, cipherKey, iv).setAutoPadding(false);
      const plaintext = plain(decipher.update(ciphertext));
      decipher.final();
      return plaintext;
    },
  };
}
