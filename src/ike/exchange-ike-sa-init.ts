/**
 * IKE_SA_INIT, RFC 7296 section 1.2:
 *
 *     initiator                                   responder
 *     HDR(SPIi, 0), [N(COOKIE)], SAi1, KEi, Ni  -->
 *                                               <--  HDR(SPIi, 0), N(COOKIE) | N(INVALID_KE_PAYLOAD) | error
 *                                               <--  HDR(SPIi, SPIr), SAr1, KEr, Nr
 *
 * Nothing here is authenticated: a responder keeps no state before the cookie (section 2.6), an initiator believes no
 * refusal at once (section 2.21.1).
 */
import { after, readU16, toHex } from '../base/index.ts';
import { isSupportedGroup, sha256 } from '../crypto/index.ts';
import { authenticationLack } from './authentication.ts';
import { initiatorSignatures, noteSignatures, responderSignatures } from './authorities.ts';
import { attemptFailed } from './closing.ts';
import type { IkeContext, PeerState } from './context.ts';
import { describeProposals, inShort } from './describe.ts';
import { keyIkeSa } from './establishing.ts';
import type { Cause } from './events.ts';
import { sendIkeAuth } from './exchange-ike-auth.ts';
import { agreeOnExtensions, requestExtensions, responseExtensions } from './extensions.ts';
import { answerTo, faultOf, type IkeFault } from './faults.ts';
import { selectPeer } from './identity.ts';
import { type IkeSa, type InitSent, isEncapsulated } from './ike-sa.ts';
import { acceptIke, offerIke, selectIke } from './negotiation.ts';
import { causeOfNotify, groupBytes, notify, pick, pickError, pickNotify } from './payloads.ts';
import { type IkePath, type IkeProposal, proposalsFor } from './policy.ts';
import { mayUsePpk } from './ppk.ts';
import { send, sendFirst } from './sending.ts';
import { hasRoom, NO_ROOM } from './session-limit.ts';
import { answered, freeWindow, NEGOTIATION_SCHEDULE } from './window.ts';
import { decodeMessage, encodeMessage, plainHeader, readHeader } from './wire/codec.ts';
import {
  ExchangeType,
  type IkeHeader,
  NotifyType,
  type Payload,
  TransformType,
  type WireFault,
} from './wire/message.ts';

const NONCE_LENGTH = 32;
/** A half-open IKE SA waits this long for IKE_AUTH. */
const HALF_OPEN_MS = 30_000;
/** Of cookies demanded one a second is told: whoever forges requests shall not write the log. */
const COOKIE_NEWS_MS = 1_000;
/** How long a genuine response may still come after an unauthenticated NO_PROPOSAL_CHOSEN. */
const GRACE_MS = 2_000;
/** COOKIE and INVALID_KE_PAYLOAD answers followed in one attempt. */
const MAX_RESTARTS = 5;

/** Begins an IKE SA with an always-on peer, or one that goes on with a session by a new authentication. */
export function startIkeSa(context: IkeContext, peer: PeerState, path: IkePath, reauthenticates?: number): void {
  const { policy } = peer;
  const proposals = proposalsFor(context.config, path);
  const { random } = context.environment;
  const group = firstGroup(proposals);
  const lack = authenticationLack(policy);
  if (group === undefined || lack !== undefined) {
    const cause: Cause =
      group === undefined
        ? { code: 'no-proposal', text: 'no IKE proposal is configured that could be offered' }
        : { code: 'no-key', text: lack ?? '' };
    attemptFailed(context, policy, path, cause);
    return;
  }
  if (reauthenticates === undefined && !hasRoom(context)) {
    attemptFailed(context, policy, path, NO_ROOM);
    return;
  }
  const stage: InitSent = {
    kind: 'init-sent',
    nonce: random(NONCE_LENGTH),
    proposals,
    keyShare: context.newKeyShare(group),
    request: new Uint8Array(0),
    cookie: undefined,
    restarts: 0,
    refusal: undefined,
  };
  const session = context.newSession();
  const localSpi = context.newSpi();
  const begin = { role: 'initiator', session, localSpi, remoteSpi: 0n, path, peer: policy, stage } as const;
  const sa = context.add(reauthenticates === undefined ? begin : { ...begin, reauthenticates });
  peer.sas.add(sa);
  context.count('request-ike-sa-init-sent');
  context.notice(sa, 'ike-sa-initiated', 'an IKE SA is asked for');
  sendInit(context, sa, stage);
}

