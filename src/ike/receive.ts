/** The way of a datagram: to its IKE SA, through integrity and message id, into its exchange. */
import { attemptFailed, deleteIkeSa, endIkeSa } from './closing.ts';
import type { IkeContext } from './context.ts';
import type { Cause } from './events.ts';
import { answerCreateChild, handleCreateChildResponse } from './exchange-create-child-sa.ts';
import { handleAuthRequest, handleAuthResponse } from './exchange-ike-auth.ts';
import { answerInClear, handleInitRequest, handleInitResponse } from './exchange-ike-sa-init.ts';
import { answerInformational, finishDeleteChild } from './exchange-informational.ts';
import {
  checkMapping,
  finishReturnRoutability,
  finishUpdateAddresses,
  PROBED_FROM,
  takeProbedPath,
} from './exchange-mobility.ts';
import { answerRekeyIke, handleRekeyIkeResponse } from './exchange-rekey-ike-sa.ts';
import { answerTo, faultOf, type IkeFault } from './faults.ts';
import type { IkeSa } from './ike-sa.ts';
import { followNat } from './paths.ts';
import { type Answer, causeOfNotify, notify, pick, pickNotify } from './payloads.ts';
import { addressesIn, type IkePath } from './policy.ts';
import { assemble, dropPieces } from './reassembly.ts';
import { answerAgain, exchangeName, keepAnswering, moveWindow, respond } from './sending.ts';
import { openMessage } from './sk.ts';
import { countOpened } from './statistics.ts';
import { dismiss, releaseChildren } from './succession.ts';
import { classifyRequest, timesSent } from './window.ts';
import { decodeHeader, plainHeader, readHeader } from './wire/codec.ts';
import {
  ExchangeType,
  type IkeHeader,
  NotifyType,
  type Payload,
  PayloadType,
  ProtocolId,
  type WireFault,
} from './wire/message.ts';

/** Handles one IKE message, whatever its bytes. */
export function receive(context: IkeContext, path: IkePath, bytes: Uint8Array): void {
  context.count('received');
  context.statistics.bytesReceived += bytes.length;
  if (!addressesIn(context.config, path).some((address) => address.equals(path.local.address))) {
    context.count('unknown-address' satisfies IkeFault);
    return;
  }
  const decoded = decodeHeader(bytes);
  if (!decoded.ok) {
    refuseHeader(context, path, bytes, decoded.error);
    return;
  }
  const header = plainHeader(decoded.value);
  if (header.exchange === ExchangeType.IKE_SA_INIT && !header.isResponse && header.responderSpi === 0n) {
    handleInitRequest(context, path, bytes);
    return;
  }
  const sa = context.sas.get(header.fromInitiator ? header.responderSpi : header.initiatorSpi);
  if (sa === undefined || sa.role !== (header.fromInitiator ? 'responder' : 'initiator')) {
    // RFC 7296 section 2.21.4 lets us tell INVALID_IKE_SPI; we stay silent, because anyone may have sent it.
    context.count('unknown-ike-spi' satisfies IkeFault);
    return;
  }
  if (sa.stage.kind === 'init-sent') {
    if (!header.isResponse) {
      context.count('not-encrypted' satisfies IkeFault);
      return;
    }
    handleInitResponse(context, sa, sa.stage, bytes);
    return;
  }
  const remoteSpi = header.fromInitiator ? header.initiatorSpi : header.responderSpi;
  if (remoteSpi !== sa.remoteSpi) {
    context.count('unknown-ike-spi' satisfies IkeFault);
    return;
  }
  if (sa.inbound === undefined) throw new Error('an IKE SA past IKE_SA_INIT has no keys');
  const isPiece = decoded.value.nextPayload === PayloadType.SKF;
  const opened = isPiece ? assemble(context, sa, header, bytes) : openMessage(bytes, sa.inbound);
  if (opened === 'nothing') return;
  if (opened === 'repeated') {
    answerAgain(context, sa, path, bytes);
    return;
  }
  if (!opened.ok) {
    handleUnreadable(context, sa, path, header, opened.error);
    return;
  }
  const { payloads } = opened.value;
  const half = header.isResponse ? 'response' : 'request';
  if (!isPiece && sa.reassemblies[half]?.messageId === header.messageId) dropPieces(context, sa, half);
  countOpened(context.statistics, payloads);
  if (header.isResponse) receiveResponse(context, sa, header, payloads, path);
  else receiveRequest(context, sa, header, payloads, path);
}

