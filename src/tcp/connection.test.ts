/** States, closes, attacks and signatures: each under the section that asks for it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { at, EMPTY, SecretKey, seededRandom, utf8 } from '../base/index.ts';
import type { TcpEffect } from './contract.ts';
import { flagsOf, Pair } from './pair.fixture.ts';
import { Tcp } from './tcp.ts';
import { decodeSegment, encodeSegment, Flag, type Segment } from './wire/segment.ts';

function established(): Pair {
  const pair = new Pair();
  pair.connect();
  pair.run(1_000);
  return pair;
}

/** Last segment that a side sent. */
function last(pair: Pair, from: 'a' | 'b'): Segment {
  const found = pair.sent.findLast((one) => one.from === from);
  assert.ok(found);
  return found.segment;
}

/** A segment from a to b as an attacker would write it, in the place of the last one of a. */
function forged(pair: Pair, changes: Partial<Segment>): Uint8Array {
  const base = last(pair, 'a');
  return encodeSegment({ ...base, payload: EMPTY, ...changes }, pair.address.a, pair.address.b, undefined);
}

function toB(pair: Pair, segment: Uint8Array): string[] {
  const effects = pair.b.handle({ kind: 'segment', local: pair.address.b, remote: pair.address.a, segment }, pair.now);
  return effects.map((effect) => (effect.kind === 'send' ? sentBy(pair, effect) : effect.kind));
}

function sentBy(pair: Pair, effect: Extract<TcpEffect, { kind: 'send' }>): string {
  const decoded = decodeSegment(effect.segment, pair.address.b, pair.address.a);
  return decoded.ok ? flagsOf(decoded.value) : decoded.error;
}

test('three segments open a connection (RFC 9293 section 3.5)', () => {
  const pair = established();
  assert.deepEqual(
    pair.sent.map(({ from, segment }) => `${from} ${flagsOf(segment)}`),
    ['a SYN', 'b SYN ACK', 'a ACK'],
  );
  assert.deepEqual([pair.story('a'), pair.story('b')], [['connected'], ['accepted']]);
  assert.deepEqual([pair.state('a'), pair.state('b')], ['ESTABLISHED', 'ESTABLISHED']);
  assert.equal(pair.sent[0]?.segment.mss, 1400);
});

test('both ends call at once and share one connection (RFC 9293 section 3.5, figure 7)', () => {
  const pair = new Pair();
  // Each calls the port that the other calls from: the first SYNs are held back and their ports made to meet.
  const call = (side: 'a' | 'b', port: number): Uint8Array => {
    const other = side === 'a' ? 'b' : 'a';
    const remote = { address: pair.address[other], port };
    const event = { kind: 'connect', connection: -1, local: pair.address[side], remote, mss: 1400 } as const;
    const effect = pair[side].handle(event, pair.now).find((one) => one.kind === 'send');
    assert.ok(effect?.kind === 'send');
    return effect.segment;
  };
  const scout = new Pair();
  scout.do('b', {
    kind: 'connect',
    connection: -1,
    local: scout.address.b,
    remote: { address: scout.address.a, port: 9 },
    mss: 1400,
  });
  const portOfB = last(scout, 'b').sourcePort;
  const synOfA = call('a', portOfB);
  const decoded = decodeSegment(synOfA, pair.address.a, pair.address.b);
  assert.ok(decoded.ok);
  const synOfB = call('b', decoded.value.sourcePort);
  pair.do('a', { kind: 'segment', local: pair.address.a, remote: pair.address.b, segment: synOfB });
  pair.do('b', { kind: 'segment', local: pair.address.b, remote: pair.address.a, segment: synOfA });
  assert.deepEqual([pair.state('a'), pair.state('b')], ['SYN-RECEIVED', 'SYN-RECEIVED']);
  pair.run(5_000);
  assert.deepEqual([pair.state('a'), pair.state('b')], ['ESTABLISHED', 'ESTABLISHED']);
  assert.deepEqual([pair.story('a'), pair.story('b')], [['connected'], ['connected']]);
  pair.do('a', { kind: 'write', connection: -1, data: utf8('both') });
  pair.run(6_000);
  assert.deepEqual(pair.bytes('b', -1), utf8('both'));
});

