import type { Instant } from './instant.ts';

type Entry<K> = { key: K; when: Instant; order: number };

/**
 * One deadline for each key, earliest first: a binary heap whose replaced entries are skipped when they surface.
 * Setting costs O(log n); asking for the earliest is constant. Equal moments come out in the order they were set.
 */
export class Deadlines<K> {
  readonly #current = new Map<K, Entry<K>>();
  #heap: Entry<K>[] = [];
  #orders = 0;

  /** Number of keys that wait. */
  get size(): number {
    return this.#current.size;
  }

  /** Sets, moves or (with undefined) clears the deadline of a key. */
  set(key: K, when: Instant | undefined): void {
    if (when === undefined) {
      this.#current.delete(key);
      if (this.#current.size === 0) this.#heap = [];
      return;
    }
    if (this.#current.get(key)?.when === when) return;
    const entry = { key, when, order: this.#orders++ };
    this.#current.set(key, entry);
    this.#push(entry);
    if (this.#heap.length > 64 && this.#heap.length > 4 * this.#current.size) this.#rebuild();
  }

  get(key: K): Instant | undefined {
    return this.#current.get(key)?.when;
  }

  /** When the next deadline falls, if any. */
  earliest(): Instant | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined) return undefined;
      if (this.#current.get(top.key) === top) return top.when;
      this.#pop();
    }
  }

  /** Takes out the earliest key whose deadline is at or before `now`. */
  takeDue(now: Instant): K | undefined {
    const when = this.earliest();
    if (when === undefined || when > now) return undefined;
    const entry = this.#pop();
    if (entry === undefined) return undefined;
    this.#current.delete(entry.key);
    return entry.key;
  }

  #rebuild(): void {
    this.#heap = [...this.#current.values()].sort(compare);
  }

  #push(entry: Entry<K>): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const up = (i - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || compare(parent, entry) <= 0) break;
      heap[i] = parent;
      i = up;
    }
    heap[i] = entry;
  }

  #pop(): Entry<K> | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let down = 2 * i + 1;
      let child = heap[down];
      if (child === undefined) break;
      const right = heap[down + 1];
      if (right !== undefined && compare(right, child) < 0) {
        child = right;
        down++;
      }
      if (compare(last, child) <= 0) break;
      heap[i] = child;
      i = down;
    }
    heap[i] = last;
    return top;
  }
}

function compare<K>(a: Entry<K>, b: Entry<K>): number {
  return a.when - b.when || a.order - b.order;
}
