/** How requests and responses leave: sealed, numbered, remembered for repetition. */
import type { Instant } from '../base/index.ts';
import type { IkeContext } from './context.ts';
import { type Outgoing, overheadOf, sealDatagrams, smallerMtu } from './fragments.ts';
import { deadUntil, type IkeSa } from './ike-sa.ts';
import type { IkePath } from './policy.ts';
import { dropPieces } from './reassembly.ts';
import { countSealed } from './statistics.ts';
import {
  answered,
  NEGOTIATION_SCHEDULE,
  nextRequestId,
  restarted,
  type Schedule,
  step,
  type WindowEvent,
  withRequest,
} from './window.ts';
import { encodePayloads } from './wire/codec.ts';
import { ExchangeType, type IkeHeader, type Payload } from './wire/message.ts';

/** Seals and sends the next request of this SA. */
export function sendRequest(
  context: IkeContext,
  sa: IkeSa,
  exchange: number,
  payloads: readonly Payload[],
  schedule: Schedule = NEGOTIATION_SCHEDULE,
): void {
  context.count(`request-${exchangeName(exchange)}-sent`);
  const message = seal(context, sa, header(sa, exchange, nextRequestId(sa.window), false), payloads);
  moveWindow(context, sa, { kind: 'request', message, schedule });
}

/** Sends a request that is ready as bytes, and keeps it for repetition. */
export function sendFirst(context: IkeContext, sa: IkeSa, message: Uint8Array, schedule: Schedule): void {
  moveWindow(context, sa, { kind: 'request', message: { datagrams: [message] }, schedule });
}

/** Seals the response to the request that has just been handled, sends it and keeps it for repetition. */
export function respond(
  context: IkeContext,
  sa: IkeSa,
  request: IkeHeader,
  path: IkePath,
  payloads: readonly Payload[],
): void {
  const response = seal(context, sa, header(sa, request.exchange, request.messageId, true), payloads);
  sa.responses = answered(sa.responses, response);
  sendAll(context, path, response);
}

/**
 * The last request came again: so does its response. It may have been too large for the path, so it is cut smaller
 * (RFC 7383 section 2.5.2): as small as the pieces of the request, of which the peer has found out by now, and by one
 * size every other time.
 */
export function answerAgain(context: IkeContext, sa: IkeSa, path: IkePath, piece?: Uint8Array): void {
  context.count('request-repeated');
  const { last, nextId, repeats = 0 } = sa.responses;
  if (last === undefined) return;
  const tries = repeats + 2;
  const asThePeer = piece === undefined ? undefined : piece.length + overheadOf(path);
  const isSmaller = asThePeer !== undefined && asThePeer < largestOf(last) + overheadOf(path);
  const response = isSmaller ? cutSmaller(context, sa, last, asThePeer) : probeSmaller(context, sa, last, tries);
  sa.responses = { nextId, last: response, repeats: repeats + 1 };
  sendAll(context, path, response);
}

/** Hands a message over. */
export function send(context: IkeContext, path: IkePath, message: Uint8Array): void {
  context.count('sent');
  context.statistics.bytesSent += message.length;
  context.emit({ kind: 'send', path, message });
}

/** A request under way goes on by the new path as if it had just been sent: the same bytes (RFC 4555 section 3.5). */
export function resume(context: IkeContext, sa: IkeSa): void {
  const { window } = sa;
  if (window.state !== 'waiting') return;
  sa.window = restarted(window, context.now);
  context.count('resent');
  sendAll(context, sa.path, window.request);
}

/** Sends the request under way by another path too. */
export function sendAlso(context: IkeContext, sa: IkeSa, path: IkePath): void {
  if (sa.window.state === 'waiting') sendAll(context, path, sa.window.request);
}

/** The SPIs as in the header of every message of this IKE SA. */
export function headerSpis(sa: IkeSa): Readonly<{ initiatorSpi: bigint; responderSpi: bigint }> {
  const [initiatorSpi, responderSpi] =
    sa.role === 'initiator' ? [sa.localSpi, sa.remoteSpi] : [sa.remoteSpi, sa.localSpi];
  return { initiatorSpi, responderSpi };
}

function sendAll(context: IkeContext, path: IkePath, { datagrams }: Outgoing): void {
  if (datagrams.length > 1) context.count('messages-fragmented');
  for (const datagram of datagrams) send(context, path, datagram);
}

