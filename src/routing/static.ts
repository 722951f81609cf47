/** Candidates that follow from configuration alone: interface addresses and static routes. */
import { type IpAddress, Prefix } from '../base/index.ts';
import type { RouteCandidate } from './contract.ts';
import { Distance } from './distance.ts';

/**
 * What an interface address brings: the connected subnet, and our own address as a local host route. A host address
 * (loopback, unnumbered tunnel) is one connected route, as IOS shows it.
 */
export function interfaceRoutes(name: string, address: IpAddress, length: number): readonly RouteCandidate[] {
  const nextHops = [{ interface: name }];
  const base = { owner: name, distance: Distance.connected, metric: 0, nextHops };
  const connected: RouteCandidate = { ...base, prefix: new Prefix(address, length), source: 'connected' };
  if (length >= address.bits) return [connected];
  return [connected, { ...base, prefix: Prefix.host(address), source: 'local' }];
}

/** A configured route. `owner` names the line; neither interface nor gateway: a null route. */
export function staticRoute(
  route: Readonly<{
    prefix: Prefix;
    owner: string;
    interface?: string;
    gateway?: IpAddress;
    distance?: number;
    metric?: number;
    tag?: number;
  }>,
): RouteCandidate {
  const { prefix, owner, interface: name, gateway, tag } = route;
  const nextHop = { ...(name === undefined ? {} : { interface: name }), ...(gateway === undefined ? {} : { gateway }) };
  return {
    prefix,
    source: 'static',
    owner,
    distance: route.distance ?? Distance.static,
    metric: route.metric ?? 0,
    nextHops: name === undefined && gateway === undefined ? [] : [nextHop],
    ...(tag === undefined ? {} : { tag }),
  };
}
