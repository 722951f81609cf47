/** RFC 7296 sections 2.8, 2.8.1, 2.8.2, 2.25: rekeying and deleting, also from both ends at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Encr, Integ, Ke } from '../crypto/index.ts';
import {
  A,
  assertAgree,
  B,
  CHILD,
  configOf,
  connect,
  counter,
  established,
  HOUR,
  live,
  type Node,
  type Pair,
  pair,
  peerTo,
} from './pair.fixture.ts';
import type { IkePeer } from './policy.ts';
import { ExchangeType } from './wire/message.ts';

const SEEDS = Array.from({ length: 100 }, (_, i) => i);

/** The plane of `node` says that its child SA carried much. */
function limit(lab: Pair['lab'], node: Node, which: 'soft' | 'hard' = 'soft'): void {
  const spi = [...node.plane.keys()].at(-1) ?? 0;
  lab.do(node, { kind: 'child-limit', spi, limit: which });
}

/**
 * A pair whose ends both rekey the IKE SA at `HOUR`, `b` later by `offsetMs`. The jitter of a seed is known from a first
 * run, so the lifetimes can be chosen for it.
 */
function rekeysTogether(seed: number, offsetMs: number, change: Partial<IkePeer> = {}): Pair {
  const probe = established(seed, { both: change });
  const lifetimes = [probe.a, probe.b].map((node, i) => {
    const [sa] = live(node, probe.lab.now);
    assert.ok(sa?.rekeyAt !== undefined);
    const share = (sa.rekeyAt - sa.since) / sa.lifetimeMs;
    return Math.round((HOUR + i * offsetMs - sa.since) / share);
  });
  const [ofA = HOUR, ofB = HOUR] = lifetimes;
  const both = established(seed, {
    both: change,
    a: { ikeLifetimeMs: ofA },
    b: { ikeLifetimeMs: ofB },
  });
  both.lab.run(HOUR - both.lab.now - 100);
  return both;
}

test('a child SA is rekeyed before its end; the new one is used at once by who asked (section 2.8)', () => {
  const both = established(1, { a: { child: { ...CHILD, lifetimeMs: HOUR } } });
  const { lab, a, b } = both;
  const first = [...a.plane.keys()][0];
  lab.run(HOUR);
  assertAgree(both, { ikeSas: 1, children: 1 });
  const [atA] = a.plane.values();
  const [atB] = b.plane.values();
  assert.equal(atA?.replaces, first);
  assert.deepEqual([atA?.startOutbound, atB?.startOutbound], ['now', 'after-inbound']);
  assert.deepEqual(
    a.of('remove-child-sa').map(({ lingerMs, cause }) => [lingerMs, cause.code]),
    [[5_000, 'rekeyed']],
  );
  assert.deepEqual(
    b.of('remove-child-sa').map(({ lingerMs, cause }) => [lingerMs, cause.code]),
    [[5_000, 'rekeyed']],
  );
});

for (const group of [Ke.MODP_2048, Ke.ECP_256, Ke.CURVE25519]) {
  test(`perfect forward secrecy with group ${group} (section 1.3.1)`, () => {
    const encryption = [{ encr: Encr.AES_CBC, keyBits: 256 }];
    const proposals = [{ encryption, integrity: [Integ.HMAC_SHA2_256_128], esn: [true, false] }];
    const both = established(1, { both: { child: { ...CHILD, proposals, pfsGroup: group } } });
    const { lab, a } = both;
    assert.equal([...a.plane.values()][0]?.group, 0);
    limit(lab, a);
    lab.run(1_000);
    assertAgree(both, { ikeSas: 1, children: 1 });
    assert.equal([...a.plane.values()][0]?.group, group);
  });
}

test('PFS that the ends do not agree on fails at the rekey, and at the end of the lifetime the child SA goes', () => {
  const both = established(1, {
    a: { child: { ...CHILD, lifetimeMs: HOUR, pfsGroup: Ke.ECP_256 } },
    b: { child: { ...CHILD, lifetimeMs: HOUR, pfsGroup: Ke.ECP_384 } },
  });
  const { lab, a } = both;
  lab.run(HOUR - 2_000);
  assert.ok(a.codes().includes('no-proposal-chosen'));
  assertAgree(both, { ikeSas: 1, children: 1 });
  lab.run(2_000);
  assert.equal(a.of('remove-child-sa')[0]?.cause.code, 'lifetime-expired');
});

