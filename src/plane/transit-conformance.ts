/**
 * What any plane must do to TCP that passes between two of its interfaces.
 *
 *   host 10.1.0.9 -- lan 100 [west] wan 0 -- host 192.0.2.9
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type IpAddress, Prefix, readU32, writeU16, writeU32 } from '../base/index.ts';
import { buildIcmpError, buildIp, internetChecksum, Protocol, parseIp, pseudoHeaderSum } from '../ip/index.ts';
import type { PlaneTcpNormalisation, PlaneTransitPolicy, PlaneTransitRule } from './contract.ts';
import { address, INNER, type MakePlane, TwinPlanes } from './twin-planes.ts';

const INSIDE = address('10.1.0.9');
const OUTSIDE = address('192.0.2.9');

const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const FIN_ACK = 0x11;
const SYN_ACK = 0x12;
const URG = 0x20;

const MSS = [2, 4, 5, 0xb4];
const MD5 = [19, 18, ...Array.from({ length: 16 }, (_, i) => i)];
const NOTHING_MORE = [1, 1];

const CLEANING: PlaneTcpNormalisation = {
  options: [
    { from: 6, to: 7, treatment: 'clear' },
    { from: 9, to: 255, treatment: 'clear' },
  ],
  urgentFlag: 'clear',
  reservedBits: 'allow',
  verifiesChecksum: false,
};
const TIMEOUTS = { idleMs: 3_600_000, halfClosedMs: 600_000, embryonicMs: 30_000 };
const ANYWHERE = [Prefix.all(4), Prefix.all(6)];
const BGP = {
  permit: true,
  protocol: Protocol.TCP,
  source: ANYWHERE,
  destination: ANYWHERE,
  destinationPorts: { from: 179, to: 179 },
} as const;
const TO_BGP: PlaneTransitRule = {
  name: 'bgp',
  matches: [BGP],
  connection: { randomSequenceNumbers: false, timeouts: TIMEOUTS },
  normalisation: { ...CLEANING, options: [...CLEANING.options, { from: 19, to: 19, treatment: 'allow' }] },
};

type Fields = Readonly<{
  from?: 'in' | 'out';
  flags: number;
  seq?: number;
  ack?: number;
  ports?: readonly [number, number];
  options?: readonly number[];
  data?: number;
}>;

/** What came out, as its receiver reads it. */
type Read = Readonly<{ seq: number; ack: number; flags: number; options: readonly number[]; isRight: boolean }>;

class Wall {
  readonly bench: TwinPlanes;
  #left: Uint8Array[] = [];

  constructor(makePlane: MakePlane, policy?: Partial<PlaneTransitPolicy>) {
    this.bench = new TwinPlanes((parts) => {
      const transmit: typeof parts.sink.transmit = (_name, _hop, packet) => void this.#left.push(packet);
      return makePlane({ ...parts, sink: { ...parts.sink, transmit } });
    });
    const { bench } = this;
    for (const [name, securityLevel] of [
      ['lan', 100],
      ['wan', 0],
    ] as const)
      bench.setInterface(bench.west, { name, vrf: INNER, securityLevel });
    const prefix = Prefix.parse('192.0.2.0/24');
    assert.ok(prefix, 'a prefix');
    bench.west.plane.command({ kind: 'set-route', vrf: INNER, prefix, nextHops: [{ interface: 'wan' }] }, bench.now);
    this.policy(policy);
  }

  policy(policy: Partial<PlaneTransitPolicy> = {}): void {
    const whole = { rules: [], normalisation: CLEANING, timeouts: TIMEOUTS, ...policy };
    this.bench.west.plane.command({ kind: 'set-transit-policy', policy: whole }, this.bench.now);
  }

  /** Sends a packet in from a side; what left for the other one. */
  pass(from: 'in' | 'out', packet: Uint8Array): Uint8Array | undefined {
    this.#left = [];
    this.bench.west.plane.receive(from === 'in' ? 'lan' : 'wan', packet, this.bench.now);
    return this.#left[0];
  }

  send(fields: Fields): Read | undefined {
    const left = this.pass(fields.from ?? 'in', segment(fields));
    return left && read(left);
  }

  get counters() {
    return this.bench.west.counters.transit ?? [];
  }

  get status() {
    return this.bench.west.plane.connections(this.bench.now);
  }

  get drops() {
    return this.bench.west.drops;
  }
}

