/** What a topology says of the way between two devices, without running it: the least MTU, and whether a NAT is on it. */
import type { Topology, TopologyLink } from './topology.ts';

export type TopologyPort = Readonly<{ node: string; port: string }>;
export type TopologyPath = Readonly<{ mtu: number; nat: boolean }>;

/** The way with the fewest links; it ends at gateways and hosts. Undefined: there is none. */
export function topologyPath(topology: Topology, from: TopologyPort, to: TopologyPort): TopologyPath | undefined {
  const specs = new Map(topology.nodes.map(({ name, spec }) => [name, spec]));
  const reached = new Map<string, TopologyPath>([[keyOf(from), { mtu: Number.POSITIVE_INFINITY, nat: false }]]);
  const ahead: TopologyPort[] = [from];
  for (let here = ahead.shift(); here !== undefined; here = ahead.shift()) {
    const so = reached.get(keyOf(here));
    const [link, far] = linkAt(topology, here);
    if (so === undefined || link === undefined || far === undefined) continue;
    const arrived = { mtu: Math.min(so.mtu, link.profile.mtu, portMtu(topology, far)), nat: so.nat };
    if (far.node === to.node && far.port === to.port) return arrived;
    const spec = specs.get(far.node);
    if (spec === undefined || spec.kind === 'asa' || spec.kind === 'iosxe' || spec.kind === 'host') continue;
    for (const out of portsOf(topology, far.node)) {
      if (out.port === far.port || reached.has(keyOf(out))) continue;
      const mtu = Math.min(arrived.mtu, portMtu(topology, out));
      reached.set(keyOf(out), { mtu, nat: arrived.nat || spec.kind === 'nat' });
      ahead.push(out);
    }
  }
  return undefined;
}

function linkAt({ links }: Topology, { node, port }: TopologyPort): readonly [TopologyLink?, TopologyPort?] {
  for (const link of links) {
    const [a, b] = link.ends;
    if (a.node === node && a.port === port) return [link, b];
    if (b.node === node && b.port === port) return [link, a];
  }
  return [];
}

function portsOf({ links }: Topology, node: string): readonly TopologyPort[] {
  return links.flatMap(({ ends }) => ends.filter((end) => end.node === node));
}

function portMtu({ nodes }: Topology, { node, port }: TopologyPort): number {
  const spec = nodes.find(({ name }) => name === node)?.spec;
  if (spec?.kind === 'nat') return spec.mtu;
  const own = spec?.kind === 'router' ? spec.interfaces.find(({ name }) => name === port) : undefined;
  return own?.mtu ?? Number.POSITIVE_INFINITY;
}

function keyOf({ node, port }: TopologyPort): string {
  return `${node} ${port}`;
}
