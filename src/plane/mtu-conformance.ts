/** What any plane must do about sizes: RFC 4301 section 8, RFC 1191, RFC 8201, RFC 2473 section 7, RFC 9293 section 3.7.1. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesEqual, type Family, readU16, writeU16 } from '../base/index.ts';
import { Encr, Integ } from '../crypto/index.ts';
import {
  buildIcmpError,
  buildIp,
  type IcmpMessage,
  internetChecksum,
  Protocol,
  parseIcmp,
  parseIp,
  pseudoHeaderSum,
  Reassembler,
} from '../ip/index.ts';
import { type MakePlane, type Side, spiOf, type TwinOptions, TwinPlanes } from './twin-planes.ts';

/** Largest inner packets at a path MTU of 1500, as IOS works them out. */
const sizes: readonly (TwinOptions & { mtu: number })[] = [
  { mtu: 1446, outer: 4 },
  { mtu: 1438, outer: 4, udpEncapsulation: true },
  { mtu: 1426, outer: 6 },
  { mtu: 1418, outer: 6, udpEncapsulation: true },
  { mtu: 1438, outer: 4, suite: { encr: Encr.AES_CBC, keyBits: 256, integ: Integ.HMAC_SHA2_256_128 } },
  { mtu: 1406, outer: 6, suite: { encr: Encr.AES_CBC, keyBits: 256, integ: Integ.HMAC_SHA2_256_128 } },
  { mtu: 1422, outer: 4, suite: { encr: Encr.AES_CBC, keyBits: 256, integ: Integ.HMAC_SHA2_512_256 } },
];

const TEN_MINUTES_MS = 600_000;

function twins(makePlane: MakePlane, options: TwinOptions = {}): TwinPlanes {
  const bench = new TwinPlanes(makePlane, options);
  bench.install(1);
  return bench;
}

function headerOf(packet: Uint8Array) {
  const parsed = parseIp(packet);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return parsed.value;
}

/** The ICMP message that a side gave to its host. */
function told(side: Side): IcmpMessage & { from: string } {
  const packet = side.lan.pop();
  assert.ok(packet, JSON.stringify(side.drops));
  const header = headerOf(packet);
  const parsed = parseIcmp(header, packet);
  assert.ok(parsed.ok);
  return { ...parsed.value, from: header.source.toString() };
}

function reassembled(bench: TwinPlanes, side: Side): Uint8Array | undefined {
  const reassembler = new Reassembler();
  let whole: Uint8Array | undefined;
  for (const packet of side.lan) whole = reassembler.add(headerOf(packet), packet, bench.now);
  return whole;
}

function payloadOf(packet: Uint8Array): Uint8Array {
  return packet.subarray(headerOf(packet).payloadOffset);
}

/** A router on the way says that a packet of west's was too big. */
function tooBig(bench: TwinPlanes, offending: Uint8Array, mtu: number): void {
  const destination = headerOf(offending).destination;
  const error = buildIcmpError({ source: destination, kind: 'too-big', mtu, offending });
  assert.ok(error);
  bench.west.plane.receive('wan', error, bench.now);
}

function syn(bench: TwinPlanes, from: 'west' | 'east', family: Family, mss: number): Uint8Array {
  const source = bench.address(from, 'host', family);
  const destination = bench.address(from === 'west' ? 'east' : 'west', 'host', family);
  const segment = new Uint8Array(24);
  segment.set([0x60, 0x02, 0xff, 0xff], 12);
  segment.set([2, 4, mss >> 8, mss & 255], 20);
  const pseudo = pseudoHeaderSum(source, destination, Protocol.TCP, segment.length);
  writeU16(segment, 16, internetChecksum(segment, pseudo));
  return buildIp({ source, destination, protocol: Protocol.TCP }, segment);
}

/** MSS of the last packet that reached the host of a side; its checksum has to be right. */
function mssAt(side: Side): number {
  const packet = side.lan.pop();
  assert.ok(packet);
  const { source, destination, payloadOffset, totalLength } = headerOf(packet);
  const pseudo = pseudoHeaderSum(source, destination, Protocol.TCP, totalLength - payloadOffset);
  assert.equal(internetChecksum(packet, pseudo, payloadOffset), 0);
  return readU16(packet, payloadOffset + 22);
}

