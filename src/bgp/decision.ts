/**
 * The decision process, RFC 4271 section 9.1.2, with Cisco's weight in front. Each step keeps the paths that are best
 * by its measure; the result does not depend on the order of the paths.
 */
import { asPathLength, firstAs, sameAsPath } from './as-path.ts';
import type { Path } from './path.ts';
import type { PathAttributes } from './path-attributes.ts';

export type DecisionRules = Readonly<{
  defaultLocalPreference: number;
  alwaysCompareMed: boolean;
  maximumPaths: Readonly<{ ebgp: number; ibgp: number }>;
}>;

export type Decision = Readonly<{ best: Path | undefined; multipath: readonly Path[] }>;

/** What became of one path: words for the winner differ from those for the losers. */
export type Verdict = Readonly<{ path: Path; valid: boolean; reason: string }>;

type Candidate = Path & Readonly<{ attributes: PathAttributes }>;
type Step = Readonly<{
  won: string;
  lost: string;
  keep: (candidates: readonly Candidate[], rules: DecisionRules) => readonly Candidate[];
}>;

const ORIGIN_RANK = { igp: 0, egp: 1, incomplete: 2 } as const;

const byCost =
  (cost: (path: Candidate, rules: DecisionRules) => number): Step['keep'] =>
  (candidates, rules) => {
    let lowest = Number.POSITIVE_INFINITY;
    let count = 0;
    for (const path of candidates) {
      const own = cost(path, rules);
      if (own < lowest) {
        lowest = own;
        count = 1;
      } else if (own === lowest) count++;
    }
    return count === candidates.length ? candidates : candidates.filter((path) => cost(path, rules) === lowest);
  };

/** Steps up to and including the last one that paths must tie in to be used side by side. */
const STEPS_TO_MULTIPATH: readonly Step[] = [
  { won: 'highest weight', lost: 'lower weight', keep: byCost((path) => -path.weight) },
  {
    won: 'highest local preference',
    lost: 'lower local preference',
    keep: byCost((path, rules) => -(path.attributes.localPreference ?? rules.defaultLocalPreference)),
  },
  { won: 'locally originated', lost: 'not locally originated', keep: byCost((path) => (path.source ? 1 : 0)) },
  { won: 'shortest AS path', lost: 'longer AS path', keep: byCost((path) => asPathLength(path.attributes.asPath)) },
  { won: 'lowest origin', lost: 'higher origin', keep: byCost((path) => ORIGIN_RANK[path.attributes.origin]) },
  { won: 'lowest MED', lost: 'higher MED', keep: keepLowestMed },
  { won: 'eBGP over iBGP', lost: 'iBGP behind eBGP', keep: byCost((path) => (path.source?.external ? 0 : 1)) },
  {
    won: 'lowest IGP metric to next hop',
    lost: 'higher IGP metric to next hop',
    keep: byCost((path) => path.hop?.metric ?? 0),
  },
];

const STEPS_AFTER: readonly Step[] = [
  {
    won: 'lowest router ID',
    lost: 'higher router ID',
    // RFC 4456 section 9: ORIGINATOR_ID stands in for the router ID of a reflected route.
    keep: byCost((path) => ((path.attributes.originatorId ?? path.source?.routerId)?.a ?? 0) >>> 0),
  },
  {
    won: 'shortest cluster list',
    lost: 'longer cluster list',
    keep: byCost((path) => path.attributes.clusterList.length),
  },
  { won: 'lowest neighbor address', lost: 'higher neighbor address', keep: keepLowestAddress },
];

/** The best path and those that may be used beside it (the best one is among them). */
export function decide(paths: readonly Path[], rules: DecisionRules): Decision {
  const only = paths[0];
  if (only === undefined) return { best: undefined, multipath: paths };
  if (paths.length === 1) {
    return isUsable(only) ? { best: only, multipath: paths.slice() } : { best: undefined, multipath: [] };
  }
  let candidates = run(paths.filter(isUsable), STEPS_TO_MULTIPATH, rules);
  const equals = candidates;
  candidates = run(candidates, STEPS_AFTER, rules);
  const best = candidates[0];
  if (best === undefined) return { best, multipath: [] };
  return { best, multipath: multipathOf(best, equals, rules) };
}

/** For every path whether it took part, and the step that settled its fate. */
export function explain(paths: readonly Path[], rules: DecisionRules): readonly Verdict[] {
  const verdicts = new Map<Path, Verdict>();
  let candidates: readonly Candidate[] = paths.filter(isUsable);
  let settled = 'only path';
  for (const step of [...STEPS_TO_MULTIPATH, ...STEPS_AFTER]) {
    const kept = step.keep(candidates, rules);
    if (kept.length === candidates.length) continue;
    for (const path of candidates) {
      if (!kept.includes(path)) verdicts.set(path, { path, valid: true, reason: step.lost });
    }
    candidates = kept;
    settled = step.won;
  }
  const best = candidates[0];
  if (best !== undefined) verdicts.set(best, { path: best, valid: true, reason: settled });
  return paths.map((path) => verdicts.get(path) ?? { path, valid: false, reason: uselessBecause(path) });
}

function isUsable(path: Path): path is Candidate {
  return path.attributes !== undefined && (path.hop === undefined || path.hop.metric !== undefined);
}

function uselessBecause(path: Path): string {
  return path.attributes === undefined ? 'denied by inbound policy' : 'next hop unreachable';
}

function run(candidates: readonly Candidate[], steps: readonly Step[], rules: DecisionRules): readonly Candidate[] {
  let kept = candidates;
  for (const step of steps) {
    if (kept.length <= 1) break;
    kept = step.keep(kept, rules);
  }
  return kept;
}

/**
 * RFC 4271 section 9.1.2.2 c: MEDs compare only among routes of one neighbouring AS (unless told otherwise), so a path
 * goes when another of its AS has a lower one. A missing MED counts as zero.
 */
function keepLowestMed(candidates: readonly Candidate[], rules: DecisionRules): readonly Candidate[] {
  const group = (path: Candidate): number => (rules.alwaysCompareMed ? 0 : (firstAs(path.attributes.asPath) ?? 0));
  const lowest = new Map<number, number>();
  for (const path of candidates) {
    const as = group(path);
    lowest.set(as, Math.min(lowest.get(as) ?? Number.POSITIVE_INFINITY, path.attributes.med ?? 0));
  }
  return candidates.filter((path) => (path.attributes.med ?? 0) === lowest.get(group(path)));
}

function keepLowestAddress(candidates: readonly Candidate[]): readonly Candidate[] {
  let lowest = candidates[0];
  for (const path of candidates) {
    const [a, b] = [path.source?.address, lowest?.source?.address];
    if (a !== undefined && (b === undefined || a.compare(b) < 0)) lowest = path;
  }
  return lowest === undefined ? [] : [lowest];
}

/** Paths beside the best one: of its kind, and for eBGP with its very AS path, as Cisco asks by default. */
function multipathOf(best: Candidate, equals: readonly Candidate[], rules: DecisionRules): readonly Path[] {
  if (best.source === undefined) return [best];
  const limit = best.source.external ? rules.maximumPaths.ebgp : rules.maximumPaths.ibgp;
  if (limit <= 1 || equals.length === 1) return [best];
  const others = equals
    .filter((path) => path !== best && sameAsPath(path.attributes.asPath, best.attributes.asPath))
    .filter((path, i, all) => all.findIndex((twin) => twin.hop === path.hop) === i && path.hop !== best.hop)
    .sort((a, b) => a.attributes.nextHop.compare(b.attributes.nextHop));
  return [best, ...others.slice(0, limit - 1)];
}
