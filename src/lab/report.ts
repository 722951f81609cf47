/** How far a lab has come: cheap counts to ask often, a full table to show, and what is missing in words. */
import { after, type Instant, type IpAddress, PrefixTrie } from '../base/index.ts';
import type { BgpState } from '../bgp/index.ts';
import type { GatewaySnapshot, InterfaceSnapshot } from '../gateway/index.ts';
import type { GatewayNode } from './gateway-node.ts';

export type LabStatus = Readonly<{
  gateways: number;
  tunnelsUp: number;
  tunnelsWanted: number;
  bgpUp: number;
  bgpWanted: number;
}>;

/** One tunnel interface of one gateway. */
export type TunnelReport = Readonly<{
  gateway: string;
  interface: string;
  peer: string | undefined;
  ike: 'up' | 'negotiating' | 'down';
  childSas: number;
  lineProtocol: boolean;
  /** BGP neighbours that are reached through it. */
  bgp: readonly Readonly<{ neighbor: IpAddress; state: BgpState }>[];
  downReason?: string;
}>;

/** Sums over all gateways that are given; costs a count each, no snapshot. */
export function labStatus(gateways: readonly GatewayNode[]): LabStatus {
  const sum = { gateways: gateways.length, tunnelsUp: 0, tunnelsWanted: 0, bgpUp: 0, bgpWanted: 0 };
  for (const gateway of gateways) {
    const { tunnelsUp, tunnelsWanted, bgpUp, bgpWanted } = gateway.status();
    sum.tunnelsUp += tunnelsUp;
    sum.tunnelsWanted += tunnelsWanted;
    sum.bgpUp += bgpUp;
    sum.bgpWanted += bgpWanted;
  }
  return sum;
}

/** Routes count as told once none changed anywhere for this long: a few round trips and rounds of BGP decisions. */
const QUIET_MS = 300;

/**
 * Whether every tunnel that is wanted is up, every BGP session established and the routes have come to rest; false while
 * there is nothing at all.
 */
export function isConverged(gateways: readonly GatewayNode[], now: Instant): boolean {
  let wanted = 0;
  for (const gateway of gateways) {
    const { tunnelsUp, tunnelsWanted, bgpUp, bgpWanted, routesChangedAt } = gateway.status();
    if (tunnelsUp < tunnelsWanted || bgpUp < bgpWanted || now < after(routesChangedAt, QUIET_MS)) return false;
    wanted += tunnelsWanted + bgpWanted;
  }
  return wanted > 0;
}

/** Every tunnel interface of a gateway, with what runs over it. */
export function tunnelReports(snapshot: GatewaySnapshot): readonly TunnelReport[] {
  const ways = new PrefixTrie<string>();
  for (const { routes } of snapshot.routes) {
    for (const { prefix, resolved } of routes) if (resolved[0] !== undefined) ways.set(prefix, resolved[0].interface);
  }
  const neighbors = new Map<string, { neighbor: IpAddress; state: BgpState }[]>();
  for (const { address, state } of snapshot.bgp?.neighbors ?? []) {
    const way = ways.lookup(address) ?? '';
    const list = neighbors.get(way) ?? [];
    list.push({ neighbor: address, state });
    neighbors.set(way, list);
  }
  const bySession = new Map(snapshot.ike.sas.map((sa) => [sa.session, sa]));
  const byPeer = new Map<string, (typeof snapshot.ike.sas)[number][]>();
  for (const sa of snapshot.ike.sas) {
    const list = byPeer.get(sa.peer);
    if (list === undefined) byPeer.set(sa.peer, [sa]);
    else list.push(sa);
  }
  return snapshot.interfaces.filter(isTunnel).map((one) => {
    const { tunnel } = one;
    // A clone of a template is known by its session; while a static tunnel negotiates it has its peer alone.
    const own = tunnel?.session === undefined ? undefined : bySession.get(tunnel.session);
    const sas = own !== undefined ? [own] : one.kind === 'tunnel' ? (byPeer.get(tunnel?.peer ?? '') ?? []) : [];
    const up = sas.find(({ status }) => status === 'established');
    return {
      gateway: snapshot.hostname,
      interface: one.name,
      peer: tunnel?.destination?.toString() ?? up?.path.remote.address.toString(),
      ike: up !== undefined ? 'up' : sas.length > 0 ? 'negotiating' : 'down',
      childSas: sas.reduce((sum, { children }) => sum + children.length, 0),
      lineProtocol: one.lineProtocol,
      bgp: neighbors.get(one.name) ?? [],
      ...(tunnel?.downReason === undefined ? {} : { downReason: tunnel.downReason }),
    };
  });
}

/** One sentence for each thing that keeps the lab from being converged. */
export function whyNotConverged(gateways: readonly GatewayNode[], now: GatewaySnapshot['now']): readonly string[] {
  const missing: string[] = [];
  for (const gateway of gateways) {
    const { tunnelsUp, tunnelsWanted, bgpUp, bgpWanted } = gateway.status();
    const snapshot = tunnelsUp < tunnelsWanted || bgpUp < bgpWanted ? gateway.snapshot(now) : undefined;
    if (snapshot === undefined) continue;
    for (const tunnel of tunnelReports(snapshot)) {
      if (tunnel.lineProtocol) continue;
      const reason = tunnel.downReason ?? `IKE is ${tunnel.ike}, ${tunnel.childSas} child SAs`;
      missing.push(`${gateway.name}: ${tunnel.interface} is down: ${reason}.`);
    }
    for (const { address, state, shutdown, lastError, lastReset } of snapshot.bgp?.neighbors ?? []) {
      if (shutdown || state === 'Established') continue;
      const reason = lastError ?? lastReset;
      missing.push(
        `${gateway.name}: BGP neighbour ${address} is ${state}${reason === undefined ? '' : ` (${reason})`}.`,
      );
    }
  }
  return missing;
}

/** A virtual template is never up itself, so it is none. */
function isTunnel({ kind, adminUp }: InterfaceSnapshot): boolean {
  return (kind === 'tunnel' || kind === 'virtual-access') && adminUp;
}
