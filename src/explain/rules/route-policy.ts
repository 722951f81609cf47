/** A prefix list or a route map toward the neighbour, or from it, leaves nothing of what is announced. */
import type { Family, Prefix } from '../../base/index.ts';
import { type BgpEnd, type BgpRule, bothWays, familiesOf } from '../bgp-case.ts';
import { neighborLine } from '../bgp-lines.ts';
import { type Edit, sourceLine } from '../diagnosis.ts';
import { deleteLine, insertAfter, replaceLine } from '../places.ts';
import { byPrefixList, byRouteMap, type Verdict } from '../policy-verdict.ts';
import type { Finding } from '../tunnel-case.ts';
import { wayFor } from '../ways.ts';

type Way = 'in' | 'out';

export const routePolicy: BgpRule = (one) => {
  for (const { here, there } of bothWays(one)) {
    for (const family of familiesOf(here)) {
      const sent = toldBy(here, family);
      const heard = there === undefined ? heardBy(here, family) : toldBy(there, family);
      const found = allDenied(here, family, 'out', sent) ?? allDenied(here, family, 'in', heard);
      if (found !== undefined) return found;
    }
  }
  return undefined;
};

/** Why one prefix does not pass an end's policy in one direction. */
export function denial(here: BgpEnd, way: Way, prefix: Prefix, all: readonly Prefix[] = [prefix]): Finding | undefined {
  const { device, neighbor } = here;
  const settings = neighbor?.families[prefix.family];
  if (neighbor === undefined || settings === undefined) return undefined;
  const list = way === 'in' ? settings.prefixListIn : settings.prefixListOut;
  const map = way === 'in' ? settings.routeMapIn : settings.routeMapOut;
  const listVerdict = list === undefined ? undefined : byPrefixList(device.model, list, prefix);
  if (list !== undefined && listVerdict?.permits === false)
    return finding(here, way, all, prefix, { kind: 'prefix-list', name: list, verdict: listVerdict });
  const mapVerdict = map === undefined ? undefined : byRouteMap(device.model, map, prefix);
  if (map !== undefined && mapVerdict?.permits === false)
    return finding(here, way, all, prefix, { kind: 'route-map', name: map, verdict: mapVerdict });
  return undefined;
}

/** A filter that leaves something is taken for what the operator wants. */
function allDenied(here: BgpEnd, family: Family, way: Way, prefixes: readonly Prefix[]): Finding | undefined {
  if (way === 'out' && here.neighbor?.families[family]?.defaultOriginate === true) return undefined;
  const counts = here.session?.families?.[family];
  if (counts !== undefined && (way === 'in' ? counts.accepted : counts.sent) > 0) return undefined;
  const verdicts = prefixes.map((prefix) => denial(here, way, prefix, prefixes));
  return verdicts.every((one) => one !== undefined) ? verdicts[0] : undefined;
}

type Policy = Readonly<{ kind: 'prefix-list' | 'route-map'; name: string; verdict: Verdict }>;

function finding(
  here: BgpEnd,
  way: Way,
  all: readonly Prefix[],
  prefix: Prefix,
  { kind, name, verdict }: Policy,
): Finding {
  const { device, neighbor } = here;
  const address = neighbor?.address;
  const attribute = `ipv${prefix.family} ${kind} ${way}`;
  const used = neighbor === undefined ? undefined : neighbor.written.attributes[attribute];
  const direction = way === 'in' ? `from ${address}` : `toward ${address}`;
  const because = {
    entry: 'denies it',
    'no-match': 'ends without an entry for it',
    undefined: 'is defined nowhere, and such a map denies everything',
  }[verdict.by];
  const away = used === undefined ? [] : [deleteLine(device, used, `filters nothing ${direction}`)];
  return {
    layer: 'route',
    code: verdict.by === 'undefined' ? `${kind}-undefined` : `${kind}-denies`,
    claim: `${device.name} does not let ${prefix} pass ${direction}: ${kind} ${name} ${because}`,
    evidence: counted(here, prefix.family),
    lines: [
      ...(verdict.position === undefined ? [] : [sourceLine(device, verdict.position)]),
      ...(neighbor === undefined ? [] : [neighborLine(device, neighbor, attribute)]),
    ],
    edits: [...permitting(here, all, { kind, name, verdict }), ...away],
  };
}

function permitting(
  { device, bgp }: BgpEnd,
  prefixes: readonly Prefix[],
  { kind, name, verdict }: Policy,
): readonly Edit[] {
  const { position, next } = verdict;
  const why = `lets ${prefixes.join(', ')} pass`;
  if (position !== undefined) {
    const { text } = sourceLine(device, position);
    const changed = text.trim().replace(/\bdeny\b/, 'permit');
    return changed === text.trim() ? [] : [replaceLine(device, position, { text: changed, why })];
  }
  const start = bgp?.written.start;
  if (start === undefined) return [];
  // Lists and maps stand before BGP.
  const before = { ...start, line: start.line - 1, column: 1 };
  if (kind === 'route-map') return [insertAfter(device, before, { text: `route-map ${name} permit ${next}`, why })];
  const lines = prefixes.map((prefix, i) => {
    const word = prefix.family === 6 ? 'ipv6 prefix-list' : 'prefix-list';
    return `${word} ${name} seq ${next + 5 * i} permit ${prefix}`;
  });
  return [insertAfter(device, before, { text: lines.join('\n'), why })];
}

/** What an end has to tell: its table if it can be asked, else the networks that it has routes for. */
function toldBy({ device, bgp, neighbor, session }: BgpEnd, family: Family): readonly Prefix[] {
  if (device.bgpPaths !== undefined && session?.state === 'Established') {
    const best = device.bgpPaths({ kind: 'all' }).filter((path) => path.best && path.prefix.family === family);
    return best
      .filter(({ from }) => from === undefined || from.equals(neighbor?.address ?? from) === false)
      .map(({ prefix }) => prefix);
  }
  const lines = bgp?.families[family]?.networks ?? [];
  return lines.map(({ prefix }) => prefix).filter((prefix) => wayFor(device, prefix) !== undefined);
}

/** What an end was told, permitted or not. */
function heardBy({ device, neighbor }: BgpEnd, family: Family): readonly Prefix[] {
  if (neighbor === undefined) return [];
  const paths = device.bgpPaths?.({ kind: 'received', neighbor: neighbor.address }) ?? [];
  return paths.map(({ prefix }) => prefix).filter((prefix) => prefix.family === family);
}

function counted({ device, session }: BgpEnd, family: Family): readonly string[] {
  const counts = session?.families?.[family];
  if (counts === undefined) return [];
  const { received, accepted, sent } = counts;
  return [
    `${device.name}: ${session?.address} told ${received} prefixes, ${accepted} were accepted; ${sent} were sent`,
  ];
}
