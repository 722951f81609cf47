/** What any plane must do with captures: copies as they passed, in clear at tunnels, within their bounds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesEqual, Prefix } from '../base/index.ts';
import { Protocol, parseIp } from '../ip/index.ts';
import type { PlaneTap, TappedPacket, TapStatus } from './contract.ts';
import { type MakePlane, type Side, TwinPlanes } from './twin-planes.ts';

const TAP: PlaneTap = { name: 'C', matches: [], bufferBytes: 100_000, packetBytes: 1518, circular: false };

function tap(bench: TwinPlanes, side: Side, change: Partial<PlaneTap> = {}): void {
  side.plane.command({ kind: 'set-tap', tap: { ...TAP, ...change } }, bench.now);
}

function status(side: Side, name = 'C'): TapStatus {
  const found = side.plane.taps().find((one) => one.tap.name === name);
  assert.ok(found);
  return found;
}

function tapped(side: Side, name = 'C'): readonly TappedPacket[] {
  const found = side.plane.tapped(name);
  assert.ok(found);
  return found;
}

function assertSame(packets: readonly TappedPacket[], expected: readonly Uint8Array[]): void {
  assert.equal(packets.length, expected.length);
  for (const [index, { bytes, length }] of packets.entries()) {
    const other = expected[index];
    assert.ok(other && bytesEqual(bytes, other), `packet ${index}`);
    assert.equal(length, other.length);
  }
}

export function tapConformance(name: string, makePlane: MakePlane): void {
  const check = (claim: string, body: () => void): void => void test(`${name}: ${claim}`, body);

  check('a capture holds what passed a link, in both directions, with its time', () => {
    const bench = new TwinPlanes(makePlane);
    const { west } = bench;
    bench.install(1);
    tap(bench, west, { interface: 'lan' });
    const out = bench.packet('west', 4);
    bench.send(west, out.slice());
    bench.pass(250);
    bench.send(bench.east, bench.packet('east', 6));
    const [received] = west.lan;
    assert.ok(received);
    assertSame(tapped(west), [out, received]);
    assert.deepEqual(
      tapped(west).map(({ at, interface: where, direction, cleartext }) => [at, where, direction, cleartext]),
      [
        [1000, 'lan', 'in', undefined],
        [1250, 'lan', 'out', undefined],
      ],
    );
  });

  check('the capture of a real interface holds ESP, that of the tunnel the same packets in clear', () => {
    const bench = new TwinPlanes(makePlane);
    const { west, east } = bench;
    bench.install(1);
    tap(bench, west, { name: 'ESP', interface: 'wan' });
    tap(bench, west, { name: 'CLEAR', interface: 'tun' });
    tap(bench, east, { interface: 'tun' });
    west.plane.receive('lan', bench.packet('west', 4), bench.now);
    const [sealed] = west.wire;
    assert.ok(sealed);
    bench.deliver();
    bench.send(east, bench.packet('east', 4));
    assert.equal(status(west, 'ESP').packets, 2);
    assertSame(tapped(west, 'ESP').slice(0, 1), [sealed]);
    for (const { bytes } of tapped(west, 'ESP')) {
      const header = parseIp(bytes);
      assert.ok(header.ok && header.value.protocol === Protocol.ESP);
    }
    const clear = tapped(west, 'CLEAR');
    assert.deepEqual(
      clear.map(({ direction, cleartext }) => [direction, cleartext]),
      [
        ['out', 'to-encrypt'],
        ['in', 'decrypted'],
      ],
    );
    // What one end put into the tunnel is what the other end took out of it.
    assertSame(
      tapped(east),
      clear.map(({ bytes }) => bytes),
    );
    assert.deepEqual(
      tapped(east).map(({ cleartext }) => cleartext),
      ['decrypted', 'to-encrypt'],
    );
  });

  check('a capture of all interfaces sees a packet at each of them', () => {
    const bench = new TwinPlanes(makePlane);
    bench.install(1);
    tap(bench, bench.west);
    bench.send(bench.west, bench.packet('west', 4));
    assert.deepEqual(
      tapped(bench.west).map(({ interface: where, direction }) => `${where} ${direction}`),
      ['lan in', 'tun out', 'wan out'],
    );
  });

  check('a capture at a template sees what passes its clones', () => {
    const bench = new TwinPlanes(makePlane);
    bench.install(1);
    bench.setInterface(bench.west, { name: 'tun', template: 'template' });
    tap(bench, bench.west, { interface: 'template' });
    bench.send(bench.west, bench.packet('west', 4));
    assert.deepEqual(
      tapped(bench.west).map(({ interface: where }) => where),
      ['tun'],
    );
  });

  check('filters take protocol, addresses and ports, whichever end sends', () => {
    const bench = new TwinPlanes(makePlane);
    const { west, east } = bench;
    bench.install(1);
    const at = (side: 'west' | 'east'): Prefix => Prefix.host(bench.address(side, 'host', 4));
    const ports = [{ from: 7000, to: 7000 }];
    const udp = Protocol.UDP;
    tap(bench, west, {
      name: 'FLOW',
      interface: 'lan',
      matches: [{ protocol: udp, ends: [{ prefix: at('west') }, { prefix: at('east'), ports }] }],
    });
    tap(bench, west, {
      name: 'SIX',
      interface: 'lan',
      matches: [{ protocol: 0, family: 6, ends: [{}, {}] }],
    });
    tap(bench, west, {
      name: 'ICMP',
      interface: 'lan',
      matches: [
        { protocol: Protocol.ICMP, ends: [{}, {}] },
        { protocol: udp, ends: [{ ports: [{ from: 1, to: 10 }] }, {}] },
      ],
    });
    bench.send(west, bench.packet('west', 4)); // to port 7000 of east
    bench.send(east, bench.packet('east', 4, 100, { sourcePort: 7000 })); // from there
    bench.send(east, bench.packet('east', 4)); // to port 7000 of west
    bench.send(west, bench.packet('west', 6));
    bench.send(west, bench.packet('west', 4, 100, { sourcePort: 9 }));
    bench.send(west, bench.echo(bench.address('west', 'host', 4), bench.lanAddress('west', 4)));
    assert.deepEqual(
      ['FLOW', 'SIX', 'ICMP'].map((one) => status(west, one).packets),
      [3, 1, 3],
    );
  });

  check('a buffer that is full takes no more, and says how many went by', () => {
    const bench = new TwinPlanes(makePlane);
    const { west } = bench;
    bench.install(1);
    tap(bench, west, { interface: 'lan', bufferBytes: 1000 });
    for (let i = 0; i < 20; i++) bench.send(west, bench.packet('west', 4));
    const full = status(west);
    assert.ok(full.isFull && full.packets > 0 && full.bytes <= 1000);
    assert.equal(full.packets + full.lost, 20);
    const first = tapped(west)[0];
    west.plane.command({ kind: 'clear-tap', name: 'C' }, bench.now);
    assert.deepEqual([status(west).packets, status(west).bytes, status(west).isFull], [0, 0, false]);
    bench.send(west, bench.packet('west', 4));
    assert.equal(status(west).packets, 1);
    assert.notDeepEqual(tapped(west)[0], first);
  });

  check('a circular buffer keeps the newest', () => {
    const bench = new TwinPlanes(makePlane);
    const { west } = bench;
    bench.install(1);
    tap(bench, west, { interface: 'lan', bufferBytes: 1000, circular: true });
    const sent = Array.from({ length: 5000 }, () => bench.packet('west', 4));
    for (const packet of sent) west.plane.receive('lan', packet.slice(), bench.now);
    const { packets, bytes, lost, isFull } = status(west);
    assert.ok(packets > 0 && bytes <= 1000 && !isFull);
    assert.equal(packets + lost, 5000);
    assertSame(tapped(west), sent.slice(-packets));
  });

  check('of long packets the beginning is kept', () => {
    const bench = new TwinPlanes(makePlane);
    tap(bench, bench.west, { interface: 'lan', packetBytes: 68 });
    const packet = bench.packet('west', 4, 1000);
    bench.west.plane.receive('lan', packet, bench.now);
    const [kept] = tapped(bench.west);
    assert.ok(kept && bytesEqual(kept.bytes, packet.subarray(0, 68)));
    assert.equal(kept.length, 1000);
  });

  check('broken packets are captured where nothing is filtered', () => {
    const bench = new TwinPlanes(makePlane);
    tap(bench, bench.west, { interface: 'lan' });
    tap(bench, bench.west, { name: 'F', interface: 'lan', matches: [{ protocol: 0, ends: [{}, {}] }] });
    for (const broken of [new Uint8Array(0), new Uint8Array([0x45]), new Uint8Array(40).fill(0xff)]) {
      bench.west.plane.receive('lan', broken, bench.now);
    }
    assert.equal(status(bench.west).packets, 3);
    assert.equal(status(bench.west, 'F').packets, 0);
  });

  check('a capture that was changed keeps what it holds; one that was ended is gone', () => {
    const bench = new TwinPlanes(makePlane);
    const { west } = bench;
    tap(bench, west, { interface: 'lan' });
    west.plane.receive('lan', bench.packet('west', 4), bench.now);
    tap(bench, west, { interface: 'wan', bufferBytes: 50_000 });
    west.plane.receive('lan', bench.packet('west', 4), bench.now);
    assert.equal(status(west).packets, 1);
    west.plane.command({ kind: 'remove-tap', name: 'C' }, bench.now);
    west.plane.command({ kind: 'remove-tap', name: 'nobody' }, bench.now);
    west.plane.command({ kind: 'clear-tap', name: 'nobody' }, bench.now);
    assert.deepEqual(west.plane.taps(), []);
    assert.equal(west.plane.tapped('C'), undefined);
  });
}
