/** What time brings to one IKE SA, and what it asks next when its window is free. */
import { at, type Instant } from '../base/index.ts';
import { deleteChild } from './children.ts';
import { attemptFailed, deleteIkeSa, endIkeSa } from './closing.ts';
import type { IkeContext } from './context.ts';
import type { Cause } from './events.ts';
import { startCreateChild } from './exchange-create-child-sa.ts';
import { startDeleteChild, startDeleteIke, startLiveness, startSetConfiguration } from './exchange-informational.ts';
import {
  probeOtherPaths,
  startReturnRoutability,
  startTellAddresses,
  startUpdateAddresses,
} from './exchange-mobility.ts';
import { startRekeyIke } from './exchange-rekey-ike-sa.ts';
import { hasLiveChild, type IkeSa, mayAsk, type Task } from './ike-sa.ts';
import { livenessDueAt, nextLook } from './liveness.ts';
import { expirePieces } from './reassembly.ts';
import { reauthenticate } from './reauthentication.ts';
import { keepaliveAt, moveWindow } from './sending.ts';
import { dismiss } from './succession.ts';
import { timesSent } from './window.ts';

/** Everything of this SA whose time has come. */
export function upkeep(context: IkeContext, sa: IkeSa): void {
  context.touched.add(sa);
  expirePieces(context, sa);
  const sent = timesSent(sa.window);
  if (moveWindow(context, sa, { kind: 'tick' }) === 'peer-dead') {
    peerDead(context, sa);
    return;
  }
  if (timesSent(sa.window) > sent) probeOtherPaths(context, sa);
  if (sa.expiresAt !== undefined && sa.expiresAt <= context.now) {
    expire(context, sa);
    return;
  }
  if (sa.stage.kind !== 'established') return;
  if (isDue(context, sa.rekeyAt)) {
    sa.rekeyAt = undefined;
    sa.tasks.push({ kind: 'rekey-ike' });
  }
  if (isDue(context, sa.authenticUntil)) {
    const cause: Cause = { code: 'authentication-expired', text: 'the peer was not authenticated anew in time' };
    context.notice(sa, cause.code, cause.text);
    deleteIkeSa(context, sa, cause);
    return;
  }
  if (isDue(context, sa.reauthAt)) reauthenticate(context, sa);
  if (isDue(context, sa.keepaliveAt)) {
    context.statistics.natKeepalivesSent++;
    context.emit({ kind: 'send-nat-keepalive', path: sa.path });
    sa.keepaliveAt = keepaliveAt(context, sa);
  }
  if (isDue(context, sa.childRetryAt)) {
    sa.childRetryAt = undefined;
    if (!hasLiveChild(sa)) sa.tasks.push({ kind: 'create-child', old: undefined });
  }
  for (const child of [...sa.children.values()]) {
    if (child.state !== 'deleting' && child.hardAt <= context.now) {
      deleteChild(context, child, { code: 'lifetime-expired', text: 'the lifetime of the child SA ended' });
    } else if (child.state === 'live' && isDue(context, child.rekeyAt)) {
      child.rekeyAt = undefined;
      sa.tasks.push({ kind: 'create-child', old: child });
    }
  }
  checkLiveness(context, sa);
}

/** Before its time; what is being replaced already is not replaced twice. */
export function rekeyNow(context: IkeContext, sa: IkeSa, what: 'ike' | 'child'): void {
  if (sa.stage.kind !== 'established') return;
  context.touched.add(sa);
  if (what === 'ike') {
    if (sa.exchange?.kind === 'rekey-ike' || sa.tasks.some(({ kind }) => kind === 'rekey-ike')) return;
    sa.rekeyAt = undefined;
    sa.tasks.push({ kind: 'rekey-ike' });
    return;
  }
  for (const child of sa.children.values()) {
    const isUnderWay = child.rekeying || sa.tasks.some((task) => task.kind === 'create-child' && task.old === child);
    if (child.state !== 'live' || isUnderWay) continue;
    child.rekeyAt = undefined;
    sa.tasks.push({ kind: 'create-child', old: child });
  }
}

/** Sends the next request, if one waits and the window is free. */
export function pump(context: IkeContext, sa: IkeSa): void {
  while (sa.tasks.length > 0 && mayAsk(sa) && (sa.stage.kind === 'established' || sa.stage.kind === 'deleting')) {
    const task = sa.tasks.shift();
    if (task === undefined || start(context, sa, task)) return;
  }
}

