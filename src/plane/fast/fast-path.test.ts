/** The fast path does what the software plane does: the same bytes either way, and the same counts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Family,
  type IpAddress,
  Prefix,
  readU32,
  seededRandom,
  toHex,
  writeU16,
  writeU32,
} from '../../base/index.ts';
import { Encr, Integ } from '../../crypto/index.ts';
import { buildIp, buildUdp, fragmentIp, internetChecksum, Protocol, pseudoHeaderSum, setTos } from '../../ip/index.ts';
import { SoftwarePlane } from '../software/software-plane.ts';
import { INNER, type MakePlane, type Side, spiOf, type TwinOptions, TwinPlanes } from '../twin-planes.ts';
import { type FastTwin, makeFastTwin } from './fast-twin.fixture.ts';

const software: MakePlane = (parts) => new SoftwarePlane(parts);

type Bench = Readonly<{ twin: TwinPlanes; fast: readonly FastTwin[] }>;

function fastBench(options: TwinOptions = {}): Bench {
  const fast: FastTwin[] = [];
  const make: MakePlane = (parts) => {
    const one = makeFastTwin(parts);
    fast.push(one);
    return one;
  };
  const twin = new TwinPlanes(make, { host: true, ...options });
  twin.install(1);
  return { twin, fast };
}

function softwareBench(options: TwinOptions = {}): TwinPlanes {
  const twin = new TwinPlanes(software, { host: true, ...options });
  twin.install(1);
  return twin;
}

/** Sends from west's machine to east's; gives what was on the wire, and what came out. */
function pass(twin: TwinPlanes, packet: Uint8Array): Readonly<{ wire: readonly string[]; out: readonly string[] }> {
  twin.west.plane.receiveFromHost(INNER, 'tun', packet, twin.now);
  const wire = twin.takeWire(twin.west);
  for (const one of wire) twin.east.plane.receive('wan', one, twin.now);
  const out = twin.east.host.splice(0).map(({ packet: got }) => toHex(got));
  return { wire: wire.map(withoutIdentification), out };
}

/** The kernel fills in what is zero, on the way that packets take from the fast path. */
function withoutIdentification(packet: Uint8Array): string {
  const copy = packet.slice();
  if (copy[0] === 0x45) copy.fill(0, 4, 6).fill(0, 10, 12);
  return toHex(copy);
}

function segment(
  twin: TwinPlanes,
  fields: Readonly<{
    sequence: number;
    length: number;
    flags?: number;
    ports?: readonly [number, number];
    family?: Family;
  }>,
): Uint8Array {
  const { sequence, length, flags = 0x10, ports = [1000, 80], family = 4 } = fields;
  const source = twin.address('west', 'host', family);
  const destination = twin.address('east', 'host', family);
  const body = new Uint8Array(20 + length).map((_, i) => (i * 7 + sequence) & 0xff);
  writeU16(body, 0, ports[0]);
  writeU16(body, 2, ports[1]);
  writeU32(body, 4, sequence);
  writeU32(body, 8, 77);
  body.set([0x50, flags, 0x10, 0, 0, 0, 0, 0], 12);
  return checked(source, destination, body);
}

function checked(source: IpAddress, destination: IpAddress, body: Uint8Array): Uint8Array {
  writeU16(body, 16, internetChecksum(body, pseudoHeaderSum(source, destination, Protocol.TCP, body.length)));
  return buildIp({ source, destination, protocol: Protocol.TCP, df: true }, body);
}

const suites = [
  { encr: Encr.AES_GCM_16, keyBits: 256, integ: Integ.NONE },
  { encr: Encr.CHACHA20_POLY1305, keyBits: 256, integ: Integ.NONE },
  { encr: Encr.AES_CBC, keyBits: 256, integ: Integ.HMAC_SHA1_96 },
  { encr: Encr.AES_CBC, keyBits: 128, integ: Integ.HMAC_SHA2_512_256 },
];

test('after the first packet of a flow the fast path takes it by itself, in both directions', () => {
  const { twin, fast } = fastBench();
  for (let i = 0; i < 5; i++) assert.equal(pass(twin, twin.packet('west', 4)).out.length, 1);
  assert.deepEqual([fast[0]?.taken.out, fast[1]?.taken.in], [4, 4]);
  for (let i = 0; i < 3; i++) assert.equal(pass(twin, segment(twin, { sequence: i * 9, length: 9 })).out.length, 1);
  assert.deepEqual([fast[0]?.taken.out, fast[1]?.taken.in], [6, 6]);
});

