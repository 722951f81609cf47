/** X.509 certificates, RFC 5280 section 4: what path validation and IKE identities need of them. */
import { X509Certificate } from 'node:crypto';
import { bytesEqual, fail, IpAddress, ok, type Result, toHex } from '../base/index.ts';
import { bitSet, type Der, DerReader, oidText, readTime, smallInteger, Tag } from './der.ts';
import { sha1 } from './hash.ts';
import { kindText, type PublicKey, publicKeyOf } from './keys.ts';
import { pemBlocks } from './pem.ts';
import { decodeScheme, type SignatureScheme, schemeText } from './signature.ts';
import { nameText } from './x509-name.ts';

export type CertificateFault = Readonly<{ kind: 'malformed' | 'too-large' | 'unsupported-key'; detail: string }>;

/** A GeneralName of the kinds that IKE identities have, RFC 5280 section 4.2.1.6. */
export type AlternativeName =
  | Readonly<{ kind: 'dns' | 'email'; name: string }>
  | Readonly<{ kind: 'ip'; address: IpAddress }>
  /** A name as DER. */
  | Readonly<{ kind: 'directory'; der: Uint8Array }>;

/** Bits of the key usage extension, section 4.2.1.3. */
export const KeyUsage = { DIGITAL_SIGNATURE: 0, NON_REPUDIATION: 1, KEY_CERT_SIGN: 5, CRL_SIGN: 6 } as const;

/** Larger ones are not looked at. */
const MOST_BYTES = 32_768;
const MOST_EXTENSIONS = 64;
const MOST_NAMES = 256;

/** What the extensions say, each as where none is present. */
type Extensions = {
  isCa: boolean;
  pathLength: number | undefined;
  keyUsage: ReadonlySet<number> | undefined;
  extendedKeyUsage: readonly string[] | undefined;
  alternativeNames: readonly AlternativeName[];
  /** Critical ones that nobody here understands, by object identifier. */
  unknownCritical: string[];
};

type Fields = Extensions & {
  version: number;
  serial: string;
  subject: Uint8Array;
  issuer: Uint8Array;
  notBefore: number;
  notAfter: number;
  publicInfo: Uint8Array;
  scheme: SignatureScheme | undefined;
};

export class Certificate {
  /** All of it. */
  readonly der: Uint8Array;
  /** 1 or 3. */
  readonly version: number;
  /** Hexadecimal, upper case, without leading zeros. */
  readonly serial: string;
  /** Names as DER, and as text. */
  readonly subject: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subjectText: string;
  readonly issuerText: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo. */
  readonly publicInfo: Uint8Array;
  readonly publicKey: PublicKey;
  /** How its issuer signed it; undefined: in a way we do not know. */
  readonly scheme: SignatureScheme | undefined;
  readonly isCa: boolean;
  readonly pathLength: number | undefined;
  readonly keyUsage: ReadonlySet<number> | undefined;
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly alternativeNames: readonly AlternativeName[];
  readonly unknownCritical: readonly string[];
  readonly #x509: X509Certificate;

  constructor(der: Uint8Array, fields: Fields, publicKey: PublicKey, x509: X509Certificate) {
    this.der = der;
    this.version = fields.version;
    this.serial = fields.serial;
    this.subject = fields.subject;
    this.issuer = fields.issuer;
    this.subjectText = nameText(fields.subject) ?? '';
    this.issuerText = nameText(fields.issuer) ?? '';
    this.notBefore = fields.notBefore;
    this.notAfter = fields.notAfter;
    this.publicInfo = fields.publicInfo;
    this.publicKey = publicKey;
    this.scheme = fields.scheme;
    this.isCa = fields.isCa;
    this.pathLength = fields.pathLength;
    this.keyUsage = fields.keyUsage;
    this.extendedKeyUsage = fields.extendedKeyUsage;
    this.alternativeNames = fields.alternativeNames;
    this.unknownCritical = fields.unknownCritical;
    this.#x509 = x509;
  }

  /** SHA-1 of the SubjectPublicKeyInfo: how CERTREQ names an authority (RFC 7296 section 3.7). */
  get keyHash(): Uint8Array {
    return sha1(this.publicInfo);
  }

