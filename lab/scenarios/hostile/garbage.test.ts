/** Random bytes, TCP with guessed numbers and forged ICMP, from the segment outside and from the LAN inside. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, type IpAddress, randomBelow, readU32, Writer, writeU16 } from '../../../src/base/index.ts';
import {
  buildIcmpError,
  buildIp,
  buildUdp,
  internetChecksum,
  Protocol,
  parseIp,
  pseudoHeaderSum,
} from '../../../src/ip/index.ts';
import { GatewayNode, HostNode } from '../../../src/lab/index.ts';
import { address, assertPings, pingOnce } from '../scenario.ts';
import {
  ATTACKER,
  assertState,
  convergedStage,
  faultsOf,
  faultsSince,
  payloadOf,
  type Stage,
  settle,
  stateOf,
  sum,
} from './stage.ts';

const HUB = '10.0.0.253';
const SPOKE = '10.0.0.1';
const HUB_BGP = '172.16.1.253';
const SPOKE_BGP = '172.16.1.5';
const BGP_PORT = 179;

const Flag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 };

type Segment = Readonly<{
  source: IpAddress;
  destination: IpAddress;
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  acknowledgment: number;
  flags: number;
  data?: Uint8Array;
}>;

function tcpPacket(segment: Segment): Uint8Array {
  const { source, destination, sourcePort, destinationPort, sequence, acknowledgment, flags, data } = segment;
  const head = new Writer(20).u16(sourcePort).u16(destinationPort).u32(sequence).u32(acknowledgment);
  const tcp = concat(head.u8(0x50).u8(flags).u16(4096).u32(0).finish(), data ?? new Uint8Array(0));
  writeU16(tcp, 16, internetChecksum(tcp, pseudoHeaderSum(source, destination, Protocol.TCP, tcp.length)));
  return buildIp({ source, destination, protocol: Protocol.TCP }, tcp);
}

function u32(stage: Stage): number {
  return readU32(stage.random(4), 0);
}

test('random bytes to the IKE ports and as ESP are counted one by one', () => {
  const stage = convergedStage();
  const state = stateOf(stage);
  const before = faultsOf(stage, 'hub1');
  const destination = address(HUB);
  const from = address(ATTACKER);
  let sent = 0;
  for (let i = 0; i < 600; i++) {
    const bytes = stage.random(randomBelow(stage.random, 300));
    const source = i % 2 === 0 ? from : address(SPOKE);
    const port = i % 3 === 0 ? 4500 : 500;
    const marked = port === 4500 && i % 2 === 0 ? concat(new Uint8Array(4), bytes) : bytes;
    if (port === 4500 && marked.length === 1 && marked[0] === 0xff) continue; // a keepalive is no fault
    const datagram = buildUdp({ address: source, port: 500 }, { address: destination, port }, marked);
    stage.inject(buildIp({ source, destination, protocol: Protocol.UDP }, datagram), HUB);
    stage.inject(buildIp({ source, destination, protocol: Protocol.ESP }, bytes), HUB);
    sent += 2;
  }
  settle(stage, 500);
  assertState(stage, state);
  const counted = faultsSince(stage, 'hub1', before);
  assert.equal(sum(counted), sent, JSON.stringify(counted));
  for (const reason of ['plane unknown-spi', 'plane bad-length', 'ike malformed-message']) {
    assert.ok((counted[reason] ?? 0) > 0, `${reason}: ${JSON.stringify(counted)}`);
  }
  const log = stage.lab.node('hub1', GatewayNode).snapshot(stage.lab.now)?.log ?? [];
  assert.ok(log.length < 200, 'the journal is not flooded');
  assertPings(stage);
});

test('ESP of every unknown SPI and of our own SPIs with random content changes nothing', () => {
  const stage = convergedStage();
  const state = stateOf(stage);
  const before = faultsOf(stage, 'hub1');
  const ids = stage.lab
    .node('hub1', GatewayNode)
    .counters()
    .childSas.map(({ id }) => id);
  let sent = 0;
  for (const id of ids) {
    for (let i = 0; i < 200; i++) {
      const sequence = i < 100 ? u32(stage) : i - 100;
      const esp = concat(new Writer(8).u32(id).u32(sequence).finish(), stage.random(16 * (i % 12) + 44));
      const packet = buildIp({ source: address(SPOKE), destination: address(HUB), protocol: Protocol.ESP }, esp);
      stage.inject(packet, HUB);
      sent++;
    }
  }
  settle(stage, 500);
  assertState(stage, state);
  const counted = faultsSince(stage, 'hub1', before);
  assert.equal(sum(counted), sent, JSON.stringify(counted));
  assert.ok((counted['plane integrity-failed'] ?? 0) > 100, JSON.stringify(counted));
  assertPings(stage);
});

/** Segments as somebody would send who knows the addresses and guesses ports and numbers. */
function guesses(stage: Stage, source: string, destination: string, count: number): Uint8Array[] {
  const hub = stage.lab.node('hub1', GatewayNode).snapshot(stage.lab.now);
  const known = hub?.tcp.connections.find(({ remote }) => `${remote.address}` === SPOKE_BGP);
  assert.ok(known, 'the BGP session of spoke 1');
  const flags = [
    Flag.RST,
    Flag.RST | Flag.ACK,
    Flag.SYN,
    Flag.SYN | Flag.ACK,
    Flag.ACK,
    Flag.PSH | Flag.ACK,
    Flag.FIN | Flag.ACK,
    0,
    0xff,
  ];
  return Array.from({ length: count }, (_, i) =>
    tcpPacket({
      source: address(source),
      destination: address(destination),
      // Every other one has the ports right as well.
      sourcePort: i % 2 === 0 ? known.remote.port : 1024 + (u32(stage) % 60_000),
      destinationPort: i % 2 === 0 ? known.local.port : BGP_PORT,
      sequence: u32(stage),
      acknowledgment: u32(stage),
      flags: flags[i % flags.length] ?? 0,
      data: i % 3 === 0 ? stage.random(30) : new Uint8Array(0),
    }),
  );
}

