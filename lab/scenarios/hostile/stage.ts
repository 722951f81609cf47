/**
 * The hub-and-spoke example with an attacker on the shared outside segment, who sees all that passes there, may hold
 * packets back, and sends what it likes.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, type IpAddress, type Random, seededRandom } from '../../../src/base/index.ts';
import { loadAsa } from '../../../src/config/index.ts';
import { buildIp, buildUdp, type IpHeader, Protocol, parseIp, parseUdp } from '../../../src/ip/index.ts';
import {
  BridgeNode,
  DecryptionTables,
  GatewayNode,
  gatewayDevices,
  HostNode,
  Lab,
  loadTopology,
  resolvePorts,
} from '../../../src/lab/index.ts';
import { address, converge, type Scenario } from '../scenario.ts';

const here = dirname(fileURLToPath(import.meta.url));
const TOPOLOGY = join(here, '../../../examples/hub-and-spoke/topology.yaml');

export const ATTACKER = '10.0.0.66';
const ATTACKER_PORT = 'p66';

/** A packet as it passed on the outside segment. */
export type Seen = Readonly<{ packet: Uint8Array; header: IpHeader }>;

export type Stage = Scenario &
  Readonly<{
    random: Random;
    /** All that the gateways sent outside, oldest first; the latest few thousand. */
    seen: Seen[];
    /** Puts a packet on the segment for whoever owns `nextHop`. */
    inject: (packet: Uint8Array, nextHop: IpAddress | string) => void;
    /** Decides which packets of others pass; all do at first. */
    filter: { pass: (seen: Seen) => boolean };
  }>;

const MAX_SEEN = 5_000;

/** Builds the stage; `edit` changes the configurations. Nothing has run yet. */
export function openStage(seed = 1, edit: (name: string, text: string) => string = (_, text) => text): Stage {
  const read = (path: string): string => {
    const text = readFileSync(path, 'utf8');
    return path === TOPOLOGY ? withAttacker(text) : edit(path, text);
  };
  const topology = loadTopology(TOPOLOGY, read);
  assert.ok(topology.ok);
  const models = new Map(
    topology.value.nodes.flatMap(({ name, spec }) =>
      spec.kind === 'asa' ? [[name, loadAsa(spec.config.text, spec.config.file).model] as const] : [],
    ),
  );
  const keys = new DecryptionTables();
  const ports = resolvePorts(topology.value, models);
  const lab = new Lab(ports.topology, { seed, device: gatewayDevices(models, { keys }) });
  const seen: Seen[] = [];
  const filter: Stage['filter'] = { pass: () => true };
  const segment = lab.node('internet', BridgeNode);
  const deliver = segment.receive.bind(segment);
  segment.receive = (port, packet, now, nextHop) => {
    const parsed = port === ATTACKER_PORT ? undefined : parseIp(packet);
    if (parsed?.ok) {
      const one = { packet: packet.slice(), header: parsed.value };
      seen.push(one);
      if (seen.length > 2 * MAX_SEEN) seen.splice(0, MAX_SEEN);
      if (!filter.pass(one)) return;
    }
    deliver(port, packet, now, nextHop);
  };
  const attacker = lab.node('attacker', HostNode);
  const inject: Stage['inject'] = (packet, nextHop) => {
    attacker.send(packet, typeof nextHop === 'string' ? address(nextHop) : nextHop);
  };
  const random = seededRandom(seed, 'attacker');
  return { lab, gateways: lab.nodes(GatewayNode), keys, said: [], random, seen, inject, filter };
}

/** The stage with the fabric up and quiet. */
export function convergedStage(seed = 1): Stage {
  const stage = openStage(seed);
  converge(stage);
  settle(stage, 2000);
  return stage;
}

/** Lets some of the lab's time pass. */
export function settle({ lab }: Scenario, ms: number): void {
  lab.run({ until: after(lab.now, ms) });
}

function withAttacker(text: string): string {
  const node = `    attacker: { kind: host, addresses: [${ATTACKER}/24] }\n`;
  const link = `    - { name: attacker, endpoints: ["attacker:eth0", "internet:${ATTACKER_PORT}"] }\n`;
  return text.replace('  links:\n', `${node}  links:\n${link}`);
}

