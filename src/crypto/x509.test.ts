import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import * as asn1js from 'asn1js';
import fc from 'fast-check';
import { bytesEqual, concat, toHex, utf8 } from '../base/index.ts';
import { LocalCredential } from './credential.ts';
import { DerReader, oidText, readTime, Tag } from './der.ts';
import { readPrivateKey } from './keys.ts';
import {
  certificatePem,
  credential,
  crlBytes,
  crlPem,
  extension,
  integer,
  issue,
  oid,
  pemOf,
  privateKey,
  revocationList,
  rootAuthority,
  type TestKeyType,
  testKey,
  testName,
  tlv,
} from './pki.fixture.ts';
import { readCertificate, readCertificates } from './x509.ts';
import { readCrl, readCrls } from './x509-crl.ts';
import { nameAttributes, namesEqual, nameText } from './x509-name.ts';

const root = rootAuthority('C=CH, O=Example, CN=Root');

test('a certificate says who it is for, who issued it and what it may', () => {
  const { certificate } = issue({
    subject: 'C=CH, O=Example, OU=VPN, CN=gw1',
    key: testKey('P-256'),
    issuer: root,
    dns: ['gw1.example.com'],
    email: ['gw1@example.com'],
    ip: ['192.0.2.1', '2001:db8::1'],
    serial: 0x8abc,
    notBefore: '20260101000000Z',
    notAfter: '20550101000000Z',
  });
  assert.equal(certificate.subjectText, 'cn=gw1,ou=VPN,o=Example,c=CH');
  assert.equal(certificate.issuerText, 'cn=Root,o=Example,c=CH');
  assert.equal(certificate.serial, '8ABC');
  assert.equal(certificate.notBefore, Date.UTC(2026, 0, 1));
  assert.equal(certificate.notAfter, Date.UTC(2055, 0, 1));
  assert.deepEqual(
    certificate.alternativeNames.map((one) =>
      'address' in one ? `${one.kind} ${one.address}` : `${one.kind} ${'name' in one ? one.name : ''}`,
    ),
    ['dns gw1.example.com', 'email gw1@example.com', 'ip 192.0.2.1', 'ip 2001:db8::1'],
  );
  assert.deepEqual([...(certificate.keyUsage ?? [])], [0]);
  assert.equal(certificate.isCa, false);
  assert.ok(certificate.isSignedBy(root.certificate));
  assert.ok(!certificate.isSignedBy(certificate));
});

test('an authority tells its path length; a critical extension that nobody knows is remembered', () => {
  const odd = extension('1.3.6.1.4.1.99999.1', true, tlv(Tag.NULL));
  const quiet = extension('1.3.6.1.4.1.99999.2', false, tlv(Tag.NULL));
  const { certificate } = issue({
    subject: 'CN=x',
    key: testKey('P-256'),
    ca: true,
    pathLength: 2,
    extensions: [odd, quiet],
  });
  assert.equal(certificate.isCa, true);
  assert.equal(certificate.pathLength, 2);
  assert.deepEqual(certificate.unknownCritical, ['1.3.6.1.4.1.99999.1']);
});

for (const type of ['rsa', 'rsa-pss', 'P-256', 'P-384', 'P-521', 'ed25519', 'ed448'] satisfies TestKeyType[]) {
  test(`a certificate with a key ${type} is read and verified`, () => {
    const own = rootAuthority(`CN=${type}`, type);
    const { certificate } = issue({ subject: 'CN=leaf', key: testKey('P-256'), issuer: own });
    assert.ok(certificate.isSignedBy(own.certificate));
    assert.ok(own.certificate.isSignedBy(own.certificate));
  });
}

test('names are the same whatever their case, blanks and string type (RFC 5280 section 7.1)', () => {
  const utf = testName('C=CH, O=Example  AG, CN=gw1');
  assert.ok(namesEqual(utf, testName('C=ch, O=example ag , CN=GW1', Tag.PRINTABLE_STRING)));
  assert.ok(!namesEqual(utf, testName('C=CH, O=Example AG, CN=gw2')));
  assert.ok(!namesEqual(utf, testName('CN=gw1, O=Example AG, C=CH')), 'order counts');
  assert.ok(!namesEqual(utf, testName('C=CH, O=Example AG, CN=gw1, CN=gw1')));
  assert.ok(!namesEqual(testName('OU=a'), testName('O=a')));
});

test('a name as text escapes what would be read otherwise', () => {
  assert.equal(nameText(testName('O=Sm+th; Inc, CN=a\u202eb')), 'cn=a\\e2\\80\\aeb,o=Sm\\+th\\; Inc');
  assert.deepEqual(nameAttributes(testName('O=A, OU=B')), [
    { key: 'o', value: 'A' },
    { key: 'ou', value: 'B' },
  ]);
});

