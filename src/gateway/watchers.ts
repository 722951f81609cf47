/** Who waits for news of which address: BGP neighbours and BGP next hops share the RIB's tracking. */
import type { IpAddress } from '../base/index.ts';

export type WatchKind = 'bgp-neighbor' | 'bgp-next-hop';
type Watch = Readonly<{ kind: WatchKind; name: string }>;
type Tracking = Readonly<{ track: (address: IpAddress) => void; untrack: (address: IpAddress) => void }>;

export class Watchers {
  /** By address text, then by kind and name. */
  readonly #byAddress = new Map<string, Map<string, Watch>>();
  readonly #kept = new Map<WatchKind, Map<string, IpAddress>>();

  of(address: IpAddress): Iterable<Watch> {
    return [...(this.#byAddress.get(address.toString())?.values() ?? [])];
  }

  add(kind: WatchKind, name: string, address: IpAddress, tracking: Tracking): void {
    const key = address.toString();
    let watches = this.#byAddress.get(key);
    if (watches === undefined) {
      watches = new Map();
      this.#byAddress.set(key, watches);
      tracking.track(address);
    }
    watches.set(`${kind} ${name}`, { kind, name });
  }

  remove(kind: WatchKind, name: string, address: IpAddress, tracking: Tracking): void {
    const key = address.toString();
    const watches = this.#byAddress.get(key);
    if (watches === undefined || !watches.delete(`${kind} ${name}`) || watches.size > 0) return;
    this.#byAddress.delete(key);
    tracking.untrack(address);
  }

  /** Makes exactly these the watches of one kind. */
  retain(kind: WatchKind, wanted: readonly Readonly<{ name: string; address: IpAddress }>[], tracking: Tracking): void {
    const before = this.#kept.get(kind) ?? new Map<string, IpAddress>();
    const after = new Map(wanted.map(({ name, address }) => [name, address]));
    for (const [name, address] of after) this.add(kind, name, address, tracking);
    for (const [name, address] of before) {
      if (after.get(name)?.equals(address) !== true) this.remove(kind, name, address, tracking);
    }
    this.#kept.set(kind, after);
  }
}
