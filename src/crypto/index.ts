/**
 * Algorithms by their IANA IKEv2 transform ids: the only folder that calls Node for cryptography. Everything is
 * synchronous and, given the same `random`, deterministic.
 *
 * RFC 2104 (HMAC), 2403/2404/4868 (integrity), 3526 (MODP), 3602 (AES-CBC), 4106/5282 (AES-GCM), 5903 (ECP),
 * 7296 section 2.13 (prf+), 7634 (ChaCha20-Poly1305), 7748/8031 (Curve25519).
 *
 * Certificates: RFC 5280 (X.509, CRL), 4055, 5480, 5758, 8410 (their algorithms), 7468 (PEM), 7427 appendix A, 8420 and
 * 4754 (signatures of IKEv2).
 */
export { LocalCredential } from './credential.ts';
export { md5, sha1, sha256, timingSafeEqual } from './hash.ts';
export { createKeyShare, type KeyShare, publicValueLength } from './key-share.ts';
export { KeySharePool } from './key-share-pool.ts';
export {
  type Curve,
  type KeyFault,
  type KeyKind,
  type KeyType,
  kindText,
  PrivateKey,
  type PublicKey,
  readPrivateKey,
} from './keys.ts';
export { fieldLength, type NativeCurves, useNativeCurves } from './native-curves.ts';
export { pemBlocks, pemText } from './pem.ts';
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
export {
  decodeScheme,
  encodeScheme,
  hashOfCurve,
  pss,
  type SignatureHash,
  type SignatureScheme,
  schemeText,
  suitsKey,
  verify,
} from './signature.ts';
export { SipHash } from './siphash.ts';
export {
  type AlternativeName,
  Certificate,
  type CertificateFault,
  KeyUsage,
  readCertificate,
  readCertificates,
} from './x509.ts';
export { Crl, type CrlFault, readCrl, readCrls } from './x509-crl.ts';
export { type NameAttribute, nameAttributes, namesEqual, nameText } from './x509-name.ts';
export {
  momentText,
  type PathFault,
  type PathReason,
  type Revocation,
  type TrustAnchor,
  type ValidPath,
  validatePath,
} from './x509-path.ts';
