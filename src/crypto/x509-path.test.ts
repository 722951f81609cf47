import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tag } from './der.ts';
import {
  type CertificateSpec,
  extension,
  issue,
  revocationList,
  rootAuthority,
  type TestIssuer,
  testKey,
  tlv,
} from './pki.fixture.ts';
import type { Certificate } from './x509.ts';
import type { Crl } from './x509-crl.ts';
import { type PathReason, type Revocation, validatePath } from './x509-path.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const root = rootAuthority('O=Example, CN=Root');
const middle = issue({ subject: 'O=Example, CN=Middle', key: testKey('P-256', 'middle'), issuer: root, ca: true });
const leaf = leafOf();

function leafOf(change: Partial<CertificateSpec> = {}): TestIssuer {
  return issue({ subject: 'O=Example, CN=gw1', key: testKey('P-256', 'leaf'), issuer: middle, ...change });
}

type Way = Readonly<{
  leaf?: TestIssuer;
  sent?: readonly TestIssuer[];
  anchors?: readonly TestIssuer[];
  revocation?: Revocation;
  crls?: readonly Crl[];
  permitWeak?: boolean;
  ignoreKeyUsage?: boolean;
  nowMs?: number;
}>;

function check(way: Way): readonly string[] | Readonly<{ reason: PathReason; certificate: string; text: string }> {
  const anchors = (way.anchors ?? [root]).map(({ certificate }) => ({
    name: 'TP',
    certificate,
    revocation: way.revocation ?? 'none',
    crls: way.crls ?? [],
    ignoreKeyUsage: way.ignoreKeyUsage ?? false,
  }));
  const sent = (way.sent ?? [middle]).map(({ certificate }) => certificate);
  const rules = { anchors, nowMs: way.nowMs ?? NOW, permitWeak: way.permitWeak ?? false };
  const result = validatePath((way.leaf ?? leaf).certificate, sent, rules);
  return result.ok ? result.value.certificates.map(({ label }: Certificate) => label) : result.error;
}

function reasonOf(way: Way): string {
  const found = check(way);
  return 'reason' in found ? found.reason : 'valid';
}

test('a chain over an intermediate leads to the trusted authority', () => {
  assert.deepEqual(check({}), ['cn=gw1,o=Example', 'cn=Middle,o=Example', 'cn=Root,o=Example']);
});

test('the intermediate may be trusted itself, or the certificate alone', () => {
  assert.deepEqual(check({ anchors: [middle], sent: [] }), ['cn=gw1,o=Example', 'cn=Middle,o=Example']);
  assert.deepEqual(check({ anchors: [leaf], sent: [] }), ['cn=gw1,o=Example']);
});

test('order and strangers among what was sent do not matter', () => {
  const other = rootAuthority('CN=Other');
  assert.equal(reasonOf({ sent: [other, leaf, root, middle, middle] }), 'valid');
});

const other = rootAuthority('CN=Other');
/** The same name as the trusted one, another key. */
const twin = issue({ subject: 'O=Example, CN=Root', key: testKey('P-256', 'twin'), ca: true });
const noAuthority = issue({ subject: 'O=Example, CN=Middle', key: testKey('P-256', 'middle'), issuer: root });
const old = issue({ subject: 'CN=Old', key: testKey('P-256', 'old'), ca: true, notAfter: '20250101000000Z' });
const narrow = issue({ subject: 'CN=Narrow', key: testKey('P-256', 'narrow'), ca: true, pathLength: 0 });
const below = issue({ subject: 'CN=Below', key: testKey('P-256', 'below'), issuer: narrow, ca: true });
const critical = extension('1.3.6.1.4.1.99999.1', true, tlv(Tag.NULL));

