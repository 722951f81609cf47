/** The way to the other end's outer address: there is none, or it leads through the tunnel itself. */
import { type IpAddress, Prefix } from '../../base/index.ts';
import type { StaticRouteModel } from '../../config/index.ts';
import { nearFailure, remoteAddress } from '../failure.ts';
import { deleteLine, findLine, insertAfter, lineOf } from '../places.ts';
import type { Finding, TunnelCase, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

/** A static route to the destination by the tunnel itself. */
export const recursion: TunnelRule = (one) => {
  const { device, tunnel, index } = one.near;
  const destination = tunnel?.tunnel?.destination;
  if (tunnel?.kind !== 'tunnel' || destination === undefined) return undefined;
  const best = longest(device.model.staticRoutes, destination);
  if (best === undefined || index.interface(best.interface) !== tunnel) return undefined;
  if (best.prefix.length <= connectedLength(one.near, destination)) return undefined;
  const seen = device.snapshot?.log
    .filter(
      ({ code, subject, text }) =>
        code === 'recursive-routing' && (subject === tunnel.name || text.startsWith(`${tunnel.name}:`)),
    )
    .at(-1);
  return {
    code: 'recursive-routing',
    claim: `the route to ${destination}, the end of ${tunnel.name}, leads through ${tunnel.name} itself`,
    evidence: [
      `${device.name}: ${destination} is looked up and ${best.prefix} by ${best.interface ?? best.gateway} is the longest match`,
      ...(seen === undefined ? [] : [`${device.name} at ${(seen.at / 1000).toFixed(1)} s: ${seen.text}`]),
    ],
    lines: [lineOf(device, tunnel.written, 'destination'), lineOf(device, best.written)],
    edits: [deleteLine(device, best.written.start, 'the outer packets keep their own way')],
  };
};

export const outerRoute: TunnelRule = (one) => {
  const remote = remoteAddress(one);
  const { near, far, seenByFar } = one;
  const here = remote === undefined ? undefined : noWay(one, near, remote);
  if (here !== undefined || far === undefined || seenByFar === undefined) return here;
  // Whoever was answered is reachable: its address may be another one behind a NAT.
  const failure = nearFailure(one);
  const isAnswered =
    near.ikeSa?.remoteSpi.match(/[1-9a-f]/) != null || (failure !== undefined && failure.cause.code !== 'no-response');
  return isAnswered ? undefined : noWay(one, far, seenByFar);
};

function noWay(one: TunnelCase, end: TunnelEnd, address: IpAddress): Finding | undefined {
  const { device, source, tunnel } = end;
  if (hasWay(end, address)) return undefined;
  const alias = source?.alias ?? source?.name ?? '';
  const gateway = gatewayOf(one, end);
  const text = `route ${alias} ${address} 255.255.255.255 ${gateway ?? ''} 1`;
  const text6 = `ipv6 route ${alias} ${address}/128 ${gateway ?? ''}`;
  const place = findLine(device, /^(ipv6 )?route /) ?? findLine(device, /^router bgp /);
  const edit =
    place &&
    insertAfter(
      device,
      { ...place, line: place.line - 1 },
      {
        text: address.family === 4 ? text : text6,
        why: `${gateway} is the next hop that others on this subnet use`,
      },
    );
  const needs = tunnel?.kind === 'tunnel' ? [lineOf(device, tunnel.written, 'destination')] : [];
  return {
    code: 'outer-route-missing',
    claim:
      `${device.name} has no route to ${address}, the other end of the tunnel` +
      (gateway === undefined ? `: it needs one by a next hop on the subnet of ${alias}` : ''),
    evidence: [`${device.name}: ${address} is looked up and no route matches`, ...dropsSeen(end)],
    lines: needs.length > 0 ? needs : source === undefined ? [] : [lineOf(device, source.written, 'addresses')],
    edits: gateway === undefined || edit === undefined ? [] : [edit],
  };
}

/** As it runs, else by connected subnets and static routes. */
function hasWay({ device, index }: TunnelEnd, address: IpAddress): boolean {
  const { snapshot, model } = device;
  if (snapshot !== undefined) {
    return snapshot.routes.some(({ routes }) => routes.some(({ prefix }) => prefix.contains(address)));
  }
  return (
    model.interfaces.some((one) =>
      index.addresses(one).some((own) => new Prefix(own.address, own.length).contains(address)),
    ) || model.staticRoutes.some(({ prefix }) => prefix.contains(address))
  );
}

function dropsSeen({ device }: TunnelEnd): string[] {
  const dropped = device.snapshot?.plane.drops['no-route'];
  return dropped === undefined ? [] : [`${device.name}: ${dropped} packets dropped for want of a route`];
}

/** The next hop that another device on the same outer subnet uses. */
function gatewayOf({ fabric }: TunnelCase, { device, source }: TunnelEnd): IpAddress | undefined {
  const subnets = (source?.addresses ?? []).map(({ address, length }) => new Prefix(address, length));
  const isNear = (address: IpAddress): boolean => subnets.some((subnet) => subnet.contains(address));
  for (const other of fabric.values()) {
    if (other === device) continue;
    const found = other.model.staticRoutes.find(({ gateway }) => gateway !== undefined && isNear(gateway));
    if (found?.gateway !== undefined) return found.gateway;
  }
  return undefined;
}

function longest(routes: readonly StaticRouteModel[], address: IpAddress): StaticRouteModel | undefined {
  let best: StaticRouteModel | undefined;
  for (const route of routes) {
    if (route.nullRoute || !route.prefix.contains(address)) continue;
    if (best === undefined || route.prefix.length > best.prefix.length) best = route;
  }
  return best;
}

/** Length of the longest connected subnet with the address; less than any when there is none. */
function connectedLength({ device, index, tunnel }: TunnelEnd, address: IpAddress): number {
  const lengths = device.model.interfaces
    .filter((one) => one !== tunnel)
    .flatMap((one) => index.addresses(one))
    .filter((own) => new Prefix(own.address, own.length).contains(address))
    .map(({ length }) => length);
  return Math.max(-1, ...lengths);
}
