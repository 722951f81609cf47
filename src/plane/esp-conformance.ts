/** What any plane must do with ESP: RFC 4301 section 5, RFC 4303, RFC 3948, RFC 7296 section 2.8. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesEqual, concat, type Family } from '../base/index.ts';
import { Encr, Integ } from '../crypto/index.ts';
import { buildIp, buildUdp, decrementTtl, fragmentIp, Protocol, parseIp, parseUdp, setTos } from '../ip/index.ts';
import type { PlaneEvent } from './contract.ts';
import {
  ANY,
  address,
  type MakePlane,
  type Side,
  type Suite,
  spiOf,
  type TwinOptions,
  TwinPlanes,
} from './twin-planes.ts';

const HMACS = [Integ.HMAC_SHA1_96, Integ.HMAC_SHA2_256_128, Integ.HMAC_SHA2_384_192, Integ.HMAC_SHA2_512_256];

const suites: readonly Suite[] = [
  ...[128, 192, 256].map((keyBits) => ({ encr: Encr.AES_GCM_16, keyBits, integ: Integ.NONE })),
  { encr: Encr.CHACHA20_POLY1305, keyBits: 256, integ: Integ.NONE },
  ...[128, 192, 256].flatMap((keyBits) => HMACS.map((integ) => ({ encr: Encr.AES_CBC, keyBits, integ }))),
];

const shapes = ([4, 6] as const).flatMap((inner) =>
  ([4, 6] as const).flatMap((outer) => [false, true].map((udp) => ({ inner, outer, udp }))),
);

function twins(makePlane: MakePlane, options: TwinOptions = {}): TwinPlanes {
  const bench = new TwinPlanes(makePlane, options);
  bench.install(1);
  return bench;
}

/** The packet as it should come out: two routers took one off its TTL each. */
function twiceRouted(packet: Uint8Array): Uint8Array {
  const expected = packet.slice();
  decrementTtl(expected);
  decrementTtl(expected);
  return expected;
}

function arrives(bench: TwinPlanes, from: Side, to: Side, packet: Uint8Array): void {
  const before = to.lan.length;
  bench.send(from, packet);
  assert.equal(to.lan.length, before + 1, JSON.stringify([from.drops, to.drops]));
  assert.ok(bytesEqual(to.lan[before] ?? packet, twiceRouted(packet)));
}

/** One sealed packet on its way from west to east, taken off the wire. */
function sealed(bench: TwinPlanes, family: Family = 4, length = 100): Uint8Array {
  bench.west.plane.receive('lan', bench.packet('west', family, length), bench.now);
  const [packet] = bench.takeWire(bench.west);
  assert.ok(packet);
  return packet;
}

function kinds(side: Side): readonly PlaneEvent['kind'][] {
  return side.events.map(({ kind }) => kind);
}

