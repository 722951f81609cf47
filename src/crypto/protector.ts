/** One direction's cipher with its integrity check, as ESP (RFC 4303) and the IKE SK payload (RFC 7296 3.14) use it. */
import type { Random, SecretKey } from '../base/index.ts';
import { createAead } from './aead.ts';
import { createCbcHmac } from './cbc-hmac.ts';
import { encryptionKeyLength, Integ, integKeyLength, isAead } from './registry.ts';

/** Seals and opens with one set of keys. Stateless: the caller brings the counter for each IV. */
export type Protector = Readonly<{
  aead: boolean;
  ivLength: number;
  icvLength: number;
  /** Plaintext must be a multiple of this: 16 for CBC, 1 for AEAD. */
  blockLength: number;
  /**
   * A fresh IV. AEAD: `counter` (48 bits) as eight bytes, which must never repeat under one key. CBC: sixteen bytes
   * that nobody can predict (RFC 3602 section 3), so `counter` is not used.
   */
  makeIv: (counter: number, random: Random) => Uint8Array;
  /** Ciphertext | ICV. The ICV covers aad | iv | ciphertext | suffix for CBC; AEAD ignores `suffix`. */
  seal: (iv: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, suffix?: Uint8Array) => Uint8Array;
  /** As `seal`, written into `out` at `offset`: a packet is built without a copy. */
  sealInto: (
    out: Uint8Array,
    offset: number,
    iv: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
    suffix?: Uint8Array,
  ) => void;
  /** Plaintext, or undefined when the ICV is wrong or a length is impossible. */
  open: (iv: Uint8Array, aad: Uint8Array, sealed: Uint8Array, suffix?: Uint8Array) => Uint8Array | undefined;
}>;

/** Keys of one direction. `key` has the salt of an AEAD cipher at its end; `integKey` goes with `integ` only. */
export type ProtectorKeys = Readonly<{
  encr: number;
  keyBits: number;
  key: SecretKey;
  integ: number;
  integKey?: SecretKey | undefined;
}>;

/** The transforms must be supported, and the keys as long as they ask. */
export function createProtector({ encr, keyBits, key, integ, integKey }: ProtectorKeys): Protector {
  if (key.length !== encryptionKeyLength(encr, keyBits)) throw new Error(`encryption key of ${key.length} bytes`);
  if (isAead(encr)) return createAead(encr, key);
  if (integ === Integ.NONE) throw new Error('a cipher without integrity protects nothing: RFC 7296 section 3.3.3');
  if (integKey?.length !== integKeyLength(integ)) throw new Error(`integrity key of ${integKey?.length ?? 0} bytes`);
  return createCbcHmac(key, integ, integKey);
}
