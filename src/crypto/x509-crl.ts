/** Certificate revocation lists, RFC 5280 section 5: complete ones of one issuer. */
import { bytesEqual, fail, ok, type Result } from '../base/index.ts';
import { DerReader, oidText, readTime, smallInteger, Tag } from './der.ts';
import { pemBlocks } from './pem.ts';
import { decodeScheme, type SignatureScheme, verify } from './signature.ts';
import { type Certificate, KeyUsage, serialText } from './x509.ts';
import { namesEqual, nameText } from './x509-name.ts';

export type CrlFault = Readonly<{ kind: 'malformed' | 'too-large' | 'unsupported'; detail: string }>;

/** Some 300,000 entries. */
const MOST_BYTES = 16 * 1024 * 1024;

type Fields = Readonly<{
  der: Uint8Array;
  signed: Uint8Array;
  scheme: SignatureScheme;
  signature: Uint8Array;
  issuer: Uint8Array;
  thisUpdate: number;
  nextUpdate: number | undefined;
  revoked: ReadonlyMap<string, number>;
}>;

export class Crl {
  readonly der: Uint8Array;
  readonly issuer: Uint8Array;
  readonly issuerText: string;
  /** Milliseconds since 1970. */
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  /** When each was revoked, by serial number. */
  readonly #revoked: ReadonlyMap<string, number>;
  readonly #fields: Fields;

  constructor(fields: Fields) {
    this.der = fields.der;
    this.issuer = fields.issuer;
    this.issuerText = nameText(fields.issuer) ?? '';
    this.thisUpdate = fields.thisUpdate;
    this.nextUpdate = fields.nextUpdate;
    this.#revoked = fields.revoked;
    this.#fields = fields;
  }

  get size(): number {
    return this.#revoked.size;
  }

  /** When a certificate of this issuer was revoked; undefined: it was not. */
  revokedAt(serial: string): number | undefined {
    return this.#revoked.get(serial);
  }

  /** Whether an authority signed it that may: section 6.3.3 (f) and (g). */
  isSignedBy(issuer: Certificate): boolean {
    if (!namesEqual(this.issuer, issuer.subject)) return false;
    if (issuer.keyUsage !== undefined && !issuer.keyUsage.has(KeyUsage.CRL_SIGN)) return false;
    const { scheme, signed, signature } = this.#fields;
    return verify(issuer.publicKey, scheme, signed, signature);
  }

  toJSON(): unknown {
    const { issuerText, size } = this;
    return { issuer: issuerText, revoked: size };
  }
}

/** Reads one list, whatever its bytes. */
export function readCrl(bytes: Uint8Array): Result<Crl, CrlFault> {
  if (bytes.length > MOST_BYTES) return fail({ kind: 'too-large', detail: `${bytes.length} bytes` });
  const der = Uint8Array.from(bytes);
  const whole = new DerReader(der);
  const list = whole.enter(Tag.SEQUENCE);
  whole.end();
  const { raw: signed, content } = list.take(Tag.SEQUENCE);
  const algorithm = list.take(Tag.SEQUENCE).raw;
  const { content: bits } = list.take(Tag.BIT_STRING);
  list.end();

  const tbs = list.within(content);
  const version = tbs.maybe(Tag.INTEGER);
  const inner = tbs.take(Tag.SEQUENCE).raw;
  const issuer = tbs.take(Tag.SEQUENCE).raw;
  const thisUpdate = readTime(tbs.any());
  const hasNext = tbs.nextTag === Tag.UTC_TIME || tbs.nextTag === Tag.GENERALIZED_TIME;
  const nextUpdate = hasNext ? readTime(tbs.any()) : undefined;
  const revoked = new Map<string, number>();
  let isIndirect = false;
  if (tbs.nextTag === Tag.SEQUENCE) {
    const entries = tbs.enter(Tag.SEQUENCE);
    while (entries.hasMore) {
      const entry = entries.enter(Tag.SEQUENCE);
      const serial = serialText(entry.take(Tag.INTEGER).content);
      const when = readTime(entry.any());
      if (entry.nextTag === Tag.SEQUENCE)
        isIndirect ||= hasUnknownCritical(entry.enter(Tag.SEQUENCE), ENTRY_EXTENSIONS);
      entry.end();
      if (when === undefined) entry.refuse();
      revoked.set(serial, when ?? 0);
    }
  }
  let isPartial = false;
  if (tbs.nextTag === 0xa0) isPartial = hasUnknownCritical(tbs.enter(0xa0).enter(Tag.SEQUENCE), LIST_EXTENSIONS);
  tbs.end();

  if (whole.malformed || thisUpdate === undefined || (hasNext && nextUpdate === undefined) || bits[0] !== 0) {
    return fail({ kind: 'malformed', detail: 'not a revocation list' });
  }
  if (version !== undefined && smallInteger(version.content) !== 1) {
    return fail({ kind: 'unsupported', detail: 'its version is not known' });
  }
  if (!bytesEqual(inner, algorithm)) return fail({ kind: 'malformed', detail: 'it names two signature algorithms' });
  if (nameText(issuer) === undefined) return fail({ kind: 'malformed', detail: 'its issuer can not be read' });
  // A delta, or a list of some certificates or of other issuers, says so by a critical extension (section 5.2).
  if (isPartial || isIndirect) return fail({ kind: 'unsupported', detail: 'not a complete list of one issuer' });
  const scheme = decodeScheme(algorithm);
  if (scheme === undefined) return fail({ kind: 'unsupported', detail: 'its signature algorithm is not known' });
  return ok(new Crl({ der, signed, scheme, signature: bits.subarray(1), issuer, thisUpdate, nextUpdate, revoked }));
}

/** All lists of a text, PEM or DER. */
export function readCrls(bytes: Uint8Array): Result<readonly Crl[], CrlFault> {
  const blocks = bytes[0] === Tag.SEQUENCE ? [{ label: 'X509 CRL', der: bytes }] : pemBlocks(asText(bytes));
  const out: Crl[] = [];
  for (const { label, der } of blocks) {
    if (label !== 'X509 CRL') continue;
    const read = readCrl(der);
    if (!read.ok) return read;
    out.push(read.value);
  }
  return out.length === 0 ? fail({ kind: 'malformed', detail: 'no revocation list in the file' }) : ok(out);
}

/** Reason code and invalidity date; CRL number and key identifiers. */
const ENTRY_EXTENSIONS: ReadonlySet<string> = new Set(['2.5.29.21', '2.5.29.24']);
const LIST_EXTENSIONS: ReadonlySet<string> = new Set(['2.5.29.20', '2.5.29.35', '2.5.29.18']);

function hasUnknownCritical(extensions: DerReader, known: ReadonlySet<string>): boolean {
  let found = false;
  while (extensions.hasMore) {
    const extension = extensions.enter(Tag.SEQUENCE);
    const id = oidText(extension.take(Tag.OID).content);
    const critical = (extension.maybe(Tag.BOOLEAN)?.content[0] ?? 0) !== 0;
    extension.take(Tag.OCTET_STRING);
    extension.end();
    found ||= critical && !known.has(id);
  }
  return found;
}

function asText(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}
