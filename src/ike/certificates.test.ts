/** Authentication by certificates, RFC 7296 section 2.15, RFC 4754, RFC 7427: pairs of cores with authorities of their own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { utf8 } from '../base/index.ts';
import { createProtector, type Protector } from '../crypto/index.ts';
import {
  credential,
  issue,
  revocationList,
  rootAuthority,
  type TestKeyType,
  testKey,
  testName,
} from '../crypto/pki.fixture.ts';
import { leaf, middle, root, signs, trusting } from './certificates.fixture.ts';
import type { Cause } from './events.ts';
import {
  A,
  address,
  assertAgree,
  B,
  configOf,
  connect,
  counter,
  key,
  live,
  type Node,
  type Pair,
  pair,
  peerTo,
} from './pair.fixture.ts';
import type { CertificateTrust, Identity, IkePeer, LocalSignature } from './policy.ts';
import { openMessage, sealMessage } from './sk.ts';
import { AuthMethod, CertificateEncoding, ExchangeType, type Payload } from './wire/message.ts';

/** A peer that proves a certificate and wants one, without keys. */
const withoutKeys = { localKey: undefined, remoteKey: undefined } as unknown as Partial<IkePeer>;

function certified(a: Partial<IkePeer>, b: Partial<IkePeer>, prepare: (both: Pair) => void = () => undefined): Pair {
  const both = pair(1, { a: { ...withoutKeys, ...a }, b: { ...withoutKeys, ...b } });
  prepare(both);
  connect(both);
  both.lab.run(2_000);
  return both;
}

function failures(node: Node): readonly Cause[] {
  return node.of('ike-failed').map(({ cause }) => cause);
}

/** The causes of a failure from the outermost in, as codes. */
function codes(cause: Cause | undefined): readonly string[] {
  return cause === undefined ? [] : [cause.code, ...codes(cause.because)];
}

const methods: readonly Readonly<{
  name: string;
  a: TestKeyType;
  b: TestKeyType;
  change?: Partial<LocalSignature>;
  kinds: string;
}>[] = [
  { name: 'RSA and ECDSA P-256', a: 'rsa', b: 'P-256', kinds: 'rsa ecdsa' },
  { name: 'RSA with RSASSA-PSS padding', a: 'rsa', b: 'rsa', change: { rsaPadding: 'pss' }, kinds: 'rsa rsa' },
  { name: 'keys bound to RSASSA-PSS', a: 'rsa-pss', b: 'rsa-pss', kinds: 'rsa rsa' },
  { name: 'RSA with SHA-1 as of old', a: 'rsa', b: 'rsa', change: { rsaHash: 'sha1' }, kinds: 'rsa rsa' },
  { name: 'ECDSA P-384 and P-521', a: 'P-384', b: 'P-521', kinds: 'ecdsa ecdsa' },
  { name: 'Ed25519 and Ed448', a: 'ed25519', b: 'ed448', kinds: 'eddsa eddsa' },
];

for (const { name, a, b, change, kinds } of methods) {
  test(`both ends are authenticated by ${name}`, () => {
    const both = certified(
      { localSignature: signs(leaf('a', a), change), trust: trusting() },
      { localSignature: signs(leaf('b', b), change), trust: trusting() },
    );
    assertAgree(both, { ikeSas: 1, children: 1 });
    const [atA] = live(both.a, both.lab.now);
    const [atB] = live(both.b, both.lab.now);
    assert.equal(`${atA?.authentication?.local} ${atA?.authentication?.remote}`, kinds);
    assert.equal(`${atB?.authentication?.remote} ${atB?.authentication?.local}`, kinds);
    assert.equal(atA?.remoteIdentity?.type, 'der-asn1-dn');
    assert.ok(both.a.codes().includes('certificate-accepted'));
  });
}

