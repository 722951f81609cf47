/** A walk says of random packets what happens to them when they are really sent, and changes nothing itself. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { after, IpAddress } from '../../../src/base/index.ts';
import { loadConfiguration } from '../../../src/config/index.ts';
import { buildProbe, Protocol, parseIp } from '../../../src/ip/index.ts';
import {
  GatewayNode,
  gatewayDevices,
  HostNode,
  isConverged,
  Lab,
  loadTopology,
  PacketWalker,
  resolvePorts,
  whyNotConverged,
} from '../../../src/lab/index.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

function converged(path: string): Lab {
  const loaded = loadTopology(join(root, path), (name) => readFileSync(name, 'utf8'));
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const models = new Map(
    loaded.value.nodes.flatMap(({ name, spec }) =>
      spec.kind === 'asa' || spec.kind === 'iosxe'
        ? [[name, loadConfiguration(spec.config.text, spec.config.file, spec.kind).model] as const]
        : [],
    ),
  );
  const { topology } = resolvePorts(loaded.value, models);
  const lab = new Lab(topology, { seed: 7, device: gatewayDevices(models) });
  const gateways = lab.nodes(GatewayNode);
  lab.run({ until: () => isConverged(gateways, lab.now), limit: after(lab.now, 120_000) });
  assert.ok(isConverged(gateways, lab.now), whyNotConverged(gateways, lab.now).join('\n'));
  lab.run({ until: after(lab.now, 5_000) });
  return lab;
}

type Drops = Readonly<Record<string, number>>;

/** Drops of each device, what each host got, what each link lost. */
function counted(
  lab: Lab,
): Readonly<{ drops: Map<string, Drops>; got: Map<string, number>; lost: Map<string, Drops> }> {
  const hosts = lab.nodes(HostNode).map(({ name, counters }) => {
    const { fragment = 0, 'not-ours': strange = 0 } = counters;
    return [name, Object.values(counters).reduce((sum, one) => sum + one, 0) - fragment - strange] as const;
  });
  const links = lab.links.map(({ name, channels }) => {
    const [a, b] = channels;
    const sum = Object.entries(a.counters.drops).map(([word, n]) => [
      word,
      n + (Object.entries(b.counters.drops).find(([w]) => w === word)?.[1] ?? 0),
    ]);
    return [name, Object.fromEntries(sum) as Drops] as const;
  });
  return {
    drops: new Map(lab.nodes(GatewayNode).map((node) => [node.name, { ...node.counters().drops }])),
    got: new Map(hosts),
    lost: new Map(links),
  };
}

const PROTOCOLS = [Protocol.ICMP, Protocol.UDP, Protocol.TCP, 89];

for (const path of [
  'examples/asa-to-asr/topology.yaml',
  'examples/asa-to-asr/topology-nat.yaml',
  'examples/hub-and-spoke/topology.yaml',
  'examples/gre-over-ipsec/topology.yaml',
]) {
  test(`${path}: what is walked is what happens`, () => {
    const lab = converged(path);
    const hosts = lab.nodes(HostNode).filter((host) => host.address(4) !== undefined);
    const own = lab
      .nodes(GatewayNode)
      .flatMap((node) =>
        [...node.interfaces.values()].flatMap(({ addresses }) => addresses.map(({ address }) => address)),
      );
    const targets = [
      ...hosts.flatMap((host) => host.address(4) ?? []),
      ...own.filter(({ family }) => family === 4),
      ...['10.255.255.1', '203.0.113.99', '192.168.77.1'].flatMap((text) => IpAddress.parse(text) ?? []),
    ];
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.nat(hosts.length - 1),
        fc.nat(targets.length - 1),
        fc.constantFrom(...PROTOCOLS),
        fc.oneof(fc.integer({ min: 60, max: 200 }), fc.integer({ min: 1300, max: 1500 }), fc.constant(2800)),
        fc.boolean(),
        fc.constantFrom(22, 80, 443, 500, 4789, 50_000),
        (from, to, protocol, size, df, destinationPort) => {
          const host = hosts[from];
          const destination = targets[to];
          const source = host?.address(4);
          if (host === undefined || destination === undefined || source === undefined || source.equals(destination))
            return;
          const sourcePort = 1024 + (lab.events % 60_000);
          const packet = buildProbe({ source, destination, protocol, sourcePort, destinationPort, size, df });
          assert.ok(parseIp(packet).ok, 'a probe is a packet');
          const idle = counted(lab);
          const walk = new PacketWalker(lab).walk({ node: host.name, packet });
          const before = counted(lab);
          assert.deepEqual(before, idle, 'a walk changes no counter');
          const wasSent = host.send(packet.slice(), destination, df);
          lab.run({ until: after(lab.now, 400) });
          const now = counted(lab);
          const grew = (name: string): boolean => (now.got.get(name) ?? 0) > (before.got.get(name) ?? 0);
          const arrived = lab
            .nodes(HostNode)
            .filter(({ name }) => name !== host.name && grew(name))
            .map(({ name }) => name);
          const says = `${host.name} ${source} to ${destination} protocol ${protocol} size ${size} df ${df}: ${JSON.stringify(walk, (key, value) => (value instanceof IpAddress ? value.toString() : key === 'notes' ? value.map((one: { kind: string }) => one.kind) : value))}`;
          const last = walk.hops.find(({ node, fate }) => node === walk.node && fate === walk.verdict);
          seen.add(`${walk.verdict} ${walk.reason ?? ''}`);
          if (walk.verdict === 'delivered') {
            if (last?.kind === 'host') assert.deepEqual(arrived, [walk.node], says);
            else assert.deepEqual(arrived, [], says);
            return;
          }
          assert.deepEqual(arrived, [], says);
          if (walk.verdict !== 'dropped') return;
          const { node, reason = '' } = walk;
          if (last?.kind === 'device') {
            const count = (of: typeof now): number => of.drops.get(node)?.[reason] ?? 0;
            assert.ok(count(now) > count(before), `${node} counts ${reason}: ${says}`);
          } else if (last?.kind === 'host' && node === host.name) assert.equal(wasSent, false, says);
        },
      ),
      { numRuns: 150, seed: 11 },
    );
    assert.ok(seen.size >= 3, `of several kinds: ${[...seen].join(', ')}`);
  });
}