/** The response, or a refusal that anyone may have forged. */
export function handleInitResponse(context: IkeContext, sa: IkeSa, stage: InitSent, bytes: Uint8Array): void {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) {
    context.count(faultOf(decoded.error));
    return;
  }
  const { header, payloads } = decoded.value;
  if (header.messageId !== 0 || header.exchange !== ExchangeType.IKE_SA_INIT) {
    context.count('unexpected-response');
    return;
  }
  const accepted = pick(payloads, 'sa');
  if (accepted === undefined || header.responderSpi === 0n) {
    handleRefusal(context, sa, stage, payloads);
    return;
  }

  const ke = pick(payloads, 'ke');
  const nonce = pick(payloads, 'nonce');
  if (ke === undefined || nonce === undefined) {
    context.count('malformed-message' satisfies IkeFault);
    return;
  }
  const suite = acceptIke(stage.proposals, accepted.proposals);
  if (suite === undefined || suite.group !== ke.group || ke.group !== stage.keyShare.group) {
    refused(context, stage, 'answer-not-offered', 'the peer chose what was not offered');
    return;
  }
  const secret = stage.keyShare.computeSecret(ke.data);
  if (!secret.ok) {
    refused(context, stage, secret.error, 'the key exchange value of the peer is not valid');
    return;
  }

  const usesPpk = sa.peer?.ppk !== undefined && pickNotify(payloads, NotifyType.USE_PPK) !== undefined;
  if (sa.peer?.ppk?.required === true && !usesPpk) {
    // RFC 8784 section 3: an end of the attempt, but a forged answer must not be one.
    refused(context, stage, 'ppk-required', 'the peer does not use a postquantum preshared key, which is required');
    sa.expiresAt ??= after(context.now, GRACE_MS);
    context.touched.add(sa);
    return;
  }

  const supportsNat = agreeOnExtensions(context, sa, header, payloads, sa.peer);
  noteSignatures(sa, payloads);
  sa.remoteSpi = header.responderSpi;
  // Section 2.23: with a NAT on the way the initiator moves to port 4500 before IKE_AUTH, and without one if it may
  // come to lie on the way later (RFC 4555 section 3.3).
  const mayMove = supportsNat && sa.peer?.mobike === 'offer';
  if ((isEncapsulated(sa) || mayMove) && sa.path.local.port !== 4500) sa.path = onPort4500(sa.path);
  const exchanged = { ni: stage.nonce, nr: nonce.data };
  const spis = { spiI: sa.localSpi, spiR: sa.remoteSpi };
  const keys = keyIkeSa(context, sa, suite, { ...suite, ...exchanged, ...spis, sharedSecret: secret.value });
  sa.window = freeWindow(1);
  sa.expiresAt = undefined;
  const { skPi, skPr } = keys;
  sendIkeAuth(context, sa, { request: stage.request, response: bytes.slice(), ...exchanged, skPi, skPr }, usesPpk);
}

