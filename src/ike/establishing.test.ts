/** RFC 7296 sections 1.2, 2.6, 2.9, 2.15, 2.21, 2.23: IKE SAs come to be, or do not and say why. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prefix } from '../base/index.ts';
import { Encr, Integ, isAead, Ke, Prf } from '../crypto/index.ts';
import {
  A,
  address,
  assertAgree,
  B,
  CHILD,
  configOf,
  connect,
  counter,
  established,
  key,
  live,
  pair,
  peerTo,
} from './pair.fixture.ts';
import { selectorOf } from './selectors.ts';
import { ExchangeType } from './wire/message.ts';

function prefix(text: string): Prefix {
  const parsed = Prefix.parse(text);
  assert.ok(parsed !== undefined);
  return parsed;
}

test('four messages make an IKE SA and its first child SA (section 1.2)', () => {
  const { lab, a, b } = established();
  // --> IKE_SA_INIT, <-- IKE_SA_INIT, --> IKE_AUTH, <-- IKE_AUTH
  assert.deepEqual(
    lab.sent.map(({ from, header }) => `${from} ${header.exchange} ${header.isResponse}`),
    ['a 34 false', 'b 34 true', 'a 35 false', 'b 35 true'],
  );
  assert.deepEqual(
    a.effects.filter(({ kind }) => kind !== 'notice').map(({ kind }) => kind),
    ['send', 'expect-child-sa', 'send', 'ike-sa-up', 'install-child-sa'],
  );
  assert.deepEqual(
    b.effects.filter(({ kind }) => kind !== 'notice').map(({ kind }) => kind),
    ['send', 'ike-sa-up', 'install-child-sa', 'send'],
  );
  assert.equal(a.keys.length, 1);
  assert.deepEqual(a.keys, b.keys);
});

const groups = Object.values(Ke);
const prfs = Object.values(Prf);
const integs = [Integ.HMAC_SHA1_96, Integ.HMAC_SHA2_256_128, Integ.HMAC_SHA2_384_192, Integ.HMAC_SHA2_512_256];
const ciphers = [
  { encr: Encr.AES_CBC, keyBits: 128 },
  { encr: Encr.AES_CBC, keyBits: 192 },
  { encr: Encr.AES_CBC, keyBits: 256 },
  { encr: Encr.AES_GCM_16, keyBits: 128 },
  { encr: Encr.AES_GCM_16, keyBits: 192 },
  { encr: Encr.AES_GCM_16, keyBits: 256 },
  { encr: Encr.CHACHA20_POLY1305, keyBits: 256 },
];

for (const [i, cipher] of [...ciphers, ...ciphers].entries()) {
  const group = groups[i % groups.length] ?? Ke.CURVE25519;
  const prf = prfs[i % prfs.length] ?? Prf.HMAC_SHA2_256;
  const integ = integs[i % integs.length] ?? Integ.HMAC_SHA2_256_128;
  test(`IKE and ESP with cipher ${cipher.encr}/${cipher.keyBits}, integ ${integ}, prf ${prf}, group ${group}`, () => {
    const integrity = isAead(cipher.encr) ? [] : [integ];
    const proposals = [{ encryption: [cipher], integrity, prf: [prf], groups: [group] }];
    const child = { ...CHILD, proposals: [{ encryption: [cipher], integrity, esn: [true] }] };
    const { lab, a } = established(i, { config: { proposals }, both: { child } });
    const [sa] = live(a, lab.now);
    assert.deepEqual([sa?.encr, sa?.keyBits, sa?.prf, sa?.group], [cipher.encr, cipher.keyBits, prf, group]);
    assert.equal(sa?.integ, isAead(cipher.encr) ? 0 : integ);
    assert.equal(sa?.children[0]?.esn, true);
  });
}

test('the initiator follows INVALID_KE_PAYLOAD to a group it offered (section 1.2)', () => {
  const [base] = configOf(A, []).proposals;
  assert.ok(base !== undefined);
  const { lab, a } = established(1, {
    configA: { proposals: [{ ...base, groups: [Ke.CURVE25519, Ke.ECP_256] }] },
    configB: { proposals: [{ ...base, groups: [Ke.ECP_256] }] },
  });
  assert.equal(live(a, lab.now)[0]?.group, Ke.ECP_256);
  assert.equal(counter(a, lab.now, 'ike-sa-init-restarted'), 1);
});

test('a responder under load wants its cookie back, also together with INVALID_KE_PAYLOAD (section 2.6.1)', () => {
  const [base] = configOf(A, []).proposals;
  assert.ok(base !== undefined);
  const { lab, a, b } = established(1, {
    configA: { proposals: [{ ...base, groups: [Ke.CURVE25519, Ke.ECP_256] }] },
    configB: { proposals: [{ ...base, groups: [Ke.ECP_256] }], cookieThreshold: 0 },
  });
  assert.equal(counter(b, lab.now, 'cookie-required'), 1);
  assert.equal(counter(a, lab.now, 'ike-sa-init-restarted'), 2);
});

test('no more half-open IKE SAs than allowed, and they go after a while (section 2.6)', () => {
  const { lab, b, ...rest } = pair(1, { configB: { maxHalfOpen: 1 } });
  const both = { lab, b, ...rest };
  lab.pass = ({ header }) => header.exchange !== ExchangeType.IKE_AUTH;
  connect(both);
  lab.run(100);
  const first = lab.sent[0];
  assert.ok(first !== undefined);
  for (let i = 0; i < 5; i++) {
    const forged = first.message.slice();
    forged[0] = (forged[0] ?? 0) ^ (i + 1);
    lab.inject(b, { local: first.path.remote, remote: first.path.local }, forged);
  }
  assert.equal(b.ike.snapshot(lab.now).sas.length, 1);
  assert.equal(counter(b, lab.now, 'half-open-limit'), 5);
  lab.run(31_000);
  assert.equal(counter(b, lab.now, 'half-open-expired'), 1);
});

test('behind a NAT both ends move to port 4500 and encapsulate (section 2.23)', () => {
  const both = pair(1, { b: { name: 'any', group: 'DefaultL2LGroup', isDefault: true, validateIdentity: 'none' } });
  const { lab, a, b } = both;
  const toA = peerTo(A, { name: 'any', group: 'x', isDefault: true, validateIdentity: 'none' });
  const { remote: _, ...wild } = toA;
  lab.do(b, { kind: 'configure', config: configOf(B, [wild]) });
  lab.nat = { inside: address(A), outside: address('203.0.113.9'), ports: new Map() };
  connect(both);
  lab.run(1_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
  const [atA] = live(a, lab.now);
  const [atB] = live(b, lab.now);
  assert.deepEqual([atA?.natLocal, atA?.natRemote, atB?.natLocal, atB?.natRemote], [true, false, false, true]);
  assert.deepEqual([atA?.path.local.port, atA?.path.remote.port, atB?.path.local.port], [4500, 4500, 4500]);
  assert.equal(atB?.path.remote.port, lab.nat.ports.get(4500));
  for (const sa of [...a.plane.values(), ...b.plane.values()]) assert.equal(sa.udpEncapsulation, true);
  lab.run(60_000);
  assert.equal(a.of('send-nat-keepalive').length, 3);
  assert.equal(b.of('send-nat-keepalive').length, 0);

  // The NAT forgets its mapping: the next authentic message shows the new port.
  lab.nat.ports.clear();
  lab.do(a, { kind: 'clear', what: 'child' });
  lab.run(1_000);
  assert.equal(b.of('path-changed').length, 1);
  assert.equal(live(b, lab.now)[0]?.path.remote.port, lab.nat.ports.get(4500));
  // So does authentic ESP.
  const spi = [...b.plane.keys()][0] ?? 0;
  const path = { local: { address: address(B), port: 4500 }, remote: { address: address('203.0.113.9'), port: 7 } };
  lab.do(b, { kind: 'peer-moved', spi, path });
  assert.equal(b.of('path-changed').length, 2);
});

test('keys differ by direction (section 2.15)', () => {
  established(1, {
    a: { localKey: key('from a'), remoteKey: key('from b') },
    b: { localKey: key('from b'), remoteKey: key('from a') },
  });
});

test('the responder finds the wrong key of the initiator (section 2.21.2)', () => {
  const both = pair(1, { a: { localKey: key('wrong') } });
  const { lab, a, b } = both;
  connect(both);
  lab.run(500);
  assertAgree(both, { ikeSas: 0, children: 0 });
  assert.equal(b.of('ike-failed')[0]?.cause.code, 'authentication-failed');
  assert.equal(a.of('ike-failed')[0]?.cause.code, 'authentication-failed');
  assert.equal(a.ike.snapshot(lab.now).waiting[0]?.peer, B);
  // Always on: it tries again, ever more rarely.
  lab.run(120_000);
  const tries = a.of('ike-failed').length;
  assert.ok(tries >= 6 && tries <= 12, `${tries} tries`);
});

test('the initiator finds the wrong key of the responder and tells it (section 2.21.2)', () => {
  const both = pair(1, { b: { localKey: key('wrong') } });
  const { lab, a, b } = both;
  connect(both);
  lab.run(500);
  assertAgree(both, { ikeSas: 0, children: 0 });
  assert.match(a.of('ike-failed')[0]?.cause.text ?? '', /responder/);
  assert.equal(b.of('ike-sa-down')[0]?.cause.because?.code, 'authentication-failed');
});

test('a peer that no group fits is refused', () => {
  const both = pair(1, { b: { group: 'somebody-else', name: 'x' } });
  connect(both);
  both.lab.run(500);
  assert.equal(both.b.of('ike-failed')[0]?.cause.code, 'unknown-peer');
  assert.equal(both.a.of('ike-failed')[0]?.cause.code, 'authentication-failed');
});

test('an identity that is neither name nor address of the group is refused', () => {
  const both = pair(1, { a: { localIdentity: { type: 'fqdn', name: 'liar' } } });
  connect(both);
  both.lab.run(500);
  assert.equal(both.b.of('ike-failed')[0]?.cause.code, 'identity-refused');
});

test('no common proposal ends the attempt after a short grace (sections 2.7, 2.21.1)', () => {
  const [base] = configOf(A, []).proposals;
  assert.ok(base !== undefined);
  const both = pair(1, { configB: { proposals: [{ ...base, groups: [Ke.ECP_521] }] } });
  const { lab, a, b } = both;
  connect(both);
  lab.run(1_500);
  assert.equal(a.of('ike-failed').length, 0);
  lab.run(1_000);
  assert.equal(a.of('ike-failed')[0]?.cause.code, 'no-proposal-chosen');
  assert.match(b.of('ike-failed')[0]?.cause.text ?? '', /CURVE25519.*ECP_521/);
});

test('a forged refusal does not stop a negotiation (section 2.21.1)', () => {
  const both = pair();
  const { lab } = both;
  const refusing = pair(1, { configB: { proposals: [] } });
  connect(refusing);
  refusing.lab.run(100);
  const refusal = refusing.lab.sent.find(({ from }) => from === 'b');
  assert.ok(refusal !== undefined);
  lab.pass = () => false;
  connect(both);
  lab.pass = () => true;
  // The same seed gives the same SPI, so the refusal fits: it comes first, the genuine answer after the repetition.
  lab.inject(both.a, { local: refusal.path.remote, remote: refusal.path.local }, refusal.message);
  lab.run(3_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.equal(counter(both.a, lab.now, 'unauthenticated-refusal'), 1);
});

test('traffic selectors are narrowed to what both want (section 2.9)', () => {
  const own = { ...CHILD, localSelectors: [selectorOf(prefix('10.1.0.0/16'))] };
  const { a, b } = established(1, { b: { child: own } });
  const [atA] = a.plane.values();
  const [atB] = b.plane.values();
  assert.equal(atA?.remoteSelectors[0]?.end.toString(), '10.1.255.255');
  assert.equal(atB?.localSelectors[0]?.end.toString(), '10.1.255.255');
});

test('without common selectors the IKE SA stays, and an always-on peer asks again (sections 2.9, 2.21.2)', () => {
  const a4 = { ...CHILD, remoteSelectors: [selectorOf(prefix('10.1.0.0/16'))] };
  const b4 = { ...CHILD, localSelectors: [selectorOf(prefix('10.2.0.0/16'))] };
  const both = pair(1, { a: { child: a4 }, b: { child: b4 } });
  const { lab, a, b } = both;
  connect(both);
  lab.run(10_000);
  assertAgree(both, { ikeSas: 1, children: 0 });
  assert.ok(b.codes().includes('ts-unacceptable'));
  assert.equal(a.of('ike-failed')[0]?.cause.because?.code, 'ts-unacceptable');
  assert.ok(a.of('ike-failed').length > 2);
});

test('no common ESP proposal: likewise, by name', () => {
  const proposals = [{ encryption: [{ encr: Encr.AES_CBC, keyBits: 256 }], integrity: [14], esn: [false] }];
  const both = pair(1, { b: { child: { ...CHILD, proposals } } });
  connect(both);
  both.lab.run(500);
  assert.equal(both.a.of('ike-failed')[0]?.cause.because?.code, 'no-proposal-chosen');
  assert.ok(both.b.codes().includes('child-no-proposal-chosen'));
});

test('transport mode when both want it, tunnel mode otherwise (section 1.3.1)', () => {
  const child = { ...CHILD, mode: 'transport' } as const;
  const [both] = established(1, { both: { child } }).a.plane.values();
  assert.equal(both?.mode, 'transport');
  const [one] = established(1, { a: { child } }).a.plane.values();
  assert.equal(one?.mode, 'tunnel');
});

test('routes go both ways: CFG_REQUEST and CFG_REPLY, then CFG_SET and CFG_ACK (section 3.15)', () => {
  const both = established(1, {
    a: { acceptRoutes: true, sendRoutes: [prefix('10.255.1.238/32')] },
    b: { acceptRoutes: true, sendRoutes: [prefix('10.0.0.0/8'), prefix('2001:db8::/32')] },
  });
  const { lab, a, b } = both;
  assert.deepEqual(a.of('peer-routes').at(-1)?.prefixes.map(String), ['10.0.0.0/8', '2001:db8::/32']);
  assert.deepEqual(b.of('peer-routes').at(-1)?.prefixes.map(String), ['10.255.1.238/32']);
  // Other routes in the configuration are told on the IKE SA that stands.
  const peer = peerTo(A, { acceptRoutes: true, sendRoutes: [prefix('172.16.0.0/12')] });
  lab.do(b, { kind: 'configure', config: configOf(B, [peer]) });
  lab.run(1_000);
  assert.deepEqual(a.of('peer-routes').at(-1)?.prefixes.map(String), ['172.16.0.0/12']);
  assert.equal(a.of('ike-sa-down').length, 0);
});

for (const seed of Array.from({ length: 60 }, (_, i) => i)) {
  test(`both ends begin at once: one IKE SA and one child SA in the end, seed ${seed}`, () => {
    const both = pair(seed, { both: { initiate: true } });
    const { lab, a, b } = both;
    Object.assign(lab.link, { jitterMs: seed % 3 === 0 ? 0 : 60, loss: seed % 4 === 0 ? 0.3 : 0 });
    lab.do(a, { kind: 'peer-reachable', peer: B, reachable: true });
    lab.run(seed % 5 === 0 ? 0 : (seed * 7) % 90);
    lab.do(b, { kind: 'peer-reachable', peer: A, reachable: true });
    lab.run(130_000);
    Object.assign(lab.link, { loss: 0 });
    lab.run(120_000);
    assertAgree(both, { ikeSas: 1, children: 1 });
  });
}
