/**
 * Signature schemes by AlgorithmIdentifier, as certificates (RFC 5280, 4055, 5758, 8410) and the Digital Signature
 * method of IKEv2 (RFC 7427 appendix A, RFC 8420) write them, and the older methods of IKEv2 (RFC 7296, RFC 4754).
 */
import { constants, sign as nodeSign, verify as nodeVerify } from 'node:crypto';
import { concat } from '../base/index.ts';
import { DerReader, oidText, smallInteger, Tag } from './der.ts';
import { nativeEcdsa, signNatively, verifyNatively } from './ecdsa.ts';
import { plain } from './hash.ts';
import type { Curve, KeyKind, PrivateKey, PublicKey } from './keys.ts';

export type SignatureHash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

export type SignatureScheme =
  | Readonly<{ kind: 'rsa-pkcs1'; hash: SignatureHash }>
  | Readonly<{ kind: 'rsa-pss'; hash: SignatureHash; saltLength: number }>
  /** `form` 'raw' is r | s of RFC 4754 section 7, 'der' the sequence of RFC 3279. */
  | Readonly<{ kind: 'ecdsa'; hash: SignatureHash; form: 'der' | 'raw' }>
  | Readonly<{ kind: 'eddsa'; curve: 'ed25519' | 'ed448' }>;

const HASH_LENGTH: Readonly<Record<SignatureHash, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

