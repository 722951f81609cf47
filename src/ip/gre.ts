/**
 * Generic Routing Encapsulation: RFC 2784, with the key and the sequence number of RFC 2890.
 *
 *   |C| |K|S| Reserved0 (RFC 2784) |Ver|  Protocol Type  |
 *   |   Checksum (optional)        |    Reserved1        |
 *   |                   Key (optional)                   |
 *   |             Sequence Number (optional)             |
 */
import { fail, ok, type Result, readU16, readU32, writeU16, writeU32 } from '../base/index.ts';
import { internetChecksum } from './checksum.ts';
import type { IpFault } from './protocol.ts';

/** What a GRE header says beside the payload. */
export type GreHeader = Readonly<{
  /** EtherType of the payload; 0 is the empty one that comes back from a keepalive. */
  protocol: number;
  key?: number;
  sequence?: number;
  hasChecksum: boolean;
  payload: Uint8Array;
}>;

/** What a GRE header is built of. */
export type GreFields = Readonly<{ protocol: number; key?: number; sequence?: number; checksum?: boolean }>;

/** Protocol type of the empty payload with which routers ask whether the tunnel carries both ways. */
export const GRE_KEEPALIVE = 0;

const BASE_HEADER = 4;
const OPTION = 4;
const FLAG_CHECKSUM = 0x8000;
const FLAG_KEY = 0x2000;
const FLAG_SEQUENCE = 0x1000;
/** RFC 2784 section 2.3 bits 1 to 5, less the two that RFC 2890 gave a meaning: packets with one of them are RFC 1701's. */
const MUST_BE_ZERO = 0x4c00;
const VERSION_MASK = 0x0007;

/** Reads a GRE packet: what the outer header carries. `payload` is a view. */
export function parseGre(bytes: Uint8Array): Result<GreHeader, IpFault> {
  if (bytes.length < BASE_HEADER) return fail('truncated');
  const flags = readU16(bytes, 0);
  // Section 2.3.2: version 1 is PPTP's.
  if ((flags & VERSION_MASK) !== 0) return fail('bad-version');
  if ((flags & MUST_BE_ZERO) !== 0) return fail('bad-gre-flags');
  const hasChecksum = (flags & FLAG_CHECKSUM) !== 0;
  const hasKey = (flags & FLAG_KEY) !== 0;
  const hasSequence = (flags & FLAG_SEQUENCE) !== 0;
  const keyAt = BASE_HEADER + (hasChecksum ? OPTION : 0);
  const sequenceAt = keyAt + (hasKey ? OPTION : 0);
  const start = sequenceAt + (hasSequence ? OPTION : 0);
  if (bytes.length < start) return fail('truncated');
  // Section 2.5: over header and payload, with Reserved1 left to whoever sent it.
  if (hasChecksum && internetChecksum(bytes) !== 0) return fail('bad-checksum');
  return ok({
    protocol: readU16(bytes, 2),
    ...(hasKey ? { key: readU32(bytes, keyAt) } : {}),
    ...(hasSequence ? { sequence: readU32(bytes, sequenceAt) } : {}),
    hasChecksum,
    payload: bytes.subarray(start),
  });
}

/** Length of the header that `buildGre` writes. */
export function greHeaderLength({ key, sequence, checksum }: Partial<GreFields>): number {
  const options = Number(checksum === true) + Number(key !== undefined) + Number(sequence !== undefined);
  return BASE_HEADER + OPTION * options;
}

/** A payload behind its GRE header. */
export function buildGre(fields: GreFields, payload: Uint8Array): Uint8Array {
  const { protocol, key, sequence, checksum = false } = fields;
  const start = greHeaderLength(fields);
  const bytes = new Uint8Array(start + payload.length);
  bytes.set(payload, start);
  const flags =
    (checksum ? FLAG_CHECKSUM : 0) | (key === undefined ? 0 : FLAG_KEY) | (sequence === undefined ? 0 : FLAG_SEQUENCE);
  writeU16(bytes, 0, flags);
  writeU16(bytes, 2, protocol);
  let at = BASE_HEADER + (checksum ? OPTION : 0);
  if (key !== undefined) {
    writeU32(bytes, at, key);
    at += OPTION;
  }
  if (sequence !== undefined) writeU32(bytes, at, sequence);
  if (checksum) writeU16(bytes, BASE_HEADER, internetChecksum(bytes));
  return bytes;
}