/** Feeds the request window; says what became of it. */
export function moveWindow(context: IkeContext, sa: IkeSa, event: WindowEvent): 'deliver' | 'peer-dead' | undefined {
  const { next, effects } = step(sa.window, event, context.now);
  sa.window = next;
  context.touched.add(sa);
  let outcome: 'deliver' | 'peer-dead' | undefined;
  for (const effect of effects) {
    if (effect.kind !== 'send') {
      outcome = effect.kind;
      continue;
    }
    let { message } = effect;
    if (effect.times > 1) {
      context.count('resent');
      context.notice(sa, 'retransmission', 'no response yet: the request is sent again');
      message = probeSmaller(context, sa, message, effect.times);
      sa.window = withRequest(sa.window, message);
    }
    sendAll(context, sa.path, message);
    if (sa.keepaliveAt !== undefined) sa.keepaliveAt = keepaliveAt(context, sa);
  }
  return outcome;
}

/** When the NAT before us, or the firewall for which we put ESP into UDP, wants to see a packet again (RFC 3948 4). */
export function keepaliveAt(context: IkeContext, sa: IkeSa): Instant | undefined {
  const every = sa.peer?.natKeepaliveMs ?? context.config.natKeepaliveMs;
  return (sa.natLocal || sa.isForced) && every > 0 ? ((context.now + every) as Instant) : undefined;
}

/** Nothing is left but to answer repeats of the last request, whose response may have been lost. */
export function keepAnswering(context: IkeContext, sa: IkeSa): void {
  dropPieces(context, sa);
  sa.stage = { kind: 'dead' };
  sa.exchange = undefined;
  sa.tasks = [];
  sa.window = { state: 'dead', nextId: nextRequestId(sa.window) };
  // One that nobody authenticated keeps the end it had: failing must not hold a place longer than silence does.
  if (sa.place === undefined || sa.expiresAt === undefined) sa.expiresAt = deadUntil(context.now);
  sa.rekeyAt = undefined;
  sa.keepaliveAt = undefined;
  context.touched.add(sa);
}

function seal(context: IkeContext, sa: IkeSa, head: IkeHeader, payloads: readonly Payload[]): Outgoing {
  countSealed(context.statistics, payloads);
  return cutFor(context, sa, { header: head, content: encodePayloads(payloads) });
}

/** Seals content in datagrams of the size that the path takes, as far as is known. */
function cutFor(context: IkeContext, sa: IkeSa, source: NonNullable<Outgoing['source']>): Outgoing {
  const protector = sa.outbound;
  if (protector === undefined) throw new Error('an IKE SA without keys cannot seal');
  const nextCounter = (): number => sa.sealed++;
  const { fragmentation, path } = sa;
  const size = fragmentation === undefined ? Number.POSITIVE_INFINITY : fragmentation.mtu - overheadOf(path);
  const { random } = context.environment;
  const datagrams = sealDatagrams(source.header, source.content, { protector, nextCounter }, size, random);
  return fragmentation === undefined ? { datagrams } : { datagrams, source };
}

/**
 * RFC 7383 section 2.5.2: large datagrams may be what does not get through, so every other repetition is cut smaller,
 * and so is what follows on this IKE SA. The receiver knows the newer pieces by their larger number.
 */
function probeSmaller(context: IkeContext, sa: IkeSa, message: Outgoing, times: number): Outgoing {
  if (sa.fragmentation === undefined || times % 2 === 0) return message;
  const smaller = smallerMtu(sa.path, sa.fragmentation.mtu);
  return smaller === undefined ? message : cutSmaller(context, sa, message, smaller);
}

function cutSmaller(context: IkeContext, sa: IkeSa, message: Outgoing, mtu: number): Outgoing {
  const { source } = message;
  if (source === undefined || sa.fragmentation === undefined) return message;
  if (largestOf(message) + overheadOf(sa.path) <= mtu) return message;
  sa.fragmentation.mtu = mtu;
  const smaller = cutFor(context, sa, source);
  if (smaller.datagrams.length <= message.datagrams.length) return message;
  context.count('messages-cut-smaller');
  return smaller;
}

function largestOf({ datagrams }: Outgoing): number {
  return Math.max(...datagrams.map(({ length }) => length));
}

function header(sa: IkeSa, exchange: number, messageId: number, isResponse: boolean): IkeHeader {
  return {
    ...headerSpis(sa),
    exchange,
    fromInitiator: sa.role === 'initiator',
    isResponse,
    messageId,
  };
}

/** Name of an exchange in counters. */
export function exchangeName(exchange: number): string {
  switch (exchange) {
    case ExchangeType.IKE_SA_INIT:
      return 'ike-sa-init';
    case ExchangeType.IKE_AUTH:
      return 'ike-auth';
    case ExchangeType.CREATE_CHILD_SA:
      return 'create-child-sa';
    case ExchangeType.INFORMATIONAL:
      return 'informational';
    default:
      return 'unknown';
  }
}