test('random packets give the same bytes by the fast path as by the software plane alone', () => {
  const options = fc.record({
    suite: fc.constantFrom(...suites),
    esn: fc.boolean(),
    udpEncapsulation: fc.boolean(),
    outer: fc.constantFrom<Family[]>(4, 6),
    tunnel: fc.record({ df: fc.constantFrom('copy' as const, 'set' as const, 'clear' as const) }),
  });
  const packets = fc.array(
    fc.record({
      kind: fc.constantFrom('udp', 'tcp', 'syn', 'fragment', 'gre', 'random', 'bad-sum', 'ours'),
      family: fc.constantFrom<Family[]>(4, 6),
      length: fc.oneof(fc.nat(1400), fc.integer({ min: 1380, max: 2000 })),
      tos: fc.nat(255),
      df: fc.boolean(),
      port: fc.integer({ min: 1, max: 2 }),
    }),
    { minLength: 20, maxLength: 50 },
  );
  let taken = 0;
  fc.assert(
    fc.property(options, packets, (how, sent) => {
      const plain = softwareBench(how);
      const { twin, fast } = fastBench(how);
      sent.forEach(({ kind, family, length, tos, df, port }, i) => {
        const source = twin.address('west', 'host', family);
        const destination = kind === 'ours' ? twin.tunAddress('east', family) : twin.address('east', 'host', family);
        const body = seededRandom(i, kind)(length);
        let packet: Uint8Array;
        if (kind === 'tcp' || kind === 'syn' || kind === 'bad-sum') {
          packet = segment(twin, { sequence: i, length, family, flags: kind === 'syn' ? 2 : 0x18, ports: [port, 80] });
          if (kind === 'bad-sum') packet[packet.length - 1] = (packet.at(-1) ?? 0) ^ 1;
        } else if (kind === 'random') packet = body;
        else {
          const inner = buildUdp({ address: source, port }, { address: destination, port: 9 }, body);
          const protocol = kind === 'gre' ? Protocol.GRE : Protocol.UDP;
          packet = buildIp({ source, destination, protocol, df, identification: i }, inner);
        }
        if (packet.length > 20 && kind !== 'random') setTos(packet, tos);
        const pieces = kind === 'fragment' ? fragmentIp(packet, 600, i) : [packet];
        for (const piece of pieces) assert.deepEqual(pass(twin, piece), pass(plain, piece));
      });
      const counts = (side: Side, number: 'west' | 'east') => [side.sa(spiOf(number, 1)), side.counters.interfaces];
      assert.deepEqual(counts(twin.west, 'west'), counts(plain.west, 'west'));
      assert.deepEqual(counts(twin.east, 'east'), counts(plain.east, 'east'));
      assert.deepEqual([twin.west.drops, twin.east.drops], [plain.west.drops, plain.east.drops]);
      taken += (fast[0]?.taken.out ?? 0) + (fast[1]?.taken.in ?? 0);
    }),
    { numRuns: 60 },
  );
  assert.ok(taken > 200, `the fast path took ${taken} packets`);
});

