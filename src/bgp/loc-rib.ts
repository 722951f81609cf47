/** Loc-RIB: destinations with their paths, the chosen ones, and what the gateway was told to install. */
import type { IpAddress } from '../base/index.ts';
import { type DecisionRules, decide } from './decision.ts';
import type { BgpEffect, BgpRoute, EvpnRoute } from './events.ts';
import { EvpnPrefix, type Nlri, overlayCommunities } from './evpn.ts';
import type { Destination, Path, PathSource } from './path.ts';
import type { PathAttributes } from './path-attributes.ts';

const NONE: readonly Path[] = [];

/** Decisions wait until `settle`: only destinations that changed are looked at, each once however often it changed. */
export class LocRib {
  readonly #destinations = new Map<string, Destination>();
  readonly #dirty = new Set<Destination>();
  /** Entries made and taken away since the start; a path that replaces another counts as both. */
  readonly activity = { prefixesAdded: 0, prefixesRemoved: 0, pathsAdded: 0, pathsRemoved: 0 };
  #version = 1;

  /** Counts changes of best paths, as `show` prints it. */
  get tableVersion(): number {
    return this.#version;
  }

  get size(): number {
    return this.#destinations.size;
  }

  get hasWork(): boolean {
    return this.#dirty.size > 0;
  }

  get(prefix: Nlri): Destination | undefined {
    return this.#destinations.get(prefix.toString());
  }

  /** The destination of a prefix, made when new. */
  of(prefix: Nlri): Destination {
    const key = prefix.toString();
    const known = this.#destinations.get(key);
    if (known !== undefined) return known;
    const destination: Destination = { prefix, paths: [], best: undefined, multipath: NONE, installed: undefined };
    this.#destinations.set(key, destination);
    this.activity.prefixesAdded++;
    return destination;
  }

  destinations(): Iterable<Destination> {
    return this.#destinations.values();
  }

  touch(destination: Destination): void {
    this.#dirty.add(destination);
  }

  /** Puts a path in place of another of the same neighbour. */
  replace(old: Path | undefined, path: Path): void {
    const { destination } = path;
    const at = old === undefined ? -1 : destination.paths.indexOf(old);
    this.activity.pathsAdded++;
    if (at < 0) destination.paths.push(path);
    else {
      destination.paths[at] = path;
      this.activity.pathsRemoved++;
    }
    this.#dirty.add(destination);
  }

  remove(path: Path): void {
    const { destination } = path;
    const at = destination.paths.indexOf(path);
    const last = destination.paths.pop();
    if (at >= 0) this.activity.pathsRemoved++;
    if (at >= 0 && last !== undefined && last !== path) destination.paths[at] = last;
    this.#dirty.add(destination);
  }

  /** Runs the decision process where it is due; gives the destinations whose best path is another one now. */
  settle(rules: DecisionRules, emit: (effect: BgpEffect) => void): readonly Destination[] {
    const changed: Destination[] = [];
    for (const destination of this.#dirty) {
      const { best, multipath } = decide(destination.paths, rules);
      if (best !== destination.best) {
        changed.push(destination);
        destination.version = ++this.#version;
      }
      destination.best = best;
      destination.multipath = multipath.length <= 1 ? NONE : multipath;
      install(destination, emit);
      if (destination.paths.length === 0) {
        this.#destinations.delete(destination.prefix.toString());
        this.activity.prefixesRemoved++;
      }
    }
    this.#dirty.clear();
    return changed;
  }
}

/** Tells the gateway when what it should install has changed. Our own routes are in its RIB already. */
function install(destination: Destination, emit: (effect: BgpEffect) => void): void {
  const { best, installed, prefix } = destination;
  if (best?.source === undefined || best.attributes === undefined) {
    if (installed === undefined) return;
    destination.installed = undefined;
    emit(
      prefix instanceof EvpnPrefix ? { kind: 'withdraw-evpn-route', nlri: prefix } : { kind: 'withdraw-route', prefix },
    );
    return;
  }
  if (prefix instanceof EvpnPrefix) {
    const route = evpnRoute(prefix, best.source, best.attributes);
    // Attributes are shared and never changed: the same ones say the same.
    if (installed !== undefined && destination.installedFrom === best) return;
    destination.installed = route;
    destination.installedFrom = best;
    emit({ kind: 'install-evpn-route', route });
    return;
  }
  const chosen = destination.multipath.length === 0 ? [best] : destination.multipath;
  const nextHops = chosen.flatMap((path) => path.attributes?.nextHop ?? []);
  const route: BgpRoute = {
    prefix,
    nextHops,
    source: best.source.external ? 'ebgp' : 'ibgp',
    metric: best.attributes.med ?? 0,
    from: best.source.address,
  };
  if (installed !== undefined && 'nextHops' in installed && sameRoute(installed, route)) return;
  destination.installed = route;
  emit({ kind: 'install-route', route });
}

function evpnRoute(nlri: EvpnPrefix, source: PathSource, attributes: PathAttributes): EvpnRoute {
  return {
    nlri,
    nextHop: attributes.nextHop,
    fields: attributes.evpn ?? nlri.fields,
    communities: overlayCommunities(attributes.others),
    source: source.external ? 'ebgp' : 'ibgp',
    metric: attributes.med ?? 0,
    from: source.address,
  };
}

function sameRoute(a: BgpRoute, b: BgpRoute): boolean {
  return (
    a.metric === b.metric && a.source === b.source && a.from.equals(b.from) && sameAddresses(a.nextHops, b.nextHops)
  );
}

function sameAddresses(a: readonly IpAddress[], b: readonly IpAddress[]): boolean {
  return a.length === b.length && a.every((address, i) => b[i]?.equals(address) === true);
}
