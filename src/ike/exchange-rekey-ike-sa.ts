/**
 * CREATE_CHILD_SA for the IKE SA itself, RFC 7296 sections 1.3.2, 2.8 and 2.18:
 *
 *     either end                                    the other
 *     HDR, SK { SA(new SPI), Ni, KEi }          -->
 *                                               <--  HDR, SK { SA(new SPI), Nr, KEr }
 *
 * The new IKE SA inherits all child SAs; who rekeyed deletes the old IKE SA. When both rekeyed at once (sections 2.8.2
 * and 2.25.2), both new ones wait until our own exchange has ended: only then are all four nonces known.
 */
import { after, compareBytes, Reader, readU16 } from '../base/index.ts';
import { isSupportedGroup } from '../crypto/index.ts';
import { deleteIkeSa, deleteQuietly, fatalAnswer } from './closing.ts';
import type { IkeContext } from './context.ts';
import { describeProposals, inShort } from './describe.ts';
import { addSuccessor, keyIkeSa, takeOver } from './establishing.ts';
import { lowest, temporaryFailure } from './exchange-create-child-sa.ts';
import { answerTo, type IkeFault } from './faults.ts';
import type { IkeSa, RekeyIkeExchange, Task } from './ike-sa.ts';
import { spiBytes } from './keys.ts';
import { REKEYED_LINGER_MS, rekeyRetryAt } from './lifetimes.ts';
import { acceptIke, offerIke, selectIke } from './negotiation.ts';
import { type Answer, causeOfNotify, groupBytes, notify, pick, pickError } from './payloads.ts';
import { proposalsFor } from './policy.ts';
import { sendRequest } from './sending.ts';
import { ExchangeType, NotifyType, type Payload, type Proposal, TransformType } from './wire/message.ts';

const NONCE_LENGTH = 32;

/** Asks the peer for a new IKE SA in place of this one; says whether it asked. */
export function startRekeyIke(context: IkeContext, sa: IkeSa, task: Extract<Task, { kind: 'rekey-ike' }>): boolean {
  const proposals = proposalsFor(context.config, sa.path);
  const { random } = context.environment;
  const spi = context.newSpi();
  const offer = offerIke(proposals, spiBytes(spi));
  const group = firstGroup(offer, task.group ?? sa.suite?.group);
  if (sa.stage.kind !== 'established' || group === undefined) return false;
  const keyShare = context.newKeyShare(group);
  const nonce = random(NONCE_LENGTH);
  sa.rekeyAt = undefined;
  sa.exchange = { kind: 'rekey-ike', spi, nonce, proposals, keyShare, collision: undefined };
  sendRequest(context, sa, ExchangeType.CREATE_CHILD_SA, [
    { kind: 'sa', proposals: offer },
    { kind: 'nonce', data: nonce },
    { kind: 'ke', group, data: keyShare.publicValue },
  ]);
  return true;
}

/** The peer wants a new IKE SA; returns the payloads of our response. */
export function answerRekeyIke(context: IkeContext, sa: IkeSa, payloads: readonly Payload[]): Answer {
  const own = sa.exchange;
  const isBusy =
    own?.kind === 'create-child' ||
    own?.kind === 'delete-child' ||
    own?.kind === 'delete-ike' ||
    (own?.kind === 'rekey-ike' && own.collision !== undefined);
  // Section 2.25.2: not while a child SA is being made, rekeyed or closed, and not once the IKE SA is on its way out.
  if (sa.stage.kind !== 'established' || isBusy) return plain(temporaryFailure(context));

  const offer = pick(payloads, 'sa');
  const ke = pick(payloads, 'ke');
  const nonce = pick(payloads, 'nonce');
  if (offer === undefined || ke === undefined || nonce === undefined)
    return fatalAnswer(context, sa, 'missing-payload');
  const proposals = proposalsFor(context.config, sa.path);
  const suite = selectIke(proposals, offer.proposals);
  const remoteSpi = new Reader(suite?.proposal.spi ?? new Uint8Array(0)).u64();
  if (suite === undefined || remoteSpi === 0n) {
    context.count('no-proposal-chosen' satisfies IkeFault);
    const own = describeProposals(offerIke(proposals));
    const text = `the peer offers ${inShort(describeProposals(offer.proposals))} to rekey; configured here: ${own}`;
    context.notice(sa, 'no-proposal-chosen', text);
    return plain([notify(answerTo('no-proposal-chosen').notify ?? NotifyType.NO_PROPOSAL_CHOSEN)]);
  }
  if (suite.group !== ke.group) {
    context.count('invalid-ke-group' satisfies IkeFault);
    return plain([notify(NotifyType.INVALID_KE_PAYLOAD, groupBytes(suite.group))]);
  }
  const { random } = context.environment;
  const keyShare = context.newKeyShare(suite.group);
  const secret = keyShare.computeSecret(ke.data);
  if (!secret.ok) return fatalAnswer(context, sa, 'invalid-public-value');
  const localSpi = context.newSpi();
  const nr = random(NONCE_LENGTH);
  const next = addSuccessor(context, sa, { role: 'responder', localSpi, remoteSpi, suite });
  keyIkeSa(context, next, suite, {
    ...suite,
    ni: nonce.data,
    nr,
    spiI: remoteSpi,
    spiR: localSpi,
    sharedSecret: secret.value,
    ...oldKeys(sa),
  });
  const answer: readonly Payload[] = [
    { kind: 'sa', proposals: [{ ...suite.proposal, spi: spiBytes(localSpi) }] },
    { kind: 'nonce', data: nr },
    { kind: 'ke', group: suite.group, data: keyShare.publicValue },
  ];
  if (own?.kind !== 'rekey-ike') return { payloads: answer, afterwards: () => takeOver(context, sa, next) };
  own.collision = { rival: next, lowestNonce: lowest(nonce.data, nr) };
  context.count('ike-collisions');
  context.notice(sa, 'rekey-collision', 'both ends rekey the IKE SA at once');
  return plain(answer);
}

