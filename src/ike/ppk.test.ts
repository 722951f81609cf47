/** Postquantum preshared keys, RFC 8784: who has which, who demands them, and what comes of it. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { concat, SecretKey, utf8 } from '../base/index.ts';
import { Prf } from '../crypto/index.ts';
import { A, assertAgree, B, configOf, connect, HOUR, key, live, type Pair, pair, peerTo } from './pair.fixture.ts';
import type { Ppk } from './policy.ts';
import { mixPpk } from './ppk.ts';

const REQUIRED: Ppk = {
  id: utf8('blue'),
  type: 'fixed',
  key: key('a key of thirty-two bytes or more'),
  required: true,
};
const OPTIONAL: Ppk = { ...REQUIRED, required: false };
const OTHER: Ppk = { ...OPTIONAL, id: utf8('green') };
const OPAQUE: Ppk = { ...OPTIONAL, type: 'opaque' };
const WRONG: Ppk = { ...OPTIONAL, key: key('the same name but not the same key') };

function tried(a: Ppk | undefined, b: Ppk | undefined, seed = 1): Pair {
  const both = pair(seed, { a: a === undefined ? {} : { ppk: a }, b: b === undefined ? {} : { ppk: b } });
  connect(both);
  both.lab.run(5_000);
  return both;
}

const rows: readonly Readonly<{
  a: readonly [string, Ppk | undefined];
  b: readonly [string, Ppk | undefined];
  result: 'with' | 'without' | 'refused';
}>[] = [
  { a: ['none', undefined], b: ['none', undefined], result: 'without' },
  { a: ['optional', OPTIONAL], b: ['optional', OPTIONAL], result: 'with' },
  { a: ['required', REQUIRED], b: ['optional', OPTIONAL], result: 'with' },
  { a: ['optional', OPTIONAL], b: ['required', REQUIRED], result: 'with' },
  { a: ['required', REQUIRED], b: ['required', REQUIRED], result: 'with' },
  { a: ['opaque', OPAQUE], b: ['opaque', OPAQUE], result: 'with' },
  { a: ['optional', OPTIONAL], b: ['none', undefined], result: 'without' },
  { a: ['none', undefined], b: ['optional', OPTIONAL], result: 'without' },
  { a: ['optional', OPTIONAL], b: ['another id', OTHER], result: 'without' },
  { a: ['optional', OPTIONAL], b: ['the same id as opaque', OPAQUE], result: 'without' },
  { a: ['required', REQUIRED], b: ['none', undefined], result: 'refused' },
  { a: ['none', undefined], b: ['required', REQUIRED], result: 'refused' },
  { a: ['required', REQUIRED], b: ['another id', OTHER], result: 'refused' },
  { a: ['another id', OTHER], b: ['required', REQUIRED], result: 'refused' },
  // The id fits, so the key is used and shows to be another: neither end may fall back then.
  { a: ['optional', OPTIONAL], b: ['another key of that id', WRONG], result: 'refused' },
];

for (const {
  a: [nameA, a],
  b: [nameB, b],
  result,
} of rows) {
  test(`PPK ${nameA} here, ${nameB} there: ${result} (RFC 8784 section 3)`, () => {
    const both = tried(a, b);
    const { lab } = both;
    if (result === 'refused') {
      assert.deepEqual([both.a.of('ike-sa-up').length, both.b.of('ike-sa-up').length], [0, 0]);
      assert.deepEqual([both.a.plane.size, both.b.plane.size], [0, 0]);
      assert.ok(both.a.of('ike-failed').length > 0);
      return;
    }
    assertAgree(both, { ikeSas: 1, children: 1 });
    for (const node of [both.a, both.b]) {
      assert.deepEqual(
        live(node, lab.now).map(({ quantumSafe }) => quantumSafe),
        [result === 'with'],
      );
    }
  });
}

test('the causes say which end lacks the key', () => {
  const [required] = tried(REQUIRED, undefined).a.of('ike-failed');
  assert.equal(required?.cause.code, 'ppk-required');
  const [refused] = tried(undefined, REQUIRED).b.of('ike-failed');
  assert.deepEqual([refused?.cause.code, refused?.role], ['ppk-required', 'responder']);
});

test('rekeyed IKE SAs and their children stay safe, and the keys differ from those without (RFC 8784 section 3)', () => {
  const [safe, plain] = [tried(OPTIONAL, OPTIONAL, 7), tried(undefined, undefined, 7)];
  const keyOf = ({ a }: Pair) => [...a.plane.values()][0]?.inboundKey;
  const [one, other] = [keyOf(safe), keyOf(plain)];
  assert.ok(one !== undefined && other !== undefined && !one.equals(other));
  safe.lab.run(25 * HOUR);
  assertAgree(safe, { ikeSas: 1, children: 1 });
  assert.ok(safe.a.keys.length > 1);
  assert.equal(live(safe.b, safe.lab.now)[0]?.quantumSafe, true);
});

test('SK_d, SK_pi and SK_pr become prf+(PPK, SK), written out (RFC 8784 section 3)', () => {
  const bytes = (fill: number) => new Uint8Array(32).fill(fill);
  const keys = { skD: new SecretKey(bytes(1)), skPi: new SecretKey(bytes(2)), skPr: new SecretKey(bytes(3)) };
  const mixed = mixPpk(Prf.HMAC_SHA2_256, REQUIRED.key, keys);
  // One block is as long as these keys: T1 = prf(K, S | 0x01).
  const first = (fill: number) =>
    new Uint8Array(
      createHmac('sha256', REQUIRED.key.reveal())
        .update(concat(bytes(fill), Uint8Array.of(1)))
        .digest(),
    );
  assert.deepEqual(mixed.skD.reveal(), first(1));
  assert.deepEqual(mixed.skPi.reveal(), first(2));
  assert.deepEqual(mixed.skPr.reveal(), first(3));
});

test('a PPK that changes here renews the IKE SA', () => {
  const { lab, a, b } = tried(OPTIONAL, OPTIONAL);
  const before = live(a, lab.now)[0]?.session;
  lab.do(a, { kind: 'configure', config: configOf(A, [peerTo(B, { initiate: true, ppk: OTHER })]) });
  lab.do(b, { kind: 'configure', config: configOf(B, [peerTo(A, { ppk: OTHER })]) });
  lab.run(10_000);
  const [after] = live(a, lab.now);
  assert.ok(after !== undefined && after.session !== before && after.quantumSafe === true);
});