test('one end may prove a key and the other a certificate', () => {
  const both = certified(
    { localKey: key('secret'), trust: trusting() },
    { remoteKey: key('secret'), localSignature: signs(leaf('b')) },
  );
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.deepEqual(live(both.a, both.lab.now)[0]?.authentication, { local: 'psk', remote: 'ecdsa' });
});

test('a peer that may do both is let in by either', () => {
  const secret = key('secret');
  const open = { localKey: secret, remoteKey: secret, trust: trusting() };
  assertAgree(certified({ localSignature: signs(leaf('a')), remoteKey: secret }, open), { ikeSas: 1, children: 1 });
  assertAgree(certified({ localKey: secret, remoteKey: secret }, open), { ikeSas: 1, children: 1 });
});

test('an intermediate is sent where the operator says so, and left out where the peer trusts it', () => {
  const below = issue({ subject: 'O=Example, CN=a', key: testKey('P-256', 'a'), issuer: middle });
  const withChain = { credential: credential(below, middle), sendChain: true };
  const other = { localSignature: signs(leaf('b')), trust: trusting() };
  assertAgree(certified({ localSignature: withChain, trust: trusting() }, other), { ikeSas: 1, children: 1 });
  const alone = certified({ localSignature: { ...withChain, sendChain: false }, trust: trusting() }, other);
  assert.deepEqual(codes(failures(alone.b)[0]), ['certificate-refused', 'certificate-unknown-authority']);
  assert.match(
    failures(alone.b)[0]?.because?.text ?? '',
    /its issuer cn=Middle,o=Example is not trusted here and was not sent/,
  );
  const sizes: number[] = [];
  for (const trust of [trusting(), trusting(middle)]) {
    const both = certified({ localSignature: withChain, trust: trusting() }, { ...other, trust });
    assertAgree(both, { ikeSas: 1, children: 1 });
    const auth = both.lab.sent.find(({ from, header }) => from === 'a' && header.exchange === ExchangeType.IKE_AUTH);
    sizes.push(auth?.message.length ?? 0);
  }
  const [long = 0, short = 0] = sizes;
  assert.ok(long - short > 250, `${long} ${short}`);
});

const unwanted: readonly Readonly<{
  name: string;
  b?: Partial<IkePeer>;
  trust?: CertificateTrust;
  codes: readonly string[];
  text: RegExp;
}>[] = [
  {
    name: 'of another authority',
    trust: trusting(rootAuthority('CN=Other')),
    codes: ['certificate-refused', 'certificate-unknown-authority'],
    text: /cn=b,ou=VPN,o=Example of .* at 192\.0\.2\.2 is refused: its issuer cn=Root,o=Example is not trusted/,
  },
  {
    name: 'that expired',
    b: { localSignature: signs(leaf('b', 'P-256', { notAfter: '20260101000000Z' })) },
    codes: ['certificate-refused', 'certificate-expired'],
    text: /is refused: it expired on 2026-01-01 00:00:00 UTC/,
  },
  {
    name: 'that was revoked',
    b: { localSignature: signs(leaf('b', 'P-256', { serial: 0x77 })) },
    trust: trusting(root, { revocation: 'crl', crls: [revocationList({ issuer: root, revoked: ['77'] })] }),
    codes: ['certificate-refused', 'certificate-revoked'],
    text: /is refused: it was revoked on 2026-06-01/,
  },
  {
    name: 'of which nobody knows whether it was revoked',
    trust: trusting(root, { revocation: 'crl' }),
    codes: ['certificate-refused', 'certificate-revocation-unknown'],
    text: /trustpoint TP has no revocation list/,
  },
  {
    name: 'that does not say what the peer calls itself',
    b: { localIdentity: { type: 'fqdn', name: 'hub.example.com' } },
    codes: ['identity-refused'],
    text: /calls itself hub\.example\.com, which its certificate cn=b,ou=VPN,o=Example does not say/,
  },
  {
    name: 'while a key is expected',
    trust: undefined as unknown as CertificateTrust,
    codes: ['unsupported-authentication'],
    text: /shows a certificate, but a pre-shared key is expected of 192\.0\.2\.2/,
  },
];

