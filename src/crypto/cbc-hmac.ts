/** AES-CBC (RFC 3602) with a truncated HMAC over what is sent (RFC 2404, RFC 4868): encrypt, then authenticate. */
import {
  type Cipher,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type Decipher,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import { EMPTY, type SecretKey } from '../base/index.ts';
import { plain } from './hash.ts';
import { PacketHmac } from './packet-hmac.ts';
import type { Protector } from './protector.ts';
import { icvLength as icvLengthOf, integHmac } from './registry.ts';

const BLOCK_LENGTH = 16;

export function createCbcHmac(key: SecretKey, integ: number, integKey: SecretKey): Protector {
  const chain = new CbcChain(key);
  const hmac = new PacketHmac(integHmac(integ).hash, integKey.reveal());
  const icvLength = icvLengthOf(integ);

  const sealInto: Protector['sealInto'] = (out, offset, iv, aad, plaintext, suffix = EMPTY) => {
    const end = offset + plaintext.length;
    const ciphertext = out.subarray(offset, end);
    if (ciphertext.byteOffset !== plaintext.byteOffset || out.buffer !== plaintext.buffer) ciphertext.set(plaintext);
    chain.encrypt(ciphertext, iv);
    const icv = hmac.compute(aad, iv, ciphertext, suffix);
    for (let i = 0; i < icvLength; i++) out[end + i] = icv[i] ?? 0;
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
      const icv = hmac.compute(aad, iv, ciphertext, suffix).subarray(0, icvLength);
      return timingSafeEqual(icv, sealed.subarray(length)) ? chain.decrypt(ciphertext, iv) : undefined;
    },
  };
}

/**
 * CBC with an IV for each packet, by one cipher for all of them: making one costs as much as its work. To a cipher that
 * goes on, packets are one long text, each first block chained to the last one of the packet before. Taking that block
 * out again and the IV in is an exclusive or, before the cipher or behind it; the bytes are those of a cipher made anew.
 */
class CbcChain {
  readonly #name: string;
  readonly #key: KeyObject;
  /** Most keys are used in one direction alone. */
  #cipher: Cipher | undefined;
  #decipher: Decipher | undefined;
  /** Last block of ciphertext that each has seen; zeros are the IV that each begins with. */
  readonly #encrypted = new Uint8Array(BLOCK_LENGTH);
  readonly #decrypted = new Uint8Array(BLOCK_LENGTH);

  constructor(key: SecretKey) {
    this.#name = `aes-${8 * key.length}-cbc`;
    this.#key = createSecretKey(key.reveal());
  }

  /** In place. */
  encrypt(text: Uint8Array, iv: Uint8Array): void {
    if (text.length % BLOCK_LENGTH !== 0) throw new Error(`${text.length} bytes are no whole blocks`);
    if (text.length === 0) return;
    this.#cipher ??= createCipheriv(this.#name, this.#key, this.#encrypted).setAutoPadding(false);
    exchange(text, this.#encrypted, iv);
    text.set(this.#cipher.update(text));
    this.#encrypted.set(text.subarray(-BLOCK_LENGTH));
  }

  /** Whole blocks; the plaintext is memory of its own. */
  decrypt(ciphertext: Uint8Array, iv: Uint8Array): Uint8Array {
    if (ciphertext.length === 0) return new Uint8Array();
    this.#decipher ??= createDecipheriv(this.#name, this.#key, this.#decrypted).setAutoPadding(false);
    const plaintext = plain(this.#decipher.update(ciphertext));
    exchange(plaintext, this.#decrypted, iv);
    this.#decrypted.set(ciphertext.subarray(-BLOCK_LENGTH));
    return plaintext;
  }
}

/** Takes one block out of the first block of a text, and another one in. */
function exchange(text: Uint8Array, from: Uint8Array, to: Uint8Array): void {
  for (let i = 0; i < BLOCK_LENGTH; i++) text[i] = (text[i] ?? 0) ^ (from[i] ?? 0) ^ (to[i] ?? 0);
}