/** A request without responder SPI: begins a half-open IKE SA or is answered without keeping anything. */
export function handleInitRequest(context: IkeContext, path: IkePath, bytes: Uint8Array): void {
  const { admission } = context;
  const shown = admission.challenge(context.config, path, bytes, context.now);
  if (shown instanceof Uint8Array) {
    noteChallenges(context, { challenges: 1, refused: admission.takeRefused() }, path);
    send(context, path, shown);
    return;
  }
  if (shown === 'malformed') {
    context.count('malformed-message' satisfies IkeFault);
    return;
  }
  const key = toHex(sha256(bytes).subarray(0, 16));
  const known = context.requests.get(key);
  if (known !== undefined) {
    repeat(context, known, path);
    return;
  }
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) {
    refuseUnreadable(context, path, bytes, decoded.error);
    return;
  }
  const { header, payloads } = decoded.value;
  const isFirst = header.initiatorSpi !== 0n && header.fromInitiator && header.messageId === 0;
  const offer = pick(payloads, 'sa');
  const ke = pick(payloads, 'ke');
  const nonce = pick(payloads, 'nonce');
  if (!isFirst || offer === undefined || ke === undefined || nonce === undefined) {
    context.count('malformed-message' satisfies IkeFault);
    return;
  }
  const isProven = shown === 'proven';
  if (isProven) context.statistics.cookiesAccepted++;
  const refusal = admission.refusal(context.config, path, isProven);
  if (refusal !== undefined) {
    context.count(refusal);
    return;
  }

  const expected = selectPeer(context.config.peers, undefined, path);
  const proposals = proposalsFor(context.config, path);
  const suite = selectIke(proposals, offer.proposals);
  if (suite === undefined) {
    const own = describeProposals(offerIke(proposals));
    const text = `the peer offers ${inShort(describeProposals(offer.proposals))}; configured here: ${own}`;
    answerInClear(context, path, header, [notify(NotifyType.NO_PROPOSAL_CHOSEN)]);
    context.count('no-proposal-chosen' satisfies IkeFault);
    const cause: Cause = { code: 'no-proposal-chosen', text };
    context.notice({ peer: expected, path }, cause.code, cause.text);
    context.statistics.sessionsRespondedFailed++;
    context.emit({ kind: 'ike-failed', peer: expected?.name, path, cause, role: 'responder' });
    return;
  }
  if (suite.group !== ke.group) {
    context.count('invalid-ke-group' satisfies IkeFault);
    answerInClear(context, path, header, [notify(NotifyType.INVALID_KE_PAYLOAD, groupBytes(suite.group))]);
    return;
  }
  const { random } = context.environment;
  const keyShare = context.newKeyShare(suite.group);
  const secret = keyShare.computeSecret(ke.data);
  if (!secret.ok) {
    context.count('invalid-public-value' satisfies IkeFault);
    answerInClear(context, path, header, [notify(NotifyType.INVALID_SYNTAX)]);
    return;
  }

  const localSpi = context.newSpi();
  const nr = random(NONCE_LENGTH);
  const usesPpk = pickNotify(payloads, NotifyType.USE_PPK) !== undefined && mayUsePpk(context.config, path);
  const response: IkeHeader = { ...header, responderSpi: localSpi, fromInitiator: false, isResponse: true };
  const message = encodeMessage({
    header: response,
    payloads: [
      { kind: 'sa', proposals: [suite.proposal] },
      { kind: 'ke', group: suite.group, data: keyShare.publicValue },
      { kind: 'nonce', data: nr },
      ...responseExtensions(context, response, path, expected),
      ...(usesPpk ? [notify(NotifyType.USE_PPK)] : []),
      ...responderSignatures(context, payloads),
    ],
  });
  const session = context.newSession();
  const { initiatorSpi: remoteSpi } = header;
  const stage = { kind: 'dead' } as const;
  const sa = context.add({ role: 'responder', session, localSpi, remoteSpi, path, peer: undefined, stage });
  agreeOnExtensions(context, sa, header, payloads, expected);
  noteSignatures(sa, payloads);
  const exchanged = { ni: nonce.data.slice(), nr };
  const spis = { spiI: remoteSpi, spiR: localSpi };
  const keys = keyIkeSa(context, sa, suite, { ...suite, ...exchanged, ...spis, sharedSecret: secret.value });
  const { skPi, skPr } = keys;
  const proofs = { request: bytes.slice(), response: message, ...exchanged, skPi, skPr };
  sa.stage = { kind: 'init-answered', proofs, usesPpk };
  sa.responses = answered(sa.responses, { datagrams: [message] });
  sa.expiresAt = after(context.now, HALF_OPEN_MS);
  sa.requestKey = key;
  context.requests.set(key, sa);
  context.enterHalfOpen(sa, isProven);
  context.count('request-ike-sa-init-answered');
  context.notice(sa, 'ike-sa-requested', 'the peer asks for an IKE SA');
  send(context, path, message);
}

/** Section 2.5: an unknown critical payload is named in the answer; all else that cannot be read gets none. */
function refuseUnreadable(context: IkeContext, path: IkePath, bytes: Uint8Array, fault: WireFault): void {
  const name = faultOf(fault);
  context.count(name);
  const header = readHeader(bytes);
  const { notify: type } = answerTo(name);
  if (name !== 'unknown-critical-payload-in-clear' || type === undefined || header === undefined) return;
  answerInClear(context, path, plainHeader(header), [notify(type, Uint8Array.of(fault.payload))]);
}

/** Answers outside of any IKE SA: same SPIs, same message id. */
export function answerInClear(
  context: IkeContext,
  path: IkePath,
  request: IkeHeader,
  payloads: readonly Payload[],
): void {
  const header = { ...request, fromInitiator: !request.fromInitiator, isResponse: true };
  send(context, path, encodeMessage({ header, payloads }));
}

function sendInit(context: IkeContext, sa: IkeSa, stage: InitSent): void {
  const header: IkeHeader = {
    initiatorSpi: sa.localSpi,
    responderSpi: 0n,
    exchange: ExchangeType.IKE_SA_INIT,
    fromInitiator: true,
    isResponse: false,
    messageId: 0,
  };
  const { keyShare, cookie } = stage;
  stage.request = encodeMessage({
    header,
    payloads: [
      // Section 2.6: the cookie comes first, all else stays as it was.
      ...(cookie === undefined ? [] : [notify(NotifyType.COOKIE, cookie)]),
      { kind: 'sa', proposals: offerIke(stage.proposals) },
      { kind: 'ke', group: keyShare.group, data: keyShare.publicValue },
      { kind: 'nonce', data: stage.nonce },
      ...requestExtensions(context, header, sa.path, sa.peer),
      ...(sa.peer?.ppk === undefined ? [] : [notify(NotifyType.USE_PPK)]),
      ...initiatorSignatures(sa.peer),
    ],
  });
  sa.window = freeWindow(0);
  sendFirst(context, sa, stage.request, NEGOTIATION_SCHEDULE);
}