for (const row of unwanted) {
  for (const role of ['initiator', 'responder'] as const) {
    test(`the ${role} refuses a certificate ${row.name}, and says why`, () => {
      const own = {
        localSignature: signs(leaf('a')),
        remoteKey: key('x'),
        trust: 'trust' in row ? row.trust : trusting(),
      };
      const peer = { localSignature: signs(leaf('b')), trust: trusting(), ...row.b };
      // The strict end is `a` as initiator; as responder it is `b` that speaks to it first.
      const strict = { ...own, initiate: role === 'initiator' } as Partial<IkePeer>;
      const both = certified(strict, { ...peer, initiate: role === 'responder' });
      const { a, b, lab } = both;
      assert.equal(live(a, lab.now).length + live(b, lab.now).length, 0);
      const [cause] = failures(a);
      assert.deepEqual(codes(cause), row.codes);
      const line = [cause?.text, cause?.because?.text].filter((text) => text !== undefined).join(': ');
      assert.match(line.replaceAll(A, B), row.text);
      const [told] = role === 'initiator' ? b.of('ike-sa-down').map((one) => one.cause) : failures(b);
      assert.ok(codes(told).includes('authentication-failed'), codes(told).join());
      assert.ok(counter(a, lab.now, row.codes[0] ?? '') >= 1);
    });
  }
}

test('identities that the certificate contains are accepted, by each kind of name', () => {
  const issued = leaf('b', 'P-256', { dns: ['Hub.example.com'], email: ['vpn@example.com'], ip: [B, '2001:db8::2'] });
  const identities: readonly Identity[] = [
    { type: 'fqdn', name: 'hub.EXAMPLE.com' },
    { type: 'rfc822', name: 'vpn@example.com' },
    { type: 'ipv4', address: address(B) },
    { type: 'ipv6', address: address('2001:db8::2') },
    { type: 'der-asn1-dn', data: testName('O=example, OU=vpn, CN=B') },
  ];
  for (const localIdentity of identities) {
    const both = certified(
      { localSignature: signs(leaf('a')), trust: trusting() },
      { localSignature: signs(issued), trust: trusting(), localIdentity },
    );
    assertAgree(both, { ikeSas: 1, children: 1 });
  }
});

const strictness = [
  { identity: 'required', absent: false, other: false },
  { identity: 'if-present', absent: true, other: false },
  { identity: 'any', absent: true, other: true },
] as const;

for (const { identity, absent, other } of strictness) {
  test(`an identity that the certificate does not contain, with identity ${identity}`, () => {
    for (const [dns, expected] of [
      [[], absent],
      [['other.example.com'], other],
    ] as const) {
      const both = certified(
        { localSignature: signs(leaf('a')), trust: trusting(root, { identity }) },
        {
          localSignature: signs(leaf('b', 'P-256', { dns })),
          trust: trusting(),
          localIdentity: { type: 'fqdn', name: 'hub.example.com' },
        },
      );
      assert.equal(live(both.a, both.lab.now).length === 1, expected, dns.join());
    }
  });
}

/** Changes the payloads of the IKE_AUTH request of `a` on its way, as a hostile `a` could. */
function tamper(change: (payloads: readonly Payload[]) => readonly Payload[]): (both: Pair) => void {
  return ({ lab, a, b }) => {
    lab.pass = ({ from, header, message, path }) => {
      if (from !== 'a' || header.exchange !== ExchangeType.IKE_AUTH || header.isResponse) return true;
      const protector = protectorOf(a);
      const opened = openMessage(message, protector);
      assert.ok(opened.ok);
      const sealing = { protector, counter: 1_000_000 };
      const changed = sealMessage(
        opened.value.header,
        change(opened.value.payloads),
        sealing,
        (length) => new Uint8Array(length),
      );
      lab.inject(b, { local: path.remote, remote: path.local }, changed);
      return false;
    };
  };
}

