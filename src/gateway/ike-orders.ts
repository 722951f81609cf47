/** What IKE orders, performed: messages sent, child SAs made into interfaces, told routes put into the RIB. */
import type { Prefix } from '../base/index.ts';
import { type Cause, type ChildSa, type IkeEffect, type IkePath, vrfOf } from '../ike/index.ts';
import { buildIp, buildUdp, Protocol } from '../ip/index.ts';
import { Distance } from '../routing/index.ts';
import type { Context } from './context.ts';
import {
  tellChildDown,
  tellChildUp,
  tellIkeDown,
  tellIkeFailed,
  tellIkeUp,
  tellMoved,
  tellNotice,
} from './ike-news.ts';
import { NAT_T_PORT, NON_ESP_MARKER_LENGTH } from './punts.ts';
import { addReverseRoutes, removeReverseRoutes } from './reverse-routes.ts';

export function performIke(context: Context, effect: IkeEffect): void {
  switch (effect.kind) {
    case 'send':
      sendIke(context, effect.path, effect.message);
      break;
    case 'send-nat-keepalive':
      sendUdp(context, effect.path, new Uint8Array([0xff]));
      break;
    case 'expect-child-sa':
      context.command({ kind: 'expect-child-sa', id: effect.inboundSpi });
      break;
    case 'install-child-sa':
      installChildSa(context, effect.sa);
      break;
    case 'remove-child-sa':
      removeChildSa(context, effect.inboundSpi, effect.lingerMs, effect.cause);
      break;
    case 'ike-sa-up':
      tellIkeUp(context, effect);
      break;
    case 'ike-sa-down':
      tellIkeDown(context, effect);
      ikeSaDown(context, effect.session, effect.peer, effect.cause);
      break;
    case 'ike-failed':
      tellIkeFailed(context, effect);
      break;
    case 'peer-routes':
      peerRoutes(context, effect.session, effect.peer, effect.prefixes);
      break;
    case 'path-changed':
      tellMoved(context, effect);
      for (const id of effect.inboundSpis) {
        const { local, remote } = effect.path;
        const { udpEncapsulation } = effect;
        const tunnel = context.tunnels.move(id, effect.path, udpEncapsulation);
        context.command({ kind: 'move-child-sa', id, local, remote, udpEncapsulation });
        // Another family or encapsulation leaves another MTU.
        if (tunnel !== undefined) context.interfaces?.refresh(tunnel.name, tunnel, context.now);
      }
      break;
    case 'cookies-demanded':
      context.demandCookies(effect.secrets);
      break;
    case 'notice':
      tellNotice(context, effect);
      break;
    default:
      effect satisfies never;
  }
}

function sendIke(context: Context, path: IkePath, message: Uint8Array): void {
  if (path.local.port !== NAT_T_PORT) {
    sendUdp(context, path, message);
    return;
  }
  const marked = new Uint8Array(NON_ESP_MARKER_LENGTH + message.length);
  marked.set(message, NON_ESP_MARKER_LENGTH);
  sendUdp(context, path, marked);
}

function sendUdp(context: Context, path: IkePath, payload: Uint8Array): void {
  const { local, remote } = path;
  const vrf = vrfOf(path);
  const datagram = buildUdp(local, remote, payload);
  const packet = buildIp({ source: local.address, destination: remote.address, protocol: Protocol.UDP }, datagram);
  context.command({ kind: 'inject', vrf, packet });
}

function installChildSa(context: Context, sa: ChildSa): void {
  const found = context.tunnels.install(sa);
  if (found === undefined) return;
  const { tunnel, created } = found;
  if (created) context.interfaces?.clone(tunnel, context.now);
  const up: Cause = { code: 'child-sa-up', text: 'a child SA came up' };
  context.reasons.during(up, () => context.interfaces?.refresh(tunnel.name, tunnel, context.now));
  const { inboundSpi: id, path, peer: _, session: account, replaces: __, lifetimeMs: ___, group: ____, ...rest } = sa;
  context.command({
    kind: 'install-child-sa',
    sa: { ...rest, id, account, interface: tunnel.name, local: path.local, remote: path.remote },
  });
  addReverseRoutes(context, tunnel, sa);
  tellChildUp(context, tunnel.name, sa);
}

function removeChildSa(context: Context, inboundSpi: number, lingerMs: number, cause: Cause): void {
  const sa = context.tunnels.child(inboundSpi);
  const tunnel = context.tunnels.remove(inboundSpi);
  context.command({ kind: 'remove-child-sa', id: inboundSpi, lingerMs });
  removeReverseRoutes(context, inboundSpi);
  if (tunnel === undefined) return;
  tellChildDown(context, tunnel.name, inboundSpi, sa, cause);
  const gone: Cause = { code: 'child-sa-down', text: 'its last child SA is gone', because: cause };
  context.reasons.during(gone, () => context.interfaces?.refresh(tunnel.name, tunnel, context.now));
}

function ikeSaDown(context: Context, session: number, peer: string, cause: Cause): void {
  const owner = vpnOwner(session);
  context.reasons.sessionEnded(owner, peer, cause);
  for (const rib of context.ribs()) rib.removeAll('vpn', owner);
  const clone = context.tunnels.endSession(session);
  if (clone === undefined) return;
  const gone: Cause = { code: 'ike-sa-down', text: `the IKE SA of ${peer} ended`, because: cause };
  context.reasons.during(gone, () => context.interfaces?.remove(clone.name, context.now));
}

/** Host routes that the peer told stand in the RIB as long as its session does. */
function peerRoutes(context: Context, session: number, peer: string, prefixes: readonly Prefix[]): void {
  const tunnel = context.tunnels.bySession(session, peer);
  const state = tunnel === undefined ? undefined : context.interfaces?.get(tunnel.name);
  if (tunnel === undefined || state === undefined) return;
  const rib = context.rib(state.model.vrf);
  const owner = vpnOwner(session);
  rib.removeAll('vpn', owner);
  const { distance = Distance.vpn, tag } = context.ikePlan?.routeTerms.get(peer) ?? {};
  const marked = tag === undefined ? {} : { tag };
  for (const prefix of prefixes) {
    const nextHops = [{ interface: tunnel.name }];
    rib.add({ prefix, source: 'vpn', owner, distance, metric: 0, nextHops, ...marked }, context.now);
  }
}

function vpnOwner(session: number): string {
  return `ike ${session}`;
}