function segment({
  from = 'in',
  flags,
  seq = 1,
  ack = 0,
  ports = [4000, 80],
  options = [],
  data = 0,
}: Fields): Uint8Array {
  const length = 20 + options.length;
  const bytes = new Uint8Array(length + data).fill(0x5a, length);
  const [source, destination]: [IpAddress, IpAddress] = from === 'in' ? [INSIDE, OUTSIDE] : [OUTSIDE, INSIDE];
  writeU16(bytes, 0, from === 'in' ? ports[0] : ports[1]);
  writeU16(bytes, 2, from === 'in' ? ports[1] : ports[0]);
  writeU32(bytes, 4, seq);
  writeU32(bytes, 8, ack);
  bytes[12] = (length / 4) << 4;
  bytes[13] = flags;
  writeU16(bytes, 14, 8192);
  if ((flags & URG) !== 0) writeU16(bytes, 18, 7);
  bytes.set(options, 20);
  writeU16(bytes, 16, internetChecksum(bytes, pseudoHeaderSum(source, destination, Protocol.TCP, bytes.length)));
  return buildIp({ source, destination, protocol: Protocol.TCP, df: true }, bytes);
}

function read(packet: Uint8Array): Read {
  const parsed = parseIp(packet);
  assert.ok(parsed.ok, 'a packet');
  const { source, destination, payloadOffset: at, totalLength } = parsed.value;
  const pseudo = pseudoHeaderSum(source, destination, Protocol.TCP, totalLength - at);
  return {
    seq: readU32(packet, at + 4),
    ack: readU32(packet, at + 8),
    flags: packet[at + 13] ?? 0,
    options: [...packet.subarray(at + 20, at + ((packet[at + 12] ?? 0) >> 4) * 4)],
    isRight: internetChecksum(packet, pseudo, at, totalLength) === 0,
  };
}