function start(context: IkeContext, sa: IkeSa, task: Task): boolean {
  switch (task.kind) {
    case 'create-child':
      return startCreateChild(context, sa, task);
    case 'rekey-ike':
      return startRekeyIke(context, sa, task);
    case 'delete-child':
      return startDeleteChild(context, sa, task);
    case 'delete-ike':
      return startDeleteIke(context, sa, task);
    case 'liveness':
      return startLiveness(context, sa);
    case 'set-configuration':
      return startSetConfiguration(context, sa);
    case 'update-addresses':
      return startUpdateAddresses(context, sa);
    case 'tell-addresses':
      return startTellAddresses(context, sa);
    case 'return-routability':
      return startReturnRoutability(context, sa);
    default:
      return task satisfies never;
  }
}

/** RFC 7296 section 2.4: authentic ESP proves life as well as IKE does, so the plane is asked first. */
function checkLiveness(context: IkeContext, sa: IkeSa): void {
  const liveness = sa.peer?.liveness;
  if (liveness === undefined || !mayAsk(sa)) return;
  if (!isDue(context, livenessDueAt(liveness, sa.heardAt, sa.quietUntil))) return;
  for (const child of sa.children.values()) {
    const heard = context.environment.lastInbound(child.inboundSpi);
    if (heard !== undefined && heard > sa.heardAt) sa.heardAt = at(Math.min(heard, context.now));
  }
  sa.quietUntil = undefined;
  if (!isDue(context, livenessDueAt(liveness, sa.heardAt))) return;
  if (liveness.mode === 'on-demand' && !hasSentSince(context, sa)) {
    sa.quietUntil = nextLook(liveness, context.now);
    return;
  }
  if (!sa.tasks.some(({ kind }) => kind === 'liveness')) sa.tasks.push({ kind: 'liveness' });
}

/** Whether anything went to the peer since it was last heard. Where nobody can tell, it may have. */
function hasSentSince(context: IkeContext, sa: IkeSa): boolean {
  const { lastOutbound } = context.environment;
  if (lastOutbound === undefined) return true;
  return [...sa.children.values()].some((child) => (lastOutbound(child.inboundSpi) ?? 0) > sa.heardAt);
}

function expire(context: IkeContext, sa: IkeSa): void {
  const { stage } = sa;
  switch (stage.kind) {
    case 'init-sent':
      attemptFailed(context, sa.peer, sa.path, stage.refusal ?? NO_RESPONSE);
      context.forget(sa);
      return;
    case 'init-answered':
      context.count('half-open-expired');
      context.forget(sa);
      return;
    case 'established': {
      const cause: Cause = sa.endCause ?? {
        code: 'lifetime-expired',
        text: 'the lifetime of the IKE SA ended before it was rekeyed',
      };
      context.notice(sa, cause.code, cause.text);
      deleteIkeSa(context, sa, cause);
      return;
    }
    default:
      dismiss(context, sa);
      return;
  }
}

const NO_RESPONSE: Cause = { code: 'no-response', text: 'the peer does not answer' };

function peerDead(context: IkeContext, sa: IkeSa): void {
  const { stage, exchange } = sa;
  switch (stage.kind) {
    case 'init-sent': {
      const cause: Cause = stage.refusal === undefined ? NO_RESPONSE : { ...NO_RESPONSE, because: stage.refusal };
      attemptFailed(context, sa.peer, sa.path, cause);
      context.forget(sa);
      return;
    }
    case 'auth-sent':
      attemptFailed(context, sa.peer, sa.path, { code: 'no-response', text: 'the peer does not answer IKE_AUTH' });
      context.forget(sa);
      return;
    case 'established': {
      const tries = sa.peer?.liveness?.tries ?? 0;
      const isLiveness = exchange?.kind === 'liveness';
      const because: Cause = isLiveness
        ? { code: 'liveness-failed', text: `no answer to liveness check ${tries}` }
        : { code: 'no-response', text: `no answer to ${exchange?.kind ?? 'a request'}` };
      const cause: Cause = { code: 'peer-dead', text: 'the peer is dead', because };
      context.notice(sa, because.code, because.text);
      endIkeSa(context, sa, cause);
      // Its last response must not be repeated any more: a peer that still waits for it would take the SA for alive.
      context.forget(sa);
      return;
    }
    default:
      dismiss(context, sa);
      return;
  }
}

function isDue(context: IkeContext, when: Instant | undefined): boolean {
  return when !== undefined && when <= context.now;
}
