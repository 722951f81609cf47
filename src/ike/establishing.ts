/** An IKE SA becomes established, or takes over from the one it replaces; what that means for others of that peer. */
import { after } from '../base/index.ts';
import type { Protector } from '../crypto/index.ts';
import { deleteIkeSa, deleteQuietly, endIkeSa } from './closing.ts';
import type { IkeContext } from './context.ts';
import { joinCrowd } from './crowd.ts';
import type { Cause } from './events.ts';
import type { IkeAlgorithms, IkeSa } from './ike-sa.ts';
import { deriveIkeKeys, type IkeKeyInput, type IkeKeys, protectorsOf, spiBytes } from './keys.ts';
import { lifetime, REKEYED_LINGER_MS } from './lifetimes.ts';
import type { IkeSuite } from './negotiation.ts';
import type { Identity, IkePeer } from './policy.ts';
import { keepaliveAt } from './sending.ts';
import { type Predecessor, predecessorOf, setAside, succeed } from './succession.ts';

type KeyedSuite = IkeAlgorithms & Pick<IkeSuite, 'lifetimeMs'>;

/** Derives the keys of an IKE SA and gives it its two protectors. */
export function keyIkeSa(context: IkeContext, sa: IkeSa, suite: KeyedSuite, input: IkeKeyInput): IkeKeys {
  const keys = deriveIkeKeys(input);
  const { initiator, responder } = protectorsOf(keys, suite);
  const own: Protector = sa.role === 'initiator' ? initiator : responder;
  sa.outbound = own;
  sa.inbound = own === initiator ? responder : initiator;
  sa.skD = keys.skD;
  const { encr, keyBits, integ, prf, group } = suite;
  sa.suite = { encr, keyBits, integ, prf, group };
  sa.lifetimeMs = suite.lifetimeMs;
  context.environment.exportKeys?.({
    initiatorSpi: spiBytes(input.spiI),
    responderSpi: spiBytes(input.spiR),
    encr,
    keyBits,
    integ,
    skEi: keys.skEi,
    skEr: keys.skEr,
    ...(keys.skAi === undefined ? {} : { skAi: keys.skAi }),
    ...(keys.skAr === undefined ? {} : { skAr: keys.skAr }),
  });
  return keys;
}

/**
 * Both ends are authenticated. With INITIAL_CONTACT older IKE SAs of the same identity are dropped (RFC 7296 section
 * 2.4): older are those that stood before this one was begun. One that came to stand meanwhile was negotiated at the
 * same time, and the peer knew it or did not need to: those are for `settleSimultaneous`. Returns the IKE SA that this
 * one takes the place of, if it came of a new authentication.
 */
export function establish(
  context: IkeContext,
  sa: IkeSa,
  peer: IkePeer,
  identities: Readonly<{ local: Identity; remote: Identity; initialContact: boolean }>,
): Predecessor | undefined {
  context.leaveHalfOpen(sa);
  sa.stage = { kind: 'established' };
  sa.peer = peer;
  sa.localIdentity = identities.local;
  sa.remoteIdentity = identities.remote;
  sa.establishedOrder = context.nextOrder();
  startLife(context, sa, peer);
  limitAuthentication(context, sa, peer.reauthenticateMs);
  const state = context.peers.get(peer.name);
  state?.sas.add(sa);
  if (identities.initialContact) dropOlder(context, sa);
  joinCrowd(context, sa);
  const predecessor = predecessorOf(context, sa);
  if (predecessor !== undefined) {
    sa.session = predecessor.sa.session;
    // Of two at once one goes, which `settleSimultaneous` decides.
    if (!predecessor.isRival) succeed(context, predecessor.sa, sa);
    return predecessor;
  }
  sa.isUp = true;
  sa.sessionSince = context.now;
  context.count('ike-sas-established');
  const { statistics } = context;
  if (sa.role === 'initiator') statistics.sessionsInitiated++;
  else statistics.sessionsResponded++;
  statistics.sessions++;
  statistics.peakSessions = Math.max(statistics.peakSessions, statistics.sessions);
  const identity = sa.remoteIdentity === undefined ? {} : { identity: sa.remoteIdentity };
  context.emit({ kind: 'ike-sa-up', session: sa.session, peer: peer.name, path: sa.path, role: sa.role, ...identity });
  return undefined;
}

/**
 * Both ends may have begun at once. Two rules leave exactly one IKE SA, whatever is lost or late:
 *  1. An attempt of ours still in IKE_SA_INIT is given up when the peer's gets established: nothing is lost yet.
 *  2. Of two established ones that were under way together, one begun by either end, the one with the higher
 *     initiator SPI stays. Both ends see the same two SPIs; who began the other one deletes it, as the loser of a
 *     rekey collision does (section 2.8.1).
 */
export function settleSimultaneous(context: IkeContext, sa: IkeSa): void {
  const state = context.peerOf(sa);
  if (state === undefined || sa.remoteIdentity === undefined) return;
  for (const other of [...state.sas.unnamed(), ...state.sas.of(sa.remoteIdentity)]) {
    if (other === sa) continue;
    if (other.stage.kind === 'init-sent' && other.path.remote.address.equals(sa.path.remote.address)) {
      context.notice(other, 'attempt-abandoned', 'the peer was faster: its IKE SA is established');
      context.forget(other);
      continue;
    }
    const isRival =
      other.stage.kind === 'established' &&
      other.role !== sa.role &&
      other.remoteIdentity !== undefined &&
      other.establishedOrder > sa.createdOrder;
    if (!isRival) continue;
    const loser = initiatorSpi(other) < initiatorSpi(sa) ? other : sa;
    if (other.session === sa.session) {
      // Both reauthenticated: no session ends, one of the two IKE SAs does. Who began the other one deletes it, who
      // knows by then that both ends have it.
      if (loser === sa) setAside(context, sa);
      else succeed(context, other, sa);
      if (loser.role !== 'initiator') deleteQuietly(context, loser);
      if (loser === sa) return;
      continue;
    }
    const cause: Cause = { code: 'simultaneous-initiation', text: 'both ends began at once: the other IKE SA stays' };
    if (loser.role !== 'initiator') {
      // Its initiator may have given up before it heard that we let it in, and then deletes nothing.
      loser.rekeyAt = undefined;
      loser.expiresAt = after(context.now, LOSER_LINGER_MS);
      loser.endCause = cause;
      context.touched.add(loser);
      continue;
    }
    deleteIkeSa(context, loser, cause);
    if (loser === sa) return;
  }
}

