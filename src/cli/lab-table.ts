/** The progress display and the table of what came up. */
import type { IpAddress } from '../base/index.ts';
import { cipherName, hashName, upTime } from '../console/index.ts';
import type { GatewaySnapshot, InterfaceSnapshot } from '../gateway/index.ts';
import { GatewayNode, type Lab, labStatus, type PingReport } from '../lab/index.ts';

/** Tunnels shown one by one; a larger fabric is shown in numbers. */
const SHOWN_TUNNELS = 40;

/** One line for each tunnel (IKE, child SA, line protocol, BGP), or sums when there are many. */
export function progressLines(lab: Lab): string[] {
  const nodes = lab.nodes(GatewayNode);
  const sums = labStatus(nodes);
  const time = `${(lab.now / 1000).toFixed(1)} s`;
  const head = `${time}  tunnels ${sums.tunnelsUp}/${sums.tunnelsWanted}  BGP ${sums.bgpUp}/${sums.bgpWanted}`;
  if (sums.tunnelsWanted > SHOWN_TUNNELS) return [head];
  const rows = nodes.flatMap((node) => {
    const snapshot = node.snapshot(lab.now);
    if (snapshot === undefined) return [];
    return snapshot.interfaces.flatMap((one) => (one.tunnel === undefined ? [] : [row(node.name, snapshot, one)]));
  });
  return [head, ...columns([['device', 'tunnel', 'peer', 'IKE', 'child SA', 'line', 'BGP'], ...rows])];
}

function row(device: string, snapshot: GatewaySnapshot, one: InterfaceSnapshot): string[] {
  const sa = snapshot.ike.sas.find(({ session }) => session === one.tunnel?.session);
  const child = sa?.children.at(-1);
  const ike =
    sa?.encr === undefined ? '-' : `${cipherName(sa.encr)}-${sa.keyBits} ${hashName(sa.integ ?? 0)} group ${sa.group}`;
  const esp =
    child === undefined
      ? '-'
      : `${cipherName(child.encr)}-${child.keyBits} ${hashName(child.integ)}`.replace(' N/A', '');
  return [
    device,
    one.name,
    one.tunnel?.destination?.toString() ?? '-',
    ike.replace(' N/A', ''),
    esp,
    one.lineProtocol ? 'up' : 'down',
    bgpOver(snapshot, one),
  ];
}

/** State of the BGP sessions whose neighbour is reached through a tunnel. */
function bgpOver(snapshot: GatewaySnapshot, { name, vrf }: InterfaceSnapshot): string {
  const routes = snapshot.routes.find((table) => table.vrf === vrf)?.routes ?? [];
  const isBehind = (address: IpAddress): boolean => {
    const fitting = routes.filter(({ prefix }) => prefix.contains(address));
    const longest = Math.max(...fitting.map(({ prefix }) => prefix.length));
    return fitting.some(
      ({ prefix, resolved }) => prefix.length === longest && resolved.some((way) => way.interface === name),
    );
  };
  const states = (snapshot.bgp?.neighbors ?? [])
    .filter(({ address }) => isBehind(address))
    .map(({ state, since }) =>
      state === 'Established' && since !== undefined ? `up ${upTime(snapshot.now - since)}` : state,
    );
  return states.length === 0 ? '-' : [...new Set(states)].join(', ');
}

export function pingLines(pings: readonly PingReport[]): string[] {
  const rows = pings.map(({ ping, probes, replies }) => {
    const times = probes.flatMap(({ rttMs }) => (rttMs === undefined ? [] : [rttMs]));
    const failure = probes.find(({ result }) => result !== 'reply')?.result;
    return [
      ping.from,
      ping.to.toString(),
      `${replies}/${ping.count}`,
      replies === ping.count ? `${Math.min(...times).toFixed(1)} ms` : (failure ?? 'no answer'),
    ];
  });
  return columns([['ping from', 'to', 'answered', 'round trip'], ...rows]);
}

/** Pads every column to its widest cell. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const cells of rows) for (const [i, cell] of cells.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((cells) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
