import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import fc from 'fast-check';
import ecpVectors from '../../../test/vectors/ecp.json' with { type: 'json' };
import { concat, fromHex, type Random, type Result, seededRandom, toHex } from '../../base/index.ts';
import { fromNumber, toNumber } from '../../crypto/big-endian.ts';
import {
  type Curve,
  createKeyShare,
  fieldLength,
  Ke,
  type KeyShare,
  type NativeCurves,
  type SignatureScheme,
  useNativeCurves,
} from '../../crypto/index.ts';
import { readPublicKey } from '../../crypto/keys.ts';
import { privateKey, testKey } from '../../crypto/pki.fixture.ts';
import { sign, verify } from '../../crypto/signature.ts';
import { openLibcrypto } from './libcrypto.ts';

const opened = openLibcrypto();
const skip = opened.ok ? false : opened.error;
const GROUPS = [Ke.ECP_256, Ke.ECP_384, Ke.ECP_521] as const;
const CURVES: ReadonlyMap<number, Curve> = new Map([
  [Ke.ECP_256, 'P-256'],
  [Ke.ECP_384, 'P-384'],
  [Ke.ECP_521, 'P-521'],
]);

afterEach(() => void useNativeCurves(undefined));

function library(): NativeCurves {
  return opened.ok ? opened.value : assert.fail(opened.error);
}

/** What both providers make of the same. */
function both<T>(make: () => T): Readonly<{ node: T; native: T }> {
  useNativeCurves(undefined);
  const node = make();
  assert.deepEqual(useNativeCurves(library()), ['P-256', 'P-384', 'P-521']);
  const native = make();
  useNativeCurves(undefined);
  return { node, native };
}

const bytes = (hex: string): Uint8Array => fromHex(hex) ?? assert.fail(`not hexadecimal: ${hex}`);

function secretOf(result: Result<Uint8Array, string>): Uint8Array {
  return result.ok ? result.value : assert.fail(result.error);
}

/** The draw that gives this private value: `src/crypto/ecp.ts` reduces it modulo n - 1 and adds one. */
function drawOf(privateValue: Uint8Array): Random {
  return () => fromNumber(toNumber(privateValue) - 1n, privateValue.length + 8);
}

for (const row of ecpVectors.cases) {
  test(`the machine's library gives the published values of ${row.name}`, { skip }, () => {
    useNativeCurves(library());
    const share = createKeyShare(row.group, drawOf(bytes(row.privateI)));
    assert.equal(toHex(share.publicValue), row.publicI);
    assert.equal(toHex(secretOf(share.computeSecret(bytes(row.publicR)))), row.secret);
  });
}

for (const group of GROUPS) {
  const length = fieldLength(CURVES.get(group) ?? assert.fail());

  test(`group ${group}: both providers give the same values, and agree with one another`, { skip }, () => {
    for (let seed = 1; seed <= 6; seed++) {
      const ours = both(() => createKeyShare(group, seededRandom(seed)));
      assert.deepEqual(ours.native.publicValue, ours.node.publicValue);
      const theirs = both(() => createKeyShare(group, seededRandom(1000 + seed)));
      const secrets: readonly (readonly [KeyShare, KeyShare])[] = [
        [ours.node, theirs.native],
        [ours.native, theirs.node],
        [theirs.native, ours.native],
        [theirs.node, ours.node],
      ];
      const computed = secrets.map(([own, peer]) => toHex(secretOf(own.computeSecret(peer.publicValue))));
      assert.equal(new Set(computed).size, 1, computed.join('\n'));
      assert.equal(computed[0]?.length, 2 * length);
    }
  });

  test(`group ${group}: the largest and the smallest private value are the same to both`, { skip }, () => {
    for (const fill of [0x00, 0xff]) {
      const draw: Random = (count) => new Uint8Array(count).fill(fill);
      const { node, native } = both(() => createKeyShare(group, draw));
      assert.deepEqual(native.publicValue, node.publicValue);
      assert.deepEqual(native.computeSecret(node.publicValue), node.computeSecret(node.publicValue));
    }
  });

  test(`group ${group}: both refuse the same public values (RFC 6989 section 2.3)`, { skip }, () => {
    const { node, native } = both(() => createKeyShare(group, seededRandom(3)));
    const good = createKeyShare(group, seededRandom(4)).publicValue;
    const changed = (at: number, by: number): Uint8Array => {
      const value = good.slice();
      value[at] = (value[at] ?? 0) ^ by;
      return value;
    };
    const all = (fill: number): Uint8Array => new Uint8Array(2 * length).fill(fill);
    const refused = [
      changed(2 * length - 1, 1),
      changed(length - 1, 1),
      changed(0, 0x80), // beyond the field
      all(0),
      all(0xff),
      good.subarray(1),
      concat(Uint8Array.of(4), good),
      concat(good, Uint8Array.of(0)),
      new Uint8Array(0),
      good.subarray(0, length), // x alone, as if it were compressed
    ];
    for (const value of refused) {
      const fault = { ok: false, error: 'invalid-public-value' };
      assert.deepEqual(native.computeSecret(value), fault, toHex(value));
      assert.deepEqual(node.computeSecret(value), fault, toHex(value));
    }
    assert.deepEqual(native.computeSecret(good), node.computeSecret(good), 'a good one after all the bad ones');
  });

  test(`group ${group}: no bytes make them differ`, { skip }, () => {
    const { node, native } = both(() => createKeyShare(group, seededRandom(5)));
    const value = fc.uint8Array({ minLength: 2 * length, maxLength: 2 * length });
    fc.assert(
      fc.property(fc.oneof(value, fc.uint8Array({ maxLength: 3 * length })), (peer) => {
        assert.deepEqual(native.computeSecret(peer), node.computeSecret(peer));
      }),
      { numRuns: 20 },
    );
  });
}

