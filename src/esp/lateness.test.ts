import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SecretKey, seededRandom } from '../base/index.ts';
import { createProtector, Encr, Integ } from '../crypto/index.ts';
import { InboundEsp } from './inbound-esp.ts';
import { addLateness, adviseWindow, LATENESS_BUCKETS, LatenessHistogram } from './lateness.ts';
import { OutboundEsp } from './outbound-esp.ts';

/** The same by a list of every packet. */
class ListedLateness {
  readonly #all: { behind: number; kept: boolean }[] = [];

  count(behind: number, kept: boolean): void {
    this.#all.push({ behind, kept });
  }

  counts(kept: boolean): number[] {
    return Array.from({ length: LATENESS_BUCKETS }, (_, i) => {
      const upper = i === LATENESS_BUCKETS - 1 ? Number.POSITIVE_INFINITY : 2 ** (i + 1);
      return this.#all.filter((one) => one.kept === kept && one.behind >= 2 ** i && one.behind < upper).length;
    });
  }
}

const behinds = fc.oneof(
  fc.integer({ min: 1, max: 1100 }),
  fc.integer({ min: 1, max: 2 ** 32 }),
  fc.integer({ min: 1, max: 2 ** 48 }),
);

test('the histogram equals a list of all late packets', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(behinds, fc.boolean()), { minLength: 1 }), (late) => {
      const [histogram, listed] = [new LatenessHistogram(), new ListedLateness()];
      for (const [behind, kept] of late) {
        histogram.count(behind, kept);
        listed.count(behind, kept);
      }
      assert.deepEqual(histogram.lateness(), { kept: listed.counts(true), dropped: listed.counts(false) });
    }),
  );
});

/** An SA pair and what leaves it: packet `n` of a run. */
function pair(esn: boolean, window: number) {
  const key = new SecretKey(seededRandom(1)(36));
  const protector = createProtector({ encr: Encr.AES_GCM_16, keyBits: 256, key, integ: Integ.NONE });
  const outbound = new OutboundEsp({ spi: 9, protector, esn, random: seededRandom(2) });
  return { outbound, inbound: new InboundEsp({ spi: 9, protector, esn, replayWindow: window }) };
}

for (const esn of [false, true]) {
  test(`the advised window keeps what one of 64 drops, and no smaller one does${esn ? ' (ESN)' : ''}`, () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1023 }), { minLength: 1, maxLength: 5 }), (delays) => {
        // Packet 1, 2, … come late by one of `delays` packets each, in a run that is long enough for all.
        const count = delays.length + Math.max(...delays);
        const order = Array.from({ length: count }, (_, i) => ({ i, at: i + (delays[i] ?? 0) + 0.5 }));
        order.sort((a, b) => a.at - b.at || b.i - a.i);
        const run = (window: number) => {
          const { outbound, inbound } = pair(esn, window);
          const sent = order.map(() => outbound.seal(new Uint8Array(20), 4));
          let drops = 0;
          for (const { i } of order) {
            const packet = sent[i];
            assert.ok(packet instanceof Uint8Array);
            const opened = inbound.open(packet);
            if (!opened.ok) assert.equal(opened.error, 'too-old');
            if (!opened.ok) drops++;
          }
          return { drops, lateness: inbound.lateness };
        };
        const { lateness } = run(64);
        assert.ok(lateness);
        const { window, keeps, tooLateForAny } = adviseWindow(lateness);
        assert.deepEqual([run(window).drops, tooLateForAny], [0, 0]);
        assert.ok(window === 64 || run(window / 2).drops > 0);
        const again = run(window).lateness;
        assert.equal(
          again?.kept.reduce((sum, one) => sum + one, 0),
          keeps,
        );
      }),
      { numRuns: 15 },
    );
  });
}

test('packets too late for every window do not make the advice larger', () => {
  const histogram = new LatenessHistogram();
  histogram.count(100, false);
  histogram.count(5000, false);
  histogram.count(2 ** 33, false);
  const lateness = histogram.lateness();
  assert.ok(lateness);
  assert.deepEqual(adviseWindow(lateness), { window: 128, keeps: 1, tooLateForAny: 2 });
  assert.deepEqual(adviseWindow(addLateness(lateness, lateness) ?? lateness), {
    window: 128,
    keeps: 2,
    tooLateForAny: 4,
  });
});

test('with ESN a packet too late for the window is told from a forged one', () => {
  const { outbound, inbound } = pair(true, 64);
  const [first] = Array.from({ length: 200 }, (_, i) => {
    const packet = outbound.seal(new Uint8Array(20), 4);
    assert.ok(packet instanceof Uint8Array);
    if (i > 0) assert.ok(inbound.open(packet).ok);
    return packet;
  });
  assert.ok(first);
  assert.deepEqual(inbound.open(first), { ok: false, error: 'too-old' });
  assert.equal(inbound.furthestBehind, 199);
  const forged = outbound.seal(new Uint8Array(20), 4);
  assert.ok(forged instanceof Uint8Array);
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  assert.deepEqual(inbound.open(forged), { ok: false, error: 'integrity-failed' });
});