export function espConformance(name: string, makePlane: MakePlane): void {
  const check = (claim: string, body: () => void): void => void test(`${name}: ${claim}`, body);

  check('every cipher suite carries packets both ways, with and without ESN', () => {
    for (const suite of suites) {
      for (const esn of [false, true]) {
        const bench = twins(makePlane, { suite, esn });
        for (const length of [60, 61, 75, 400, 1400]) {
          arrives(bench, bench.west, bench.east, bench.packet('west', 4, length));
          arrives(bench, bench.east, bench.west, bench.packet('east', 6, length));
        }
        const { outboundSequence, outboundBytes, inboundPackets } = bench.west.sa(spiOf('west', 1));
        assert.deepEqual([outboundSequence, outboundBytes, inboundPackets], [5, 1996, 5]);
        assert.deepEqual([bench.west.drops, bench.east.drops], [{}, {}]);
      }
    }
  });

  for (const { inner, outer, udp } of shapes) {
    check(`IPv${inner} in IPv${outer}${udp ? ' in UDP (RFC 3948)' : ''}, ToS outside as inside`, () => {
      const bench = twins(makePlane, { outer, udpEncapsulation: udp });
      const packet = bench.packet('west', inner, 300, { tos: 0xb9, ttl: 9 });
      bench.west.plane.receive('lan', packet, bench.now);
      const [onWire] = bench.west.wire;
      assert.ok(onWire);
      const parsed = parseIp(onWire);
      assert.ok(parsed.ok);
      const { protocol, tos, source, destination } = parsed.value;
      assert.deepEqual([protocol, tos], [udp ? Protocol.UDP : Protocol.ESP, 0xb9]);
      assert.ok(source.equals(bench.address('west', 'wan', outer)));
      assert.ok(destination.equals(bench.address('east', 'wan', outer)));
      if (udp) {
        const datagram = parseUdp(parsed.value, onWire);
        assert.ok(datagram.ok && datagram.value.sourcePort === 4500 && datagram.value.destinationPort === 4500);
      }
      bench.deliver();
      assert.ok(bytesEqual(bench.east.lan[0] ?? onWire, twiceRouted(packet)));
      assert.equal(bench.east.plane.lastInbound(spiOf('east', 1)), bench.now);
    });
  }

  check('congestion outside is brought in where the inner packet can say so (RFC 4301 section 5.1.2.1)', () => {
    for (const [before, after] of [
      [0x02, 0x03],
      [0x29, 0x2b],
      [0x28, 0x28],
    ] as const) {
      const bench = twins(makePlane);
      bench.west.plane.receive('lan', bench.packet('west', 4, 100, { tos: before }), bench.now);
      for (const packet of bench.west.wire) setTos(packet, before | 3);
      bench.deliver();
      assert.equal(bench.east.lan[0]?.[1], after);
    }
  });

  check('a rekey loses nothing, whatever the order (RFC 7296 section 2.8)', () => {
    const bench = twins(makePlane);
    const { west, east } = bench;
    arrives(bench, west, east, bench.packet('west', 4));
    const late = sealed(bench);
    // The responder knows the new SA first and waits; the initiator has not got it yet.
    east.plane.command(
      { kind: 'install-child-sa', sa: { ...bench.childSa('east', 2), startOutbound: 'after-inbound' } },
      bench.now,
    );
    arrives(bench, east, west, bench.packet('east', 4));
    west.plane.command({ kind: 'install-child-sa', sa: bench.childSa('west', 2) }, bench.now);
    arrives(bench, east, west, bench.packet('east', 6));
    assert.equal(east.sa(spiOf('east', 2)).outboundPackets, 0);
    arrives(bench, west, east, bench.packet('west', 6));
    assert.deepEqual(east.eventsOf('child-sa-confirmed'), [{ kind: 'child-sa-confirmed', id: spiOf('east', 2) }]);
    arrives(bench, east, west, bench.packet('east', 4));
    assert.deepEqual([west.sa(spiOf('west', 2)).inboundPackets, east.sa(spiOf('east', 2)).outboundPackets], [1, 1]);
    for (const side of [west, east]) {
      side.plane.command({ kind: 'remove-child-sa', id: spiOf(side.name, 1), lingerMs: 5000 }, bench.now);
    }
    east.plane.receive('wan', late, bench.now);
    assert.equal(east.lan.length, 3);
    arrives(bench, west, east, bench.packet('west', 4));
    const later = bench.east.plane.wakeAt();
    assert.equal(later, bench.now + 5000);
    bench.pass(5000);
    east.plane.receive('wan', late, bench.now);
    assert.deepEqual([west.drops, east.drops], [{}, { 'unknown-spi': 1 }]);
    assert.equal(east.eventsOf('child-sa-confirmed').length, 1);
  });

  check('packets that come before the SA that we have offered wait for it, some and for a moment', () => {
    const bench = twins(makePlane);
    bench.west.plane.command({ kind: 'install-child-sa', sa: bench.childSa('west', 2) }, bench.now);
    const early = Array.from({ length: 20 }, () => sealed(bench));
    const { east } = bench;
    east.plane.command({ kind: 'expect-child-sa', id: spiOf('east', 2) }, bench.now);
    for (const packet of early) east.plane.receive('wan', packet, bench.now);
    assert.deepEqual([east.lan.length, east.drops], [0, { 'unknown-spi': 4 }], 'sixteen wait');
    east.plane.command({ kind: 'install-child-sa', sa: bench.childSa('east', 2) }, bench.now);
    const due = east.plane.wakeAt();
    assert.ok(due !== undefined && due <= bench.now, 'at once');
    bench.pass(0);
    assert.equal(east.lan.length, 16);
    assert.deepEqual(east.eventsOf('child-sa-confirmed').length, 0, 'it was confirmed already');
    east.plane.command({ kind: 'expect-child-sa', id: spiOf('east', 3) }, bench.now);
    bench.west.plane.command({ kind: 'install-child-sa', sa: bench.childSa('west', 3) }, bench.now);
    east.plane.receive('wan', sealed(bench), bench.now);
    bench.pass(2000);
    assert.deepEqual(east.drops, { 'unknown-spi': 5 }, 'nobody answered the offer');
    assert.equal(east.plane.wakeAt(), undefined);
  });

  check('an SA that waits may send once the one before it is gone', () => {
    const bench = twins(makePlane);
    bench.install(2, { startOutbound: 'after-inbound' });
    bench.west.plane.command({ kind: 'remove-child-sa', id: spiOf('west', 1), lingerMs: 0 }, bench.now);
    arrives(bench, bench.west, bench.east, bench.packet('west', 4));
    const alone = new TwinPlanes(makePlane);
    alone.install(1, { startOutbound: 'after-inbound' });
    alone.send(alone.west, alone.packet('west', 4));
    assert.deepEqual(alone.west.drops, { 'no-sa': 1 });
  });

  check('a replayed packet is dropped, and one behind the window (RFC 4303 section 3.4.3)', () => {
    const bench = twins(makePlane);
    const packets = Array.from({ length: 70 }, () => sealed(bench));
    for (const packet of packets.slice(5)) bench.east.plane.receive('wan', packet, bench.now);
    for (const packet of packets.slice(60)) bench.east.plane.receive('wan', packet, bench.now);
    for (const packet of packets.slice(0, 6)) bench.east.plane.receive('wan', packet, bench.now);
    const { replayed, inboundPackets, highestInbound, replayBitmap, furthestBehind } = bench.east.sa(spiOf('east', 1));
    assert.deepEqual(bench.east.drops, { replayed: 10, 'too-old': 6 });
    const told = bench.east.eventsOf('esp-dropped').map(({ reason }) => reason);
    assert.deepEqual([...told].sort(), ['replayed', 'too-old'], 'one of each kind is told');
    // A plane may tell how far behind they were.
    assert.equal(furthestBehind ?? 69, 69);
    assert.deepEqual([replayed, inboundPackets, highestInbound, replayBitmap.length], [16, 65, 70, 2]);
    const open = twins(makePlane, { replayWindow: 0 });
    const once = sealed(open);
    for (let i = 0; i < 3; i++) open.east.plane.receive('wan', once, open.now);
    assert.equal(open.east.lan.length, 3);
  });

  check('reordering within the window loses nothing', () => {
    const bench = twins(makePlane);
    const packets = Array.from({ length: 64 }, () => sealed(bench)).reverse();
    for (const packet of packets) bench.east.plane.receive('wan', packet, bench.now);
    assert.deepEqual([bench.east.lan.length, bench.east.drops], [64, {}]);
  });

  check('nothing forged or cut short gets in, and nothing of it is remembered', () => {
    for (const udpEncapsulation of [false, true]) {
      const bench = twins(makePlane, { udpEncapsulation });
      const whole = sealed(bench);
      const headers = udpEncapsulation ? 28 : 20;
      const before = bench.east.sa(spiOf('east', 1));
      let tried = 0;
      for (let i = headers; i < whole.length; i++) {
        const forged = whole.slice();
        forged[i] = (forged[i] ?? 0) ^ 0x40;
        bench.east.plane.receive('wan', forged, bench.now);
        const cut = concat(whole.subarray(0, i));
        bench.east.plane.receive('wan', cut, bench.now);
        const shorter = rebuilt(whole.subarray(headers, i), bench, udpEncapsulation);
        bench.east.plane.receive('wan', shorter, bench.now);
        tried += 3;
      }
      const { inboundDrops: _, ...known } = before;
      const { integrityFailed, inboundDrops, ...after } = bench.east.sa(spiOf('east', 1));
      assert.deepEqual({ ...after, integrityFailed: 0 }, known);
      assert.equal(integrityFailed, bench.east.drops['integrity-failed']);
      // A plane may count drops by SA as well; then they agree.
      assert.equal(inboundDrops?.['integrity-failed'] ?? integrityFailed, integrityFailed);
      assert.ok(integrityFailed > 50);
      assert.equal(total(bench.east), tried);
      bench.east.plane.receive('wan', whole, bench.now);
      assert.equal(bench.east.lan.length, 1);
      assert.equal(bench.east.eventsOf('peer-moved').length, 0);
    }
  });

  check('an unknown SPI is counted each time and reported at times', () => {
    const bench = twins(makePlane);
    const esp = new Uint8Array(60).fill(7);
    for (let i = 0; i < 100; i++) bench.east.plane.receive('wan', rebuilt(esp, bench, false), bench.now);
    const reports = bench.east.eventsOf('unknown-spi');
    assert.equal(bench.east.drops['unknown-spi'], 100);
    assert.ok(reports.length >= 1 && reports.length <= 10);
    assert.deepEqual(reports[0], {
      kind: 'unknown-spi',
      vrf: 'INET',
      spi: 0x07070707,
      sequence: 0x07070707,
      local: { address: bench.address('east', 'wan', 4), port: 500 },
      remote: { address: bench.address('west', 'wan', 4), port: 500 },
    });
    bench.pass(1000);
    bench.east.plane.receive('wan', rebuilt(esp, bench, false), bench.now);
    assert.equal(bench.east.eventsOf('unknown-spi').length, reports.length + 1);
  });

  check('selectors hold in both directions (RFC 4301 section 5.1 and 5.2)', () => {
    const only = [
      { protocol: 17, startPort: 7000, endPort: 7000, start: address('10.2.0.0'), end: address('10.2.0.15') },
    ];
    const bench = new TwinPlanes(makePlane);
    bench.install(1, { remoteSelectors: only }, { localSelectors: only });
    arrives(bench, bench.west, bench.east, bench.packet('west', 4));
    bench.send(bench.west, bench.packet('west', 6));
    const { west, east } = bench;
    const ping = bench.echo(bench.address('west', 'host', 4), bench.address('east', 'host', 4));
    bench.send(west, ping);
    assert.deepEqual(west.drops, { 'selector-mismatch': 2 });
    // A peer that does not keep to what was agreed.
    const rogue = new TwinPlanes(makePlane);
    rogue.install(1, { remoteSelectors: ANY }, { localSelectors: only });
    rogue.send(rogue.west, ping);
    assert.deepEqual([rogue.west.drops, rogue.east.drops], [{}, { 'selector-mismatch': 1 }]);
    assert.deepEqual([rogue.east.lan.length, east.lan.length], [0, 1]);
  });

  check('the newest SA whose selectors fit is taken', () => {
    const bench = new TwinPlanes(makePlane);
    const range = (start: string, end: string) => [
      { protocol: 0, startPort: 0, endPort: 0xffff, start: address(start), end: address(end) },
    ];
    bench.install(1);
    bench.install(2, { remoteSelectors: range('10.2.0.0', '10.2.0.8') });
    bench.install(3, { remoteSelectors: range('10.2.0.9', '10.2.0.9') });
    bench.send(bench.west, bench.packet('west', 4));
    bench.send(bench.west, bench.packet('west', 6));
    const sent = [1, 2, 3].map((number) => bench.west.sa(spiOf('west', number)).outboundPackets);
    assert.deepEqual(sent, [1, 0, 1]);
  });

  check('byte limits: a soft one is told once, a hard one stops both ways', () => {
    const bench = new TwinPlanes(makePlane);
    bench.install(1, { softBytes: 250, hardBytes: 500 });
    for (let i = 0; i < 8; i++) bench.send(bench.west, bench.packet('west', 4, 100));
    const limits = bench.west.eventsOf('child-sa-limit').map(({ limit }) => limit);
    assert.deepEqual(limits, ['soft', 'hard']);
    assert.deepEqual(bench.west.drops, { 'hard-limit': 3 });
    bench.send(bench.east, bench.packet('east', 4, 100));
    assert.deepEqual([bench.west.drops, bench.west.lan.length], [{ 'hard-limit': 4 }, 0]);
    const inbound = new TwinPlanes(makePlane);
    inbound.install(1, {}, { hardBytes: 150 });
    inbound.send(inbound.west, inbound.packet('west', 4, 100));
    inbound.send(inbound.west, inbound.packet('west', 4, 100));
    assert.deepEqual([inbound.east.lan.length, inbound.east.drops], [1, { 'hard-limit': 1 }]);
    assert.deepEqual(
      inbound.east.eventsOf('child-sa-limit').map(({ limit }) => limit),
      ['hard'],
    );
  });

  check('a tunnel without SA asks for one, at most once a second', () => {
    const bench = new TwinPlanes(makePlane);
    for (let i = 0; i < 5; i++) bench.send(bench.west, bench.packet('west', 4));
    assert.deepEqual(kinds(bench.west), ['acquire']);
    bench.pass(1000);
    bench.send(bench.west, bench.packet('west', 6));
    assert.deepEqual([kinds(bench.west), bench.west.drops], [['acquire', 'acquire'], { 'no-sa': 6 }]);
  });

  check('a peer that moved is told once, and followed only by command (RFC 7296 section 2.23)', () => {
    const bench = twins(makePlane, { udpEncapsulation: true });
    for (let i = 0; i < 3; i++) {
      bench.east.plane.receive('wan', fromElsewhere(sealed(bench), bench), bench.now);
    }
    assert.equal(bench.east.lan.length, 3);
    const local = { address: bench.address('east', 'wan', 4), port: 4500 };
    const remote = ELSEWHERE;
    assert.deepEqual(bench.east.eventsOf('peer-moved'), [{ kind: 'peer-moved', id: spiOf('east', 1), local, remote }]);
    bench.east.plane.receive('lan', bench.packet('east', 4), bench.now);
    assert.deepEqual([...(bench.takeWire(bench.east)[0]?.subarray(16, 20) ?? [])], [192, 0, 2, 1]);
    bench.east.plane.command(
      { kind: 'move-child-sa', id: spiOf('east', 1), local, remote, udpEncapsulation: true },
      bench.now,
    );
    bench.east.plane.receive('lan', bench.packet('east', 4), bench.now);
    const [followed] = bench.takeWire(bench.east);
    assert.deepEqual(
      [...(followed?.subarray(16, 24) ?? [])],
      [192, 0, 2, 77, 4500 >> 8, 4500 & 255, 61_000 >> 8, 61_000 & 255],
    );
  });

  check('what is not the newest packet shows nowhere to go, and without replay check no life either', () => {
    for (const replayWindow of [0, 64]) {
      const bench = twins(makePlane, { udpEncapsulation: true, replayWindow });
      const older = sealed(bench);
      const newest = sealed(bench);
      bench.east.plane.receive('wan', newest, bench.now);
      const heard = bench.now;
      bench.pass(1000);
      // Late on its way, or kept by somebody who sends it from where he is.
      bench.east.plane.receive('wan', fromElsewhere(older, bench), bench.now);
      bench.east.plane.receive('wan', fromElsewhere(newest, bench), bench.now);
      assert.equal(bench.east.lan.length, replayWindow === 0 ? 3 : 2);
      assert.deepEqual(bench.east.eventsOf('peer-moved'), []);
      assert.equal(bench.east.plane.lastInbound(spiOf('east', 1)), replayWindow === 0 ? heard : bench.now);
    }
  });

  check('fragments in clear do not mix with those that a tunnel protects (RFC 4301 section 7)', () => {
    for (const family of [4, 6] as const) {
      const bench = twins(makePlane);
      const [from, to] = [bench.tunAddress('west', family), bench.tunAddress('east', family)];
      const inner = fragmentIp(bench.echo(from, to, new Uint8Array(2000)), 1300, 7);
      for (const packet of inner) {
        bench.west.plane.command({ kind: 'inject', vrf: 'main', packet }, bench.now);
      }
      const [first, second] = bench.takeWire(bench.west);
      const forged = inner[1]?.slice();
      assert.ok(first && second && forged && inner.length === 2);
      forged.fill(0xee, forged.length - 40);
      bench.east.plane.receive('wan', first, bench.now);
      bench.east.plane.receive('lan', forged, bench.now);
      bench.east.plane.receive('wan', second, bench.now);
      assert.deepEqual(bench.east.drops, {});
      bench.deliver();
      assert.deepEqual(kinds(bench.west), ['punt'], 'the echo reply');
    }
  });

  check('port 4500 tells ESP, IKE and keepalives apart (RFC 3948 section 2)', () => {
    const bench = twins(makePlane, { udpEncapsulation: true });
    const { east } = bench;
    const from = { address: bench.address('west', 'wan', 4), port: 4500 };
    const deliver = (payload: Uint8Array, port = 4500): void => {
      const to = { address: bench.address('east', 'wan', 4), port };
      const addresses = { source: from.address, destination: to.address };
      const packet = buildIp({ ...addresses, protocol: Protocol.UDP }, buildUdp(from, to, payload));
      east.plane.receive('wan', packet, bench.now);
    };
    deliver(Uint8Array.of(0xff));
    assert.deepEqual([east.events, east.drops], [[], {}]);
    deliver(new Uint8Array(40));
    deliver(new Uint8Array(28).fill(1), 500);
    assert.deepEqual(kinds(east), ['punt', 'punt']);
    const [punt] = east.eventsOf('punt');
    assert.deepEqual([punt?.vrf, punt?.interface], ['INET', 'wan']);
    deliver(Uint8Array.of(1, 2, 3));
    deliver(new Uint8Array(40).fill(9));
    assert.deepEqual(east.drops, { malformed: 1, 'unknown-spi': 1 });
  });

  check('ESP of another front VRF is unknown', () => {
    const bench = twins(makePlane);
    const packet = sealed(bench);
    bench.setInterface(bench.east, { name: 'wan', vrf: 'other' });
    bench.east.plane.receive('wan', packet, bench.now);
    assert.deepEqual([bench.east.drops, bench.east.lan.length], [{ 'unknown-spi': 1 }, 0]);
  });

  check('transport mode carries what the two ends say to each other (RFC 4303 section 3.1.1)', () => {
    const bench = new TwinPlanes(makePlane);
    bench.install(1, { mode: 'transport' }, { mode: 'transport' });
    const [source, destination] = [bench.address('west', 'wan', 4), bench.address('east', 'wan', 4)];
    bench.setInterface(bench.east, { name: 'tun', addresses: [{ address: destination, length: 32 }] });
    const packet = buildIp({ source, destination, protocol: Protocol.TCP, ttl: 61 }, new Uint8Array(40).fill(3));
    bench.west.plane.command({ kind: 'inject', vrf: 'main', packet, interface: 'tun' }, bench.now);
    bench.deliver();
    const [punt] = bench.east.eventsOf('punt');
    assert.ok(punt && bytesEqual(punt.packet, packet));
    assert.equal(punt.interface, 'tun');
  });

  check('transport mode seals whole packets and fragments afterwards (RFC 4303 section 3.3.4)', () => {
    for (const tunnelMtu of [600, 1500]) {
      const bench = new TwinPlanes(makePlane, { tunnelMtu });
      bench.install(1, { mode: 'transport' }, { mode: 'transport' });
      const [source, destination] = [bench.address('west', 'wan', 4), bench.address('east', 'wan', 4)];
      bench.setInterface(bench.east, { name: 'tun', addresses: [{ address: destination, length: 32 }] });
      const packet = buildIp({ source, destination, protocol: Protocol.TCP }, new Uint8Array(3000).fill(3));
      bench.west.plane.command({ kind: 'inject', vrf: 'main', packet, interface: 'tun' }, bench.now);
      bench.deliver();
      const punts = bench.east.eventsOf('punt').map((punt) => punt.packet);
      assert.deepEqual(punts, [packet]);
    }
  });
}