  /** Kind of its key, such as `RSA 2048`, and how it is signed. */
  get keyText(): string {
    return kindText(this.publicKey.kind);
  }

  get signatureText(): string {
    return this.scheme === undefined ? 'unknown' : schemeText(this.scheme);
  }

  /** What operators call it: the subject, or its serial number where the subject is empty. */
  get label(): string {
    const text = this.subjectText === '' ? `serial ${this.serial}` : this.subjectText;
    return text.length <= 128 ? text : `${text.slice(0, 128)}…`;
  }

  equals(other: Certificate): boolean {
    return bytesEqual(this.der, other.der);
  }

  /** Whether its signature is the issuer's. Names and rights of the issuer are not looked at. */
  isSignedBy(issuer: Certificate): boolean {
    if (this.scheme === undefined) return false;
    try {
      return this.#x509.verify(issuer.publicKey.handle());
    } catch {
      return false;
    }
  }

  toJSON(): unknown {
    const { subjectText, issuerText, serial } = this;
    return { subject: subjectText, issuer: issuerText, serial };
  }
}

/** Reads one certificate, whatever its bytes. */
export function readCertificate(der: Uint8Array): Result<Certificate, CertificateFault> {
  if (der.length > MOST_BYTES) return fail({ kind: 'too-large', detail: `${der.length} bytes` });
  // What is kept of it are views, so it is a copy that is read.
  const copy = Uint8Array.from(der);
  const fields = readFields(copy);
  if (typeof fields === 'string') return fail({ kind: 'malformed', detail: fields });
  // Node's own parser reads it a second time: it verifies the signature, and has the key at hand.
  let x509: X509Certificate;
  try {
    x509 = new X509Certificate(copy);
  } catch {
    return fail({ kind: 'malformed', detail: 'not a certificate' });
  }
  if (!bytesEqual(x509.raw, copy)) return fail({ kind: 'malformed', detail: 'not DER' });
  const key = publicKeyOf(x509);
  if (!key.ok) {
    const isBroken = key.error === 'malformed-key';
    return fail({ kind: isBroken ? 'malformed' : 'unsupported-key', detail: 'its public key is not usable' });
  }
  return ok(new Certificate(copy, fields, key.value, x509));
}

/** All certificates of a PEM text, in its order. */
export function readCertificates(pem: string): Result<readonly Certificate[], CertificateFault> {
  const blocks = pemBlocks(pem).filter(({ label }) => label === 'CERTIFICATE' || label === 'X509 CERTIFICATE');
  const out: Certificate[] = [];
  for (const { der } of blocks) {
    const read = readCertificate(der);
    if (!read.ok) return read;
    out.push(read.value);
  }
  return out.length === 0 ? fail({ kind: 'malformed', detail: 'no PEM certificate in the text' }) : ok(out);
}

/** Certificate and TBSCertificate, section 4.1; a sentence when they are not there. */
function readFields(der: Uint8Array): Fields | string {
  const whole = new DerReader(der);
  const certificate = whole.enter(Tag.SEQUENCE);
  whole.end();
  const tbs = certificate.enter(Tag.SEQUENCE);
  const algorithm = certificate.take(Tag.SEQUENCE).raw;
  certificate.take(Tag.BIT_STRING);
  certificate.end();

  let version = 1;
  if (tbs.nextTag === 0xa0) version = 1 + (smallInteger(tbs.enter(0xa0).take(Tag.INTEGER).content) ?? 9);
  const serial = serialText(tbs.take(Tag.INTEGER).content);
  const signed = tbs.take(Tag.SEQUENCE).raw;
  const issuer = tbs.take(Tag.SEQUENCE).raw;
  const validity = tbs.enter(Tag.SEQUENCE);
  const notBefore = readTime(validity.any());
  const notAfter = readTime(validity.any());
  const subject = tbs.take(Tag.SEQUENCE).raw;
  const publicInfo = tbs.take(Tag.SEQUENCE).raw;
  tbs.maybe(0x81); // issuerUniqueID
  tbs.maybe(0x82); // subjectUniqueID
  const extensions: Extensions = {
    isCa: false,
    pathLength: undefined,
    keyUsage: undefined,
    extendedKeyUsage: undefined,
    alternativeNames: [],
    unknownCritical: [],
  };
  if (tbs.nextTag === 0xa3) {
    const list = tbs.enter(0xa3);
    if (!readExtensions(list.enter(Tag.SEQUENCE), extensions)) return 'an extension can not be read';
    list.end();
  }
  tbs.end();
  if (whole.malformed) return 'not a certificate';
  if (version > 3) return `version ${version} is not known`;
  if (!bytesEqual(algorithm, signed)) return 'it names two signature algorithms';
  if (notBefore === undefined || notAfter === undefined) return 'its validity can not be read';
  if (nameText(subject) === undefined || nameText(issuer) === undefined) return 'a name can not be read';
  const scheme = decodeScheme(algorithm);
  return { version, serial, subject, issuer, notBefore, notAfter, publicInfo, scheme, ...extensions };
}

