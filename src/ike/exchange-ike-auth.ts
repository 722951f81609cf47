/**
 * IKE_AUTH, RFC 7296 section 1.2, with pre-shared keys or certificates:
 *
 *     initiator                                                          responder
 *     HDR, SK { IDi, [CERT...], [CERTREQ], [N(INITIAL_CONTACT)], AUTH,
 *               [CP(CFG_REQUEST)], [N(USE_TRANSPORT_MODE)],
 *               SAi2, TSi, TSr }                                     -->
 *                   <--  HDR, SK { IDr, [CERT...], AUTH, [CP(CFG_REPLY)], [N(USE_TRANSPORT_MODE)], SAr2, TSi, TSr }
 *                              <--  HDR, SK { IDr, AUTH, N(error) }       the IKE SA stands, the child does not (2.21.2)
 *                              <--  HDR, SK { N(AUTHENTICATION_FAILED) }  nothing stands
 */
import { readU32, Writer } from '../base/index.ts';
import { ownProof, type Refusal, shownCertificate, verifyPeer } from './authentication.ts';
import { certificateRequest, noteSignatures } from './authorities.ts';
import { ownIdentity, shownBy } from './certified-identity.ts';
import { agreeOnChild, offerChild, readChildAnswer } from './child-negotiation.ts';
import { addChild, planChildRetry } from './children.ts';
import { attemptFailed, deleteIkeSa, deleteQuietly, endIkeSa } from './closing.ts';
import { routeReply, routeRequest, toldRoutes } from './configuration.ts';
import type { IkeContext } from './context.ts';
import { establish, limitAuthentication, settleSimultaneous } from './establishing.ts';
import type { Cause } from './events.ts';
import { reviewAddresses } from './exchange-mobility.ts';
import { answerTo, type IkeFault } from './faults.ts';
import { identityPayload, selectPeer, whyUnknown } from './identity.ts';
import type { AuthSent, ChildState, IkeSa, Proofs, Stage } from './ike-sa.ts';
import { withKeys } from './keyring.ts';
import { agreedMobility, mobikePayloads } from './mobility.ts';
import { causeOfNotify, notify, pick, pickError, pickNotify } from './payloads.ts';
import type { IkePath, IkePeer } from './policy.ts';
import { choosePpk, mixPpk, type PpkKeys, ppkIdentity } from './ppk.ts';
import { respond, sendRequest } from './sending.ts';
import { hasRoom, NO_ROOM } from './session-limit.ts';
import { childInUse, identityBefore } from './succession.ts';
import { ConfigurationType, ExchangeType, type IkeHeader, NotifyType, type Payload } from './wire/message.ts';

/** Sends our IKE_AUTH request: the keys are there, the peer is not yet known to be who it should be. */
export function sendIkeAuth(context: IkeContext, sa: IkeSa, proofs: Proofs, usesPpk: boolean): void {
  const { peer } = sa;
  if (peer === undefined || sa.suite === undefined) throw new Error('IKE_AUTH begins without peer or keys');
  // Whoever authenticates anew is known by the name it had, though it may have moved since.
  const identity = identityBefore(context, sa) ?? ownIdentity(peer, sa.path.local.address);
  const idi = identityPayload('idi', identity);
  const signed = { message: proofs.request, peerNonce: proofs.nr, idBody: idi.body };
  const { prf } = sa.suite;
  const { ppk } = usesPpk ? peer : {};
  const mixed = ppk === undefined ? undefined : mixPpk(prf, ppk.key, keysOf(sa, proofs));
  const own = ownProof(sa, peer, signed);
  if (!own.ok) {
    // Nothing was authenticated yet: the peer forgets its half-open IKE SA by itself.
    context.count(own.error.fault);
    attemptFailed(context, peer, sa.path, causeOfRefusal(own.error));
    context.forget(sa);
    return;
  }
  const { method, prove, certificates, kind } = own.value;
  const childSpi = context.newChildSpi();
  // Section 2.4: only said when no other IKE SA with this peer stands at this moment.
  const isFirst = !(context.peerOf(sa)?.sas.someEstablished() ?? false);
  sa.localIdentity = identity;
  if (!sa.isChildless) context.emit({ kind: 'expect-child-sa', inboundSpi: childSpi });
  sa.stage = { kind: 'auth-sent', proofs, childSpi, proposals: peer.child.proposals, ppk: mixed, proved: kind };
  sendRequest(context, sa, ExchangeType.IKE_AUTH, [
    idi,
    ...certificates,
    ...certificateRequest(peer.trust),
    ...(isFirst ? [notify(NotifyType.INITIAL_CONTACT)] : []),
    { kind: 'auth', method, data: prove(mixed?.skPi ?? proofs.skPi) },
    ...(ppk === undefined ? [] : [ppkIdentity(ppk)]),
    ...(ppk === undefined || ppk.required ? [] : [notify(NotifyType.NO_PPK_AUTH, prove(proofs.skPi))]),
    ...(peer.acceptRoutes ? [routeRequest()] : []),
    ...(peer.mobike === 'offer' ? mobikePayloads(context, sa) : []),
    ...(sa.isChildless ? [] : offerChild(peer.child, childSpi, 0)),
  ]);
}

