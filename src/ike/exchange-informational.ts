/**
 * INFORMATIONAL, RFC 7296 section 1.4: deletions, errors, configuration, and the empty question whether the peer lives.
 *
 *     either end                             the other
 *     HDR, SK { [N], [D], [CP] }         -->
 *                                        <--  HDR, SK { [N], [D], [CP] }
 */
import { childByOutboundSpi, removeChild } from './children.ts';
import { endIkeSa } from './closing.ts';
import { routeAck, routeReply, routeSet } from './configuration.ts';
import type { IkeContext } from './context.ts';
import { takeOver } from './establishing.ts';
import type { Cause } from './events.ts';
import { REKEYED } from './exchange-create-child-sa.ts';
import { acceptAuthLifetime, acceptRoutes } from './exchange-ike-auth.ts';
import { answerMobility, mappingQuestion, PROBES } from './exchange-mobility.ts';
import { liveRival } from './exchange-rekey-ike-sa.ts';
import type { ChildState, IkeSa, Task } from './ike-sa.ts';
import { LINGER_MS } from './lifetimes.ts';
import { livenessSchedule } from './liveness.ts';
import { otherPaths } from './paths.ts';
import { type Answer, causeOfNotify, childSpiBytes, childSpiOf, notify, pick, pickNotify } from './payloads.ts';
import type { IkePath } from './policy.ts';
import { sendRequest } from './sending.ts';
import { ConfigurationType, ExchangeType, NotifyType, type Payload, ProtocolId } from './wire/message.ts';

/** Asks nothing but an answer. */
export function startLiveness(context: IkeContext, sa: IkeSa): boolean {
  const liveness = sa.peer?.liveness;
  if (liveness === undefined || sa.stage.kind !== 'established') return false;
  sa.exchange = { kind: 'liveness' };
  context.count('liveness-checks');
  context.statistics.livenessSent++;
  // An initiator that has not got our IKE_AUTH response yet can not answer: it is given time to ask for it again.
  const isUnconfirmed = sa.role === 'responder' && sa.heardAt === sa.since;
  // Where there are other paths, they are tried before the peer counts as dead.
  const more = otherPaths(context, sa).length > 0 && sa.mobility?.decides === true ? PROBES : 0;
  const schedule = isUnconfirmed ? undefined : livenessSchedule(liveness, more);
  sendRequest(context, sa, ExchangeType.INFORMATIONAL, mappingQuestion(sa), schedule);
  return true;
}

/** Tells our subnets (CFG_SET); the peer puts them in the place of what it was told before. */
export function startSetConfiguration(context: IkeContext, sa: IkeSa): boolean {
  if (sa.stage.kind !== 'established' || sa.peer === undefined) return false;
  sa.exchange = { kind: 'set-configuration' };
  sendRequest(context, sa, ExchangeType.INFORMATIONAL, [routeSet(sa.peer.sendRoutes)]);
  return true;
}

/** Deletes child SAs: the SPIs told are those that we receive on (section 1.4.1). */
export function startDeleteChild(
  context: IkeContext,
  sa: IkeSa,
  task: Extract<Task, { kind: 'delete-child' }>,
): boolean {
  const children = task.children.filter((child) => sa.children.get(child.inboundSpi) === child);
  if (sa.stage.kind !== 'established' || children.length === 0) return false;
  sa.exchange = { kind: 'delete-child', children };
  sendRequest(context, sa, ExchangeType.INFORMATIONAL, [deletionOf(children.map((child) => child.inboundSpi))]);
  return true;
}

/** Deletes the IKE SA; `notify` tells the error that made it necessary. */
export function startDeleteIke(context: IkeContext, sa: IkeSa, task: Extract<Task, { kind: 'delete-ike' }>): boolean {
  sa.exchange = { kind: 'delete-ike' };
  sendRequest(context, sa, ExchangeType.INFORMATIONAL, [
    ...(task.notify === undefined ? [] : [notify(task.notify)]),
    { kind: 'delete', protocol: ProtocolId.IKE, spis: [] },
  ]);
  return true;
}

