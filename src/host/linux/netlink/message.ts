/** Netlink messages and their attributes: framing alone, in the byte order of the machine (RFC 3549 section 2.3). */

export type NetlinkMessage = Readonly<{
  type: number;
  flags: number;
  sequence: number;
  body: Uint8Array;
}>;

const HEADER = 16;
const ATTRIBUTE_HEADER = 4;
/** A type's two highest bits say "nested" and "network order". */
const TYPE_MASK = 0x3fff;
const NESTED = 0x8000;

/** Growing writer of native byte order, least significant byte first, that pads as netlink does. */
export class NativeWriter {
  #bytes = new Uint8Array(128);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const offset = this.#grow(1);
    this.#view.setUint8(offset, value);
    return this;
  }

  u16(value: number): this {
    const offset = this.#grow(2);
    this.#view.setUint16(offset, value, true);
    return this;
  }

  u32(value: number): this {
    const offset = this.#grow(4);
    this.#view.setUint32(offset, value, true);
    return this;
  }

  bytes(value: Uint8Array): this {
    const offset = this.#grow(value.length);
    this.#bytes.set(value, offset);
    return this;
  }

  attribute(type: number, value: Uint8Array): this {
    this.u16(ATTRIBUTE_HEADER + value.length).u16(type);
    return this.bytes(value).align();
  }

  attributeU8(type: number, value: number): this {
    return this.attribute(type, Uint8Array.of(value));
  }

  attributeU32(type: number, value: number): this {
    return this.u16(ATTRIBUTE_HEADER + 4)
      .u16(type)
      .u32(value);
  }

  /** An attribute that holds what `fill` writes. */
  nested(type: number, fill: (writer: this) => void, marked = true): this {
    const start = this.#length;
    this.u16(0).u16(marked ? type | NESTED : type);
    fill(this);
    this.#view.setUint16(start, this.#length - start, true);
    return this.align();
  }

  /** Something that opens with its own 16-bit length, as a next hop does. */
  counted(fill: (writer: this) => void): this {
    const start = this.#length;
    this.u16(0);
    fill(this);
    this.#view.setUint16(start, this.#length - start, true);
    return this.align();
  }

  align(): this {
    this.#grow((4 - (this.#length % 4)) % 4);
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(length: number): number {
    const offset = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return offset;
  }
}

export function encodeMessage(message: NetlinkMessage): Uint8Array {
  return new NativeWriter()
    .u32(HEADER + message.body.length)
    .u16(message.type)
    .u16(message.flags)
    .u32(message.sequence)
    .u32(0)
    .bytes(message.body)
    .align()
    .finish();
}

/** All messages of one read. A length that can not be true ends the list. */
export function decodeMessages(bytes: Uint8Array): readonly NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  let offset = 0;
  while (offset + HEADER <= bytes.length) {
    const length = nativeU32(bytes, offset);
    if (length < HEADER || offset + length > bytes.length) break;
    messages.push({
      type: nativeU16(bytes, offset + 4),
      flags: nativeU16(bytes, offset + 6),
      sequence: nativeU32(bytes, offset + 8),
      body: bytes.subarray(offset + HEADER, offset + length),
    });
    offset += aligned(length);
  }
  return messages;
}

/** The attributes from `offset` on by type; of a type that comes twice the later one. */
export function decodeAttributes(bytes: Uint8Array, offset = 0): ReadonlyMap<number, Uint8Array> {
  const attributes = new Map<number, Uint8Array>();
  let at = offset;
  while (at + ATTRIBUTE_HEADER <= bytes.length) {
    const length = nativeU16(bytes, at);
    if (length < ATTRIBUTE_HEADER || at + length > bytes.length) break;
    attributes.set(nativeU16(bytes, at + 2) & TYPE_MASK, bytes.subarray(at + ATTRIBUTE_HEADER, at + length));
    at += aligned(length);
  }
  return attributes;
}

/** Error number of an ERROR or DONE message, 0 when all is well. */
export function errorOf(message: NetlinkMessage): number {
  return message.body.length < 4 ? 0 : -(nativeU32(message.body, 0) | 0);
}

/** Next multiple of four. */
export function aligned(length: number): number {
  return (length + 3) & ~3;
}

/** Bytes that are missing read as zero. */
export function nativeU16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
}

export function nativeU32(bytes: Uint8Array, offset: number): number {
  return (nativeU16(bytes, offset) | (nativeU16(bytes, offset + 2) << 16)) >>> 0;
}