const CHILD_PAYLOADS = ['sa', 'tsi', 'tsr'] as const;

/** The peer asks to be let in. */
export function handleAuthRequest(
  context: IkeContext,
  sa: IkeSa,
  { proofs, usesPpk }: Extract<Stage, { kind: 'init-answered' }>,
  request: Readonly<{ header: IkeHeader; payloads: readonly Payload[]; path: IkePath }>,
): void {
  const { header, payloads, path } = request;
  const idi = pick(payloads, 'idi');
  if (idi === undefined) {
    refuse(context, sa, request, undefined, 'missing-payload', 'no identity in IKE_AUTH');
    return;
  }
  sa.remoteIdentity = idi.identity;
  // Section 2.23: the initiator may have moved to port 4500.
  sa.path = path;
  const shown = shownBy(shownCertificate(payloads), context.config);
  const found = selectPeer(context.config.peers, idi.identity, path, shown);
  if (found === undefined) {
    const text = whyUnknown(context.config.peers, idi.identity, path);
    refuse(context, sa, request, undefined, 'unknown-peer', text);
    return;
  }
  const peer = withKeys(found, idi.identity, path.remote.address);
  const auth = pick(payloads, 'auth');
  if (auth === undefined || sa.suite === undefined) {
    const text = 'authentication by EAP is not supported, only pre-shared keys and certificates are';
    refuse(context, sa, request, peer, 'unsupported-authentication', text);
    return;
  }
  noteSignatures(sa, payloads);
  const { prf } = sa.suite;
  const choice = choosePpk(peer.ppk, payloads, usesPpk);
  if (!choice.ok) {
    refuse(context, sa, request, peer, choice.error.fault, choice.error.text);
    return;
  }
  const { ppk } = choice.value;
  const keys = ppk === undefined ? keysOf(sa, proofs) : mixPpk(prf, ppk.key, keysOf(sa, proofs));
  const theirs = { message: proofs.request, peerNonce: proofs.nr, idBody: idi.body };
  const proof = ('noPpkAuth' in choice.value ? choice.value.noPpkAuth : undefined) ?? auth.data;
  const { identity } = idi;
  const claim = { identity, method: auth.method, data: proof, payloads, skP: keys.skPi, role: 'initiator' } as const;
  const verified = verifyPeer(context, sa, peer, theirs, claim);
  if (!verified.ok) {
    const { fault, text, because } = verified.error;
    refuse(context, sa, request, peer, fault, text, because);
    return;
  }
  const local = ownIdentity(peer, path.local.address);
  const idr = identityPayload('idr', local);
  const own = ownProof(sa, peer, { message: proofs.response, peerNonce: proofs.ni, idBody: idr.body });
  if (!own.ok) {
    refuse(context, sa, request, peer, own.error.fault, own.error.text, own.error.because);
    return;
  }

  if (!hasRoom(context, peer, idi.identity)) {
    refuse(context, sa, request, peer, 'sa-limit', NO_ROOM.text);
    return;
  }
  sa.skD = keys.skD;
  sa.isQuantumSafe = ppk !== undefined;
  sa.authentication = { local: own.value.kind, remote: verified.value };
  const initialContact = pickNotify(payloads, NotifyType.INITIAL_CONTACT) !== undefined;
  const predecessor = establish(context, sa, found, { local, remote: idi.identity, initialContact });
  if (peer.mobike !== 'off') sa.mobility = agreedMobility(context, sa, payloads, false);
  const { reauthenticateMs } = peer;
  // RFC 6023 section 3: it wants the IKE SA alone, for now.
  const isChildless = CHILD_PAYLOADS.every((kind) => pick(payloads, kind) === undefined);
  const configuration = pick(payloads, 'cp');
  const wantsRoutes = configuration?.type === ConfigurationType.REQUEST && peer.sendRoutes.length > 0;
  respond(context, sa, header, path, [
    idr,
    ...own.value.certificates,
    { kind: 'auth', method: own.value.method, data: own.value.prove(keys.skPr) },
    ...(ppk === undefined ? [] : [notify(NotifyType.PPK_IDENTITY)]),
    ...(wantsRoutes ? [routeReply(peer.sendRoutes)] : []),
    ...(reauthenticateMs !== undefined && peer.remote === undefined ? [authLifetime(reauthenticateMs)] : []),
    ...(sa.mobility === undefined ? [] : mobikePayloads(context, sa)),
    ...(isChildless ? [] : answerFirstChild(context, sa, peer, proofs, payloads, childInUse(predecessor))),
  ]);
  if (isChildless) planChildRetry(context, sa, false);
  settleSimultaneous(context, sa);
}

