/**
 * Sharing of equal values among all speakers of a process: a lab with hundreds of speakers hears the same prefixes and
 * the same attributes again and again. Only sharing depends on these caches, never a result: they may forget at will.
 */
import { IpAddress, Prefix } from '../base/index.ts';

/** Bounded memory of two generations: what is asked for again moves to the young one, the old one is dropped whole. */
export class GenerationCache<K, V extends object> {
  readonly #limit: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}

/** 32-bit FNV-1a of some bytes, as a signed integer. */
export function hashBytes(bytes: Uint8Array, seed = 0): number {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ (bytes[i] ?? 0), 0x01000193);
  return h;
}

const CACHE_LIMIT = 16_384;
const addresses = new GenerationCache<number, IpAddress>(CACHE_LIMIT);
const prefixes4 = Array.from({ length: 33 }, () => new GenerationCache<number, Prefix>(CACHE_LIMIT));
const prefixes6 = new GenerationCache<string, Prefix>(CACHE_LIMIT);

/** The shared IPv4 address of a 32-bit number. */
export function sharedV4(value: number): IpAddress {
  const key = value | 0;
  const known = addresses.get(key);
  if (known !== undefined) return known;
  const address = IpAddress.v4(key);
  addresses.set(key, address);
  return address;
}

/** The shared IPv4 prefix of a 32-bit number and a length of 0 to 32; host bits are cleared. */
export function sharedPrefix4(value: number, length: number): Prefix {
  const key = length === 0 ? 0 : value & (-1 << (32 - length));
  const cache = prefixes4[length];
  const known = cache?.get(key);
  if (known !== undefined) return known;
  const prefix = new Prefix(IpAddress.v4(key), length);
  cache?.set(key, prefix);
  return prefix;
}

/** The shared twin of any prefix. */
export function sharedPrefix(prefix: Prefix): Prefix {
  if (prefix.family === 4) return sharedPrefix4(prefix.address.a, prefix.length);
  const key = prefix.toString();
  const known = prefixes6.get(key);
  if (known !== undefined) return known;
  prefixes6.set(key, prefix);
  return prefix;
}
