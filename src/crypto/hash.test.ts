import assert from 'node:assert/strict';
import { test } from 'node:test';
import vectors from '../../test/vectors/hash.json' with { type: 'json' };
import { fromHex, toHex } from '../base/index.ts';
import { md5, sha1, sha256, timingSafeEqual } from './hash.ts';

for (const row of vectors.cases) {
  test(`hashes give the published values of ${row.name}`, () => {
    const data = fromHex(row.data) ?? assert.fail();
    assert.equal(toHex(md5(data)), row.md5);
    assert.equal(toHex(sha1(data)), row.sha1);
    assert.equal(toHex(sha256(data)), row.sha256);
  });
}

test('hashes take their data in parts', () => {
  const whole = Uint8Array.of(1, 2, 3, 4);
  assert.deepEqual(sha1(whole.subarray(0, 1), whole.subarray(1)), sha1(whole));
});

test('comparison of secrets takes arrays of any lengths', () => {
  assert.equal(timingSafeEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
  assert.equal(timingSafeEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
  assert.equal(timingSafeEqual(Uint8Array.of(1, 2), Uint8Array.of(1)), false);
});