/** The responder let us in, or not. */
export function handleAuthResponse(
  context: IkeContext,
  sa: IkeSa,
  stage: AuthSent,
  payloads: readonly Payload[],
): void {
  const { peer, suite } = sa;
  if (peer === undefined || suite === undefined) throw new Error('IKE_AUTH is answered without peer or keys');
  const idr = pick(payloads, 'idr');
  const auth = pick(payloads, 'auth');
  const error = pickError(payloads);
  if (idr === undefined || auth === undefined) {
    if (error === undefined) {
      giveUp(context, sa, peer, 'missing-payload', 'IKE_AUTH was answered without AUTH');
      return;
    }
    const refused = causeOfNotify(error.type);
    const hint =
      error.type === NotifyType.AUTHENTICATION_FAILED
        ? `: it does not accept our identity or ${peer.localSignature === undefined ? 'key' : 'certificate'}`
        : '';
    attemptFailed(context, peer, sa.path, { ...refused, text: `${refused.text}${hint}` });
    context.forget(sa);
    return;
  }
  sa.remoteIdentity = idr.identity;
  const { proofs } = stage;
  const mixed = pickNotify(payloads, NotifyType.PPK_IDENTITY) === undefined ? undefined : stage.ppk;
  if (mixed === undefined && peer.ppk?.required === true) {
    giveUp(context, sa, peer, 'ppk-required', 'the peer did not use the postquantum preshared key, which is required');
    return;
  }
  const theirs = { message: proofs.response, peerNonce: proofs.ni, idBody: idr.body };
  const skP = mixed?.skPr ?? proofs.skPr;
  const { method, data } = auth;
  const claim = { identity: idr.identity, method, data, payloads, skP, role: 'responder' } as const;
  const verified = verifyPeer(context, sa, peer, theirs, claim);
  if (!verified.ok) {
    const { fault, text, because } = verified.error;
    giveUp(context, sa, peer, fault, text, because);
    return;
  }
  const answer = error === undefined && !sa.isChildless ? readChildAnswer(peer.child, payloads, 0) : undefined;
  if (error === undefined && !sa.isChildless && answer === undefined) {
    giveUp(context, sa, peer, 'answer-not-offered', 'the peer answered with a child SA that was not offered');
    return;
  }

  if (!hasRoom(context, peer, idr.identity)) {
    giveUp(context, sa, peer, 'sa-limit', NO_ROOM.text);
    return;
  }
  if (mixed !== undefined) sa.skD = mixed.skD;
  sa.isQuantumSafe = mixed !== undefined;
  sa.authentication = { local: stage.proved, remote: verified.value };
  const local = sa.localIdentity ?? ownIdentity(peer, sa.path.local.address);
  if (answer === undefined && sa.reauthenticates !== undefined) {
    // The IKE SA in use has a child SA, this one would have none.
    attemptFailed(context, peer, sa.path, childFailed(causeOfNotify(error?.type ?? 0)));
    deleteIkeSa(context, sa, childFailed(causeOfNotify(error?.type ?? 0)));
    return;
  }
  const predecessor = establish(context, sa, peer, { local, remote: idr.identity, initialContact: false });
  if (peer.mobike === 'offer') sa.mobility = agreedMobility(context, sa, payloads, true);
  // Routes may lead out elsewhere since it was begun.
  reviewAddresses(context, sa, context.peerOf(sa)?.local);
  if (sa.isChildless && error === undefined) sa.tasks.push({ kind: 'create-child', old: undefined });
  else if (answer === undefined) childRefused(context, sa, peer, error?.type ?? 0);
  else {
    const { ni, nr } = proofs;
    addChild(context, sa, {
      ...answer,
      inboundSpi: stage.childSpi,
      ni,
      nr,
      sharedSecret: undefined,
      role: 'initiator',
      replaces: childInUse(predecessor),
      isFirst: true,
      startOutbound: 'now',
    });
  }
  const configuration = pick(payloads, 'cp');
  if (configuration?.type === ConfigurationType.REPLY && peer.acceptRoutes) {
    acceptRoutes(context, sa, configuration);
  }
  if (peer.sendRoutes.length > 0) sa.tasks.push({ kind: 'set-configuration' });
  acceptAuthLifetime(context, sa, payloads);
  if (predecessor?.isRival === false) deleteQuietly(context, predecessor.sa);
  settleSimultaneous(context, sa);
}

/** RFC 4478: in how many seconds a peer that we can not call has to authenticate itself anew. */
function authLifetime(forMs: number): Payload {
  return notify(NotifyType.AUTH_LIFETIME, new Writer(4).u32(Math.floor(forMs / 1_000)).finish());
}

