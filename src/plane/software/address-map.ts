import type { IpAddress } from '../../base/index.ts';

type Entry<V> = { address: IpAddress; value: V; next: Entry<V> | undefined };

/** Map from addresses by their words: no text is formed for a look-up, which happens for each packet. */
export class AddressMap<V> {
  readonly #buckets = new Map<number, Entry<V>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(address: IpAddress): V | undefined {
    let entry = this.#buckets.get(hashAddress(address));
    while (entry !== undefined && !entry.address.equals(address)) entry = entry.next;
    return entry?.value;
  }

  set(address: IpAddress, value: V): void {
    const hash = hashAddress(address);
    const first = this.#buckets.get(hash);
    let entry = first;
    while (entry !== undefined && !entry.address.equals(address)) entry = entry.next;
    if (entry !== undefined) {
      entry.value = value;
      return;
    }
    this.#buckets.set(hash, { address, value, next: first });
    this.#size++;
  }

  delete(address: IpAddress): void {
    const hash = hashAddress(address);
    let previous: Entry<V> | undefined;
    let entry = this.#buckets.get(hash);
    while (entry !== undefined && !entry.address.equals(address)) {
      previous = entry;
      entry = entry.next;
    }
    if (entry === undefined) return;
    this.#size--;
    if (previous !== undefined) previous.next = entry.next;
    else if (entry.next !== undefined) this.#buckets.set(hash, entry.next);
    else this.#buckets.delete(hash);
  }

  clear(): void {
    this.#buckets.clear();
    this.#size = 0;
  }
}

/** One word of an address; IPv4 addresses stand for themselves. */
export function hashAddress(address: IpAddress): number {
  if (address.family === 4) return address.a;
  let hash = Math.imul(address.a, 0x9e3779b1) ^ address.b;
  hash = Math.imul(hash, 0x85ebca6b) ^ address.c;
  return Math.imul(hash, 0xc2b2ae35) ^ address.d;
}
