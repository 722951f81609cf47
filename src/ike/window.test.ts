import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, seededRandom } from '../base/index.ts';
import { backOffMs, lifetime, rekeyRetryAt } from './lifetimes.ts';
import { answered, classifyRequest, freeWindow, step } from './window.ts';

const request = { datagrams: [Uint8Array.of(1, 2, 3)] };
const { next: waiting } = step(
  freeWindow(5),
  { kind: 'request', message: request, schedule: [1_000, 2_000] },
  at(1_000),
);

const rows = [
  { name: 'resends when the wait is over', event: { kind: 'tick' }, now: 2_000, does: ['send'] },
  { name: 'stays quiet before that', event: { kind: 'tick' }, now: 1_999, does: [] },
  { name: 'ignores another message id', event: { kind: 'response', id: 6 }, now: 5, does: [] },
  { name: 'delivers the response', event: { kind: 'response', id: 5 }, now: 5, does: ['deliver'] },
] as const;

for (const row of rows) {
  test(`the request window ${row.name} (RFC 7296 section 2.1)`, () => {
    const { effects } = step(waiting, row.event, at(row.now));
    assert.deepEqual(
      effects.map(({ kind }) => kind),
      row.does,
    );
  });
}

test('the request window gives up after the last wait (RFC 7296 section 2.4)', () => {
  const again = step(waiting, { kind: 'tick' }, at(2_000)).next;
  const last = step(again, { kind: 'tick' }, at(4_000));
  assert.deepEqual(last.effects, [{ kind: 'peer-dead', tries: 2 }]);
  assert.equal(last.next.state, 'dead');
});

test('requests are told apart by their message id (RFC 7296 section 2.3)', () => {
  const cache = answered({ nextId: 4 }, request);
  const kinds = [3, 4, 5, 6].map((id) => classifyRequest(cache, id));
  assert.deepEqual(kinds, ['old', 'repeated', 'new', 'future']);
});

test('soft limits lie between four fifths and nine tenths, and at least 30 s before the end', () => {
  const random = seededRandom(1);
  for (const ms of [60_000, 120_000, 3_600_000, 86_400_000]) {
    for (let i = 0; i < 50; i++) {
      const { softAt, hardAt } = lifetime(at(0), ms, random);
      assert.equal(hardAt, ms);
      assert.ok(softAt <= ms - Math.max(30_000, ms / 10) && softAt >= ms * 0.2, `${softAt} of ${ms}`);
    }
  }
});

test('retries wait longer each time, up to half a minute', () => {
  const random = seededRandom(1);
  for (const [failures, most] of [
    [1, 1_000],
    [2, 2_000],
    [5, 16_000],
    [6, 30_000],
    [60, 30_000],
  ] as const) {
    const wait = backOffMs(failures, random);
    assert.ok(wait <= most && wait >= most * 0.75);
  }
  assert.ok(rekeyRetryAt(at(0), true, random) < rekeyRetryAt(at(0), false, random));
});
