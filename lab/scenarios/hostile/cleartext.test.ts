/** Packets in clear, from the segment outside, for those whom only tunnels should reach: security levels refuse them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IpAddress } from '../../../src/base/index.ts';
import { buildEcho, buildIp, buildUdp, Protocol } from '../../../src/ip/index.ts';
import { HostNode } from '../../../src/lab/index.ts';
import { address, assertPings, converge } from '../scenario.ts';
import {
  ATTACKER,
  assertState,
  convergedStage,
  faultsOf,
  faultsSince,
  openStage,
  type Stage,
  settle,
  stateOf,
} from './stage.ts';

const OUTSIDE = { hub1: '10.0.0.253', hub2: '10.0.0.254', spoke1: '10.0.0.1', spoke2: '10.0.0.2' } as const;
const INSIDE = { hub1: '10.250.0.1', hub2: '10.251.0.1', spoke1: '10.1.1.1', spoke2: '10.1.2.1' } as const;
const HOSTS = { dc1: '10.250.0.10', dc2: '10.251.0.10', lan1: '10.1.1.10', lan2: '10.1.2.10' } as const;

type Gateway = keyof typeof OUTSIDE;

const BEHIND: Readonly<Record<Gateway, string>> = {
  hub1: HOSTS.dc1,
  hub2: HOSTS.dc2,
  spoke1: HOSTS.lan1,
  spoke2: HOSTS.lan2,
};
const GATEWAYS = ['hub1', 'hub2', 'spoke1', 'spoke2'] as const;

/** Counts what reaches the hosts, and what the gateways seal: all of it should be their own. */
function watch(stage: Stage): { reached: string[]; sealed: () => number } {
  const reached: string[] = [];
  for (const name of Object.keys(HOSTS)) {
    const host = stage.lab.node(name, HostNode);
    const receive = host.receive.bind(host);
    host.receive = (port, packet, now) => {
      reached.push(name);
      receive(port, packet, now);
    };
  }
  const first = stage.seen.length;
  const sealed = (): number =>
    // What is longer than BGP's and TCP's own packets is a packet of the attacker, or an answer to one.
    stage.seen.slice(first).filter(({ header }) => header.protocol === Protocol.ESP && header.totalLength > 900).length;
  return { reached, sealed };
}

/** An echo request and a datagram, long enough to be told from everything else. */
function probes(source: string, destination: string): readonly Uint8Array[] {
  const [from, to] = [address(source), address(destination)];
  const data = new Uint8Array(1000);
  const udp = (a: IpAddress, b: IpAddress): Uint8Array =>
    buildUdp({ address: a, port: 7000 }, { address: b, port: 7000 }, data);
  return [
    buildEcho({ source: from, destination: to, id: 1, sequence: 1, data, reply: false }),
    buildIp({ source: from, destination: to, protocol: Protocol.UDP }, udp(from, to)),
  ];
}

/** Sends probes to each gateway in turn, and holds each to the number that it refuses. */
function assertRefused(stage: Stage, attacks: readonly Readonly<{ at: Gateway; packet: Uint8Array }>[]): void {
  const state = stateOf(stage);
  const { reached, sealed } = watch(stage);
  const before = new Map(GATEWAYS.map((name) => [name, faultsOf(stage, name)]));
  for (const { at, packet } of attacks) stage.inject(packet, OUTSIDE[at]);
  settle(stage, 1000);
  assert.deepEqual(reached, []);
  assert.equal(sealed(), 0);
  for (const name of GATEWAYS) {
    const count = attacks.filter(({ at }) => at === name).length;
    const counted = faultsSince(stage, name, before.get(name) ?? new Map());
    assert.deepEqual(counted, count === 0 ? {} : { 'plane security-level': count }, name);
  }
  assertState(stage, state);
}

test('cleartext for a LAN goes no further than its gateway, whoever it says to come from', () => {
  const stage = convergedStage();
  const sources = [ATTACKER, ...Object.values(HOSTS), '172.16.1.5', '172.16.1.253', '203.0.113.9'];
  const attacks = GATEWAYS.flatMap((at) =>
    sources
      .filter((source) => source !== BEHIND[at])
      .flatMap((source) => probes(source, BEHIND[at]).map((packet) => ({ at, packet }))),
  );
  assertRefused(stage, attacks);
  assertPings(stage);
});

test('cleartext does not reach the inside address of a gateway from outside', () => {
  const stage = convergedStage();
  const attacks = GATEWAYS.flatMap((at) => probes(ATTACKER, INSIDE[at]).map((packet) => ({ at, packet })));
  assertRefused(stage, attacks);
  assertPings(stage);
});

test('an echo request in clear with the address of somebody behind a tunnel or inside has no reply sent there', () => {
  const stage = convergedStage();
  const attacks = GATEWAYS.flatMap((at) =>
    // Those that each has a route to: its own LAN, and spokes' behind tunnels.
    [...new Set([BEHIND[at], HOSTS.lan1, HOSTS.lan2])].flatMap((source) =>
      probes(source, OUTSIDE[at])
        .slice(0, 1)
        .map((packet) => ({ at, packet })),
    ),
  );
  assertRefused(stage, attacks);
  assertPings(stage);
});

/** Every LAN but their own, by each of the gateways: only a tunnel leads there. */
function throughTunnels(): readonly Readonly<{ at: Gateway; packet: Uint8Array }>[] {
  return (['hub1', 'hub2'] as const).flatMap((at) =>
    [HOSTS.lan1, HOSTS.lan2].flatMap((to) => probes(ATTACKER, to).map((packet) => ({ at, packet }))),
  );
}

test('cleartext from outside enters no tunnel of a hub that does not permit traffic between equal levels', () => {
  const stage = openStage(1, (_, text) => text.replaceAll(/^same-security-traffic .*$/gm, '!'));
  converge(stage);
  settle(stage, 2000);
  assertRefused(stage, throughTunnels());
});

test('`same-security-traffic permit inter-interface` lets it in, since outside and tunnels are of level 0', () => {
  const stage = convergedStage();
  const state = stateOf(stage);
  const { reached } = watch(stage);
  const attacks = throughTunnels();
  for (const { at, packet } of attacks) stage.inject(packet, OUTSIDE[at]);
  settle(stage, 1000);
  assert.deepEqual([...new Set(reached)].sort(), ['lan1', 'lan2']);
  assert.equal(reached.length, attacks.length);
  assertState(stage, state);
});
