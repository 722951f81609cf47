/** The long run's own judgement: what is flat passes, what grows, loses or mixes up is found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NumberedStream } from './numbered-stream.ts';
import type { Sample } from './samples.ts';
import { flatness, leastOfEach, rekeyed, saCounts, slopePerHour, unbroken } from './verdict.ts';

const MINUTE = 60_000;
const MIB = 1 << 20;

/** An hour of samples; `grow` bytes or descriptors by the hour, besides what comes and goes. */
function hour(growth: Partial<Record<'heap' | 'resident' | 'descriptors', number>> = {}): readonly Sample[] {
  return Array.from({ length: 360 }, (_, i) => {
    const part = i / 360;
    const passing = (i * 7919) % 11;
    return {
      atMs: i * 10_000,
      residentBytes: 140 * MIB + passing * MIB + part * (growth.resident ?? 0),
      heapUsedBytes: 20 * MIB + passing * MIB + part * (growth.heap ?? 0),
      ...(i % 6 === 5 ? { liveBytes: 15 * MIB + part * (growth.heap ?? 0) } : {}),
      descriptors: 40 + (passing > 5 ? 2 : 0) + Math.floor(part * (growth.descriptors ?? 0)),
      threads: 12,
      tunDevices: 2,
      kernelRoutes: 1003,
      socketDrops: 0,
      ikeSas: 2,
      childSas: 2,
      ikeRekeys: [i >> 2, i >> 3] as const,
      childRekeys: [i >> 3, 0] as const,
    };
  });
}

const bad = (samples: readonly Sample[]): readonly string[] =>
  flatness('gateway', samples, 10 * MINUTE).flatMap(({ about, good }) =>
    good ? [] : [about.replace('gateway: ', '')],
  );

test('an hour that is flat passes; one that grows does not', () => {
  assert.deepEqual(bad(hour()), []);
  assert.deepEqual(bad(hour({ heap: 5 * MIB })), ['heap that lives']);
  assert.deepEqual(bad(hour({ resident: 40 * MIB })), ['resident memory']);
  assert.deepEqual(bad(hour({ descriptors: 6 })), ['descriptors']);
  assert.equal(bad([]).length, 4, 'nothing seen is nothing shown');
});

test('a moment that needs far more than the others is found', () => {
  const samples = hour().map((sample, i) => (i === 200 ? { ...sample, residentBytes: 300 * MIB } : sample));
  assert.deepEqual(bad(samples), ['resident memory']);
});

test('the slope of a line is its own', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 2, max: 200 }), (slope, count) => {
      const line = Array.from({ length: count }, (_, i) => ({ atMs: i * MINUTE, value: 5 + (slope * i) / 60 }));
      assert.ok(Math.abs(slopePerHour(line) - slope) < 1e-6);
    }),
  );
  assert.deepEqual(
    leastOfEach(
      MINUTE,
      [3, 1, 2, 9].map((value, i) => ({ atMs: i * 20_000, value })),
    ).map(({ value }) => value),
    [1, 9],
  );
});

const counted = (numbers: readonly number[]): NumberedStream => {
  const stream = new NumberedStream();
  for (const [i, number] of numbers.entries()) stream.arrived(number, 1_000 + i * 100);
  return stream;
};
const told = (sent: number, ...numbers: readonly number[]): Parameters<typeof unbroken>[0] => ({
  name: 'one way',
  sent,
  counts: counted(numbers).told(),
  droppedHere: 0,
});

test('probes in their places pass; lost, late, doubled and missing at the end do not', () => {
  assert.ok(unbroken(told(4, 0, 1, 2, 3)).good);
  assert.ok(unbroken(told(4, 1, 2, 3)).good, 'a stream begins with what comes first');
  assert.match(unbroken(told(4, 0, 1, 3)).text, / 1 lost .* 0 reordered, 0 doubled.*first gap: 1 from 2/);
  assert.match(unbroken(told(4, 0, 2, 1, 3)).text, / 0 lost .* 1 reordered, 0 doubled/);
  assert.match(unbroken(told(4, 0, 1, 1, 2, 3)).text, / 0 lost .* 0 reordered, 1 doubled/);
  for (const wrong of [told(4, 0, 1, 3), told(4, 0, 2, 1, 3), told(4, 0, 1, 1, 2, 3), told(5, 0, 1, 2, 3), told(4)]) {
    assert.ok(!unbroken(wrong).good);
  }
});

test('what a flap takes away is excused, and nothing else', () => {
  const stream = told(8, 0, 1, 4, 5, 7);
  const flap = { fromMs: 1_100, toMs: 1_150 };
  assert.match(unbroken(stream, [flap]).text, / 1 lost .*; 2 gone with 1 flaps; first gap: 1 from 6/);
  assert.ok(!unbroken(stream, [flap]).good);
  assert.ok(unbroken(stream, [{ fromMs: 1_100, toMs: 1_400 }]).good);
  assert.ok(unbroken({ ...told(3, 0, 2), droppedHere: 1 }).good, 'what the receiver itself dropped is its own');
});

test('replacements that did not happen and SAs that pile up are found', () => {
  assert.deepEqual(
    rekeyed(hour(), 60).map(({ good }) => good),
    [true, false],
  );
  assert.deepEqual(
    saCounts(hour(), 2, 1).map(({ good }) => good),
    [true, false],
  );
});
