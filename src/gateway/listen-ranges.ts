/**
 * BGP neighbours that nobody names: whoever calls from a prefix is taken for a neighbour like those of its peer group,
 * for as long as the connection lives, and never called by us.
 */
import { type IpAddress, type Prefix, PrefixTrie } from '../base/index.ts';
import type { BgpNeighbor } from '../bgp/index.ts';

export type ListenRange = Readonly<{
  prefix: Prefix;
  peerGroup: string;
  /** What a neighbour from there is like; its address is who calls. */
  peer: Omit<BgpNeighbor, 'address'>;
}>;

export class ListenRanges {
  #ranges = new PrefixTrie<ListenRange>();
  #all: readonly ListenRange[] = [];
  #limit = 0;
  readonly #guests = new Map<string, Readonly<{ address: IpAddress; range: ListenRange }>>();

  /** Puts other ranges in the place of these; guests that no range would take any more go. */
  configure(ranges: readonly ListenRange[], limit: number): void {
    this.#ranges = new PrefixTrie();
    this.#all = ranges;
    this.#limit = limit;
    for (const range of ranges) this.#ranges.set(range.prefix, range);
    for (const [key, { address }] of [...this.#guests]) {
      const range = this.#ranges.lookup(address);
      if (range === undefined) this.#guests.delete(key);
      else this.#guests.set(key, { address, range });
    }
  }

  get all(): readonly ListenRange[] {
    return this.#all;
  }

  /** Lets a caller in: 'stranger' where no range is for it, 'full' where as many are here as may be. */
  admit(address: IpAddress): 'admitted' | 'stranger' | 'full' {
    const range = this.#ranges.lookup(address);
    if (range === undefined || range.peer.shutdown) return 'stranger';
    if (this.#guests.size >= this.#limit) return 'full';
    this.#guests.set(address.toString(), { address, range });
    return 'admitted';
  }

  /** Forgets one that has left; says whether it was here. */
  dismiss(address: IpAddress): boolean {
    return this.#guests.delete(address.toString());
  }

  rangeOf(address: IpAddress): ListenRange | undefined {
    return this.#guests.get(address.toString())?.range;
  }

  guests(): BgpNeighbor[] {
    return [...this.#guests.values()].map(({ address, range }) => ({ ...range.peer, address }));
  }
}
