/** Interfaces as operators see them: configured ones in their order, then the clones. */

import type { InterfaceModel } from '../config/index.ts';
import { asaOverhead } from '../esp/index.ts';
import type { IkeSnapshot } from '../ike/index.ts';
import type { Tunnel, Tunnels } from '../tunnel/index.ts';
import type { GreStanding } from './gre.ts';
import { type GreTunnel, greOverhead } from './gre-plan.ts';
import type { IkePlan } from './ike-config.ts';
import type { InterfaceState, Interfaces } from './interfaces.ts';
import type { ModelIndex } from './model-index.ts';
import type { InterfaceSnapshot } from './snapshot.ts';

export function interfaceSnapshots(
  index: ModelIndex,
  interfaces: Interfaces,
  tunnels: Tunnels,
  plan: IkePlan | undefined,
  ike: IkeSnapshot,
  gre: (name: string) => GreStanding | undefined,
): InterfaceSnapshot[] {
  const failures = new Map(ike.waiting.map(({ peer, lastFailure }) => [peer, lastFailure]));
  const all: InterfaceSnapshot[] = [];
  for (const model of index.model.interfaces) {
    const state = interfaces.get(model.name);
    const tunnel = tunnels.byName(model.name);
    const failure = tunnel === undefined ? undefined : failures.get(tunnel.peer);
    const reason = plan?.unusable.get(model.name) ?? failure;
    if (state !== undefined) all.push(snapshotOf(index, state, tunnel, reason, gre(model.name)));
    else if (model.kind === 'virtual-template') all.push(templateSnapshot(model));
  }
  for (const state of interfaces.all()) {
    if (state.kind === 'virtual-access') {
      all.push(snapshotOf(index, state, tunnels.byName(state.name), undefined));
    }
  }
  return all;
}

function snapshotOf(
  index: ModelIndex,
  state: InterfaceState,
  tunnel: Tunnel | undefined,
  reason: string | undefined,
  gre?: GreStanding,
): InterfaceSnapshot {
  const { name, alias, model, kind, up, mtu, addresses, since } = state;
  const isTunnel = kind === 'tunnel' || kind === 'virtual-access';
  return {
    name,
    ...(alias === undefined ? {} : { alias }),
    ...(model.description === undefined ? {} : { description: model.description }),
    kind,
    adminUp: !model.shutdown,
    lineProtocol: up,
    addresses,
    mtu,
    vrf: model.vrf,
    securityLevel: model.securityLevel ?? 0,
    since,
    ...(isTunnel ? { tunnel: tunnelSnapshot(index, state, tunnel, reason, gre) } : {}),
  };
}

function tunnelSnapshot(
  index: ModelIndex,
  { model, up }: InterfaceState,
  tunnel: Tunnel | undefined,
  reason: string | undefined,
  gre: GreStanding | undefined,
): NonNullable<InterfaceSnapshot['tunnel']> {
  const { sourceInterface, mode, profile, destination } = model.tunnel ?? {};
  const sa = tunnel?.newest;
  const family = sa?.path.local.address.family ?? destination?.family ?? 4;
  const lender = sourceInterface === undefined ? undefined : index.interface(sourceInterface);
  const source =
    sa?.path.local.address ??
    gre?.tunnel.plane.source ??
    (lender === undefined ? undefined : index.sourceAddress(lender, family));
  const remote = sa?.path.remote.address ?? destination;
  const overhead =
    sa === undefined
      ? undefined
      : asaOverhead({ encr: sa.encr, integ: sa.integ, outerFamily: family, udpEncapsulation: sa.udpEncapsulation });
  const downReason = up ? undefined : (gre?.lack ?? reason ?? 'no child SA');
  return {
    ...(sourceInterface === undefined ? {} : { sourceInterface }),
    ...(source === undefined ? {} : { source }),
    ...(remote === undefined ? {} : { destination: remote }),
    ...(mode === undefined ? {} : { mode }),
    ...(gre === undefined ? {} : { gre: greSnapshot(gre.tunnel) }),
    ...(profile === undefined ? {} : { profile }),
    ...(tunnel === undefined ? {} : { peer: tunnel.peer }),
    ...(tunnel?.session === undefined ? {} : { session: tunnel.session }),
    ...(downReason === undefined ? {} : { downReason }),
    ...(tunnel?.template === undefined ? {} : { template: tunnel.template }),
    ...(overhead === undefined ? {} : { overhead }),
  };
}

function greSnapshot({ plane, keepalive }: GreTunnel): NonNullable<NonNullable<InterfaceSnapshot['tunnel']>['gre']> {
  const { destination, key, checksum, sequence, ttl, pathMtuDiscovery } = plane;
  return {
    family: destination.family,
    ...(key === undefined ? {} : { key }),
    checksum,
    sequence,
    ttl,
    ...(keepalive === undefined ? {} : { keepalive }),
    ...(pathMtuDiscovery === undefined ? {} : { pathMtuDiscovery }),
    overhead: greOverhead(plane),
  };
}

function templateSnapshot(model: InterfaceModel): InterfaceSnapshot {
  const { name, alias, description, shutdown, addresses, vrf, securityLevel } = model;
  return {
    name,
    ...(alias === undefined ? {} : { alias }),
    ...(description === undefined ? {} : { description }),
    kind: 'virtual-template',
    adminUp: !shutdown,
    lineProtocol: false,
    addresses,
    mtu: model.mtu ?? 1500,
    vrf,
    securityLevel: securityLevel ?? 0,
  };
}
