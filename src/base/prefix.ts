import { type Family, IpAddress } from './ip-address.ts';

/** An address prefix: host bits are cleared at construction. */
export class Prefix {
  readonly address: IpAddress;
  readonly length: number;
  #text: string | undefined;

  /** `length` is 0 to 32 or 0 to 128; what lies outside is brought to the nearer end. */
  constructor(address: IpAddress, length: number) {
    this.length = Math.max(0, Math.min(length, address.bits));
    this.address = address.masked(this.length);
  }

  /** From `A/L` text; undefined when it is not one. Host bits are cleared. */
  static parse(text: string): Prefix | undefined {
    const slash = text.indexOf('/');
    if (slash < 0 || !/^\d{1,3}$/.test(text.slice(slash + 1))) return undefined;
    const address = IpAddress.parse(text.slice(0, slash));
    const length = Number(text.slice(slash + 1));
    return address === undefined || length > address.bits ? undefined : new Prefix(address, length);
  }

  /** The prefix of one address alone. */
  static host(address: IpAddress): Prefix {
    return new Prefix(address, address.bits);
  }

  /** The prefix of all addresses. */
  static all(family: Family): Prefix {
    return new Prefix(IpAddress.any(family), 0);
  }

  get family(): Family {
    return this.address.family;
  }

  get isHost(): boolean {
    return this.length === this.address.bits;
  }

  /** Last address. */
  get last(): IpAddress {
    return this.address.filled(this.length);
  }

  contains(address: IpAddress): boolean {
    return address.family === this.family && address.masked(this.length).equals(this.address);
  }

  /** Whether `other` lies within this prefix (or is it). */
  covers(other: Prefix): boolean {
    return other.length >= this.length && this.contains(other.address);
  }

  equals(other: Prefix): boolean {
    return this.length === other.length && this.address.equals(other.address);
  }

  /** Order: by address, shorter first. */
  compare(other: Prefix): number {
    return this.address.compare(other.address) || this.length - other.length;
  }

  /** `A/L`, kept after the first call: it serves as a map key. */
  toString(): string {
    this.#text ??= `${this.address}/${this.length}`;
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Netmask of a prefix length as an IPv4 address. */
export function netmask(length: number): IpAddress {
  return IpAddress.v4(-1).masked(length);
}

/** Prefix length of an IPv4 netmask; undefined when its ones are not contiguous. */
export function prefixLength(mask: IpAddress): number | undefined {
  const length = Math.clz32(~mask.a);
  return mask.family === 4 && IpAddress.v4(-1).masked(length).equals(mask) ? length : undefined;
}
