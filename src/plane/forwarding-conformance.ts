/** What any plane must do with plain packets: RFC 1812, RFC 8200, RFC 4443. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesEqual, Prefix } from '../base/index.ts';
import { buildIp, decrementTtl, fragmentIp, Protocol, parseIcmp, parseIp } from '../ip/index.ts';
import type { PlaneNextHop } from './contract.ts';
import { address, FRONT, INNER, type MakePlane, type Side, spiOf, TwinPlanes } from './twin-planes.ts';

function icmp(packet: Uint8Array | undefined) {
  assert.ok(packet);
  const header = parseIp(packet);
  assert.ok(header.ok);
  const message = parseIcmp(header.value, packet);
  assert.ok(message.ok);
  return { ...message.value, from: header.value.source.toString(), to: header.value.destination.toString() };
}

function route(bench: TwinPlanes, side: Side, to: string, nextHops: readonly PlaneNextHop[], vrf = INNER): void {
  const prefix = Prefix.parse(to);
  assert.ok(prefix);
  side.plane.command({ kind: 'set-route', vrf, prefix, nextHops }, bench.now);
}

function total(side: Side): number {
  return Object.values(side.drops).reduce((sum, count) => sum + count, 0);
}

export function forwardingConformance(name: string, makePlane: MakePlane): void {
  const check = (claim: string, body: () => void): void => void test(`${name}: ${claim}`, body);

  for (const family of [4, 6] as const) {
    check(`IPv${family} packets are forwarded by the longest prefix, and counted`, () => {
      const bench = new TwinPlanes(makePlane);
      const { west } = bench;
      const host = bench.address('east', 'host', family);
      route(bench, west, `${host}/${host.bits}`, [
        { interface: 'lan', gateway: bench.address('west', 'host', family) },
      ]);
      const packet = bench.packet('west', family);
      const kept = packet.slice();
      west.plane.receive('lan', packet, bench.now);
      decrementTtl(kept);
      assert.ok(bytesEqual(west.lan[0] ?? packet, kept));
      assert.ok(!bytesEqual(packet, kept), 'the array that was handed in is not changed');
      const lan = west.counters.interfaces.find((port) => port.name === 'lan');
      assert.deepEqual(lan, { name: 'lan', inPackets: 1, inBytes: 100, outPackets: 1, outBytes: 100, drops: {} });
      const prefix = Prefix.host(host);
      west.plane.command({ kind: 'remove-route', vrf: INNER, prefix }, bench.now);
      west.plane.receive('lan', packet, bench.now);
      assert.deepEqual(west.drops, { 'no-sa': 1 });
    });

    check(`IPv${family} errors come from the interface where the packet came in (RFC 1812 section 4.3.2.4)`, () => {
      const bench = new TwinPlanes(makePlane);
      const { west } = bench;
      const from = bench.lanAddress('west', family).toString();
      const to = bench.address('west', 'host', family).toString();
      west.plane.receive('lan', bench.packet('west', family, 100, { ttl: 1 }), bench.now);
      const expired = icmp(west.lan.pop());
      assert.deepEqual([expired.kind, expired.from, expired.to], ['time-exceeded', from, to]);
      const lost = buildIp(
        {
          source: bench.address('west', 'host', family),
          destination: address(family === 4 ? '203.0.113.1' : '2001:db8:dead::1'),
          protocol: Protocol.UDP,
        },
        new Uint8Array(8),
      );
      west.plane.receive('lan', lost, bench.now);
      assert.equal(icmp(west.lan.pop()).kind, 'unreachable');
      route(bench, west, family === 4 ? '203.0.113.0/24' : '2001:db8:dead::/48', []);
      west.plane.receive('lan', lost, bench.now);
      assert.deepEqual(west.drops, { 'ttl-exceeded': 1, 'no-route': 1, 'null-route': 1 });
    });

    check(`IPv${family} echo requests to our own addresses are answered, fragmented ones too`, () => {
      const bench = new TwinPlanes(makePlane);
      const { west } = bench;
      const host = bench.address('west', 'host', family);
      const own = bench.lanAddress('west', family);
      west.plane.receive('lan', bench.echo(host, own, Uint8Array.of(1, 2, 3)), bench.now);
      const reply = icmp(west.lan.pop());
      assert.ok(reply.kind === 'echo-reply' && bytesEqual(reply.data, Uint8Array.of(1, 2, 3)));
      assert.deepEqual([reply.id, reply.sequence, reply.from], [9, 1, own.toString()]);
      const large = bench.echo(host, own, new Uint8Array(3000).fill(5));
      for (const fragment of fragmentIp(large, 1280, 77).reverse()) west.plane.receive('lan', fragment, bench.now);
      const answer = icmp(west.lan.pop());
      assert.ok(answer.kind === 'echo-reply' && answer.data.length === 3000);
      assert.deepEqual([west.events, west.drops], [[], {}]);
    });
  }

  check('everything else for ourselves goes to the gateway', () => {
    const bench = new TwinPlanes(makePlane);
    const [source, destination] = [bench.address('west', 'host', 4), bench.lanAddress('west', 4)];
    const give = (protocol: number): void =>
      bench.west.plane.receive('lan', buildIp({ source, destination, protocol }, new Uint8Array(24)), bench.now);
    give(Protocol.TCP);
    const [punt] = bench.west.eventsOf('punt');
    assert.deepEqual([punt?.vrf, punt?.interface, punt?.packet.length], [INNER, 'lan', 44]);
    give(Protocol.OSPF);
    assert.deepEqual(
      [bench.west.drops, icmp(bench.west.lan.pop()).kind],
      [{ 'unsupported-protocol': 1 }, 'unreachable'],
    );
    give(Protocol.ICMP);
    assert.equal(bench.west.drops['bad-checksum'], 1);
  });

  check('multicast, broadcast and impossible addresses go no further', () => {
    const bench = new TwinPlanes(makePlane);
    const send = (source: string, destination: string): void => {
      const packet = buildIp(
        { source: address(source), destination: address(destination), protocol: Protocol.UDP },
        new Uint8Array(8),
      );
      bench.west.plane.receive('lan', packet, bench.now);
    };
    for (const group of ['224.0.0.5', '255.255.255.255', '10.1.0.255']) send('10.1.0.9', group);
    send('fe80::1', 'ff02::1');
    send('224.0.0.1', '10.2.0.9');
    send('127.0.0.1', '10.2.0.9');
    send('::1', '2001:db8:2::9');
    send('fe80::9', '2001:db8:2::9');
    assert.deepEqual(bench.west.drops, { multicast: 4, malformed: 3, 'not-ours': 1 });
    assert.deepEqual([bench.west.lan, bench.west.events], [[], []]);
  });

  check('equal-cost next hops: a flow keeps to one, flows share, a dead one is passed over', () => {
    const bench = new TwinPlanes(makePlane);
    const { west } = bench;
    const hops: readonly PlaneNextHop[] = [{ interface: 'lan' }, { interface: 'tun' }];
    route(bench, west, '10.2.0.0/24', hops);
    bench.install(1);
    const flow = (sourcePort: number): 'lan' | 'tun' => {
      const before = west.lan.length;
      west.plane.receive('lan', bench.packet('west', 4, 100, { sourcePort }), bench.now);
      return west.lan.length > before ? 'lan' : 'tun';
    };
    const first = Array.from({ length: 64 }, (_, port) => flow(port));
    const lan = first.filter((way) => way === 'lan').length;
    assert.ok(lan > 16 && lan < 48, `${lan} of 64 flows by one way`);
    assert.deepEqual(
      Array.from({ length: 64 }, (_, port) => flow(port)),
      first,
    );
    bench.setInterface(west, { name: 'tun', up: false });
    assert.ok(Array.from({ length: 64 }, (_, port) => flow(port)).every((way) => way === 'lan'));
  });

  check('interfaces that are down or unknown let nothing pass', () => {
    const bench = new TwinPlanes(makePlane);
    bench.install(1);
    bench.setInterface(bench.west, { name: 'tun', up: false });
    bench.west.plane.receive('lan', bench.packet('west', 4), bench.now);
    bench.setInterface(bench.west, { name: 'lan', up: false });
    bench.west.plane.receive('lan', bench.packet('west', 4), bench.now);
    bench.west.plane.receive('nowhere', bench.packet('west', 4), bench.now);
    bench.west.plane.receive('tun', bench.packet('west', 4), bench.now);
    assert.deepEqual(bench.west.drops, { 'interface-down': 2, 'unknown-interface': 2 });
    bench.west.plane.command({ kind: 'remove-interface', name: 'lan' }, bench.now);
    assert.deepEqual(
      bench.west.counters.interfaces.map((port) => port.name),
      ['wan', 'tun'],
    );
  });

  check('VRFs do not see each other', () => {
    const bench = new TwinPlanes(makePlane);
    const source = bench.address('east', 'wan', 4);
    const packet = buildIp({ source, destination: bench.address('west', 'host', 4), protocol: 17 }, new Uint8Array(8));
    bench.west.plane.receive('wan', packet, bench.now);
    const toLan = buildIp({ source, destination: bench.lanAddress('west', 4), protocol: 6 }, new Uint8Array(20));
    bench.west.plane.receive('wan', toLan, bench.now);
    assert.deepEqual([bench.west.drops, bench.west.lan, bench.west.events], [{ 'no-route': 2 }, [], []]);
  });

  check('packets of our own: by the FIB, by an interface, to ourselves, and too big', () => {
    const bench = new TwinPlanes(makePlane);
    bench.install(1);
    const { west, east } = bench;
    const inject = (packet: Uint8Array, vrf = INNER): void =>
      west.plane.command({ kind: 'inject', vrf, packet }, bench.now);
    const [ours, theirs] = [bench.tunAddress('west', 4), bench.tunAddress('east', 4)];
    inject(bench.echo(ours, theirs));
    bench.deliver();
    const [pong] = west.eventsOf('punt');
    assert.deepEqual([icmp(pong?.packet).kind, pong?.interface, pong?.packet[8]], ['echo-reply', 'tun', 64]);
    inject(bench.echo(ours, bench.lanAddress('west', 4)));
    assert.equal(west.eventsOf('punt').length, 2);
    const large = bench.echo(ours, theirs, new Uint8Array(1446 - 28 + 1), true);
    inject(large);
    const verdict = icmp(west.eventsOf('punt')[2]?.packet);
    assert.ok(verdict.kind === 'too-big' && verdict.mtu === 1446);
    const wan = bench.address('west', 'wan', 6);
    inject(bench.echo(wan, bench.address('east', 'wan', 6), new Uint8Array(4000)), FRONT);
    bench.deliver();
    assert.equal(west.eventsOf('punt').length, 4);
    const gateway = bench.address('west', 'host', 4);
    const packet = bench.echo(ours, address('203.0.113.5'));
    west.plane.command({ kind: 'inject', vrf: INNER, packet, interface: 'lan', gateway }, bench.now);
    assert.equal(west.lan.length, 1);
    assert.deepEqual([west.drops, east.drops], [{ 'too-big': 1 }, {}]);
  });

  check('errors are limited (RFC 1812 section 4.3.2.8, RFC 4443 section 2.4)', () => {
    const bench = new TwinPlanes(makePlane);
    for (let i = 0; i < 2000; i++) {
      bench.west.plane.receive('lan', bench.packet('west', 4, 100, { ttl: 1 }), bench.now);
    }
    assert.ok(bench.west.lan.length > 0 && bench.west.lan.length < 1000);
    assert.equal(bench.west.drops['ttl-exceeded'], 2000);
  });

  check('hostile bytes: nothing throws, each is counted once, no child SA changes', () => {
    const bench = new TwinPlanes(makePlane);
    bench.install(1);
    const { west } = bench;
    const before = west.sa(spiOf('west', 1));
    const [source, destination] = [bench.address('east', 'wan', 4), bench.address('west', 'wan', 4)];
    const random = fc.uint8Array({ maxLength: 120 });
    const protocols = fc.constantFrom(0, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 60, 89);
    const hostile = fc.oneof(
      random,
      random.map((bytes) => Uint8Array.of(0x45, ...bytes)),
      random.map((bytes) => Uint8Array.of(0x60, ...bytes)),
      fc.tuple(protocols, random).map(([protocol, body]) => buildIp({ source, destination, protocol }, body)),
      fc
        .tuple(protocols, random)
        .map(([protocol, body]) =>
          buildIp(
            { source: bench.address('east', 'wan', 6), destination: bench.address('west', 'wan', 6), protocol },
            body,
          ),
        ),
    );
    fc.assert(
      fc.property(hostile, (packet) => {
        const dropped = total(west);
        const punted = west.eventsOf('punt').length;
        west.plane.receive('wan', packet, bench.now);
        west.wire = [];
        const fates = total(west) - dropped + west.eventsOf('punt').length - punted;
        assert.ok(fates <= 1);
        if (fates === 0) assert.ok(mayVanish(packet), `${packet}`);
      }),
      { numRuns: 500 },
    );
    assert.deepEqual(west.sa(spiOf('west', 1)), before);
  });
}

/** Echo requests are answered and fragments wait: neither is dropped. */
function mayVanish(packet: Uint8Array): boolean {
  const parsed = parseIp(packet);
  if (!parsed.ok) return false;
  const { protocol, moreFragments, fragmentOffset } = parsed.value;
  return moreFragments || fragmentOffset > 0 || protocol === Protocol.ICMPV6 || protocol === Protocol.ICMP;
}
