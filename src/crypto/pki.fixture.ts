/** A public key infrastructure for tests: keys, certificates and revocation lists of any shape, also wrong ones. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { concat, EMPTY, IpAddress, utf8 } from '../base/index.ts';
import { LocalCredential } from './credential.ts';
import { Tag } from './der.ts';
import { type PrivateKey, readPrivateKey } from './keys.ts';
import { pemText } from './pem.ts';
import { encodeScheme, pss, type SignatureScheme } from './signature.ts';
import { type Certificate, readCertificate } from './x509.ts';
import { type Crl, readCrl } from './x509-crl.ts';

export type TestKeyType = 'rsa' | 'rsa-1024' | 'rsa-pss' | 'P-256' | 'P-384' | 'P-521' | 'ed25519' | 'ed448';

/** Key pairs are made once: RSA takes its time. */
const pairs = new Map<string, KeyObject>();

/** A private key; the same `name` and type give the same key. */
export function testKey(type: TestKeyType, name = ''): KeyObject {
  const known = pairs.get(`${type} ${name}`);
  if (known !== undefined) return known;
  const made = generate(type);
  pairs.set(`${type} ${name}`, made);
  return made;
}

export function pemOf(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }));
}

export function privateKey(key: KeyObject): PrivateKey {
  const read = readPrivateKey(pemOf(key));
  assert.ok(read.ok);
  return read.value;
}

/** What a certificate says; all that is absent is as a gateway's or an authority's would be. */
export type CertificateSpec = Readonly<{
  /** Such as `C=CH, O=Example, CN=gw1`. */
  subject: string;
  key: KeyObject;
  issuer?: TestIssuer;
  ca?: boolean;
  pathLength?: number;
  /** Bits of key usage; 'none': no such extension. */
  keyUsage?: readonly number[] | 'none';
  extendedKeyUsage?: readonly string[];
  dns?: readonly string[];
  email?: readonly string[];
  ip?: readonly string[];
  /** Such as `20260101000000Z`. */
  notBefore?: string;
  notAfter?: string;
  serial?: number;
  scheme?: SignatureScheme;
  /** Extensions as they are, such as a critical one that nobody knows. */
  extensions?: readonly Uint8Array[];
  version?: 1 | 3;
}>;

export type TestIssuer = Readonly<{ name: Uint8Array; key: KeyObject; certificate: Certificate }>;

let serials = 1000;

/** The certificate of a specification; without issuer it signs itself. */
export function issue(spec: CertificateSpec): TestIssuer {
  const name = testName(spec.subject);
  const signer = spec.issuer ?? { name, key: spec.key };
  const algorithm = spec.scheme ?? schemeFor(signer.key);
  serials += 1;
  const version = spec.version === 1 ? EMPTY : tlv(0xa0, integer(2));
  const tbs = tlv(
    Tag.SEQUENCE,
    version,
    integer(spec.serial ?? serials),
    encodeScheme(algorithm),
    signer.name,
    tlv(Tag.SEQUENCE, time(spec.notBefore ?? '20200101000000Z'), time(spec.notAfter ?? '20450101000000Z')),
    name,
    spki(spec.key),
    spec.version === 1 ? EMPTY : tlv(0xa3, tlv(Tag.SEQUENCE, ...extensionsOf(spec))),
  );
  const der = signed(tbs, algorithm, signer.key);
  const certificate = readCertificate(der);
  assert.ok(certificate.ok, JSON.stringify(certificate));
  return { name, key: spec.key, certificate: certificate.value };
}

/** An authority of its own. */
export function rootAuthority(subject: string, type: TestKeyType = 'P-256'): TestIssuer {
  return issue({ subject, key: testKey(type, subject), ca: true });
}

export function credential(issued: TestIssuer, ...intermediates: readonly TestIssuer[]): LocalCredential {
  const chain = intermediates.map(({ certificate }) => certificate);
  const made = LocalCredential.of(issued.certificate, chain, privateKey(issued.key));
  assert.ok(made.ok);
  return made.value;
}

export type CrlSpec = Readonly<{
  issuer: TestIssuer;
  /** Serial numbers, hexadecimal. */
  revoked?: readonly string[];
  thisUpdate?: string;
  nextUpdate?: string | 'none';
  /** Signed by another key than the issuer's. */
  key?: KeyObject;
  extensions?: readonly Uint8Array[];
}>;

export function crlBytes(spec: CrlSpec): Uint8Array {
  const key = spec.key ?? spec.issuer.key;
  const algorithm = schemeFor(key);
  const entries = (spec.revoked ?? []).map((serial) =>
    tlv(Tag.SEQUENCE, integer(Number.parseInt(serial, 16)), time('20260601000000Z')),
  );
  const tbs = tlv(
    Tag.SEQUENCE,
    integer(1),
    encodeScheme(algorithm),
    spec.issuer.name,
    time(spec.thisUpdate ?? '20200101000000Z'),
    spec.nextUpdate === 'none' ? EMPTY : time(spec.nextUpdate ?? '20450101000000Z'),
    entries.length === 0 ? EMPTY : tlv(Tag.SEQUENCE, ...entries),
    spec.extensions === undefined ? EMPTY : tlv(0xa0, tlv(Tag.SEQUENCE, ...spec.extensions)),
  );
  return signed(tbs, algorithm, key);
}

