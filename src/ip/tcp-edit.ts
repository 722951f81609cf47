/** Changes of bytes that a checksum covers, in place and with the checksum: RFC 1624. For segments that pass through. */
import { readU16, readU32, writeU16, writeU32 } from '../base/index.ts';
import { updateChecksum } from './checksum.ts';

/** Where the checksum stands, and where what it covers begins: words are counted from there. */
export type Covered = Readonly<{ start: number; checksumAt: number }>;

/** Writes 32 bits at any place, even or odd. */
export function patchU32(packet: Uint8Array, at: number, value: number, covered: Covered): void {
  const before = readU32(packet, at);
  if (before === value >>> 0) return;
  writeU32(packet, at, value);
  change(packet, at, before >>> 16, value >>> 16, covered);
  change(packet, at, before & 0xffff, value & 0xffff, covered);
}

/** Writes 16 bits at any place, even or odd. */
export function patchU16(packet: Uint8Array, at: number, value: number, covered: Covered): void {
  const before = readU16(packet, at);
  if (before === value) return;
  writeU16(packet, at, value);
  change(packet, at, before, value, covered);
}

export function patchByte(packet: Uint8Array, at: number, value: number, covered: Covered): void {
  const before = packet[at] ?? 0;
  if (before === value) return;
  packet[at] = value;
  change(packet, at, before << 8, value << 8, covered);
}

/** Bytes at an odd place lie in two words of the sum, which then counts them swapped (RFC 1071 section 2 (B)). */
function change(packet: Uint8Array, at: number, before: number, after: number, { start, checksumAt }: Covered): void {
  const odd = ((at - start) & 1) === 1;
  const checksum = readU16(packet, checksumAt);
  writeU16(packet, checksumAt, updateChecksum(checksum, odd ? swap(before) : before, odd ? swap(after) : after));
}

function swap(word: number): number {
  return ((word & 0xff) << 8) | (word >>> 8);
}
