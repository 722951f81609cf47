import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import ecpVectors from '../../test/vectors/ecp.json' with { type: 'json' };
import modpVectors from '../../test/vectors/modp.json' with { type: 'json' };
import modpExchangeVectors from '../../test/vectors/modp-exchange.json' with { type: 'json' };
import x25519Vectors from '../../test/vectors/x25519.json' with { type: 'json' };
import { concat, fromHex, type Random, type Result, seededRandom, toHex } from '../base/index.ts';
import { fromNumber, toNumber } from './big-endian.ts';
import { createKeyShare, publicValueLength } from './key-share.ts';
import { modpPrime } from './modp.ts';
import { isSupportedGroup, Ke } from './registry.ts';

const bytes = (hex: string): Uint8Array => fromHex(hex) ?? assert.fail(`not hexadecimal: ${hex}`);
const REFUSED = { ok: false, error: 'invalid-public-value' } as const;

/** A source that yields these bytes, whatever is asked. */
const fixed = (value: Uint8Array): Random => {
  return (length) => {
    assert.equal(length, value.length);
    return value;
  };
};

function secretOf(result: Result<Uint8Array, string>): Uint8Array {
  return result.ok ? result.value : assert.fail(result.error);
}

/** The draw that makes our reduction, (draw mod (n - 1)) + 1, come out as this private value. */
function ecpDraw(privateValue: Uint8Array): Uint8Array {
  return fromNumber(toNumber(privateValue) - 1n, privateValue.length + 8);
}

/**
 * The draw that stands for this private value where its top bit is clear, which ours never is: 2 generates the
 * subgroup of order q = (p - 1) / 2, so x and x + q are the same exponent, and x + q has its top bit set.
 */
function modpDraw(group: number, privateValue: Uint8Array): Uint8Array {
  const q = (toNumber(modpPrime(group)) - 1n) / 2n;
  return fromNumber(toNumber(privateValue) + q, privateValue.length);
}

/** A source that yields these bytes, more than are asked: published exponents are longer than ours. */
const whole = (value: Uint8Array): Random => {
  return () => value;
};

for (const row of ecpVectors.cases) {
  test(`ECP group ${row.group} gives the published values of ${row.name}`, () => {
    const i = createKeyShare(row.group, fixed(ecpDraw(bytes(row.privateI))));
    assert.equal(toHex(i.publicValue), row.publicI);
    assert.equal(toHex(secretOf(i.computeSecret(bytes(row.publicR)))), row.secret);
    if (row.privateR === '') return;
    const r = createKeyShare(row.group, fixed(ecpDraw(bytes(row.privateR))));
    assert.equal(toHex(r.publicValue), row.publicR);
    assert.equal(toHex(secretOf(r.computeSecret(bytes(row.publicI)))), row.secret);
  });
}

for (const row of x25519Vectors.cases) {
  test(`Curve25519 gives the published values of RFC 7748 ${row.name}`, () => {
    const share = createKeyShare(Ke.CURVE25519, fixed(bytes(row.privateKey)));
    if (row.publicKey !== '') assert.equal(toHex(share.publicValue), row.publicKey);
    assert.equal(toHex(secretOf(share.computeSecret(bytes(row.peer)))), row.secret);
  });
}

test('Curve25519 refuses points of small order (RFC 7748 section 6.1, RFC 8031 section 5)', () => {
  const share = createKeyShare(Ke.CURVE25519, seededRandom(1));
  for (const point of x25519Vectors.smallOrder) {
    assert.deepEqual(share.computeSecret(bytes(point)), REFUSED);
    const masked = bytes(point);
    masked[31] = (masked[31] ?? 0) | 0x80; // the top bit counts for nothing: RFC 7748 section 5
    assert.deepEqual(share.computeSecret(masked), REFUSED);
  }
});

/** floor(2^bits * pi), by Machin's formula. */
function scaledPi(bits: number): bigint {
  const guard = 64n;
  const one = 1n << (BigInt(bits) + guard);
  const arctanInverse = (x: bigint): bigint => {
    let [sum, term, n, sign] = [0n, one / x, 1n, 1n];
    while (term !== 0n) {
      sum += (sign * term) / n;
      term /= x * x;
      n += 2n;
      sign = -sign;
    }
    return sum;
  };
  return (16n * arctanInverse(5n) - 4n * arctanInverse(239n)) >> guard;
}

