/** Adj-RIB-In: what one neighbour announced in one family, before and after inbound policy. */
import type { Nlri } from './evpn.ts';
import type { Path } from './path.ts';

/** Paths by prefix; the raw attributes stay, so that a changed policy needs no route refresh. */
export class AdjRibIn {
  readonly #paths = new Map<string, Path>();
  #accepted = 0;

  get size(): number {
    return this.#paths.size;
  }

  /** How many the inbound policy permitted. */
  get accepted(): number {
    return this.#accepted;
  }

  get(prefix: Nlri): Path | undefined {
    return this.#paths.get(prefix.toString());
  }

  set(path: Path): void {
    const key = path.destination.prefix.toString();
    this.#count(this.#paths.get(key), -1);
    this.#count(path, 1);
    this.#paths.set(key, path);
  }

  /** Takes out and gives back the path of a prefix. */
  take(prefix: Nlri): Path | undefined {
    const key = prefix.toString();
    const path = this.#paths.get(key);
    if (path === undefined) return undefined;
    this.#paths.delete(key);
    this.#count(path, -1);
    return path;
  }

  /** Takes out and gives back everything. */
  drain(): readonly Path[] {
    const paths = [...this.#paths.values()];
    this.#paths.clear();
    this.#accepted = 0;
    return paths;
  }

  paths(): Iterable<Path> {
    return this.#paths.values();
  }

  #count(path: Path | undefined, by: 1 | -1): void {
    if (path?.attributes !== undefined) this.#accepted += by;
  }
}