test('TCP in transit keeps its own numbers, connections and counts, whoever carries its segments', () => {
  const policy = {
    rules: [],
    normalisation: {
      options: [{ from: 9, to: 255, treatment: 'clear' }],
      urgentFlag: 'clear',
      reservedBits: 'allow',
      verifiesChecksum: false,
    },
    timeouts: { idleMs: 3_600_000, halfClosedMs: 600_000, embryonicMs: 30_000 },
  } as const;
  const steps = fc.array(
    fc.record({
      from: fc.constantFrom('west' as const, 'east' as const),
      length: fc.nat(1300),
      options: fc.constantFrom('none', 'none', 'timestamp', 'sack', 'strange'),
      flags: fc.constantFrom(0x10, 0x10, 0x18, 0x30, 0xd0),
      ms: fc.nat(500),
    }),
    { minLength: 10, maxLength: 40 },
  );
  const ends = fc.constantFrom('none', 'fins', 'reset');
  let taken = 0;
  fc.assert(
    fc.property(steps, ends, fc.boolean(), (sent, end, lists) => {
      const bench = fastBench();
      const twins = [softwareBench(), bench.twin];
      for (const twin of twins) {
        for (const side of [twin.west, twin.east]) {
          side.plane.command({ kind: 'set-transit-policy', policy }, twin.now);
          const all = [{ permit: true, protocol: 0, source: [Prefix.all(4)], destination: [Prefix.all(4)] }];
          const filters = [{ interface: 'lan', direction: 'in' as const, entries: all }];
          if (lists) side.plane.command({ kind: 'set-filters', filters }, twin.now);
        }
      }
      const numbers = { west: 1000, east: 0xffff_ff00 };
      const says = (from: 'west' | 'east', flags: number, length = 0, options = 'none'): void => {
        const other = from === 'west' ? 'east' : 'west';
        const out = twins.map((twin) => {
          // What it hears of the other end is what the planes made of that: as the receiver knows it.
          const heard = heardBy.get(twin)?.[other] ?? 0;
          const packet = tcp(twin, from, numbers[from], heard, flags, length, options);
          twin[from].plane.receiveFromHost(INNER, 'tun', packet, twin.now);
          const got: string[] = [];
          for (const one of twin.takeWire(twin[from])) twin[other].plane.receive('wan', one, twin.now);
          for (const { packet: arrived } of twin[other].host.splice(0)) {
            got.push(toHex(arrived));
            const size = arrived.length - 20 - ((arrived[32] ?? 0) >> 4) * 4;
            const next = (readU32(arrived, 24) + size + ((flags & 3) === 0 ? 0 : 1)) >>> 0;
            heardBy.set(twin, { ...(heardBy.get(twin) ?? { west: 0, east: 0 }), [from]: next });
          }
          return got;
        });
        assert.deepEqual(out[1], out[0]);
        numbers[from] = (numbers[from] + length + ((flags & 3) === 0 ? 0 : 1)) >>> 0;
      };
      const heardBy = new Map<TwinPlanes, Readonly<{ west: number; east: number }>>();
      says('west', 0x02);
      says('east', 0x12);
      says('west', 0x10);
      for (const { from, length, options, flags, ms } of sent) {
        for (const twin of twins) twin.pass(ms);
        says(from, flags, length, options);
      }
      if (end === 'fins') for (const from of ['west', 'east', 'west'] as const) says(from, 0x11);
      if (end === 'reset') says('east', 0x14);
      for (const side of ['west', 'east'] as const) {
        const [plain, fast] = twins.map((twin) => twin[side].plane.connections(twin.now));
        assert.deepEqual(fast, plain);
        assert.deepEqual(twins[1]?.[side].drops, twins[0]?.[side].drops);
        assert.deepEqual(twins[1]?.[side].counters.interfaces, twins[0]?.[side].counters.interfaces);
      }
      for (const one of bench.fast) taken += one.taken.out;
    }),
    { numRuns: 40 },
  );
  assert.ok(taken > 100, `the fast path took ${taken} segments`);
});

/** A segment between the hosts behind both ends. */
function tcp(
  twin: TwinPlanes,
  from: 'west' | 'east',
  sequence: number,
  acknowledged: number,
  flags: number,
  length: number,
  options: string,
): Uint8Array {
  const extra = TCP_OPTIONS[options] ?? [];
  const body = new Uint8Array(20 + extra.length + length).fill(sequence & 0xff);
  writeU16(body, 0, from === 'west' ? 1000 : 80);
  writeU16(body, 2, from === 'west' ? 80 : 1000);
  writeU32(body, 4, sequence);
  writeU32(body, 8, acknowledged);
  body.set([(5 + extra.length / 4) << 4, flags, 0x10, 0, 0, 0, 0, 0, ...extra], 12);
  const to = from === 'west' ? 'east' : 'west';
  return checked(twin.address(from, 'host', 4), twin.address(to, 'host', 4), body);
}

const TCP_OPTIONS: Readonly<Record<string, readonly number[]>> = {
  timestamp: [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8],
  sack: [1, 1, 5, 10, 0, 0, 0, 9, 0, 0, 1, 0],
  strange: [30, 4, 7, 7],
};

test('hostile ESP is counted as the software plane counts it, and nothing of it gets in', () => {
  for (const udpEncapsulation of [false, true]) {
    for (const esn of [false, true]) {
      const plain = softwareBench({ udpEncapsulation, esn });
      const { twin, fast } = fastBench({ udpEncapsulation, esn });
      const benches = [plain, twin];
      for (let i = 0; i < 3; i++) for (const bench of benches) pass(bench, twinPacket(bench, 40 + i));
      const sealed = benches.map((bench) => {
        bench.west.plane.receiveFromHost(INNER, 'tun', twinPacket(bench, 90), bench.now);
        return bench.takeWire(bench.west)[0] ?? new Uint8Array(0);
      });
      const headers = udpEncapsulation ? 28 : 20;
      fc.assert(
        fc.property(fc.nat(200), fc.nat(255), fc.nat(3), (place, value, how) => {
          benches.forEach((bench, i) => {
            const whole = sealed[i] ?? new Uint8Array(0);
            const forged = whole.slice();
            const at = headers + (place % (whole.length - headers));
            if (how === 0) forged[at] = value;
            const cut = how === 1 ? forged.slice(0, at) : forged;
            bench.east.plane.receive(
              'wan',
              how === 2 ? fixedLength(forged.slice(0, at), udpEncapsulation) : cut,
              bench.now,
            );
          });
        }),
        { numRuns: 200 },
      );
      const [a, b] = benches.map((bench) => bench.east.sa(spiOf('east', 1)));
      assert.deepEqual(b, a);
      assert.deepEqual(twin.east.drops, plain.east.drops);
      assert.equal(twin.east.host.length, plain.east.host.length);
      assert.ok((fast[1]?.taken.in ?? 0) >= 2, 'the fast path was at work');
    }
  }
});

