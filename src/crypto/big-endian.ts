/** Numbers of the key exchanges as unsigned big-endian octet strings. */

/** The number that the bytes spell. */
export function toNumber(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** `value` in exactly `length` bytes; it must fit. */
export function fromNumber(value: bigint, length: number): Uint8Array {
  const digits = value.toString(16).padStart(2 * length, '0');
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** The bytes with zeros before them to make `length`: RFC 7296 section 2.14 and RFC 5903 section 7 count them. */
export function leftPad(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  out.set(bytes, length - bytes.length);
  return out;
}
