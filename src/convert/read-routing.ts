/** What a configuration routes through one tunnel: BGP sessions and static routes. */
import { type Family, type IpAddress, Prefix } from '../base/index.ts';
import type { BgpNeighborModel, DeviceModel, InterfaceModel, StaticRouteModel } from '../config/index.ts';
import type { Report } from './fault.ts';
import type { Interfacing, Routing, Session } from './link.ts';

export type Routed = Readonly<{ routing: Routing; sessions: readonly Session[]; description?: string }>;

/** BGP sessions that go through the tunnel: with its network, or with what a static route leads into it. */
export function routingThrough(
  model: DeviceModel,
  one: InterfaceModel,
  inner: readonly Interfacing[],
  isTemplate: boolean,
  report: Report,
): Routed | undefined {
  const { bgp } = model;
  if (bgp === undefined) return undefined;
  const all = one.vrf === '' ? bgp.neighbors : (bgp.vrfs?.find(({ vrf }) => vrf === one.vrf)?.neighbors ?? []);
  const networks = inner.map(({ address, length }) => new Prefix(address, length));
  const ways = routesThrough(model, one).map(({ prefix }) => prefix);
  const through = all.filter(
    ({ address, updateSource, shutdown }) =>
      !shutdown &&
      ([...networks, ...ways].some((prefix) => prefix.length > 0 && prefix.contains(address)) ||
        (isTemplate && updateSource !== undefined && Object.values(one.unnumbered).includes(updateSource))),
  );
  const [first] = through;
  if (first === undefined) return undefined;
  const peerAsn = first.remoteAsn;
  if (peerAsn === undefined) {
    report.note(`neighbour ${first.address} has no remote AS: BGP is left out`);
    return undefined;
  }
  const same = through.filter(({ remoteAsn }) => remoteAsn === peerAsn);
  if (same.length < through.length)
    report.note(`only neighbours of AS ${peerAsn} become sessions of this peer: others are behind it`);
  const sessions = same.flatMap((neighbor) => sessionOf(model, inner, neighbor) ?? []);
  if (sessions.length === 0) return undefined;
  const description = first.description;
  return {
    sessions,
    routing: { asn: first.localAsn ?? bgp.asn, peerAsn, timers: bgp.timers, sessions },
    ...(description !== undefined && /^[A-Za-z][\w.-]{0,62}$/.test(description) ? { description } : {}),
  };
}

function sessionOf(model: DeviceModel, inner: readonly Interfacing[], one: BgpNeighborModel): Session | undefined {
  const { family } = one.address;
  const named = model.interfaces.find(
    ({ alias, name }) => one.updateSource !== undefined && [alias, name].includes(one.updateSource),
  );
  const candidates = [...(named?.addresses ?? []), ...inner].filter(
    ({ address }) => address.family === family && !address.isLinkLocal,
  );
  const own = candidates[0]?.address;
  if (own === undefined) return undefined;
  const active = ([4, 6] as const).filter((which: Family) => one.families[which]?.activate === true);
  return {
    own,
    peer: one.address,
    families: active,
    ...(one.password === undefined ? {} : { password: one.password }),
    ...(one.timers === undefined ? {} : { timers: one.timers }),
    ...(one.ebgpMultihop === undefined ? {} : { ebgpMultihop: one.ebgpMultihop }),
    ...(one.ttlSecurityHops === undefined ? {} : { ttlSecurityHops: one.ttlSecurityHops }),
    disableConnectedCheck: one.disableConnectedCheck,
    sendCommunity: active.some((which) => one.families[which]?.sendCommunity === true),
  };
}

function routesThrough({ staticRoutes }: DeviceModel, one: InterfaceModel): readonly StaticRouteModel[] {
  const networks = one.addresses.map(({ address, length }) => new Prefix(address, length));
  return staticRoutes.filter(({ interface: name, gateway, vrf, nullRoute }) => {
    if (nullRoute || vrf !== one.vrf) return false;
    if (name !== undefined) return name === one.alias || name === one.name;
    return gateway !== undefined && networks.some((network) => network.contains(gateway));
  });
}

/** Gateways of static routes through the tunnel. */
export function nextHopsThrough(model: DeviceModel, one: InterfaceModel): readonly IpAddress[] {
  return routesThrough(model, one).flatMap(({ gateway }) => gateway ?? []);
}

/** What static routes lead to the peer, apart from its own addresses. */
export function routedNetworks(model: DeviceModel, one: InterfaceModel, own: readonly IpAddress[]): readonly Prefix[] {
  const prefixes = routesThrough(model, one).map(({ prefix }) => prefix);
  return unique(prefixes.filter((prefix) => !(prefix.isHost && own.some((address) => address.equals(prefix.address)))));
}

/** Networks of this device that its peer must know where no BGP tells them: all but those of tunnels and the outside. */
export function ownNetworks(
  { interfaces }: DeviceModel,
  tunnel: InterfaceModel,
  outside: InterfaceModel | undefined,
): readonly Prefix[] {
  const lenders = Object.values(tunnel.unnumbered);
  return unique(
    interfaces
      .filter((one) => one.tunnel === undefined && one !== outside && !one.shutdown && one.vrf === tunnel.vrf)
      .filter(({ alias, name }) => !lenders.includes(name) && !lenders.includes(alias ?? name))
      .flatMap(({ addresses }) => addresses.filter(({ address }) => !address.isLinkLocal))
      .map(({ address, length }) => new Prefix(address, length)),
  );
}

function unique(prefixes: readonly Prefix[]): readonly Prefix[] {
  return [...new Map(prefixes.map((one) => [one.toString(), one])).values()];
}
