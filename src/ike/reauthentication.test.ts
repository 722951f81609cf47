/** A new authentication in place of the old one, RFC 7296 section 2.8.3: make before break, and the other order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  A,
  address,
  assertAgree,
  B,
  configOf,
  connect,
  counter,
  established,
  HOUR,
  key,
  live,
  type Node,
  type Pair,
  pair,
  peerTo,
  sasOf,
} from './pair.fixture.ts';
import { planesOf, traffic } from './plane.fixture.ts';

const ups = ({ a, b }: Pair) => [a, b].map((node) => node.of('ike-sa-up').length);
const downs = ({ a, b }: Pair) => [a, b].map((node) => node.of('ike-sa-down').length);

function made(node: Node): number {
  return node.of('install-child-sa').length;
}

test('the session goes on under a new number of keys: neither end sees it go down', () => {
  const both = established(1, { a: { reauthenticateMs: HOUR } });
  const { lab, a, b } = both;
  const [before, beforeB] = [live(a, lab.now)[0], live(b, lab.now)[0]];
  assert.ok(before?.reauthenticateAt !== undefined);
  lab.run(10 * HOUR);
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.ok(counter(a, lab.now, 'ike-sas-reauthenticated') >= 9);
  assert.deepEqual(
    [ups(both), downs(both)],
    [
      [1, 1],
      [0, 0],
    ],
  );
  const [after, afterB] = [live(a, lab.now)[0], live(b, lab.now)[0]];
  assert.deepEqual([after?.session, afterB?.session], [before.session, beforeB?.session]);
  assert.notEqual(after?.localSpi, before.localSpi);
  assert.equal(counter(a, lab.now, 'ike-sas-rekeyed'), 0);
});

test('the new child SA replaces the old one; the responder sends on it when it has heard something', () => {
  const both = established(1, { a: { reauthenticateMs: HOUR } });
  const { lab, a, b } = both;
  const [first] = a.plane.keys();
  const [firstB] = b.plane.keys();
  lab.run(HOUR);
  const [atA] = a.plane.values();
  const [atB] = b.plane.values();
  assert.deepEqual([atA?.replaces, atA?.startOutbound], [first, 'now']);
  assert.deepEqual([atB?.replaces, atB?.startOutbound], [firstB, 'after-inbound']);
  for (const node of [a, b]) {
    const [gone] = node.of('remove-child-sa');
    assert.equal(gone?.lingerMs, 5_000);
  }
});

for (const { name, change } of [
  { name: 'the initiator', change: { a: { reauthenticateMs: HOUR } } },
  { name: 'the responder', change: { b: { reauthenticateMs: HOUR } } },
  { name: 'both ends', change: { both: { reauthenticateMs: HOUR } } },
]) {
  test(`no packet is lost while ${name} authenticate anew, with loss of IKE messages or without`, () => {
    for (let seed = 0; seed < 20; seed++) {
      const both = established(seed, change);
      const { lab, a, b } = both;
      const due = Math.min(...[a, b].flatMap((node) => live(node, lab.now)[0]?.reauthenticateAt ?? []));
      lab.run(due - lab.now - 20);
      const planes = planesOf(both);
      Object.assign(lab.link, { jitterMs: 60, loss: seed % 2 === 0 ? 0 : 0.3 });
      assert.equal(traffic(both, planes, 20_000), 0, `seed ${seed}`);
      Object.assign(lab.link, { jitterMs: 0, loss: 0 });
      lab.run(200_000);
      assertAgree(both, { ikeSas: 1, children: 1 });
      assert.deepEqual(downs(both), [0, 0], `seed ${seed}`);
      assert.ok(made(a) > 1, `seed ${seed}`);
    }
  });
}

test('both ends authenticate anew at once: one of the two IKE SAs stays, at both ends the same', () => {
  let together = 0;
  for (let seed = 0; seed < 60; seed++) {
    // The jitter of a seed is known from a first run, so that both are due at nearly the same time.
    const probe = established(seed, { both: { reauthenticateMs: HOUR } });
    const [ofA = HOUR, ofB = HOUR] = [probe.a, probe.b].map((node) => {
      const [sa] = live(node, probe.lab.now);
      assert.ok(sa?.reauthenticateAt !== undefined);
      return Math.round((HOUR * HOUR) / (sa.reauthenticateAt - sa.since));
    });
    const both = established(seed, { a: { reauthenticateMs: ofA }, b: { reauthenticateMs: ofB } });
    const { lab, a, b } = both;
    lab.run(HOUR - 500 - lab.now);
    const planes = planesOf(both);
    Object.assign(lab.link, { jitterMs: 40 });
    assert.equal(traffic(both, planes, 5_000), 0, `seed ${seed}`);
    lab.run(200_000);
    assertAgree(both, { ikeSas: 1, children: 1 });
    assert.deepEqual(
      [ups(both), downs(both)],
      [
        [1, 1],
        [0, 0],
      ],
    );
    if ([a, b].every((node) => counter(node, lab.now, 'reauthentications') > 0)) together++;
  }
  assert.ok(together > 10, `${together} at once`);
});

test('a reauthentication that fails leaves the IKE SA until its authentication ends', () => {
  const both = established(1, { a: { reauthenticateMs: HOUR } });
  const { lab, a, b } = both;
  const stands = BigInt(`0x${live(a, lab.now)[0]?.localSpi}`);
  lab.pass = ({ header }) => header.initiatorSpi === stands;
  lab.run(HOUR - 5_000);
  assert.ok(counter(a, lab.now, 'reauthentications') > 1, 'it is tried again');
  assert.deepEqual(downs(both), [0, 0]);
  lab.run(10_000);
  assert.equal(a.of('ike-sa-down')[0]?.cause.code, 'authentication-expired');
  lab.pass = () => true;
  lab.run(60_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.equal(b.plane.size, 1);
});

test('a peer whose key was taken away does not stay beyond its authentication', () => {
  const both = established(1, { a: { reauthenticateMs: HOUR } });
  const { lab, a, b } = both;
  lab.pass = ({ from, header }) => from === 'a' || header.exchange !== 35;
  lab.run(HOUR);
  assert.equal(a.of('ike-sa-down')[0]?.cause.code, 'authentication-expired');
  assert.ok(b.of('ike-sa-up').length >= 1);
});

test('the peer does it: make before break is known by who comes from where', () => {
  // B knows A as one of a class, as a hub does.
  const both = pair(1, { a: { reauthenticateMs: HOUR } });
  const { lab, b } = both;
  const { remote: _, ...anyone } = peerTo(A, { isDefault: true, group: 'DefaultL2LGroup', name: 'class' });
  lab.do(b, { kind: 'configure', config: configOf(B, [anyone]) });
  connect(both);
  lab.run(5 * HOUR);
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.deepEqual(
    [ups(both), downs(both)],
    [
      [1, 1],
      [0, 0],
    ],
  );
});

test('another peer of the same name at another address is another session', () => {
  const both = pair(1);
  const { lab, b } = both;
  const c = lab.add('c', '192.0.2.3');
  const localIdentity = { type: 'fqdn', name: 'twin' } as const;
  const { remote: _, ...anyone } = peerTo(A, { isDefault: true, name: 'class', validateIdentity: 'none' });
  lab.do(b, { kind: 'configure', config: configOf(B, [anyone]) });
  for (const [node, own] of [
    [both.a, A],
    [c, '192.0.2.3'],
  ] as const) {
    const toB = peerTo(B, { initiate: true, localIdentity });
    lab.do(node, { kind: 'configure', config: configOf(own, [toB]) });
    lab.do(node, { kind: 'peer-reachable', peer: B, reachable: true });
  }
  lab.run(5_000);
  assert.equal(b.of('ike-sa-up').length, 2);
  // INITIAL_CONTACT of the later one ends the earlier: the name is what the RFC goes by (section 2.4).
  assert.ok(live(b, lab.now).length >= 1);
});

test('a responder that can not call tells how long authentication lasts; the initiator comes back in time (RFC 4478)', () => {
  const both = pair(1);
  const { lab, a, b } = both;
  const change = { isDefault: true, group: 'DefaultL2LGroup', name: 'class', reauthenticateMs: HOUR };
  const { remote: _, ...anyone } = peerTo(A, change);
  lab.do(b, { kind: 'configure', config: configOf(B, [anyone]) });
  connect(both);
  lab.run(1_000);
  assert.ok(live(a, lab.now)[0]?.reauthenticateAt !== undefined);
  lab.run(5 * HOUR);
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.deepEqual(downs(both), [0, 0]);
  assert.ok(counter(b, lab.now, 'ike-sas-reauthenticated') >= 4);
});

test('break before make: the peer deletes and both are back within a tenth of a second', () => {
  for (const initiate of [false, true]) {
    const both = established(3, { b: { initiate } });
    const { lab, a } = both;
    lab.do(a, { kind: 'clear', what: 'ike' });
    lab.run(100);
    assertAgree(both, { ikeSas: 1, children: 1 });
    // Two always-on ends both begin at once, and one of the two IKE SAs ends again.
    assert.deepEqual(downs(both), initiate ? [2, 2] : [1, 1]);
  }
});

test('through a NAT the ports that are open are used again', () => {
  const both = pair(1, { a: { reauthenticateMs: HOUR } });
  const { lab, a, b } = both;
  const outside = address('203.0.113.9');
  lab.nat = { inside: address(A), outside, ports: new Map() };
  const class_ = peerTo(A, { isDefault: true, group: 'DefaultL2LGroup', name: 'class' });
  const { remote: _, ...anyone } = class_;
  lab.do(b, { kind: 'configure', config: configOf(B, [anyone]) });
  connect(both);
  lab.run(5 * HOUR);
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.deepEqual(downs(both), [0, 0]);
  assert.ok(counter(b, lab.now, 'ike-sas-reauthenticated') >= 4);
  assert.equal(live(a, lab.now)[0]?.path.local.port, 4500);
});

test('a peer that authenticates itself over and over has no more than a few IKE SAs', () => {
  const both = pair(1);
  const { lab, a, b } = both;
  const { remote: _, ...anyone } = peerTo(A, { isDefault: true, group: 'DefaultL2LGroup', name: 'class' });
  lab.do(b, { kind: 'configure', config: configOf(B, [anyone]) });
  // Its Deletes never come.
  lab.pass = ({ from, header }) => from !== 'a' || header.exchange !== 37;
  for (let i = 0; i < 60; i++) {
    const change = { initiate: true, localKey: key('secret') };
    lab.do(a, { kind: 'configure', config: configOf(A, [peerTo(B, change)]) });
    lab.do(a, { kind: 'peer-reachable', peer: B, reachable: true });
    lab.run(500);
    assert.ok(sasOf(b, lab.now).length <= 12, `${sasOf(b, lab.now).length} IKE SAs`);
    assert.ok(b.plane.size <= 12);
    lab.do(a, { kind: 'configure', config: configOf(A, []) });
    lab.run(100);
  }
  assert.ok(live(b, lab.now).length >= 1);
  lab.run(200_000);
  assert.equal(b.plane.size, 1);
});

test('rekeys without Deletes do not heap up IKE SAs either', () => {
  const both = established(1, { a: { ikeLifetimeMs: 4_000 } });
  const { lab, a, b } = both;
  lab.pass = ({ from, header }) => from !== 'a' || header.exchange !== 37;
  for (let i = 0; i < 100; i++) {
    lab.run(1_000);
    assert.ok(sasOf(b, lab.now).length <= 12);
  }
  assert.ok(counter(b, lab.now, 'too-many-ike-sas') > 0);
  assert.deepEqual(downs(both), [0, 0]);
  assert.equal(live(a, lab.now).length, 1);
});
