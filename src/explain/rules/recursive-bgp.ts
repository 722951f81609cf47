/** The route to the other end's outer address is learnt over the tunnel itself: the tunnel pulls itself down and up. */
import { type IpAddress, Prefix } from '../../base/index.ts';
import type { StaticRouteModel } from '../../config/index.ts';
import type { Edit, SourceLine } from '../diagnosis.ts';
import { deleteLine, insertAfter, lineOf } from '../places.ts';
import type { Finding, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

export const recursiveBgp: TunnelRule = ({ near, far }) => {
  const { device, tunnel } = near;
  const destination = tunnel?.tunnel?.destination;
  if (tunnel?.kind !== 'tunnel' || destination === undefined) return undefined;
  const outer = outerRoute(near, destination);
  const seen = device.snapshot?.log.findLast(({ code, text }) => {
    return code === 'recursive-routing' && text.startsWith(`${tunnel.name}:`);
  });
  if (device.snapshot !== undefined && seen === undefined) return undefined;
  const evidence = seen === undefined ? [] : [`${device.name} at ${(seen.at / 1000).toFixed(1)} s: ${seen.text}`];
  if (far === undefined) return alone(near, destination, outer, evidence);
  const longest = networksOf(far, destination).at(-1);
  if (longest === undefined || longest.prefix.length <= outer.length) return undefined;
  const lines: SourceLine[] = [
    ...(outer.route === undefined ? [] : [lineOf(device, outer.route.written)]),
    lineOf(far.device, longest.written),
  ];
  return {
    state: near.state?.lineProtocol === true ? 'will-fail' : 'down',
    code: 'recursive-routing',
    claim:
      `${far.device.name} tells ${longest.prefix} over ${tunnel.name}, and its own outer address ${destination} is in ` +
      'there: the tunnel pulls itself down',
    evidence,
    lines,
    edits: [
      ...hostRoute(near, destination, outer.route),
      deleteLine(far.device, longest.written.start, 'nobody inside needs the outer subnet'),
    ],
  };
};

/** With one configuration only: the route that was learnt tells. */
function alone(near: TunnelEnd, address: IpAddress, outer: Outer, evidence: readonly string[]): Finding | undefined {
  const { device, state } = near;
  const learnt = device.snapshot?.routes
    .flatMap(({ routes }) => routes)
    .filter(({ prefix, candidate }) => candidate.source === 'bgp' && prefix.contains(address))
    .sort((a, b) => a.prefix.length - b.prefix.length)
    .at(-1);
  if (learnt === undefined || learnt.prefix.length <= outer.length) return undefined;
  return {
    state: state?.lineProtocol === true ? 'will-fail' : 'down',
    code: 'recursive-routing',
    claim: `${learnt.prefix} is learnt over the tunnel, and ${address}, where the tunnel leads to, is in there`,
    evidence,
    lines: outer.route === undefined ? [] : [lineOf(device, outer.route.written)],
    edits: hostRoute(near, address, outer.route),
    missing: `no network statement for ${learnt.prefix}`,
  };
}

/** What the other end tells by BGP that covers its outer address, shortest first. */
function networksOf({ device }: TunnelEnd, address: IpAddress) {
  const networks = device.model.bgp?.families[address.family]?.networks ?? [];
  return networks.filter(({ prefix }) => prefix.contains(address)).sort((a, b) => a.prefix.length - b.prefix.length);
}

type Outer = Readonly<{ length: number; route?: StaticRouteModel }>;

/** The longest match outside of the tunnel. */
function outerRoute({ device, index, tunnel }: TunnelEnd, address: IpAddress): Outer {
  let best: Outer = { length: -1 };
  for (const one of device.model.interfaces) {
    if (one === tunnel) continue;
    for (const own of index.addresses(one)) {
      const isOnLink = new Prefix(own.address, own.length).contains(address);
      if (isOnLink && own.length > best.length) best = { length: own.length };
    }
  }
  for (const route of device.model.staticRoutes) {
    if (index.interface(route.interface) === tunnel || !route.prefix.contains(address)) continue;
    if (route.prefix.length > best.length) best = { length: route.prefix.length, route };
  }
  return best;
}

/** A route for that address alone, by the way it had. */
function hostRoute({ device }: TunnelEnd, address: IpAddress, route: StaticRouteModel | undefined): readonly Edit[] {
  if (route?.gateway === undefined) return [];
  const text =
    address.family === 4
      ? `route ${route.interface} ${address} 255.255.255.255 ${route.gateway} 1`
      : `ipv6 route ${route.interface} ${address}/128 ${route.gateway}`;
  return [insertAfter(device, route.written.start, { text, why: 'longer than anything that is learnt' })];
}
