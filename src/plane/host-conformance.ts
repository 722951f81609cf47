/** What any plane must do that stands in a machine with real interfaces of its own: `toHost` and `receiveFromHost`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesEqual, Prefix, writeU16 } from '../base/index.ts';
import { buildIp, buildUdp, type IcmpMessage, Protocol, parseIcmp, parseIp } from '../ip/index.ts';
import { INNER, type MakePlane, type Side, spiOf, TwinPlanes } from './twin-planes.ts';

function twins(makePlane: MakePlane): TwinPlanes {
  const bench = new TwinPlanes(makePlane, { host: true });
  bench.install(1);
  return bench;
}

/** The one packet that went to the machine. */
function handedOver(side: Side): Readonly<{ interface: string; packet: Uint8Array }> {
  const [first, ...more] = side.host.splice(0);
  assert.ok(first, JSON.stringify(side.drops));
  assert.equal(more.length, 0);
  return first;
}

function icmpIn(packet: Uint8Array): IcmpMessage & { from: string; to: string } {
  const header = parseIp(packet);
  assert.ok(header.ok);
  const message = parseIcmp(header.value, packet);
  assert.ok(message.ok);
  return { ...message.value, from: `${header.value.source}`, to: `${header.value.destination}` };
}

function tcpSegment(bench: TwinPlanes, to: 'tunnel' | 'host', ports: readonly [number, number], mss?: number) {
  const source = bench.address('east', 'host', 4);
  const destination = to === 'tunnel' ? bench.tunAddress('west', 4) : bench.address('west', 'host', 4);
  const segment = new Uint8Array(mss === undefined ? 20 : 24);
  writeU16(segment, 0, ports[0]);
  writeU16(segment, 2, ports[1]);
  segment[12] = (segment.length / 4) << 4;
  if (mss !== undefined) {
    segment[13] = 2;
    segment.set([2, 4, mss >> 8, mss & 0xff], 20);
  }
  return buildIp({ source, destination, protocol: Protocol.TCP }, segment);
}