test('without PFS here a key exchange that the peer wants is done', () => {
  const both = established(1, { a: { child: { ...CHILD, pfsGroup: Ke.ECP_256 } } });
  limit(both.lab, both.a);
  both.lab.run(1_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
});

test('an IKE SA is rekeyed: session and child SAs live on (section 2.8)', () => {
  const both = established(1);
  const { lab, a, b } = both;
  const [before] = live(a, lab.now);
  lab.run(24 * HOUR);
  assertAgree(both, { ikeSas: 1, children: 1 });
  const [after] = live(a, lab.now);
  assert.equal(after?.session, before?.session);
  assert.notEqual(after?.localSpi, before?.localSpi);
  assert.equal(a.keys.length, 2);
  assert.deepEqual(a.keys, b.keys);
  for (const node of [a, b]) assert.equal(node.of('ike-sa-down').length, 0);
});

test('the IKE rekey follows INVALID_KE_PAYLOAD (section 1.3.2)', () => {
  const [base] = configOf(A, []).proposals;
  assert.ok(base !== undefined);
  const groups = [Ke.CURVE25519, Ke.ECP_256];
  const both = established(1, { config: { proposals: [{ ...base, groups }] } });
  const { lab, b } = both;
  const peer = peerTo(A);
  lab.do(b, { kind: 'configure', config: configOf(B, [peer], { proposals: [{ ...base, groups: [Ke.ECP_256] }] }) });
  lab.run(24 * HOUR);
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.equal(live(b, lab.now)[0]?.group, Ke.ECP_256);
});

test('an IKE SA that cannot be rekeyed ends with its lifetime, and an always-on peer comes back', () => {
  const [base] = configOf(A, []).proposals;
  assert.ok(base !== undefined);
  const both = established(1, { a: { ikeLifetimeMs: HOUR } });
  const { lab, a, b } = both;
  lab.do(b, {
    kind: 'configure',
    config: configOf(B, [peerTo(A)], { proposals: [{ ...base, groups: [Ke.ECP_521] }] }),
  });
  lab.run(HOUR - 2_000);
  assert.ok(a.codes().includes('no-proposal-chosen'));
  assertAgree(both, { ikeSas: 1, children: 1 });
  lab.do(b, { kind: 'configure', config: configOf(B, [peerTo(A)]) });
  lab.run(10_000);
  assert.deepEqual([...a.of('ike-sa-down'), ...b.of('ike-sa-down')].map(({ cause }) => cause.code).sort(), [
    'lifetime-expired',
    'peer-deleted',
  ]);
  assertAgree(both, { ikeSas: 1, children: 1 });
});

test('an IKE SA lives as long as the proposal says that was agreed on, whatever stands first', () => {
  const [base] = configOf(A, []).proposals;
  assert.ok(base !== undefined);
  const proposals = [
    { ...base, groups: [Ke.ECP_521], lifetimeMs: 24 * HOUR },
    { ...base, lifetimeMs: 2 * HOUR },
  ];
  const both = established(1);
  const { lab, a } = both;
  const first = live(a, lab.now)[0]?.localSpi;
  lab.do(a, { kind: 'configure', config: configOf(A, [peerTo(B, { initiate: true })], { proposals }) });
  lab.do(a, { kind: 'clear', what: 'ike' });
  lab.run(10_000);
  assert.equal(live(a, lab.now)[0]?.lifetimeMs, 2 * HOUR);
  assert.notEqual(live(a, lab.now)[0]?.localSpi, first);
  const second = live(a, lab.now)[0]?.localSpi;
  lab.run(2 * HOUR);
  assert.notEqual(live(a, lab.now)[0]?.localSpi, second);
  assert.equal(live(a, lab.now)[0]?.lifetimeMs, 2 * HOUR, 'after rekeying too');
  assertAgree(both, { ikeSas: 1, children: 1 });
});

test('an IKE SA without end is never rekeyed of our own accord', () => {
  const [base] = configOf(A, []).proposals;
  assert.ok(base !== undefined);
  const proposals = [{ ...base, lifetimeMs: 'unlimited' as const }];
  const both = established(1);
  const { lab, a, b } = both;
  lab.do(a, { kind: 'configure', config: configOf(A, [peerTo(B, { initiate: true })], { proposals }) });
  lab.do(b, { kind: 'configure', config: configOf(B, [peerTo(A)], { proposals }) });
  lab.do(a, { kind: 'clear', what: 'ike' });
  lab.run(10_000);
  const [sa] = live(a, lab.now);
  assert.deepEqual([sa?.lifetimeMs, sa?.rekeyAt], [0, undefined]);
  lab.run(30 * HOUR);
  assert.equal(live(a, lab.now)[0]?.localSpi, sa?.localSpi);
});

test('both ends rekey the child SA at once: the lowest nonce loses (section 2.8.1)', () => {
  const winners = new Set<string>();
  let collisions = 0;
  for (const seed of SEEDS) {
    const both = established(seed);
    const { lab, a, b } = both;
    Object.assign(lab.link, { jitterMs: 50 });
    limit(lab, a);
    lab.run(seed % 40);
    limit(lab, b);
    lab.run(3_000);
    assertAgree(both, { ikeSas: 1, children: 1 });
    const [sa] = a.plane.values();
    assert.equal(a.of('remove-child-sa').length, a.of('install-child-sa').length - 1);
    winners.add(sa?.role ?? '');
    collisions += counter(a, lab.now, 'child-collisions');
  }
  assert.ok(collisions > 50, `${collisions} collisions`);
  assert.equal(winners.size, 2);
});

test('both ends rekey the IKE SA at once: the lowest nonce loses (sections 2.8.2, 2.25.2)', () => {
  const winners = new Set<string>();
  let collisions = 0;
  for (const seed of SEEDS) {
    const both = rekeysTogether(seed, seed % 40);
    const { lab, a, b } = both;
    Object.assign(lab.link, { jitterMs: 50, loss: seed % 4 === 0 ? 0.2 : 0 });
    lab.run(60_000);
    assert.equal(a.of('ike-sa-down').length + b.of('ike-sa-down').length, 0);
    lab.link.loss = 0;
    lab.run(130_000);
    assertAgree(both, { ikeSas: 1, children: 1 });
    winners.add(live(a, lab.now)[0]?.role ?? '');
    collisions += counter(a, lab.now, 'ike-collisions');
    assert.equal(a.of('remove-child-sa').length, 0);
  }
  assert.ok(collisions > 30, `${collisions} collisions`);
  assert.equal(winners.size, 2);
});

test('an IKE rekey and a child rekey cross: TEMPORARY_FAILURE and another try (section 2.25.2)', () => {
  let refusals = 0;
  for (const seed of SEEDS.slice(0, 50)) {
    const both = rekeysTogether(seed, 10_000);
    const { lab, a, b } = both;
    Object.assign(lab.link, { jitterMs: 30 });
    lab.run(80 + (seed % 40));
    limit(lab, b);
    if (seed % 2 === 0) limit(lab, a);
    lab.run(30_000);
    assertAgree(both, { ikeSas: 1, children: 1 });
    assert.ok(a.keys.length > 1, 'the IKE SA was rekeyed');
    assert.ok(b.of('install-child-sa').length > 1, 'the child SA was rekeyed in the end');
    refusals += counter(a, lab.now, 'temporary-failure') + counter(b, lab.now, 'temporary-failure');
  }
  assert.ok(refusals > 5, `${refusals} refusals`);
});

test('both ends ask for a child SA at once, and one is rekeyed before they have settled: one stays (section 2.8.1)', () => {
  let parallel = 0;
  for (const seed of SEEDS.slice(0, 60)) {
    const both = established(seed, { both: { initiate: true } });
    const { lab, a, b } = both;
    lab.do(a, { kind: 'clear', what: 'child' });
    lab.do(b, { kind: 'clear', what: 'child' });
    // What `a` asks gets lost until `b` has asked too, and in most runs has rekeyed what it got.
    let isLost = true;
    lab.pass = ({ from, header }) =>
      !(isLost && from === 'a' && header.exchange === ExchangeType.CREATE_CHILD_SA && !header.isResponse);
    for (let waited = 0; b.plane.size === 0 && waited < 20_000; waited += 50) lab.run(50);
    limit(lab, b);
    lab.run(seed);
    if (seed % 3 === 0) limit(lab, a);
    isLost = false;
    lab.run(20_000);
    const inPlane = [a, b].map((node) => node.plane.size);
    assert.deepEqual(inPlane, [1, 1], `seed ${seed}`);
    assertAgree(both, { ikeSas: 1, children: 1 });
    if ([a, b].some((node) => node.of('remove-child-sa').some(({ cause }) => cause.code === 'simultaneous-creation')))
      parallel++;
  }
  assert.ok(parallel > 20, `${parallel} at once`);
});

test('deletions of the child SA cross: both answer without a Delete payload (sections 1.4.1, 2.25.1)', () => {
  const both = established(1);
  const { lab, a, b } = both;
  lab.do(a, { kind: 'clear', what: 'child' });
  lab.do(b, { kind: 'clear', what: 'child' });
  assert.deepEqual([a.plane.size, b.plane.size], [0, 0]);
  lab.run(20_000);
  // The always-on end made a new one.
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.equal(a.of('ike-sa-down').length, 0);
});

test('deletion and rekeying of the child SA cross (section 2.25.1)', () => {
  for (const seed of SEEDS.slice(0, 40)) {
    const both = established(seed);
    const { lab, a, b } = both;
    Object.assign(lab.link, { jitterMs: 30 });
    limit(lab, a);
    lab.run(seed % 30);
    lab.do(b, { kind: 'clear', what: 'child' });
    lab.run(20_000);
    const { children } = live(a, lab.now)[0] ?? { children: [] };
    assert.equal(children.length, 1);
    assertAgree(both, { ikeSas: 1, children: 1 });
  }
});

test('deletions of the IKE SA cross (section 2.25.2)', () => {
  const both = established(1);
  const { lab, a, b } = both;
  lab.do(a, { kind: 'clear', what: 'ike' });
  lab.do(b, { kind: 'clear', what: 'ike' });
  assert.deepEqual([a.of('ike-sa-down').length, b.of('ike-sa-down').length], [1, 1]);
  lab.run(1_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
});

test('deletion and rekeying of the IKE SA cross: the deletion counts (section 2.25.2)', () => {
  for (const seed of SEEDS.slice(0, 40)) {
    const both = rekeysTogether(seed, 3_000);
    const { lab, b } = both;
    Object.assign(lab.link, { jitterMs: 30 });
    lab.run(70 + seed);
    lab.do(b, { kind: 'clear', what: 'ike' });
    lab.run(150_000);
    assertAgree(both, { ikeSas: 1, children: 1 });
  }
});

test('giving up an IKE SA while rekeying it leaves nothing behind at the other end', () => {
  for (const seed of SEEDS.slice(0, 40)) {
    const both = rekeysTogether(seed, seed % 2 === 0 ? 5_000 : 5);
    const { lab, a, b } = both;
    Object.assign(lab.link, { jitterMs: 30 });
    lab.run(100 + (seed % 30));
    lab.do(a, { kind: 'configure', config: configOf(A, []) });
    lab.run(5_000);
    assert.equal(b.plane.size, 0, `seed ${seed}`);
    assert.equal(live(b, lab.now).length, 0, `seed ${seed}`);
    assert.equal(b.of('ike-sa-down').length, 1);
  }
});

test('a Delete that overtakes the response that makes its child SA is not forgotten', () => {
  const both = established(1);
  const { lab, a, b } = both;
  lab.pass = ({ from, header }) => from === 'a' || header.exchange !== ExchangeType.CREATE_CHILD_SA;
  limit(lab, a);
  lab.run(100);
  assert.equal(b.plane.size, 2);
  lab.do(b, { kind: 'clear', what: 'child' });
  lab.run(100);
  lab.pass = () => true;
  lab.run(20_000);
  assert.equal(counter(a, lab.now, 'child-sa-deleted-before-made'), 1);
  assertAgree(both, { ikeSas: 1, children: 1 });
});

test('the hard volume limit ends a child SA at once; an always-on peer makes another', () => {
  const both = established(1);
  const { lab, a } = both;
  limit(lab, a, 'hard');
  assert.equal(a.plane.size, 0);
  assert.deepEqual(
    a.of('remove-child-sa').map(({ lingerMs, cause }) => [lingerMs, cause.code]),
    [[0, 'volume-expired']],
  );
  lab.run(2_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
});

for (const from of [1, 26, 51, 76]) {
  test(`with loss, duplicates and reordering all converges, seeds ${from} to ${from + 24}`, () => {
    for (let seed = from; seed < from + 25; seed++) {
      const child = { ...CHILD, lifetimeMs: 300_000, ...(seed % 3 === 0 ? { pfsGroup: Ke.ECP_256 } : {}) };
      const both = pair(seed, {
        both: { initiate: seed % 2 === 0, child, ikeLifetimeMs: 500_000 },
        a: { initiate: true },
      });
      const { lab } = both;
      Object.assign(lab.link, { loss: 0.2, duplicate: 0.2, jitterMs: 400 });
      connect(both);
      lab.run(1_500_000 + 1_000 * seed);
      Object.assign(lab.link, { loss: 0 });
      lab.run(200_000);
      // Not in the middle of a rekey.
      while ([both.a, both.b].some((node) => node.plane.size > 1)) lab.run(500);
      assertAgree(both, { ikeSas: 1, children: 1 });
      assert.ok(both.a.of('install-child-sa').length > 5);
    }
  });
}