export function revocationList(spec: CrlSpec): Crl {
  const crl = readCrl(crlBytes(spec));
  assert.ok(crl.ok, JSON.stringify(crl));
  return crl.value;
}

export function certificatePem({ certificate }: Pick<TestIssuer, 'certificate'>): string {
  return pemText('CERTIFICATE', certificate.der);
}

export function crlPem(spec: CrlSpec): string {
  return pemText('X509 CRL', crlBytes(spec));
}

/** An extension as it stands in a certificate. */
export function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  const flag = critical ? tlv(Tag.BOOLEAN, Uint8Array.of(0xff)) : EMPTY;
  return tlv(Tag.SEQUENCE, oid(id), flag, tlv(Tag.OCTET_STRING, value));
}

/** A name as DER: `C=CH, O=Example, CN=gw1`; values as UTF8String, or as PrintableString. */
export function testName(text: string, tag: number = Tag.UTF8_STRING): Uint8Array {
  const ids: Readonly<Record<string, string>> = {
    C: '2.5.4.6',
    O: '2.5.4.10',
    OU: '2.5.4.11',
    CN: '2.5.4.3',
    EA: '1.2.840.113549.1.9.1',
  };
  const parts = text === '' ? [] : text.split(/,\s*/);
  const rdns = parts.map((part) => {
    const [key = '', value = ''] = part.split('=');
    return tlv(Tag.SET, tlv(Tag.SEQUENCE, oid(ids[key] ?? key), tlv(tag, utf8(value))));
  });
  return tlv(Tag.SEQUENCE, ...rdns);
}

export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  const { length } = content;
  const header =
    length < 0x80
      ? [length]
      : length < 0x100
        ? [0x81, length]
        : length < 0x1_0000
          ? [0x82, length >> 8, length & 255]
          : [0x83, length >> 16, (length >> 8) & 255, length & 255];
  return concat(Uint8Array.of(tag, ...header), content);
}

export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return tlv(Tag.OID, Uint8Array.from(bytes));
}

export function integer(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let left = value; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  if (bytes.length === 0 || (bytes[0] ?? 0) >= 0x80) bytes.unshift(0);
  return tlv(Tag.INTEGER, Uint8Array.from(bytes));
}

function time(text: string): Uint8Array {
  const year = Number(text.slice(0, 4));
  return year < 2050 ? tlv(Tag.UTC_TIME, utf8(text.slice(2))) : tlv(Tag.GENERALIZED_TIME, utf8(text));
}

function extensionsOf(spec: CertificateSpec): readonly Uint8Array[] {
  const out: Uint8Array[] = [];
  if (spec.ca === true) {
    const length = spec.pathLength === undefined ? EMPTY : integer(spec.pathLength);
    out.push(extension('2.5.29.19', true, tlv(Tag.SEQUENCE, tlv(Tag.BOOLEAN, Uint8Array.of(0xff)), length)));
  }
  const usage = spec.keyUsage ?? (spec.ca === true ? [5, 6] : [0]);
  if (usage !== 'none') {
    const byte = usage.reduce((bits, bit) => bits | (0x80 >> bit), 0);
    out.push(extension('2.5.29.15', true, tlv(Tag.BIT_STRING, Uint8Array.of(0, byte))));
  }
  if (spec.extendedKeyUsage !== undefined) {
    out.push(extension('2.5.29.37', false, tlv(Tag.SEQUENCE, ...spec.extendedKeyUsage.map(oid))));
  }
  const names = [
    ...(spec.dns ?? []).map((name) => tlv(0x82, utf8(name))),
    ...(spec.email ?? []).map((name) => tlv(0x81, utf8(name))),
    ...(spec.ip ?? []).map((text) => {
      const address = IpAddress.parse(text);
      assert.ok(address);
      return tlv(0x87, address.toBytes());
    }),
  ];
  if (names.length > 0) out.push(extension('2.5.29.17', false, tlv(Tag.SEQUENCE, ...names)));
  return [...out, ...(spec.extensions ?? [])];
}

function signed(tbs: Uint8Array, scheme: SignatureScheme, key: KeyObject): Uint8Array {
  const hash = scheme.kind === 'eddsa' ? null : scheme.hash;
  const padding = scheme.kind === 'rsa-pss' ? { padding: 6, saltLength: scheme.saltLength } : {};
  const signature = sign(hash, tbs, { key, ...padding });
  return tlv(Tag.SEQUENCE, tbs, encodeScheme(scheme), tlv(Tag.BIT_STRING, Uint8Array.of(0), signature));
}

function schemeFor(key: KeyObject): SignatureScheme {
  switch (key.asymmetricKeyType) {
    case 'ec':
      return { kind: 'ecdsa', hash: 'sha256', form: 'der' };
    case 'ed25519':
    case 'ed448':
      return { kind: 'eddsa', curve: key.asymmetricKeyType };
    case 'rsa-pss':
      return pss('sha256');
    default:
      return { kind: 'rsa-pkcs1', hash: 'sha256' };
  }
}

function spki(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

function generate(type: TestKeyType): KeyObject {
  switch (type) {
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    case 'rsa-1024':
      return generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    case 'rsa-pss':
      return generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
    case 'ed448':
      return generateKeyPairSync('ed448').privateKey;
    default:
      return generateKeyPairSync('ec', { namedCurve: type }).privateKey;
  }
}
