/** Route maps over routes of our own, before they become paths: `network … route-map`, `redistribute … route-map`. */
import { Prefix } from '../base/index.ts';
import type { LocalRoute, RouteMap, RouteMapMatch, RouteMapSet } from './policy.ts';
import { asPathExpression, permits } from './policy-evaluation.ts';

/** What the map makes of a route; undefined: denied. `tag` is the route's own. */
export function applyRouteMap(map: RouteMap, route: LocalRoute, tag?: number): LocalRoute | undefined {
  const clause = map.clauses.find((one) => one.match.every((match) => matches(match, route, tag)));
  if (clause?.action !== 'permit') return undefined;
  let result = route;
  for (const set of clause.set) result = changed(set, result);
  return result;
}

function matches(match: RouteMapMatch, route: LocalRoute, tag: number | undefined): boolean {
  switch (match.kind) {
    case 'prefix-list':
      return match.lists.some((list) => permits(list, route.prefix));
    case 'next-hop': {
      const { nextHop } = route;
      return nextHop !== undefined && match.lists.some((list) => permits(list, Prefix.host(nextHop)));
    }
    case 'as-path': {
      const path = route.asPathPrepend.join(' ');
      const entry = match.entries.find(({ expression }) => asPathExpression(expression).test(path));
      return entry?.action === 'permit';
    }
    case 'community': {
      const hasAll = match.communities.every((community) => route.communities.includes(community));
      return hasAll && (!match.exact || match.communities.length === route.communities.length);
    }
    case 'metric':
      return route.med === match.value;
    case 'tag':
      return tag !== undefined && match.values.includes(tag);
    default:
      return match satisfies never;
  }
}

function changed(set: RouteMapSet, route: LocalRoute): LocalRoute {
  switch (set.kind) {
    case 'local-preference':
      return { ...route, localPreference: set.value };
    case 'metric':
      return { ...route, med: set.value };
    case 'weight':
      return { ...route, weight: set.value };
    case 'as-path-prepend':
      return { ...route, asPathPrepend: [...set.asns, ...route.asPathPrepend] };
    case 'community': {
      const kept = set.additive ? route.communities : [];
      return { ...route, communities: [...new Set([...kept, ...set.communities])] };
    }
    case 'next-hop':
      return { ...route, nextHop: set.address };
    case 'origin':
      return { ...route, origin: set.origin };
    default:
      return set satisfies never;
  }
}
