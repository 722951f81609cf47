/** Plain hashes, and comparison that does not tell where two values differ. */
import { createHash, timingSafeEqual as nodeTimingSafeEqual } from 'node:crypto';

/** SHA-1 of all parts in order: NAT detection (RFC 7296 section 2.23), certificate hashes. Not for signatures. */
export function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  return hash('sha1', parts);
}

/** MD5 of all parts in order, for the TCP signature option alone (RFC 2385). */
export function md5(...parts: readonly Uint8Array[]): Uint8Array {
  return hash('md5', parts);
}

/** SHA-256 of all parts in order. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return hash('sha256', parts);
}

/** A hash by Node's name of it, of what is signed. */
export function hashOf(name: string, data: Uint8Array): Uint8Array {
  return hash(name, [data]);
}

/** Whether both hold the same bytes; takes the same time wherever they differ. */
export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && nodeTimingSafeEqual(a, b);
}

/** A plain view of what Node returns: a Buffer prints and compares differently. */
export function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

function hash(name: string, parts: readonly Uint8Array[]): Uint8Array {
  const hasher = createHash(name);
  for (const part of parts) hasher.update(part);
  return plain(hasher.digest());
}
