/** The Internet checksum: RFC 1071, its incremental form RFC 1624, pseudo headers of RFC 9293 and RFC 8200 section 8.1. */
import { type IpAddress, readU16, writeU16 } from '../base/index.ts';

/**
 * One's complement of the one's complement sum of 16-bit words from `start` to `end`. `initial` is a partial sum, as
 * of `pseudoHeaderSum`. Over data that contains its own right checksum the result is 0.
 */
export function internetChecksum(bytes: Uint8Array, initial = 0, start = 0, end = bytes.length): number {
  let sum = initial;
  const even = start + ((end - start) & ~1);
  for (let i = start; i < even; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  if (even < end) sum += (bytes[even] ?? 0) << 8;
  return ~fold(sum) & 0xffff;
}

/** Partial sum of the pseudo header that TCP, UDP and ICMPv6 checksums cover. */
export function pseudoHeaderSum(source: IpAddress, destination: IpAddress, protocol: number, length: number): number {
  return addressSum(source) + addressSum(destination) + protocol + (length >>> 16) + (length & 0xffff);
}

/** RFC 1624 equation 3: what a checksum becomes when one 16-bit word it covers changes. */
export function updateChecksum(checksum: number, before: number, after: number): number {
  return ~fold((~checksum & 0xffff) + (~before & 0xffff) + after) & 0xffff;
}

/** Changes a 16-bit word and the checksum at `checksumOffset` that covers it. */
export function patchWord(packet: Uint8Array, offset: number, value: number, checksumOffset: number): void {
  const checksum = updateChecksum(readU16(packet, checksumOffset), readU16(packet, offset), value);
  writeU16(packet, offset, value);
  writeU16(packet, checksumOffset, checksum);
}

function addressSum(address: IpAddress): number {
  const first = wordSum(address.a);
  return address.family === 4 ? first : first + wordSum(address.b) + wordSum(address.c) + wordSum(address.d);
}

function wordSum(word: number): number {
  return (word >>> 16) + (word & 0xffff);
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return folded;
}