const closes = [
  { name: 'one after the other (figure 12)', b: 100, a: 0, states: ['TIME-WAIT', 'CLOSED'] },
  { name: 'at the same time (figure 13)', b: 0, a: 0, states: ['TIME-WAIT', 'TIME-WAIT'] },
  { name: 'the called one first', b: 0, a: 100, states: ['CLOSED', 'TIME-WAIT'] },
] as const;

for (const row of closes) {
  test(`closes: ${row.name} (RFC 9293 section 3.6)`, () => {
    const pair = established();
    const start = pair.now;
    for (const wait of [0, 100]) {
      pair.run(start + wait);
      if (row.a === wait) pair.do('a', { kind: 'close', connection: -1 });
      if (row.b === wait) pair.do('b', { kind: 'close', connection: 1 });
    }
    pair.run(start + 500);
    assert.deepEqual([pair.state('a'), pair.state('b')], row.states);
    assert.equal(pair.story('a').at(-1), 'closed finished');
    assert.equal(pair.story('b').at(-1), 'closed finished');
    pair.run(start + 10_000);
    assert.deepEqual([pair.state('a'), pair.state('b')], ['CLOSED', 'CLOSED']);
    assert.deepEqual([pair.a.wakeAt(), pair.b.wakeAt()], [undefined, undefined]);
  });
}

test('a half-closed connection goes on the other way (RFC 9293 section 3.6)', () => {
  const pair = established();
  pair.do('a', { kind: 'close', connection: -1 });
  pair.run(2_000);
  assert.deepEqual([pair.state('a'), pair.state('b')], ['FIN-WAIT-2', 'CLOSE-WAIT']);
  pair.do('b', { kind: 'write', connection: 1, data: utf8('late') });
  pair.run(3_000);
  assert.deepEqual(pair.bytes('a', -1), utf8('late'));
});

test('a peer that never closes its half is not waited for beyond a minute', () => {
  const pair = established();
  pair.do('a', { kind: 'close', connection: -1 });
  pair.run(62_000);
  assert.deepEqual(pair.story('a'), ['connected', 'closed finished']);
  assert.equal(pair.state('a'), 'CLOSED');
});

test('an abort resets the other end (RFC 9293 section 3.10.5)', () => {
  const pair = established();
  pair.do('a', { kind: 'abort', connection: -1 });
  pair.run(2_000);
  assert.deepEqual([pair.story('a').at(-1), pair.story('b').at(-1)], ['closed aborted', 'closed reset']);
});

test('nobody listens: refused (RFC 9293 section 3.10.7.1)', () => {
  const pair = new Pair();
  pair.connect();
  pair.do('b', { kind: 'unlisten', port: 179 });
  pair.run(1_000);
  assert.deepEqual(pair.story('a'), ['closed refused']);
});

test('nobody answers: six SYNs, then timed out (RFC 6298 section 5.5)', () => {
  const pair = new Pair({ loss: 1 });
  pair.connect();
  pair.run(100_000);
  assert.deepEqual(
    pair.sent.map(({ when }) => when),
    [0, 1_000, 3_000, 7_000, 15_000, 31_000],
  );
  assert.deepEqual(pair.story('a'), ['closed timed-out']);
});

test('a dead path ends a connection after 100 s (RFC 9293 section 3.8.3)', () => {
  const pair = established();
  pair.passes = () => false;
  pair.do('a', { kind: 'write', connection: -1, data: utf8('lost') });
  pair.run(99_000);
  assert.deepEqual(pair.story('a'), ['connected']);
  pair.run(300_000);
  assert.deepEqual(pair.story('a'), ['connected', 'closed timed-out']);
});

test('every second segment is acknowledged at once, a single one after 40 ms (RFC 9293 section 3.8.6.3)', () => {
  const pair = established();
  const start = pair.now;
  pair.do('a', { kind: 'write', connection: -1, data: utf8('one') });
  pair.run(start + 49);
  assert.equal(pair.sent.filter(({ from }) => from === 'b').length, 1);
  pair.run(start + 50);
  assert.equal(pair.sent.filter(({ from }) => from === 'b').length, 2);
  pair.do('a', { kind: 'write', connection: -1, data: new Uint8Array(2_800) });
  pair.run(start + 60);
  assert.equal(pair.sent.filter(({ from }) => from === 'b').length, 3);
});