export function mtuConformance(name: string, makePlane: MakePlane): void {
  const check = (claim: string, body: () => void): void => void test(`${name}: ${claim}`, body);

  check('the largest inner packet fills the path, and one byte more is too big', () => {
    for (const { mtu, ...options } of sizes) {
      for (const family of [4, 6] as const) {
        const bench = twins(makePlane, options);
        const { west, east } = bench;
        assert.equal(west.sa(spiOf('west', 1)).innerMtu, mtu);
        west.plane.receive('lan', bench.packet('west', family, mtu, { df: true }), bench.now);
        assert.ok(west.wire.length === 1 && (west.wire[0]?.length ?? 9999) <= 1500);
        bench.deliver();
        assert.equal(east.lan.length, 1);
        bench.send(west, bench.packet('west', family, mtu + 1, { df: true }));
        const answer = told(west);
        assert.ok(answer.kind === 'too-big' && answer.mtu === mtu);
        assert.equal(answer.from, bench.lanAddress('west', family).toString());
        assert.deepEqual([west.drops, east.lan.length], [{ 'too-big': 1 }, 1]);
      }
    }
  });

  check('without DF, packets are cut before they are sealed', () => {
    const bench = twins(makePlane);
    const packet = bench.packet('west', 4, 4000);
    bench.west.plane.receive('lan', packet, bench.now);
    assert.ok(bench.west.wire.length === 3);
    for (const outer of bench.west.wire) {
      assert.deepEqual([outer.length <= 1500, headerOf(outer).moreFragments], [true, false]);
    }
    bench.deliver();
    assert.equal(bench.east.lan.length, 3);
    const whole = reassembled(bench, bench.east);
    assert.ok(whole && bytesEqual(payloadOf(whole), payloadOf(packet)));
    assert.equal(bench.west.sa(spiOf('west', 1)).fragmentsCreated, 3);
  });

  check('df clear cuts packets that have DF, and leaves it out outside', () => {
    const bench = twins(makePlane, { tunnel: { df: 'clear' } });
    const packet = bench.packet('west', 4, 2000, { df: true });
    bench.west.plane.receive('lan', packet, bench.now);
    assert.deepEqual(
      bench.west.wire.map((outer) => headerOf(outer).df),
      [false, false],
    );
    bench.deliver();
    const whole = reassembled(bench, bench.east);
    assert.ok(whole && bytesEqual(payloadOf(whole), payloadOf(packet)));
  });

  check('the outer DF follows the rule', () => {
    for (const [df, inner, outer] of [
      ['copy', true, true],
      ['copy', false, false],
      ['set', false, true],
      ['clear', true, false],
    ] as const) {
      const bench = twins(makePlane, { tunnel: { df } });
      bench.west.plane.receive('lan', bench.packet('west', 4, 100, { df: inner }), bench.now);
      assert.deepEqual(
        bench.west.wire.map((packet) => headerOf(packet).df),
        [outer],
      );
    }
  });

  check('fragmentation after: the outer packet is cut, and whole again at the other end', () => {
    for (const outer of [4, 6] as const) {
      const bench = twins(makePlane, { outer, tunnel: { fragmentation: 'after' } });
      const packet = bench.packet('west', 4, 1490);
      bench.west.plane.receive('lan', packet, bench.now);
      assert.equal(bench.west.wire.length, 2);
      bench.west.wire.reverse();
      bench.deliver();
      const [arrived] = bench.east.lan;
      assert.ok(arrived && bytesEqual(payloadOf(arrived), payloadOf(packet)));
      bench.send(bench.west, bench.packet('west', 4, 1490, { df: true }));
      const answer = told(bench.west);
      assert.ok(answer.kind === 'too-big' && answer.mtu === (outer === 4 ? 1446 : 1426));
    }
  });

  check('outer fragments that never come are given up once (RFC 791 section 3.2)', () => {
    const bench = twins(makePlane, { tunnel: { fragmentation: 'after' } });
    bench.west.plane.receive('lan', bench.packet('west', 4, 1490), bench.now);
    const [first] = bench.takeWire(bench.west);
    assert.ok(first);
    bench.east.plane.receive('wan', first, bench.now);
    const due = bench.east.plane.wakeAt();
    assert.ok(due !== undefined);
    bench.pass(due - bench.now);
    assert.deepEqual([bench.east.drops, bench.east.plane.wakeAt()], [{ 'reassembly-timeout': 1 }, undefined]);
  });

  check('the interface MTU counts when it is the smaller one', () => {
    const bench = twins(makePlane, { tunnelMtu: 1400 });
    bench.send(bench.west, bench.packet('west', 4, 1401, { df: true }));
    const answer = told(bench.west);
    assert.ok(answer.kind === 'too-big' && answer.mtu === 1400);
    const narrow = twins(makePlane, { wanMtu: 1400 });
    assert.equal(narrow.west.sa(spiOf('west', 1)).pathMtu, 1400);
  });

  check('no IPv6 source is asked for less than 1280 (RFC 2473 section 7.1)', () => {
    const bench = twins(makePlane, { wanMtu: 1300 });
    bench.send(bench.west, bench.packet('west', 6, 1281));
    const answer = told(bench.west);
    assert.ok(answer.kind === 'too-big' && answer.mtu === 1280);
    const packet = bench.packet('west', 6, 1280);
    bench.west.plane.receive('lan', packet, bench.now);
    assert.equal(bench.west.wire.length, 2);
    bench.deliver();
    assert.ok(bytesEqual(payloadOf(bench.east.lan[0] ?? packet), payloadOf(packet)));
  });

  for (const outer of [4, 6] as const) {
    for (const udpEncapsulation of [false, true]) {
      check(
        `path MTU by ICMP for IPv${outer}${udpEncapsulation ? ' in UDP' : ''}: falls, is told, is forgotten`,
        () => {
          const bench = twins(makePlane, { outer, udpEncapsulation });
          const { west } = bench;
          const id = spiOf('west', 1);
          west.plane.receive('lan', bench.packet('west', 4, 1400, { df: true }), bench.now);
          const [sent] = bench.takeWire(west);
          assert.ok(sent);
          const before = west.sa(id).innerMtu;
          tooBig(bench, sent, 1400);
          const { pathMtu, innerMtu } = west.sa(id);
          assert.deepEqual([pathMtu, innerMtu], [1400, before - 100]);
          const [event] = west.eventsOf('path-mtu');
          assert.deepEqual(event, {
            kind: 'path-mtu',
            interface: 'tun',
            id,
            pathMtu: 1400,
            mtu: innerMtu,
            told: { from: headerOf(sent).destination, suggested: 1400, before: 1500 },
          });
          bench.send(west, bench.packet('west', 4, innerMtu + 1, { df: true }));
          const answer = told(west);
          assert.ok(answer.kind === 'too-big' && answer.mtu === innerMtu);
          // It never rises by a message, and its successor knows it too.
          tooBig(bench, sent, 1430);
          bench.install(2);
          assert.deepEqual([west.sa(id).pathMtu, west.sa(spiOf('west', 2)).pathMtu], [1400, 1400]);
          assert.equal(west.plane.wakeAt(), bench.now + TEN_MINUTES_MS);
          bench.pass(TEN_MINUTES_MS);
          assert.deepEqual([west.sa(id).pathMtu, west.sa(spiOf('west', 2)).innerMtu], [1500, before]);
          assert.equal(west.eventsOf('path-mtu').length, 3);
          assert.deepEqual([west.drops, west.eventsOf('punt').length], [{ 'too-big': 1 }, 0]);
        },
      );
    }
  }

  check('path MTU reports that no packet of ours can have caused are refused (RFC 4301 section 8.2.1)', () => {
    const bench = twins(makePlane);
    const { west } = bench;
    west.plane.receive('lan', bench.packet('west', 4, 1300), bench.now);
    const [sent] = bench.takeWire(west);
    assert.ok(sent);
    const otherSpi = sent.slice();
    otherSpi[20] = 0x77;
    const future = sent.slice();
    future[27] = 99;
    tooBig(bench, otherSpi, 600);
    tooBig(bench, future, 600);
    tooBig(bench, sent, 1400);
    assert.equal(west.sa(spiOf('west', 1)).pathMtu, 1500);
    assert.deepEqual([west.drops, west.eventsOf('path-mtu')], [{ 'not-ours': 3 }, []]);
  });

  check('reports below the floor, or without a value, are brought to reason', () => {
    for (const [outer, suggested, expected] of [
      [4, 80, 256],
      [4, 0, 1244],
      [6, 600, 1280],
    ] as const) {
      const bench = twins(makePlane, { outer });
      bench.west.plane.receive('lan', bench.packet('west', 4, 1300), bench.now);
      const [sent] = bench.takeWire(bench.west);
      assert.ok(sent);
      tooBig(bench, sent, suggested);
      assert.equal(bench.west.sa(spiOf('west', 1)).pathMtu, expected);
    }
  });

  check('MSS is clamped both ways, by the option and by what the tunnel lets through', () => {
    const rows = [
      { clampMss: 1360, wanMtu: 1500, offered: 1460, mss: { 4: 1360, 6: 1340 } },
      { clampMss: 1360, wanMtu: 1500, offered: 1200, mss: { 4: 1200, 6: 1200 } },
      { clampMss: 1360, wanMtu: 1300, offered: 1460, mss: { 4: 1206, 6: 1186 } },
      { clampMss: 0, wanMtu: 1300, offered: 1460, mss: { 4: 1460, 6: 1460 } },
    ] as const;
    for (const { clampMss, wanMtu, offered, mss } of rows) {
      for (const family of [4, 6] as const) {
        const bench = twins(makePlane, { clampMss, wanMtu });
        bench.send(bench.west, syn(bench, 'west', family, offered));
        assert.equal(mssAt(bench.east), mss[family]);
        bench.setInterface(bench.west, { name: 'tun', clampMss: 0 });
        bench.send(bench.east, syn(bench, 'east', family, offered));
        assert.equal(mssAt(bench.west), mss[family]);
      }
    }
  });
}
