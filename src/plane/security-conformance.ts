/**
 * What any plane must make of security levels.
 *
 *   host 10.1.0.9 -- lan 100 [west] wan 0 -- host 192.0.2.9
 *   host 10.3.0.9 -- dmz  50 [    ] tun 0 == [east] -- host 10.2.0.9
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Family, type IpAddress, Prefix, writeU16 } from '../base/index.ts';
import { buildEcho, buildIcmpError, buildIp, buildUdp, fragmentIp, Protocol, parseIp } from '../ip/index.ts';
import type { PlaneFilter, PlaneFilterEntry, SecurityPolicy } from './contract.ts';
import { address, INNER, type MakePlane, TwinPlanes } from './twin-planes.ts';

type Place = 'lan' | 'dmz' | 'wan' | 'wan2' | 'tun';

const LEVELS = { lan: 100, dmz: 50, wan: 0, wan2: 0, tun: 0 } as const;
const NOTHING: SecurityPolicy = { interInterface: false, intraInterface: false, decryptedObeysLevels: false };

const HOSTS: Readonly<Record<Place, Readonly<Record<Family, IpAddress>>>> = {
  lan: { 4: address('10.1.0.9'), 6: address('2001:db8:1::9') },
  dmz: { 4: address('10.3.0.9'), 6: address('2001:db8:3::9') },
  wan: { 4: address('192.0.2.9'), 6: address('2001:db8:f::9') },
  wan2: { 4: address('10.4.0.9'), 6: address('2001:db8:4::9') },
  tun: { 4: address('10.2.0.9'), 6: address('2001:db8:2::9') },
};

const ANYWHERE = [Prefix.all(4), Prefix.all(6)];
const EVERYTHING: PlaneFilterEntry = { permit: true, protocol: 0, source: ANYWHERE, destination: ANYWHERE };
const BGP: PlaneFilterEntry = {
  ...EVERYTHING,
  protocol: Protocol.TCP,
  destinationPorts: { from: 179, to: 179 },
};

const SYN = 0x02;
const SYN_ACK = 0x12;
const ACK = 0x10;
const FIN_ACK = 0x11;
const RST = 0x04;

/** West with all its interfaces in one VRF, as an ASA has them. */
class Levels {
  readonly bench: TwinPlanes;
  /** Where each packet left that was no ESP. */
  readonly left: { by: string; packet: Uint8Array }[] = [];

  constructor(makePlane: MakePlane, policy: Partial<SecurityPolicy> = {}) {
    this.bench = new TwinPlanes((parts) => {
      const transmit: typeof parts.sink.transmit = (name, nextHop, packet) => {
        this.left.push({ by: name, packet });
        parts.sink.transmit(name, nextHop, packet);
      };
      return makePlane({ ...parts, sink: { ...parts.sink, transmit } });
    });
    const { bench } = this;
    const { west } = bench;
    for (const name of ['lan', 'wan', 'tun'] as const) {
      const tunnel = { frontVrf: INNER, df: 'copy', fragmentation: 'before', underlay: 'wan' } as const;
      const change = { name, vrf: INNER, securityLevel: LEVELS[name], ...(name === 'tun' && { tunnel }) };
      bench.setInterface(west, change);
    }
    for (const [name, v4, v6] of [
      ['dmz', '10.3.0.1', '2001:db8:3::1'],
      ['wan2', '10.4.0.1', '2001:db8:4::1'],
    ] as const) {
      const addresses = [
        { address: address(v4), length: 24 },
        { address: address(v6), length: 64 },
      ];
      const common = { vrf: INNER, kind: 'ethernet', up: true, mtu: 1500, clampMss: 0 } as const;
      const config = { ...common, name, addresses, securityLevel: LEVELS[name] };
      west.plane.command({ kind: 'set-interface', interface: config }, bench.now);
    }
    for (const [to, name] of [
      ['192.0.2.0/24', 'wan'],
      ['2001:db8:f::/64', 'wan'],
      ['10.3.0.0/24', 'dmz'],
      ['2001:db8:3::/64', 'dmz'],
      ['10.4.0.0/24', 'wan2'],
      ['2001:db8:4::/64', 'wan2'],
    ] as const) {
      const prefix = Prefix.parse(to);
      assert.ok(prefix);
      west.plane.command({ kind: 'set-route', vrf: INNER, prefix, nextHops: [{ interface: name }] }, bench.now);
    }
    for (const to of ['0.0.0.0/0', '::/0', '10.2.0.9/32', '2001:db8:2::9/128']) {
      const prefix = Prefix.parse(to);
      assert.ok(prefix);
      bench.east.plane.command({ kind: 'set-route', vrf: INNER, prefix, nextHops: [{ interface: 'tun' }] }, bench.now);
    }
    this.policy(policy);
    bench.install(1);
  }

