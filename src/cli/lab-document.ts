/** What `lab run --json` prints: one document with devices, tunnels, BGP sessions, routes and pings. */
import { cipherName, hashName } from '../console/index.ts';
import type { GatewaySnapshot, InterfaceSnapshot } from '../gateway/index.ts';
import { GatewayNode, type Lab, type PingReport } from '../lab/index.ts';

export type LabOutcome = Readonly<{
  converged: boolean;
  /** Lab time of convergence. */
  convergedAtMs?: number;
  reasons: readonly string[];
  pings: readonly PingReport[];
}>;

/** Plain data, ready for `JSON.stringify`. */
export function labDocument(lab: Lab, outcome: LabOutcome): object {
  const { name } = lab.topology;
  return {
    topology: name,
    seed: lab.seed,
    nowMs: lab.now,
    converged: outcome.converged,
    ...(outcome.convergedAtMs === undefined ? {} : { convergedAtMs: outcome.convergedAtMs }),
    reasons: outcome.reasons,
    devices: lab.nodes(GatewayNode).flatMap((node) => {
      const snapshot = node.snapshot(lab.now);
      return snapshot === undefined ? [] : [device(node.name, snapshot)];
    }),
    pings: outcome.pings.map(({ ping, probes, replies }) => ({
      from: ping.from,
      to: ping.to,
      sent: ping.count,
      answered: replies,
      ok: replies === ping.count,
      rttMs: probes.flatMap(({ rttMs }) => (rttMs === undefined ? [] : [Math.round(rttMs * 1000) / 1000])),
    })),
  };
}

function device(name: string, snapshot: GatewaySnapshot): object {
  return {
    name,
    hostname: snapshot.hostname,
    interfaces: snapshot.interfaces,
    tunnels: snapshot.interfaces.flatMap((one) => (one.tunnel === undefined ? [] : [tunnel(snapshot, one)])),
    bgp: snapshot.bgp ?? null,
    routes: snapshot.routes.flatMap(({ vrf, routes }) =>
      routes.map(({ prefix, candidate, resolved, since }) => ({
        vrf,
        prefix,
        source: candidate.source,
        distance: candidate.distance,
        metric: candidate.metric,
        nextHops: resolved,
        sinceMs: since,
      })),
    ),
    counters: { drops: snapshot.plane.drops, ike: snapshot.ike.counters, tcp: snapshot.tcp.counters },
  };
}

function tunnel(snapshot: GatewaySnapshot, one: InterfaceSnapshot): object {
  const sa = snapshot.ike.sas.find(({ session }) => session === one.tunnel?.session);
  const child = sa?.children.at(-1);
  return {
    interface: one.name,
    state: one.lineProtocol ? 'up' : 'down',
    ...(one.since === undefined ? {} : { sinceMs: one.since }),
    ...(one.tunnel?.downReason === undefined ? {} : { reason: one.tunnel.downReason }),
    ...(sa === undefined
      ? {}
      : {
          ike: {
            local: sa.path.local,
            remote: sa.path.remote,
            role: sa.role,
            status: sa.status,
            suite: suite(sa.encr ?? 0, sa.keyBits ?? 0, sa.integ ?? 0),
            group: sa.group,
            sinceMs: sa.since,
          },
        }),
    ...(child === undefined
      ? {}
      : { child: { suite: suite(child.encr, child.keyBits, child.integ), esn: child.esn, sinceMs: child.since } }),
  };
}

function suite(encr: number, keyBits: number, integ: number): string {
  return integ === 0 ? `${cipherName(encr)}-${keyBits}` : `${cipherName(encr)}-${keyBits} ${hashName(integ)}`;
}
