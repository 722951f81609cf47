/** An IKE SA becomes established, or takes over from the one it replaces; what that means for others of that peer. */
import { after } from '../base/index.ts';
import type { Protector } from '../crypto/index.ts';
import { deleteIkeSa, endIkeSa } from './closing.ts';
import type { IkeContext } from './context.ts';
import type { Cause } from './events.ts';
import { identitiesEqual } from './identity.ts';
import type { IkeAlgorithms, IkeSa } from './ike-sa.ts';
import { deriveIkeKeys, type IkeKeyInput, type IkeKeys, protectorsOf, spiBytes } from './keys.ts';
import { lifetime } from './lifetimes.ts';
import type { IkeSuite } from './negotiation.ts';
import type { Identity, IkePeer } from './policy.ts';
import { keepaliveAt } from './sending.ts';

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
 * same time, and the peer knew it or did not need to: those are for `settleSimultaneous`.
 */
export function establish(
  context: IkeContext,
  sa: IkeSa,
  peer: IkePeer,
  identities: Readonly<{ local: Identity; remote: Identity; initialContact: boolean }>,
): void {
  context.leaveHalfOpen(sa);
  sa.stage = { kind: 'established' };
  sa.peer = peer;
  sa.localIdentity = identities.local;
  sa.remoteIdentity = identities.remote;
  sa.establishedOrder = context.nextOrder();
  startLife(context, sa, peer);
  const state = context.peers.get(peer.name);
  state?.sas.add(sa);
  if (identities.initialContact) dropOlder(context, sa);
  sa.isUp = true;
  sa.sessionSince = context.now;
  context.count('ike-sas-established');
  const { statistics } = context;
  if (sa.role === 'initiator') statistics.sessionsInitiated++;
  else statistics.sessionsResponded++;
  statistics.sessions++;
  statistics.peakSessions = Math.max(statistics.peakSessions, statistics.sessions);
  context.emit({ kind: 'ike-sa-up', session: sa.session, peer: peer.name, path: sa.path, role: sa.role });
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
  for (const other of [...state.sas]) {
    if (other === sa) continue;
    if (other.stage.kind === 'init-sent' && other.path.remote.address.equals(sa.path.remote.address)) {
      context.notice(other, 'attempt-abandoned', 'the peer was faster: its IKE SA is established');
      context.forget(other);
      continue;
    }
    const isRival =
      other.stage.kind === 'established' &&
      other.role !== sa.role &&
      other.establishedOrder > sa.createdOrder &&
      other.remoteIdentity !== undefined &&
      identitiesEqual(other.remoteIdentity, sa.remoteIdentity);
    if (!isRival) continue;
    const loser = initiatorSpi(other) < initiatorSpi(sa) ? other : sa;
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
  next.childRetryAt = old.childRetryAt;
  for (const child of old.children.values()) {
    child.parent = next;
    next.children.set(child.inboundSpi, child);
  }
  old.children.clear();
  next.tasks.push(...old.tasks.filter(({ kind }) => kind !== 'rekey-ike' && kind !== 'liveness'));
  old.tasks = [];
  old.isUp = false;
  next.sessionSince = old.sessionSince;
  old.stage = { kind: 'rekeyed' };
  old.rekeyAt = undefined;
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

/** How long a replaced IKE SA waits for the peer's Delete: longer than all repetitions of a request. */
export const REKEYED_LINGER_MS = 120_000;

/** An IKE SA made by rekeying `old`, established at once but not yet its successor. */
export function addSuccessor(
  context: IkeContext,
  old: IkeSa,
  { suite, ...begin }: Readonly<{ role: IkeSa['role']; localSpi: bigint; remoteSpi: bigint; suite: IkeSuite }>,
): IkeSa {
  const { session, path, peer, natLocal, natRemote, localIdentity, remoteIdentity } = old;
  const next = context.add({ ...begin, session, path, peer, stage: { kind: 'established' } });
  next.natLocal = natLocal;
  next.natRemote = natRemote;
  next.isQuantumSafe = old.isQuantumSafe;
  next.fragmentation = old.fragmentation === undefined ? undefined : { ...old.fragmentation };
  next.localIdentity = localIdentity;
  next.remoteIdentity = remoteIdentity;
  next.lifetimeMs = suite.lifetimeMs;
  if (peer !== undefined) startLife(context, next, peer);
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

function dropOlder(context: IkeContext, sa: IkeSa): void {
  const state = context.peerOf(sa);
  if (state === undefined || sa.remoteIdentity === undefined) return;
  for (const other of [...state.sas]) {
    if (other === sa || other.stage.kind !== 'established' || other.remoteIdentity === undefined) continue;
    if (other.establishedOrder > sa.createdOrder || !identitiesEqual(other.remoteIdentity, sa.remoteIdentity)) continue;
    endIkeSa(context, other, { code: 'initial-contact', text: 'the peer began anew and knows no older IKE SA' });
  }
}

function initiatorSpi(sa: IkeSa): bigint {
  return sa.role === 'initiator' ? sa.localSpi : sa.remoteSpi;
}