test('times are read to the second and none that does not exist', () => {
  const at = (tag: number, text: string): number | undefined => readTime({ tag, content: utf8(text), raw: utf8(text) });
  assert.equal(at(Tag.UTC_TIME, '491231235959Z'), Date.UTC(2049, 11, 31, 23, 59, 59));
  assert.equal(at(Tag.UTC_TIME, '500101000000Z'), Date.UTC(1950, 0, 1));
  assert.equal(at(Tag.GENERALIZED_TIME, '20500101000000Z'), Date.UTC(2050, 0, 1));
  for (const text of ['491331235959Z', '4912312359Z', '491231235959+0100', '']) {
    assert.equal(at(Tag.UTC_TIME, text), undefined, text);
  }
});

/** Every element below one, by the independent reader. */
function walk(own: DerReader, other: readonly asn1js.BaseBlock[], depth: number): number {
  let count = 0;
  for (const block of other) {
    const element = own.any();
    assert.equal(toHex(element.raw), toHex(new Uint8Array(block.valueBeforeDecodeView)));
    count += 1;
    const inner = block.valueBlock;
    const isConstructed = (element.tag & 0x20) !== 0;
    const list = 'value' in inner && Array.isArray(inner.value) ? (inner.value as asn1js.BaseBlock[]) : [];
    if (isConstructed) count += walk(own.within(element.content), list, depth + 1);
  }
  assert.ok(!own.hasMore && !own.malformed);
  return count;
}

test('our DER reader sees the same elements as asn1js', () => {
  const { certificate } = issue({ subject: 'CN=gw1', key: testKey('rsa'), issuer: root, ip: ['192.0.2.1'] });
  for (const bytes of [certificate.der, crlBytes({ issuer: root, revoked: ['1', '2', '3'] })]) {
    const { result, offset } = asn1js.fromBER(Uint8Array.from(bytes).buffer, { parseEmbedded: false });
    assert.equal(offset, bytes.length);
    assert.ok(walk(new DerReader(bytes), [result], 0) > 20);
  }
});

test('object identifiers are read as they were written', () => {
  const arc = fc.integer({ min: 0, max: 2 ** 31 });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1 }),
      fc.integer({ min: 0, max: 39 }),
      fc.array(arc, { maxLength: 8 }),
      (a, b, rest) => {
        const text = [a, b, ...rest].join('.');
        assert.equal(oidText(new DerReader(oid(text)).take(Tag.OID).content), text);
      },
    ),
  );
});

test('lengths that are indefinite, longer than needed or beyond the end are no DER', () => {
  for (const bytes of [
    [0x30, 0x80, 0, 0],
    [0x30, 0x81, 0x01, 0x05],
    [0x30, 0x82, 0, 1, 5],
    [0x30, 5, 1],
    [0x1f, 1, 0],
    [0x30],
  ]) {
    const reader = new DerReader(Uint8Array.from(bytes));
    reader.any();
    assert.ok(reader.malformed, toHex(Uint8Array.from(bytes)));
  }
});

test('no bytes make the readers throw, and every shorter part of a certificate is a fault', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.equal(readCertificate(bytes).ok, false);
      assert.equal(readCrl(bytes).ok, false);
      nameText(bytes);
    }),
  );
  const { der } = root.certificate;
  for (let length = 0; length < der.length; length++) assert.equal(readCertificate(der.subarray(0, length)).ok, false);
  assert.equal(readCertificate(concat(der, Uint8Array.of(0))).ok, false);
});

test('a certificate with any byte changed is a fault or no longer signed', () => {
  const { certificate } = issue({ subject: 'CN=gw1', key: testKey('P-256'), issuer: root, dns: ['gw1.example.com'] });
  let read = 0;
  for (let i = 0; i < certificate.der.length; i++) {
    for (const bit of [0x01, 0x80]) {
      const changed = Uint8Array.from(certificate.der);
      changed[i] = (changed[i] ?? 0) ^ bit;
      const result = readCertificate(changed);
      if (!result.ok) continue;
      read += 1;
      assert.ok(!result.value.isSignedBy(root.certificate), `byte ${i}`);
    }
  }
  assert.ok(read > 50, 'some were still certificates');
});