export function transitConformance(name: string, makePlane: MakePlane): void {
  const check = (claim: string, body: () => void): void => void test(`${name}: ${claim}`, body);

  check('TCP in transit: sequence numbers are made anew, and acknowledgements fit them', () => {
    const wall = new Wall(makePlane);
    const syn = wall.send({ flags: SYN, seq: 1000 });
    assert.ok(syn?.isRight, 'a right checksum');
    assert.notEqual(syn.seq, 1000);
    const again = wall.send({ flags: SYN, seq: 1000 });
    assert.equal(again?.seq, syn.seq, 'the same when it is sent again');
    const answer = wall.send({ from: 'out', flags: SYN_ACK, seq: 5000, ack: (syn.seq + 1) >>> 0 });
    assert.ok(answer?.isRight, 'a right checksum');
    assert.equal(answer.ack, 1001);
    assert.notEqual(answer.seq, 5000);
    const data = wall.send({ flags: ACK, seq: 1001, ack: (answer.seq + 1) >>> 0, data: 33 });
    assert.deepEqual([data?.seq, data?.ack, data?.isRight], [(syn.seq + 1) >>> 0, 5001, true]);
    assert.deepEqual(
      wall.counters.map(({ rule, connections, randomised }) => [rule, connections, randomised]),
      [['', 1, 1]],
    );
  });

  check('TCP in transit: SACK blocks are in the numbers of who sent the data', () => {
    const wall = new Wall(makePlane);
    const syn = wall.send({ flags: SYN, seq: 0xffff_ff00 });
    assert.ok(syn, 'let out');
    wall.send({ from: 'out', flags: SYN_ACK, seq: 1, ack: (syn.seq + 1) >>> 0 });
    const block = (by: number): number[] => {
      const bytes = new Uint8Array(4);
      writeU32(bytes, 0, (syn.seq + by) >>> 0);
      return [...bytes];
    };
    for (const pad of [[1, 1], [1], []]) {
      const rest = Array.from({ length: 2 - pad.length }, () => 1);
      const options = [...pad, 5, 10, ...block(500), ...block(1000), ...rest];
      const sack = wall.send({ from: 'out', flags: ACK, seq: 2, ack: syn.seq + 1, options });
      assert.ok(sack?.isRight, 'a right checksum');
      const bytes = Uint8Array.from(sack.options);
      assert.equal(readU32(bytes, pad.length + 2), (0xffff_ff00 + 500) >>> 0);
      assert.equal(readU32(bytes, pad.length + 6), (0xffff_ff00 + 1000) >>> 0);
    }
  });

  check('TCP in transit: signatures are cleared to no-operations, what everybody knows stays', () => {
    const wall = new Wall(makePlane);
    const syn = wall.send({ flags: SYN, options: [...MSS, ...MD5, ...NOTHING_MORE] });
    assert.deepEqual(syn?.options, [...MSS, ...MD5.map(() => 1), ...NOTHING_MORE]);
    assert.ok(syn.isRight, 'a right checksum');
    assert.equal(wall.counters[0]?.signaturesCleared, 1);
    const urgent = wall.send({ flags: ACK | URG, seq: 2, ack: 1, options: [254, 4, 1, 2] });
    assert.deepEqual([urgent?.flags, urgent?.options, urgent?.isRight], [ACK, [1, 1, 1, 1], true]);
  });

  check('TCP in transit: a rule leaves numbers and signatures of its connections as they are', () => {
    const wall = new Wall(makePlane, { rules: [TO_BGP] });
    const options = [...MD5, ...NOTHING_MORE];
    const syn = wall.send({ flags: SYN, seq: 77, ports: [4000, 179], options });
    assert.deepEqual([syn?.seq, syn?.options], [77, options]);
    const back = wall.send({ from: 'out', flags: SYN_ACK, seq: 99, ack: 78, ports: [4000, 179], options });
    assert.deepEqual([back?.seq, back?.ack, back?.options], [99, 78, options]);
    const other = wall.send({ flags: SYN, seq: 77, ports: [179, 4000], options });
    assert.notEqual(other?.seq, 77, 'destination ports of the first packet decide');
    assert.deepEqual(
      wall.counters.map(({ rule, connections }) => [rule, connections]),
      [
        ['bgp', 1],
        ['', 1],
      ],
    );
  });

  check('TCP in transit: kinds are decided one by one, and interfaces come first', () => {
    const { connection, normalisation } = TO_BGP;
    assert.ok(connection && normalisation, 'both kinds');
    const half = { name: 'half', matches: [BGP], connection } as const;
    const outside = { name: 'outside', interface: 'wan', matches: [BGP], normalisation } as const;
    const elsewhere = { name: 'elsewhere', interface: 'dmz', matches: [BGP], normalisation } as const;
    const options = [...MD5, ...NOTHING_MORE];
    const sent = { flags: SYN, seq: 77, ports: [4000, 179], options } as const;
    const only = new Wall(makePlane, { rules: [half] }).send(sent);
    assert.deepEqual([only?.seq, only?.options[0]], [77, 1], 'numbers are kept, signatures are not');
    const both = new Wall(makePlane, { rules: [outside, half] }).send(sent);
    assert.deepEqual([both?.seq, both?.options], [77, options]);
    const wrong = new Wall(makePlane, { rules: [elsewhere, half] }).send(sent);
    assert.equal(wrong?.options[0], 1);
  });

  check('TCP in transit: an option may be a reason to drop its segment', () => {
    const options = [{ from: 19, to: 19, treatment: 'drop' }] as const;
    const wall = new Wall(makePlane, { normalisation: { ...CLEANING, options, reservedBits: 'drop' } });
    assert.equal(wall.send({ flags: SYN, options: [...MD5, ...NOTHING_MORE] }), undefined);
    assert.ok(wall.send({ flags: SYN, options: MSS }), 'others pass');
    assert.equal(wall.send({ flags: ACK, options: [2, 60, 0, 0] }), undefined, 'longer than there is room for');
    assert.equal(wall.send({ flags: ACK, options: [8, 0, 0, 0] }), undefined, 'without a length');
    const reserved = segment({ flags: ACK });
    reserved[32] = (reserved[32] ?? 0) | 0x04;
    assert.equal(wall.pass('in', reserved), undefined);
    assert.deepEqual(wall.drops, { 'tcp-option': 1, malformed: 2, 'tcp-reserved-bits': 1 });
  });

  check('TCP in transit: what is part of no connection is dropped and told', () => {
    const wall = new Wall(makePlane);
    assert.equal(wall.send({ flags: ACK }), undefined);
    assert.equal(wall.send({ flags: SYN_ACK }), undefined);
    assert.deepEqual(wall.drops, { 'no-connection': 2 });
    const [told] = wall.bench.west.eventsOf('transit-denied');
    assert.deepEqual([told?.reason, told?.flags, told?.source.port], ['no-connection', ACK, 4000]);
  });

  check('TCP in transit: connections are told as they begin and end, a RST is believed of who sees them', () => {
    const wall = new Wall(makePlane);
    const { west } = wall.bench;
    const open = (port: number): readonly [Read, Read] => {
      const ports = [port, 80] as const;
      const syn = wall.send({ flags: SYN, seq: 10, ports });
      assert.ok(syn, 'let out');
      const answer = wall.send({ from: 'out', flags: SYN_ACK, seq: 20, ack: (syn.seq + 1) >>> 0, ports });
      assert.ok(answer, 'let in');
      wall.send({ flags: ACK, seq: 11, ack: (answer.seq + 1) >>> 0, ports });
      return [syn, answer];
    };
    const reasons = (): readonly string[] => west.eventsOf('connection-ended').map(({ reason }) => reason);
    open(1);
    assert.deepEqual([wall.status.inUse, west.eventsOf('connection-built').length], [1, 1]);
    assert.ok(wall.send({ from: 'out', flags: RST, seq: 4711, ports: [1, 80] }), 'passed on, for the host to judge');
    assert.deepEqual(reasons(), []);
    wall.send({ from: 'out', flags: RST, seq: 21, ports: [1, 80] });
    assert.deepEqual([reasons(), wall.status.inUse], [['reset-by-responder'], 0]);
    open(2);
    wall.send({ flags: FIN_ACK, seq: 11, ports: [2, 80] });
    wall.send({ from: 'out', flags: FIN_ACK, seq: 21, ports: [2, 80] });
    const syn = wall.send({ flags: SYN, seq: 10, ports: [3, 80] });
    wall.send({ from: 'out', flags: RST | ACK, seq: 0, ack: ((syn?.seq ?? 0) + 1) >>> 0, ports: [3, 80] });
    wall.send({ flags: SYN, ports: [4, 80] });
    wall.bench.pass(30_000);
    open(5);
    wall.bench.west.plane.command({ kind: 'clear-connections', address: OUTSIDE }, wall.bench.now);
    assert.deepEqual(reasons().slice(1), ['fins', 'reset-by-responder', 'embryonic', 'cleared']);
    assert.deepEqual([wall.counters[0]?.current, wall.counters[0]?.embryonic], [0, 0]);
  });

  check('TCP in transit: an ICMP error quotes a segment as its sender knows it', () => {
    const wall = new Wall(makePlane);
    const sent = segment({ flags: SYN, seq: 1000, ack: 0 });
    const left = wall.pass('in', sent);
    assert.ok(left, 'let out');
    const error = buildIcmpError({ source: OUTSIDE, kind: 'too-big', mtu: 1300, offending: left });
    assert.ok(error, 'an error');
    const told = wall.pass('out', error);
    assert.ok(told, 'let in');
    const quoted = told.subarray(28);
    assert.equal(readU32(quoted, 24), 1000);
    assert.equal(internetChecksum(told, 0, 20), 0, 'a right checksum');
    wall.bench.setInterface(wall.bench.west, { name: 'wan', vrf: INNER, securityLevel: 0, mtu: 600 });
    const own = wall.pass('in', segment({ flags: SYN, seq: 1000, data: 900 }));
    assert.equal(own && readU32(own, 28 + 24), 1000, 'an error of our own too');
  });

  check('TCP in transit: a flood of openings leaves connections alone and memory bounded', () => {
    const wall = new Wall(makePlane);
    const syn = wall.send({ flags: SYN, seq: 1, ports: [1, 80] });
    const answer = wall.send({ from: 'out', flags: SYN_ACK, seq: 1, ack: ((syn?.seq ?? 0) + 1) >>> 0, ports: [1, 80] });
    wall.send({ flags: ACK, seq: 2, ack: ((answer?.seq ?? 0) + 1) >>> 0, ports: [1, 80] });
    for (let i = 0; i < 40_000; i++) wall.send({ flags: SYN, ports: [2 + (i % 60_000), 80] });
    assert.ok(wall.send({ flags: ACK, seq: 2, ack: 2, ports: [1, 80] }), 'the connection still passes');
    assert.ok(wall.status.inUse <= 32_768, 'bounded');
    assert.ok(wall.bench.west.eventsOf('connection-built').length < 1000, 'not each is told');
  });

  check('TCP in transit: a rule may limit how many there are', () => {
    const connection = { timeouts: TIMEOUTS, maxEmbryonic: 2 };
    const wall = new Wall(makePlane, { rules: [{ name: 'few', matches: [BGP], connection }] });
    const open = (port: number): Read | undefined => wall.send({ flags: SYN, ports: [port, 179] });
    assert.deepEqual([open(1), open(2), open(3)].map(Boolean), [true, true, false]);
    assert.deepEqual([wall.drops['connection-limit'], wall.counters[0]?.limitDrops], [1, 1]);
    wall.bench.pass(30_000);
    assert.ok(open(3), 'room again');
  });

  check('TCP in transit: without a policy nothing is touched', () => {
    const wall = new Wall(makePlane);
    wall.bench.west.plane.command({ kind: 'set-transit-policy', policy: undefined }, wall.bench.now);
    const options = [...MD5, ...NOTHING_MORE];
    const syn = wall.send({ flags: SYN, seq: 77, options });
    assert.deepEqual([syn?.seq, syn?.options], [77, options]);
    assert.ok(wall.send({ flags: ACK, ports: [9, 9] }), 'nor asked for a connection');
  });
}