function receiveRequest(
  context: IkeContext,
  sa: IkeSa,
  header: IkeHeader,
  payloads: readonly Payload[],
  path: IkePath,
): void {
  const place = classifyRequest(sa.responses, header.messageId);
  if (place === 'repeated') {
    answerAgain(context, sa, path);
    return;
  }
  if (place !== 'new' || sa.stage.kind === 'dead') {
    context.count('message-id-outside-window' satisfies IkeFault);
    return;
  }
  const { stage } = sa;
  const isAuth = header.exchange === ExchangeType.IKE_AUTH;
  if ((stage.kind === 'init-answered') !== isAuth || stage.kind === 'auth-sent') {
    context.count('unexpected-exchange' satisfies IkeFault);
    return;
  }
  context.count(`request-${exchangeName(header.exchange)}-answered`);
  proveLife(context, sa, path);
  context.touched.add(sa);
  if (stage.kind === 'init-answered') {
    handleAuthRequest(context, sa, stage, { header, payloads, path });
    return;
  }
  const answer = answerRequest(context, sa, header, payloads, path);
  respond(context, sa, header, path, answer.payloads);
  answer.afterwards?.();
}

function answerRequest(
  context: IkeContext,
  sa: IkeSa,
  header: IkeHeader,
  payloads: readonly Payload[],
  path: IkePath,
): Answer {
  switch (header.exchange) {
    case ExchangeType.CREATE_CHILD_SA: {
      const isForIke = pick(payloads, 'sa')?.proposals[0]?.protocol === ProtocolId.IKE;
      if (isForIke) return answerRekeyIke(context, sa, payloads);
      return answerCreateChild(context, sa, payloads);
    }
    case ExchangeType.INFORMATIONAL:
      if (payloads.length === 0) context.statistics.livenessReceived++;
      return answerInformational(context, sa, payloads, path);
    default:
      context.count('unexpected-exchange' satisfies IkeFault);
      return { payloads: [notify(NotifyType.INVALID_SYNTAX)] };
  }
}

function receiveResponse(
  context: IkeContext,
  sa: IkeSa,
  header: IkeHeader,
  payloads: readonly Payload[],
  path: IkePath,
): void {
  const { window, stage } = sa;
  const isExpected = window.state === 'waiting' && window.id === header.messageId;
  if (!isExpected || header.exchange !== exchangeUnderWay(sa)) {
    context.count('unexpected-response' satisfies IkeFault);
    return;
  }
  const wasProbed = timesSent(window) >= PROBED_FROM;
  moveWindow(context, sa, { kind: 'response', id: header.messageId });
  proveLife(context, sa, path);
  takeProbedPath(context, sa, path, wasProbed);
  if (stage.kind === 'auth-sent') {
    handleAuthResponse(context, sa, stage, payloads);
    return;
  }
  const { exchange } = sa;
  sa.exchange = undefined;
  if (stage.kind === 'established' && pickNotify(payloads, NotifyType.INVALID_SYNTAX) !== undefined) {
    // Section 2.21.3: whoever says so has deleted the IKE SA.
    const because = causeOfNotify(NotifyType.INVALID_SYNTAX);
    context.notice(sa, because.code, because.text);
    endIkeSa(context, sa, { code: 'peer-deleted', text: 'the peer deleted the IKE SA', because });
    return;
  }
  switch (exchange?.kind) {
    case 'create-child':
      handleCreateChildResponse(context, sa, exchange, payloads);
      return;
    case 'rekey-ike':
      handleRekeyIkeResponse(context, sa, exchange, payloads);
      return;
    case 'delete-child':
      finishDeleteChild(context, exchange.children);
      return;
    case 'delete-ike':
      releaseChildren(context, sa);
      if (sa.responses.last === undefined) {
        context.forget(sa);
        return;
      }
      keepAnswering(context, sa);
      return;
    case 'update-addresses':
      finishUpdateAddresses(context, sa, exchange.path, payloads);
      return;
    case 'return-routability':
      finishReturnRoutability(context, sa, exchange, payloads);
      return;
    case 'liveness':
      checkMapping(context, sa, payloads);
      return;
    default:
      return;
  }
}

