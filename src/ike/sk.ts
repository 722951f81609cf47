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

/** Both headers in front of the IV: the associated data of RFC 5282 section 5.1. */
const CLEAR_LENGTH = HEADER_LENGTH + GENERIC_HEADER_LENGTH;

/** What seals the messages of one direction: `counter` must never repeat under one key. */
export type Sealing = Readonly<{ protector: Protector; counter: number }>;

/** A whole message whose payloads travel in one SK payload. */
export function sealMessage(
  header: IkeHeader,
  payloads: readonly Payload[],
  { protector, counter }: Sealing,
  random: Random,
): Uint8Array {
  const { firstType, bytes } = encodePayloads(payloads);
  const block = protector.blockLength;
  const padLength = (block - ((bytes.length + 1) % block)) % block;
  const plaintext = new Uint8Array(bytes.length + padLength + 1);
  plaintext.set(bytes);
  plaintext[plaintext.length - 1] = padLength;

  const skLength = GENERIC_HEADER_LENGTH + protector.ivLength + plaintext.length + protector.icvLength;
  const clear = new Uint8Array(CLEAR_LENGTH);
  clear.set(encodeHeader(header, PayloadType.SK, HEADER_LENGTH + skLength));
  clear[HEADER_LENGTH] = firstType;
  writeU16(clear, HEADER_LENGTH + 2, skLength);

  // The ICV of a cipher with HMAC covers header, IV and ciphertext (section 3.14): `clear` is its front part too.
  const iv = protector.makeIv(counter, random);
  return concat(clear, iv, protector.seal(iv, clear, plaintext));
}

/**
 * Opens a message that came in an SK payload. RFC 7296 allows unencrypted payloads before it; nothing defined sends
 * any, so the SK payload must come first here and be the only one.
 */
export function openMessage(bytes: Uint8Array, protector: Protector): Result<IkeMessage, WireFault> {
  const header = decodeHeader(bytes);
  if (!header.ok) return header;
  if (header.value.nextPayload !== PayloadType.SK) return fault('not-encrypted', header.value.nextPayload);
  const ivEnd = CLEAR_LENGTH + protector.ivLength;
  if (bytes.length < ivEnd + protector.blockLength + protector.icvLength) return fault('short');
  if (readU16(bytes, HEADER_LENGTH + 2) !== bytes.length - HEADER_LENGTH) return fault('bad-length');
  if ((bytes.length - ivEnd - protector.icvLength) % protector.blockLength !== 0) return fault('bad-length');

  const clear = bytes.subarray(0, CLEAR_LENGTH);
  const plaintext = protector.open(bytes.subarray(CLEAR_LENGTH, ivEnd), clear, bytes.subarray(ivEnd));
  if (plaintext === undefined) return fault('integrity-failed');

  const padLength = plaintext[plaintext.length - 1] ?? 0;
  const end = plaintext.length - 1 - padLength;
  if (end < 0) return fail({ kind: 'bad-padding', payload: PayloadType.SK, authentic: true });
  const payloads = decodePayloads(bytes[HEADER_LENGTH] ?? 0, plaintext.subarray(0, end));
  if (!payloads.ok) return fail({ ...payloads.error, authentic: true });
  return ok({ header: plainHeader(header.value), payloads: payloads.value });
}

function fault(kind: WireFault['kind'], payload: number = PayloadType.SK): Result<never, WireFault> {
  return fail({ kind, payload });
}
