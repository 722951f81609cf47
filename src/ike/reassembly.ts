/**
 * Messages in pieces are put together again, RFC 7383 section 2.6. A piece counts once its integrity is proven, so a
 * forged one holds nothing; for each IKE SA at most one request and one response are under way, the only ones that its
 * windows would take. What those who have not authenticated themselves may hold is a small part of what all may.
 */
import { after, concat, earlier, type Instant, type Result } from '../base/index.ts';
import type { IkeContext } from './context.ts';
import type { IkeFault } from './faults.ts';
import { claimOf, type Fragment, MAX_FRAGMENTS, openFragment } from './fragments.ts';
import type { IkeSa } from './ike-sa.ts';
import { readContent } from './sk.ts';
import { classifyRequest } from './window.ts';
import { type IkeHeader, type IkeMessage, PayloadType, type WireFault } from './wire/message.ts';

/** A message of which some pieces came. */
export type Reassembly = {
  readonly messageId: number;
  readonly total: number;
  readonly pieces: Map<number, Uint8Array>;
  firstType: number;
  bytes: number;
  readonly until: Instant;
};

/** The two messages of an IKE SA that may be in pieces. */
export type Reassemblies = { request: Reassembly | undefined; response: Reassembly | undefined };

/** Its sender gives up after less than a minute; a gap that is not filled by then has come to nothing. */
const REASSEMBLY_MS = 30_000;
/** The length of an IKE message in one UDP datagram. */
const MAX_MESSAGE_BYTES = 65_535;
/** Of all IKE SAs together, and of those among them whose peer may be anybody. */
const MAX_HELD_BYTES = 32 << 20;
const MAX_STRANGERS_BYTES = 8 << 20;

/** What came of a datagram: nothing yet, a repeated request to be answered again, or a message. */
export type Assembled = 'nothing' | 'repeated' | Result<IkeMessage, WireFault>;

/** Takes a datagram with a piece of a message for this IKE SA. */
export function assemble(context: IkeContext, sa: IkeSa, header: IkeHeader, datagram: Uint8Array): Assembled {
  const place = placeOf(sa, header);
  if (sa.fragmentation === undefined || sa.inbound === undefined) return refuse(context, 'fragment-not-agreed');
  if (place === 'elsewhere') {
    return refuse(context, header.isResponse ? 'unexpected-response' : 'message-id-outside-window');
  }
  const claim = claimOf(datagram);
  if (claim === undefined) return refuse(context, 'malformed-message');
  // Section 2.6.1: of a request that was answered only the first piece has the response sent again.
  if (place === 'repeated' && claim.number !== 1) return refuse(context, 'fragment-duplicate');
  if (claim.total > MAX_FRAGMENTS) return refuse(context, 'fragment-limit');

  const half = header.isResponse ? 'response' : 'request';
  const held = place === 'repeated' ? undefined : sa.reassemblies[half];
  if (held?.messageId === header.messageId) {
    // Section 2.6: who cut the message anew made more pieces of it, so fewer are those of the first cutting.
    if (claim.total < held.total) return refuse(context, 'fragment-outdated');
    if (claim.total === held.total && held.pieces.has(claim.number)) return refuse(context, 'fragment-duplicate');
  }
  const opened = openFragment(datagram, sa.inbound);
  if (!opened.ok) return opened;
  if (place === 'repeated') return 'repeated';
  return keep(context, sa, half, header, opened.value);
}

/** Forgets the pieces of one half, or of both: the message came whole, or nobody waits for it any more. */
export function dropPieces(context: IkeContext, sa: IkeSa, half?: keyof Reassemblies): void {
  for (const one of half === undefined ? (['request', 'response'] as const) : [half]) {
    const held = sa.reassemblies[one];
    if (held === undefined) continue;
    context.heldBytes -= held.bytes;
    sa.reassemblies[one] = undefined;
  }
}

/** Forgets what has waited too long for its missing pieces. */
export function expirePieces(context: IkeContext, sa: IkeSa): void {
  for (const half of ['request', 'response'] as const) {
    const held = sa.reassemblies[half];
    if (held === undefined || held.until > context.now) continue;
    context.count('reassembly-timeout');
    dropPieces(context, sa, half);
  }
}

/** When pieces have waited long enough. */
export function reassemblyWakeAt({ request, response }: Reassemblies): Instant | undefined {
  return earlier(request?.until, response?.until);
}

function keep(
  context: IkeContext,
  sa: IkeSa,
  half: keyof Reassemblies,
  header: IkeHeader,
  { number, total, content }: Fragment,
): Assembled {
  const before = sa.reassemblies[half];
  if (before !== undefined && (before.messageId !== header.messageId || before.total !== total)) {
    dropPieces(context, sa, half);
  }
  const held = sa.reassemblies[half] ?? begin(context, header.messageId, total);
  const bytes = held.bytes + content.bytes.length;
  const room = sa.place === undefined ? MAX_HELD_BYTES : MAX_STRANGERS_BYTES;
  if (bytes > MAX_MESSAGE_BYTES || context.heldBytes + content.bytes.length > room) {
    return refuse(context, 'fragment-limit');
  }
  // A view would keep the whole datagram.
  held.pieces.set(number, content.bytes.slice());
  held.bytes = bytes;
  if (number === 1) held.firstType = content.firstType;
  sa.reassemblies[half] = held;
  context.heldBytes += content.bytes.length;
  context.count('fragments-received');
  context.touched.add(sa);
  if (held.pieces.size < total) return 'nothing';
  dropPieces(context, sa, half);
  const whole = concat(...inOrder(held));
  context.count('messages-reassembled');
  return readContent(header, { firstType: held.firstType, bytes: whole });
}

function begin(context: IkeContext, messageId: number, total: number): Reassembly {
  const until = after(context.now, REASSEMBLY_MS);
  return { messageId, total, pieces: new Map(), firstType: PayloadType.NONE, bytes: 0, until };
}

function* inOrder({ pieces, total }: Reassembly): Generator<Uint8Array> {
  for (let number = 1; number <= total; number++) {
    const piece = pieces.get(number);
    if (piece !== undefined) yield piece;
  }
}

/** Whether the windows of the IKE SA would take a message with this id. */
function placeOf(sa: IkeSa, header: IkeHeader): 'expected' | 'repeated' | 'elsewhere' {
  if (header.isResponse) {
    return sa.window.state === 'waiting' && sa.window.id === header.messageId ? 'expected' : 'elsewhere';
  }
  const place = classifyRequest(sa.responses, header.messageId);
  if (place === 'repeated') return place;
  return place === 'new' && sa.stage.kind !== 'dead' ? 'expected' : 'elsewhere';
}

function refuse(context: IkeContext, fault: IkeFault): 'nothing' {
  context.count(fault);
  return 'nothing';
}