export function hostConformance(name: string, makePlane: MakePlane): void {
  const check = (claim: string, body: () => void): void => void test(`${name}: ${claim}`, body);

  for (const family of [4, 6] as const) {
    check(`IPv${family} between the machine and a tunnel goes as it is, either way`, () => {
      const bench = twins(makePlane);
      const { west, east } = bench;
      const packet = bench.packet('west', family, 300, { ttl: 1 });
      const kept = packet.slice();
      west.plane.receiveFromHost(INNER, 'tun', packet, bench.now);
      assert.ok(bytesEqual(packet, kept), 'the array that was handed in is not changed');
      bench.deliver();
      const { interface: by, packet: got } = handedOver(east);
      assert.equal(by, 'tun');
      assert.ok(bytesEqual(got, kept), 'TTL is the matter of the machines');
      assert.equal(east.lan.length, 0);
      const lan = (side: Side) => side.counters.interfaces.find((one) => one.name === 'lan');
      assert.deepEqual([lan(west)?.inPackets, lan(east)?.outPackets], [1, 1], 'interfaces count it all the same');
    });
  }

  check('a template is no interface: the FIB chooses, and only among tunnels', () => {
    const bench = twins(makePlane);
    const { west, east } = bench;
    west.plane.receiveFromHost(INNER, 'template', bench.packet('west', 4), bench.now);
    bench.deliver();
    assert.equal(handedOver(east).interface, 'tun');
    const host = Prefix.host(bench.address('east', 'host', 4));
    const gateway = bench.address('west', 'host', 4);
    west.plane.command(
      { kind: 'set-route', vrf: INNER, prefix: host, nextHops: [{ interface: 'lan', gateway }] },
      bench.now,
    );
    const lost = bench.packet('west', 4);
    west.plane.receiveFromHost(INNER, 'template', lost, bench.now);
    assert.equal(west.lan.length, 0, 'not back to where it came from');
    const { interface: by, packet } = handedOver(west);
    assert.deepEqual([by, icmpIn(packet).kind], ['template', 'unreachable']);
    assert.deepEqual(west.drops, { 'no-route': 1 });
  });

  for (const family of [4, 6] as const) {
    check(`IPv${family} too big without a way to cut it: the machine hears so from the destination`, () => {
      const bench = twins(makePlane);
      const { west } = bench;
      west.plane.receiveFromHost(INNER, 'tun', bench.packet('west', family, 1480, { df: true }), bench.now);
      const { interface: by, packet } = handedOver(west);
      const error = icmpIn(packet);
      assert.equal(by, 'tun');
      assert.equal(error.kind, 'too-big');
      assert.equal(error.kind === 'too-big' && error.mtu, 1446);
      assert.equal(
        error.from,
        `${bench.address('east', 'host', family)}`,
        'no own address, which it would not believe',
      );
      assert.equal(error.to, `${bench.address('west', 'host', family)}`);
      assert.equal(west.sa(spiOf('west', 1)).mtuErrorsSent, 1);
    });
  }

  check('without an SA the machine hears that nobody is there, and somebody is asked for one', () => {
    const bench = new TwinPlanes(makePlane, { host: true });
    const { west } = bench;
    bench.setInterface(west, { name: 'tun', up: false });
    west.plane.receiveFromHost(INNER, 'tun', bench.packet('west', 4), bench.now);
    assert.equal(icmpIn(handedOver(west).packet).kind, 'unreachable');
    assert.equal(west.eventsOf('acquire').length, 1);
  });

  check('of what is for ourselves only echo requests, ICMP, IKE and punted ports stay', () => {
    const bench = twins(makePlane);
    const { west, east } = bench;
    west.plane.command({ kind: 'set-punted-ports', tcp: [179] }, bench.now);
    const fromEast = (packet: Uint8Array): void => {
      east.plane.receiveFromHost(INNER, 'tun', packet, bench.now);
      bench.deliver();
    };
    const [source, destination] = [bench.address('east', 'host', 4), bench.tunAddress('west', 4)];
    for (const ports of [
      [179, 1024],
      [1024, 179],
    ] as const) {
      fromEast(tcpSegment(bench, 'tunnel', ports));
      assert.equal(west.eventsOf('punt').length, 1);
      west.events.length = 0;
    }
    fromEast(tcpSegment(bench, 'tunnel', [1024, 22]));
    assert.equal(handedOver(west).interface, 'tun');
    const datagram = buildUdp({ address: source, port: 9 }, { address: destination, port: 53 }, new Uint8Array(5));
    fromEast(buildIp({ source, destination, protocol: Protocol.UDP }, datagram));
    handedOver(west);
    fromEast(buildIp({ source, destination, protocol: 47 }, new Uint8Array(8)));
    handedOver(west);
    assert.deepEqual(west.drops, {}, 'a protocol that only the machine may know');
    fromEast(bench.echo(source, destination));
    assert.equal(icmpIn(handedOver(east).packet).kind, 'echo-reply', 'answered here');
    assert.equal(west.host.length + west.events.length, 0);
  });

  check('MSS is clamped on the way to the machine and from it', () => {
    const bench = new TwinPlanes(makePlane, { host: true, clampMss: 1200 });
    bench.install(1);
    const { west, east } = bench;
    east.plane.receiveFromHost(INNER, 'tun', tcpSegment(bench, 'host', [1024, 80], 1460), bench.now);
    const sealed = bench.takeWire(east);
    for (const packet of sealed) west.plane.receive('wan', packet, bench.now);
    const { packet } = handedOver(west);
    assert.deepEqual([...packet.subarray(40, 44)], [2, 4, 1200 >> 8, 1200 & 0xff]);
  });

  check('security levels hold for what a local network sends into a tunnel', () => {
    const bench = twins(makePlane);
    const { west, east } = bench;
    bench.setInterface(west, { name: 'lan', securityLevel: 0 });
    bench.setInterface(west, { name: 'tun', securityLevel: 0 });
    west.plane.receiveFromHost(INNER, 'tun', bench.packet('west', 4), bench.now);
    bench.deliver();
    assert.deepEqual([west.drops, east.host.length], [{ 'security-level': 1 }, 0]);
    const [source, destination] = [bench.tunAddress('west', 4), bench.address('east', 'host', 4)];
    const datagram = buildUdp({ address: source, port: 9 }, { address: destination, port: 53 }, new Uint8Array(5));
    const own = buildIp({ source, destination, protocol: Protocol.UDP }, datagram);
    west.plane.receiveFromHost(INNER, 'tun', own, bench.now);
    bench.deliver();
    handedOver(east);
  });

  check('nothing that a machine may send makes it throw, loop or come back in clear', () => {
    const bench = twins(makePlane);
    const { west } = bench;
    const random = fc.uint8Array({ maxLength: 80 });
    const addresses = fc.constantFrom(
      bench.address('west', 'host', 4),
      bench.address('east', 'host', 4),
      bench.tunAddress('west', 4),
      bench.lanAddress('west', 4),
      bench.address('west', 'wan', 4),
    );
    const protocols = fc.constantFrom(1, 4, 6, 17, 47, 50, 58, 89);
    const any = fc.oneof(
      random,
      fc
        .tuple(addresses, addresses, protocols, random)
        .map(([source, destination, protocol, body]) => buildIp({ source, destination, protocol }, body)),
    );
    fc.assert(
      fc.property(any, fc.constantFrom('tun', 'template', 'lan', 'wan'), (packet, device) => {
        west.plane.receiveFromHost(INNER, device, packet, bench.now);
        const outer = bench.takeWire(west);
        const isSealed = (one: Uint8Array): boolean => one[9] === Protocol.ESP;
        assert.ok(outer.length <= 1 && outer.every(isSealed) && west.lan.length === 0);
      }),
    );
  });
}
