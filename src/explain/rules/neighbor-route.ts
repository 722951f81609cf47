/** No route leads to the neighbour, or one that does not take the tunnel. */
import { type IpAddress, Prefix } from '../../base/index.ts';
import type { BgpNeighborModel, StaticRouteModel } from '../../config/index.ts';
import { type BgpEnd, type BgpRule, bothWays, tunnelAddressOf } from '../bgp-case.ts';
import { neighborLine } from '../bgp-lines.ts';
import type { Edit } from '../diagnosis.ts';
import type { Fabric } from '../evidence.ts';
import { openCase } from '../open-case.ts';
import { insertAfter, lineOf, replaceLine, setAttribute } from '../places.ts';
import { routeText } from '../route-text.ts';
import { sessionsSeen } from '../session-evidence.ts';
import type { Finding, TunnelEnd } from '../tunnel-case.ts';
import { isConnected, wayText, wayTo } from '../ways.ts';

export const neighborRoute: BgpRule = (one) => {
  for (const { here, there } of bothWays(one)) {
    const { neighbor, device } = here;
    if (neighbor === undefined || isReached(one.fabric, here, there)) continue;
    const evidence = [wayText(device, neighbor.address), ...sessionsSeen(one)];
    const { tunnel } = here.link ?? {};
    if (tunnel === undefined && there === undefined) return { ...unknownWay(here), evidence };
    const found = tunnel?.kind === 'tunnel' ? byStaticRoute(here, there) : byIke(here, there);
    if (found !== undefined) return { ...found, evidence };
  }
  return undefined;
};

/** With the spoke's configuration alone: it has the route, and does not tell the hub its own address. */
export const addressUntold: BgpRule = ({ near, far }) => {
  const { link, session, device, neighbor } = near;
  if (far !== undefined || link?.group === undefined || neighbor === undefined) return undefined;
  if (link.tunnel?.kind !== 'tunnel' || link.group.routeSetInterface) return undefined;
  if (session?.lastError !== undefined && !/timed-out/.test(session.lastError)) return undefined;
  return {
    code: 'route-set-interface-missing',
    claim: `${device.name} does not tell ${link.tunnel.tunnel?.destination ?? 'the other end'} its tunnel address, so answers to ${near.address ?? 'it'} may have no way`,
    evidence: session?.lastError === undefined ? [] : [`${device.name}: ${session.lastError}`],
    lines: [lineOf(device, link.group.written)],
    edits: [tell(link)],
    missing: `a route to ${near.address ?? 'our tunnel address'} through the tunnel, or \`ikev2 route accept any\` in the tunnel-group for us`,
  };
};

/** Whether a route leads to the neighbour, by a tunnel to it if there is one. */
function isReached(fabric: Fabric, { device, neighbor, link }: BgpEnd, there: BgpEnd | undefined): boolean {
  if (neighbor === undefined) return true;
  const way = wayTo(device, neighbor.address);
  // Of a device that does not run it is known what IKE will tell it, if its peer is known.
  if (way === undefined) {
    if (device.snapshot !== undefined || link?.group?.routeAcceptAny !== true) return false;
    return there === undefined || (there.link?.group?.routeSetInterface === true && isTunnelAddress(there, neighbor));
  }
  if (way.interface === undefined) return false;
  if (link?.tunnel === undefined || isConnected(device, neighbor.address)) return true;
  if (/^Virtual-/.test(way.interface)) return true;
  const through = openCase(fabric, { device: device.name, tunnel: way.interface });
  if (typeof through === 'string') return false;
  return through.far === undefined || there === undefined || through.far.device === there.device;
}

function isTunnelAddress(there: BgpEnd, { address }: BgpNeighborModel): boolean {
  return tunnelAddressOf(there, address.family)?.equals(address) === true;
}

/** The end that has a static tunnel: a line is missing or wrong, or the other end does not tell its address. */
function byStaticRoute(here: BgpEnd, there: BgpEnd | undefined): Finding {
  const { device, neighbor, link } = here;
  const address = neighbor?.address as IpAddress;
  const alias = link?.tunnel?.alias ?? link?.tunnel?.name ?? '';
  const wrong = device.model.staticRoutes.find((route) => isMeantFor(here, route, address, alias));
  const text = routeText({ interface: alias, prefix: Prefix.host(address), gateway: address, distance: 1 });
  const why = `leads to ${address} through ${alias}`;
  if (wrong !== undefined) {
    const out = wrong.interface === alias ? undefined : wrong.interface;
    return {
      code: out === undefined ? 'route-wrong' : 'route-wrong-interface',
      claim:
        out === undefined
          ? `the route ${wrong.prefix} of ${device.name} through ${alias} does not cover its neighbor ${address}`
          : `${device.name} sends what is for its neighbor ${address} out of ${out} instead of ${alias}`,
      lines: [lineOf(device, wrong.written)],
      edits: [
        replaceLine(device, wrong.written.start, { text, why }),
        ...(out === undefined ? tells(here, there, address) : []),
      ],
    };
  }
  const off = here.link?.group?.routeAcceptAny === false ? here.link.group : undefined;
  return {
    code: 'route-missing',
    claim: `${device.name} has no route to its neighbor ${address}, which lies behind ${alias}`,
    lines: neighbor === undefined ? [] : [neighborLine(device, neighbor)],
    edits: [
      insertAfter(device, topLevelEnd(here), { text, why }),
      ...(off === undefined ? tells(here, there, address) : []),
    ],
    ...(there === undefined
      ? { missing: `\`ikev2 route set interface\` in the tunnel-group for ${device.name} would do as well` }
      : {}),
  };
}

