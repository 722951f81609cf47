/** The next hops that paths rest on, resolved by the gateway: RFC 4271 section 9.1.2.1. */
import type { IpAddress } from '../base/index.ts';
import type { BgpEffect } from './events.ts';
import type { NextHop, Path } from './path.ts';

/** Tracks a next hop as long as any path uses it. */
export class NextHops {
  readonly #hops = new Map<string, NextHop>();
  readonly #emit: (effect: BgpEffect) => void;

  constructor(emit: (effect: BgpEffect) => void) {
    this.#emit = emit;
  }

  /** The next hop of an address; a new one is unreachable until the gateway has answered. */
  of(address: IpAddress): NextHop {
    const key = address.toString();
    const known = this.#hops.get(key);
    if (known !== undefined) return known;
    const hop: NextHop = { address, metric: undefined, paths: new Set() };
    this.#hops.set(key, hop);
    this.#emit({ kind: 'track-next-hop', address });
    return hop;
  }

  use(path: Path): void {
    path.hop?.paths.add(path);
  }

  release(path: Path): void {
    const { hop } = path;
    if (hop === undefined) return;
    hop.paths.delete(path);
    if (hop.paths.size > 0) return;
    this.#hops.delete(hop.address.toString());
    this.#emit({ kind: 'untrack-next-hop', address: hop.address });
  }

  /** Takes the gateway's word; the paths whose worth may have changed, if any. */
  resolve(address: IpAddress, metric: number | undefined): Iterable<Path> {
    const hop = this.#hops.get(address.toString());
    if (hop === undefined || hop.metric === metric) return [];
    hop.metric = metric;
    return hop.paths;
  }
}
