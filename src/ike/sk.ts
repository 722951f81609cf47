/** The Encrypted payload: RFC 7296 section 3.14, and RFC 5282 for ciphers that authenticate by themselves. */
import { concat, fail, ok, type Random, type Result, readU16, writeU16 } from '../base/index.ts';
import type { Protector } from '../crypto/index.ts';
import {
  decodeHeader,
  decodePayloads,
  encodeHeader,
  encodePayloads,
  GENERIC_HEADER_LENGTH,
  HEADER_LENGTH,
  plainHeader,
} from './wire/codec.ts';
import { type IkeHeader, type IkeMessage, type Payload, PayloadType, type WireFault } from './wire/message.ts';

/** What seals the messages of one direction: `counter` must never repeat under one key. */
export type Sealing = Readonly<{ protector: Protector; counter: number }>;

/** The payloads of a message as one chain of bytes. */
export type Content = Readonly<{ firstType: number; bytes: Uint8Array }>;

/** A payload that encrypts: SK with no field of its own, SKF with fragment number and total between header and IV. */
export type SealedPayload = Readonly<{ type: number; fields: Uint8Array; content: Content }>;

/** A message that is nothing but one payload that encrypts. */
export function sealPayload(
  header: IkeHeader,
  { type, fields, content }: SealedPayload,
  { protector, counter }: Sealing,
  random: Random,
): Uint8Array {
  const { firstType, bytes } = content;
  const block = protector.blockLength;
  const padLength = (block - ((bytes.length + 1) % block)) % block;
  const plaintext = new Uint8Array(bytes.length + padLength + 1);
  plaintext.set(bytes);
  plaintext[plaintext.length - 1] = padLength;

  const before = GENERIC_HEADER_LENGTH + fields.length;
  const length = before + protector.ivLength + plaintext.length + protector.icvLength;
  const clear = new Uint8Array(HEADER_LENGTH + before);
  clear.set(encodeHeader(header, type, HEADER_LENGTH + length));
  clear[HEADER_LENGTH] = firstType;
  writeU16(clear, HEADER_LENGTH + 2, length);
  clear.set(fields, HEADER_LENGTH + GENERIC_HEADER_LENGTH);

  // The ICV of a cipher with HMAC covers header, IV and ciphertext (section 3.14): `clear` is its front part too. It is
  // the associated data of the others (RFC 5282 section 5.1, RFC 7383 section 2.5).
  const iv = protector.makeIv(counter, random);
  return concat(clear, iv, protector.seal(iv, clear, plaintext));
}

/** What a message whose first payload encrypts holds. */
export type Opened = Readonly<{ header: IkeHeader; fields: Uint8Array; content: Content }>;

/**
 * Opens a message that is one payload of `type`, with `fieldsLength` bytes of its own before the IV. RFC 7296 allows
 * unencrypted payloads before it; nothing defined sends any, so it must come first here and be the only one.
 */
export function openPayload(
  bytes: Uint8Array,
  type: number,
  fieldsLength: number,
  protector: Protector,
): Result<Opened, WireFault> {
  const header = decodeHeader(bytes);
  if (!header.ok) return header;
  if (header.value.nextPayload !== type) return fail({ kind: 'not-encrypted', payload: header.value.nextPayload });
  const clearLength = HEADER_LENGTH + GENERIC_HEADER_LENGTH + fieldsLength;
  const ivEnd = clearLength + protector.ivLength;
  const fault = (kind: WireFault['kind']): Result<never, WireFault> => fail({ kind, payload: type });
  if (bytes.length < ivEnd + protector.blockLength + protector.icvLength) return fault('short');
  if (readU16(bytes, HEADER_LENGTH + 2) !== bytes.length - HEADER_LENGTH) return fault('bad-length');
  if ((bytes.length - ivEnd - protector.icvLength) % protector.blockLength !== 0) return fault('bad-length');

  const clear = bytes.subarray(0, clearLength);
  const plaintext = protector.open(bytes.subarray(clearLength, ivEnd), clear, bytes.subarray(ivEnd));
  if (plaintext === undefined) return fault('integrity-failed');

  const padLength = plaintext[plaintext.length - 1] ?? 0;
  const end = plaintext.length - 1 - padLength;
  if (end < 0) return fail({ kind: 'bad-padding', payload: type, authentic: true });
  const content = { firstType: bytes[HEADER_LENGTH] ?? 0, bytes: plaintext.subarray(0, end) };
  return ok({ header: plainHeader(header.value), fields: clear.subarray(clearLength - fieldsLength), content });
}

/** A whole message whose payloads travel in one SK payload. */
export function sealMessage(
  header: IkeHeader,
  payloads: readonly Payload[],
  sealing: Sealing,
  random: Random,
): Uint8Array {
  return sealContent(header, encodePayloads(payloads), sealing, random);
}

/** The same for payloads that are bytes already. */
export function sealContent(header: IkeHeader, content: Content, sealing: Sealing, random: Random): Uint8Array {
  return sealPayload(header, { type: PayloadType.SK, fields: NO_FIELDS, content }, sealing, random);
}

/** Opens a message that came in an SK payload. */
export function openMessage(bytes: Uint8Array, protector: Protector): Result<IkeMessage, WireFault> {
  const opened = openPayload(bytes, PayloadType.SK, 0, protector);
  return opened.ok ? readContent(opened.value.header, opened.value.content) : opened;
}

/** Reads payloads whose integrity was good: whatever is wrong with them, the peer itself sent it. */
export function readContent(header: IkeHeader, { firstType, bytes }: Content): Result<IkeMessage, WireFault> {
  const payloads = decodePayloads(firstType, bytes);
  return payloads.ok ? ok({ header, payloads: payloads.value }) : fail({ ...payloads.error, authentic: true });
}

const NO_FIELDS = new Uint8Array(0);
