/** The congestion window, segment by segment: RFC 5681, 6582, 6928, 3042. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Congestion } from './congestion.ts';

const MSS = 1_000;

test('slow start adds a segment for each acknowledgment (RFC 5681 section 3.1)', () => {
  const congestion = new Congestion(0, MSS);
  assert.equal(congestion.window(MSS), 10_000);
  assert.equal(congestion.acknowledge(2_000, 2_001, 8_000, MSS), 'full');
  assert.equal(congestion.window(MSS), 11_000);
});

test('two duplicates let two more segments go, the third resends (RFC 3042, RFC 5681 section 3.2)', () => {
  const congestion = new Congestion(0, MSS);
  assert.equal(congestion.duplicate(1, 10_001, 10_000, MSS), 'send-more');
  assert.equal(congestion.window(MSS), 11_000);
  assert.equal(congestion.duplicate(1, 11_001, 11_000, MSS), 'send-more');
  assert.equal(congestion.window(MSS), 12_000);
  assert.equal(congestion.duplicate(1, 12_001, 12_000, MSS), 'retransmit');
  assert.equal(congestion.window(MSS), 6_000 + 3_000);
  assert.equal(congestion.duplicate(1, 12_001, 12_000, MSS), 'send-more');
  assert.equal(congestion.window(MSS), 10_000);
});

test('partial acknowledgments go on recovering, a full one ends it (RFC 6582 section 3.2)', () => {
  const congestion = new Congestion(0, MSS);
  for (let i = 0; i < 3; i++) congestion.duplicate(1, 10_001, 10_000, MSS);
  assert.equal(congestion.window(MSS), 8_000);
  assert.equal(congestion.acknowledge(4_000, 4_001, 6_000, MSS), 'partial');
  assert.equal(congestion.window(MSS), 5_000);
  assert.ok(congestion.isFirstPartial());
  assert.equal(congestion.acknowledge(1_000, 5_001, 5_000, MSS), 'partial');
  assert.ok(!congestion.isFirstPartial());
  assert.equal(congestion.acknowledge(5_000, 10_001, 0, MSS), 'full');
  assert.equal(congestion.window(MSS), 2_000, 'no burst when little is out');
});

test('a timeout leaves one segment, then avoidance from half of what was out (RFC 5681 section 3.1)', () => {
  const congestion = new Congestion(0, MSS);
  congestion.timeout(10_001, 10_000, MSS, true);
  assert.equal(congestion.window(MSS), 1_000);
  for (let i = 0; i < 3; i++)
    assert.equal(congestion.duplicate(1, 10_001, 1_000, MSS), 'send-more', 'RFC 6582 section 4.1');
  for (let una = 1_001; una <= 5_001; una += 1_000) congestion.acknowledge(1_000, una, 1_000, MSS);
  assert.equal(congestion.window(MSS), 5_200, 'four by slow start, then a part of a segment');
});

test('what idled begins anew (RFC 5681 section 4.1)', () => {
  const congestion = new Congestion(0, MSS);
  for (let i = 1; i < 20; i++) congestion.acknowledge(1_000, 1_000 * i, 0, MSS);
  assert.ok(congestion.window(MSS) > 20_000);
  congestion.idle(MSS);
  assert.equal(congestion.window(MSS), 10_000);
});