test('a closed window is probed until it opens (RFC 9293 section 3.8.6.1)', () => {
  const pair = established();
  const { sequence, acknowledgment, sourcePort, destinationPort } = last(pair, 'a');
  // From here on the test plays a: b writes, and a lets nothing in.
  const answer = (window: number, taken: number): readonly TcpEffect[] => {
    const segment = encodeSegment(
      {
        sourcePort,
        destinationPort,
        sequence,
        acknowledgment: acknowledgment + taken,
        flags: Flag.ACK,
        window,
        payload: EMPTY,
      },
      pair.address.a,
      pair.address.b,
      undefined,
    );
    return pair.b.handle({ kind: 'segment', local: pair.address.b, remote: pair.address.a, segment }, pair.now);
  };
  answer(0, 0);
  assert.deepEqual(pair.b.handle({ kind: 'write', connection: 1, data: new Uint8Array(3_000) }, pair.now), []);
  let probes = 0;
  for (let i = 0; i < 20; i++) {
    pair.now = pair.b.wakeAt() ?? assert.fail('the persist timer stopped');
    for (const effect of pair.b.handle({ kind: 'tick' }, pair.now)) {
      assert.ok(effect.kind === 'send');
      const probe = decodeSegment(effect.segment, pair.address.b, pair.address.a);
      assert.ok(probe.ok && probe.value.payload.length === 1);
      probes++;
    }
    answer(0, 0);
  }
  assert.equal(probes, 20);
  assert.ok(pair.now > 500_000, 'no end to patience while the peer answers');
  const sizes = answer(10_000, 0).map((effect) => (effect.kind === 'send' ? effect.segment.length - 20 : 0));
  assert.deepEqual(sizes, [1400, 1400, 200]);
});

const blind = [
  { name: 'RST at the next byte', changes: { flags: Flag.RST }, does: ['closed'] },
  { name: 'RST elsewhere in the window', changes: { flags: Flag.RST }, shift: 100, does: ['ACK'] },
  { name: 'RST outside the window', changes: { flags: Flag.RST }, shift: -1, does: [] },
  { name: 'RST far ahead', changes: { flags: Flag.RST }, shift: 70_000, does: [] },
  { name: 'SYN in the window', changes: { flags: Flag.SYN }, does: ['ACK'] },
  { name: 'SYN outside the window', changes: { flags: Flag.SYN }, shift: -5_000, does: ['ACK'] },
  { name: 'ACK of what was never sent', changes: { flags: Flag.ACK }, ack: 10, does: ['ACK'] },
  {
    name: 'data with an ACK of what was never sent',
    changes: { flags: Flag.ACK, payload: utf8('evil') },
    ack: 9,
    does: ['ACK'],
  },
  {
    name: 'data with an ACK from long ago',
    changes: { flags: Flag.ACK, payload: utf8('evil') },
    ack: -70_000,
    does: ['ACK'],
  },
  { name: 'data without ACK', changes: { flags: 0, payload: utf8('evil') }, does: [] },
  { name: 'nothing but FIN, without ACK', changes: { flags: Flag.FIN }, does: [] },
] as const satisfies readonly {
  name: string;
  changes: Partial<Segment>;
  shift?: number;
  ack?: number;
  does: string[];
}[];

for (const row of blind) {
  test(`a blind attacker sends ${row.name} (RFC 5961)`, () => {
    const pair = established();
    const { sequence, acknowledgment } = last(pair, 'a');
    const shift = 'shift' in row ? row.shift : 0;
    const ack = 'ack' in row ? row.ack : 0;
    const place = { sequence: (sequence + shift) >>> 0, acknowledgment: (acknowledgment + ack) >>> 0 };
    assert.deepEqual(toB(pair, forged(pair, { ...place, ...row.changes })), row.does);
  });
}

test('challenge ACKs are limited (RFC 5961 section 7)', () => {
  const pair = established();
  const flood = Array.from({ length: 50 }, () => toB(pair, forged(pair, { flags: Flag.SYN })));
  assert.equal(flood.flat().length, 1);
});

