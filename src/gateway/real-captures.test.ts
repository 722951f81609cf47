/**
 * Recorded sessions of strongSwan, done again byte for byte; then the same datagrams broken, cut, spliced, lengthened and
 * repeated by the ten thousands. Nothing throws, nothing of the session changes, nothing is kept, everything is counted.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import capture from '../../test/vectors/strongswan-sessions.json' with { type: 'json' };
import { concat, type Random, randomBelow, seededRandom } from '../base/index.ts';
import { buildIp, buildUdp, Protocol, parseIp, parseUdp } from '../ip/index.ts';
import { type RecordedEvent, Replay } from './recorded-session.fixture.ts';

/** Without liveness checks, for nobody answers those: what the peer's silence costs is proven elsewhere. */
const PATIENT = 'tunnel-group 192.0.2.2 ipsec-attributes\n isakmp keepalive disable\n';
const recorded: Readonly<Record<string, readonly RecordedEvent[]>> = capture.sessions;
const sessions = Object.entries(recorded).map(
  ([name, [first, ...more]]) =>
    [name, [{ at: 0, ...first, configure: `${first?.configure}${PATIENT}` }, ...more]] as const,
);
const MUTANTS = 12_000;
/** Half-open IKE SAs, and pieces of messages, wait no longer than this. */
const FORGOTTEN_MS = 120_000;
/** Between two mutants: 12,000 come in 24 seconds, which is no flood. */
const PAUSE_MS = 2;

type Datagram = Readonly<{
  source: Parameters<typeof buildUdp>[0];
  target: Parameters<typeof buildUdp>[1];
  payload: Uint8Array;
}>;

function datagramOf(packet: Uint8Array): Datagram {
  const header = parseIp(packet);
  assert.ok(header.ok);
  const udp = parseUdp(header.value, packet);
  assert.ok(udp.ok);
  const { sourcePort, destinationPort, payload } = udp.value;
  return {
    source: { address: header.value.source, port: sourcePort },
    target: { address: header.value.destination, port: destinationPort },
    payload,
  };
}

function packetOf({ source, target, payload }: Datagram): Uint8Array {
  const header = { source: source.address, destination: target.address, protocol: Protocol.UDP };
  return buildIp(header, buildUdp(source, target, payload));
}

const flip = (bytes: Uint8Array, random: Random, from = 0): Uint8Array => {
  const changed = bytes.slice();
  const place = from + randomBelow(random, Math.max(1, bytes.length - from));
  changed[place] = (changed[place] ?? 0) ^ (1 << randomBelow(random, 8));
  return changed;
};

/** Each makes of recorded payloads one that never was. */
const mutations: readonly ((one: Uint8Array, other: Uint8Array, random: Random) => Uint8Array)[] = [
  (one, _, random) => flip(one, random),
  (one, _, random) => flip(flip(flip(one, random), random), random),
  (one, _, random) => one.subarray(0, randomBelow(random, one.length)),
  (one, other, random) =>
    concat(one.subarray(0, randomBelow(random, one.length)), other.subarray(randomBelow(random, other.length))),
  (one, _, random) => concat(one, random(1 + randomBelow(random, 64))),
  (one) => concat(one, one),
  // Lengths of the message and of its payloads: those stand in the first 60 bytes, or behind the marker.
  (one, _, random) => {
    const changed = one.slice();
    const place = randomBelow(random, Math.min(one.length, 64));
    changed[place] = [0, 1, 0x7f, 0x80, 0xff][randomBelow(random, 5)] ?? 0;
    return changed;
  },
  // The header as it was, and noise behind it.
  (one, _, random) => concat(one.subarray(0, 32), random(Math.max(0, one.length - 32))),
];

