/** Calendar dates against the ones that the runtime works out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clockText, durationText, isoTime, loginText } from './wall-clock.ts';

test('every moment is the one that the runtime names', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_000_000_000_000, max: 253_000_000_000_000 }), (ms) => {
      assert.equal(isoTime(ms), new Date(ms).toISOString());
    }),
  );
});

test('layouts of the platform', () => {
  const moment = Date.UTC(2024, 1, 29, 23, 59, 58, 7);
  assert.equal(clockText(moment), '23:59:58.007 UTC Thu Feb 29 2024');
  assert.equal(loginText(moment), '23:59:58 UTC Thu Feb 29 2024');
  assert.equal(durationText(1_936_000), '0h:32m:16s');
  assert.equal(durationText(52 * 86_400_000 + 23_723_000), '52d 6h:35m:23s');
});
