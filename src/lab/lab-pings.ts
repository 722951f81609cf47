import type { Instant } from '../base/index.ts';
import type { PingProbe } from '../gateway/contract.ts';
import { HostNode } from './host-node.ts';
import type { Lab } from './lab.ts';
import type { LabNode } from './node.ts';
import type { TopologyPing } from './topology.ts';

/** How one of the topology's pings went. */
export type PingReport = Readonly<{
  ping: TopologyPing;
  probes: readonly PingProbe[];
  replies: number;
}>;

/** What can ping: a host, or a gateway node. */
type Pinger = LabNode & Pick<HostNode, 'ping'>;

const TIMEOUT_MS = 2000;
const INTERVAL_MS = 20;

/**
 * Starts all pings that the topology asks for, at once; `done` is told when the last one has ended. `isPinger` finds
 * nodes beside hosts that can ping.
 */
export function startPings(
  lab: Lab,
  pingers: readonly Pinger[],
  done: (reports: readonly PingReport[], now: Instant) => void,
): void {
  const { pings } = lab.topology;
  const byName = new Map([...lab.nodes(HostNode), ...pingers].map((node) => [node.name, node as Pinger]));
  const reports: (PingReport | undefined)[] = pings.map(() => undefined);
  let left = pings.length;
  if (left === 0) done([], lab.now);
  for (const [index, ping] of pings.entries()) {
    const { from, to: destination, count, size, df } = ping;
    const node = byName.get(from);
    if (node === undefined) throw new Error(`${from} cannot ping`);
    const request = { destination, count, size, df, timeoutMs: TIMEOUT_MS, intervalMs: INTERVAL_MS };
    node.ping(request, lab.now, (probes) => {
      const replies = probes.filter(({ result }) => result === 'reply').length;
      reports[index] = { ping, probes, replies };
      if (--left === 0)
        done(
          reports.filter((report) => report !== undefined),
          lab.now,
        );
    });
  }
}
