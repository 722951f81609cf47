/** How requests and responses leave: sealed, numbered, remembered for repetition. */
import type { Instant } from '../base/index.ts';
import type { IkeContext } from './context.ts';
import { deadUntil, type IkeSa } from './ike-sa.ts';
import type { IkePath } from './policy.ts';
import { sealMessage } from './sk.ts';
import { countSealed } from './statistics.ts';
import { answered, NEGOTIATION_SCHEDULE, nextRequestId, type Schedule, step, type WindowEvent } from './window.ts';
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
  sendFirst(context, sa, message, schedule);
}

/** Sends a request that is ready as bytes, and keeps it for repetition. */
export function sendFirst(context: IkeContext, sa: IkeSa, message: Uint8Array, schedule: Schedule): void {
  moveWindow(context, sa, { kind: 'request', message, schedule });
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
  send(context, path, response);
}

/** Hands a message over. */
export function send(context: IkeContext, path: IkePath, message: Uint8Array): void {
  context.count('sent');
  context.statistics.bytesSent += message.length;
  context.emit({ kind: 'send', path, message });
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
    if (effect.again) {
      context.count('resent');
      context.notice(sa, 'retransmission', 'no response yet: the request is sent again');
    }
    send(context, sa.path, effect.message);
    if (sa.keepaliveAt !== undefined) sa.keepaliveAt = keepaliveAt(context, sa);
  }
  return outcome;
}

/** When the NAT before us wants to see a packet again, RFC 3948 section 4. */
export function keepaliveAt(context: IkeContext, sa: IkeSa): Instant | undefined {
  const every = context.config.natKeepaliveMs;
  return sa.natLocal && every > 0 ? ((context.now + every) as Instant) : undefined;
}

/** Nothing is left but to answer repeats of the last request, whose response may have been lost. */
export function keepAnswering(context: IkeContext, sa: IkeSa): void {
  sa.stage = { kind: 'dead' };
  sa.exchange = undefined;
  sa.tasks = [];
  sa.window = { state: 'dead', nextId: nextRequestId(sa.window) };
  // One that nobody authenticated keeps the end it had: failing must not hold a place longer than silence does.
  if (!sa.isHalfOpen || sa.expiresAt === undefined) sa.expiresAt = deadUntil(context.now);
  sa.rekeyAt = undefined;
  sa.keepaliveAt = undefined;
  context.touched.add(sa);
}

function seal(context: IkeContext, sa: IkeSa, head: IkeHeader, payloads: readonly Payload[]): Uint8Array {
  if (sa.outbound === undefined) throw new Error('an IKE SA without keys cannot seal');
  const counter = sa.sealed;
  sa.sealed += 1;
  countSealed(context.statistics, payloads);
  return sealMessage(head, payloads, { protector: sa.outbound, counter }, context.environment.random);
}

function header(sa: IkeSa, exchange: number, messageId: number, isResponse: boolean): IkeHeader {
  const fromInitiator = sa.role === 'initiator';
  return {
    initiatorSpi: fromInitiator ? sa.localSpi : sa.remoteSpi,
    responderSpi: fromInitiator ? sa.remoteSpi : sa.localSpi,
    exchange,
    fromInitiator,
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