test('TCP with guessed numbers, from the segment, from the LAN through the tunnel, and as the neighbour itself', () => {
  const stage = convergedStage();
  const state = stateOf(stage);
  const lan = stage.lab.node('lan1', HostNode);
  for (const packet of guesses(stage, SPOKE_BGP, HUB_BGP, 300)) stage.inject(packet, HUB);
  for (const packet of guesses(stage, ATTACKER, HUB, 300)) stage.inject(packet, HUB);
  settle(stage, 3000);
  for (const packet of guesses(stage, SPOKE_BGP, HUB_BGP, 300)) lan.send(packet, address(HUB_BGP));
  for (const packet of guesses(stage, '10.1.1.10', HUB_BGP, 300)) lan.send(packet, address(HUB_BGP));
  settle(stage, 3000);
  assertState(stage, state);
  // What called and never completed its opening is given up in time.
  settle(stage, 300_000);
  const { connections } = stage.lab.node('hub1', GatewayNode).snapshot(stage.lab.now)?.tcp ?? { connections: [] };
  assert.deepEqual(
    connections
      .filter(({ state: name }) => name !== 'ESTABLISHED')
      .map(({ state: name, remote }) => `${name} ${remote.address}`),
    [],
  );
  assertState(stage, state);
  assertPings(stage);
});

test('a stranger who completes the handshake with port 179 is turned away', () => {
  const stage = convergedStage();
  const state = stateOf(stage);
  const source = address(ATTACKER);
  const destination = address(HUB);
  const ports = { source, destination, sourcePort: 40_000, destinationPort: BGP_PORT };
  stage.inject(tcpPacket({ ...ports, sequence: 1000, acknowledgment: 0, flags: Flag.SYN }), HUB);
  settle(stage, 50);
  const answer = stage.seen.findLast(
    ({ header }) => header.protocol === Protocol.TCP && header.destination.equals(source),
  );
  if (answer !== undefined) {
    const tcp = payloadOf(answer);
    const theirs = readU32(tcp, 4);
    const acknowledgment = (theirs + 1) >>> 0;
    stage.inject(tcpPacket({ ...ports, sequence: 1001, acknowledgment, flags: Flag.ACK }), HUB);
    const open = concat(new Uint8Array(16).fill(0xff), Uint8Array.of(0, 29, 1, 4, 0xfd, 0xe9, 0, 90, 10, 0, 0, 66, 0));
    stage.inject(tcpPacket({ ...ports, sequence: 1001, acknowledgment, flags: Flag.ACK | Flag.PSH, data: open }), HUB);
  }
  settle(stage, 5000);
  assertState(stage, state);
  assertPings(stage);
});