/** What the peer answered to our rekeying. */
export function handleRekeyIkeResponse(
  context: IkeContext,
  sa: IkeSa,
  exchange: RekeyIkeExchange,
  payloads: readonly Payload[],
): void {
  const rival = liveRival(exchange);
  const isGivenUp = sa.stage.kind !== 'established';
  const error = pickError(payloads);
  if (error !== undefined && isGivenUp) return;
  if (error !== undefined) {
    const cause = causeOfNotify(error.type);
    context.notice(sa, cause.code, cause.text);
    // Section 2.25.2: the peer finished its own rekeying before it saw ours, so its new IKE SA is the one.
    if (rival !== undefined) {
      takeOver(context, sa, rival);
      return;
    }
    const group = readU16(error.data, 0);
    const isOffered = firstGroup(offerIke(exchange.proposals), group) === group && isSupportedGroup(group);
    if (error.type === NotifyType.INVALID_KE_PAYLOAD && isOffered && group !== exchange.keyShare.group) {
      sa.tasks.unshift({ kind: 'rekey-ike', group });
      return;
    }
    const isTemporary = error.type === NotifyType.TEMPORARY_FAILURE;
    sa.rekeyAt = rekeyRetryAt(context.now, isTemporary, context.environment.random);
    return;
  }

  const suite = acceptIke(exchange.proposals, pick(payloads, 'sa')?.proposals ?? []);
  const ke = pick(payloads, 'ke');
  const nonce = pick(payloads, 'nonce');
  const remoteSpi = new Reader(suite?.proposal.spi ?? new Uint8Array(0)).u64();
  const secret = ke === undefined ? undefined : exchange.keyShare.computeSecret(ke.data);
  const isWhole = suite !== undefined && nonce !== undefined && secret?.ok === true && remoteSpi !== 0n;
  if (!isWhole || suite.group !== ke?.group || ke.group !== exchange.keyShare.group) {
    context.count('answer-not-offered' satisfies IkeFault);
    if (isGivenUp) return;
    const cause = { code: 'answer-not-offered', text: 'the peer answered the rekeying with what was not offered' };
    deleteIkeSa(context, sa, cause, NotifyType.INVALID_SYNTAX);
    return;
  }
  const next = addSuccessor(context, sa, { role: 'initiator', localSpi: exchange.spi, remoteSpi, suite });
  keyIkeSa(context, next, suite, {
    ...suite,
    ni: exchange.nonce,
    nr: nonce.data,
    spiI: exchange.spi,
    spiR: remoteSpi,
    sharedSecret: secret.value,
    ...oldKeys(sa),
  });
  // Given up meanwhile: the peer has moved its child SAs to the new IKE SA, so that one is deleted too.
  if (isGivenUp) {
    deleteQuietly(context, next);
    return;
  }
  const lost = exchange.collision?.lowestNonce;
  if (rival !== undefined && lost !== undefined && compareBytes(lowest(exchange.nonce, nonce.data), lost) < 0) {
    context.notice(sa, 'rekey-collision-lost', 'our nonce is the lowest: the IKE SA that the peer made stays');
    takeOver(context, sa, rival);
    deleteQuietly(context, next);
    return;
  }
  takeOver(context, sa, next);
  deleteQuietly(context, sa);
  if (rival !== undefined) {
    // The peer deletes it; should its Delete never come, it goes by itself.
    rival.stage = { kind: 'rekeyed' };
    rival.rekeyAt = undefined;
    rival.expiresAt = after(context.now, REKEYED_LINGER_MS);
    context.touched.add(rival);
  }
}

/** The peer's new IKE SA of a collision, unless it has been deleted meanwhile because it lost. */
export function liveRival({ collision }: RekeyIkeExchange): IkeSa | undefined {
  return collision?.rival.stage.kind === 'established' ? collision.rival : undefined;
}

function oldKeys(sa: IkeSa) {
  if (sa.skD === undefined || sa.suite === undefined) throw new Error('an IKE SA without keys is rekeyed');
  return { oldSkD: sa.skD, oldPrf: sa.suite.prf };
}

function plain(payloads: readonly Payload[]): Answer {
  return { payloads };
}

/** The wanted group if it is offered, else the first one that is. */
function firstGroup(offer: readonly Proposal[], wanted: number | undefined): number | undefined {
  const groups = offer.flatMap(({ transforms }) => transforms.filter(({ type }) => type === TransformType.KE));
  return (groups.find(({ id }) => id === wanted) ?? groups[0])?.id;
}