/** What may not change, besides attempts of our own: SAs with their numbers, the plane's SAs but for their counters, tunnels, routes. */
function stateOf({ node, now }: Replay): string {
  const shown = node.snapshot(now);
  const kept = shown?.ike.sas.filter(({ status, role }) => status !== 'negotiating' || role === 'responder');
  const sas = kept?.map(({ session, status, localSpi, remoteSpi, path, children }) => ({
    ...{ session, status, local: String(localSpi), remote: String(remoteSpi) },
    path: `${path.local.address} ${path.local.port} ${path.remote.address} ${path.remote.port}`,
    children: children.map(({ inboundSpi, outboundSpi, rekeying }) => [inboundSpi, outboundSpi, rekeying]),
  }));
  const tunnels = shown?.interfaces.map(({ name, lineProtocol }) => [name, lineProtocol]);
  const plane = node
    .counters()
    .childSas.map(({ id, inboundPackets, inboundBytes }) => [id, inboundPackets, inboundBytes]);
  return JSON.stringify({ sas, tunnels, plane });
}

const sum = (counters: Readonly<Record<string, number>> = {}): number =>
  Object.values(counters).reduce((total, count) => total + count, 0);

function counted({ node, now }: Replay): number {
  const { drops } = node.counters();
  return sum(node.snapshot(now)?.ike.counters) + sum(drops);
}

for (const [name, events] of sessions) {
  test(`a session of strongSwan ${name} goes again as it went`, () => {
    const replay = new Replay(events);
    const { ike } = replay.node.snapshot(replay.now) ?? assert.fail('no gateway');
    const current = ike.sas.filter(({ status }) => status === 'established');
    assert.equal(current.length, 1);
    assert.equal(current[0]?.children.filter(({ rekeying }) => !rekeying).length, 1);
    const { statistics } = ike;
    assert.deepEqual([statistics?.ikeRekeysResponded, statistics?.childRekeysResponded], [1, 1]);
    assert.ok((ike.counters['received'] ?? 0) > 5);
    const inbound = replay.node.counters().childSas.reduce((total, { inboundPackets }) => total + inboundPackets, 0);
    assert.ok(inbound > 0, 'its ESP was opened');
    assert.equal(ike.counters['integrity-failed'] ?? 0, 0);
  });

  test(`${MUTANTS} mutants of it change nothing, at its end and before it begins`, () => {
    for (const fresh of [false, true]) {
      const replay = new Replay(events, fresh ? 0 : undefined);
      const random = seededRandom(fresh ? 1 : 2, name);
      const datagrams = replay.packets.map(datagramOf);
      const one = (): Datagram => datagrams[randomBelow(random, datagrams.length)] ?? assert.fail('nothing recorded');
      // What strongSwan replaced may still be going: it is not what this is about.
      if (!fresh) replay.run(6_000);
      const before = stateOf(replay);
      const countedBefore = counted(replay);
      let mostHalfOpen = 0;
      for (let i = 0; i < MUTANTS / 2; i++) {
        const { source, target, payload } = one();
        const mutate = mutations[randomBelow(random, mutations.length)] ?? assert.fail('no mutation');
        const isReplay = randomBelow(random, 16) === 0;
        // Now and then from another port, as behind a NAT that forgot.
        const from = randomBelow(random, 8) === 0 ? { ...source, port: 1024 + randomBelow(random, 60_000) } : source;
        replay.receive(
          packetOf({ source: from, target, payload: isReplay ? payload : mutate(payload, one().payload, random) }),
        );
        replay.run(PAUSE_MS);
        const negotiating = replay.node.snapshot(replay.now)?.ike.sas.filter(({ status }) => status === 'negotiating');
        mostHalfOpen = Math.max(mostHalfOpen, negotiating?.length ?? 0);
      }
      assert.ok(counted(replay) - countedBefore >= MUTANTS / 2, 'every one is counted');
      assert.ok(mostHalfOpen <= 100, `${mostHalfOpen} half-open IKE SAs at one time`);
      replay.run(fresh ? FORGOTTEN_MS : 30_000);
      assert.equal(stateOf(replay), before, fresh ? 'nothing is kept of it' : 'the session is as it was');
    }
  });
}