const SHA_OIDS: Readonly<Record<SignatureHash, readonly number[]>> = {
  sha1: [0x2b, 0x0e, 0x03, 0x02, 0x1a],
  sha256: [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
  sha384: [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
  sha512: [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
};
const RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
const MGF1 = [...RSA, 0x08];
const RSASSA_PSS = [...RSA, 0x0a];
const RSA_LAST: Readonly<Record<SignatureHash, number>> = { sha1: 0x05, sha256: 0x0b, sha384: 0x0c, sha512: 0x0d };
const ECDSA = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04];
const ECDSA_LAST: Readonly<Record<SignatureHash, readonly number[]>> = {
  sha1: [0x01],
  sha256: [0x03, 0x02],
  sha384: [0x03, 0x03],
  sha512: [0x03, 0x04],
};

const HASHES = ['sha1', 'sha256', 'sha384', 'sha512'] as const;
const SHA_BY_OID = byOid(SHA_OIDS);
const RSA_BY_OID = byOid(mapHashes((hash) => [...RSA, RSA_LAST[hash]]));
const ECDSA_BY_OID = byOid(mapHashes((hash) => [...ECDSA, ...ECDSA_LAST[hash]]));
const PSS_OID = oidText(Uint8Array.from(RSASSA_PSS));
const MGF1_OID = oidText(Uint8Array.from(MGF1));

/** The scheme's AlgorithmIdentifier; of RSASSA-PSS with all its parameters (RFC 7427 section A.4). */
export function encodeScheme(scheme: SignatureScheme): Uint8Array {
  switch (scheme.kind) {
    case 'rsa-pkcs1':
      return sequence(oid([...RSA, RSA_LAST[scheme.hash]]), NULL);
    case 'rsa-pss': {
      const hash = sequence(oid(SHA_OIDS[scheme.hash]), NULL);
      const mask = sequence(oid(MGF1), hash);
      const salt = tlv(0xa2, tlv(Tag.INTEGER, Uint8Array.of(scheme.saltLength)));
      return sequence(oid(RSASSA_PSS), sequence(tlv(0xa0, hash), tlv(0xa1, mask), salt));
    }
    case 'ecdsa':
      return sequence(oid([...ECDSA, ...ECDSA_LAST[scheme.hash]]));
    case 'eddsa':
      return sequence(oid([0x2b, 0x65, scheme.curve === 'ed25519' ? 0x70 : 0x71]));
    default:
      return scheme satisfies never;
  }
}

/** The scheme that an AlgorithmIdentifier names; undefined when it is none of ours. */
export function decodeScheme(algorithm: Uint8Array): SignatureScheme | undefined {
  const whole = new DerReader(algorithm);
  const fields = whole.enter(Tag.SEQUENCE);
  whole.end();
  const id = oidText(fields.take(Tag.OID).content);
  if (whole.malformed) return undefined;
  const rsa = RSA_BY_OID.get(id);
  const ecdsa = ECDSA_BY_OID.get(id);
  let scheme: SignatureScheme | undefined;
  if (rsa !== undefined) {
    fields.maybe(Tag.NULL);
    scheme = { kind: 'rsa-pkcs1', hash: rsa };
  } else if (id === PSS_OID) scheme = readPss(fields);
  else if (ecdsa !== undefined) scheme = { kind: 'ecdsa', hash: ecdsa, form: 'der' };
  else if (id === '1.3.101.112') scheme = { kind: 'eddsa', curve: 'ed25519' };
  else if (id === '1.3.101.113') scheme = { kind: 'eddsa', curve: 'ed448' };
  fields.end();
  return whole.malformed ? undefined : scheme;
}

/** Whether a key can be used in a scheme. */
export function suitsKey(scheme: SignatureScheme, { type, bits }: KeyKind): boolean {
  switch (scheme.kind) {
    case 'rsa-pkcs1':
      return type === 'rsa';
    case 'rsa-pss':
      // RFC 8017 section 9.1.1: the encoded message must have room for hash and salt.
      return (
        (type === 'rsa' || type === 'rsa-pss') && bits >= 8 * (HASH_LENGTH[scheme.hash] + scheme.saltLength + 2) + 1
      );
    case 'ecdsa':
      return type === 'ec';
    case 'eddsa':
      return type === scheme.curve;
    default:
      return scheme satisfies never;
  }
}

/** Signs; the key must suit the scheme. */
export function sign(key: PrivateKey, scheme: SignatureScheme, data: Uint8Array): Uint8Array {
  if (!suitsKey(scheme, key.kind)) throw new Error(`${key} cannot sign by ${scheme.kind}`);
  const native = nativeEcdsa(scheme, key.kind);
  if (native !== undefined && scheme.kind === 'ecdsa') return signNatively(native, key, scheme, data);
  return plain(nodeSign(hashName(scheme), data, { key: key.handle(), ...options(scheme) }));
}

/** Whether the signature is the key's over the data. */
export function verify(key: PublicKey, scheme: SignatureScheme, data: Uint8Array, signature: Uint8Array): boolean {
  if (!suitsKey(scheme, key.kind)) return false;
  const native = nativeEcdsa(scheme, key.kind);
  if (native !== undefined && scheme.kind === 'ecdsa') return verifyNatively(native, key, scheme, data, signature);
  try {
    return nodeVerify(hashName(scheme), data, { key: key.handle(), ...options(scheme) }, signature);
  } catch {
    return false;
  }
}

/** The hash that goes with a curve, RFC 4754 section 3. */
export function hashOfCurve(curve: Curve): SignatureHash {
  return curve === 'P-256' ? 'sha256' : curve === 'P-384' ? 'sha384' : 'sha512';
}

/** RSASSA-PSS with a salt as long as the hash, as RFC 7427 section A.4 has it. */
export function pss(hash: SignatureHash): SignatureScheme {
  return { kind: 'rsa-pss', hash, saltLength: HASH_LENGTH[hash] };
}

/** Such as `RSASSA-PSS SHA-256`. */
export function schemeText(scheme: SignatureScheme): string {
  if (scheme.kind === 'eddsa') return scheme.curve === 'ed25519' ? 'Ed25519' : 'Ed448';
  const name = { 'rsa-pkcs1': 'RSA', 'rsa-pss': 'RSASSA-PSS', ecdsa: 'ECDSA' }[scheme.kind];
  return `${name} ${scheme.hash.toUpperCase().replace('SHA', 'SHA-')}`;
}

function hashName(scheme: SignatureScheme): string | null {
  return scheme.kind === 'eddsa' ? null : scheme.hash;
}

function options(
  scheme: SignatureScheme,
): Readonly<{ padding?: number; saltLength?: number; dsaEncoding?: 'der' | 'ieee-p1363' }> {
  switch (scheme.kind) {
    case 'rsa-pkcs1':
      return { padding: constants.RSA_PKCS1_PADDING };
    case 'rsa-pss':
      return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltLength };
    case 'ecdsa':
      return { dsaEncoding: scheme.form === 'raw' ? 'ieee-p1363' : 'der' };
    case 'eddsa':
      return {};
    default:
      return scheme satisfies never;
  }
}

/** RSASSA-PSS-params, RFC 4055 section 3.1: SHA-1, MGF1 with SHA-1, 20 bytes of salt and trailer 1 where absent. */
function readPss(fields: DerReader): SignatureScheme | undefined {
  const params = fields.enter(Tag.SEQUENCE);
  const readHash = (reader: DerReader): SignatureHash | undefined => {
    const algorithm = reader.enter(Tag.SEQUENCE);
    const hash = SHA_BY_OID.get(oidText(algorithm.take(Tag.OID).content));
    algorithm.maybe(Tag.NULL);
    algorithm.end();
    return hash;
  };
  let hash: SignatureHash | undefined = 'sha1';
  let maskHash: SignatureHash | undefined = 'sha1';
  let saltLength: number | undefined = 20;
  let trailer: number | undefined = 1;
  if (params.nextTag === 0xa0) hash = readHash(params.enter(0xa0));
  if (params.nextTag === 0xa1) {
    const mask = params.enter(0xa1).enter(Tag.SEQUENCE);
    const isMgf1 = oidText(mask.take(Tag.OID).content) === MGF1_OID;
    maskHash = isMgf1 ? readHash(mask) : undefined;
  }
  if (params.nextTag === 0xa2) saltLength = smallInteger(params.enter(0xa2).take(Tag.INTEGER).content);
  if (params.nextTag === 0xa3) trailer = smallInteger(params.enter(0xa3).take(Tag.INTEGER).content);
  params.end();
  // Node's verification takes one hash for both; nobody uses two.
  if (hash === undefined || hash !== maskHash || saltLength === undefined || saltLength > 64 || trailer !== 1) {
    return undefined;
  }
  return { kind: 'rsa-pss', hash, saltLength };
}

const NULL = Uint8Array.of(Tag.NULL, 0);

function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  return concat(Uint8Array.of(tag, content.length), content); // all of ours are shorter than 128
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return tlv(Tag.SEQUENCE, ...parts);
}

function oid(content: readonly number[]): Uint8Array {
  return tlv(Tag.OID, Uint8Array.from(content));
}

function mapHashes(make: (hash: SignatureHash) => readonly number[]): Record<SignatureHash, readonly number[]> {
  return { sha1: make('sha1'), sha256: make('sha256'), sha384: make('sha384'), sha512: make('sha512') };
}

function byOid(contents: Readonly<Record<SignatureHash, readonly number[]>>): ReadonlyMap<string, SignatureHash> {
  return new Map(HASHES.map((hash) => [oidText(Uint8Array.from(contents[hash])), hash]));
}
