/** Configured peers: what a new configuration changes, and keeping always-on ones up. */
import { bytesEqual, IpAddress, Prefix, SecretKey } from '../base/index.ts';
import { Certificate, Crl, LocalCredential } from '../crypto/index.ts';
import { deleteIkeSa, endIkeSa } from './closing.ts';
import type { IkeContext, PeerState } from './context.ts';
import type { Cause } from './events.ts';
import { startIkeSa } from './exchange-ike-sa-init.ts';
import { reviewAddresses } from './exchange-mobility.ts';
import type { IkeSa } from './ike-sa.ts';
import { PeerSas } from './peer-sas.ts';
import { addressesIn, type IkeConfig, type IkePath, type IkePeer } from './policy.ts';
import { resume } from './sending.ts';

const CHANGED: Cause = { code: 'configuration-changed', text: 'the configuration of the peer changed' };
const REMOVED: Cause = { code: 'configuration-changed', text: 'the peer is no longer configured' };

/** Puts a configuration in the place of the one before; SAs of peers that did not change stay as they are. */
export function configure(context: IkeContext, config: IkeConfig): void {
  const wanted = new Map(config.peers.map((peer) => [peer.name, peer]));
  for (const state of [...context.peers.values()]) {
    const policy = wanted.get(state.name);
    if (policy === undefined) {
      for (const sa of [...state.sas]) deleteIkeSa(context, sa, REMOVED);
      context.peers.delete(state.name);
      context.deadlines.set(state, undefined);
      context.touchedPeers.delete(state);
    }
  }
  context.config = config;
  for (const policy of config.peers) {
    const state = context.peers.get(policy.name);
    if (state === undefined) context.peers.set(policy.name, newPeer(context, policy));
    else change(context, state, policy);
  }
  for (const sa of [...context.sas.values()]) {
    const { stage, mobility } = sa;
    if (mobility !== undefined && stage.kind === 'established') {
      reviewAddresses(context, sa, context.peerOf(sa)?.local ?? sa.peer?.local);
      continue;
    }
    const { local } = sa.path;
    const isOurs = addressesIn(config, sa.path).some((address) => address.equals(local.address));
    // One that says goodbye says it from where it was, for as long as somebody may answer.
    if (stage.kind === 'dead' || stage.kind === 'deleting' || isOurs) continue;
    endIkeSa(context, sa, { code: 'configuration-changed', text: 'the local address is gone' });
  }
}

/** Whether a path to the peer exists; before it is known to, nothing is begun. */
export function setReachable(context: IkeContext, name: string, reachable: boolean, local?: IpAddress): void {
  if (reachable) context.reachable.add(name);
  else context.reachable.delete(name);
  const state = context.peers.get(name);
  if (state === undefined) return;
  state.local = local;
  if (local !== undefined) for (const sa of state.sas) reviewAddresses(context, sa, local);
  if (state.reachable === reachable) return;
  state.reachable = reachable;
  if (reachable) beginAnew(context, state);
  context.touchedPeers.add(state);
}

/** Forgets earlier failures: the next attempt comes at once. */
export function beginAnew(context: IkeContext, state: PeerState): void {
  state.failures = 0;
  state.nextTryAt = undefined;
  context.touchedPeers.add(state);
}

/** Begins an IKE SA with an always-on peer that has none, or waits for the moment to. */
export function lookAfter(context: IkeContext, state: PeerState): void {
  const { policy, nextTryAt } = state;
  const path = pathTo(context, policy);
  const isWanted = policy.initiate && state.reachable && state.sas.size === 0;
  if (!isWanted || path === undefined) {
    context.deadlines.set(state, undefined);
    return;
  }
  if (nextTryAt !== undefined && nextTryAt > context.now) {
    context.deadlines.set(state, nextTryAt);
    return;
  }
  context.deadlines.set(state, undefined);
  state.nextTryAt = undefined;
  startIkeSa(context, state, path);
}

function newPeer(context: IkeContext, policy: IkePeer): PeerState {
  const state: PeerState = {
    name: policy.name,
    policy,
    reachable: context.reachable.has(policy.name),
    local: undefined,
    failures: 0,
    nextTryAt: undefined,
    lastFailure: undefined,
    sas: new PeerSas(),
  };
  context.touchedPeers.add(state);
  return state;
}

