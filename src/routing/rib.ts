import { type Instant, type IpAddress, type Prefix, PrefixTrie } from '../base/index.ts';
import {
  areFlat,
  comparePreference,
  distinctHops,
  type Hop,
  HopUnions,
  isEqualCost,
  NO_HOPS,
  sameCandidate,
  sameHops,
} from './candidate.ts';
import type { FibChange, InstalledRoute, RouteCandidate, RouteSource } from './contract.ts';
import { Distance } from './distance.ts';
import { type Entry, type NextHop, NextHops } from './next-hop.ts';

/** How a tracked address is reached now; no metric: not at all. `interface` is that of the first way out. */
export type TrackedChange = Readonly<{
  address: IpAddress;
  metric: number | undefined;
  connected: boolean;
  interface?: string;
}>;

/** What one `flush` changed, in all its consequences; nothing appears that ended as it began. */
export type RibChanges = Readonly<{
  fib: readonly FibChange[];
  tracked: readonly TrackedChange[];
  /** New routes, and the new value of changed ones. */
  installed: readonly InstalledRoute[];
  /** Routes that have no successor. */
  withdrawn: readonly InstalledRoute[];
}>;

/** One way toward an address, with the route that says so. */
export type ResolvedHop = Readonly<{ interface: string; gateway?: IpAddress; metric: number; route: InstalledRoute }>;

/** Longest chain of routes by routes; real ones have two or three steps. It also ends chains that run in a circle. */
const MAX_DEPTH = 8;

/** A prefix whose route changes more often within one flush lives off its own consequences: it is left out. */
const MAX_CHANGES = 32;

const NO_CANDIDATES: readonly RouteCandidate[] = [];

const NOTHING: RibChanges = { fib: [], tracked: [], installed: [], withdrawn: [] };

type Link = { isUp: boolean; readonly users: Set<Entry> };
type Best = Readonly<{ candidate: RouteCandidate; resolved: readonly Hop[]; depth: number }>;

/**
 * The routing table of one VRF. Changes only mark; `flush` works out the consequences of all of them together and
 * says what became different.
 *
 * The best candidate wins by distance, then metric; equal cost of one source is united. A next hop without interface
 * is resolved by the longest installed route that covers it, and again whenever that changes. Where a BGP next hop is
 * covered by a default route alone, that counts (IOS does the same unless told otherwise).
 */
export class Rib {
  readonly vrf: string;
  readonly #entries = new Map<string, Entry>();
  readonly #installed = new PrefixTrie<Entry>();
  readonly #owners = new Map<RouteSource, Map<string, Set<Entry>>>();
  readonly #links = new Map<string, Link>();
  readonly #nextHops = new NextHops();
  readonly #unions = new HopUnions();
  readonly #dirty = new Set<Entry>();
  readonly #stale = new Set<NextHop>();
  readonly #news = new Set<NextHop>();

  constructor(vrf: string) {
    this.vrf = vrf;
  }

  /** Number of installed routes. */
  get size(): number {
    return this.#installed.size;
  }

  /** Whether `flush` has anything to do. */
  get isDirty(): boolean {
    return this.#dirty.size > 0 || this.#stale.size > 0 || this.#news.size > 0;
  }

