/** Two TCP cores and a plane between them: whatever the path does, both ends read what the other one wrote. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesEqual, type IpAddress, Prefix, SecretKey, seededRandom, utf8 } from '../../../src/base/index.ts';
import { buildIp, Protocol, parseIp } from '../../../src/ip/index.ts';
import { SoftwarePlane } from '../../../src/plane/index.ts';
import { Pair, type PathOptions, type Side } from '../../../src/tcp/pair.fixture.ts';

const VRF = 'main';
const NORMALISATION = {
  options: [{ from: 9, to: 255, treatment: 'clear' }],
  urgentFlag: 'clear',
  reservedBits: 'allow',
  verifiesChecksum: false,
} as const;
const TIMEOUTS = { idleMs: 3_600_000, halfClosedMs: 600_000, embryonicMs: 30_000 };

/** `a` is behind the trusted interface, `b` behind the other. */
function walled(path: PathOptions): { pair: Pair; plane: SoftwarePlane; changed: () => number } {
  const pair = new Pair(path);
  const left: Uint8Array[] = [];
  const sink = {
    transmit: (_: string, __: IpAddress, packet: Uint8Array) => void left.push(packet),
    event: () => undefined,
  };
  const plane = new SoftwarePlane({ sink, random: seededRandom(path.seed ?? 1, 'wall') });
  for (const [side, securityLevel] of [
    ['a', 100],
    ['b', 0],
  ] as const) {
    const common = { vrf: VRF, kind: 'ethernet', up: true, mtu: 9000, clampMss: 0, addresses: [] } as const;
    plane.command({ kind: 'set-interface', interface: { ...common, name: side, securityLevel } }, pair.now);
    const prefix = Prefix.host(pair.address[side]);
    plane.command({ kind: 'set-route', vrf: VRF, prefix, nextHops: [{ interface: side }] }, pair.now);
  }
  const policy = { rules: [], normalisation: NORMALISATION, timeouts: TIMEOUTS };
  plane.command({ kind: 'set-transit-policy', policy }, pair.now);
  let changed = 0;
  pair.through = (from: Side, segment) => {
    left.splice(0);
    const [source, destination] = from === 'a' ? [pair.address.a, pair.address.b] : [pair.address.b, pair.address.a];
    plane.receive(from, buildIp({ source, destination, protocol: Protocol.TCP }, segment), pair.now);
    const [packet] = left;
    if (packet === undefined) return undefined;
    const parsed = parseIp(packet);
    assert.ok(parsed.ok, 'a packet');
    const sent = packet.subarray(parsed.value.payloadOffset);
    if (!bytesEqual(sent.subarray(4, 8), segment.subarray(4, 8))) changed++;
    return sent;
  };
  return { pair, plane, changed: () => changed };
}

test('for 25 seeds of loss, reordering, duplication and bit errors both ends read a consistent stream', () => {
  for (let seed = 1; seed <= 25; seed++) {
    const family = seed % 2 === 0 ? 6 : 4;
    const path = {
      seed,
      family,
      delayMs: 5,
      jitterMs: seed % 20,
      loss: 0.03,
      duplication: 0.03,
      corruption: 0.01,
    } as const;
    const { pair, plane, changed } = walled(path);
    const data = seededRandom(seed, 'data')(60_000 + 517 * seed);
    pair.connect();
    pair.run(10_000);
    pair.do('a', { kind: 'write', connection: -1, data });
    pair.do('b', { kind: 'write', connection: 1, data });
    pair.run(400_000);
    assert.ok(bytesEqual(pair.bytes('b', 1), data), `seed ${seed}: what b read differs`);
    assert.ok(bytesEqual(pair.bytes('a', -1), data), `seed ${seed}: what a read differs`);
    assert.ok(changed() > 100, 'in other numbers on the way');
    assert.equal(plane.counters().transit?.[0]?.randomised, 1);
    pair.do('a', { kind: 'close', connection: -1 });
    pair.do('b', { kind: 'close', connection: 1 });
    pair.run(pair.now + 60_000);
    plane.tick(pair.now);
    assert.equal(plane.connections(pair.now).inUse, 0, `seed ${seed}: the connection is over`);
  }
});

test('a signed conversation does not begin', () => {
  const { pair, plane } = walled({ seed: 1 });
  const key = new SecretKey(utf8('of both'));
  pair.do('a', { kind: 'set-md5-key', remote: pair.address.b, key });
  pair.do('b', { kind: 'set-md5-key', remote: pair.address.a, key });
  pair.connect();
  pair.run(60_000);
  assert.ok(pair.story('b').includes('md5-missing'), pair.story('b').join(' '));
  assert.ok((plane.counters().transit?.[0]?.signaturesCleared ?? 0) > 1, 'cleared each time');
});
