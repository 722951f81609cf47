/** Prefix lists, route maps and AS-path expressions applied to one route. */
import { Prefix } from '../base/index.ts';
import { asPathText, prepend } from './as-path.ts';
import { GenerationCache } from './intern.ts';
import type { PathAttributes } from './path-attributes.ts';
import type { NeighborPolicy, PrefixList, RouteMap, RouteMapMatch, RouteMapSet } from './policy.ts';

/** A permitted route, with what the policy made of it; the flags say what it set of its own will. */
export type Permitted = Readonly<{
  attributes: PathAttributes;
  weight: number | undefined;
  setsNextHop: boolean;
  setsMed: boolean;
}>;

/** All parts of the policy must permit; undefined: denied. */
export function applyPolicy(policy: NeighborPolicy, prefix: Prefix, attributes: PathAttributes): Permitted | undefined {
  if (policy.prefixList !== undefined && !permits(policy.prefixList, prefix)) return undefined;
  if (policy.routeMap === undefined) return { attributes, weight: undefined, setsNextHop: false, setsMed: false };
  return applyRouteMap(policy.routeMap, prefix, attributes);
}

/** First matching entry decides; no match denies; an empty list permits everything. */
export function permits(list: PrefixList, prefix: Prefix): boolean {
  if (list.entries.length === 0) return true;
  const entry = list.entries.find((candidate) => {
    const shortest = candidate.ge ?? candidate.prefix.length;
    const longest = candidate.le ?? (candidate.ge === undefined ? candidate.prefix.length : prefix.address.bits);
    return prefix.length >= shortest && prefix.length <= longest && candidate.prefix.covers(prefix);
  });
  return entry?.action === 'permit';
}

function applyRouteMap(map: RouteMap, prefix: Prefix, attributes: PathAttributes): Permitted | undefined {
  const clause = map.clauses.find((candidate) => candidate.match.every((match) => matches(match, prefix, attributes)));
  if (clause?.action !== 'permit') return undefined;
  let result: Permitted = { attributes, weight: undefined, setsNextHop: false, setsMed: false };
  for (const set of clause.set) result = applySet(set, result);
  return result;
}

function matches(match: RouteMapMatch, prefix: Prefix, attributes: PathAttributes): boolean {
  switch (match.kind) {
    case 'prefix-list':
      return match.lists.some((list) => permits(list, prefix));
    case 'next-hop':
      return match.lists.some((list) => permits(list, Prefix.host(attributes.nextHop)));
    case 'as-path': {
      const text = asPathText(attributes.asPath);
      return match.entries.find((entry) => asPathExpression(entry.expression).test(text))?.action === 'permit';
    }
    case 'community': {
      const has = match.communities.every((community) => attributes.communities.includes(community));
      return has && (!match.exact || attributes.communities.length === match.communities.length);
    }
    case 'metric':
      return attributes.med === match.value;
    case 'tag':
      return false; // BGP routes carry no tag
    default:
      match satisfies never;
      return false;
  }
}

function applySet(set: RouteMapSet, to: Permitted): Permitted {
  const { attributes } = to;
  switch (set.kind) {
    case 'local-preference':
      return { ...to, attributes: { ...attributes, localPreference: set.value } };
    case 'metric':
      return { ...to, setsMed: true, attributes: { ...attributes, med: set.value } };
    case 'weight':
      return { ...to, weight: set.value };
    case 'as-path-prepend':
      return { ...to, attributes: { ...attributes, asPath: prepend(attributes.asPath, set.asns) } };
    case 'community': {
      const before = set.additive ? attributes.communities : [];
      const communities = [...new Set([...before, ...set.communities])].sort((a, b) => a - b);
      return { ...to, attributes: { ...attributes, communities } };
    }
    case 'next-hop':
      return { ...to, setsNextHop: true, attributes: { ...attributes, nextHop: set.address } };
    case 'origin':
      return { ...to, attributes: { ...attributes, origin: set.origin } };
    default:
      set satisfies never;
      return to;
  }
}

const expressions = new GenerationCache<string, RegExp>(512);
const NEVER = /(?!)/;

/**
 * A Cisco AS-path expression: `_` stands for either end, a blank, a comma, a brace or a parenthesis; braces are plain
 * characters. One that does not compile matches nothing.
 */
export function asPathExpression(expression: string): RegExp {
  const known = expressions.get(expression);
  if (known !== undefined) return known;
  const compiled = compile(translate(expression));
  expressions.set(expression, compiled);
  return compiled;
}

function translate(expression: string): string {
  let out = '';
  let isInClass = false;
  for (let i = 0; i < expression.length; i++) {
    const c = expression[i] ?? '';
    if (c === '\\') {
      i++;
      out += `\\${expression[i] ?? '\\'}`;
    } else if (isInClass) {
      if (c === ']') isInClass = false;
      out += c === '[' ? '\\[' : c;
    } else if (c === '[') {
      isInClass = true;
      out += c;
    } else if (c === '_') out += '(?:^|$|[ ,{}()])';
    else if (c === '{' || c === '}') out += `\\${c}`;
    else out += c;
  }
  return out;
}

function compile(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch {
    return NEVER; // RegExp has no other way to say that a text is not an expression
  }
}
