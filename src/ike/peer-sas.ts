/**
 * The IKE SAs that count for one configured peer, found by who the other end says it is: thousands may belong to one peer
 * that stands for all who come, and what becomes of one of them concerns those of the same identity alone.
 */
import { toHex } from '../base/index.ts';
import type { IkeSa } from './ike-sa.ts';
import type { Identity } from './policy.ts';

export class PeerSas {
  readonly #all = new Set<IkeSa>();
  /** Those whose other end has said who it is, and under which key each of them is. */
  readonly #named = new Map<string, Set<IkeSa>>();
  readonly #keys = new Map<IkeSa, string>();
  /** Those whose other end has not: begun by us, and not answered yet. */
  readonly #unnamed = new Set<IkeSa>();

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): IterableIterator<IkeSa> {
    return this.#all.values();
  }

  /** Takes it in, or takes note of who its other end is by now. */
  add(sa: IkeSa): void {
    this.#all.add(sa);
    this.#unlist(sa);
    if (sa.remoteIdentity === undefined) {
      this.#unnamed.add(sa);
      return;
    }
    const key = keyOf(sa.remoteIdentity);
    const sharing = this.#named.get(key) ?? new Set();
    sharing.add(sa);
    this.#named.set(key, sharing);
    this.#keys.set(sa, key);
  }

  delete(sa: IkeSa): boolean {
    this.#unlist(sa);
    return this.#all.delete(sa);
  }

  someEstablished(): boolean {
    for (const { stage } of this.#all) if (stage.kind === 'established') return true;
    return false;
  }

  /** Those of an identity, as they are now. */
  of(identity: Identity): readonly IkeSa[] {
    return [...(this.#named.get(keyOf(identity)) ?? [])];
  }

  /** Those whose other end has not said who it is. */
  unnamed(): readonly IkeSa[] {
    return [...this.#unnamed];
  }

  #unlist(sa: IkeSa): void {
    this.#unnamed.delete(sa);
    const key = this.#keys.get(sa);
    if (key === undefined) return;
    const sharing = this.#named.get(key);
    sharing?.delete(sa);
    if (sharing?.size === 0) this.#named.delete(key);
    this.#keys.delete(sa);
  }
}

/** The same for identities that are the same (`identitiesEqual`), and for no others. */
function keyOf(identity: Identity): string {
  if ('address' in identity) return `address ${identity.address}`;
  if ('name' in identity) return `${identity.type} ${identity.name.toLowerCase()}`;
  return `${identity.type} ${toHex(identity.data)}`;
}
