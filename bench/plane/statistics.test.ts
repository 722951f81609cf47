/** The numbers that verdicts stand on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ratiosOf, type Sample, spreadOf, valuesOf } from './statistics.ts';

const sample = (subject: string, round: number, mbps: number, measure = 'tcp'): Sample => ({
  ...{ suite: 's', measure, subject, round },
  values: { mbps },
});

test('the median is the middle one, or between the two in the middle', () => {
  assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, least: 1, most: 3, count: 3 });
  assert.deepEqual(spreadOf([4, 1, 3, 2]), { median: 2.5, least: 1, most: 4, count: 4 });
  assert.equal(spreadOf([]), undefined);
  assert.deepEqual(spreadOf([Number.NaN, 5]), { median: 5, least: 5, most: 5, count: 1 });
});

test('half of all numbers are no larger than the median, and half no smaller', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (numbers) => {
      const { median = 0, count = 0 } = spreadOf(numbers) ?? {};
      assert.equal(count, numbers.length);
      assert.ok(numbers.filter((one) => one <= median).length * 2 >= count, 'too few below');
      assert.ok(numbers.filter((one) => one >= median).length * 2 >= count, 'too few above');
    }),
  );
});

test('a ratio is of one measure and one round', () => {
  const samples = [
    sample('us', 1, 10),
    sample('us', 2, 30),
    sample('it', 1, 5),
    sample('it', 2, 10),
    sample('us', 3, 7),
  ];
  const which = { suite: 's', measures: ['tcp'] };
  assert.deepEqual(ratiosOf(samples, which, 'us', 'it', 'mbps'), [2, 3]);
  assert.deepEqual(ratiosOf(samples, which, 'it', 'us', 'mbps'), [0.5, 1 / 3]);
  assert.deepEqual(valuesOf(samples, which, 'us', 'mbps'), [10, 30, 7]);
  const other = [...samples, sample('us', 1, 99, 'udp'), sample('it', 1, 1, 'udp')];
  assert.deepEqual(ratiosOf(other, which, 'us', 'it', 'mbps'), [2, 3]);
});

test('nothing is divided by nothing', () => {
  const which = { suite: 's', measures: ['tcp'] };
  assert.deepEqual(ratiosOf([sample('us', 1, 10), sample('it', 1, 0)], which, 'us', 'it', 'mbps'), []);
  assert.deepEqual(ratiosOf([sample('us', 1, 10), sample('it', 1, 2)], which, 'us', 'it', 'cpu'), []);
});