const KEY = privateKey(testKey('P-521'));
const DATA = new TextEncoder().encode('what is signed');

function signed(scheme: SignatureScheme): readonly Uint8Array[] {
  const made = both(() => sign(KEY, scheme, DATA));
  return [made.node, made.native];
}

/** What both providers say of a signature: the same, or the test fails. */
function isGood(scheme: SignatureScheme, signature: Uint8Array, data = DATA): boolean {
  const read = readPublicKey(KEY.publicInfo);
  const key = read.ok ? read.value : assert.fail(read.error);
  const said = both(() => verify(key, scheme, data, signature));
  assert.equal(said.native, said.node, toHex(signature));
  return said.native;
}

for (const form of ['der', 'raw'] as const) {
  const scheme: SignatureScheme = { kind: 'ecdsa', hash: 'sha512', form };

  test(`ECDSA with P-521 as ${form}: each provider takes the signatures of the other, and no other`, { skip }, () => {
    for (const signature of [...signed(scheme), ...signed(scheme)]) {
      assert.equal(isGood(scheme, signature), true);
      if (form === 'raw') assert.equal(signature.length, 132);
      const wrong = signature.slice();
      wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
      const others = [wrong, signature.subarray(1), concat(signature, Uint8Array.of(0)), new Uint8Array(0)];
      for (const bad of others) assert.equal(isGood(scheme, bad), false);
      assert.equal(isGood(scheme, signature, DATA.subarray(1)), false);
      assert.equal(isGood({ ...scheme, hash: 'sha256' }, signature), false);
    }
  });

  test(`ECDSA with P-521 as ${form}: no bytes make the providers differ`, { skip }, () => {
    for (const count of [132, 131, 66, 1]) assert.equal(isGood(scheme, new Uint8Array(count)), false);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), (signature) => {
        isGood(scheme, signature);
      }),
      { numRuns: 10 },
    );
  });
}

test('a library that computes something else is not used', { skip }, () => {
  const broken: NativeCurves = { ...library(), multiply: (curve) => new Uint8Array(fieldLength(curve)) };
  assert.deepEqual(useNativeCurves(broken), []);
  const share = createKeyShare(Ke.ECP_256, seededRandom(1));
  assert.equal(share.computeSecret(createKeyShare(Ke.ECP_256, seededRandom(2)).publicValue).ok, true);
});

test('keys that are exchanged leave nothing behind: memory stays as it is', { skip }, () => {
  const native = library();
  const scalar = new Uint8Array(32).fill(7);
  const point = native.multiplyBase('P-256', scalar);
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      native.multiplyBase('P-256', scalar);
      native.multiply('P-256', scalar, point);
      native.multiply('P-256', scalar, new Uint8Array(64)); // refused
    }
  };
  rounds(2000);
  const before = process.memoryUsage().rss;
  rounds(8000);
  // A number that is not freed costs some 80 bytes at least: 8,000 of each would be seen.
  assert.ok(process.memoryUsage().rss - before < 4e6, `${process.memoryUsage().rss - before} bytes more`);
});
