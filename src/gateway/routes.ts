/** Changes of the RIBs made known: to the plane, to IKE (paths to peers) and to BGP (neighbours, next hops, own routes). */
import { type IpAddress, Prefix } from '../base/index.ts';
import { addressesIn, type IkePeer, vrfOf } from '../ike/index.ts';
import type { FibChange, Rib, RibChanges } from '../routing/index.ts';
import type { Context } from './context.ts';
import type { TunnelDetails } from './event.ts';
import { neighborMoved } from './lan-tcp.ts';
import type { RouteTeller } from './route-news.ts';
import type { Speaker } from './speaker.ts';

export function ribChanged(context: Context, rib: Rib, changes: RibChanges): void {
  const { vrf } = rib;
  if (changes.installed.length + changes.withdrawn.length > 0) {
    context.routesChangedAt = context.now;
    context.routeNews.tell(vrf, changes, routeTeller(context), context.now);
  }
  for (const change of changes.fib) {
    if (change.kind === 'set') {
      context.command({ kind: 'set-route', vrf, prefix: change.prefix, nextHops: change.nextHops });
    } else context.command({ kind: 'remove-route', vrf, prefix: change.prefix });
  }
  if (changes.fib.length > 0) context.gre.review(context);
  tellPeersBehind(context, vrf, changes.fib);
  const speaker = context.speakers.get(vrf);
  if (speaker === undefined) return;
  for (const { address } of changes.tracked) {
    for (const { kind } of speaker.watchers.of(address)) {
      if (kind === 'bgp-neighbor') tellNeighborReachable(context, speaker, address);
      else
        context.push({
          to: 'bgp',
          speaker,
          event: { kind: 'next-hop', address, metric: metricTo(context, speaker, address) },
        });
    }
  }
  if (speaker.running !== undefined && !context.isStopped) {
    const touched = [...changes.withdrawn, ...changes.installed];
    redistribute(
      context,
      speaker,
      touched.filter(({ candidate }) => candidate.source !== 'bgp').map(({ prefix }) => prefix),
    );
    context.overlay.routesChanged(
      context,
      speaker,
      touched.map(({ prefix }) => prefix),
    );
  }
}

/** What news of routes need of the gateway. */
export function routeTeller(context: Context): RouteTeller {
  return {
    log: (severity, code, text, more) => context.log(severity, code, text, more),
    alias: (name) => context.interfaces?.get(name)?.alias,
    reasons: context.reasons,
  };
}

export function redistribute(context: Context, speaker: Speaker, prefixes: readonly Prefix[]): void {
  if (prefixes.length === 0) return;
  const rib = context.rib(speaker.vrf);
  const { announce, withdraw } = speaker.redistribution.evaluate(
    prefixes.map((prefix) => [prefix, rib.installed(prefix)] as const),
  );
  if (announce.length + withdraw.length === 0) return;
  context.push({ to: 'bgp', speaker, event: { kind: 'local-routes', announce, withdraw } });
}

/** Static peers that routes which changed lead to, or led to. */
function tellPeersBehind(context: Context, vrf: string, changes: readonly FibChange[]): void {
  const { peersByRemote } = context;
  if (peersByRemote === undefined || peersByRemote.size === 0) return;
  const found = new Set<IkePeer>();
  for (const { prefix } of changes) {
    for (const [, peers] of peersByRemote.within(prefix))
      for (const peer of peers) if (vrfOf(peer) === vrf) found.add(peer);
  }
  for (const peer of found) tellPeerReachable(context, peer);
}

/** A static peer can be reached when its source interface is up and a route leads to it, though not by its own tunnel. */
export function tellPeerReachable(context: Context, peer: IkePeer): void {
  const { name, local, remote } = peer;
  const vrf = vrfOf(peer);
  if (remote === undefined || local === undefined) return;
  const sourceUp = [...(context.interfaces?.all() ?? [])].some(
    (state) => state.up && state.model.vrf === vrf && state.addresses.some(({ address }) => address.equals(local)),
  );
  const way = context.rib(vrf).resolve(remote)?.[0];
  const recursive = way !== undefined && way.interface === name;
  // GRE tells by itself, and holds its line down.
  if (recursive && context.gre.standing(name) === undefined) {
    context.log(5, 'recursive-routing', `${name}: the route to ${remote} leads through the tunnel itself`, {
      subject: name,
      remote,
      details: tunnelDetails(context, name, remote),
    });
  }
  const reachable = sourceUp && way !== undefined && !recursive;
  const leaves = way === undefined || recursive ? undefined : addressToward(context, peer, local, way.interface);
  const from = leaves === undefined ? {} : { local: leaves };
  context.push({ to: 'ike', event: { kind: 'peer-reachable', peer: name, reachable, ...from } });
}

/**
 * Our address for an IKE SA that can move: the configured one as long as its own interface leads to the peer, else one
 * with IKE on the interface that does. An address of a loopback stays whatever the route is.
 */
function addressToward(context: Context, peer: IkePeer, local: IpAddress, out: string): IpAddress | undefined {
  const states = [...(context.interfaces?.all() ?? [])].filter(({ model }) => model.vrf === vrfOf(peer));
  const source = states.find(({ addresses }) => addresses.some(({ address }) => address.equals(local)));
  if (source === undefined || source.name === out || source.kind !== 'ethernet') return local;
  const config = context.ikePlan?.config;
  const answers = config === undefined ? [] : addressesIn(config, peer);
  const other = states
    .find(({ name }) => name === out)
    ?.addresses.find(
      ({ address }) => address.family === local.family && answers.some((one) => one.equals(address)),
    )?.address;
  return other ?? local;
}

export function tunnelDetails(context: Context, name: string, remote: IpAddress | undefined): TunnelDetails {
  const alias = context.index?.interface(name)?.alias;
  return {
    kind: 'tunnel',
    interface: name,
    ...(alias === undefined ? {} : { alias }),
    ...(remote === undefined ? {} : { remote }),
  };
}

export function tellNeighborReachable(context: Context, speaker: Speaker, neighbor: IpAddress): void {
  const way = context.rib(speaker.vrf).resolve(neighbor)?.[0];
  if (way !== undefined) context.reasons.neighborBehind(speaker.nameOf(neighbor), way.interface);
  const connected = way?.route.candidate.source === 'connected' || isOnSubnetOf(context, way?.interface, neighbor);
  neighborMoved(context, speaker, neighbor);
  context.push({
    to: 'bgp',
    speaker,
    event: { kind: 'neighbor-reachable', neighbor, reachable: way !== undefined, connected },
  });
}

/**
 * Whether an address lies in the subnet of the interface that leads there. A peer that tells its tunnel address over
 * IKEv2 has a host route, which hides the connected network that it is in all the same.
 */
function isOnSubnetOf(context: Context, name: string | undefined, address: IpAddress): boolean {
  const state = name === undefined ? undefined : context.interfaces?.get(name);
  return state?.addresses.some((own) => new Prefix(own.address, own.length).contains(address)) === true;
}

export function metricTo(context: Context, speaker: Speaker, address: IpAddress): number | undefined {
  return context.rib(speaker.vrf).resolve(address)?.[0]?.metric;
}

export function sourceFor(context: Context, destination: IpAddress, vrf: string): IpAddress | undefined {
  for (const state of context.interfaces?.all() ?? []) {
    if (state.model.vrf !== vrf) continue;
    if (state.addresses.some(({ address }) => address.equals(destination))) return destination;
  }
  const way = context.rib(vrf).resolve(destination)?.[0];
  return way === undefined ? undefined : context.interfaces?.sourceAddress(way.interface, destination.family);
}