const LOSER_LINGER_MS = 60_000;

/** The new IKE SA inherits session and child SAs (section 2.8); the old one waits for its deletion. */
export function takeOver(context: IkeContext, old: IkeSa, next: IkeSa): void {
  next.isUp = true;
  next.establishedOrder = old.establishedOrder;
  next.peerRoutes = old.peerRoutes;
  next.childFailures = old.childFailures;
  next.isSuccessor = old.isSuccessor;
  next.reauthAt = old.reauthAt;
  // It may have moved since the exchange began.
  next.path = old.path;
  next.natLocal = old.natLocal;
  next.natRemote = old.natRemote;
  next.mobility = old.mobility;
  if (next.mobility !== undefined) next.mobility.seenAs = undefined;
  next.authenticUntil = old.authenticUntil;
  next.childRetryAt = old.childRetryAt;
  for (const child of old.children.values()) {
    child.parent = next;
    next.children.set(child.inboundSpi, child);
  }
  old.children.clear();
  next.tasks.push(...old.tasks.filter(({ kind }) => kind !== 'rekey-ike' && kind !== 'liveness'));
  old.tasks = [];
  if (next.mobility?.isUpdating === true && !next.tasks.some(({ kind }) => kind === 'update-addresses')) {
    next.tasks.unshift({ kind: 'update-addresses' });
  }
  old.isUp = false;
  next.sessionSince = old.sessionSince;
  old.stage = { kind: 'rekeyed' };
  old.rekeyAt = undefined;
  old.reauthAt = undefined;
  old.authenticUntil = undefined;
  old.keepaliveAt = undefined;
  old.expiresAt = after(context.now, REKEYED_LINGER_MS);
  const state = context.peerOf(next);
  state?.sas.delete(old);
  state?.sas.add(next);
  context.touched.add(old);
  context.touched.add(next);
  context.count('ike-sas-rekeyed');
  if (next.role === 'initiator') context.statistics.ikeRekeysInitiated++;
  else context.statistics.ikeRekeysResponded++;
  context.notice(next, 'ike-sa-rekeyed', 'the IKE SA was rekeyed');
}

/** An IKE SA made by rekeying `old`, established at once but not yet its successor. */
export function addSuccessor(
  context: IkeContext,
  old: IkeSa,
  { suite, ...begin }: Readonly<{ role: IkeSa['role']; localSpi: bigint; remoteSpi: bigint; suite: IkeSuite }>,
): IkeSa {
  const { session, path, peer, natLocal, natRemote, localIdentity, remoteIdentity } = old;
  const next = context.add({ ...begin, session, path, peer, stage: { kind: 'established' } });
  next.isForced = old.isForced;
  next.natLocal = natLocal;
  next.natRemote = natRemote;
  next.isQuantumSafe = old.isQuantumSafe;
  next.fragmentation = old.fragmentation === undefined ? undefined : { ...old.fragmentation };
  next.authentication = old.authentication;
  next.localIdentity = localIdentity;
  next.remoteIdentity = remoteIdentity;
  next.lifetimeMs = suite.lifetimeMs;
  if (peer !== undefined) startLife(context, next, peer);
  joinCrowd(context, next);
  return next;
}

function startLife(context: IkeContext, sa: IkeSa, peer: IkePeer): void {
  const lifetimeMs = sa.lifetimeMs ?? peer.ikeLifetimeMs;
  const ends = lifetimeMs === 'unlimited' ? undefined : lifetime(context.now, lifetimeMs, context.environment.random);
  sa.since = context.now;
  sa.heardAt = context.now;
  sa.rekeyAt = ends?.softAt;
  sa.expiresAt = ends?.hardAt;
  sa.keepaliveAt = keepaliveAt(context, sa);
  context.touched.add(sa);
}

/** From now on the authentication is good for so long, if that ends it earlier than before. */
export function limitAuthentication(context: IkeContext, sa: IkeSa, forMs: number | undefined): void {
  if (forMs === undefined) return;
  const { softAt, hardAt } = lifetime(context.now, forMs, context.environment.random);
  if (sa.authenticUntil !== undefined && sa.authenticUntil <= hardAt) return;
  sa.reauthAt = softAt;
  sa.authenticUntil = hardAt;
  context.touched.add(sa);
}

function dropOlder(context: IkeContext, sa: IkeSa): void {
  const state = context.peerOf(sa);
  if (state === undefined || sa.remoteIdentity === undefined) return;
  for (const other of state.sas.of(sa.remoteIdentity)) {
    if (other === sa || other.stage.kind !== 'established' || other.establishedOrder > sa.createdOrder) continue;
    endIkeSa(context, other, { code: 'initial-contact', text: 'the peer began anew and knows no older IKE SA' });
  }
}

function initiatorSpi(sa: IkeSa): bigint {
  return sa.role === 'initiator' ? sa.localSpi : sa.remoteSpi;
}