  /** Offers a candidate, in place of the same owner's earlier one. Counts from the next `flush`, whose time it gets. */
  add(candidate: RouteCandidate, _now?: Instant): void {
    const key = candidate.prefix.toString();
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { prefix: candidate.prefix, candidates: NO_CANDIDATES, installed: undefined, depth: 0 };
      this.#entries.set(key, entry);
    }
    const index = indexOf(entry, candidate.source, candidate.owner);
    const old = entry.candidates[index];
    if (old !== undefined && sameCandidate(old, candidate)) return;
    if (old !== undefined) this.#take(entry, index, old);
    const { candidates } = entry;
    const place = candidates.findIndex((other) => comparePreference(other, candidate) > 0);
    entry.candidates = candidates.toSpliced(place < 0 ? candidates.length : place, 0, candidate);
    this.#link(entry, candidate);
    this.#dirty.add(entry);
  }

  /** Takes a candidate back. */
  remove(prefix: Prefix, source: RouteSource, owner: string): void {
    const entry = this.#entries.get(prefix.toString());
    if (entry !== undefined) this.#withdraw(entry, source, owner);
  }

  /** Takes back all that one owner offered. */
  removeAll(source: RouteSource, owner: string): void {
    const owned = this.#owners.get(source)?.get(owner);
    if (owned === undefined) return;
    for (const entry of [...owned]) this.#withdraw(entry, source, owner);
  }

  /** An interface came up or went down; one never heard of is down. */
  setInterface(name: string, state: Readonly<{ up: boolean }>): void {
    const link = this.#linkOf(name);
    if (link.isUp === state.up) return;
    link.isUp = state.up;
    for (const entry of link.users) this.#dirty.add(entry);
  }

  /** Wants to know how an address is reached: now (at the next `flush`) and whenever it changes. Calls are counted. */
  track(address: IpAddress): void {
    const hop = this.#nextHops.obtain(address);
    hop.tracks++;
    hop.isNews = true;
    this.#news.add(hop);
    if (hop.isStale) this.#stale.add(hop);
  }

  untrack(address: IpAddress): void {
    const hop = this.#nextHops.get(address);
    if (hop === undefined || hop.tracks === 0) return;
    hop.tracks--;
    this.#release(hop);
  }

  /** The installed route that covers an address best. */
  lookup(address: IpAddress): InstalledRoute | undefined {
    return this.#installed.lookup(address)?.installed;
  }

  /** The route installed for exactly this prefix. */
  installed(prefix: Prefix): InstalledRoute | undefined {
    return this.#entries.get(prefix.toString())?.installed;
  }

  /** Ways toward an address; empty: dropped by a null route; undefined: no route. */
  resolve(address: IpAddress): ResolvedHop[] | undefined {
    const route = this.lookup(address);
    if (route === undefined) return undefined;
    return route.resolved.map((hop) => ({ ...hop, metric: route.candidate.metric, route }));
  }

  /** Installed routes in address order, IPv4 first. */
  *routes(): Generator<InstalledRoute> {
    for (const [, entry] of this.#installed.entries()) if (entry.installed !== undefined) yield entry.installed;
  }

  /** All that is on offer for a prefix, best first, usable or not. */
  candidates(prefix: Prefix): readonly RouteCandidate[] {
    return this.#entries.get(prefix.toString())?.candidates ?? [];
  }

  /** Brings the installed routes up to date with everything that changed, and says what became of it. */
  flush(now: Instant): RibChanges {
    if (!this.isDirty) return NOTHING;
    const before = new Map<Entry, InstalledRoute | undefined>();
    const changes = new Map<Entry, number>();
    // Entries first, so that next hops are resolved once for the whole batch; each round may stir the other side.
    while (this.#dirty.size > 0 || this.#stale.size > 0) {
      for (const entry of this.#dirty) {
        this.#dirty.delete(entry);
        const count = changes.get(entry) ?? 0;
        const old = entry.installed;
        if (!this.#update(entry, count < MAX_CHANGES ? this.#best(entry) : undefined, now)) continue;
        if (!before.has(entry)) before.set(entry, old);
        changes.set(entry, count + 1);
      }
      for (const hop of this.#stale) this.#refresh(hop);
    }
    return this.#report(before);
  }

  /** The first usable candidate united with those of equal cost. */
  #best(entry: Entry): Best | undefined {
    let best: { candidate: RouteCandidate; resolved: readonly Hop[]; depth: number } | undefined;
    for (const candidate of entry.candidates) {
      if (candidate.distance >= Distance.never) break;
      if (best !== undefined && !isEqualCost(best.candidate, candidate)) break;
      const usable = this.#usable(entry, candidate);
      if (usable === undefined) continue;
      if (best === undefined) best = { candidate, ...usable };
      else {
        best.resolved = this.#unions.unite(best.resolved, usable.resolved);
        best.depth = Math.max(best.depth, usable.depth);
      }
    }
    return best;
  }

  /** Ways out that a candidate has now; undefined: none. */
  #usable(entry: Entry, candidate: RouteCandidate): Readonly<{ resolved: readonly Hop[]; depth: number }> | undefined {
    const { nextHops } = candidate;
    if (nextHops.length === 0) return { resolved: NO_HOPS, depth: 0 };
    if (areFlat(nextHops)) {
      const alive = nextHops.every((hop) => this.#isUp(hop.interface))
        ? nextHops
        : nextHops.filter((hop) => this.#isUp(hop.interface));
      return alive.length === 0 ? undefined : { resolved: distinctHops(alive), depth: 0 };
    }
    let resolved = NO_HOPS;
    let depth = 0;
    for (const { interface: name, gateway } of nextHops) {
      if (name !== undefined) {
        // With an interface the gateway lies on that link by the operator's word: a point-to-point tunnel has no subnet.
        if (!this.#isUp(name)) continue;
        const hop: Hop = gateway === undefined ? { interface: name } : { interface: name, gateway };
        resolved = this.#unions.unite(resolved, [hop]);
      } else if (gateway !== undefined) {
        const hop = this.#nextHops.obtain(gateway);
        if (hop.isStale) this.#refresh(hop);
        if (hop.hops === undefined || wouldCover(entry, hop)) continue;
        resolved = this.#unions.unite(resolved, hop.hops);
        depth = Math.max(depth, hop.depth);
      }
    }
    return resolved.length === 0 ? undefined : { resolved, depth };
  }

  /** Puts the outcome in place; says whether anything about it changed. */
  #update(entry: Entry, best: Best | undefined, now: Instant): boolean {
    const old = entry.installed;
    if (best === undefined) {
      if (old === undefined) return false;
      entry.installed = undefined;
      entry.depth = 0;
      this.#installed.delete(entry.prefix);
    } else {
      const { candidate } = best;
      const isSameWay = old !== undefined && sameHops(old.resolved, best.resolved);
      if (isSameWay && sameCandidate(old.candidate, candidate) && entry.depth === best.depth) {
        return false;
      }
      const resolved = isSameWay ? old.resolved : best.resolved;
      const since = isSameWay && old.candidate.source === candidate.source ? old.since : now;
      entry.installed = { prefix: entry.prefix, candidate, resolved, since };
      entry.depth = best.depth;
      if (old === undefined) this.#installed.set(entry.prefix, entry);
    }
    for (const hop of this.#nextHops.touchedBy(entry.prefix)) {
      hop.isStale = true;
      this.#stale.add(hop);
    }
    return true;
  }

  /** Resolves a next hop anew and marks all that go by it, if it is reached in another way now. */
  #refresh(hop: NextHop): void {
    hop.isStale = false;
    this.#stale.delete(hop);
    const via = this.#installed.lookup(hop.address);
    const route = via?.installed;
    const depth = (via?.depth ?? 0) + 1;
    const isOwn = route !== undefined && isOwnAddress(route);
    const isReachable = route !== undefined && depth <= MAX_DEPTH && route.resolved.length > 0;
    const found = isReachable && !isOwn ? waysToward(hop.address, route.resolved) : undefined;
    const hops = found !== undefined && hop.hops !== undefined && sameHops(found, hop.hops) ? hop.hops : found;
    const isChanged = hops !== hop.hops || via !== hop.via || depth !== hop.depth;
    const metric = isReachable ? route.candidate.metric : undefined;
    const source = route?.candidate.source;
    const isConnected = isReachable && (source === 'connected' || source === 'local');
    Object.assign(hop, { hops, via, depth, metric, isConnected });
    if (hop.tracks > 0 && differsFromTold(hop)) this.#news.add(hop);
    if (isChanged) for (const entry of hop.users) this.#dirty.add(entry);
  }

  #report(before: ReadonlyMap<Entry, InstalledRoute | undefined>): RibChanges {
    const fib: FibChange[] = [];
    const installed: InstalledRoute[] = [];
    const withdrawn: InstalledRoute[] = [];
    for (const [entry, old] of before) {
      const route = entry.installed;
      const { prefix } = entry;
      if (route === undefined) {
        if (old !== undefined) {
          fib.push({ kind: 'remove', prefix });
          withdrawn.push(old);
        }
        if (entry.candidates.length === 0) this.#entries.delete(prefix.toString());
        continue;
      }
      const isSameWay = old !== undefined && sameHops(old.resolved, route.resolved);
      if (isSameWay && sameCandidate(old.candidate, route.candidate)) {
        entry.installed = old;
        continue;
      }
      installed.push(route);
      if (!isSameWay) fib.push({ kind: 'set', prefix, nextHops: route.resolved });
    }
    return { fib, tracked: this.#reportTracked(), installed, withdrawn };
  }

  #reportTracked(): TrackedChange[] {
    const tracked: TrackedChange[] = [];
    for (const hop of this.#news) {
      const { address, metric, isConnected } = hop;
      if (!hop.isNews && !differsFromTold(hop)) continue;
      const way = hop.hops?.[0]?.interface;
      hop.isNews = false;
      hop.toldMetric = metric;
      hop.toldConnected = isConnected;
      hop.toldInterface = way;
      if (hop.tracks === 0) continue;
      tracked.push({ address, metric, connected: isConnected, ...(way === undefined ? {} : { interface: way }) });
    }
    this.#news.clear();
    return tracked;
  }

  #withdraw(entry: Entry, source: RouteSource, owner: string): void {
    const index = indexOf(entry, source, owner);
    const candidate = entry.candidates[index];
    if (candidate === undefined) return;
    this.#take(entry, index, candidate);
    if (entry.candidates.length > 0 || entry.installed !== undefined) this.#dirty.add(entry);
    else {
      this.#dirty.delete(entry);
      this.#entries.delete(entry.prefix.toString());
    }
  }

  /** Files an entry under everything that decides about its candidate. */
  #link(entry: Entry, candidate: RouteCandidate): void {
    let owners = this.#owners.get(candidate.source);
    if (owners === undefined) {
      owners = new Map();
      this.#owners.set(candidate.source, owners);
    }
    const owned = owners.get(candidate.owner);
    if (owned === undefined) owners.set(candidate.owner, new Set([entry]));
    else owned.add(entry);
    for (const { interface: name, gateway } of candidate.nextHops) {
      if (name !== undefined) this.#linkOf(name).users.add(entry);
      else if (gateway !== undefined) this.#nextHops.obtain(gateway).users.add(entry);
    }
  }

  /** Takes a candidate out of its entry, and the entry out of every file that no other candidate of it needs. */
  #take(entry: Entry, index: number, candidate: RouteCandidate): void {
    entry.candidates = entry.candidates.toSpliced(index, 1);
    const owners = this.#owners.get(candidate.source);
    const owned = owners?.get(candidate.owner);
    owned?.delete(entry);
    if (owned?.size === 0) owners?.delete(candidate.owner);
    for (const { interface: name, gateway } of candidate.nextHops) {
      if (name !== undefined) {
        if (!uses(entry, (hop) => hop.interface === name)) this.#links.get(name)?.users.delete(entry);
      } else if (gateway !== undefined) {
        if (uses(entry, (hop) => hop.interface === undefined && hop.gateway?.equals(gateway) === true)) continue;
        const hop = this.#nextHops.get(gateway);
        if (hop === undefined) continue;
        hop.users.delete(entry);
        this.#release(hop);
      }
    }
  }

  #release(hop: NextHop): void {
    this.#nextHops.release(hop);
    if (hop.tracks > 0) return;
    this.#news.delete(hop);
    if (hop.users.size === 0) this.#stale.delete(hop);
  }

  #linkOf(name: string): Link {
    let link = this.#links.get(name);
    if (link === undefined) {
      link = { isUp: false, users: new Set() };
      this.#links.set(name, link);
    }
    return link;
  }

  #isUp(name: string): boolean {
    return this.#links.get(name)?.isUp === true;
  }
}

