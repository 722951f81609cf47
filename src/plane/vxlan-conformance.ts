/** What any plane must do with layer-3 VNIs: RFC 7348, RFC 9135. Two tenants with the same addresses at both ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Prefix } from '../base/index.ts';
import {
  buildIp,
  buildUdp,
  buildVxlan,
  EtherType,
  Protocol,
  parseEthernet,
  parseIcmp,
  parseIp,
  parseUdp,
  parseVxlan,
  VXLAN_PORT,
} from '../ip/index.ts';
import { address, INNER, type MakePlane, type Side, type SideName, TwinPlanes } from './twin-planes.ts';

const VTEP = { west: address('172.16.0.1'), east: address('172.16.0.2') } as const;
const MAC = { west: Uint8Array.of(2, 0, 0, 0, 0, 1), east: Uint8Array.of(2, 0, 0, 0, 0, 2) } as const;
const HOST = { west: address('10.9.1.9'), east: address('10.9.2.9') } as const;
const GATEWAY = { west: address('10.9.1.1'), east: address('10.9.2.1') } as const;
const LAN = { west: '10.9.1.0/24', east: '10.9.2.0/24' } as const;
const TENANTS = [7, 8] as const;

const other = (side: SideName): SideName => (side === 'west' ? 'east' : 'west');

function prefix(text: string): Prefix {
  const value = Prefix.parse(text);
  assert.ok(value);
  return value;
}

/** The twins with an underlay of their tunnel or of plain links, and both tenants at either end. */
function overlay(makePlane: MakePlane, underlay: 'tun' | 'wan' = 'wan', options = {}): TwinPlanes {
  const bench = new TwinPlanes(makePlane, options);
  if (underlay === 'tun') bench.install(1);
  for (const side of [bench.west, bench.east]) {
    const { name, plane } = side;
    const front = underlay === 'tun' ? INNER : 'INET';
    const common = { up: true, clampMss: 0, mtu: 1500 } as const;
    const own = [{ address: VTEP[name], length: 32 }];
    const loopback = { ...common, name: 'loop', vrf: front, kind: 'loopback', addresses: own } as const;
    plane.command({ kind: 'set-interface', interface: loopback }, bench.now);
    const way = [{ interface: underlay, ...(underlay === 'wan' ? { gateway: VTEP[other(name)] } : {}) }];
    const far = Prefix.host(VTEP[other(name)]);
    plane.command({ kind: 'set-route', vrf: front, prefix: far, nextHops: way }, bench.now);
    for (const tenant of TENANTS) {
      const vrf = `T${tenant}`;
      const addresses = [{ address: GATEWAY[name], length: 24 }];
      const lan = { ...common, name: `lan${tenant}`, vrf, kind: 'ethernet', addresses } as const;
      plane.command({ kind: 'set-interface', interface: lan }, bench.now);
      const vxlan = { frontVrf: front, source: VTEP[name], vni: 50_000 + tenant, routerMac: MAC[name] };
      const nve = { ...common, mtu: 9000, name: `nve${tenant}`, vrf, kind: 'vxlan', addresses: [], vxlan } as const;
      plane.command({ kind: 'set-interface', interface: nve }, bench.now);
      const peer = { vtep: VTEP[other(name)], vni: 50_000 + tenant, routerMac: MAC[other(name)] };
      plane.command({ kind: 'set-vxlan-peer', interface: `nve${tenant}`, peer }, bench.now);
      const routes = [
        [LAN[name], { interface: `lan${tenant}` }],
        [LAN[other(name)], { interface: `nve${tenant}`, gateway: VTEP[other(name)] }],
      ] as const;
      for (const [to, hop] of routes)
        plane.command({ kind: 'set-route', vrf, prefix: prefix(to), nextHops: [hop] }, bench.now);
    }
  }
  return bench;
}

function packet(from: SideName, length = 100, df = false, mark = 0, port = 5000): Uint8Array {
  const [source, destination] = [HOST[from], HOST[other(from)]];
  const data = new Uint8Array(length - 28).fill(mark);
  const udp = buildUdp({ address: source, port }, { address: destination, port: 7000 }, data);
  return buildIp({ source, destination, protocol: Protocol.UDP, df }, udp);
}

function counted(side: Side, name: string) {
  const found = side.counters.interfaces.find((one) => one.name === name);
  assert.ok(found);
  return found;
}

/** A datagram of VXLAN on the wire, taken apart. */
function opened(outer: Uint8Array | undefined) {
  assert.ok(outer);
  const header = parseIp(outer);
  assert.ok(header.ok);
  const datagram = parseUdp(header.value, outer);
  assert.ok(datagram.ok);
  const vxlan = parseVxlan(datagram.value.payload);
  assert.ok(vxlan.ok);
  const frame = parseEthernet(vxlan.value.frame);
  assert.ok(frame.ok);
  return { outer: header.value, datagram: datagram.value, vni: vxlan.value.vni, frame: frame.value };
}

