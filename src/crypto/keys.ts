/** Public and private keys of signatures. Private ones sign and do not print. */
import { createPrivateKey, createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { bytesEqual, concat, fail, ok, type Result, SecretKey } from '../base/index.ts';
import { plain } from './hash.ts';

/** What a key can be used for. `rsa-pss` is an RSA key that its certificate binds to RSASSA-PSS (RFC 4055). */
export type KeyType = 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'ed448';

/** Curves of RFC 5480 that IKEv2 has signatures for. */
export type Curve = 'P-256' | 'P-384' | 'P-521';

const CURVES: ReadonlyMap<string, Curve> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
]);

const TYPES: ReadonlySet<string> = new Set(['rsa', 'rsa-pss', 'ec', 'ed25519', 'ed448']);
/** Below: broken. Above: somebody wants us to be busy. */
const LEAST_RSA_BITS = 1024;
const MOST_RSA_BITS = 8192;

export type KeyKind = Readonly<{ type: KeyType; curve?: Curve; bits: number }>;

export type KeyFault = 'malformed-key' | 'passphrase-needed' | 'unsupported-key';

/** The public half of a key pair. */
export class PublicKey {
  readonly kind: KeyKind;
  readonly #key: KeyObject;
  #point: Uint8Array | undefined;

  constructor(kind: KeyKind, key: KeyObject) {
    this.kind = kind;
    this.#key = key;
  }

  /** For the functions of this folder that verify with it. */
  handle(): KeyObject {
    return this.#key;
  }

  /** x | y of an EC key. */
  point(): Uint8Array {
    if (this.#point === undefined) {
      const { x = '', y = '' } = this.#key.export({ format: 'jwk' });
      this.#point = concat(Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url'));
    }
    return this.#point;
  }
}

/** A private key: text, JSON and `util.inspect` show its kind alone. */
export class PrivateKey {
  readonly kind: KeyKind;
  /** SubjectPublicKeyInfo of its public half: names the key, and is how certificates are compared with it. */
  readonly publicInfo: Uint8Array;
  readonly #key: KeyObject;
  #scalar: SecretKey | undefined;

  constructor(kind: KeyKind, key: KeyObject) {
    this.kind = kind;
    this.#key = key;
    this.publicInfo = plain(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  }

  /** For the functions of this folder that sign with it. */
  handle(): KeyObject {
    return this.#key;
  }

  /** The private number of an EC key. */
  scalar(): SecretKey {
    this.#scalar ??= new SecretKey(
      Uint8Array.from(Buffer.from(this.#key.export({ format: 'jwk' }).d ?? '', 'base64url')),
    );
    return this.#scalar;
  }

  equals(other: PrivateKey): boolean {
    return bytesEqual(this.publicInfo, other.publicInfo);
  }

  toString(): string {
    return `<private key, ${kindText(this.kind)}>`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** A private key from PEM: PKCS#8, also encrypted, or the older forms of RSA and EC. */
export function readPrivateKey(pem: string, passphrase?: string): Result<PrivateKey, KeyFault> {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    const needsOne = passphrase === undefined && /ENCRYPTED/.test(pem);
    return fail(needsOne || isPassphraseError(error) ? 'passphrase-needed' : 'malformed-key');
  }
  const kind = kindOf(key);
  return kind === undefined ? fail('unsupported-key') : ok(new PrivateKey(kind, key));
}

/** A public key from a SubjectPublicKeyInfo. */
export function readPublicKey(spki: Uint8Array): Result<PublicKey, KeyFault> {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    return fail('malformed-key');
  }
  const kind = kindOf(key);
  return kind === undefined ? fail('unsupported-key') : ok(new PublicKey(kind, key));
}

/** The public key of a certificate. */
export function publicKeyOf(certificate: X509Certificate): Result<PublicKey, KeyFault> {
  let key: KeyObject;
  try {
    key = certificate.publicKey;
  } catch {
    return fail('malformed-key');
  }
  const kind = kindOf(key);
  return kind === undefined ? fail('unsupported-key') : ok(new PublicKey(kind, key));
}

/** Such as `RSA 2048` or `EC P-256`. */
export function kindText({ type, curve, bits }: KeyKind): string {
  switch (type) {
    case 'rsa':
      return `RSA ${bits}`;
    case 'rsa-pss':
      return `RSASSA-PSS ${bits}`;
    case 'ec':
      return `EC ${curve}`;
    default:
      return type === 'ed25519' ? 'Ed25519' : 'Ed448';
  }
}

function kindOf(key: KeyObject): KeyKind | undefined {
  const type = key.asymmetricKeyType ?? '';
  if (!TYPES.has(type)) return undefined;
  const details = key.asymmetricKeyDetails;
  if (type === 'ec') {
    const curve = CURVES.get(details?.namedCurve ?? '');
    return curve === undefined ? undefined : { type, curve, bits: Number(curve.slice(2)) };
  }
  if (type === 'ed25519') return { type, bits: 256 };
  if (type === 'ed448') return { type, bits: 456 };
  const bits = details?.modulusLength ?? 0;
  if (bits < LEAST_RSA_BITS || bits > MOST_RSA_BITS) return undefined;
  // An exponent as long as the modulus costs a hundred times the work: real ones have 17 bits.
  if ((details?.publicExponent ?? 0n) > 0xffff_ffffn) return undefined;
  return { type: type === 'rsa' ? 'rsa' : 'rsa-pss', bits };
}

function isPassphraseError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /BAD_DECRYPT|MISSING_PASSPHRASE|BAD_PASSWORD/i.test(code);
}
