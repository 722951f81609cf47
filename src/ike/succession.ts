/**
 * One IKE SA in the place of another by a new authentication, RFC 7296 section 2.8.3: the session goes on, with its
 * number and its tunnel, and the child SAs of the old one decrypt until the old one is deleted. IKEv2 has no message
 * for it, so the responder knows it by who comes and from where.
 */
import { after } from '../base/index.ts';
import { removeChild } from './children.ts';
import { deleteQuietly, undecidedRival } from './closing.ts';
import type { IkeContext } from './context.ts';
import type { Cause } from './events.ts';
import type { ChildState, IkeSa } from './ike-sa.ts';
import { LINGER_MS, REKEYED_LINGER_MS } from './lifetimes.ts';
import type { Identity } from './policy.ts';

/** The IKE SA whose session a new one goes on with; `isRival`: both came to be at once, and one of them will go. */
export type Predecessor = Readonly<{ sa: IkeSa; isRival: boolean }>;

/** Child SAs of the old one go when the peer has taken note of its end. */
const SUCCEEDED: Cause = { code: 'reauthenticated', text: 'a child SA of a newly authenticated IKE SA took its place' };

/**
 * Whose place an IKE SA takes that has just been authenticated. As initiator we meant it so. As responder: it is the
 * same peer at the same address, behind a NAT at the same port too, where another one of that name may stand; with
 * MOBIKE the name is enough.
 */
export function predecessorOf(context: IkeContext, sa: IkeSa): Predecessor | undefined {
  const meant = sa.reauthenticates !== undefined;
  const sas = context.peerOf(sa)?.sas;
  if (sas === undefined || sa.remoteIdentity === undefined || (!meant && sa.role === 'initiator')) return undefined;
  for (const other of meant ? sas : sas.of(sa.remoteIdentity)) {
    if (other === sa || !other.isUp || other.stage.kind !== 'established') continue;
    if (meant ? other.session !== sa.reauthenticates : !isSamePlace(other, sa)) continue;
    const isRival = other.establishedOrder > sa.createdOrder && other.role !== sa.role;
    // Two that begin at once without an older one before them are two sessions, of which one ends.
    if (isRival && !meant && !other.isSuccessor) continue;
    return { sa: other, isRival };
  }
  return undefined;
}

/** The session goes on in `next`; the old IKE SA waits for its deletion, its child SAs with it. */
export function succeed(context: IkeContext, old: IkeSa, next: IkeSa): void {
  const rival = undecidedRival(old);
  if (rival !== undefined) deleteQuietly(context, rival);
  next.session = old.session;
  next.sessionSince = old.sessionSince;
  next.peerRoutes = old.peerRoutes;
  next.isUp = true;
  next.isSuccessor = true;
  old.isUp = false;
  context.count('ike-sas-reauthenticated');
  context.notice(next, 'ike-sa-reauthenticated', 'a newly authenticated IKE SA took the place of the one before');
  setAside(context, old);
}

/** Not in use any more: waits for the peer's Delete, or for its own end. */
export function setAside(context: IkeContext, old: IkeSa): void {
  old.stage = { kind: 'rekeyed' };
  old.tasks = [];
  old.rekeyAt = undefined;
  old.reauthAt = undefined;
  old.keepaliveAt = undefined;
  old.childRetryAt = undefined;
  old.expiresAt = after(context.now, REKEYED_LINGER_MS);
  context.peerOf(old)?.sas.delete(old);
  context.touched.add(old);
}

/** What we called ourselves in the IKE SA that this one shall replace. */
export function identityBefore(context: IkeContext, sa: IkeSa): Identity | undefined {
  if (sa.reauthenticates === undefined) return undefined;
  for (const other of context.peerOf(sa)?.sas ?? []) {
    if (other.isUp && other.session === sa.reauthenticates) return other.localIdentity;
  }
  return undefined;
}

/** The child SA in use that the first one of a new IKE SA replaces. */
export function childInUse(predecessor: Predecessor | undefined): ChildState | undefined {
  let newest: ChildState | undefined;
  for (const child of predecessor?.sa.children.values() ?? []) {
    if (child.installed && child.state === 'live') newest = child;
  }
  return newest;
}

/** The end of an IKE SA that lives on in another one: what is under way on its child SAs is still read. */
export function dismiss(context: IkeContext, sa: IkeSa): void {
  releaseChildren(context, sa);
  context.forget(sa);
}

export function releaseChildren(context: IkeContext, sa: IkeSa): void {
  for (const child of [...sa.children.values()]) removeChild(context, child, LINGER_MS, SUCCEEDED);
}

/** Of two with the same identity. */
function isSamePlace(a: IkeSa, b: IkeSa): boolean {
  // One that can move may have moved meanwhile.
  if (a.mobility !== undefined) return true;
  const [one, other] = [a.path.remote, b.path.remote];
  if (!one.address.equals(other.address)) return false;
  return b.peer?.remote !== undefined || !b.natRemote || one.port === other.port;
}
