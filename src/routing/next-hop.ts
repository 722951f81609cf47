/**
 * The distinct addresses that routes go by or that somebody tracks, each resolved once for all who use it. A thousand
 * BGP routes by two neighbours make two of these.
 */
import { type IpAddress, Prefix, PrefixTrie } from '../base/index.ts';
import type { Hop } from './candidate.ts';
import type { InstalledRoute, RouteCandidate } from './contract.ts';

/** All that is known of one prefix. */
export type Entry = {
  readonly prefix: Prefix;
  /** Best first. A new array for each change: most prefixes have one candidate, and arrays that grow keep room for more. */
  candidates: readonly RouteCandidate[];
  installed: InstalledRoute | undefined;
  /** Recursion steps of the installed route down to an interface. */
  depth: number;
};

/** One address on the way, and how it is reached now. */
export type NextHop = {
  readonly address: IpAddress;
  /** Prefixes with a candidate by this address. */
  readonly users: Set<Entry>;
  /** How many track it. */
  tracks: number;
  /** Something that covers it changed since it was resolved. */
  isStale: boolean;
  /** A tracker has not heard of it yet. */
  isNews: boolean;
  /** The route that covers it. */
  via: Entry | undefined;
  /** Ways out; undefined: unreachable, or our own address. */
  hops: readonly Hop[] | undefined;
  depth: number;
  /** For trackers: metric of the covering route, undefined when it leads nowhere. */
  metric: number | undefined;
  isConnected: boolean;
  toldMetric: number | undefined;
  toldConnected: boolean;
  /** Interface of the first way out. */
  toldInterface: string | undefined;
};

/** Collection of next hops: by address, and by the prefix that covers them. */
export class NextHops {
  readonly #byAddress = new Map<number | string, NextHop>();
  readonly #trie = new PrefixTrie<NextHop>();

  get(address: IpAddress): NextHop | undefined {
    return this.#byAddress.get(keyOf(address));
  }

  obtain(address: IpAddress): NextHop {
    const known = this.get(address);
    if (known !== undefined) return known;
    const hop: NextHop = {
      address,
      users: new Set(),
      tracks: 0,
      isStale: true,
      isNews: false,
      via: undefined,
      hops: undefined,
      depth: 0,
      metric: undefined,
      isConnected: false,
      toldMetric: undefined,
      toldConnected: false,
      toldInterface: undefined,
    };
    this.#byAddress.set(keyOf(address), hop);
    this.#trie.set(Prefix.host(address), hop);
    return hop;
  }

  /** Forgets an address that nobody uses or tracks any more. */
  release(hop: NextHop): void {
    if (hop.users.size > 0 || hop.tracks > 0) return;
    this.#byAddress.delete(keyOf(hop.address));
    this.#trie.delete(Prefix.host(hop.address));
  }

  /** Those whose covering route may be another one now that `prefix` changed. */
  *touchedBy(prefix: Prefix): Generator<NextHop> {
    for (const [, hop] of this.#trie.within(prefix)) {
      // A longer installed prefix keeps on covering it: nothing changes.
      if (hop.via?.installed === undefined || hop.via.prefix.length <= prefix.length) yield hop;
    }
  }
}

function keyOf(address: IpAddress): number | string {
  return address.family === 4 ? address.a : address.toString();
}