/** RFC 4478: the peer wants to be authenticated to again before that, and ends the IKE SA otherwise. */
export function acceptAuthLifetime(context: IkeContext, sa: IkeSa, payloads: readonly Payload[]): void {
  const told = pickNotify(payloads, NotifyType.AUTH_LIFETIME);
  if (told === undefined || told.data.length !== 4) return;
  limitAuthentication(context, sa, Math.max(MIN_AUTH_LIFETIME_MS, readU32(told.data, 0) * 1_000));
}

/** A peer that wants it more often is not followed: each costs two key exchanges. */
const MIN_AUTH_LIFETIME_MS = 60_000;

/** Takes the subnets that the peer tells; they replace what it told before. */
export function acceptRoutes(context: IkeContext, sa: IkeSa, configuration: Extract<Payload, { kind: 'cp' }>): void {
  const { prefixes, malformed } = toldRoutes(configuration);
  if (malformed > 0) context.count('malformed-configuration-attribute');
  sa.peerRoutes = prefixes;
  context.emit({ kind: 'peer-routes', session: sa.session, peer: sa.peer?.name ?? '', prefixes });
}

function answerFirstChild(
  context: IkeContext,
  sa: IkeSa,
  peer: IkePeer,
  proofs: Proofs,
  payloads: readonly Payload[],
  replaces: ChildState | undefined,
): readonly Payload[] {
  const agreed = agreeOnChild(peer.child, payloads, 0);
  if (!agreed.ok) {
    const { fault, text } = agreed.error;
    context.count(fault);
    const cause: Cause = { code: fault, text };
    context.notice(sa, cause.code, cause.text);
    return [notify(answerTo(fault).notify ?? NotifyType.NO_PROPOSAL_CHOSEN)];
  }
  const inboundSpi = context.newChildSpi();
  addChild(context, sa, {
    ...agreed.value,
    inboundSpi,
    ni: proofs.ni,
    nr: proofs.nr,
    sharedSecret: undefined,
    role: 'responder',
    replaces,
    isFirst: true,
    // Until the peer shows that it has it, the one before carries what we send.
    startOutbound: replaces === undefined ? 'now' : 'after-inbound',
  });
  return agreed.value.answer(inboundSpi);
}

/** The keys of IKE_SA_INIT that a PPK goes into. */
function keysOf({ skD }: IkeSa, { skPi, skPr }: Proofs): PpkKeys {
  if (skD === undefined) throw new Error('IKE_AUTH begins without keys');
  return { skD, skPi, skPr };
}

/** Section 2.21.2: the IKE SA stays; an always-on peer asks for its child SA again after a while. */
function childRefused(context: IkeContext, sa: IkeSa, peer: IkePeer, type: number): void {
  const cause = childFailed(causeOfNotify(type));
  context.notice(sa, causeOfNotify(type).code, causeOfNotify(type).text);
  context.emit({ kind: 'ike-failed', peer: peer.name, path: sa.path, cause, role: 'initiator' });
  planChildRetry(context, sa, true);
}

function childFailed(because: Cause): Cause {
  return { code: 'child-sa-failed', text: 'the IKE SA stands without a child SA', because };
}

/** As responder: the answer says no more than AUTHENTICATION_FAILED, the cause stays here. */
function refuse(
  context: IkeContext,
  sa: IkeSa,
  { header, path }: Readonly<{ header: IkeHeader; path: IkePath }>,
  peer: IkePeer | undefined,
  fault: IkeFault,
  text: string,
  because?: Cause,
): void {
  context.count(fault);
  const { notify: type } = answerTo(fault);
  respond(context, sa, header, path, [notify(type ?? NotifyType.AUTHENTICATION_FAILED)]);
  const cause = causeOfRefusal({ fault, text, ...(because === undefined ? {} : { because }) });
  context.notice({ peer, path }, cause.code, cause.text, because);
  context.statistics.sessionsRespondedFailed++;
  context.emit({ kind: 'ike-failed', peer: peer?.name, path, cause, role: 'responder' });
  endIkeSa(context, sa, cause);
}

/** As initiator: the responder believes that the SA stands, so it is told (section 2.21.2). */
function giveUp(context: IkeContext, sa: IkeSa, peer: IkePeer, fault: IkeFault, text: string, because?: Cause): void {
  context.count(fault);
  const cause = causeOfRefusal({ fault, text, ...(because === undefined ? {} : { because }) });
  attemptFailed(context, peer, sa.path, cause);
  deleteIkeSa(context, sa, cause, answerTo(fault).notify ?? NotifyType.INVALID_SYNTAX);
}

function causeOfRefusal({ fault, text, because }: Refusal): Cause {
  return { code: fault, text, ...(because === undefined ? {} : { because }) };
}