  policy(policy: Partial<SecurityPolicy>): void {
    this.bench.west.plane.command({ kind: 'set-security-policy', policy: { ...NOTHING, ...policy } }, this.bench.now);
  }

  readonly #filters: PlaneFilter[] = [];

  /** Adds an access list, or replaces that of the place; without arguments takes all of them away. */
  filter(place?: Place, direction: 'in' | 'out' = 'in', entries?: readonly PlaneFilterEntry[]): void {
    if (entries === undefined) this.#filters.splice(0);
    else if (place !== undefined) this.#filters.push({ interface: place, direction, entries });
    else this.#filters.push({ direction, entries });
    this.bench.west.plane.command({ kind: 'set-filters', filters: [...this.#filters] }, this.bench.now);
  }

  /** Sends a packet into west from a place, and tells where it, or the answer to it, left; `ours` if it was punted. */
  send(from: Place, packet: Uint8Array): string {
    const { bench, left } = this;
    const { west, east } = bench;
    const punts = west.eventsOf('punt').length;
    const first = left.length;
    if (from === 'tun') {
      east.plane.receive('lan', packet, bench.now);
      left.splice(first);
      for (const outer of bench.takeWire(east)) west.plane.receive('wan', outer, bench.now);
    } else west.plane.receive(from, packet, bench.now);
    bench.takeWire(west);
    if (west.eventsOf('punt').length > punts) return 'ours';
    return left
      .splice(first)
      .map(({ by, packet: sent }) => (protocolOf(sent) === Protocol.ESP ? 'tun' : by))
      .join(' ');
  }

  get refused(): number {
    return this.bench.west.drops['security-level'] ?? 0;
  }
}

function protocolOf(packet: Uint8Array): number {
  const header = parseIp(packet);
  assert.ok(header.ok);
  return header.value.protocol;
}

function udp(from: Place, to: Place, family: Family = 4, ports: [number, number] = [5000, 53], length = 40) {
  const [source, destination] = [HOSTS[from][family], HOSTS[to][family]];
  const datagram = buildUdp(
    { address: source, port: ports[0] },
    { address: destination, port: ports[1] },
    new Uint8Array(length),
  );
  return buildIp({ source, destination, protocol: Protocol.UDP, identification: 77 }, datagram);
}

function tcp(from: Place, to: Place, flags: number, ports: [number, number], family: Family = 4): Uint8Array {
  const segment = new Uint8Array(20);
  writeU16(segment, 0, ports[0]);
  writeU16(segment, 2, ports[1]);
  segment[12] = 0x50;
  segment[13] = flags;
  return buildIp({ source: HOSTS[from][family], destination: HOSTS[to][family], protocol: Protocol.TCP }, segment);
}

function echo(source: IpAddress, destination: IpAddress, id: number, reply: boolean, length = 32): Uint8Array {
  return buildEcho({ source, destination, id, sequence: 1, data: new Uint8Array(length), reply });
}

const UNASKED: readonly (readonly [Place, Place, Partial<SecurityPolicy>, boolean])[] = [
  ['lan', 'wan', {}, true],
  ['lan', 'dmz', {}, true],
  ['dmz', 'wan', {}, true],
  ['lan', 'tun', {}, true],
  ['lan', 'tun', { decryptedObeysLevels: true }, true],
  ['wan', 'lan', {}, false],
  ['wan', 'lan', { interInterface: true, intraInterface: true }, false],
  ['wan', 'dmz', {}, false],
  ['dmz', 'lan', {}, false],
  ['wan', 'wan2', {}, false],
  ['wan', 'wan2', { intraInterface: true }, false],
  ['wan', 'wan2', { interInterface: true }, true],
  ['wan', 'wan', {}, false],
  ['wan', 'wan', { interInterface: true }, false],
  ['wan', 'wan', { intraInterface: true }, true],
  ['lan', 'lan', {}, false],
  ['lan', 'lan', { intraInterface: true }, true],
  ['wan', 'tun', {}, false],
  ['wan', 'tun', { interInterface: true }, true],
  ['tun', 'lan', {}, true],
  ['tun', 'dmz', {}, true],
  ['tun', 'lan', { decryptedObeysLevels: true }, false],
  ['tun', 'wan', {}, false],
  ['tun', 'wan', { interInterface: true }, true],
  ['tun', 'tun', {}, false],
  ['tun', 'tun', { intraInterface: true }, true],
];

export function securityConformance(name: string, makePlane: MakePlane): void {
  const check = (claim: string, body: () => void): void => void test(`${name}: ${claim}`, body);

  check('an access list goes before security levels, and answers pass it', () => {
    const levels = new Levels(makePlane);
    levels.filter('wan', 'in', [BGP]);
    assert.equal(levels.send('wan', tcp('wan', 'lan', SYN, [1024, 179])), 'lan');
    assert.equal(levels.send('lan', tcp('lan', 'wan', SYN_ACK, [179, 1024])), 'wan');
    assert.equal(levels.send('wan', tcp('wan', 'lan', SYN, [1024, 22])), '');
    assert.equal(levels.send('wan', udp('wan', 'lan', 4, [1024, 179])), '');
    assert.deepEqual(levels.bench.west.drops, { 'access-list': 2 });
    // What lan begins has no list, and its answers no need of one.
    assert.equal(levels.send('lan', udp('lan', 'wan')), 'wan');
    assert.equal(levels.send('wan', udp('wan', 'lan', 4, [53, 5000])), 'lan');
    levels.filter('lan', 'in', []);
    assert.equal(levels.send('lan', udp('lan', 'wan', 4, [5001, 53])), '', 'an empty list denies all');
    assert.equal(levels.send('wan', tcp('wan', 'lan', SYN, [1025, 179])), 'lan');
    levels.filter();
    assert.equal(levels.send('lan', udp('lan', 'wan', 4, [5001, 53])), 'wan');
    assert.equal(levels.send('wan', tcp('wan', 'lan', SYN, [1026, 179])), '', 'levels alone again');
    assert.equal(levels.refused, 1);
  });

  check('an access list keeps clear text out of a tunnel of its level, and decrypted traffic is judged if told', () => {
    const levels = new Levels(makePlane, { interInterface: true });
    assert.equal(levels.send('wan', udp('wan', 'tun')), 'tun');
    levels.filter('wan', 'in', [BGP]);
    assert.equal(levels.send('wan', udp('wan', 'tun')), '');
    levels.filter('tun', 'in', [BGP]);
    assert.equal(levels.send('tun', udp('tun', 'lan')), 'lan');
    levels.policy({ decryptedObeysLevels: true });
    assert.equal(levels.send('tun', udp('tun', 'lan', 4, [7, 7])), '');
    assert.equal(levels.send('tun', tcp('tun', 'lan', SYN, [1024, 179])), 'lan');
    assert.deepEqual(levels.bench.west.drops, { 'access-list': 2 });
  });

  check('a list outward and a list of all interfaces', () => {
    const levels = new Levels(makePlane);
    levels.filter('wan', 'out', [{ ...BGP, permit: false }, EVERYTHING]);
    levels.filter(undefined, 'in', [
      { ...EVERYTHING, protocol: Protocol.TCP },
      { ...EVERYTHING, source: [] },
    ]);
    assert.equal(levels.send('lan', tcp('lan', 'wan', SYN, [1, 22])), 'wan');
    assert.equal(levels.send('lan', tcp('lan', 'wan', SYN, [1, 179])), '');
    assert.equal(levels.send('lan', udp('lan', 'wan')), '');
    assert.equal(levels.send('dmz', tcp('dmz', 'lan', SYN, [1, 22])), 'lan');
  });

  for (const [from, to, policy, passes] of UNASKED) {
    const given = Object.keys(policy).join(' and ') || 'no policy';
    check(`security levels: ${from} to ${to} ${passes ? 'passes' : 'is refused'} with ${given}`, () => {
      const levels = new Levels(makePlane, policy);
      for (const family of [4, 6] as const) assert.equal(levels.send(from, udp(from, to, family)), passes ? to : '');
      assert.deepEqual(levels.bench.west.drops, passes ? {} : { 'security-level': 2 });
    });
  }

  check('security levels: an interface without one lets pass', () => {
    const levels = new Levels(makePlane);
    levels.bench.setInterface(levels.bench.west, { name: 'wan', vrf: INNER });
    assert.equal(levels.send('wan', udp('wan', 'lan')), 'lan');
    assert.equal(levels.refused, 0);
  });

  for (const family of [4, 6] as const) {
    check(`security levels: answers over UDP come back for two minutes, IPv${family}`, () => {
      const levels = new Levels(makePlane);
      assert.equal(levels.send('lan', udp('lan', 'wan', family)), 'wan');
      assert.equal(levels.send('wan', udp('wan', 'lan', family, [53, 5000])), 'lan');
      assert.equal(levels.send('wan', udp('wan', 'lan', family, [53, 5001])), '');
      assert.equal(levels.send('wan', udp('wan', 'lan', family, [54, 5000])), '');
      assert.equal(levels.send('wan2', udp('wan', 'lan', family, [53, 5000])), '', 'by another interface');
      levels.bench.pass(100_000);
      assert.equal(levels.send('wan', udp('wan', 'lan', family, [53, 5000])), 'lan');
      levels.bench.pass(119_999);
      assert.equal(levels.send('wan', udp('wan', 'lan', family, [53, 5000])), 'lan', 'an answer keeps it alive');
      levels.bench.pass(120_000);
      assert.equal(levels.send('wan', udp('wan', 'lan', family, [53, 5000])), '');
      assert.equal(levels.refused, 4);
    });

    check(`security levels: a TCP connection from above lives until it is idle, IPv${family}`, () => {
      const levels = new Levels(makePlane);
      const out = (flags: number): string => levels.send('lan', tcp('lan', 'wan', flags, [4000, 80], family));
      const back = (flags: number): string => levels.send('wan', tcp('wan', 'lan', flags, [80, 4000], family));
      assert.equal(back(SYN), '');
      assert.equal(out(ACK), 'wan');
      assert.equal(back(ACK), '', 'nothing but SYN opens one');
      assert.equal(out(SYN), 'wan');
      levels.bench.pass(30_000);
      assert.equal(back(SYN_ACK), '', 'answered too late');
      assert.equal(out(SYN), 'wan');
      assert.equal(back(SYN_ACK), 'lan');
      assert.equal(out(ACK), 'wan');
      levels.bench.pass(3_599_999);
      assert.equal(back(ACK), 'lan');
      assert.equal(back(RST), 'lan');
      levels.bench.pass(3_599_999);
      assert.equal(back(ACK), 'lan', 'a RST from below, which anybody may send, closes nothing');
      assert.equal(out(FIN_ACK), 'wan');
      levels.bench.pass(599_999);
      assert.equal(back(ACK), 'lan', 'half closed');
      assert.equal(back(FIN_ACK), 'lan');
      levels.bench.pass(30_000);
      assert.equal(back(ACK), '', 'closed');
      assert.equal(out(SYN), 'wan');
      assert.equal(back(SYN_ACK), 'lan', 'the ports used again');
      assert.equal(out(RST), 'wan');
      levels.bench.pass(30_000);
      assert.equal(back(ACK), '');
      assert.equal(levels.refused, 5);
    });

    check(`security levels: echo replies come back within two seconds, requests never, IPv${family}`, () => {
      const levels = new Levels(makePlane);
      const [lan, wan] = [HOSTS.lan[family], HOSTS.wan[family]];
      assert.equal(levels.send('lan', echo(lan, wan, 7, false)), 'wan');
      assert.equal(levels.send('wan', echo(wan, lan, 7, true)), 'lan');
      assert.equal(levels.send('wan', echo(wan, lan, 8, true)), '');
      assert.equal(levels.send('wan', echo(wan, lan, 7, false)), '');
      assert.equal(levels.send('wan', echo(HOSTS.wan2[family], lan, 7, true)), '');
      levels.bench.pass(2000);
      assert.equal(levels.send('wan', echo(wan, lan, 7, true)), '');
      assert.equal(levels.refused, 4);
    });

    check(`security levels: ICMP errors pass that quote what was sent, to who sent it, IPv${family}`, () => {
      const levels = new Levels(makePlane);
      const source = address(family === 4 ? '192.0.2.7' : '2001:db8:f::7');
      const request = udp('lan', 'wan', family);
      const ping = echo(HOSTS.lan[family], HOSTS.wan[family], 7, false);
      const never = udp('lan', 'wan', family, [5001, 53]);
      for (const packet of [request, ping]) assert.equal(levels.send('lan', packet), 'wan');
      for (const kind of ['unreachable', 'too-big', 'time-exceeded'] as const) {
        const about = (offending: Uint8Array): Uint8Array => {
          const error = buildIcmpError({ source, kind, mtu: 1300, offending });
          assert.ok(error);
          return error;
        };
        assert.equal(levels.send('wan', about(request)), 'lan');
        assert.equal(levels.send('wan', about(ping)), 'lan');
        assert.equal(levels.send('wan', about(never)), '');
        const elsewhere = parseIp(about(request));
        assert.ok(elsewhere.ok);
        const message = about(request).slice(elsewhere.value.payloadOffset);
        const { protocol } = elsewhere.value;
        // For IPv6 its checksum is wrong as well; for IPv4 the addresses alone are.
        const another = address(family === 4 ? '10.1.0.8' : '2001:db8:1::8');
        assert.equal(levels.send('wan', buildIp({ source, destination: another, protocol }, message)), '');
      }
      levels.bench.pass(120_000);
      const late = buildIcmpError({ source, kind: 'unreachable', offending: request });
      assert.ok(late);
      assert.equal(levels.send('wan', late), '', 'errors keep nothing alive');
    });

    check(`security levels: fragments follow the first one, IPv${family}`, () => {
      const levels = new Levels(makePlane);
      const cut = (packet: Uint8Array, id: number, size = 600): readonly Uint8Array[] => fragmentIp(packet, size, id);
      const large = (from: Place, to: Place, ports: [number, number]): Uint8Array => udp(from, to, family, ports, 1400);
      const whole = large('wan', 'lan', [53, 5000]);
      const [early = whole, ...rest] = cut(whole, 1);
      for (const fragment of cut(large('wan', 'lan', [53, 5000]), 1)) assert.equal(levels.send('wan', fragment), '');
      for (const fragment of cut(large('lan', 'wan', [5000, 53]), 2)) assert.equal(levels.send('lan', fragment), 'wan');
      for (const fragment of rest) assert.equal(levels.send('wan', fragment), '', 'before the first one');
      assert.equal(levels.send('wan', early), 'lan');
      for (const fragment of rest) assert.equal(levels.send('wan', fragment), 'lan');
      // RFC 1858 section 4: finer pieces would write over the ports of the first one.
      const [, overlapping = whole] = cut(whole, 1, 128);
      assert.equal(levels.send('wan', overlapping), '');
      levels.bench.pass(5000);
      for (const fragment of rest) assert.equal(levels.send('wan', fragment), '', 'long after it');
    });
  }

  check('security levels: other protocols find back by their addresses', () => {
    const levels = new Levels(makePlane);
    const gre = (from: Place, to: Place): Uint8Array =>
      buildIp({ source: HOSTS[from][4], destination: HOSTS[to][4], protocol: Protocol.GRE }, new Uint8Array(24));
    assert.equal(levels.send('wan', gre('wan', 'lan')), '');
    assert.equal(levels.send('lan', gre('lan', 'wan')), 'wan');
    assert.equal(levels.send('wan', gre('wan', 'lan')), 'lan');
  });

  check('security levels: when decrypted traffic obeys them, answers come back by the tunnel too', () => {
    const levels = new Levels(makePlane, { decryptedObeysLevels: true });
    assert.equal(levels.send('tun', udp('tun', 'lan', 4, [53, 5000])), '');
    assert.equal(levels.send('lan', udp('lan', 'tun')), 'tun');
    assert.equal(levels.send('tun', udp('tun', 'lan', 4, [53, 5000])), 'lan');
    levels.policy({});
    assert.equal(levels.send('tun', udp('tun', 'lan', 4, [54, 5000])), 'lan');
  });

  check('security levels: our address behind a more trusted interface is not reached from below in clear', () => {
    const levels = new Levels(makePlane, { interInterface: true });
    const { bench } = levels;
    const [lan, wan] = [bench.lanAddress('west', 4), bench.address('west', 'wan', 4)];
    assert.equal(levels.send('wan', echo(HOSTS.wan[4], lan, 1, false)), '');
    const syn = buildIp({ source: HOSTS.wan[4], destination: lan, protocol: Protocol.TCP }, new Uint8Array(20));
    assert.equal(levels.send('wan', syn), '');
    const fragments = fragmentIp(echo(HOSTS.wan[4], lan, 1, false, 900), 300, 5);
    for (const fragment of fragments) assert.equal(levels.send('wan', fragment), '');
    assert.equal(levels.refused, 2 + fragments.length);
    assert.equal(levels.send('wan', echo(HOSTS.wan[4], wan, 1, false)), 'wan');
    assert.equal(levels.send('lan', echo(HOSTS.lan[4], wan, 1, false)), 'lan');
    assert.equal(levels.send('dmz', echo(HOSTS.dmz[4], bench.tunAddress('west', 4), 1, false)), 'dmz');
    assert.equal(levels.send('tun', echo(HOSTS.tun[4], lan, 1, false)), 'tun', 'the peer of a tunnel may');
    const packet = echo(lan, HOSTS.wan[4], 3, false);
    bench.west.plane.command({ kind: 'inject', vrf: INNER, packet }, bench.now);
    assert.equal(levels.send('wan', echo(HOSTS.wan[4], lan, 3, true)), 'ours', 'the answer to our own request');
  });

  check('security levels: whoever takes the address of another has nothing sent to it', () => {
    for (const policy of [{}, { interInterface: true, intraInterface: true }]) {
      const levels = new Levels(makePlane, policy);
      const { bench } = levels;
      const own = bench.address('west', 'wan', 4);
      for (const place of ['lan', 'dmz', 'tun'] as const) {
        assert.equal(levels.send('wan', echo(HOSTS[place][4], own, 1, false)), '');
        const lost = buildIp(
          { source: HOSTS[place][4], destination: address('203.0.113.1'), protocol: Protocol.UDP },
          new Uint8Array(8),
        );
        assert.equal(levels.send('wan', lost), '', 'nor an error');
      }
      assert.deepEqual(bench.west.drops, { 'security-level': 3, 'no-route': 3 });
      assert.equal(levels.send('tun', echo(HOSTS.tun[4], own, 1, false)), 'tun');
      assert.equal(levels.send('lan', echo(HOSTS.wan[4], own, 1, false)), 'wan');
    }
  });

  check('security levels: a flood from above is let out and forgotten in time', () => {
    const levels = new Levels(makePlane);
    levels.send('lan', tcp('lan', 'wan', SYN, [4000, 80]));
    levels.send('wan', tcp('wan', 'lan', SYN_ACK, [80, 4000]));
    for (let i = 0; i < 40_000; i++) levels.send('lan', udp('lan', 'wan', 4, [i, 53], 0));
    assert.equal(levels.send('wan', tcp('wan', 'lan', ACK, [80, 4000])), 'lan', 'connections outlive datagrams');
    assert.equal(levels.send('wan', udp('wan', 'lan', 4, [53, 39_999])), 'lan');
    assert.equal(levels.send('wan', udp('wan', 'lan', 4, [53, 0])), '', 'the oldest made room');
  });
}
