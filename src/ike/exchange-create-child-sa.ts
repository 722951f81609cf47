/**
 * CREATE_CHILD_SA for child SAs, RFC 7296 sections 1.3.1, 1.3.3 and 2.8:
 *
 *     either end                                                       the other
 *     HDR, SK { [N(REKEY_SA)], [N(USE_TRANSPORT_MODE)],
 *               SA, Ni, [KEi], TSi, TSr }                          -->
 *                                     <--  HDR, SK { [N(USE_TRANSPORT_MODE)], SA, Nr, [KEr], TSi, TSr }
 *
 * Who rekeyed deletes the old child SA. When both rekeyed at once (section 2.8.1), the exchange with the lowest of
 * the four nonces loses: its initiator deletes what it made, and the other one deletes the old child SA.
 */
import { compareBytes, EMPTY, readU16 } from '../base/index.ts';
import { isSupportedGroup, type KeyShare } from '../crypto/index.ts';
import { agreeOnChild, type ChildTerms, offerChild, readChildAnswer } from './child-negotiation.ts';
import {
  addChild,
  addRedundantChild,
  childByOutboundSpi,
  planChildRetry,
  removeChild,
  retireChild,
} from './children.ts';
import { deleteIkeSa, fatalAnswer } from './closing.ts';
import type { IkeContext } from './context.ts';
import type { Cause } from './events.ts';
import { answerTo, type IkeFault } from './faults.ts';
import { type ChildState, type CreateChildExchange, hasLiveChild, type IkeSa, type Task } from './ike-sa.ts';
import { LINGER_MS, rekeyRetryAt } from './lifetimes.ts';
import {
  type Answer,
  causeOfNotify,
  childSpiOf,
  groupBytes,
  notify,
  notifyOfChild,
  pick,
  pickError,
  pickNotify,
} from './payloads.ts';
import { proposalsFor } from './policy.ts';
import { sendRequest } from './sending.ts';
import { ExchangeType, NotifyType, type Payload } from './wire/message.ts';

const NONCE_LENGTH = 32;

/** Child SAs of one IKE SA that a peer may ask for: a tunnel needs one, and a few more while they are rekeyed. */
const MAX_CHILDREN = 16;

/** The child SA was replaced by a newer one. */
export const REKEYED: Cause = { code: 'rekeyed', text: 'a newer child SA took its place' };

/** Asks for a child SA, unless the need for it has gone; says whether it asked. */
export function startCreateChild(
  context: IkeContext,
  sa: IkeSa,
  task: Extract<Task, { kind: 'create-child' }>,
): boolean {
  const { peer } = sa;
  const { old } = task;
  if (peer === undefined) return false;
  if (old === undefined ? hasLiveChild(sa) : old.state !== 'live' || old.parent !== sa) return false;
  const { random } = context.environment;
  const group = task.group ?? peer.child.pfsGroup ?? 0;
  const keyShare = group === 0 ? undefined : context.newKeyShare(group);
  const spi = context.newChildSpi();
  const nonce = random(NONCE_LENGTH);
  sa.exchange = {
    kind: 'create-child',
    spi,
    nonce,
    proposals: peer.child.proposals,
    keyShare,
    old,
    collision: undefined,
    deletedSpis: [],
  };
  if (old !== undefined) old.rekeying = true;
  context.emit({ kind: 'expect-child-sa', inboundSpi: spi });
  sendRequest(context, sa, ExchangeType.CREATE_CHILD_SA, [
    ...(old === undefined ? [] : [notifyOfChild(NotifyType.REKEY_SA, old.inboundSpi)]),
    ...withKeys(offerChild(peer.child, spi, group), nonce, keyShare),
  ]);
  return true;
}

