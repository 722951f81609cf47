/** What the neighbour told is of no use: no route leads to its next hop. RFC 4271 section 9.1.2. */
import { type IpAddress, Prefix } from '../../base/index.ts';
import type { BgpPathSnapshot } from '../../bgp/index.ts';
import { type BgpEnd, type BgpRule, bothWays } from '../bgp-case.ts';
import { neighborLine, setNeighbor } from '../bgp-lines.ts';
import { type Edit, type SourceLine, sourceLine } from '../diagnosis.ts';
import { deleteLine, insertAfter } from '../places.ts';
import { routeText } from '../route-text.ts';
import type { Finding } from '../tunnel-case.ts';
import { wayText } from '../ways.ts';

export const nextHop: BgpRule = (one) => {
  for (const { here, there } of bothWays(one)) {
    const found = unreachable(here, there);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** Paths of the neighbour whose next hop has no route; of one prefix, or any. */
export function unreachable(here: BgpEnd, there: BgpEnd | undefined, only?: Prefix): Finding | undefined {
  const { device, neighbor } = here;
  if (neighbor === undefined) return undefined;
  const paths = device.bgpPaths?.({ kind: 'received', neighbor: neighbor.address }) ?? [];
  const lost = paths.filter(
    ({ valid, denied, reason, prefix }) =>
      !valid && denied !== true && reason === 'next hop unreachable' && (only === undefined || prefix.equals(only)),
  );
  const [first] = lost;
  if (first === undefined) return undefined;
  const hop = inboundHop(here, first.prefix) ?? first.nextHop;
  const setters = [...setBy(here, 'in', hop), ...(there === undefined ? [] : setBy(there, 'out', hop))];
  return {
    layer: 'route',
    code: 'next-hop-unreachable',
    claim: `${device.name} was told ${first.prefix} by ${neighbor.address} with next hop ${hop}, to which it has no route`,
    evidence: [
      `${lost.length} of ${paths.length} prefixes from ${neighbor.address} have an unreachable next hop`,
      wayText(device, hop),
    ],
    lines: setters.length > 0 ? setters.map(({ line }) => line) : [neighborLine(device, neighbor)],
    edits: [...setters.map(({ edit }) => edit), ...(setters.length > 0 ? [] : ways(here, there, hop, first))],
    ...(there === undefined && setters.length === 0
      ? {
          missing: `\`next-hop-self\` toward ${here.address ?? device.name}, or no \`set ip next-hop ${hop}\` in its route-map`,
        }
      : {}),
  };
}

/** A route to the next hop by the neighbour; or, where it is the neighbour that brought the route in, the neighbour itself. */
function ways(here: BgpEnd, there: BgpEnd | undefined, hop: IpAddress, path: BgpPathSnapshot): readonly Edit[] {
  const { device, neighbor, link } = here;
  const alias = link?.tunnel?.alias;
  const last = device.model.staticRoutes.findLast(({ prefix }) => prefix.family === hop.family)?.written.start;
  const text = routeText({ interface: alias ?? '', prefix: Prefix.host(hop), gateway: neighbor?.address, distance: 1 });
  const route =
    alias === undefined || last === undefined
      ? []
      : [insertAfter(device, last, { text, why: 'leads to the next hop by the neighbor' })];
  if (there?.neighbor === undefined || path.source !== 'ibgp') return route;
  // RFC 4456 section 10: a reflected route keeps its next hop whatever is configured.
  const table = there.device.bgpPaths?.({ kind: 'all' }) ?? [];
  if (table.some(({ prefix, best, source }) => best && source === 'ibgp' && prefix.equals(path.prefix))) return route;
  const attribute = `ipv${path.prefix.family} next-hop-self`;
  const why = 'gives itself for the next hop';
  return [...route, setNeighbor(there.device, there.neighbor, attribute, { text: 'next-hop-self', why })];
}

/** A next hop that our own map sets in place of the one that was told. */
function inboundHop({ device, neighbor }: BgpEnd, prefix: Prefix): IpAddress | undefined {
  const table = device.bgpPaths?.({ kind: 'all' }) ?? [];
  const own = table.find(
    (path) => path.prefix.equals(prefix) && neighbor !== undefined && path.from?.equals(neighbor.address) === true,
  );
  return own?.nextHop;
}

type Setter = Readonly<{ line: SourceLine; edit: Edit }>;

/** Lines of a route map that set this next hop. */
function setBy({ device, neighbor }: BgpEnd, way: 'in' | 'out', hop: IpAddress): readonly Setter[] {
  const maps = ([4, 6] as const).flatMap((family) => {
    const settings = neighbor?.families[family];
    return (way === 'in' ? settings?.routeMapIn : settings?.routeMapOut) ?? [];
  });
  return device.model.routeMaps
    .filter(({ name }) => maps.includes(name))
    .flatMap(({ clauses }) => clauses)
    .flatMap(({ setNextHop, written }) => {
      const position = written.attributes['setNextHop'];
      if (setNextHop === undefined || position === undefined || !setNextHop.equals(hop)) return [];
      const edit = deleteLine(device, position, 'keeps the next hop as it is');
      return [{ line: sourceLine(device, position), edit }];
    });
}
