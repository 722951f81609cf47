/** Small fabrics for tests: gateways with static VTIs to one another and BGP over them, reconfigured as they run. */
import assert from 'node:assert/strict';
import { after } from '../base/index.ts';
import type { BgpNeighborSnapshot } from '../bgp/index.ts';
import type { DeviceModel } from '../config/index.ts';
import {
  GatewayNode,
  gatewayDevices,
  HostNode,
  isConverged,
  Lab,
  loadTopology,
  resolvePorts,
  whyNotConverged,
} from '../lab/index.ts';
import type { InstalledRoute } from '../routing/index.ts';
import type { PingProbe } from './contract.ts';
import { ip, modelOf } from './model.fixture.ts';
import type { GatewayLogEvent, GatewaySnapshot, InterfaceSnapshot } from './snapshot.ts';

/** The peers of each gateway, and a host `lan<n>` behind each, on one outside network. */
function meshTopology(count: number): string {
  const lines = ['topology:', '  nodes:', '    internet: { kind: bridge }'];
  for (let n = 1; n <= count; n++) {
    lines.push(`    gw${n}: { kind: asa, startup-config: gw${n}.cfg }`);
    lines.push(`    lan${n}: { kind: host, addresses: [10.1.${n}.10/24], gateway: 10.1.${n}.1 }`);
  }
  lines.push('  links:');
  for (let n = 1; n <= count; n++) {
    lines.push(`    - { name: outside${n}, endpoints: ["gw${n}:outside", "internet:p${n}"], delay: 5ms }`);
    lines.push(`    - { name: inside${n}, endpoints: ["gw${n}:inside", "lan${n}:e"] }`);
  }
  return `${lines.join('\n')}\n`;
}

export type FabricOptions = Readonly<{ texts: readonly string[]; topology?: string; seed?: number }>;

export class Fabric {
  readonly lab: Lab;
  readonly logs = new Map<string, GatewayLogEvent[]>();
  readonly #texts = new Map<string, string>();

  constructor({ texts, topology = meshTopology(texts.length), seed = 1 }: FabricOptions) {
    const models = new Map<string, DeviceModel>();
    for (const [i, text] of texts.entries()) {
      const name = `gw${i + 1}`;
      this.#texts.set(name, text);
      models.set(name, modelOf(text, name));
      this.logs.set(name, []);
    }
    const files = new Map([...this.#texts].map(([name, text]) => [`${name}.cfg`, text]));
    files.set('lab.yaml', topology);
    const loaded = loadTopology('lab.yaml', (path) => files.get(path));
    assert.ok(loaded.ok, JSON.stringify(loaded));
    const ports = resolvePorts(loaded.value, models);
    assert.deepEqual(ports.diagnostics, []);
    const device = gatewayDevices(models, { onLog: (name, event) => this.logs.get(name)?.push(event) });
    this.lab = new Lab(ports.topology, { seed, device });
  }

  node(name: string): GatewayNode {
    return this.lab.node(name, GatewayNode);
  }

  snapshot(name: string): GatewaySnapshot {
    const found = this.node(name).snapshot(this.lab.now);
    assert.ok(found);
    return found;
  }

  text(name: string): string {
    return this.#texts.get(name) ?? '';
  }

  /** Runs another text in a gateway that runs already. */
  configure(name: string, text: string): void {
    this.#texts.set(name, text);
    this.node(name).configure(modelOf(text, name), this.lab.now);
  }

  /** Replaces lines of a running gateway's text; each must be there once. */
  edit(name: string, ...changes: readonly (readonly [from: string, to: string])[]): void {
    let text = this.text(name);
    for (const [from, to] of changes) {
      assert.equal(text.split(from).length, 2, `${JSON.stringify(from)} stands once in ${name}`);
      text = text.replace(from, to);
    }
    this.configure(name, text);
  }

  run(ms: number): void {
    this.lab.run({ until: after(this.lab.now, ms) });
  }

  /** Runs until a condition holds; fails when it does not in time. */
  until(what: string, holds: () => boolean, withinMs = 30_000): void {
    const reached = this.lab.run({ until: holds, limit: after(this.lab.now, withinMs), everyMs: 20 });
    assert.ok(reached, `not within ${withinMs} ms: ${what}`);
  }

  converge(withinMs = 30_000): this {
    const gateways = this.lab.nodes(GatewayNode);
    const why = (): string => whyNotConverged(gateways, this.lab.now).join('\n');
    const limit = after(this.lab.now, withinMs);
    assert.ok(this.lab.run({ until: () => isConverged(gateways, this.lab.now), limit, everyMs: 20 }), why());
    return this;
  }

  interface(name: string, of: string): InterfaceSnapshot {
    const found = this.snapshot(name).interfaces.find((one) => one.name === of);
    assert.ok(found, `${name} has no ${of}`);
    return found;
  }

  isUp(name: string, of: string): boolean {
    return this.snapshot(name).interfaces.some((one) => one.name === of && one.lineProtocol);
  }

  /** Inbound SPIs of the child SAs with a peer, by the plane's word. */
  spis(name: string, of: string): readonly number[] {
    return this.node(name)
      .counters()
      .childSas.filter((sa) => sa.interface === of)
      .map(({ id }) => id);
  }

  neighbor(name: string, address: string): BgpNeighborSnapshot {
    const found = this.snapshot(name).bgp?.neighbors.find((one) => one.address.equals(ip(address)));
    assert.ok(found, `${name} has no neighbor ${address}`);
    return found;
  }

  route(name: string, of: string): InstalledRoute | undefined {
    return this.node(name)
      .snapshot(this.lab.now)
      ?.routes.flatMap(({ routes }) => routes)
      .find((one) => one.prefix.toString() === of);
  }

  /** Interfaces that a route leaves by. */
  ways(name: string, of: string): readonly string[] {
    return (this.route(name, of)?.resolved ?? []).map((hop) => hop.interface).sort();
  }

  codes(name: string, sinceMs = 0): readonly string[] {
    return (this.logs.get(name) ?? []).filter(({ at }) => at >= sinceMs).map(({ code }) => code);
  }

  /** The route to a prefix in one VRF. */
  routeIn(name: string, vrf: string, of: string): InstalledRoute | undefined {
    const table = this.snapshot(name).routes.find((one) => one.vrf === vrf);
    return table?.routes.find((one) => one.prefix.toString() === of);
  }

  ping(from: string, to: string, size = 100, df = false): PingProbe {
    let probe: PingProbe | undefined;
    const request = { destination: ip(to), count: 1, size, df, timeoutMs: 2000, intervalMs: 100 };
    this.lab.node(from, HostNode).ping(request, this.lab.now, ([first]) => {
      probe = first;
    });
    this.lab.run({ until: () => probe !== undefined, limit: after(this.lab.now, 5000), everyMs: 1 });
    assert.ok(probe);
    return probe;
  }

  /** All that a gateway has which must stay as it is when something else is changed. */
  standing(name: string, tunnel: string, neighbor: string): unknown {
    const { establishedCount, state } = this.neighbor(name, neighbor);
    return { spis: this.spis(name, tunnel), establishedCount, state, up: this.interface(name, tunnel).since };
  }

  /** Frames that a gateway has sent on a link of its own so far. */
  frames(link: string): number {
    return this.lab.link(link).channels.reduce((sum, channel) => sum + channel.counters.frames, 0);
  }
}
