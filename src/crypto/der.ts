/**
 * DER, X.690 section 10, read in place: certificates come from strangers, so nothing is recursed into, copied or
 * believed before its length fits. Only definite lengths in their shortest form and tags below 31 are DER for us.
 */
import { EMPTY } from '../base/index.ts';

/** One element: its identifier octet, its contents, and all of it as it was written. */
export type Der = Readonly<{ tag: number; content: Uint8Array; raw: Uint8Array }>;

/** Identifier octets. */
export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OID: 0x06,
  ENUMERATED: 0x0a,
  UTF8_STRING: 0x0c,
  NUMERIC_STRING: 0x12,
  PRINTABLE_STRING: 0x13,
  TELETEX_STRING: 0x14,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

const NOTHING: Der = { tag: 0, content: EMPTY, raw: EMPTY };

/**
 * Sticky reader of one element after another: after the first that is not as expected it yields empty ones and stays
 * `malformed`, as do all readers it came from, so that a structure is read like its ASN.1 and checked once.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #state: { malformed: boolean };
  #offset = 0;

  constructor(bytes: Uint8Array, state: { malformed: boolean } = { malformed: false }) {
    this.#bytes = bytes;
    this.#state = state;
  }

  /** True once anything was not as expected, here or in an element read from here. */
  get malformed(): boolean {
    return this.#state.malformed;
  }

  get hasMore(): boolean {
    return !this.malformed && this.#offset < this.#bytes.length;
  }

  /** Identifier octet of the next element; -1 at the end. */
  get nextTag(): number {
    return this.hasMore ? (this.#bytes[this.#offset] ?? -1) : -1;
  }

  /** The next element, whatever it is. */
  any(): Der {
    const start = this.#offset;
    const bytes = this.#bytes;
    const tag = bytes[start];
    const first = bytes[start + 1];
    if (this.malformed || tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return this.#fail();
    let length = first;
    let body = start + 2;
    if (first >= 0x80) {
      const count = first & 0x7f;
      if (count === 0 || count > 4 || bytes[body] === 0) return this.#fail();
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + (bytes[body + i] ?? 0);
      body += count;
      if (length < 0x80) return this.#fail();
    }
    const end = body + length;
    if (end > bytes.length) return this.#fail();
    this.#offset = end;
    return { tag, content: bytes.subarray(body, end), raw: bytes.subarray(start, end) };
  }

  /** The next element, which must bear this tag. */
  take(tag: number): Der {
    return this.nextTag === tag ? this.any() : this.#fail();
  }

  /** The next element if it bears this tag. */
  maybe(tag: number): Der | undefined {
    return this.nextTag === tag ? this.any() : undefined;
  }

  /** A reader of the next element's contents. */
  enter(tag: number): DerReader {
    return new DerReader(this.take(tag).content, this.#state);
  }

  /** A reader of an element's contents, whose faults are this reader's. */
  within(content: Uint8Array): DerReader {
    return new DerReader(content, this.#state);
  }

  /** Nothing may follow. */
  end(): void {
    if (this.hasMore) this.#fail();
  }

  /** The element is not what it should be, for a reason that its reader sees. */
  refuse(): void {
    this.#fail();
  }

  #fail(): Der {
    this.#state.malformed = true;
    return NOTHING;
  }
}

/** An object identifier's contents in dotted form; empty when they are none. */
export function oidText(content: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const [i, byte] of content.entries()) {
    if (arc > 0xff_ffff_ffff) return '';
    arc = arc * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) {
      if (i === content.length - 1) return '';
      continue;
    }
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(arc / 40));
      arcs.push(root, arc - 40 * root);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}

/** A number that is not negative and small; undefined for all others. */
export function smallInteger(content: Uint8Array): number | undefined {
  if (content.length === 0 || content.length > 5 || (content[0] ?? 0) >= 0x80) return undefined;
  let value = 0;
  for (const byte of content) value = value * 256 + byte;
  return value;
}

/** Bits of a BIT STRING from the first on, as RFC 5280 numbers them. */
export function bitSet(content: Uint8Array): ReadonlySet<number> | undefined {
  const unused = content[0] ?? 8;
  if (unused > 7 || content.length > 3) return undefined;
  const bits = new Set<number>();
  for (let i = 0; i < 8 * (content.length - 1) - unused; i++) {
    if (((content[1 + (i >> 3)] ?? 0) & (0x80 >> (i & 7))) !== 0) bits.add(i);
  }
  return bits;
}

/** A moment in a certificate, RFC 5280 section 4.1.2.5: milliseconds since 1970; undefined when it is none. */
export function readTime({ tag, content }: Der): number | undefined {
  const isUtc = tag === Tag.UTC_TIME;
  if (!isUtc && tag !== Tag.GENERALIZED_TIME) return undefined;
  const text = String.fromCharCode(...content.subarray(0, 16));
  const parts = (isUtc ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(
    text,
  );
  if (parts === null || content.length > 15) return undefined;
  const [written = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  const year = !isUtc ? written : written < 50 ? 2000 + written : 1900 + written;
  const isSane = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second < 60;
  return isSane ? Date.UTC(year, month - 1, day, hour, minute, second) : undefined;
}