test('a peer that restarted gets through to a new connection (RFC 5961 section 4, RFC 9293 section 3.5.1)', () => {
  const pair = established();
  const [first, rest] = [seededRandom(1, 'a'), seededRandom(2, 'a')];
  let calls = 0;
  // The port of before, another sequence number.
  const again = new Tcp({ random: (length) => (calls++ === 0 ? first(length) : rest(length)) });
  const remote = { address: pair.address.b, port: 179 };
  const ends = { local: pair.address.a, remote: pair.address.b };
  const only = (effects: readonly TcpEffect[]): Uint8Array => {
    const effect = effects.at(-1);
    assert.ok(effect?.kind === 'send');
    return effect.segment;
  };
  const syn = only(
    again.handle({ kind: 'connect', connection: -9, local: pair.address.a, remote, mss: 1400 }, pair.now),
  );
  const atB = { kind: 'segment', local: ends.remote, remote: ends.local } as const;
  const challenge = only(pair.b.handle({ ...atB, segment: syn }, pair.now));
  const reset = only(again.handle({ kind: 'segment', ...ends, segment: challenge }, pair.now));
  assert.deepEqual(toB(pair, reset), ['closed']);
  assert.deepEqual(toB(pair, only(again.handle({ kind: 'tick' }, at(pair.now + 1_000)))), ['SYN ACK']);
});

const secret = new SecretKey(utf8('Open Sesame'));
const signatures = [
  { name: 'the same key', a: secret, b: new SecretKey(utf8('Open Sesame')), connects: true, sees: undefined },
  { name: 'another key', a: secret, b: new SecretKey(utf8('Open Barley')), connects: false, sees: 'md5-invalid' },
  { name: 'no key at the caller', a: undefined, b: secret, connects: false, sees: 'md5-missing' },
  { name: 'no key at the called', a: secret, b: undefined, connects: false, sees: 'md5-unexpected' },
] as const;

for (const row of signatures) {
  test(`segments are signed: ${row.name} (RFC 2385)`, () => {
    const pair = new Pair();
    pair.do('a', { kind: 'set-md5-key', remote: pair.address.b, key: row.a });
    pair.do('b', { kind: 'set-md5-key', remote: pair.address.a, key: row.b });
    pair.connect();
    pair.run(20_000);
    assert.equal(pair.state('a') === 'ESTABLISHED', row.connects);
    if (row.sees !== undefined) {
      assert.ok(pair.story('b').includes(row.sees));
      assert.ok(
        pair.sent.every(({ from }) => from === 'a'),
        'not a word to who does not sign',
      );
      return;
    }
    pair.do('a', { kind: 'write', connection: -1, data: new Uint8Array(5_000) });
    pair.run(30_000);
    assert.equal(pair.bytes('b', 1).length, 5_000);
    assert.ok(pair.sent.every(({ segment }) => segment.md5 !== undefined && segment.payload.length <= 1_380));
  });
}

test('a reset without signature does not end a signed connection (RFC 2385 section 1)', () => {
  const pair = new Pair();
  for (const [side, other] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    pair.do(side, { kind: 'set-md5-key', remote: pair.address[other], key: secret });
  }
  pair.connect();
  pair.run(1_000);
  assert.deepEqual(toB(pair, forged(pair, { flags: Flag.RST })), ['notice']);
  assert.equal(pair.state('b'), 'ESTABLISHED');
  // A stranger's signed segment is answered with a signed reset.
  const stray: Segment = { ...last(pair, 'a'), sourcePort: 5_555, flags: Flag.ACK };
  const segment = encodeSegment(stray, pair.address.a, pair.address.b, secret);
  assert.deepEqual(toB(pair, segment), ['RST']);
});

test('notices of bad signatures are limited and all are counted', () => {
  const pair = new Pair();
  pair.do('b', { kind: 'set-md5-key', remote: pair.address.a, key: secret });
  pair.connect();
  const syn = forged(pair, {});
  const notices = Array.from({ length: 100 }, () => toB(pair, syn)).flat();
  assert.equal(notices.length, 10);
  assert.equal(pair.b.snapshot(pair.now).counters['md5Missing'], 100);
});

