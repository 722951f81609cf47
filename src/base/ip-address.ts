import { readU32, writeU32 } from './bytes.ts';

/** Address family by its name's digit: IPv4 or IPv6. */
export type Family = 4 | 6;

/** An IPv4 or IPv6 address: an immutable value of one (IPv4) or four signed 32-bit words, most significant first. */
export class IpAddress {
  readonly family: Family;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  #text: string | undefined;

  private constructor(family: Family, a: number, b: number, c: number, d: number) {
    this.family = family;
    this.a = a | 0;
    this.b = b | 0;
    this.c = c | 0;
    this.d = d | 0;
  }

  /** IPv4 from its 32-bit number. */
  static v4(value: number): IpAddress {
    return new IpAddress(4, value, 0, 0, 0);
  }

  /** IPv6 from its four 32-bit words. */
  static v6(a: number, b: number, c: number, d: number): IpAddress {
    return new IpAddress(6, a, b, c, d);
  }

  /** Reads 4 or 16 bytes at `offset`; bytes that are missing read as zero. */
  static read(view: Uint8Array, offset: number, family: Family): IpAddress {
    if (family === 4) return IpAddress.v4(readU32(view, offset));
    return new IpAddress(
      6,
      readU32(view, offset),
      readU32(view, offset + 4),
      readU32(view, offset + 8),
      readU32(view, offset + 12),
    );
  }

  /** From 4 or 16 bytes; undefined for any other length. */
  static fromBytes(bytes: Uint8Array): IpAddress | undefined {
    if (bytes.length === 4) return IpAddress.read(bytes, 0, 4);
    if (bytes.length === 16) return IpAddress.read(bytes, 0, 6);
    return undefined;
  }

  /** From dotted decimal or RFC 4291 text; undefined when it is neither. */
  static parse(text: string): IpAddress | undefined {
    if (text.includes(':')) return parseV6(text);
    const value = parseV4(text);
    return value === undefined ? undefined : IpAddress.v4(value);
  }

  /** The all-zeros address of a family. */
  static any(family: Family): IpAddress {
    return family === 4 ? ANY4 : ANY6;
  }

  /** Width in bits: 32 or 128. */
  get bits(): 32 | 128 {
    return this.family === 4 ? 32 : 128;
  }

  get isUnspecified(): boolean {
    return (this.a | this.b | this.c | this.d) === 0;
  }

  /** 224.0.0.0/4 or ff00::/8. */
  get isMulticast(): boolean {
    return this.family === 4 ? this.a >>> 28 === 0xe : this.a >>> 24 === 0xff;
  }

  /** fe80::/10. */
  get isLinkLocal(): boolean {
    return this.family === 6 && this.a >>> 22 === 0x3fa;
  }

  /** Bit `index` counted from the most significant. */
  bit(index: number): number {
    const word = index < 32 ? this.a : index < 64 ? this.b : index < 96 ? this.c : this.d;
    return (word >>> (31 - (index & 31))) & 1;
  }

  equals(other: IpAddress): boolean {
    return (
      this.a === other.a &&
      this.b === other.b &&
      this.c === other.c &&
      this.d === other.d &&
      this.family === other.family
    );
  }

  /** Order: IPv4 before IPv6, then numeric. */
  compare(other: IpAddress): number {
    return (
      this.family - other.family ||
      (this.a >>> 0) - (other.a >>> 0) ||
      (this.b >>> 0) - (other.b >>> 0) ||
      (this.c >>> 0) - (other.c >>> 0) ||
      (this.d >>> 0) - (other.d >>> 0)
    );
  }

  /** The address with all bits after the first `length` cleared. */
  masked(length: number): IpAddress {
    if (this.family === 4) return length >= 32 ? this : IpAddress.v4(this.a & maskWord(length));
    if (length >= 128) return this;
    return new IpAddress(
      6,
      this.a & maskWord(length),
      this.b & maskWord(length - 32),
      this.c & maskWord(length - 64),
      this.d & maskWord(length - 96),
    );
  }

  /** The address with all bits after the first `length` set: the last address of the prefix. */
  filled(length: number): IpAddress {
    if (this.family === 4) return IpAddress.v4(this.a | ~maskWord(length));
    return new IpAddress(
      6,
      this.a | ~maskWord(length),
      this.b | ~maskWord(length - 32),
      this.c | ~maskWord(length - 64),
      this.d | ~maskWord(length - 96),
    );
  }

  /** The address `count` further on, within the low 32 bits. */
  plus(count: number): IpAddress {
    return this.family === 4 ? IpAddress.v4(this.a + count) : IpAddress.v6(this.a, this.b, this.c, this.d + count);
  }

  /** Writes 4 or 16 bytes at `offset`. */
  write(view: Uint8Array, offset: number): void {
    writeU32(view, offset, this.a);
    if (this.family === 4) return;
    writeU32(view, offset + 4, this.b);
    writeU32(view, offset + 8, this.c);
    writeU32(view, offset + 12, this.d);
  }

  toBytes(): Uint8Array {
    const out = new Uint8Array(this.family === 4 ? 4 : 16);
    this.write(out, 0);
    return out;
  }

  /** Dotted decimal, or the canonical text of RFC 5952. Kept after the first call: it serves as a map key. */
  toString(): string {
    this.#text ??= this.family === 4 ? formatV4(this.a) : formatV6([this.a, this.b, this.c, this.d]);
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }
}

const ANY4 = IpAddress.v4(0);
const ANY6 = IpAddress.v6(0, 0, 0, 0);

/** An address and a UDP or TCP port. */
export type Endpoint = Readonly<{ address: IpAddress; port: number }>;

/** The 32-bit mask word with `length` leading ones; below 0 counts as 0, above 32 as 32. */
function maskWord(length: number): number {
  if (length <= 0) return 0;
  return length >= 32 ? -1 : -1 << (32 - length);
}

function parseV4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (let i = 1; i <= 4; i++) {
    const octet = Number(match[i]);
    if (octet > 255) return undefined;
    value = (value << 8) | octet;
  }
  return value;
}

function parseV6(text: string): IpAddress | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = parseGroups(halves[1] ?? '', true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const word = (i: number): number => ((groups[2 * i] ?? 0) << 16) | (groups[2 * i + 1] ?? 0);
  return IpAddress.v6(word(0), word(1), word(2), word(3));
}

function parseGroups(text: string, mayEndInV4: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (mayEndInV4 && i === parts.length - 1 && part.includes('.')) {
      const value = parseV4(part);
      if (value === undefined) return undefined;
      groups.push(value >>> 16, value & 0xffff);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function formatV4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function formatV6(words: readonly number[]): string {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  let best = { start: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > best.length) best = { start: i, length };
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (best.start < 0) return hex(groups);
  return `${hex(groups.slice(0, best.start))}::${hex(groups.slice(best.start + best.length))}`;
}
