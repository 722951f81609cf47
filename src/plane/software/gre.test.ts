/** GRE in a plane: RFC 2784, RFC 2890, and what hostile packets do to it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesEqual, seededRandom } from '../../base/index.ts';
import { buildGre, buildIcmpError, buildIp, EtherType, Protocol, parseGre, parseIp } from '../../ip/index.ts';
import { type TwinOptions, TwinPlanes } from '../twin-planes.ts';
import { SoftwarePlane } from './software-plane.ts';

const CLEAR = { isProtected: false } as const;

function twins(options: TwinOptions): TwinPlanes {
  const bench = new TwinPlanes((parts) => new SoftwarePlane(parts), options);
  if (options.gre?.isProtected !== false) bench.install(1);
  return bench;
}

function headerOf(packet: Uint8Array | undefined) {
  assert.ok(packet, 'there is a packet');
  const parsed = parseIp(packet);
  assert.ok(parsed.ok, 'it is IP');
  return parsed.value;
}

const shapes: readonly (TwinOptions & { what: string })[] = [
  { what: 'in clear', gre: CLEAR },
  { what: 'in clear over IPv6', gre: CLEAR, outer: 6 },
  { what: 'with key, checksum and numbers', gre: { ...CLEAR, key: 1, checksum: true, sequence: true } },
  { what: 'in transport mode', gre: {}, mode: 'transport' },
  { what: 'in tunnel mode', gre: {}, mode: 'tunnel' },
  { what: 'in transport mode behind a NAT', gre: { key: 9 }, mode: 'transport', udpEncapsulation: true },
  { what: 'in transport mode over IPv6', gre: {}, mode: 'transport', outer: 6 },
];

for (const { what, ...options } of shapes) {
  test(`GRE ${what}: packets of both families come out as they went in, in one piece or several`, () => {
    const bench = twins(options);
    for (const family of [4, 6] as const) {
      for (const length of [100, 1500]) {
        const packet = bench.packet('west', family, length);
        bench.send(bench.west, packet);
        const arrived = bench.east.lan.pop();
        const { payloadOffset } = headerOf(packet);
        assert.ok(arrived && bytesEqual(arrived.subarray(payloadOffset), packet.subarray(payloadOffset)), `${length}`);
      }
    }
    assert.deepEqual([bench.west.drops, bench.east.drops], [{}, {}]);
  });
}

test('DF is not copied outside; with path MTU discovery it is, and ICMP errors are believed for ten minutes', () => {
  const plain = twins({ gre: CLEAR });
  plain.west.plane.receive('lan', plain.packet('west', 4, 1490, { df: true }), plain.now);
  const cut = plain.takeWire(plain.west);
  assert.deepEqual([cut.length, headerOf(cut[0]).df], [2, false]);

  const pathMtuDiscovery = { maxAgeMs: 600_000, leastMtu: 92 } as const;
  const bench = twins({ gre: { ...CLEAR, key: 5, pathMtuDiscovery } });
  const { west } = bench;
  west.plane.receive('lan', bench.packet('west', 4, 1472, { df: true }), bench.now);
  const [sent] = bench.takeWire(west);
  assert.deepEqual([sent?.length, headerOf(sent).df], [1500, true]);
  west.plane.receive('lan', bench.packet('west', 4, 1473, { df: true }), bench.now);
  assert.equal(west.drops['too-big'], 1);
  const error = buildIcmpError({
    source: headerOf(sent).destination,
    kind: 'too-big',
    mtu: 1300,
    offending: sent ?? cut[0] ?? new Uint8Array(),
  });
  assert.ok(error, 'there is an error to send');
  west.plane.receive('wan', error, bench.now);
  const [event] = west.eventsOf('path-mtu');
  assert.deepEqual([event?.pathMtu, event?.mtu, event?.id], [1300, 1272, undefined]);
  west.plane.receive('lan', bench.packet('west', 4, 1273, { df: true }), bench.now);
  west.plane.receive('lan', bench.packet('west', 4, 1272, { df: true }), bench.now);
  assert.deepEqual([west.drops['too-big'], bench.takeWire(west).map((one) => one.length)], [2, [1300]]);
  assert.equal(west.plane.wakeAt(), bench.now + 600_000);
  bench.pass(600_000);
  west.plane.receive('lan', bench.packet('west', 4, 1472, { df: true }), bench.now);
  assert.equal(bench.takeWire(west).length, 1);
});

test('ICMP errors about GRE that can not be right are refused', () => {
  const bench = twins({ gre: CLEAR });
  bench.west.plane.receive('lan', bench.packet('west', 4, 1400), bench.now);
  const [sent] = bench.takeWire(bench.west);
  assert.ok(sent, 'something was sent');
  const error = buildIcmpError({ source: headerOf(sent).destination, kind: 'too-big', mtu: 600, offending: sent });
  assert.ok(error, 'there is an error to send');
  bench.west.plane.receive('wan', error, bench.now);
  assert.deepEqual([bench.west.drops, bench.west.eventsOf('path-mtu')], [{ 'not-ours': 1 }, []]);
});

test('a keepalive comes back, in clear and protected, also while the line is down (and counts nowhere else)', () => {
  for (const options of [{ gre: { ...CLEAR, key: 3 } }, { gre: {}, mode: 'transport' }, { gre: {} }] as const) {
    const bench = twins(options);
    bench.setInterface(bench.east, { name: 'tun', up: false });
    bench.west.plane.command({ kind: 'send-gre-keepalive', interface: 'tun' }, bench.now);
    bench.deliver();
    assert.deepEqual(bench.west.eventsOf('gre-keepalive'), [{ kind: 'gre-keepalive', interface: 'tun' }]);
    assert.deepEqual([bench.west.drops, bench.east.drops], [{}, {}]);
  }
});

test('the keepalive of a router on the wire: a packet of GRE whose payload is its answer', () => {
  const bench = twins({ gre: CLEAR });
  bench.west.plane.command({ kind: 'send-gre-keepalive', interface: 'tun' }, bench.now);
  const [packet = new Uint8Array()] = bench.takeWire(bench.west);
  const outer = headerOf(packet);
  const gre = parseGre(packet.subarray(outer.payloadOffset));
  assert.ok(gre.ok, 'it is GRE');
  const inner = headerOf(gre.value.payload);
  assert.deepEqual([`${outer.source}`, `${outer.destination}`], [`${inner.destination}`, `${inner.source}`]);
  assert.equal(inner.protocol, Protocol.GRE);
  assert.deepEqual([...gre.value.payload.subarray(inner.payloadOffset)], [0, 0, 0, 0]);
});

test('old and repeated numbers are dropped, and number 0 begins anew (RFC 2890 section 2.2)', () => {
  const bench = twins({ gre: { ...CLEAR, sequence: true } });
  for (let i = 0; i < 3; i++) bench.west.plane.receive('lan', bench.packet('west', 4), bench.now);
  const [zero, one, two] = bench.takeWire(bench.west);
  for (const packet of [zero, two, one, two, zero, one]) {
    if (packet !== undefined) bench.east.plane.receive('wan', packet, bench.now);
  }
  assert.deepEqual([bench.east.lan.length, bench.east.drops], [4, { 'out-of-order': 2 }]);
});

test('what must be protected is not taken in clear', () => {
  const bench = twins({ gre: {} });
  const [source, destination] = [bench.address('west', 'wan', 4), bench.address('east', 'wan', 4)];
  const body = buildGre({ protocol: EtherType.IPV4 }, bench.packet('west', 4));
  const clear = buildIp({ source, destination, protocol: Protocol.GRE }, body);
  bench.east.plane.receive('wan', clear, bench.now);
  assert.deepEqual([bench.east.drops, bench.east.lan.length], [{ unprotected: 1 }, 0]);
});

test('hostile GRE: whatever comes is counted, and nothing is thrown or let in', () => {
  const bench = twins({ gre: { ...CLEAR, key: 77 } });
  const [source, destination] = [bench.address('west', 'wan', 4), bench.address('east', 'wan', 4)];
  const random = seededRandom(5, 'hostile');
  for (let i = 0; i < 3000; i++) {
    const body = random(i % 70);
    if (i % 3 === 0 && body.length > 8) body.set([0x20, 0, 8, 0, 0, 0, 0, 77]);
    bench.east.plane.receive('wan', buildIp({ source, destination, protocol: Protocol.GRE }, body), bench.now);
  }
  const counted = Object.values(bench.east.drops).reduce((sum, one) => sum + one, 0);
  assert.deepEqual([bench.east.lan.length, counted], [0, 3000]);
});
