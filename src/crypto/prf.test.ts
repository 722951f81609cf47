import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import hmacVectors from '../../test/vectors/hmac.json' with { type: 'json' };
import kdfVectors from '../../test/vectors/ikev2-kdf.json' with { type: 'json' };
import integrityVectors from '../../test/vectors/integrity.json' with { type: 'json' };
import { concat, fromHex, toHex, utf8 } from '../base/index.ts';
import { prf, prfPlus } from './prf.ts';
import { Integ, icvLength, integKeyLength, isSupportedPrf, Prf, prfLength } from './registry.ts';

const bytes = (hex: string): Uint8Array => fromHex(hex) ?? assert.fail(`not hexadecimal: ${hex}`);

for (const row of hmacVectors.cases) {
  test(`pseudorandom functions give the published values of ${row.name}`, () => {
    const expected = [
      [Prf.HMAC_SHA1, row.sha1],
      [Prf.HMAC_SHA2_256, row.sha256],
      [Prf.HMAC_SHA2_384, row.sha384],
      [Prf.HMAC_SHA2_512, row.sha512],
    ] as const;
    for (const [id, output] of expected) {
      if (output !== undefined) assert.equal(toHex(prf(id, bytes(row.key), bytes(row.data))), output);
    }
  });
}

/** Integrity algorithms are the same HMACs cut short: RFC 2404, RFC 4868. */
const PRF_OF_INTEG: Readonly<Record<number, number>> = {
  [Integ.HMAC_SHA1_96]: Prf.HMAC_SHA1,
  [Integ.HMAC_SHA2_256_128]: Prf.HMAC_SHA2_256,
  [Integ.HMAC_SHA2_384_192]: Prf.HMAC_SHA2_384,
  [Integ.HMAC_SHA2_512_256]: Prf.HMAC_SHA2_512,
};

for (const row of integrityVectors.cases) {
  test(`integrity algorithm ${row.name} has the published key length, ICV length and value`, () => {
    assert.equal(integKeyLength(row.integ), bytes(row.key).length);
    assert.equal(icvLength(row.integ), bytes(row.icv).length);
    const output = prf(PRF_OF_INTEG[row.integ] ?? assert.fail(), bytes(row.key), bytes(row.data));
    assert.equal(toHex(output.subarray(0, icvLength(row.integ))), row.icv);
  });
}

for (const row of kdfVectors.cases) {
  const [ni, nr] = [bytes(row.ni), bytes(row.nr)];
  const skD = bytes(row.dkm).subarray(0, prfLength(row.prf));

  test(`SKEYSEED and SK_* are the published values of ${row.name} (RFC 7296 section 2.14)`, () => {
    assert.equal(toHex(prf(row.prf, concat(ni, nr), bytes(row.gir))), row.skeyseed);
    const seed = concat(ni, nr, bytes(row.spii), bytes(row.spir));
    assert.equal(toHex(prfPlus(row.prf, bytes(row.skeyseed), seed, row.dkm.length / 2)), row.dkm);
  });

  if (row.girNew === undefined) continue;
  const girNew = bytes(row.girNew);

  test(`keying material and rekeyed SKEYSEED are the published values of ${row.name} (sections 2.17, 2.18)`, () => {
    const length = row.dkmChild.length / 2;
    assert.equal(toHex(prfPlus(row.prf, skD, concat(ni, nr), length)), row.dkmChild);
    assert.equal(toHex(prfPlus(row.prf, skD, concat(girNew, ni, nr), length)), row.dkmChildDh);
    assert.equal(toHex(prf(row.prf, skD, girNew, ni, nr)), row.skeyseedRekey);
  });
}

test('prf+ is a stream: a shorter output is a prefix of a longer one', () => {
  const id = fc.constantFrom(...Object.values(Prf));
  const length = fc.nat({ max: 300 });
  fc.assert(
    fc.property(id, fc.uint8Array(), fc.uint8Array(), length, length, (prfId, key, seed, a, b) => {
      const long = prfPlus(prfId, key, seed, Math.max(a, b));
      assert.deepEqual(prfPlus(prfId, key, seed, Math.min(a, b)), long.slice(0, Math.min(a, b)));
    }),
    { numRuns: 50 },
  );
});

test('prf+ ends after 255 blocks (RFC 7296 section 2.13)', () => {
  assert.equal(prfPlus(Prf.HMAC_SHA1, utf8('key'), utf8('seed'), 255 * 20).length, 5100);
  assert.throws(() => prfPlus(Prf.HMAC_SHA1, utf8('key'), utf8('seed'), 255 * 20 + 1), RangeError);
});

test('a pseudorandom function takes its data in parts, and unknown ids are not supported', () => {
  const [key, a, b] = [utf8('key'), utf8('one'), utf8('two')];
  assert.deepEqual(prf(Prf.HMAC_SHA2_256, key, a, b), prf(Prf.HMAC_SHA2_256, key, concat(a, b)));
  assert.equal(isSupportedPrf(Prf.HMAC_SHA2_512), true);
  assert.equal(isSupportedPrf(1), false);
});
