/** The IANA "IKEv2 Parameters" transform ids that we know, and the sizes that follow from them. Sizes are in bytes. */

/** Transform Type 1, Encryption Algorithm. NULL is a name only: nothing here encrypts with it. */
export const Encr = { NULL: 11, AES_CBC: 12, AES_GCM_16: 20, CHACHA20_POLY1305: 28 } as const;

/** Transform Type 2, Pseudorandom Function. */
export const Prf = { HMAC_SHA1: 2, HMAC_SHA2_256: 5, HMAC_SHA2_384: 6, HMAC_SHA2_512: 7 } as const;

/** Transform Type 3, Integrity Algorithm. NONE goes with AEAD ciphers. */
export const Integ = {
  NONE: 0,
  HMAC_SHA1_96: 2,
  HMAC_SHA2_256_128: 12,
  HMAC_SHA2_384_192: 13,
  HMAC_SHA2_512_256: 14,
} as const;

/** Transform Type 4, Key Exchange Method. */
export const Ke = {
  MODP_2048: 14,
  MODP_3072: 15,
  MODP_4096: 16,
  ECP_256: 19,
  ECP_384: 20,
  ECP_521: 21,
  CURVE25519: 31,
} as const;

/** Node's name of a hash, with the HMAC's output and preferred key length (RFC 4868 section 2.1.1: the same). */
type Hmac = Readonly<{ hash: string; length: number }>;

const SHA1: Hmac = { hash: 'sha1', length: 20 };
const SHA2_256: Hmac = { hash: 'sha256', length: 32 };
const SHA2_384: Hmac = { hash: 'sha384', length: 48 };
const SHA2_512: Hmac = { hash: 'sha512', length: 64 };

const PRFS: ReadonlyMap<number, Hmac> = new Map([
  [Prf.HMAC_SHA1, SHA1],
  [Prf.HMAC_SHA2_256, SHA2_256],
  [Prf.HMAC_SHA2_384, SHA2_384],
  [Prf.HMAC_SHA2_512, SHA2_512],
]);

const INTEGS: ReadonlyMap<number, Readonly<{ hmac: Hmac; icvLength: number }>> = new Map([
  [Integ.HMAC_SHA1_96, { hmac: SHA1, icvLength: 12 }],
  [Integ.HMAC_SHA2_256_128, { hmac: SHA2_256, icvLength: 16 }],
  [Integ.HMAC_SHA2_384_192, { hmac: SHA2_384, icvLength: 24 }],
  [Integ.HMAC_SHA2_512_256, { hmac: SHA2_512, icvLength: 32 }],
]);

const GROUPS: ReadonlySet<number> = new Set(Object.values(Ke));

/** Salt that follows the key of AES-GCM (RFC 4106 section 8.1) and ChaCha20-Poly1305 (RFC 7634 section 2). */
export const SALT_LENGTH = 4;

/** Whether a cipher authenticates by itself, so that no integrity transform goes with it (RFC 5282). */
export function isAead(encr: number): boolean {
  return encr === Encr.AES_GCM_16 || encr === Encr.CHACHA20_POLY1305;
}

/** Whether we have a cipher with keys of this size. ChaCha20's is fixed: RFC 7634 section 4 has no attribute for it. */
export function isSupportedEncryption(encr: number, keyBits: number): boolean {
  switch (encr) {
    case Encr.AES_CBC:
    case Encr.AES_GCM_16:
      return keyBits === 128 || keyBits === 192 || keyBits === 256;
    case Encr.CHACHA20_POLY1305:
      return keyBits === 0 || keyBits === 256;
    default:
      return false;
  }
}

/** Whether we have a pseudorandom function. */
export function isSupportedPrf(id: number): boolean {
  return PRFS.has(id);
}

/** Whether we have an integrity algorithm; NONE counts, for it goes with AEAD ciphers. */
export function isSupportedInteg(id: number): boolean {
  return id === Integ.NONE || INTEGS.has(id);
}

/** Whether we have a key exchange method. */
export function isSupportedGroup(id: number): boolean {
  return GROUPS.has(id);
}

/** Keying material that a cipher takes, the salt of an AEAD cipher included. */
export function encryptionKeyLength(encr: number, keyBits: number): number {
  if (!isSupportedEncryption(encr, keyBits)) throw new Error(`no encryption algorithm ${encr} of ${keyBits} bits`);
  if (encr === Encr.CHACHA20_POLY1305) return 32 + SALT_LENGTH;
  return keyBits / 8 + (isAead(encr) ? SALT_LENGTH : 0);
}

/** Key length of an integrity algorithm; 0 for NONE. */
export function integKeyLength(integ: number): number {
  return integ === Integ.NONE ? 0 : integHmac(integ).length;
}

/** Length of the truncated HMAC that an integrity algorithm sends; 0 for NONE, where the cipher brings its own. */
export function icvLength(integ: number): number {
  if (integ === Integ.NONE) return 0;
  return INTEGS.get(integ)?.icvLength ?? unknown('integrity algorithm', integ);
}

/** Output length, and preferred key length, of a pseudorandom function. */
export function prfLength(prf: number): number {
  return prfHmac(prf).length;
}

/** The HMAC behind a pseudorandom function. */
export function prfHmac(prf: number): Hmac {
  return PRFS.get(prf) ?? unknown('pseudorandom function', prf);
}

/** The HMAC behind an integrity algorithm other than NONE. */
export function integHmac(integ: number): Hmac {
  return INTEGS.get(integ)?.hmac ?? unknown('integrity algorithm', integ);
}

/** Ours, not the peer's: what a peer proposes is compared with what is supported before it gets here. */
function unknown(kind: string, id: number): never {
  throw new Error(`no ${kind} ${id}`);
}
