/** How candidates compare, and when two routes say the same thing. */
import type { IpAddress } from '../base/index.ts';
import type { RouteCandidate, RouteNextHop, RouteSource } from './contract.ts';

/** One flat way out of a route. */
export type Hop = Readonly<{ interface: string; gateway?: IpAddress }>;

/** The way out of a null route. */
export const NO_HOPS: readonly Hop[] = [];

/** Between equal distances and metrics the source decides, so that the choice never depends on who came first. */
const RANK: Readonly<Record<RouteSource, number>> = { connected: 0, local: 1, static: 2, vpn: 3, bgp: 4 };

/** Order of preference: distance, metric, source; the owner only makes it total. */
export function comparePreference(a: RouteCandidate, b: RouteCandidate): number {
  return (
    a.distance - b.distance ||
    a.metric - b.metric ||
    RANK[a.source] - RANK[b.source] ||
    (a.owner < b.owner ? -1 : a.owner > b.owner ? 1 : 0)
  );
}

/** Whether two candidates share traffic when both are usable (equal cost). */
export function isEqualCost(a: RouteCandidate, b: RouteCandidate): boolean {
  return a.distance === b.distance && a.metric === b.metric && a.source === b.source;
}

/** Whether offering `b` in place of `a` changes nothing. */
export function sameCandidate(a: RouteCandidate, b: RouteCandidate): boolean {
  return (
    a === b ||
    (isEqualCost(a, b) &&
      a.owner === b.owner &&
      a.tag === b.tag &&
      a.bgpKind === b.bgpKind &&
      sameHops(a.nextHops, b.nextHops))
  );
}

/** Whether two lists name the same next hops in the same order. */
export function sameHops(a: readonly RouteNextHop[], b: readonly RouteNextHop[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i];
    const y = b[i];
    if (x === undefined || y === undefined || !sameHop(x, y)) return false;
  }
  return true;
}

/** Whether every next hop names its interface: nothing is left to resolve. */
export function areFlat(hops: readonly RouteNextHop[]): hops is readonly Hop[] {
  for (const hop of hops) if (hop.interface === undefined) return false;
  return true;
}

/** The list without repetition; the same array when there is none. */
export function distinctHops(hops: readonly Hop[]): readonly Hop[] {
  const isRepeated = (hop: Hop, index: number): boolean => hops.some((other, i) => i < index && sameHop(hop, other));
  return hops.length > 1 && hops.some(isRepeated) ? hops.filter((hop, index) => !isRepeated(hop, index)) : hops;
}

/**
 * Unites lists of ways out without repeating one. Remembers by identity: a thousand routes with the same two next hops
 * get the same array, and the memory goes when the lists go.
 */
export class HopUnions {
  readonly #known = new WeakMap<readonly Hop[], WeakMap<readonly Hop[], readonly Hop[]>>();

  unite(a: readonly Hop[], b: readonly Hop[]): readonly Hop[] {
    if (a === b || b.length === 0) return a;
    if (a.length === 0) return b;
    let inner = this.#known.get(a);
    if (inner === undefined) {
      inner = new WeakMap();
      this.#known.set(a, inner);
    }
    let union = inner.get(b);
    if (union === undefined) {
      const more = b.filter((hop) => !a.some((other) => sameHop(hop, other)));
      union = more.length === 0 ? a : [...a, ...more];
      inner.set(b, union);
    }
    return union;
  }
}

function sameHop(x: RouteNextHop, y: RouteNextHop): boolean {
  return (
    x.interface === y.interface &&
    (x.gateway === undefined || y.gateway === undefined ? x.gateway === y.gateway : x.gateway.equals(y.gateway))
  );
}
