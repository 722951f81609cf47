/**
 * `npm run bench`: how fast and how large a fabric of 2 hubs and 500 spokes comes up in one process, in virtual time: 1,000
 * tunnels, 1,000 BGP sessions, every LAN known everywhere. `--spokes N` makes it smaller or larger.
 */
import { parseArgs } from 'node:util';
import { Prefix } from '../src/base/index.ts';
import { loadConfiguration } from '../src/config/index.ts';
import {
  GatewayNode,
  gatewayDevices,
  generateHubSpoke,
  isConverged,
  Lab,
  loadTopology,
  resolvePorts,
} from '../src/lab/index.ts';

const { values } = parseArgs({
  options: { hubs: { type: 'string', default: '2' }, spokes: { type: 'string', default: '500' } },
});
const hubs = Number(values.hubs);
const spokes = Number(values.spokes);
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

const begun = performance.now();
const { files } = generateHubSpoke({ hubs, spokes, hosts: 2 });
const topology = loadTopology('topology.yaml', (name) => files.get(name));
if (!topology.ok) throw new Error(topology.error.map(({ message }) => message).join('\n'));
const models = new Map(
  topology.value.nodes.flatMap(({ name, spec }) => {
    if (spec.kind !== 'asa' && spec.kind !== 'iosxe') return [];
    const { model, diagnostics } = loadConfiguration(spec.config.text, spec.config.file, spec.kind);
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
    return [[name, model] as const];
  }),
);
const ports = resolvePorts(topology.value, models);
const read = performance.now();
global.gc?.();
const before = process.memoryUsage();
const lab = new Lab(ports.topology, { seed: 1, device: gatewayDevices(models) });
const gateways = lab.nodes(GatewayNode);

/** Every spoke's LAN, in every device. */
const lans = [...models.values()]
  .flatMap(({ interfaces }) =>
    interfaces.filter(({ alias }) => alias === 'inside').flatMap(({ addresses }) => addresses),
  )
  .filter(({ address }) => address.family === 4)
  .map(({ address, length }) => new Prefix(address, length));
const knowsAll = (left: readonly GatewayNode[]): boolean => {
  const node = left.at(-1);
  return node !== undefined && lans.every((lan) => node.hasRoute(lan));
};
const waiting = [...gateways];
const tunnelsUpAt = { virtualMs: 0, wallMs: 0 };
const reached = lab.run({
  until: () => {
    if (!isConverged(gateways, lab.now)) return false;
    if (tunnelsUpAt.wallMs === 0) Object.assign(tunnelsUpAt, { virtualMs: lab.now, wallMs: performance.now() - read });
    while (knowsAll(waiting)) waiting.pop();
    return waiting.length === 0;
  },
  everyMs: 100,
});
const wallMs = performance.now() - read;
const rss = process.memoryUsage().rss;
global.gc?.();
const after = process.memoryUsage();
const tunnels = gateways.reduce((sum, node) => sum + node.status().tunnelsUp, 0);
const bgp = gateways.reduce((sum, node) => sum + node.status().bgpUp, 0);

const grown = after.heapUsed + after.external - before.heapUsed - before.external;
const rows: readonly (readonly [string, string])[] = [
  ['fabric', `${hubs} hubs, ${spokes} spokes, seed 1, Node ${process.versions.node}`],
  ['configuration read', `${((read - begun) / 1000).toFixed(2)} s`],
  ['converged', reached ? `yes, at ${(lab.now / 1000).toFixed(2)} s of virtual time` : 'NO'],
  ['tunnels up (both ends counted)', String(tunnels)],
  ['BGP sessions up (both ends counted)', String(bgp)],
  ['wall time to all tunnels and sessions', `${(tunnelsUpAt.wallMs / 1000).toFixed(2)} s`],
  ['wall time to all routes everywhere', `${(wallMs / 1000).toFixed(2)} s`],
  ['tunnel set-ups a second (wall)', ((tunnels / 2 / tunnelsUpAt.wallMs) * 1000).toFixed(0)],
  ['resident memory', megabytes(rss)],
  ['live memory for each tunnel (both ends, routes included)', `${(grown / (tunnels / 2) / 1e3).toFixed(0)} kB`],
  ['events', String(lab.events)],
];
const width = Math.max(...rows.map(([name]) => name.length));
for (const [name, value] of rows) process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
process.exitCode = reached ? 0 : 1;
