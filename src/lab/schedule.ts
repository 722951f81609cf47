import type { Instant } from '../base/index.ts';

type Entry<E> = { event: E; at: Instant; order: number };

/** What is to happen, earliest first and, at one moment, in the order it was planned: a binary heap. */
export class Schedule<E> {
  readonly #heap: Entry<E>[] = [];
  #orders = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** When the next event falls. */
  nextAt(): Instant | undefined {
    return this.#heap[0]?.at;
  }

  add(at: Instant, event: E): void {
    const heap = this.#heap;
    const entry = { event, at, order: this.#orders++ };
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const up = (i - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || before(parent, entry)) break;
      heap[i] = parent;
      i = up;
    }
    heap[i] = entry;
  }

  /** Takes out the next event. */
  take(): E | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined) return undefined;
    if (heap.length > 0) this.#sink(last);
    return top.event;
  }

  #sink(last: Entry<E>): void {
    const heap = this.#heap;
    let i = 0;
    for (;;) {
      let down = 2 * i + 1;
      let child = heap[down];
      if (child === undefined) break;
      const right = heap[down + 1];
      if (right !== undefined && before(right, child)) {
        child = right;
        down++;
      }
      if (before(last, child)) break;
      heap[i] = child;
      i = down;
    }
    heap[i] = last;
  }
}

function before<E>(a: Entry<E>, b: Entry<E>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
