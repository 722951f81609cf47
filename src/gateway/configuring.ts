/** A new configuration put in force: each core gets its part and disturbs only what differs. */
import { Prefix, PrefixTrie } from '../base/index.ts';
import type { DeviceModel } from '../config/index.ts';
import { type IkePeer, vrfOf } from '../ike/index.ts';
import { staticRoute } from '../routing/index.ts';
import { configureBgp } from './bgp-configuring.ts';
import type { Context } from './context.ts';
import { ikePlan } from './ike-config.ts';
import { type InterfaceState, Interfaces } from './interfaces.ts';
import { tellTcp } from './lan-tcp.ts';
import { ModelIndex } from './model-index.ts';
import { unmatchedSettings } from './peer-settings.ts';
import { tellPeerReachable, tunnelDetails } from './routes.ts';
import type { Speaker } from './speaker.ts';

function configureStaticRoutes(context: Context, before: DeviceModel | undefined, model: DeviceModel): void {
  const key = (route: DeviceModel['staticRoutes'][number]): string =>
    `${route.interface ?? ''} ${route.prefix} ${route.gateway ?? ''} ${route.distance} ${route.vrf} ${route.nullRoute} ${route.tag ?? ''}`;
  const wanted = new Map(model.staticRoutes.map((route) => [key(route), route]));
  for (const route of before?.staticRoutes ?? []) {
    if (!wanted.has(key(route))) context.rib(route.vrf).remove(route.prefix, 'static', key(route));
  }
  for (const [owner, route] of wanted) {
    const out = context.index?.interface(route.interface);
    const { prefix, distance, gateway, tag } = route;
    // Without an interface the gateway is looked up; one that is named must be there.
    const isLookedUp = route.interface === undefined && gateway !== undefined;
    if (out === undefined && !route.nullRoute && !isLookedUp) continue;
    const via = gateway === undefined ? {} : { gateway };
    const through = out === undefined ? {} : { interface: out.name };
    const way = route.nullRoute ? {} : { ...through, ...via };
    context
      .rib(route.vrf)
      .add(staticRoute({ prefix, owner, distance, ...way, ...(tag === undefined ? {} : { tag }) }), context.now);
  }
}

export function configure(context: Context, model: DeviceModel): void {
  const index = new ModelIndex(model);
  const before = context.index;
  context.index = index;
  context.interfaces ??= new Interfaces(
    {
      rib: (vrf) => context.rib(vrf),
      command: (command) => context.command(command),
      changed: (state, up) => interfaceChanged(context, state, up),
      gre: (name) => context.gre.standing(name),
    },
    index,
  );
  const plan = ikePlan(index, context);
  for (const { peer } of unmatchedSettings(context.peerSettings, plan.config.peers)) {
    context.log(4, 'unknown-peer', `settings are given for ${peer}, which is no tunnel-group or tunnel here`, {
      subject: peer,
    });
  }
  const unusableBefore = context.ikePlan?.unusable;
  // Those that are gone are still spoken of while their SAs end.
  const peers = [...(context.ikePlan?.config.peers ?? []), ...plan.config.peers];
  context.peersByName = new Map(peers.map((peer) => [peer.name, peer]));
  context.ikePlan = plan;
  context.peersByRemote = peersByRemote(plan.config.peers);
  context.isStopped = false;
  context.tunnels.configure(plan.bindings);
  context.gre.configure(plan.gre, context.now);
  context.interfaces.configure(index, (name) => context.tunnels.byName(name), context.now);
  context.gre.review(context);
  configureStaticRoutes(context, before?.model, model);
  for (const [name, reason] of plan.unusable) {
    if (unusableBefore?.get(name) === reason) continue;
    const details = tunnelDetails(context, name, index.interface(name)?.tunnel?.destination);
    context.log(4, 'tunnel-unusable', `${name} can not start: ${reason}`, { subject: name, details });
  }
  context.push({ to: 'ike', event: { kind: 'configure', config: plan.config } });
  for (const peer of plan.config.peers) tellPeerReachable(context, peer);
  configureBgp(context, before?.model, index);
  context.overlay.configure(context, model);
  for (const speaker of context.speakers.values()) abortOrphans(context, speaker);
}

/** A TCP connection from an address that is ours no more can never be heard again: the peer is told so while it can be. */
function abortOrphans(context: Context, speaker: Speaker): void {
  const own = new Set<string>();
  for (const { addresses, model } of context.interfaces?.all() ?? []) {
    if (model.vrf !== speaker.vrf) continue;
    for (const { address } of addresses) own.add(address.toString());
  }
  for (const [connection, { local }] of speaker.transports) {
    if (!own.has(local.address.toString())) tellTcp(context, speaker, { kind: 'abort', connection });
  }
}

function peersByRemote(peers: readonly IkePeer[]): PrefixTrie<readonly IkePeer[]> {
  const trie = new PrefixTrie<readonly IkePeer[]>();
  for (const peer of peers) {
    if (peer.remote === undefined) continue;
    const host = Prefix.host(peer.remote);
    trie.set(host, [...(trie.get(host) ?? []), peer]);
  }
  return trie;
}

function interfaceChanged(context: Context, state: InterfaceState, up: boolean): void {
  const { name, alias } = state;
  const { reasons } = context;
  const cause = reasons.present;
  reasons.lineChanged(name, up);
  const called = alias === undefined ? '' : ` "${alias}"`;
  context.log(4, up ? 'line-up' : 'line-down', `Line protocol on Interface ${name}${called}: ${up ? 'up' : 'down'}`, {
    subject: name,
    ...(cause === undefined ? {} : { cause }),
    details: { kind: 'line', interface: name, ...(alias === undefined ? {} : { alias }), up },
  });
  if (state.kind === 'loopback') context.overlay.refresh(context);
  context.gre.review(context);
  if (state.kind === 'ethernet') {
    for (const peer of context.ikePlan?.config.peers ?? []) {
      const { local } = peer;
      if (
        local !== undefined &&
        vrfOf(peer) === state.model.vrf &&
        state.addresses.some(({ address }) => address.equals(local))
      ) {
        tellPeerReachable(context, peer);
      }
    }
  }
}