/**
 * COOKIE and INVALID_KE_PAYLOAD are acted on, a few times at most, and a cookie stays in later requests (section
 * 2.6.1). All else is kept as the cause in case no better answer comes.
 */
function handleRefusal(context: IkeContext, sa: IkeSa, stage: InitSent, payloads: readonly Payload[]): void {
  const cookie = pickNotify(payloads, NotifyType.COOKIE);
  if (cookie !== undefined && cookie.data.length >= 1 && cookie.data.length <= 64) {
    stage.cookie = cookie.data.slice();
    restart(context, sa, stage);
    return;
  }
  const invalidKe = pickNotify(payloads, NotifyType.INVALID_KE_PAYLOAD);
  if (invalidKe !== undefined) {
    const group = readU16(invalidKe.data, 0);
    const isOffered = offersGroup(stage, group) && isSupportedGroup(group);
    if (invalidKe.data.length !== 2 || !isOffered || group === stage.keyShare.group) {
      refused(context, stage, 'invalid-ke-payload', `the peer wants key exchange group ${group}`);
      return;
    }
    if (stage.restarts < MAX_RESTARTS) stage.keyShare = context.newKeyShare(group);
    restart(context, sa, stage);
    return;
  }
  const error = pickError(payloads);
  if (error === undefined) {
    context.count('malformed-message' satisfies IkeFault);
    return;
  }
  const cause = causeOfNotify(error.type);
  const isNews = stage.refusal?.code !== cause.code;
  stage.refusal = cause;
  context.count('unauthenticated-refusal');
  if (isNews) context.notice(sa, cause.code, `${cause.text}, unauthenticated`);
  if (error.type === NotifyType.NO_PROPOSAL_CHOSEN && sa.expiresAt === undefined) {
    const own = describeProposals(offerIke(stage.proposals));
    stage.refusal = { ...cause, text: `${cause.text}; offered: ${own}` };
    sa.expiresAt = after(context.now, GRACE_MS);
    context.touched.add(sa);
  }
}

function restart(context: IkeContext, sa: IkeSa, stage: InitSent): void {
  if (stage.restarts >= MAX_RESTARTS) {
    context.count('too-many-restarts');
    return;
  }
  stage.restarts += 1;
  context.count('ike-sa-init-restarted');
  sendInit(context, sa, stage);
}

function refused(context: IkeContext, stage: InitSent, code: string, text: string): void {
  context.count(code);
  stage.refusal = { code, text };
}

function offersGroup(stage: InitSent, group: number): boolean {
  return offerIke(stage.proposals).some(({ transforms }) =>
    transforms.some(({ type, id }) => type === TransformType.KE && id === group),
  );
}

function firstGroup(proposals: readonly IkeProposal[]): number | undefined {
  const transforms = offerIke(proposals)[0]?.transforms;
  return transforms?.find(({ type }) => type === TransformType.KE)?.id;
}

/** Cookies were demanded, here or in front of us. */
export function noteChallenges(
  context: IkeContext,
  { challenges, refused, lost = 0 }: Readonly<{ challenges: number; refused: number; lost?: number }>,
  path?: IkePath,
): void {
  const { admission, config, now, statistics } = context;
  statistics.cookieChallenges += challenges;
  statistics.cookiesRefused += refused;
  context.count('cookie-required' satisfies IkeFault, challenges);
  if (path === undefined) {
    admission.metOutside(config, challenges + lost, now);
    if (lost > 0) context.count('first-requests-lost', lost);
    context.count('received', challenges);
    context.count('sent', challenges);
  }
  if (path === undefined || (context.cookieToldAt !== undefined && now < after(context.cookieToldAt, COOKIE_NEWS_MS))) {
    return;
  }
  context.cookieToldAt = now;
  const text = `${admission.halfOpen} IKE SAs are half open: a cookie is demanded`;
  context.notice({ peer: undefined, path }, 'cookie-required' satisfies IkeFault, text);
}

/** Section 2.1: a repeated request gets the same response while the IKE SA is half open, and nothing later. */
function repeat(context: IkeContext, sa: IkeSa, path: IkePath): void {
  context.count('request-repeated');
  if (sa.stage.kind === 'init-answered') send(context, path, sa.stage.proofs.response);
}

function onPort4500(path: IkePath): IkePath {
  return { ...path, local: { ...path.local, port: 4500 }, remote: { ...path.remote, port: 4500 } };
}
