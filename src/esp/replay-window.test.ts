import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReplayWindow } from './replay-window.ts';

/** The same by RFC 4303 section 3.4.3's words alone: remember everything. */
class NaiveWindow {
  readonly #size: number;
  readonly #seen = new Set([0]);
  highest = 0;

  constructor(size: number) {
    this.#size = size;
  }

  check(sequence: number): 'replayed' | 'too-old' | undefined {
    if (this.#size === 0) return undefined;
    if (sequence <= this.highest - this.#size) return 'too-old';
    return this.#seen.has(sequence) ? 'replayed' : undefined;
  }

  accept(sequence: number): void {
    this.#seen.add(sequence);
    this.highest = Math.max(this.highest, sequence);
  }

  bitmap(): number[] {
    const words = new Array<number>(this.#size / 32).fill(0);
    for (let age = 0; age < this.#size; age++) {
      if (!this.#seen.has(this.highest - age)) continue;
      words[age >> 5] = ((words[age >> 5] ?? 0) | (1 << (age & 31))) >>> 0;
    }
    return words;
  }
}

const size = fc.constantFrom(0, 64, 128, 256, 512, 1024);
/** Steps from the right edge: mostly near it, some far; `start` puts the run anywhere in 48 bits. */
const moves = fc.array(
  fc.oneof(fc.integer({ min: -80, max: 80 }), fc.integer({ min: -1200, max: 1200 }), fc.constant(0)),
  { maxLength: 200 },
);
const start = fc.oneof(fc.constant(0), fc.nat({ max: 2000 }), fc.integer({ min: 2 ** 32 - 600, max: 2 ** 32 + 600 }));

test('replay window equals one that remembers every number (RFC 4303 section 3.4.3)', () => {
  fc.assert(
    fc.property(size, start, moves, (packets, first, steps) => {
      const [window, naive] = [new ReplayWindow(packets), new NaiveWindow(packets)];
      for (const step of [first, ...steps]) {
        const number = Math.max(0, window.highest + step);
        const verdict = window.check(number);
        assert.equal(verdict, naive.check(number));
        if (verdict === undefined) {
          window.accept(number);
          naive.accept(number);
        }
        assert.equal(window.highest, naive.highest);
      }
      assert.deepEqual(window.bitmap(), naive.bitmap());
    }),
    { numRuns: 200 },
  );
});

test('a new window has seen number 0 alone: a sender starts at 1 (RFC 4303 section 3.3.2)', () => {
  const window = new ReplayWindow(64);
  assert.deepEqual(window.bitmap(), [1, 0]);
  assert.equal(window.check(0), 'replayed');
  assert.equal(window.check(1), undefined);
});

test('the edges of the window', () => {
  const window = new ReplayWindow(64);
  window.accept(100);
  assert.equal(window.check(100), 'replayed');
  assert.equal(window.check(37), undefined);
  assert.equal(window.check(36), 'too-old');
  window.accept(99);
  assert.deepEqual(window.bitmap(), [3, 0]);
  window.accept(164);
  assert.equal(window.check(101), undefined);
  assert.equal(window.check(100), 'too-old');
  assert.deepEqual(window.bitmap(), [1, 0]);
});

test('a window that picks up an SA takes nothing at or below where it starts', () => {
  const window = new ReplayWindow(64, 1000);
  assert.equal(window.check(1000), 'replayed');
  assert.equal(window.check(937), 'replayed');
  assert.equal(window.check(936), 'too-old');
  assert.equal(window.check(1001), undefined);
  assert.deepEqual(window.bitmap(), [0xffff_ffff, 0xffff_ffff]);
});

test('size 0 checks nothing and follows the highest number', () => {
  const window = new ReplayWindow(0);
  window.accept(7);
  assert.equal(window.check(7), undefined);
  window.accept(3);
  assert.equal(window.highest, 7);
  assert.deepEqual(window.bitmap(), []);
});