const refused: readonly Readonly<{ name: string; way: Way; reason: PathReason; text: RegExp }>[] = [
  {
    name: 'an unknown authority',
    way: { anchors: [other] },
    reason: 'unknown-authority',
    text: /issuer cn=Root,o=Example is not trusted here and was not sent/,
  },
  { name: 'no trusted authority at all', way: { anchors: [] }, reason: 'unknown-authority', text: /cn=Root/ },
  {
    name: 'a missing intermediate',
    way: { sent: [] },
    reason: 'unknown-authority',
    text: /issuer cn=Middle,o=Example/,
  },
  {
    name: 'an authority of the same name with another key',
    way: { anchors: [twin] },
    reason: 'bad-signature',
    text: /did not sign it/,
  },
  {
    name: 'an expired certificate',
    way: { leaf: leafOf({ notAfter: '20260101000000Z' }) },
    reason: 'expired',
    text: /expired on 2026-01-01 00:00:00 UTC/,
  },
  {
    name: 'one that is not yet valid',
    way: { leaf: leafOf({ notBefore: '20270101000000Z' }) },
    reason: 'not-yet-valid',
    text: /valid from 2027-01-01 00:00:00 UTC on/,
  },
  {
    name: 'an expired authority',
    way: { leaf: leafOf({ issuer: old }), anchors: [old] },
    reason: 'expired',
    text: /2025-01-01/,
  },
  {
    name: 'an issuer that is no authority',
    way: { sent: [noAuthority] },
    reason: 'not-an-authority',
    text: /not a certificate of an authority/,
  },
  {
    name: 'an authority whose key may not sign certificates',
    way: {
      sent: [
        issue({
          subject: 'O=Example, CN=Middle',
          key: testKey('P-256', 'middle'),
          issuer: root,
          ca: true,
          keyUsage: [6],
        }),
      ],
    },
    reason: 'not-an-authority',
    text: /may not sign certificates/,
  },
  {
    name: 'more authorities than the path length allows',
    way: { leaf: leafOf({ issuer: below }), sent: [below], anchors: [narrow] },
    reason: 'path-too-long',
    text: /at most 0 authorities/,
  },
  {
    name: 'a critical extension that nobody knows',
    way: { leaf: leafOf({ extensions: [critical] }) },
    reason: 'critical-extension',
    text: /1\.3\.6\.1\.4\.1\.99999\.1/,
  },
  {
    name: 'a key that may only encipher',
    way: { leaf: leafOf({ keyUsage: [2] }) },
    reason: 'wrong-usage',
    text: /may not sign/,
  },
  {
    name: 'a certificate for signing code',
    way: { leaf: leafOf({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.3'] }) },
    reason: 'wrong-usage',
    text: /something else than IPsec/,
  },
  {
    name: 'a signature with SHA-1',
    way: { leaf: leafOf({ scheme: { kind: 'ecdsa', hash: 'sha1', form: 'der' } }) },
    reason: 'weak-algorithm',
    text: /SHA-1/,
  },
  {
    name: 'an RSA key of 1024 bits',
    way: { leaf: leafOf({ key: testKey('rsa-1024') }) },
    reason: 'weak-algorithm',
    text: /only 1024 bits/,
  },
];

for (const { name, way, reason, text } of refused) {
  test(`refuses ${name} (RFC 5280 section 6.1)`, () => {
    const found = check(way);
    assert.ok('reason' in found, 'it was believed');
    assert.equal(found.reason, reason);
    assert.match(found.text, text);
    assert.notEqual(found.certificate, '');
  });
}

test('weak algorithms will do where the operator says so', () => {
  assert.equal(reasonOf({ leaf: leafOf({ key: testKey('rsa-1024') }), permitWeak: true }), 'valid');
  const sha1 = leafOf({ scheme: { kind: 'ecdsa', hash: 'sha1', form: 'der' } });
  assert.equal(reasonOf({ leaf: sha1, permitWeak: true }), 'valid');
});

test('usages that authorities give to gateways are accepted, and any where the operator says so', () => {
  for (const id of ['1.3.6.1.5.5.7.3.17', '1.3.6.1.5.5.8.2.2', '2.5.29.37.0', '1.3.6.1.5.5.7.3.1']) {
    assert.equal(reasonOf({ leaf: leafOf({ extendedKeyUsage: [id] }) }), 'valid', id);
  }
  assert.equal(reasonOf({ leaf: leafOf({ keyUsage: 'none' }) }), 'valid');
  assert.equal(reasonOf({ leaf: leafOf({ keyUsage: [2] }), ignoreKeyUsage: true }), 'valid');
});

test('a self-issued authority does not count against the path length', () => {
  const again = issue({ subject: 'CN=Narrow', key: testKey('P-256', 'again'), issuer: narrow, ca: true });
  assert.equal(reasonOf({ leaf: leafOf({ issuer: again }), sent: [again], anchors: [narrow] }), 'valid');
});

const ofRoot = revocationList({ issuer: root });
const ofMiddle = revocationList({ issuer: middle });

test('revocation lists are asked for every certificate but the trusted one', () => {
  assert.equal(reasonOf({ revocation: 'crl', crls: [ofRoot, ofMiddle] }), 'valid');
  const revoked = revocationList({ issuer: middle, revoked: [leaf.certificate.serial] });
  const found = check({ revocation: 'crl', crls: [ofRoot, revoked] });
  assert.ok('reason' in found);
  assert.deepEqual(found, {
    reason: 'revoked',
    certificate: 'cn=gw1,o=Example',
    text: 'it was revoked on 2026-06-01 00:00:00 UTC',
  });
  const above = revocationList({ issuer: root, revoked: [middle.certificate.serial] });
  assert.equal(reasonOf({ revocation: 'crl', crls: [above, ofMiddle] }), 'revoked');
  assert.equal(reasonOf({ revocation: 'crl-optional', crls: [revoked] }), 'revoked');
  assert.equal(reasonOf({ revocation: 'none', crls: [revoked] }), 'valid');
});

test('what is not known about revocation refuses, unless it is optional', () => {
  const ended = revocationList({ issuer: middle, nextUpdate: '20260101000000Z' });
  const future = revocationList({ issuer: middle, thisUpdate: '20270101000000Z' });
  const forged = revocationList({ issuer: middle, key: other.key });
  const rows: readonly [readonly Crl[], RegExp][] = [
    [[ofRoot], /trustpoint TP has no revocation list of cn=Middle/],
    [[ofRoot, ended], /ended on 2026-01-01/],
    [[ofRoot, future], /from the future/],
    [[ofRoot, forged], /not signed by it/],
  ];
  for (const [crls, text] of rows) {
    const found = check({ revocation: 'crl', crls });
    assert.ok('reason' in found && found.reason === 'revocation-unknown');
    assert.match(found.text, text);
    assert.equal(reasonOf({ revocation: 'crl-optional', crls }), 'valid');
  }
});

test('a second trustpoint with the same authority may be less strict', () => {
  const rules = { nowMs: NOW, permitWeak: false };
  const strict = { name: 'A', certificate: root.certificate, revocation: 'crl', crls: [] } as const;
  const lax = { ...strict, name: 'B', revocation: 'none' } as const;
  const result = validatePath(leaf.certificate, [middle.certificate], { ...rules, anchors: [strict, lax] });
  assert.ok(result.ok && result.value.anchor.name === 'B');
});

test('loops and thickets of authorities end soon', () => {
  const count = 14;
  const names = Array.from({ length: count }, (_, i) => `CN=A${i}`);
  const authorities = names.map((subject, i) => issue({ subject, key: testKey('P-256', `a${i}`), ca: true }));
  // Every authority has certified every other one.
  const thicket = authorities.flatMap((issuer, i) =>
    names.flatMap((subject, j) =>
      i === j ? [] : [issue({ subject, key: testKey('P-256', `a${j}`), issuer, ca: true })],
    ),
  );
  const [first] = authorities;
  assert.ok(first);
  assert.equal(reasonOf({ leaf: leafOf({ issuer: first }), sent: thicket, anchors: [other] }), 'path-too-long');
});