/** A route that was to lead to the neighbour, as far as can be told: it names the address, or nothing else that is known. */
function isMeantFor({ device }: BgpEnd, route: StaticRouteModel, address: IpAddress, alias: string): boolean {
  if (route.prefix.family !== address.family || route.nullRoute) return false;
  if (route.prefix.isHost && route.prefix.contains(address)) return true;
  if (route.interface !== alias) return false;
  if (route.gateway?.equals(address) === true) return true;
  const others = device.model.bgp?.neighbors.filter((one) => !one.address.equals(address)) ?? [];
  const serves = others.some((one) => route.prefix.contains(one.address));
  // What leads to a whole network is there for that network.
  const isUsed = ({ prefix }: StaticRouteModel): boolean => !prefix.isHost;
  return !serves && !isUsed(route);
}

/** The end that waits on a virtual template: it knows what the other end tells over IKEv2, and nothing else. */
function byIke(here: BgpEnd, there: BgpEnd | undefined): Finding | undefined {
  const { device, neighbor, link } = here;
  if (neighbor === undefined) return undefined;
  const { address } = neighbor;
  if (link?.group?.routeAcceptAny === false) {
    return {
      code: 'route-accept-off',
      claim: `${device.name} takes no routes over IKEv2 from this peer, so it has none to ${address}`,
      lines: [lineOf(device, link.group.written, 'routeAcceptAny')],
      edits: [
        setAttribute(device, link.group.written, 'routeAcceptAny', {
          text: 'ikev2 route accept any',
          why: "takes the peer's tunnel address",
        }),
      ],
    };
  }
  const group = there?.link?.group;
  if (there?.link === undefined || group === undefined) return unknownWay(here);
  if (group.routeSetInterface) return undefined;
  return {
    code: 'route-set-interface-missing',
    claim: `${there.device.name} does not tell ${device.name} its tunnel address ${address}, so there is no way back`,
    lines: [lineOf(there.device, group.written)],
    edits: [tell(there.link)],
  };
}

function unknownWay({ device, neighbor, address }: BgpEnd): Finding {
  const refusing = device.model.tunnelGroups.find(({ routeAcceptAny, virtualTemplate }) => {
    return virtualTemplate !== undefined && !routeAcceptAny;
  });
  const isHub = device.model.tunnelGroups.some(({ virtualTemplate }) => virtualTemplate !== undefined);
  const wanted = neighbor?.address;
  if (refusing !== undefined) {
    return {
      code: 'route-accept-off',
      claim: `${device.name} has no route to ${wanted}, and takes none over IKEv2 from ${refusing.name}`,
      lines: [lineOf(device, refusing.written, 'routeAcceptAny')],
      edits: [
        setAttribute(device, refusing.written, 'routeAcceptAny', {
          text: 'ikev2 route accept any',
          why: "takes the peer's tunnel address",
        }),
      ],
    };
  }
  if (!isHub) {
    return {
      code: 'route-missing',
      claim: `${device.name} has no route to its neighbor ${wanted}`,
      lines: neighbor === undefined ? [] : [neighborLine(device, neighbor)],
    };
  }
  if (device.snapshot !== undefined && !hasUntold(device)) {
    return {
      layer: 'tunnel',
      code: 'tunnel-down',
      claim: `${device.name} has no route to ${wanted}, and every peer whose tunnel is up told another address: the one that has it is missing`,
      missing: `a tunnel to ${device.name} that is up, on the interface that has ${wanted}`,
    };
  }
  return {
    code: 'route-set-interface-missing',
    claim: `a tunnel to ${device.name} is up whose peer told no address, and nobody told where ${wanted} is`,
    missing: `\`ikev2 route set interface\` in its tunnel-group for ${address ?? 'us'}, on the tunnel that has ${wanted}`,
  };
}

/** Whether a peer's tunnel is up though it told no address over IKEv2. */
function hasUntold({ snapshot }: BgpEnd['device']): boolean {
  return snapshot?.ike.sas.some(({ children, peerRoutes }) => children.length > 0 && peerRoutes.length === 0) === true;
}

/** The alternative on the other side, if its address in the tunnel is the neighbour's. */
function tells(here: BgpEnd, there: BgpEnd | undefined, address: IpAddress): readonly Edit[] {
  if (there?.link?.group === undefined || there.link.group.routeSetInterface) return [];
  if (here.link?.group?.routeAcceptAny === false) return [];
  return tunnelAddressOf(there, address.family)?.equals(address) === true ? [tell(there.link)] : [];
}

function tell({ device, group }: TunnelEnd): Edit {
  const written = group?.written ?? { start: { file: '', line: 0, column: 1 }, attributes: {} };
  // Behind a line of the group's IKE attributes: the line that made the group opens no section.
  const place =
    written.attributes['localKey'] ??
    written.attributes['remoteKey'] ??
    written.attributes['virtualTemplate'] ??
    written.start;
  return insertAfter(device, place, {
    text: `${' '.repeat(Math.max(0, place.column - 1))}ikev2 route set interface`,
    why: 'tells the other end the address of the tunnel',
  });
}

/** Behind a static route, or before BGP: where a line of the top level may stand. */
function topLevelEnd({ device, bgp, link }: BgpEnd): { file: string; line: number; column: number } {
  const known = device.model.staticRoutes.at(-1)?.written.start;
  if (known !== undefined) return known;
  const start = bgp?.written.start ?? link?.tunnel?.written.start;
  return { file: device.configuration.file, line: Math.max(0, (start?.line ?? 1) - 1), column: 1 };
}
