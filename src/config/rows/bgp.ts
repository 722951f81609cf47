/** What both dialects know about BGP: defaults, timers, and where lines of a neighbour were written. */
import type { Draft } from '../draft.ts';
import type { BgpFamilyModel, BgpNeighborFamilyModel, Written } from '../model.ts';
import type { Place } from '../place.ts';

export const BGP_TIMERS = { keepaliveMs: 60_000, holdMs: 180_000, minimumHoldMs: 0 } as const;
export const BGP_DISTANCES = { ebgp: 20, ibgp: 200, local: 200 } as const;

/** An address family of the BGP process with nothing configured. */
export function emptyBgpFamily(): BgpFamilyModel {
  return { networks: [], redistribute: [], maximumPaths: { ebgp: 1, ibgp: 1 }, distances: BGP_DISTANCES };
}

/** What a neighbour does in a family before any line says so. */
export function emptyNeighborFamily(activate: boolean): BgpNeighborFamilyModel {
  return {
    activate,
    nextHopSelf: false,
    routeReflectorClient: false,
    sendCommunity: false,
    weight: 0,
    defaultOriginate: false,
    allowAsIn: 0,
    removePrivateAs: false,
  };
}

/** Keepalive below hold, both or neither zero (RFC 4271 sections 4.2 and 4.4). */
export function timersOf(
  args: Readonly<{ keepalive: number; hold: number; minimum?: number | undefined }>,
  place: Place,
): { keepaliveMs: number; holdMs: number; minimumHoldMs: number } | undefined {
  const minimum = args.minimum ?? 0;
  if (args.hold === 1 || args.hold === 2)
    return place.error('out-of-range', 'a hold time is 0 or at least 3 seconds', { param: 'hold' });
  if (args.hold !== 0 && args.keepalive >= args.hold)
    return place.error('contradiction', 'the keepalive must be shorter than the hold time', { param: 'keepalive' });
  if (args.hold !== 0 && minimum > args.hold)
    return place.error('contradiction', 'the least hold time exceeds the hold time', { param: 'minimum' });
  return { keepaliveMs: args.keepalive * 1000, holdMs: args.hold * 1000, minimumHoldMs: minimum * 1000 };
}

/** Prefix length of the old address classes. */
export function classLength(word: number): number {
  const first = word >>> 24;
  return first < 128 ? 8 : first < 192 ? 16 : 24;
}

/**
 * Notes where a line of one family was written, as `ipv4 activate` or `ipv6 prefix-list in`. A `no` takes that back,
 * except for `activate`, where it is itself what counts.
 */
export function noteFamilyLine(written: Draft<Written>, which: 4 | 6, { canonical, position }: Place): void {
  const isNegated = canonical.startsWith('no ');
  const [word = '', , way = ''] = canonical.split(' ').slice(isNegated ? 3 : 2);
  const isPolicy = word === 'prefix-list' || word === 'route-map';
  const key = `ipv${which} ${isPolicy ? `${word} ${way}` : word}`;
  if (isNegated && word !== 'activate') delete written.attributes[key];
  else written.attributes[key] = position;
}