test('deep and wide nonsense is refused at once', () => {
  let deep: Uint8Array = tlv(Tag.NULL);
  for (let i = 0; i < 8000; i++) deep = i < 200 || i % 100 === 0 ? tlv(Tag.SEQUENCE, deep) : deep;
  assert.equal(readCertificate(deep).ok, false);
  const wide = tlv(Tag.SEQUENCE, ...Array.from({ length: 10_000 }, () => tlv(Tag.NULL)));
  assert.equal(readCertificate(wide).ok, false);
  const huge = readCertificate(tlv(Tag.SEQUENCE, new Uint8Array(60_000)));
  assert.ok(!huge.ok && huge.error.kind === 'too-large');
  const names = testName(Array.from({ length: 100 }, (_, i) => `OU=${i}`).join(', '));
  assert.equal(nameText(names), undefined);
});

test('PEM texts give their certificates in order, whatever stands between them', () => {
  const leaf = issue({ subject: 'CN=leaf', key: testKey('P-256'), issuer: root });
  const read = readCertificates(
    `Subject: leaf\n${certificatePem(leaf)}junk\r\n${certificatePem(root).replaceAll('\n', '\r\n')}`,
  );
  assert.ok(read.ok);
  assert.deepEqual(
    read.value.map(({ subjectText }) => subjectText),
    ['cn=leaf', 'cn=Root,o=Example,c=CH'],
  );
  assert.equal(readCertificates('nothing').ok, false);
});

test('a revocation list tells its serial numbers and its end', () => {
  const crl = revocationList({ issuer: root, revoked: ['8ABC', '1'], nextUpdate: '20270101000000Z' });
  assert.equal(crl.size, 2);
  assert.equal(crl.revokedAt('8ABC'), Date.UTC(2026, 5, 1));
  assert.equal(crl.revokedAt('2'), undefined);
  assert.equal(crl.nextUpdate, Date.UTC(2027, 0, 1));
  assert.ok(crl.isSignedBy(root.certificate));
  const other = rootAuthority('CN=Other');
  assert.ok(!crl.isSignedBy(other.certificate));
  const forged = revocationList({ issuer: root, key: other.key });
  assert.ok(!forged.isSignedBy(root.certificate));
  const mute = issue({ subject: 'C=CH, O=Example, CN=Root', key: root.key, ca: true, keyUsage: [5] });
  assert.ok(!crl.isSignedBy(mute.certificate), 'its key may not sign lists');
});

test('lists in PEM and DER are read; partial and delta ones are refused', () => {
  const pem = readCrls(utf8(crlPem({ issuer: root })));
  assert.ok(pem.ok && pem.value.length === 1);
  const der = readCrls(crlBytes({ issuer: root }));
  assert.ok(der.ok && der.value.length === 1);
  const delta = readCrl(crlBytes({ issuer: root, extensions: [extension('2.5.29.27', true, integer(1))] }));
  assert.ok(!delta.ok && delta.error.kind === 'unsupported');
  assert.equal(readCrls(utf8('')).ok, false);
});

test('private keys are read from every form of PEM, encrypted ones with their passphrase', () => {
  const key = testKey('rsa');
  const plain = readPrivateKey(pemOf(key));
  const old = readPrivateKey(String(key.export({ type: 'pkcs1', format: 'pem' })));
  const ec = readPrivateKey(String(testKey('P-384').export({ type: 'sec1', format: 'pem' })));
  const locked = String(key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'sesame' }));
  const open = readPrivateKey(locked, 'sesame');
  assert.ok(plain.ok && old.ok && ec.ok && open.ok);
  assert.ok(plain.value.equals(old.value) && plain.value.equals(open.value));
  assert.deepEqual(readPrivateKey(locked), { ok: false, error: 'passphrase-needed' });
  assert.deepEqual(readPrivateKey(locked, 'wrong'), { ok: false, error: 'passphrase-needed' });
  assert.deepEqual(readPrivateKey('nonsense'), { ok: false, error: 'malformed-key' });
});

test('a credential is a certificate with its own key, and neither prints', () => {
  const leaf = issue({ subject: 'CN=leaf', key: testKey('P-256'), issuer: root });
  const other = privateKey(testKey('P-256', 'another'));
  assert.deepEqual(LocalCredential.of(leaf.certificate, [], other), { ok: false, error: 'other-key' });
  const own = credential(leaf);
  const secret = privateKey(leaf.key);
  const d = String(testKey('P-256').export({ format: 'jwk' })['d']);
  const shown = [own, secret].flatMap((one) => [
    String(one),
    JSON.stringify(one),
    inspect(one, { depth: 9, showHidden: true }),
  ]);
  assert.ok(
    shown.every((text) => !text.includes(d) && !text.includes('PRIVATE')),
    shown.join('\n'),
  );
  assert.deepEqual(
    [...new Set(shown.map((text) => text.replaceAll('"', '')))],
    ['<certificate cn=leaf with its key>', '<private key, EC P-256>'],
  );
  assert.ok(bytesEqual(own.certificate.publicInfo, secret.publicInfo));
});
