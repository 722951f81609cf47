/** Which routes of the RIB BGP announces as our own: `network` lines and `redistribute`, with their route maps. */
import { type Family, type Prefix, PrefixTrie } from '../base/index.ts';
import { applyRouteMap, type LocalRoute, type RouteMap } from '../bgp/index.ts';
import type { BgpFamilyModel, DeviceModel } from '../config/index.ts';
import type { InstalledRoute, RouteSource } from '../routing/index.ts';
import { familiesIn, routeMap } from './bgp-config.ts';

type Rule = Readonly<{ origin: 'igp' | 'incomplete'; metric?: number; routeMap?: RouteMap }>;

/** Compiled `network` and `redistribute` lines, and what they announce now. */
export class Redistribution {
  #networks = new PrefixTrie<Rule>();
  #sources = new Map<string, Rule>();
  readonly #announced = new Map<string, LocalRoute>();

  /** Compiles the lines of a model; announcements are brought up to date with `evaluate`. */
  configure(model: DeviceModel, vrf = ''): void {
    this.#networks = new PrefixTrie();
    this.#sources = new Map();
    const families = familiesIn(model, vrf);
    if (families === undefined) return;
    for (const family of [4, 6] as const) this.#compile(model, family, families[family]);
  }

  /** What changes for these prefixes, given the route that is installed for each now. */
  evaluate(
    prefixes: Iterable<readonly [Prefix, InstalledRoute | undefined]>,
  ): Readonly<{ announce: LocalRoute[]; withdraw: Prefix[] }> {
    const announce: LocalRoute[] = [];
    const withdraw: Prefix[] = [];
    for (const [prefix, installed] of prefixes) {
      const key = prefix.toString();
      const before = this.#announced.get(key);
      const route = installed === undefined ? undefined : this.#routeFor(installed);
      if (route === undefined) {
        if (before === undefined) continue;
        this.#announced.delete(key);
        withdraw.push(prefix);
      } else if (before === undefined || !sameRoute(before, route)) {
        this.#announced.set(key, route);
        announce.push(route);
      }
    }
    return { announce, withdraw };
  }

  /** What BGP announces for a prefix, as of the last evaluation. */
  announcedFor(prefix: Prefix): LocalRoute | undefined {
    return this.#announced.get(prefix.toString());
  }

  /** Prefixes announced now: those to look at again after the lines changed. */
  announced(): Prefix[] {
    return [...this.#announced.values()].map(({ prefix }) => prefix);
  }

  /** Forgets what was announced, when BGP goes. */
  clear(): void {
    this.#announced.clear();
  }

  #compile(model: DeviceModel, family: Family, settings: BgpFamilyModel | undefined): void {
    if (settings === undefined) return;
    for (const { prefix, routeMap: name } of settings.networks) {
      this.#networks.set(prefix, {
        origin: 'igp',
        ...(name === undefined ? {} : { routeMap: routeMap(model, name) }),
      });
    }
    for (const { source, metric, routeMap: name } of settings.redistribute) {
      this.#sources.set(`${source} ${family}`, {
        origin: 'incomplete',
        ...(metric === undefined ? {} : { metric }),
        ...(name === undefined ? {} : { routeMap: routeMap(model, name) }),
      });
    }
  }

  #routeFor(installed: InstalledRoute): LocalRoute | undefined {
    const { prefix, candidate } = installed;
    if (candidate.source === 'bgp' || candidate.source === 'local') return undefined;
    const source = redistributedAs(candidate.source);
    const rule = this.#networks.get(prefix) ?? this.#sources.get(`${source} ${prefix.family}`);
    if (rule === undefined) return undefined;
    // A connected network keeps no next hop: each session announces its own address.
    const gateway = candidate.source === 'static' ? installed.resolved[0]?.gateway : undefined;
    const route: LocalRoute = {
      prefix,
      ...(gateway === undefined || gateway.equals(prefix.address) ? {} : { nextHop: gateway }),
      origin: rule.origin,
      med: rule.metric ?? candidate.metric,
      weight: LOCAL_WEIGHT,
      communities: [],
      asPathPrepend: [],
    };
    return rule.routeMap === undefined ? route : applyRouteMap(rule.routeMap, route, candidate.tag);
  }
}

/** Weight of routes that this router originates, on Cisco's scale. */
const LOCAL_WEIGHT = 32_768;

/** VPN routes (learned over IKEv2) go with the static ones. */
function redistributedAs(source: RouteSource): 'connected' | 'static' {
  return source === 'connected' ? 'connected' : 'static';
}

function sameRoute(a: LocalRoute, b: LocalRoute): boolean {
  return (
    a.origin === b.origin &&
    a.med === b.med &&
    a.localPreference === b.localPreference &&
    a.weight === b.weight &&
    (a.nextHop === undefined ? b.nextHop === undefined : b.nextHop !== undefined && a.nextHop.equals(b.nextHop)) &&
    a.communities.join() === b.communities.join() &&
    a.asPathPrepend.join() === b.asPathPrepend.join()
  );
}