function modPow(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

for (const { group, bits, offset } of modpVectors.cases) {
  const prime = toNumber(modpPrime(group));

  test(`MODP group ${group} has the prime that RFC 3526 builds from pi`, () => {
    const width = BigInt(bits);
    const middle = scaledPi(bits - 130) + BigInt(offset);
    assert.equal(prime, (1n << width) - (1n << (width - 64n)) - 1n + (middle << 64n));
  });

  test(`MODP group ${group} computes 2^x and y^x modulo p`, () => {
    const seed = seededRandom(group);
    let draw = new Uint8Array(0);
    const share = createKeyShare(group, (length) => {
      draw = Uint8Array.from(seed(length));
      return draw;
    });
    const x = toNumber(draw) | (1n << BigInt(8 * draw.length - 1));
    assert.equal(toNumber(share.publicValue), modPow(2n, x, prime));
    for (const y of [2n, 4n, 1n << 40n, prime - 2n]) {
      const secret = share.computeSecret(fromNumber(y, bits / 8));
      assert.equal(toNumber(secretOf(secret)), modPow(y, x, prime));
      assert.equal(secretOf(secret).length, bits / 8);
    }
  });

  test(`MODP group ${group} refuses values outside 1 < y < p - 1 (RFC 6989 section 2.1)`, () => {
    const share = createKeyShare(group, seededRandom(1));
    const length = bits / 8;
    for (const y of [0n, 1n, prime - 1n, prime, prime + 1n, (1n << BigInt(bits)) - 1n]) {
      assert.deepEqual(share.computeSecret(fromNumber(y, length)), REFUSED);
    }
    assert.deepEqual(share.computeSecret(share.publicValue.subarray(1)), REFUSED);
    assert.deepEqual(share.computeSecret(concat(Uint8Array.of(0), share.publicValue)), REFUSED);
  });
}

test('MODP groups give the published public values, and both ends of two of them the same secret', () => {
  const shares = modpExchangeVectors.publicPairs.map((row) => {
    const share = createKeyShare(row.group, whole(modpDraw(row.group, bytes(row.privateValue))));
    assert.equal(toHex(share.publicValue), row.publicValue, row.name);
    return share;
  });
  const [i = assert.fail(), r = assert.fail()] = shares;
  assert.deepEqual(i.computeSecret(r.publicValue), r.computeSecret(i.publicValue));
});

for (const row of modpExchangeVectors.secrets) {
  test(`MODP group ${row.group} gives the published values of ${row.name}`, () => {
    const share = createKeyShare(row.group, whole(bytes(row.privateValue)));
    assert.equal(toHex(share.publicValue), row.publicValue);
    assert.equal(toHex(secretOf(share.computeSecret(bytes(row.peer)))), row.secret);
  });
}

for (const group of [Ke.ECP_256, Ke.ECP_384, Ke.ECP_521]) {
  test(`ECP group ${group} refuses points that are not on the curve (RFC 6989 section 2.3)`, () => {
    const share = createKeyShare(group, seededRandom(1));
    const point = share.publicValue.slice();
    const last = point.length - 1;
    point[last] = (point[last] ?? 0) ^ 1;
    assert.deepEqual(share.computeSecret(point), REFUSED);
    assert.deepEqual(share.computeSecret(new Uint8Array(point.length)), REFUSED);
    assert.deepEqual(share.computeSecret(new Uint8Array(point.length).fill(0xff)), REFUSED);
    assert.deepEqual(share.computeSecret(concat(Uint8Array.of(4), share.publicValue)), REFUSED);
  });

  test(`ECP group ${group} makes a valid private value of any draw`, () => {
    const length = (publicValueLength(group) ?? assert.fail()) / 2;
    for (const fill of [0x00, 0xff]) {
      const share = createKeyShare(group, fixed(new Uint8Array(length + 8).fill(fill)));
      assert.equal(share.computeSecret(createKeyShare(group, seededRandom(2)).publicValue).ok, true);
    }
  });
}

for (const group of Object.values(Ke)) {
  test(`group ${group}: both ends agree, lengths are fixed, and the same source gives the same value`, () => {
    assert.equal(isSupportedGroup(group), true);
    const [i, r] = [createKeyShare(group, seededRandom(1)), createKeyShare(group, seededRandom(2))];
    assert.deepEqual(i.computeSecret(r.publicValue), r.computeSecret(i.publicValue));
    assert.equal(i.publicValue.length, publicValueLength(group));
    assert.notDeepEqual(i.publicValue, r.publicValue);
    assert.deepEqual(createKeyShare(group, seededRandom(1)).publicValue, i.publicValue);
  });

  test(`group ${group}: no bytes make it throw`, () => {
    const share = createKeyShare(group, seededRandom(1));
    const length = publicValueLength(group) ?? assert.fail();
    const value = fc.oneof(
      fc.uint8Array({ maxLength: 2 * length }),
      fc.uint8Array({ minLength: length, maxLength: length }),
    );
    fc.assert(
      fc.property(value, (peer) => {
        assert.equal(typeof share.computeSecret(peer).ok, 'boolean');
      }),
      { numRuns: 20 },
    );
  });
}

test('groups that we do not have are neither supported nor sized', () => {
  for (const group of [0, 1, 2, 5, 22, 32]) {
    assert.equal(isSupportedGroup(group), false);
    assert.equal(publicValueLength(group), undefined);
  }
});
