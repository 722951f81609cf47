/** What a prefix list or a route map of a configuration makes of a prefix, and by which line. */
import type { Prefix } from '../base/index.ts';
import type { DeviceModel, Position, RouteMapModel } from '../config/index.ts';

export type Verdict = Readonly<{
  permits: boolean;
  /** 'undefined': the name is nobody's; 'no-match': the end of the list was reached. */
  by: 'entry' | 'no-match' | 'undefined';
  /** The line that decided. */
  position?: Position;
  /** Sequence number past the last. */
  next: number;
}>;

/** First matching entry decides, no match denies; a list that is nowhere permits everything, as on the platform. */
export function byPrefixList(model: DeviceModel, name: string, prefix: Prefix): Verdict {
  const list = model.prefixLists.find((one) => one.name === name && one.family === prefix.family);
  if (list === undefined || list.entries.length === 0) return { permits: true, by: 'undefined', next: 5 };
  const next = Math.max(...list.entries.map(({ sequence }) => sequence)) + 5;
  const entry = list.entries.find(({ prefix: own, ge, le }) => {
    const shortest = ge ?? own.length;
    const longest = le ?? (ge === undefined ? own.length : prefix.address.bits);
    return prefix.length >= shortest && prefix.length <= longest && own.covers(prefix);
  });
  if (entry === undefined) return { permits: false, by: 'no-match', next };
  return { permits: entry.action === 'permit', by: 'entry', position: entry.written.start, next };
}

/**
 * First clause that matches decides, no match denies; a map that is nowhere denies everything. Undefined: a clause
 * before the deciding one asks for more than the prefix tells.
 */
export function byRouteMap(model: DeviceModel, name: string, prefix: Prefix): Verdict | undefined {
  const map = model.routeMaps.find((one) => one.name === name);
  if (map === undefined) return { permits: false, by: 'undefined', next: 10 };
  const next = Math.max(0, ...map.clauses.map(({ sequence }) => sequence)) + 10;
  for (const clause of map.clauses) {
    const matches = doesMatch(model, clause, prefix);
    if (matches === undefined) return undefined;
    if (matches) return { permits: clause.action === 'permit', by: 'entry', position: clause.written.start, next };
  }
  return { permits: false, by: 'no-match', next };
}

function doesMatch(model: DeviceModel, clause: RouteMapModel['clauses'][number], prefix: Prefix): boolean | undefined {
  const { matchPrefixLists, matchAccessLists } = clause;
  const asksMore =
    clause.matchAsPathLists.length + clause.matchCommunityLists.length + clause.matchNextHopPrefixLists.length > 0 ||
    clause.matchMetric !== undefined ||
    clause.matchTags.length > 0;
  if (asksMore) return undefined;
  if (matchPrefixLists.length + matchAccessLists.length === 0) return true;
  const named = matchPrefixLists.some((name) => byPrefixList(model, name, prefix).permits);
  return named || matchAccessLists.some((name) => isPermitted(model, name, prefix));
}

function isPermitted({ accessLists }: DeviceModel, name: string, prefix: Prefix): boolean {
  const entries = accessLists.find((one) => one.name === name)?.entries.filter(({ inactive }) => !inactive) ?? [];
  if (entries.length === 0) return true;
  const hit = entries.find(({ source }) => source.some((own) => own.covers(prefix)));
  return hit?.action === 'permit';
}
