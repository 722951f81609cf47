/** Traffic selectors: narrowing and containment, RFC 7296 sections 2.9 and 3.13. */
import { type Family, type IpAddress, Prefix } from '../base/index.ts';
import type { TrafficSelector } from './policy.ts';

/** The count in a TS payload is one byte (section 3.13). */
const MAX_SELECTORS = 255;

/** One selector for everything of a family. */
export function anySelectors(family: Family): TrafficSelector[] {
  return [selectorOf(Prefix.all(family))];
}

/** The selector of all protocols and ports of a prefix. */
export function selectorOf(prefix: Prefix): TrafficSelector {
  return { protocol: 0, startPort: 0, endPort: 65535, start: prefix.address, end: prefix.last };
}

/** The prefix whose addresses the selector spans; undefined when the range is not one. */
export function prefixOf({ start, end }: TrafficSelector): Prefix | undefined {
  const prefix = new Prefix(start, sharedLength(start, end));
  return prefix.address.equals(start) && prefix.last.equals(end) ? prefix : undefined;
}

/**
 * The part of what the peer offers that our policy allows, in the order of the offer, so the peer's first choice stays
 * first (section 2.9). Empty means TS_UNACCEPTABLE.
 */
export function narrow(own: readonly TrafficSelector[], offered: readonly TrafficSelector[]): TrafficSelector[] {
  let result: TrafficSelector[] = [];
  for (const theirs of offered) {
    for (const ours of own) {
      const both = intersection(ours, theirs);
      if (both === undefined || result.some((known) => covers(known, both))) continue;
      result = result.filter((known) => !covers(both, known));
      result.push(both);
      if (result.length === MAX_SELECTORS) return result;
    }
  }
  return result;
}

/**
 * Whether every selector of `inner` lies within one of `outer`. Ranges that only several of `outer` cover together
 * count as outside: a responder that narrows has no reason to join them.
 */
export function isSubset(inner: readonly TrafficSelector[], outer: readonly TrafficSelector[]): boolean {
  return inner.every((part) => outer.some((whole) => covers(whole, part)));
}

/** Such as `10.0.0.0/24`, `192.0.2.1-192.0.2.7[17/53]` or `2001:db8::/32[58/0-65535]`. */
export function formatSelector(selector: TrafficSelector): string {
  const addresses = prefixOf(selector)?.toString() ?? `${selector.start}-${selector.end}`;
  const ports = formatPorts(selector);
  if (selector.protocol === 0 && ports === '') return addresses;
  return `${addresses}[${selector.protocol === 0 ? 'any' : selector.protocol}${ports}]`;
}

function formatPorts(selector: TrafficSelector): string {
  const { startPort, endPort } = selector;
  if (isOpaque(selector)) return '/opaque';
  if (startPort === 0 && endPort === 65535) return '';
  return startPort === endPort ? `/${startPort}` : `/${startPort}-${endPort}`;
}

function intersection(a: TrafficSelector, b: TrafficSelector): TrafficSelector | undefined {
  if (a.start.family !== b.start.family) return undefined;
  if (a.protocol !== 0 && b.protocol !== 0 && a.protocol !== b.protocol) return undefined;
  const ports = portIntersection(a, b);
  const start = a.start.compare(b.start) >= 0 ? a.start : b.start;
  const end = a.end.compare(b.end) <= 0 ? a.end : b.end;
  if (ports === undefined || start.compare(end) > 0) return undefined;
  return { protocol: a.protocol === 0 ? b.protocol : a.protocol, ...ports, start, end };
}

/** OPAQUE (65535 to 0, section 3.13.1) stands for packets whose ports cannot be seen: only "any" takes them in. */
function portIntersection(
  a: TrafficSelector,
  b: TrafficSelector,
): Pick<TrafficSelector, 'startPort' | 'endPort'> | undefined {
  if (isOpaque(a) || isOpaque(b)) {
    const isBoth = (isOpaque(a) || isAnyPort(a)) && (isOpaque(b) || isAnyPort(b));
    return isBoth ? { startPort: 65535, endPort: 0 } : undefined;
  }
  const startPort = Math.max(a.startPort, b.startPort);
  const endPort = Math.min(a.endPort, b.endPort);
  return startPort <= endPort ? { startPort, endPort } : undefined;
}

function covers(outer: TrafficSelector, inner: TrafficSelector): boolean {
  if (outer.start.family !== inner.start.family) return false;
  if (outer.protocol !== 0 && outer.protocol !== inner.protocol) return false;
  const portsFit = isOpaque(inner)
    ? isOpaque(outer) || isAnyPort(outer)
    : !isOpaque(outer) && outer.startPort <= inner.startPort && inner.endPort <= outer.endPort;
  return portsFit && outer.start.compare(inner.start) <= 0 && inner.end.compare(outer.end) <= 0;
}

function isOpaque({ startPort, endPort }: TrafficSelector): boolean {
  return startPort === 65535 && endPort === 0;
}

function isAnyPort({ startPort, endPort }: TrafficSelector): boolean {
  return startPort === 0 && endPort === 65535;
}

function sharedLength(a: IpAddress, b: IpAddress): number {
  let length = 0;
  for (const difference of [a.a ^ b.a, a.b ^ b.b, a.c ^ b.c, a.d ^ b.d]) {
    const same = Math.clz32(difference);
    length += same;
    if (same < 32) break;
  }
  return Math.min(length, a.bits);
}