function protectorOf(node: Node): Protector {
  const keys = node.keys.at(-1);
  assert.ok(keys !== undefined);
  return createProtector({ encr: keys.encr, keyBits: keys.keyBits, integ: keys.integ, key: keys.skEi });
}

function replaceData(kind: 'cert' | 'auth', make: (data: Uint8Array) => Uint8Array) {
  return (payloads: readonly Payload[]): readonly Payload[] =>
    payloads.map((payload) =>
      payload.kind === kind && 'data' in payload ? { ...payload, data: make(payload.data) } : payload,
    );
}

const rival = leaf('rival');
const tampered: readonly Readonly<{ name: string; change: Parameters<typeof tamper>[0]; codes: readonly string[] }>[] =
  [
    {
      name: 'no certificate',
      change: (payloads) => payloads.filter(({ kind }) => kind !== 'cert'),
      codes: ['certificate-refused', 'certificate-missing'],
    },
    {
      name: 'a certificate by hash and URL',
      change: (payloads) =>
        payloads.map((one) => (one.kind === 'cert' ? { ...one, encoding: CertificateEncoding.HASH_AND_URL } : one)),
      codes: ['certificate-refused', 'certificate-encoding'],
    },
    {
      name: 'bytes that are no certificate',
      change: replaceData('cert', () => utf8('certificate')),
      codes: ['certificate-refused', 'certificate-malformed'],
    },
    {
      name: 'a certificate cut short',
      change: replaceData('cert', (data) => data.subarray(0, data.length - 1)),
      codes: ['certificate-refused', 'certificate-malformed'],
    },
    {
      name: 'a certificate with another subject',
      change: replaceData('cert', (data) => swap(data, 'VPN', 'VPM')),
      codes: ['certificate-refused', 'certificate-bad-signature'],
    },
    {
      name: "somebody else's certificate",
      change: replaceData('cert', () => rival.certificate.der),
      codes: ['identity-refused'],
    },
    {
      name: 'a signature with one bit changed',
      change: replaceData('auth', (data) => data.map((byte, i) => (i === data.length - 1 ? byte ^ 1 : byte))),
      codes: ['authentication-failed'],
    },
    {
      name: 'a signature cut short',
      change: replaceData('auth', (data) => data.subarray(0, 9)),
      codes: ['authentication-failed'],
    },
    {
      name: 'a method that nobody knows',
      change: (payloads) => payloads.map((one) => (one.kind === 'auth' ? { ...one, method: 201 } : one)),
      codes: ['unsupported-authentication'],
    },
    {
      name: 'a signature in the place of a key',
      change: (payloads) =>
        payloads.map((one) => (one.kind === 'auth' ? { ...one, method: AuthMethod.SHARED_KEY } : one)),
      codes: ['authentication-failed'],
    },
    {
      name: 'no AUTH at all',
      change: (payloads) => payloads.filter(({ kind }) => kind !== 'auth'),
      codes: ['unsupported-authentication'],
    },
  ];

for (const { name, change, codes: expected } of tampered) {
  test(`an IKE_AUTH request with ${name} is refused`, () => {
    const both = certified(
      { localSignature: signs(leaf('a')), trust: trusting() },
      { localSignature: signs(leaf('b')), trust: trusting(), validateIdentity: 'none' },
      tamper(change),
    );
    assert.equal(live(both.b, both.lab.now).length, 0);
    assert.deepEqual(codes(failures(both.b)[0]), expected);
  });
}

function swap(data: Uint8Array, from: string, to: string): Uint8Array {
  const text = Array.from(data, (byte) => String.fromCharCode(byte)).join('');
  return Uint8Array.from(text.replace(from, to), (sign) => sign.charCodeAt(0));
}

