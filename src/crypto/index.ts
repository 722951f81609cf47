/**
 * Algorithms by their IANA IKEv2 transform ids: the only folder that calls Node for cryptography. Everything is
 * synchronous and, given the same `random`, deterministic.
 *
 * RFC 2104 (HMAC), 2403/2404/4868 (integrity), 3526 (MODP), 3602 (AES-CBC), 4106/5282 (AES-GCM), 5903 (ECP),
 * 7296 section 2.13 (prf+), 7634 (ChaCha20-Poly1305), 7748/8031 (Curve25519).
 */
export { md5, sha1, sha256, timingSafeEqual } from './hash.ts';
export { createKeyShare, type KeyShare, publicValueLength } from './key-share.ts';
export { prf, prfPlus } from './prf.ts';
export { createProtector, type Protector, type ProtectorKeys } from './protector.ts';
export {
  Encr,
  encryptionKeyLength,
  Integ,
  icvLength,
  integKeyLength,
  isAead,
  isSupportedEncryption,
  isSupportedGroup,
  isSupportedInteg,
  isSupportedPrf,
  Ke,
  Prf,
  prfLength,
} from './registry.ts';