function total(side: Side): number {
  return Object.values(side.drops).reduce((sum, count) => sum + count, 0);
}

const ELSEWHERE = { address: address('192.0.2.77'), port: 61_000 };

/** The same ESP in UDP as if another NAT had sent it to east. */
function fromElsewhere(packet: Uint8Array, bench: TwinPlanes): Uint8Array {
  const parsed = parseIp(packet);
  const datagram = parsed.ok ? parseUdp(parsed.value, packet) : parsed;
  assert.ok(datagram.ok);
  const to = { address: bench.address('east', 'wan', 4), port: 4500 };
  const udp = buildUdp(ELSEWHERE, to, datagram.value.payload, true);
  return buildIp({ source: ELSEWHERE.address, destination: to.address, protocol: Protocol.UDP }, udp);
}

/** An outer packet from west to east around some bytes. */
function rebuilt(payload: Uint8Array, bench: TwinPlanes, udp: boolean): Uint8Array {
  const source = bench.address('west', 'wan', 4);
  const destination = bench.address('east', 'wan', 4);
  if (!udp) return buildIp({ source, destination, protocol: Protocol.ESP }, payload);
  const datagram = buildUdp({ address: source, port: 4500 }, { address: destination, port: 4500 }, payload, true);
  return buildIp({ source, destination, protocol: Protocol.UDP }, datagram);
}