function twinPacket(twin: TwinPlanes, length: number): Uint8Array {
  return twin.packet('west', 4, length);
}

/** A packet cut short whose headers say so. */
function fixedLength(packet: Uint8Array, udp: boolean): Uint8Array {
  if (udp) writeU16(packet, 24, packet.length - 20);
  writeU16(packet, 2, packet.length);
  writeU16(packet, 10, 0);
  writeU16(packet, 10, internetChecksum(packet, 0, 0, 20));
  return packet;
}

test('limits of bytes are met to the packet, wherever packets go', () => {
  for (const direction of ['outbound', 'inbound'] as const) {
    const seen = [softwareBench(), fastBench().twin].map((twin) => {
      const limited = { softBytes: 1000, hardBytes: 2000 };
      if (direction === 'outbound') twin.install(2, limited);
      else twin.install(2, {}, limited);
      for (let i = 0; i < 30; i++) pass(twin, twin.packet('west', 4, 100));
      const side = direction === 'outbound' ? twin.west : twin.east;
      return [side.eventsOf('child-sa-limit').map(({ limit }) => limit), side.drops, twin.east.counters.interfaces];
    });
    assert.deepEqual(seen[1], seen[0]);
    assert.deepEqual(seen[0]?.[0], ['soft', 'hard']);
  }
});

test('what changes is seen by the next packet', () => {
  const { twin, fast } = fastBench();
  const west = fast[0];
  const goes = (count: number): void => {
    for (let i = 0; i < count; i++) pass(twin, twin.packet('west', 4));
  };
  goes(3);
  assert.equal(west?.taken.out, 2);
  twin.install(2);
  goes(2);
  const sent = [1, 2].map((number) => twin.west.sa(spiOf('west', number)).outboundPackets);
  assert.deepEqual(sent, [3, 2], 'the newest SA is taken at once');
  twin.setInterface(twin.west, { name: 'tun', up: false });
  goes(2);
  assert.equal(twin.west.drops['interface-down'], 2);
  twin.setInterface(twin.west, { name: 'tun', mtu: 90 });
  goes(2);
  assert.equal(twin.west.sa(spiOf('west', 2)).packetsFragmented, 2, 'it is too long now');
  twin.setInterface(twin.west, { name: 'tun', mtu: 1500 });
  const before = west.taken.out;
  goes(3);
  assert.equal(west.taken.out, before + 2);
  for (const number of [1, 2]) {
    twin.west.plane.command({ kind: 'remove-child-sa', id: spiOf('west', number), lingerMs: 0 }, twin.now);
  }
  goes(2);
  assert.equal(twin.west.drops['no-sa'], 2);
});

test('a capture sees everything, and nothing is lost to it afterwards', () => {
  const { twin, fast } = fastBench();
  for (let i = 0; i < 3; i++) pass(twin, twin.packet('west', 4));
  const tap = { name: 'c', matches: [], bufferBytes: 1 << 20, packetBytes: 1500, circular: false };
  twin.west.plane.command({ kind: 'set-tap', tap: { ...tap, interface: 'tun' } }, twin.now);
  for (let i = 0; i < 4; i++) pass(twin, twin.packet('west', 4));
  assert.equal(twin.west.plane.tapped('c')?.length, 4);
  twin.west.plane.command({ kind: 'remove-tap', name: 'c' }, twin.now);
  const before = fast[0]?.taken.out ?? 0;
  for (let i = 0; i < 3; i++) pass(twin, twin.packet('west', 4));
  assert.equal(fast[0]?.taken.out, before + 2);
});

test('life is shown by packets of the fast path, too', () => {
  const { twin } = fastBench();
  for (let i = 0; i < 3; i++) {
    twin.pass(1000);
    pass(twin, twin.packet('west', 4));
    assert.equal(twin.west.plane.lastOutbound(spiOf('west', 1)), twin.now);
    assert.equal(twin.east.plane.lastInbound(spiOf('east', 1)), twin.now);
  }
});
