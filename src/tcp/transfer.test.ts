/** Pairs over a bad path: everything written arrives, once and in order. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { bytesEqual, seededRandom } from '../base/index.ts';
import { Pair, type PathOptions } from './pair.fixture.ts';

function transfer(path: PathOptions, size: number, chunk: number): Pair {
  const pair = new Pair(path);
  const data = seededRandom(path.seed ?? 1, 'data')(size);
  pair.connect();
  for (let o = 0; o < size; o += chunk) {
    pair.do('a', { kind: 'write', connection: -1, data: data.subarray(o, o + chunk) });
  }
  pair.do('a', { kind: 'close', connection: -1 });
  for (let steps = 0; !pair.story('b').includes('end') && steps < 2_000; steps++) pair.run(pair.now + 1_000);
  assert.ok(bytesEqual(pair.bytes('b', 1), data), `seed ${path.seed}: what arrived differs`);
  pair.do('b', { kind: 'close', connection: 1 });
  pair.run(pair.now + 60_000);
  return pair;
}

test('a megabyte crosses a clean path without a retransmission', () => {
  const pair = transfer({ delayMs: 20 }, 1 << 20, 4096);
  assert.equal(pair.a.snapshot(pair.now).counters['retransmissions'], 0);
  assert.deepEqual(pair.story('b'), ['accepted', 'end', 'closed finished']);
  assert.equal(pair.story('a').at(-1), 'closed finished');
});

test('a megabyte for 100 seeds of loss, reordering, duplication and bit errors (RFC 5681, 6582, 6298)', () => {
  let retransmissions = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const path = { seed, delayMs: 5, jitterMs: seed % 20, loss: 0.05, duplication: 0.03, corruption: 0.01 };
    const pair = transfer(path, (1 << 20) + 517 * seed, 700 + 31 * seed);
    retransmissions += pair.a.snapshot(pair.now).counters['retransmissions'] ?? 0;
  }
  assert.ok(retransmissions > 100);
});

test('megabytes cross a path that loses one segment in twenty', () => {
  const pair = transfer({ seed: 7, delayMs: 10, loss: 0.05 }, 3 << 20, 16_384);
  assert.ok(pair.now < 600_000, `took ${pair.now} ms`);
});

test('IPv6 carries the same', () => {
  transfer({ seed: 9, family: 6, delayMs: 10, jitterMs: 5, loss: 0.03, mtu: 1300, tellsMtu: true }, 200_000, 5_000);
});

test('both ways at once over loss', () => {
  const pair = new Pair({ seed: 3, delayMs: 10, jitterMs: 15, loss: 0.05, duplication: 0.02 });
  const data = seededRandom(5)(200_000);
  pair.connect();
  pair.run(10_000);
  pair.do('a', { kind: 'write', connection: -1, data });
  pair.do('b', { kind: 'write', connection: 1, data });
  pair.run(400_000);
  assert.ok(bytesEqual(pair.bytes('b', 1), data));
  assert.ok(bytesEqual(pair.bytes('a', -1), data));
});

test('three duplicates bring the lost segment at once (RFC 5681 section 3.2)', () => {
  const pair = new Pair({ delayMs: 50 });
  pair.connect();
  pair.run(1_000);
  let count = 0;
  pair.passes = (from, segment) => from !== 'a' || segment.payload.length === 0 || ++count !== 3;
  const start = pair.now;
  pair.do('a', { kind: 'write', connection: -1, data: new Uint8Array(14_000) });
  pair.run(start + 199);
  assert.equal(pair.bytes('b', 1).length, 14_000, 'before any retransmission timeout');
});

test('a smaller path is found by ICMP (RFC 1191), and not below the floor', () => {
  const pair = transfer({ delayMs: 5, mtu: 1000, tellsMtu: true }, 100_000, 5_000);
  assert.ok(pair.now < 70_000);
  const other = new Pair();
  other.connect();
  other.run(100);
  other.do('a', { kind: 'path-mtu', local: other.address.a, remote: other.address.b, mtu: 68 });
  assert.equal(other.a.snapshot(other.now).connections[0]?.mss, 552 - 40);
});

test('an ICMP message that quotes no segment under way is not believed (RFC 5927 section 4.1)', () => {
  const pair = new Pair();
  pair.connect();
  pair.run(100);
  pair.do('a', { kind: 'write', connection: -1, data: new Uint8Array(100) });
  const segment = pair.sent.findLast(({ from }) => from === 'a')?.segment;
  assert.ok(segment);
  const mss = (): number | undefined => pair.a.snapshot(pair.now).connections[0]?.mss;
  const before = mss();
  const { sequence, sourcePort: localPort, destinationPort: remotePort } = segment;
  const tell = (change: Partial<{ localPort: number; remotePort: number; sequence: number }>): number | undefined => {
    const quoted = { localPort, remotePort, sequence, ...change };
    pair.do('a', { kind: 'path-mtu', local: pair.address.a, remote: pair.address.b, mtu: 1000, quoted });
    return mss();
  };
  assert.equal(tell({ sequence: (sequence - 1) >>> 0 }), before, 'acknowledged long ago');
  assert.equal(tell({ sequence: (sequence + 100) >>> 0 }), before, 'not sent yet');
  assert.equal(tell({ localPort: localPort ^ 1 }), before);
  assert.equal(tell({ remotePort: remotePort ^ 1 }), before);
  assert.equal(tell({}), 1000 - 40);
});

test('a writer hears when a full buffer drains', () => {
  const pair = new Pair();
  pair.connect();
  pair.run(100);
  pair.do('a', { kind: 'write', connection: -1, data: new Uint8Array(300_000) });
  assert.deepEqual(pair.story('a'), ['connected']);
  pair.run(60_000);
  assert.ok(pair.story('a').includes('drained'));
  assert.equal(pair.a.snapshot(pair.now).connections[0]?.queued, 0);
});

test('a thousand idle connections wait for nothing', () => {
  const pair = new Pair();
  pair.do('b', { kind: 'listen', port: 179, mss: 1400 });
  for (let i = 1; i <= 1_000; i++) {
    const remote = { address: pair.address.b, port: 179 };
    pair.do('a', { kind: 'connect', connection: -i, local: pair.address.a, remote, mss: 1400 });
  }
  pair.run(5_000);
  assert.equal(pair.story('b').filter((kind) => kind === 'accepted').length, 1_000);
  assert.equal(pair.a.wakeAt(), undefined);
  assert.equal(pair.b.wakeAt(), undefined);
});