function exchangeUnderWay(sa: IkeSa): number {
  if (sa.stage.kind === 'auth-sent') return ExchangeType.IKE_AUTH;
  const kind = sa.exchange?.kind;
  if (kind === 'create-child' || kind === 'rekey-ike') return ExchangeType.CREATE_CHILD_SA;
  return ExchangeType.INFORMATIONAL;
}

/** A message that is new and authentic proves life, and from behind a NAT where the peer is now. */
function proveLife(context: IkeContext, sa: IkeSa, path: IkePath): void {
  sa.heardAt = context.now;
  followNat(context, sa, path);
}

/** A message that could not be read: an answer and an end only when the peer itself sent it. */
function handleUnreadable(context: IkeContext, sa: IkeSa, path: IkePath, header: IkeHeader, fault: WireFault): void {
  const name = faultOf(fault);
  context.count(name);
  const { ends, notify: type } = answerTo(name);
  if (fault.authentic !== true || sa.stage.kind === 'dead') return;
  const isExpectedResponse = header.isResponse && sa.window.state === 'waiting' && sa.window.id === header.messageId;
  // Before the peer has proved who it is, it has nothing to ask (section 2.2).
  const mayAsk = !header.isResponse && sa.stage.kind !== 'auth-sent';
  const isNewRequest = mayAsk && classifyRequest(sa.responses, header.messageId) === 'new';
  const cause: Cause = {
    code: name,
    text: `the peer sent a message that cannot be read (${fault.detail ?? fault.kind})`,
  };
  if (isNewRequest) {
    const data = name === 'unknown-critical-payload' ? Uint8Array.of(fault.payload) : undefined;
    respond(context, sa, header, path, [notify(type ?? NotifyType.INVALID_SYNTAX, data)]);
    context.notice(sa, cause.code, cause.text);
    if (ends === 'ike-sa') endIkeSa(context, sa, cause);
  } else if (isExpectedResponse && ends === 'ike-sa') {
    moveWindow(context, sa, { kind: 'response', id: header.messageId });
    sa.exchange = undefined;
    if (sa.stage.kind === 'deleting') {
      dismiss(context, sa);
      return;
    }
    if (sa.stage.kind === 'auth-sent') attemptFailed(context, sa.peer, sa.path, cause);
    else context.notice(sa, cause.code, cause.text);
    deleteIkeSa(context, sa, cause, NotifyType.INVALID_SYNTAX);
  }
}

/** Section 2.5: another major version is told ours, in the form of ours. */
function refuseHeader(context: IkeContext, path: IkePath, bytes: Uint8Array, fault: WireFault): void {
  const name = faultOf(fault);
  context.count(name);
  const header = readHeader(bytes);
  if (name !== 'wrong-major-version' || header === undefined || header.isResponse) return;
  // Only higher versions are told; IKEv1 would not understand the answer.
  if ((bytes[17] ?? 0) >>> 4 > 2) {
    answerInClear(context, path, plainHeader(header), [notify(NotifyType.INVALID_MAJOR_VERSION)]);
  }
}