test('forged ICMP about our ESP is believed only where RFC 4301 section 8.2.1 lets it, and never below the floor', () => {
  const stage = convergedStage();
  const state = stateOf(stage);
  const before = faultsOf(stage, 'hub1');
  const source = address(ATTACKER);
  const esp = stage.seen.findLast(
    ({ header }) => header.protocol === Protocol.ESP && `${header.source}` === HUB && `${header.destination}` === SPOKE,
  );
  assert.ok(esp);
  // Other SPIs, sequence numbers that were never sent, a packet that fits, other addresses: all is forged.
  const forged = Array.from({ length: 50 }, (_, i) => {
    const offending = esp.packet.slice();
    const at = esp.header.payloadOffset;
    if (i % 3 === 0) offending.set(stage.random(4), at);
    else if (i % 3 === 1) offending.set(Uint8Array.of(0x7f, 0, 0, i), at + 4);
    return buildIcmpError({ source, kind: 'too-big', mtu: i % 3 === 2 ? 1400 + i : i, offending });
  });
  for (const packet of forged) if (packet !== undefined) stage.inject(packet, HUB);
  settle(stage, 200);
  assertState(stage, state);
  assert.deepEqual(faultsSince(stage, 'hub1', before), { 'plane not-ours': forged.length });
  // Unreachables of every kind are no proof of anything.
  for (let code = 0; code < 16; code++) {
    if (code === 4) continue;
    const packet = buildIcmpError({ source, kind: 'unreachable', code, offending: esp.packet });
    if (packet !== undefined) stage.inject(packet, HUB);
  }
  settle(stage, 200);
  assertState(stage, state);
  const full = stage.lab
    .node('hub1', GatewayNode)
    .counters()
    .childSas.map(({ pathMtu }) => pathMtu);
  // One who sees our packets can claim that a real one was too big: that costs MTU down to the floor, no more.
  for (const mtu of [0, 1, 67, 68]) {
    const packet = buildIcmpError({ source, kind: 'too-big', mtu, offending: esp.packet });
    if (packet !== undefined) stage.inject(packet, HUB);
  }
  settle(stage, 200);
  const mtus = stage.lab
    .node('hub1', GatewayNode)
    .counters()
    .childSas.map(({ pathMtu }) => pathMtu);
  assert.ok(
    Math.min(...mtus) >= esp.header.totalLength - 256 && Math.min(...mtus) >= 256,
    `path MTUs ${mtus.join(' ')}`,
  );
  assertPings(stage);
  assert.equal(pingOnce(stage, 'dc1', '10.1.1.10', 1400).result, 'reply', 'in fragments');
  settle(stage, 600_000);
  // Forgotten after ten minutes (RFC 1191 section 6.3), except by TCP connections, which may keep to what they were told.
  const forgotten = stage.lab.node('hub1', GatewayNode).counters().childSas;
  assert.deepEqual(
    forgotten.map(({ pathMtu }) => pathMtu),
    full,
  );
});

test('what a LAN sends into the tunnel under impossible headers stops at a gateway, each with its reason', () => {
  const stage = convergedStage();
  const state = stateOf(stage);
  const lan = stage.lab.node('lan1', HostNode);
  const destination = address('10.250.0.10');
  const fields = { destination, protocol: Protocol.UDP };
  const content = buildUdp(
    { address: address('10.1.1.10'), port: 9 },
    { address: destination, port: 9 },
    new Uint8Array(8),
  );
  const before = new Map(['spoke1', 'hub1'].map((name) => [name, faultsOf(stage, name)]));
  const martians = ['127.0.0.1', '224.0.0.1', '255.255.255.255', '0.0.0.0'];
  for (const source of martians) lan.send(buildIp({ ...fields, source: address(source) }, content), destination);
  // Dies at the hub, whose error goes back through the tunnel.
  lan.send(buildIp({ ...fields, source: address('10.1.1.10'), ttl: 2 }, content), destination);
  settle(stage, 500);
  assert.deepEqual(faultsSince(stage, 'spoke1', before.get('spoke1') ?? new Map()), {
    'plane malformed': martians.length,
  });
  assert.deepEqual(faultsSince(stage, 'hub1', before.get('hub1') ?? new Map()), { 'plane ttl-exceeded': 1 });
  assert.equal(lan.errors.at(-1)?.kind, 'time-exceeded');
  // Fragments that never become whole are held for a while and within a limit, then dropped.
  for (let i = 0; i < 500; i++) {
    const packet = buildIp(
      { source: address('10.1.1.10'), destination: address(HUB_BGP), protocol: Protocol.UDP, identification: i },
      new Uint8Array(64),
    );
    writeU16(packet, 6, 0x2000 | (i % 7));
    writeU16(packet, 10, 0);
    writeU16(packet, 10, internetChecksum(packet.subarray(0, 20)));
    assert.ok(parseIp(packet).ok);
    lan.send(packet, address(HUB_BGP));
  }
  settle(stage, 90_000);
  const counted = faultsSince(stage, 'hub1', before.get('hub1') ?? new Map());
  const fragments = Object.entries(counted).filter(([reason]) => reason.startsWith('plane reassembly-'));
  assert.equal(sum(Object.fromEntries(fragments)), 500, JSON.stringify(counted));
  assertState(stage, state);
  assertPings(stage);
});