/** An integer as hexadecimal digits. */
export function serialText(content: Uint8Array): string {
  return toHex(content)
    .replace(/^(?:00)+(?=.)/, '')
    .toUpperCase();
}

/** Extensions, section 4.2. One of a kind at most; those that no rule here needs may be there if they are not critical. */
function readExtensions(list: DerReader, into: Extensions): boolean {
  const seen = new Set<string>();
  while (list.hasMore) {
    const extension = list.enter(Tag.SEQUENCE);
    const id = oidText(extension.take(Tag.OID).content);
    const critical = (extension.maybe(Tag.BOOLEAN)?.content[0] ?? 0) !== 0;
    const value = new DerReader(extension.take(Tag.OCTET_STRING).content);
    extension.end();
    if (list.malformed || seen.has(id) || seen.size === MOST_EXTENSIONS) return false;
    seen.add(id);
    if (!readExtension(id, value, into) && critical) into.unknownCritical.push(id);
    if (value.malformed) return false;
  }
  return !list.malformed;
}

/** Whether the extension is one that we understand. */
function readExtension(id: string, value: DerReader, into: Extensions): boolean {
  switch (id) {
    case '2.5.29.15': {
      const bits = bitSet(value.take(Tag.BIT_STRING).content);
      if (bits === undefined) value.refuse();
      into.keyUsage = bits;
      return true;
    }
    case '2.5.29.17':
      into.alternativeNames = readNames(value.enter(Tag.SEQUENCE));
      return true;
    case '2.5.29.19': {
      const fields = value.enter(Tag.SEQUENCE);
      into.isCa = (fields.maybe(Tag.BOOLEAN)?.content[0] ?? 0) !== 0;
      const length = fields.maybe(Tag.INTEGER);
      into.pathLength = length === undefined ? undefined : smallInteger(length.content);
      if (length !== undefined && into.pathLength === undefined) value.refuse();
      fields.end();
      return true;
    }
    case '2.5.29.37': {
      const usages = value.enter(Tag.SEQUENCE);
      const found: string[] = [];
      while (usages.hasMore && found.length < MOST_NAMES) found.push(oidText(usages.take(Tag.OID).content));
      into.extendedKeyUsage = found;
      return true;
    }
    case '2.5.29.14': // subject key identifier
    case '2.5.29.35': // authority key identifier
    case '2.5.29.31': // where CRLs are: they are configured
    case '2.5.29.32': // policies: any will do
      return true;
    default:
      return false;
  }
}

function readNames(names: DerReader): readonly AlternativeName[] {
  const out: AlternativeName[] = [];
  for (let count = 0; names.hasMore && count < MOST_NAMES; count++) {
    const name = alternativeName(names.any(), names);
    if (name !== undefined) out.push(name);
  }
  return out;
}

function alternativeName({ tag, content }: Der, names: DerReader): AlternativeName | undefined {
  switch (tag) {
    case 0x81:
    case 0x82: {
      const name = Array.from(content, (byte) => String.fromCharCode(byte)).join('');
      return { kind: tag === 0x81 ? 'email' : 'dns', name };
    }
    case 0x84:
      return { kind: 'directory', der: names.within(content).take(Tag.SEQUENCE).raw };
    case 0x87:
      if (content.length !== 4 && content.length !== 16) return undefined;
      return { kind: 'ip', address: IpAddress.read(content, 0, content.length === 4 ? 4 : 6) };
    default:
      return undefined;
  }
}