/** The peer asks for a new child SA or wants to replace one; returns our response. */
export function answerCreateChild(context: IkeContext, sa: IkeSa, payloads: readonly Payload[]): Answer {
  const { peer } = sa;
  if (sa.stage.kind !== 'established' || peer === undefined || sa.exchange?.kind === 'rekey-ike') {
    // Section 2.25.2: no child SA is made under an IKE SA that is being replaced or closed.
    return { payloads: temporaryFailure(context) };
  }
  const rekey = pickNotify(payloads, NotifyType.REKEY_SA);
  const old = rekey === undefined ? undefined : childByOutboundSpi(sa, childSpiOf(rekey.spi));
  if (rekey !== undefined && old === undefined) {
    // It may be the one that we are being given in a response still under way.
    if (sa.exchange?.kind === 'create-child') return { payloads: temporaryFailure(context) };
    context.count('child-sa-not-found' satisfies IkeFault);
    const { protocol, spi } = rekey;
    return { payloads: [{ kind: 'notify', protocol, spi, type: NotifyType.CHILD_SA_NOT_FOUND, data: EMPTY }] };
  }
  // Section 2.25.1: one that we are closing, or that was replaced already, is not rekeyed any more.
  if (old !== undefined && old.state !== 'live') return { payloads: temporaryFailure(context) };

  if (sa.children.size >= MAX_CHILDREN) {
    return { payloads: refuse(context, sa, 'no-additional-sas', `the peer has ${MAX_CHILDREN} child SAs already`) };
  }

  const nonce = pick(payloads, 'nonce');
  if (nonce === undefined) return fatalAnswer(context, sa, 'missing-payload');
  const agreed = agreeOnChild(peer.child, payloads, peer.child.pfsGroup);
  if (!agreed.ok) return { payloads: refuse(context, sa, agreed.error.fault, agreed.error.text) };
  const { group } = agreed.value.suite;
  const ke = pick(payloads, 'ke');
  if (group !== 0 && ke?.group !== group) {
    context.count('invalid-ke-group' satisfies IkeFault);
    return { payloads: [notify(NotifyType.INVALID_KE_PAYLOAD, groupBytes(group))] };
  }
  const { random } = context.environment;
  const keyShare = group === 0 ? undefined : context.newKeyShare(group);
  const secret = ke === undefined ? undefined : keyShare?.computeSecret(ke.data);
  if (secret?.ok === false) return fatalAnswer(context, sa, 'invalid-public-value');

  const inboundSpi = context.newChildSpi();
  const nr = random(NONCE_LENGTH);
  const child = addChild(context, sa, {
    ...agreed.value,
    inboundSpi,
    ni: nonce.data,
    nr,
    sharedSecret: secret?.value,
    role: 'responder',
    replaces: old,
    isFirst: false,
    startOutbound: old === undefined ? 'now' : 'after-inbound',
  });
  const own = sa.exchange?.kind === 'create-child' ? sa.exchange : undefined;
  if (own !== undefined && old !== undefined && own.old === old) {
    own.collision = { rival: child, lowestNonce: lowest(nonce.data, nr) };
    context.count('child-collisions');
    context.notice(sa, 'rekey-collision', 'both ends asked for the same child SA at once');
  } else if (old !== undefined) old.state = 'replaced';
  settleParallel(context, child);
  const answer = agreed.value.answer(inboundSpi);
  return { payloads: withKeys(answer, nr, keyShare) };
}

/** What the peer answered to our request. */
export function handleCreateChildResponse(
  context: IkeContext,
  sa: IkeSa,
  exchange: CreateChildExchange,
  payloads: readonly Payload[],
): void {
  if (sa.stage.kind !== 'established' || sa.peer === undefined) return;
  const { old, collision, keyShare } = exchange;
  if (old !== undefined) old.rekeying = false;
  const error = pickError(payloads);
  if (error !== undefined) {
    handleError(context, sa, exchange, error.type, readU16(error.data, 0));
    return;
  }

  const group = keyShare?.group ?? 0;
  const terms = readChildAnswer({ ...sa.peer.child, proposals: exchange.proposals }, payloads, group);
  const nonce = pick(payloads, 'nonce');
  const ke = pick(payloads, 'ke');
  const secret = ke === undefined ? undefined : keyShare?.computeSecret(ke.data);
  const hasKey = keyShare === undefined || (secret?.ok === true && ke?.group === group);
  if (terms === undefined || nonce === undefined || !hasKey) {
    // The peer has a child SA now that cannot be used: only a new beginning makes both ends agree again.
    context.count('answer-not-offered' satisfies IkeFault);
    const cause: Cause = { code: 'answer-not-offered', text: 'the peer answered with what was not offered' };
    deleteIkeSa(context, sa, cause, NotifyType.INVALID_SYNTAX);
    return;
  }
  if (exchange.deletedSpis.includes(terms.suite.spi)) {
    // The Delete overtook the response: the peer made the child SA and took it back.
    context.count('child-sa-deleted-before-made');
    if (old?.state === 'live') retireChild(context, old, REKEYED);
    planChildRetry(context, sa, false);
    return;
  }
  const agreement = {
    ...terms,
    inboundSpi: exchange.spi,
    ni: exchange.nonce,
    nr: nonce.data,
    sharedSecret: secret?.ok === true ? secret.value : undefined,
    role: 'initiator',
    replaces: old,
    isFirst: false,
    startOutbound: 'now',
  } as const;
  const isLost = collision !== undefined && compareBytes(lowest(exchange.nonce, nonce.data), collision.lowestNonce) < 0;
  if (isLost) {
    loseCollision(context, sa, agreement, old);
    return;
  }
  const child = addChild(context, sa, agreement);
  if (old !== undefined && sa.children.get(old.inboundSpi) === old && old.state !== 'deleting') {
    retireChild(context, old, REKEYED);
  }
  settleParallel(context, child);
}

