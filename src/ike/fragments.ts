/**
 * Messages in several datagrams, RFC 7383: the content of an encrypted message is cut, and each piece sealed in an
 * Encrypted and Authenticated Fragment payload (SKF) of a message of its own, with the same message id:
 *
 *     HDR(Next Payload = SKF), SKF { Fragment Number 1..n, Total Fragments n, IV, piece, padding, ICV }
 *
 * Only the first one tells the type of the first payload within (section 2.5).
 */
import { fail, ok, type Random, type Result, readU16, writeU16 } from '../base/index.ts';
import type { Protector } from '../crypto/index.ts';
import type { IkePath } from './policy.ts';
import { type Content, openPayload, type Sealing, sealContent, sealPayload } from './sk.ts';
import { GENERIC_HEADER_LENGTH, HEADER_LENGTH } from './wire/codec.ts';
import { type IkeHeader, PayloadType, type WireFault } from './wire/message.ts';

/** A message as it leaves: one datagram, or several of one message. */
export type Outgoing = Readonly<{
  datagrams: readonly Uint8Array[];
  /** What it was cut from, so that it can be cut smaller; absent when it never will be. */
  source?: Readonly<{ header: IkeHeader; content: Content }>;
}>;

/** One piece of a message, its integrity proven. */
export type Fragment = Readonly<{ number: number; total: number; content: Content }>;

/** Section 2.5.1 names these sizes of an IP packet as safe where nothing is known of the path. */
const SAFE_MTU = { 4: 576, 6: 1280 } as const;
/** What is tried one after another when nothing comes back: what IPv6 promises, what IPv4 hosts must take. */
const SMALLER_MTUS = [1280, 576] as const;
const IP_AND_UDP = { 4: 28, 6: 48 } as const;
const NON_ESP_MARKER = 4;
const FIELDS_LENGTH = 4;
/** A piece holds at least this much, whatever MTU somebody configured: smaller ones would be all headers. */
const SMALLEST_PIECE = 32;
/** More pieces than a message of 64 KiB needs at the smallest MTU that a path may have. */
export const MAX_FRAGMENTS = 128;

/** Bytes of IP and UDP around a message on this path. */
export function overheadOf({ local }: IkePath): number {
  return IP_AND_UDP[local.address.family] + (local.port === 4500 ? NON_ESP_MARKER : 0);
}

/** Size of an IP packet to begin with. */
export function mtuOf(path: IkePath, configured: number | undefined): number {
  return configured ?? SAFE_MTU[path.local.address.family];
}

/** The next smaller size worth trying on this path (section 2.5.2); undefined when there is none. */
export function smallerMtu(path: IkePath, mtu: number): number | undefined {
  const least = SAFE_MTU[path.local.address.family];
  return SMALLER_MTUS.find((smaller) => smaller < mtu && smaller >= least);
}

/** Seals a message: in one datagram if it fits `size` bytes, else in as many as are needed. Every one takes a counter. */
export function sealDatagrams(
  header: IkeHeader,
  content: Content,
  sealing: Readonly<{ protector: Protector; nextCounter: () => number }>,
  size: number,
  random: Random,
): readonly Uint8Array[] {
  const { protector, nextCounter } = sealing;
  if (sealedLength(content.bytes.length, 0, protector) <= size) {
    return [sealContent(header, content, { protector, counter: nextCounter() }, random)];
  }
  const pieces = cut(content, size, protector);
  return pieces.map((piece, i) => {
    const fields = new Uint8Array(FIELDS_LENGTH);
    writeU16(fields, 0, i + 1);
    writeU16(fields, 2, pieces.length);
    const one: Sealing = { protector, counter: nextCounter() };
    return sealPayload(header, { type: PayloadType.SKF, fields, content: piece }, one, random);
  });
}

/** Which piece of how many a datagram claims to be, before anything is proven; undefined when it cannot be one. */
export function claimOf(bytes: Uint8Array): Readonly<{ number: number; total: number }> | undefined {
  const place = HEADER_LENGTH + GENERIC_HEADER_LENGTH;
  if (bytes.length < place + FIELDS_LENGTH) return undefined;
  const number = readU16(bytes, place);
  const total = readU16(bytes, place + 2);
  return number >= 1 && number <= total ? { number, total } : undefined;
}

/** Opens one datagram of a message in pieces. */
export function openFragment(bytes: Uint8Array, protector: Protector): Result<Fragment, WireFault> {
  const claim = claimOf(bytes);
  if (claim === undefined) return fail({ kind: 'bad-payload', payload: PayloadType.SKF, detail: 'fragment number' });
  const opened = openPayload(bytes, PayloadType.SKF, FIELDS_LENGTH, protector);
  return opened.ok ? ok({ ...claim, content: opened.value.content }) : opened;
}

function cut({ firstType, bytes }: Content, size: number, protector: Protector): Content[] {
  const blocks = Math.floor((size - sealedLength(-1, FIELDS_LENGTH, protector)) / protector.blockLength);
  const fitting = Math.max(blocks * protector.blockLength - 1, SMALLEST_PIECE);
  const step = Math.max(fitting, Math.ceil(bytes.length / MAX_FRAGMENTS));
  const pieces: Content[] = [];
  for (let offset = 0; offset < bytes.length; offset += step) {
    pieces.push({ firstType: offset === 0 ? firstType : PayloadType.NONE, bytes: bytes.slice(offset, offset + step) });
  }
  return pieces;
}

/** Length of a message with so much content; -1 leaves the padding out with it. */
function sealedLength(content: number, fields: number, { ivLength, icvLength, blockLength }: Protector): number {
  const padded = Math.ceil((content + 1) / blockLength) * blockLength;
  return HEADER_LENGTH + GENERIC_HEADER_LENGTH + fields + ivLength + padded + icvLength;
}
