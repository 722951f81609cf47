/** NAT mappings that change, RFC 7296 section 2.23: who follows, by what, and what never moves anything. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../base/index.ts';
import {
  A,
  address,
  assertAgree,
  B,
  CHILD,
  configOf,
  connect,
  counter,
  HOUR,
  live,
  type Pair,
  pair,
  peerTo,
  type Sent,
} from './pair.fixture.ts';
import type { IkePath, IkePeer } from './policy.ts';

const OUTSIDE = '203.0.113.9';
const LIVENESS = { idleMs: 10_000, retryMs: 2_000, tries: 3, mode: 'periodic' } as const;

/** `a` is behind a NAT and began; `b` knows it as one of a class. Neither can MOBIKE. */
function behindNat(seed: number, change: Partial<IkePeer> = {}): Pair {
  const both = pair(seed, { a: change });
  const { lab, b } = both;
  lab.nat = { inside: address(A), outside: address(OUTSIDE), ports: new Map() };
  const { remote: _, ...anyone } = peerTo(A, { isDefault: true, name: 'class', ...change });
  lab.do(b, { kind: 'configure', config: configOf(B, [anyone]) });
  connect(both);
  lab.run(1_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
  return both;
}

/** The NAT forgets its mappings, and in half of the cases has another outside address from now on. */
function rebind({ lab }: Pair, outside = OUTSIDE): void {
  assert.ok(lab.nat !== undefined);
  lab.nat = { ...lab.nat, outside: address(outside), ports: new Map() };
}

/** Where `b` sees `a`, and where `a` really is. */
function seen({ lab, b }: Pair): readonly [string, string] {
  const [sa] = live(b, lab.now);
  const remote = sa?.path.remote;
  return [`${remote?.address} ${remote?.port}`, `${lab.nat?.outside} ${lab.nat?.ports.get(4500)}`];
}

for (const outside of [OUTSIDE, '203.0.113.77']) {
  test(`another ${outside === OUTSIDE ? 'port' : 'port and address'}: the next authentic message shows it`, () => {
    const both = behindNat(1, { liveness: LIVENESS });
    const { lab, b } = both;
    rebind(both, outside);
    lab.run(15_000);
    const [where, really] = seen(both);
    assert.equal(where, really);
    const [moved] = b.of('path-changed');
    assert.deepEqual([moved?.udpEncapsulation, moved?.inboundSpis], [true, [...b.plane.keys()]]);
    assert.equal(b.of('ike-sa-down').length, 0);
  });
}

test('in the middle of an exchange, with losses: whichever message comes through first shows it', () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = seededRandom(seed, 'rebinding');
    const child = { ...CHILD, lifetimeMs: 90_000 };
    const both = behindNat(seed, { child, ikeLifetimeMs: 130_000, liveness: LIVENESS });
    const { lab, a, b } = both;
    Object.assign(lab.link, { loss: seed % 3 === 0 ? 0.15 : 0, duplicate: 0.1, jitterMs: 20 });
    for (let i = 0; i < 20; i++) {
      // At once after one end has asked for something.
      const [spi = 0] = (seed % 2 === 0 ? a : b).plane.keys();
      lab.do(seed % 2 === 0 ? a : b, { kind: 'child-limit', spi, limit: 'soft' });
      lab.run((random(1)[0] ?? 0) % 30);
      rebind(both, i % 2 === 0 ? OUTSIDE : '203.0.113.77');
      lab.run(8_000 + 40 * (random(1)[0] ?? 0));
    }
    Object.assign(lab.link, { loss: 0, duplicate: 0, jitterMs: 0 });
    lab.run(130_000);
    while ([a, b].some((node) => node.plane.size > 1 || node.ike.snapshot(lab.now).sas.length > 1)) lab.run(500);
    assertAgree(both, { ikeSas: 1, children: 1 });
    const [where, really] = seen(both);
    assert.equal(where, really, `seed ${seed}`);
    if (seed % 3 !== 0) assert.deepEqual([a.of('ike-sa-down').length, b.of('ike-sa-down').length], [0, 0]);
  }
});

/** Somebody elsewhere sends this to `b`. */
function fromElsewhere({ lab, b }: Pair, message: Uint8Array): void {
  const path: IkePath = {
    local: { address: address(B), port: 4500 },
    remote: { address: address('198.51.100.66'), port: 4500 },
  };
  lab.inject(b, path, message);
}

test('what is forged, changed or repeated from elsewhere never moves anything', () => {
  const both = behindNat(3, { liveness: LIVENESS });
  const { lab, b } = both;
  const before = seen(both)[0];
  const heard: Sent[] = [];
  lab.pass = (sent) => {
    if (sent.from === 'a') heard.push(sent);
    return true;
  };
  const [spi = 0] = b.plane.keys();
  lab.do(b, { kind: 'child-limit', spi, limit: 'soft' });
  lab.run(60_000);
  assert.ok(heard.length >= 3);
  for (const { message } of heard) {
    fromElsewhere(both, message);
    for (let i = 0; i < message.length; i += 3) {
      const changed = message.slice();
      changed[i] = (changed[i] ?? 0) ^ 0x55;
      fromElsewhere(both, changed);
    }
    fromElsewhere(both, message.subarray(0, message.length - 1));
  }
  assert.equal(seen(both)[0], before);
  assert.equal(counter(b, lab.now, 'paths-changed'), 0);
});

test('who is not behind a NAT is not followed, and who is behind one itself follows nobody', () => {
  const open = pair(1);
  connect(open);
  open.lab.run(1_000);
  const [spiAtB = 0] = open.b.plane.keys();
  const elsewhere = { address: address('198.51.100.66'), port: 500 };
  open.lab.do(open.b, {
    kind: 'peer-moved',
    spi: spiAtB,
    path: { local: { address: address(B), port: 500 }, remote: elsewhere },
  });
  assert.equal(open.b.of('path-changed').length, 0);

  const hidden = behindNat(1);
  const [spiAtA = 0] = hidden.a.plane.keys();
  const path = { local: { address: address(A), port: 4500 }, remote: { ...elsewhere, port: 4500 } };
  hidden.lab.do(hidden.a, { kind: 'peer-moved', spi: spiAtA, path });
  assert.equal(hidden.a.of('path-changed').length, 0);
  hidden.lab.run(HOUR);
  assertAgree(hidden, { ikeSas: 1, children: 1 });
});

test('a request of ours that waits goes to the new place at once', () => {
  const both = behindNat(1);
  const { lab, a, b } = both;
  rebind(both);
  // `b` asks, and the old mapping swallows it.
  const [spi = 0] = b.plane.keys();
  lab.do(b, { kind: 'child-limit', spi, limit: 'soft' });
  lab.run(100);
  // What `a` says next shows where it is: the request must not wait for its next repetition.
  lab.do(a, { kind: 'clear', what: 'child' });
  lab.run(200);
  const again = lab.sent.filter(({ from, header }) => from === 'b' && header.exchange === 36 && !header.isResponse);
  assert.ok(again.length >= 2, `sent ${again.length} times`);
});
