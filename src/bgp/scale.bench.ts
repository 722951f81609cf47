/** Measures convergence of many speakers in one process: `node --expose-gc --import tsx src/bgp/scale.bench.ts 500`. */
import { hubsAndSpokes } from './fabric.ts';

const spokes = Number(process.argv[2] ?? 500);
const isTransit = process.argv[3] === 'transit';
const prefixesEach = Number(process.argv[4] ?? 1);
const before = process.cpuUsage();
const fabric = hubsAndSpokes(2, spokes, { hubAsn: (h) => (isTransit ? 65_000 + h : 65_000), prefixesEach });
fabric.run(10_000);
const used = process.cpuUsage(before);
globalThis.gc?.();
const { heapUsed, rss, arrayBuffers } = process.memoryUsage();
const snapshots = fabric.nodes.map((node) => node.bgp.snapshot(fabric.now));
const mega = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
const report = {
  established: snapshots.flatMap((s) => s.neighbors).filter((n) => n.state === 'Established').length,
  paths: snapshots.reduce((sum, s) => sum + s.paths, 0),
  prefixes: snapshots.reduce((sum, s) => sum + s.prefixes, 0),
  installed: fabric.nodes.reduce((sum, node) => sum + node.routes.size, 0),
  updatesSent: snapshots.flatMap((s) => s.neighbors).reduce((sum, n) => sum + n.updatesSent, 0),
  megabytesSent: mega(fabric.nodes.reduce((sum, node) => sum + node.bytesSent, 0)),
  cpuSeconds: (used.user + used.system) / 1e6,
  heap: mega(heapUsed),
  arrayBuffers: mega(arrayBuffers),
  rss: mega(rss),
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
