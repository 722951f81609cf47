/**
 * Sticky reader of network byte order: after the first read past the end it yields zeros and empty arrays and stays
 * `short`, so a codec reads like the RFC's picture and checks once.
 */
export class Reader {
  readonly #view: Uint8Array;
  readonly #end: number;
  #offset: number;
  #short = false;

  constructor(view: Uint8Array, offset = 0, end = view.length) {
    this.#view = view;
    this.#offset = offset;
    this.#end = Math.min(end, view.length);
  }

  /** True once any read went past the end. */
  get short(): boolean {
    return this.#short;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#short ? 0 : this.#end - this.#offset;
  }

  /** Position of the next read in the underlying array. */
  get offset(): number {
    return this.#offset;
  }

  u8(): number {
    const o = this.#take(1);
    return o < 0 ? 0 : (this.#view[o] ?? 0);
  }

  u16(): number {
    const o = this.#take(2);
    return o < 0 ? 0 : readU16(this.#view, o);
  }

  u24(): number {
    const o = this.#take(3);
    return o < 0 ? 0 : (readU16(this.#view, o) << 8) | (this.#view[o + 2] ?? 0);
  }

  u32(): number {
    const o = this.#take(4);
    return o < 0 ? 0 : readU32(this.#view, o);
  }

  u64(): bigint {
    const high = this.u32();
    const low = this.u32();
    return this.#short ? 0n : (BigInt(high) << 32n) | BigInt(low);
  }

  /** The next `length` bytes as a view, not a copy. */
  bytes(length: number): Uint8Array {
    const o = this.#take(length);
    return o < 0 ? EMPTY : this.#view.subarray(o, o + length);
  }

  /** Everything that is left, as a view. */
  rest(): Uint8Array {
    return this.bytes(this.left);
  }

  /** A reader of the next `length` bytes alone. */
  sub(length: number): Reader {
    const o = this.#take(length);
    return o < 0 ? new Reader(EMPTY) : new Reader(this.#view, o, o + length);
  }

  skip(length: number): void {
    this.#take(length);
  }

  #take(length: number): number {
    if (this.#short || length < 0 || this.#offset + length > this.#end) {
      this.#short = true;
      return -1;
    }
    const o = this.#offset;
    this.#offset += length;
    return o;
  }
}

/** Growing writer of network byte order. */
export class Writer {
  #buffer: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    this.#buffer = new Uint8Array(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const o = this.#grow(1);
    this.#buffer[o] = value;
    return this;
  }

  u16(value: number): this {
    const o = this.#grow(2);
    writeU16(this.#buffer, o, value);
    return this;
  }

  u24(value: number): this {
    this.u8(value >>> 16);
    return this.u16(value);
  }

  u32(value: number): this {
    const o = this.#grow(4);
    writeU32(this.#buffer, o, value);
    return this;
  }

  u64(value: bigint): this {
    this.u32(Number((value >> 32n) & 0xffff_ffffn));
    return this.u32(Number(value & 0xffff_ffffn));
  }

  bytes(value: Uint8Array): this {
    const o = this.#grow(value.length);
    this.#buffer.set(value, o);
    return this;
  }

  zeros(length: number): this {
    const o = this.#grow(length);
    this.#buffer.fill(0, o, o + length);
    return this;
  }

  /** Overwrites two bytes written before: for lengths known only afterwards. */
  patchU16(offset: number, value: number): this {
    writeU16(this.#buffer, offset, value);
    return this;
  }

  /** Overwrites four bytes written before. */
  patchU32(offset: number, value: number): this {
    writeU32(this.#buffer, offset, value);
    return this;
  }

  patchU8(offset: number, value: number): this {
    this.#buffer[offset] = value;
    return this;
  }

  /** What was written, as an array of its own. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #grow(by: number): number {
    const o = this.#length;
    const needed = o + by;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, o));
      this.#buffer = larger;
    }
    this.#length = needed;
    return o;
  }
}

/** The array of no bytes. */
export const EMPTY = new Uint8Array(0);

/** Two bytes at `offset`, big endian; missing bytes read as zero. */
export function readU16(view: Uint8Array, offset: number): number {
  return ((view[offset] ?? 0) << 8) | (view[offset + 1] ?? 0);
}

/** Four bytes at `offset`, big endian and unsigned; missing bytes read as zero. */
export function readU32(view: Uint8Array, offset: number): number {
  return (
    (((view[offset] ?? 0) << 24) |
      ((view[offset + 1] ?? 0) << 16) |
      ((view[offset + 2] ?? 0) << 8) |
      (view[offset + 3] ?? 0)) >>>
    0
  );
}

export function writeU16(view: Uint8Array, offset: number, value: number): void {
  view[offset] = value >>> 8;
  view[offset + 1] = value;
}

export function writeU32(view: Uint8Array, offset: number, value: number): void {
  view[offset] = value >>> 24;
  view[offset + 1] = value >>> 16;
  view[offset + 2] = value >>> 8;
  view[offset + 3] = value;
}

/** All parts one after another, copied. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** Whether two arrays hold the same bytes. Not for secrets: it stops at the first difference. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Order of two arrays as unsigned big-endian octet strings; a prefix comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal, no separators. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** Bytes of a hexadecimal text (blanks and colons allowed); undefined when it is not one. */
export function fromHex(text: string): Uint8Array | undefined {
  const digits = text.replace(/[\s:]/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) return undefined;
  const out = new Uint8Array(digits.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return out;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 bytes; malformed sequences become the replacement character. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