export function vxlanConformance(name: string, makePlane: MakePlane): void {
  const check = (claim: string, body: () => void): void => void test(`${name}: VXLAN: ${claim}`, body);

  check('tenants with the same addresses reach their own other end and no other', () => {
    for (const underlay of ['wan', 'tun'] as const) {
      const bench = overlay(makePlane, underlay);
      const { west, east } = bench;
      for (const tenant of TENANTS) {
        west.plane.receive(`lan${tenant}`, packet('west', 100, false, tenant), bench.now);
        bench.deliver();
        const arrived = east.lan.pop();
        assert.equal(arrived?.[99], tenant);
        assert.equal(arrived?.[8], 62, 'both routers count the TTL down');
        assert.equal(counted(east, `lan${tenant}`).outPackets, 1);
        assert.equal(counted(east, `nve${tenant}`).inPackets, 1);
        assert.equal(counted(west, `nve${tenant}`).outBytes, 100);
      }
      assert.deepEqual([west.drops, east.drops], [{}, {}]);
    }
  });

  check('a frame goes from router to router with the VNI of the tenant (RFC 7348 section 5)', () => {
    const bench = overlay(makePlane);
    const ports = new Set<number>();
    for (let port = 1; port <= 40; port++) {
      bench.west.plane.receive('lan7', packet('west', 100, false, 1, port), bench.now);
      const [sent] = bench.takeWire(bench.west);
      assert.equal(sent?.length, 150);
      const { outer, datagram, vni, frame } = opened(sent);
      assert.deepEqual([String(outer.source), String(outer.destination)], ['172.16.0.1', '172.16.0.2']);
      assert.deepEqual([outer.df, datagram.destinationPort, vni], [true, VXLAN_PORT, 50_007]);
      assert.deepEqual([...frame.destination, ...frame.source], [...MAC.east, ...MAC.west]);
      assert.ok(datagram.sourcePort >= 49_152);
      ports.add(datagram.sourcePort);
    }
    assert.ok(ports.size > 30, 'flows differ by their source port');
  });

  check('what does not fit the underlay is cut before, or refused with the size that does', () => {
    const bench = overlay(makePlane, 'tun', { tunnelMtu: 1438 });
    const { west, east } = bench;
    for (const [length, parts] of [
      [1388, 1],
      [1389, 2],
    ] as const) {
      west.plane.receive('lan7', packet('west', length), bench.now);
      bench.deliver();
      assert.equal(east.lan.splice(0).length, parts);
    }
    west.plane.receive('lan7', packet('west', 1388, true), bench.now);
    bench.deliver();
    assert.equal(east.lan.pop()?.length, 1388);
    west.plane.receive('lan7', packet('west', 1389, true), bench.now);
    const answer = west.lan.pop();
    assert.ok(answer);
    const header = parseIp(answer);
    assert.ok(header.ok);
    const message = parseIcmp(header.value, answer);
    assert.ok(message.ok && message.value.kind === 'too-big');
    assert.equal(message.value.mtu, 1388);
    assert.deepEqual(west.drops, { 'too-big': 1 });
  });

  check('strangers, unknown VNIs and frames that are not for us are named and counted', () => {
    const bench = overlay(makePlane);
    const { east } = bench;
    const inner = packet('west');
    const give = (
      change: Partial<{ source: string; vni: number; mac: Uint8Array; type: number; inside: Uint8Array }>,
    ) => {
      const { source = '172.16.0.1', vni = 50_007, mac = MAC.east, type = EtherType.IPV4, inside = inner } = change;
      const frame = { destination: mac, source: MAC.west, etherType: type, payload: inside };
      const to = { address: VTEP.east, port: VXLAN_PORT };
      const udp = buildUdp({ address: address(source), port: 50_000 }, to, buildVxlan(vni, frame));
      const fields = { source: address(source), destination: VTEP.east, protocol: Protocol.UDP };
      east.plane.receive('wan', buildIp(fields, udp), bench.now);
    };
    give({});
    assert.equal(east.lan.splice(0).length, 1);
    give({ source: '172.16.0.66' });
    give({ vni: 50_009 });
    give({ mac: MAC.west });
    give({ type: EtherType.VLAN });
    give({ type: EtherType.IPV6 });
    give({ inside: inner.subarray(0, 19) });
    const expected = { 'unknown-vtep': 1, 'unknown-vni': 1, 'not-ours': 1, 'unsupported-protocol': 1, malformed: 2 };
    assert.deepEqual(east.drops, expected);
    assert.deepEqual([east.lan, east.events], [[], []]);
    const vtep = VTEP.west;
    east.plane.command({ kind: 'remove-vxlan-peer', interface: 'nve7', vtep }, bench.now);
    give({});
    assert.equal(east.drops['unknown-vtep'], 2);
    east.plane.receive('lan7', packet('east'), bench.now);
    assert.equal(east.drops['unknown-vtep'], 3);
    assert.equal(bench.takeWire(east).length, 0);
    east.plane.command({ kind: 'remove-interface', name: 'nve7' }, bench.now);
    give({});
    assert.equal(east.drops['unknown-vni'], 2);
  });

  check('no bytes in a datagram make it throw, and each one that does not pass is counted once', () => {
    const bench = overlay(makePlane);
    const { east } = bench;
    const total = (): number => Object.values(east.drops).reduce((sum, count) => sum + count, 0);
    const well = buildVxlan(50_007, {
      destination: MAC.east,
      source: MAC.west,
      etherType: EtherType.IPV4,
      payload: packet('west'),
    });
    const damaged = fc
      .tuple(fc.nat(well.length - 1), fc.nat(255), fc.nat(well.length))
      .map(([at, value, cut]) => well.with(at, value).subarray(0, cut));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), damaged), (payload) => {
        const before = total();
        const udp = buildUdp({ address: VTEP.west, port: 1 }, { address: VTEP.east, port: VXLAN_PORT }, payload);
        const fields = { source: VTEP.west, destination: VTEP.east, protocol: Protocol.UDP };
        east.plane.receive('wan', buildIp(fields, udp), bench.now);
        bench.takeWire(east);
        const passed = east.lan.splice(0).length + east.events.splice(0).length;
        assert.ok(total() - before + passed >= 1 || payload.length >= well.length);
        assert.ok(total() - before <= 2);
      }),
    );
  });
}