/**
 * Both always-on ends may have asked for a child SA where there was none, and neither needs to notice while its own
 * request is under way. Both see the same SPIs in the end: the pair with the lower SPI goes, deleted by who asked
 * for it, as after a rekey collision. One that was rekeyed before that counts as what it comes from.
 */
function settleParallel(context: IkeContext, child: ChildState): void {
  const { origin } = child;
  if (origin === undefined || child.state !== 'live') return;
  for (const other of child.parent.children.values()) {
    if (other === child || other.state !== 'live' || other.origin === undefined) continue;
    const isParallel =
      other.origin.askedBy !== origin.askedBy && Math.abs(origin.since - other.origin.since) < PARALLEL_MS;
    if (!isParallel) continue;
    const loser = other.origin.lowerSpi < origin.lowerSpi ? other : child;
    if (loser.origin?.askedBy === 'initiator') retireChild(context, loser, PARALLEL);
    return;
  }
}

/** Longer than all repetitions of a request. */
const PARALLEL_MS = 60_000;
const PARALLEL: Cause = { code: 'simultaneous-creation', text: 'both ends asked at once: the other child SA stays' };

function loseCollision(
  context: IkeContext,
  sa: IkeSa,
  agreement: ChildTerms & Parameters<typeof addRedundantChild>[2],
  old: ChildState | undefined,
): void {
  context.notice(sa, 'rekey-collision-lost', 'our nonce is the lowest: the child SA that the peer made stays');
  const redundant = addRedundantChild(context, sa, agreement);
  sa.tasks.push({ kind: 'delete-child', children: [redundant] });
  if (old?.state === 'live') old.state = 'replaced';
}

function handleError(
  context: IkeContext,
  sa: IkeSa,
  { old, collision, keyShare }: CreateChildExchange,
  type: number,
  group: number,
): void {
  const cause = causeOfNotify(type);
  context.notice(sa, cause.code, cause.text);
  if (collision !== undefined) {
    // The peer made one for us while it refused ours: that one stays.
    if (old?.state === 'live') old.state = 'replaced';
    return;
  }
  if (type === NotifyType.INVALID_KE_PAYLOAD && mayUse(context, sa, group) && group !== keyShare?.group) {
    sa.tasks.unshift({ kind: 'create-child', old, group });
    return;
  }
  if (old === undefined) {
    const news = { peer: sa.peer?.name, path: sa.path, cause: childFailed(cause) };
    context.emit({ kind: 'ike-failed', ...news, role: 'initiator' });
    planChildRetry(context, sa, true);
    return;
  }
  if (type === NotifyType.CHILD_SA_NOT_FOUND) {
    // Section 2.25: the peer has it no more, so it goes here too.
    if (sa.children.get(old.inboundSpi) === old) removeChild(context, old, LINGER_MS, cause);
    return;
  }
  const isTemporary = type === NotifyType.TEMPORARY_FAILURE;
  old.rekeyAt = rekeyRetryAt(context.now, isTemporary, context.environment.random);
}

function childFailed(because: Cause): Cause {
  return { code: 'child-sa-failed', text: 'the IKE SA stands without a child SA', because };
}

/** A group that the operator approved for this peer's keys, or for IKE at all. */
function mayUse(context: IkeContext, sa: IkeSa, group: number): boolean {
  const isConfigured =
    sa.peer?.child.pfsGroup === group ||
    proposalsFor(context.config, sa.path).some(({ groups }) => groups.includes(group));
  return isConfigured && isSupportedGroup(group);
}

/** The lower of an exchange's two nonces, section 2.8.1. */
export function lowest(a: Uint8Array, b: Uint8Array): Uint8Array {
  return (compareBytes(a, b) < 0 ? a : b).slice();
}

/** Nonce and key exchange value come between proposals and traffic selectors. */
function withKeys(payloads: readonly Payload[], nonce: Uint8Array, keyShare: KeyShare | undefined): readonly Payload[] {
  const isSelector = ({ kind }: Payload): boolean => kind === 'tsi' || kind === 'tsr';
  return [
    ...payloads.filter((payload) => !isSelector(payload)),
    { kind: 'nonce', data: nonce },
    ...(keyShare === undefined ? [] : [{ kind: 'ke', group: keyShare.group, data: keyShare.publicValue } as const]),
    ...payloads.filter(isSelector),
  ];
}

/** Section 2.25: not now, try again. */
export function temporaryFailure(context: IkeContext): readonly Payload[] {
  context.count('temporary-failure' satisfies IkeFault);
  return [notify(NotifyType.TEMPORARY_FAILURE)];
}

function refuse(context: IkeContext, sa: IkeSa, fault: IkeFault, text: string): readonly Payload[] {
  context.count(fault);
  context.notice(sa, fault, text);
  return [notify(answerTo(fault).notify ?? NotifyType.NO_PROPOSAL_CHOSEN)];
}