function indexOf(entry: Entry, source: RouteSource, owner: string): number {
  return entry.candidates.findIndex((candidate) => candidate.source === source && candidate.owner === owner);
}

function uses(entry: Entry, isIt: (hop: RouteCandidate['nextHops'][number]) => boolean): boolean {
  return entry.candidates.some((candidate) => candidate.nextHops.some(isIt));
}

/**
 * A route must not make its own next hop resolve through itself: once installed, it would cover the next hop better
 * than what covers it now. Deciding so before it is installed keeps it from coming and going for ever.
 */
function wouldCover(entry: Entry, hop: NextHop): boolean {
  return entry.prefix.contains(hop.address) && (hop.via?.prefix.length ?? 0) <= entry.prefix.length;
}

/** A gateway that is one of our own addresses is no way out. */
function isOwnAddress(route: InstalledRoute): boolean {
  return route.candidate.source === 'local' || (route.candidate.source === 'connected' && route.prefix.isHost);
}

/** Ways out of the covering route, seen from a next hop: where that is on the link, it is itself the gateway. */
function waysToward(address: IpAddress, resolved: readonly Hop[]): readonly Hop[] {
  if (resolved.every((hop) => hop.gateway !== undefined)) return resolved;
  return resolved.map((hop) => (hop.gateway === undefined ? { interface: hop.interface, gateway: address } : hop));
}

/** Whether trackers have heard otherwise of how this address is reached. */
function differsFromTold(hop: NextHop): boolean {
  const { metric, isConnected, hops, toldMetric, toldConnected, toldInterface } = hop;
  return metric !== toldMetric || isConnected !== toldConnected || hops?.[0]?.interface !== toldInterface;
}
