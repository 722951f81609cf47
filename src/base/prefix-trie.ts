import type { Family, IpAddress } from './ip-address.ts';
import { Prefix } from './prefix.ts';

type Node<V> = { prefix: Prefix; value: V | undefined; zero: Node<V> | undefined; one: Node<V> | undefined };

/** Longest-prefix map of both families: a path-compressed binary trie. Values must not be undefined. */
export class PrefixTrie<V> {
  #roots: Record<Family, Node<V> | undefined> = { 4: undefined, 6: undefined };
  #size = 0;

  /** Number of prefixes held. */
  get size(): number {
    return this.#size;
  }

  /** Adds or replaces the value of a prefix. */
  set(prefix: Prefix, value: V): void {
    this.#roots[prefix.family] = this.#insert(this.#roots[prefix.family], prefix, value);
  }

  /** Value of exactly this prefix. */
  get(prefix: Prefix): V | undefined {
    let node = this.#roots[prefix.family];
    while (node !== undefined && node.prefix.length < prefix.length && node.prefix.contains(prefix.address)) {
      node = child(node, prefix.address);
    }
    return node?.prefix.equals(prefix) ? node.value : undefined;
  }

  /** Value of the longest prefix that contains the address. */
  lookup(address: IpAddress): V | undefined {
    let best: V | undefined;
    let node = this.#roots[address.family];
    while (node?.prefix.contains(address)) {
      if (node.value !== undefined) best = node.value;
      if (node.prefix.length === address.bits) break;
      node = child(node, address);
    }
    return best;
  }

  /** The longest prefix that contains the address, with its value. */
  match(address: IpAddress): Readonly<{ prefix: Prefix; value: V }> | undefined {
    let best: { prefix: Prefix; value: V } | undefined;
    let node = this.#roots[address.family];
    while (node?.prefix.contains(address)) {
      if (node.value !== undefined) best = { prefix: node.prefix, value: node.value };
      if (node.prefix.length === address.bits) break;
      node = child(node, address);
    }
    return best;
  }

  /** Takes a prefix out; says whether it was there. */
  delete(prefix: Prefix): boolean {
    const before = this.#size;
    this.#roots[prefix.family] = this.#remove(this.#roots[prefix.family], prefix);
    return this.#size < before;
  }

  /** All prefixes with their values, IPv4 first, in address order, shorter first. */
  *entries(): Generator<readonly [Prefix, V]> {
    yield* walk(this.#roots[4]);
    yield* walk(this.#roots[6]);
  }

  /** All entries that lie within `prefix`, itself included. */
  *within(prefix: Prefix): Generator<readonly [Prefix, V]> {
    let node = this.#roots[prefix.family];
    while (node !== undefined && node.prefix.length < prefix.length && node.prefix.contains(prefix.address)) {
      node = child(node, prefix.address);
    }
    if (node !== undefined && prefix.covers(node.prefix)) yield* walk(node);
  }

  #insert(node: Node<V> | undefined, prefix: Prefix, value: V): Node<V> {
    if (node === undefined) {
      this.#size++;
      return { prefix, value, zero: undefined, one: undefined };
    }
    if (node.prefix.equals(prefix)) {
      if (node.value === undefined) this.#size++;
      node.value = value;
      return node;
    }
    const shared = sharedLength(node.prefix, prefix);
    if (shared === node.prefix.length) {
      if (prefix.address.bit(shared) === 0) node.zero = this.#insert(node.zero, prefix, value);
      else node.one = this.#insert(node.one, prefix, value);
      return node;
    }
    this.#size++;
    const leaf: Node<V> = { prefix, value, zero: undefined, one: undefined };
    if (shared === prefix.length) {
      if (node.prefix.address.bit(shared) === 0) leaf.zero = node;
      else leaf.one = node;
      return leaf;
    }
    const branch: Node<V> = {
      prefix: new Prefix(prefix.address, shared),
      value: undefined,
      zero: undefined,
      one: undefined,
    };
    const leafIsZero = prefix.address.bit(shared) === 0;
    branch.zero = leafIsZero ? leaf : node;
    branch.one = leafIsZero ? node : leaf;
    return branch;
  }

  #remove(node: Node<V> | undefined, prefix: Prefix): Node<V> | undefined {
    if (node === undefined || !node.prefix.covers(prefix)) return node;
    if (node.prefix.length === prefix.length) {
      if (node.value !== undefined) this.#size--;
      node.value = undefined;
    } else if (prefix.address.bit(node.prefix.length) === 0) node.zero = this.#remove(node.zero, prefix);
    else node.one = this.#remove(node.one, prefix);
    if (node.value !== undefined || (node.zero !== undefined && node.one !== undefined)) return node;
    return node.zero ?? node.one;
  }
}

function child<V>(node: Node<V>, address: IpAddress): Node<V> | undefined {
  return address.bit(node.prefix.length) === 0 ? node.zero : node.one;
}

function* walk<V>(node: Node<V> | undefined): Generator<readonly [Prefix, V]> {
  if (node === undefined) return;
  if (node.value !== undefined) yield [node.prefix, node.value];
  yield* walk(node.zero);
  yield* walk(node.one);
}

function sharedLength(a: Prefix, b: Prefix): number {
  const limit = Math.min(a.length, b.length);
  const words: readonly [number, number][] = [
    [a.address.a, b.address.a],
    [a.address.b, b.address.b],
    [a.address.c, b.address.c],
    [a.address.d, b.address.d],
  ];
  let shared = 0;
  for (const [x, y] of words) {
    const same = Math.clz32(x ^ y);
    shared += same;
    if (same < 32) break;
  }
  return Math.min(shared, limit);
}