/** The peer tells or asks something; returns the payloads of our response and what comes after it. */
export function answerInformational(
  context: IkeContext,
  sa: IkeSa,
  payloads: readonly Payload[],
  path: IkePath,
): Answer {
  const deletions = payloads.filter((payload) => payload.kind === 'delete');
  if (deletions.some(({ protocol }) => protocol === ProtocolId.IKE)) {
    return { payloads: [], afterwards: () => endByPeer(context, sa, payloads) };
  }
  if (pickNotify(payloads, NotifyType.AUTHENTICATION_FAILED) !== undefined) {
    // Section 2.21.2: as much as a Delete, for an initiator that could not authenticate us.
    return { payloads: [], afterwards: () => endByPeer(context, sa, payloads) };
  }
  if (sa.stage.kind === 'established') acceptAuthLifetime(context, sa, payloads);
  const answer: Payload[] = [...answerMobility(context, sa, payloads, path)];
  const spis = deletions.flatMap(({ protocol, spis }) => (protocol === ProtocolId.ESP ? spis : []));
  const deleted = spis.flatMap((spi) => deleteByPeer(context, sa, childSpiOf(spi)));
  if (deleted.length > 0) answer.push(deletionOf(deleted));
  const configuration = pick(payloads, 'cp');
  if (configuration !== undefined && sa.stage.kind === 'established') {
    const reply = answerConfiguration(context, sa, configuration);
    if (reply !== undefined) answer.push(reply);
  }
  return { payloads: answer };
}

/** The peer has taken note of our deletion of child SAs. */
export function finishDeleteChild(context: IkeContext, children: readonly ChildState[]): void {
  for (const child of children) {
    if (context.children.get(child.inboundSpi) !== child) continue;
    removeChild(context, child, LINGER_MS, child.cause ?? REKEYED);
  }
}

/** One child SA that the peer deletes: our SPI of it for the answer, none when we are deleting it at the same time. */
function deleteByPeer(context: IkeContext, sa: IkeSa, spi: number | undefined): number[] {
  const child = childByOutboundSpi(sa, spi);
  const { exchange } = sa;
  if (child === undefined) {
    context.count('child-sa-not-found');
    if (exchange?.kind === 'create-child' && spi !== undefined) exchange.deletedSpis.push(spi);
    return [];
  }
  // Section 1.4.1: both ends delete it at once, so each has told its half already.
  const isCrossing = exchange?.kind === 'delete-child' && exchange.children.includes(child);
  const wasReplaced = child.state !== 'live' || isBeingReplaced(sa, child);
  const cause: Cause = wasReplaced ? REKEYED : { code: 'peer-deleted', text: 'the peer deleted the child SA' };
  removeChild(context, child, wasReplaced ? LINGER_MS : 0, cause);
  return isCrossing ? [] : [child.inboundSpi];
}

/** Whether both ends are rekeying it and the peer has finished first. */
function isBeingReplaced(sa: IkeSa, child: ChildState): boolean {
  const { exchange } = sa;
  return exchange?.kind === 'create-child' && exchange.old === child && exchange.collision !== undefined;
}

function endByPeer(context: IkeContext, sa: IkeSa, payloads: readonly Payload[]): void {
  const { exchange } = sa;
  const rival = exchange?.kind === 'rekey-ike' ? liveRival(exchange) : undefined;
  // Section 2.8.2: the peer did not see that both ends were rekeying; its new IKE SA is the one, ours is forgotten.
  if (rival !== undefined && sa.stage.kind === 'established') takeOver(context, sa, rival);
  const failed = pickNotify(payloads, NotifyType.AUTHENTICATION_FAILED);
  const error = failed ?? pickNotify(payloads, NotifyType.INVALID_SYNTAX);
  const cause: Cause = { code: 'peer-deleted', text: 'the peer deleted the IKE SA' };
  if (error === undefined) {
    endIkeSa(context, sa, cause);
    return;
  }
  const because = causeOfNotify(error.type);
  context.notice(sa, because.code, because.text);
  endIkeSa(context, sa, { ...cause, because });
}

function answerConfiguration(
  context: IkeContext,
  sa: IkeSa,
  configuration: Extract<Payload, { kind: 'cp' }>,
): Payload | undefined {
  if (configuration.type === ConfigurationType.REQUEST) return routeReply(sa.peer?.sendRoutes ?? []);
  if (configuration.type !== ConfigurationType.SET) return undefined;
  const isAccepted = sa.peer?.acceptRoutes === true;
  if (isAccepted) acceptRoutes(context, sa, configuration);
  return routeAck(configuration, isAccepted);
}

function deletionOf(spis: readonly number[]): Payload {
  return { kind: 'delete', protocol: ProtocolId.ESP, spis: spis.map(childSpiBytes) };
}
