import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inferSequence } from './extended-sequence.ts';

const TWO_32 = 2 ** 32;

const rows = [
  { name: 'case A, in the window', low: 1_000, highest: 1_010, window: 64, is: 1_000 },
  { name: 'case A, ahead', low: 5_000, highest: 1_010, window: 64, is: 5_000 },
  { name: 'case A, below the window: the next subspace', low: 5, highest: 1_010, window: 64, is: TWO_32 + 5 },
  { name: 'case A, at the bottom of the window', low: 947, highest: 1_010, window: 64, is: 947 },
  { name: 'case A, just below it', low: 946, highest: 1_010, window: 64, is: TWO_32 + 946 },
  { name: 'case B, in the older subspace', low: TWO_32 - 5, highest: TWO_32 + 10, window: 64, is: TWO_32 - 5 },
  { name: 'case B, in the newer subspace', low: 3, highest: TWO_32 + 10, window: 64, is: TWO_32 + 3 },
  { name: 'case B, before the first packet', low: TWO_32 - 5, highest: 10, window: 64, is: undefined },
  { name: 'the edge at the end of a subspace', low: 0, highest: TWO_32 - 1, window: 64, is: TWO_32 },
  { name: 'a new SA', low: 1, highest: 0, window: 64, is: 1 },
];

for (const row of rows) {
  test(`extended sequence number: ${row.name} (RFC 4303 appendix A2.2)`, () => {
    assert.equal(inferSequence(row.low, row.highest, row.window), row.is);
  });
}

test('whatever lies in the window or less than 2^32 - W ahead is inferred exactly (RFC 4303 appendix A1)', () => {
  const highest = fc.oneof(
    fc.nat({ max: 5_000 }),
    fc.integer({ min: TWO_32 - 2_000, max: TWO_32 + 2_000 }),
    fc.integer({ min: 0, max: 2 ** 48 }),
  );
  const window = fc.constantFrom(64, 128, 256, 512, 1024);
  fc.assert(
    fc.property(highest, window, fc.double({ min: 0, max: 1, noNaN: true }), (top, size, where) => {
      const sequence = top - size + 1 + Math.floor(where * (TWO_32 - 1));
      if (sequence >= 0) assert.equal(inferSequence(sequence % TWO_32, top, size), sequence);
    }),
    { numRuns: 500 },
  );
});

test('numbers that a double cannot hold are refused', () => {
  assert.equal(inferSequence(0, 2 ** 53 - 1, 64), undefined);
});