test('a flood of certificates is looked at no further than the first few', () => {
  const many = Array.from(
    { length: 120 },
    (): Payload => ({ kind: 'cert', encoding: 4, data: middle.certificate.der }),
  );
  const both = certified(
    { localSignature: signs(leaf('a')), trust: trusting() },
    { localSignature: signs(leaf('b')), trust: trusting() },
    tamper((payloads) => payloads.flatMap((one) => (one.kind === 'cert' ? [one, ...many] : [one]))),
  );
  assert.equal(live(both.b, both.lab.now).length, 1, 'they do not matter');
});

test('a renewed certificate is shown at the next authentication and disturbs no SA', () => {
  const both = certified(
    { localSignature: signs(leaf('a')), trust: trusting() },
    { localSignature: signs(leaf('b')), trust: trusting() },
  );
  const { lab, a, b } = both;
  const [before] = live(a, lab.now);
  const renewed = leaf('a', 'P-384');
  const change = (localSignature: LocalSignature): void => {
    const peer = peerTo(B, { ...withoutKeys, initiate: true, localSignature, trust: trusting() });
    lab.do(a, { kind: 'configure', config: configOf(A, [peer]) });
    lab.run(1_000);
  };
  change(signs(renewed));
  assert.equal(live(a, lab.now)[0]?.localSpi, before?.localSpi, 'it stands');
  lab.do(a, { kind: 'clear', what: 'ike' });
  lab.run(2_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
  const shown = b.of('notice').filter(({ code }) => code === 'certificate-accepted');
  assert.match(shown.at(-1)?.text ?? '', /ECDSA SHA-384/);
});

test('an attempt that failed for a certificate is made again at once when it is renewed', () => {
  const old = leaf('a', 'P-256', { notAfter: '20260101000000Z' });
  const both = certified(
    { localSignature: signs(old), trust: trusting() },
    { localSignature: signs(leaf('b')), trust: trusting() },
  );
  const { lab, a } = both;
  assert.equal(live(a, lab.now).length, 0);
  const peer = peerTo(B, { ...withoutKeys, initiate: true, localSignature: signs(leaf('a')), trust: trusting() });
  lab.do(a, { kind: 'configure', config: configOf(A, [peer]) });
  lab.run(500);
  assertAgree(both, { ikeSas: 1, children: 1 });
});

test('a group named like the organizational unit of the certificate is chosen', () => {
  const group = { name: 'tunnel-group VPN', group: 'VPN', initiate: false };
  const both = pair(1, {
    a: { ...withoutKeys, localSignature: signs(leaf('a')), trust: trusting() },
  });
  const { remote: _, ...anywhere } = peerTo(A, {
    ...withoutKeys,
    ...group,
    localSignature: signs(leaf('b')),
    trust: trusting(),
  });
  const { remote: __, ...fallback } = peerTo(A, { name: 'default', group: 'DefaultL2LGroup', isDefault: true });
  both.lab.do(both.b, { kind: 'configure', config: configOf(B, [fallback, anywhere]) });
  connect(both);
  both.lab.run(2_000);
  assert.equal(live(both.b, both.lab.now)[0]?.peer, 'tunnel-group VPN');
});

test('a rekeyed IKE SA keeps how its ends proved themselves, and nothing that is shown holds a key', () => {
  const both = certified(
    { localSignature: signs(leaf('a')), trust: trusting(), ikeLifetimeMs: 300_000 },
    { localSignature: signs(leaf('b')), trust: trusting() },
  );
  both.lab.run(400_000);
  const [sa] = live(both.a, both.lab.now);
  assert.ok(both.a.codes().includes('ike-sa-rekeyed'));
  assert.deepEqual(sa?.authentication, { local: 'ecdsa', remote: 'ecdsa' });
  const d = String(testKey('P-256', 'a').export({ format: 'jwk' })['d']);
  assert.ok(!inspect([both.a.effects, sa], { depth: 12 }).includes(d));
});
