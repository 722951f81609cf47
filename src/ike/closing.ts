/** Ends of IKE SAs: what goes with them, who is told, and what is remembered of failures. */
import { after } from '../base/index.ts';
import { removeChild } from './children.ts';
import type { IkeContext, PeerState } from './context.ts';
import type { Cause } from './events.ts';
import { answerTo, type IkeFault } from './faults.ts';
import type { IkeSa } from './ike-sa.ts';
import { backOffMs, LINGER_MS } from './lifetimes.ts';
import { type Answer, notify } from './payloads.ts';
import type { IkePath, IkePeer } from './policy.ts';
import { keepAnswering } from './sending.ts';
import { NotifyType } from './wire/message.ts';

/** Ends an IKE SA here without telling the peer, who knows or does not answer. */
export function endIkeSa(context: IkeContext, sa: IkeSa, cause: Cause): void {
  const rival = undecidedRival(sa);
  if (rival !== undefined) context.forget(rival);
  close(context, sa, cause);
  if (sa.responses.last === undefined) context.forget(sa);
  else keepAnswering(context, sa);
}

/** Ends an IKE SA here and tells the peer: with `notify`, an error that says why. */
export function deleteIkeSa(context: IkeContext, sa: IkeSa, cause: Cause, notify?: number): void {
  // The peer may already have moved its child SAs to the new IKE SA that it asked for.
  const rival = undecidedRival(sa);
  if (rival !== undefined) deleteQuietly(context, rival);
  close(context, sa, cause);
  if (sa.outbound === undefined) {
    context.forget(sa);
    return;
  }
  sa.stage = { kind: 'deleting' };
  sa.expiresAt = undefined;
  sa.tasks = [{ kind: 'delete-ike', ...(notify === undefined ? {} : { notify }) }];
  context.touched.add(sa);
}

/** Deletes an IKE SA that lives on in another one, or that lost a collision: no news but to the peer. */
export function deleteQuietly(context: IkeContext, sa: IkeSa): void {
  sa.stage = { kind: 'deleting' };
  sa.expiresAt = undefined;
  sa.tasks = [{ kind: 'delete-ike' }];
  context.touched.add(sa);
}

/** Section 2.21.3: the answer to an authentic request that breaks the rules costs the IKE SA. */
export function fatalAnswer(context: IkeContext, sa: IkeSa, fault: IkeFault): Answer {
  context.count(fault);
  const cause: Cause = { code: fault, text: 'the peer sent a request that breaks the rules' };
  context.notice(sa, cause.code, cause.text);
  const payloads = [notify(answerTo(fault).notify ?? NotifyType.INVALID_SYNTAX)];
  return { payloads, afterwards: () => endIkeSa(context, sa, cause) };
}

/** An attempt came to nothing: the operator hears why, and an always-on peer is tried again after a while. */
export function attemptFailed(context: IkeContext, peer: IkePeer | undefined, path: IkePath, cause: Cause): void {
  context.count('negotiations-failed');
  context.statistics.sessionsInitiatedFailed++;
  context.notice({ peer, path }, cause.code, cause.text, cause.because);
  context.emit({ kind: 'ike-failed', peer: peer?.name, path, cause, role: 'initiator' });
  const state = peer === undefined ? undefined : context.peers.get(peer.name);
  if (state !== undefined) postpone(context, state, cause);
}

/** The cause and what is behind it, in one line. */
export function causeText(cause: Cause): string {
  return cause.because === undefined ? cause.text : `${cause.text}: ${causeText(cause.because)}`;
}

/** The peer's new IKE SA of a collision that nobody will decide any more. */
export function undecidedRival({ exchange }: IkeSa): IkeSa | undefined {
  const rival = exchange?.kind === 'rekey-ike' ? exchange.collision?.rival : undefined;
  return rival?.stage.kind === 'established' && !rival.isUp ? rival : undefined;
}

function close(context: IkeContext, sa: IkeSa, cause: Cause): void {
  const { isUp, session, path } = sa;
  sa.isUp = false;
  const childCause: Cause = { code: 'ike-sa-down', text: 'its IKE SA ended', because: cause };
  // One that lives on in another IKE SA may have packets under way on its child SAs.
  const lingerMs = sa.stage.kind === 'rekeyed' || sa.stage.kind === 'deleting' ? LINGER_MS : 0;
  for (const child of [...sa.children.values()]) removeChild(context, child, lingerMs, childCause);
  sa.childRetryAt = undefined;
  if (isUp) {
    context.count('ike-sas-ended');
    context.statistics.sessions--;
    const identity = sa.remoteIdentity === undefined ? {} : { identity: sa.remoteIdentity };
    context.emit({ kind: 'ike-sa-down', session, peer: sa.peer?.name ?? '', path, cause, ...identity });
    const state = context.peerOf(sa);
    if (state !== undefined) sessionEnded(context, state, sa, cause);
  }
  context.leavePeer(sa);
}

/** An IKE SA that ends so soon counts as a failed attempt, lest two ends build and tear without pause. */
const SHORT_LIFE_MS = 5_000;

const ENDED_ON_PURPOSE: ReadonlySet<string> = new Set(['cleared', 'configuration-changed', 'simultaneous-initiation']);

function sessionEnded(context: IkeContext, state: PeerState, sa: IkeSa, cause: Cause): void {
  state.lastFailure = causeText(cause);
  if (context.now - sa.since >= SHORT_LIFE_MS || ENDED_ON_PURPOSE.has(cause.code)) {
    state.failures = 0;
    state.nextTryAt = undefined;
  } else postpone(context, state, cause);
}

function postpone(context: IkeContext, state: PeerState, cause: Cause): void {
  state.failures += 1;
  state.lastFailure = causeText(cause);
  state.nextTryAt = after(context.now, backOffMs(state.failures, context.environment.random));
  context.touchedPeers.add(state);
}