function change(context: IkeContext, state: PeerState, policy: IkePeer): void {
  const before = state.policy;
  state.policy = policy;
  if (sameValue(before, policy)) {
    for (const sa of state.sas) sa.peer = policy;
    return;
  }
  beginAnew(context, state);
  const isEssential = !sameValue(essence(before), essence(policy));
  // Another address of ours is no reason to begin anew for an IKE SA that can move (RFC 4555).
  const isMoveOnly = !sameValue(before.local, policy.local) && sameValue(unplaced(before), unplaced(policy));
  for (const sa of [...state.sas]) {
    const canMove = isMoveOnly && (sa.mobility !== undefined || goesAlong(context, sa, policy.local));
    if (isEssential && !canMove) deleteIkeSa(context, sa, CHANGED);
  }
  if (isMoveOnly) state.local = policy.local;
  if (isEssential && !isMoveOnly) return;
  const tellsOtherRoutes = !sameValue(before.sendRoutes, policy.sendRoutes);
  for (const sa of state.sas) {
    sa.peer = policy;
    if (tellsOtherRoutes && sa.stage.kind === 'established') sa.tasks.push({ kind: 'set-configuration' });
    context.touched.add(sa);
  }
}

/**
 * A new authentication under way that the peer may have agreed to already: it is asked again from the new address, as
 * the old IKE SA may be gone there.
 */
function goesAlong(context: IkeContext, sa: IkeSa, local: IpAddress | undefined): boolean {
  const { path, stage } = sa;
  if (stage.kind !== 'auth-sent' || sa.reauthenticates === undefined) return false;
  if (local?.family !== path.local.address.family) return false;
  sa.path = { ...path, local: { ...path.local, address: local } };
  resume(context, sa);
  return true;
}

/** The same without our own address. */
function unplaced({ local: _, ...peer }: IkePeer): unknown {
  return essence(peer);
}

/** What existing SAs were built from. The rest takes effect in place: lifetimes with the next SA, routes by CFG_SET. */
function essence(peer: IkePeer): unknown {
  const { name, group, remote, local, localIdentity, validateIdentity, ppk, acceptRoutes } = peer;
  const { localKey, remoteKey, localSignature, trust, vrf, identities, certificateRules, keyring } = peer;
  const { proposals, pfsGroup, mode, localSelectors, remoteSelectors, replayWindow } = peer.child;
  // Certificates are renewed while SAs stand: the next authentication shows the new ones.
  const keys = { localKey, remoteKey, signs: localSignature !== undefined, trusts: trust !== undefined, keyring };
  const child = { proposals, pfsGroup, mode, localSelectors, remoteSelectors, replayWindow };
  return {
    name,
    group,
    remote,
    local,
    localIdentity,
    validateIdentity,
    ppk,
    acceptRoutes,
    vrf,
    identities,
    certificateRules,
    child,
    ...keys,
  };
}

function pathTo(context: IkeContext, policy: IkePeer): IkePath | undefined {
  const { remote } = policy;
  if (remote === undefined) return undefined;
  const local = policy.local ?? addressesIn(context.config, policy).find(({ family }) => family === remote.family);
  if (local === undefined) return undefined;
  const vrf = policy.vrf === undefined ? {} : { vrf: policy.vrf };
  return { local: { address: local, port: 500 }, remote: { address: remote, port: 500 }, ...vrf };
}

/** Whether two values of a configuration are the same through and through. */
function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a instanceof SecretKey) return b instanceof SecretKey && a.equals(b);
  if (a instanceof LocalCredential) return b instanceof LocalCredential && a.equals(b);
  if (a instanceof Certificate) return b instanceof Certificate && a.equals(b);
  if (a instanceof Crl) return b instanceof Crl && bytesEqual(a.der, b.der);
  if (a instanceof IpAddress) return b instanceof IpAddress && a.equals(b);
  if (a instanceof Prefix) return b instanceof Prefix && a.equals(b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b) || a instanceof Uint8Array || b instanceof Uint8Array) {
    return sameList(a, b);
  }
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined));
  return left.length === right.size && left.every(([key, value]) => sameValue(value, right.get(key)));
}

function sameList(a: unknown, b: unknown): boolean {
  const isBytes = a instanceof Uint8Array && b instanceof Uint8Array;
  if (!isBytes && !(Array.isArray(a) && Array.isArray(b))) return false;
  return a.length === b.length && a.every((value: unknown, i: number) => sameValue(value, b[i]));
}