test('a flood of SYNs fills the backlog and no more', () => {
  const pair = established();
  const syn = last(pair, 'a');
  let answered = 0;
  for (let i = 0; i < 5_000; i++) {
    const segment = { ...syn, sourcePort: 1 + i, flags: Flag.SYN };
    answered += toB(pair, encodeSegment(segment, pair.address.a, pair.address.b, undefined)).length;
  }
  assert.equal(answered, 4_096);
  assert.equal(pair.b.snapshot(pair.now).counters['backlogFull'], 5_000 - 4_096);
  pair.now = at(200_000);
  while ((pair.b.wakeAt() ?? Infinity) <= pair.now) pair.b.handle({ kind: 'tick' }, pair.b.wakeAt() ?? pair.now);
  assert.equal(pair.b.snapshot(pair.now).connections.length, 1, 'given up in silence');
});

test('no bytes make it throw, and none that are not a good segment change anything', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (segment) => {
      const pair = established();
      const before = pair.b.snapshot(pair.now).connections;
      const event = { kind: 'segment', local: pair.address.b, remote: pair.address.a, segment } as const;
      assert.deepEqual(pair.b.handle(event, pair.now), []);
      assert.deepEqual(pair.b.snapshot(pair.now).connections, before);
    }),
    { numRuns: 100 },
  );
});

test('a forged segment outside the window changes nothing, whatever else it says', () => {
  const anySegment = fc.record({
    shift: fc.integer({ min: 65_535, max: 0xffff_0000 }),
    acknowledgment: fc.integer({ min: 0, max: 0xffff_ffff }),
    flags: fc.integer({ min: 0, max: 63 }),
    window: fc.integer({ min: 0, max: 65_535 }),
    payload: fc.uint8Array({ maxLength: 50 }),
  });
  fc.assert(
    fc.property(anySegment, ({ shift, ...changes }) => {
      const pair = established();
      const before = pair.b.snapshot(pair.now).connections;
      const segment = forged(pair, { ...changes, sequence: (last(pair, 'a').sequence + shift) >>> 0 });
      for (const kind of toB(pair, segment)) assert.equal(kind, 'ACK');
      assert.deepEqual(pair.b.snapshot(pair.now).connections, before);
      pair.do('a', { kind: 'write', connection: -1, data: utf8('still here') });
      pair.run(pair.now + 5_000);
      assert.deepEqual(pair.bytes('b', 1), utf8('still here'));
    }),
    { numRuns: 100 },
  );
});

test('no well-formed segment makes it throw, in any state', () => {
  const anySegment = fc.record({
    sequence: fc.integer({ min: -3, max: 3 }),
    acknowledgment: fc.integer({ min: -3, max: 3 }),
    flags: fc.integer({ min: 0, max: 63 }),
    window: fc.constantFrom(0, 1, 65_535),
    mss: fc.constantFrom(0, 1, 65_535),
    windowScale: fc.constantFrom(0, 14, 255),
    payload: fc.uint8Array({ maxLength: 6 }),
  });
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('segment' as const), segment: anySegment }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('write' as const, 'close' as const, 'tick' as const) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, opens) => {
      const pair = opens ? established() : new Pair();
      if (!opens) pair.connect();
      const base = last(pair, 'a');
      let theirs = base.sequence;
      let ours = base.acknowledgment;
      for (const one of steps) {
        if (one.kind === 'segment') {
          const { sequence, acknowledgment, ...rest } = one.segment;
          const place = { sequence: (theirs + sequence) >>> 0, acknowledgment: (ours + acknowledgment) >>> 0 };
          const effects = pair.b.handle(
            {
              kind: 'segment',
              local: pair.address.b,
              remote: pair.address.a,
              segment: forged(pair, { ...rest, ...place }),
            },
            pair.now,
          );
          for (const effect of effects) {
            if (effect.kind !== 'send') continue;
            const decoded = decodeSegment(effect.segment, pair.address.b, pair.address.a);
            assert.ok(decoded.ok);
            ours = decoded.value.sequence;
            if ((decoded.value.flags & Flag.ACK) !== 0) theirs = decoded.value.acknowledgment;
          }
        } else if (one.kind === 'tick') {
          pair.now = pair.b.wakeAt() ?? pair.now;
          pair.b.handle({ kind: 'tick' }, pair.now);
        } else if (one.kind === 'write') pair.b.handle({ kind: 'write', connection: 1, data: utf8('data') }, pair.now);
        else pair.b.handle({ kind: 'close', connection: 1 }, pair.now);
      }
    }),
    { numRuns: 300 },
  );
});