/** Everything that an attacker must not be able to change, as text: SAs, routes, sessions, connections, tunnels. */
export function stateOf({ lab, gateways }: Scenario): string {
  const state = gateways.map((node) => {
    const snapshot = node.snapshot(lab.now);
    assert.ok(snapshot);
    const { ike, plane, routes, bgp, tcp, interfaces } = snapshot;
    return {
      name: node.name,
      // Half-open IKE SAs are no state in this sense: anyone may begin one, and they are few and short-lived.
      ikeSas: ike.sas
        .filter(({ status }) => status !== 'negotiating')
        .map((sa) => ({
          ...sa,
          children: sa.children.map(({ inboundSpi, outboundSpi }) => [inboundSpi, outboundSpi]),
        })),
      childSas: plane.childSas.map(({ id, interface: name, pathMtu, innerMtu }) => [id, name, pathMtu, innerMtu]),
      routes: routes.map(({ vrf, routes: all }) => [vrf, all.map(({ prefix, resolved }) => [`${prefix}`, resolved])]),
      bgp: bgp?.neighbors.map((one) => [`${one.address}`, one.state, one.since, one.prefixesReceived, one.faults]),
      tcp: tcp.connections
        .filter(({ state: name }) => name === 'ESTABLISHED')
        .map(({ connection, local, remote, mss }) => [connection, local, remote, mss]),
      interfaces: interfaces.map(({ name, lineProtocol, mtu, tunnel }) => [name, lineProtocol, mtu, tunnel]),
      paths: node.bgpPaths({ kind: 'all' }).map((path) => `${path.prefix} ${path.nextHop} ${path.from} ${path.best}`),
    };
  });
  return JSON.stringify(state, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value), 1);
}

/** Holds the stage to a state that it had; names the lines that differ. */
export function assertState(stage: Scenario, expected: string): void {
  const state = stateOf(stage);
  if (state === expected) return;
  const [is, was] = [state.split('\n'), expected.split('\n')];
  const at = is.findIndex((line, index) => line !== was[index]);
  const around = (lines: readonly string[]): string => lines.slice(Math.max(0, at - 3), at + 5).join('\n');
  assert.fail(`the state changed from\n${around(was)}\nto\n${around(is)}`);
}

const TCP_BY_NATURE = new Set(['segmentsReceived', 'segmentsSent', 'retransmissions']);
const IKE_BY_NATURE = new Set([
  'received',
  'sent',
  'resent',
  'half-open-expired',
  'child-sas-made',
  'ike-sas-established',
  'ike-sas-rekeyed',
  'liveness-checks',
]);

/** What a gateway counted as faults, by reason: `plane replayed`, `ike integrity-failed`, `tcp badChecksum`. */
export function faultsOf({ lab }: Scenario, name: string): ReadonlyMap<string, number> {
  const snapshot = lab.node(name, GatewayNode).snapshot(lab.now);
  assert.ok(snapshot);
  const faults = new Map<string, number>();
  for (const [reason, count] of Object.entries(snapshot.plane.drops)) faults.set(`plane ${reason}`, count);
  for (const [reason, count] of Object.entries(snapshot.ike.counters)) {
    if (!IKE_BY_NATURE.has(reason)) faults.set(`ike ${reason}`, count);
  }
  for (const [reason, count] of Object.entries(snapshot.tcp.counters)) {
    if (!TCP_BY_NATURE.has(reason)) faults.set(`tcp ${reason}`, count);
  }
  return faults;
}

/** What was counted meanwhile, reasons with nothing left out. */
export function faultsSince(
  stage: Scenario,
  name: string,
  before: ReadonlyMap<string, number>,
): Record<string, number> {
  const grown = [...faultsOf(stage, name)].map(
    ([reason, count]) => [reason, count - (before.get(reason) ?? 0)] as const,
  );
  return Object.fromEntries(grown.filter(([, count]) => count !== 0));
}

export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** The payload of UDP or ESP that a packet carries. */
export function payloadOf({ packet, header }: Seen): Uint8Array {
  if (header.protocol !== Protocol.UDP) return packet.slice(header.payloadOffset, header.totalLength);
  const udp = parseUdp(header, packet);
  assert.ok(udp.ok);
  return udp.value.payload.slice();
}

/** The packet with other content, its lengths and checksums right. */
export function withPayload({ packet, header }: Seen, payload: Uint8Array, source = header.source): Uint8Array {
  const { destination, protocol } = header;
  if (protocol !== Protocol.UDP) return buildIp({ source, destination, protocol }, payload);
  const udp = parseUdp(header, packet);
  assert.ok(udp.ok);
  const { sourcePort, destinationPort } = udp.value;
  const datagram = buildUdp(
    { address: source, port: sourcePort },
    { address: destination, port: destinationPort },
    payload,
  );
  return buildIp({ source, destination, protocol }, datagram);
}

/** One bit of each of the bytes turned over, a packet for each byte. */
export function* mutations(bytes: Uint8Array, every: number, random: Random): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += every) {
    const mutated = bytes.slice();
    mutated[at] = (mutated[at] ?? 0) ^ (1 << ((random(1)[0] ?? 0) & 7));
    yield mutated;
  }
}

/** All shorter ones, from nothing to one byte less. */
export function* truncations(bytes: Uint8Array, every: number): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length += every) yield bytes.slice(0, length);
}
