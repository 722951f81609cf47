/** BGP has a path by the neighbour, and another route takes the packets elsewhere. */
import type { BgpPathSnapshot } from '../../bgp/index.ts';
import { type BgpEnd, type BgpRule, bothWays } from '../bgp-case.ts';
import { deleteLine, lineOf, replaceLine } from '../places.ts';
import { routeText } from '../route-text.ts';
import type { Finding } from '../tunnel-case.ts';
import { aliasOf, type Way, wayFor, wayTo } from '../ways.ts';

/** More than any distance of BGP. */
const FLOATING = 250;

export const preferredRoute: BgpRule = (one) => {
  for (const { here } of bothWays(one)) {
    const { device, neighbor } = here;
    if (neighbor === undefined) continue;
    const paths = device.bgpPaths?.({ kind: 'all' }) ?? [];
    for (const path of paths) {
      if (!path.best || path.from?.equals(neighbor.address) !== true) continue;
      const found = overruled(here, path);
      if (found !== undefined) return found;
    }
  }
  return undefined;
};

/** A static route to the same prefix wins by its distance, and does not leave by the way to the neighbour. */
function overruled({ device, neighbor }: BgpEnd, { prefix }: BgpPathSnapshot): Finding | undefined {
  const way = wayFor(device, prefix);
  if (neighbor === undefined || way?.line === undefined || way.source !== 'static') return undefined;
  if (way.interface !== undefined && way.interface === wayTo(device, neighbor.address)?.interface) return undefined;
  return finding({ device, neighbor }, way);
}

function finding({ device, neighbor }: Pick<BgpEnd, 'device' | 'neighbor'>, way: Way): Finding | undefined {
  const { line, prefix, interface: out } = way;
  if (line === undefined) return undefined;
  const where = out === undefined ? 'drops them' : `sends them out of ${aliasOf(device, out)}`;
  return {
    layer: 'route',
    code: 'other-route-wins',
    claim: `${device.name} learns ${prefix} from ${neighbor?.address}, and a static route (distance ${line.distance}) for the same ${where}`,
    evidence: [`the installed route ${prefix} is static, not from BGP`],
    lines: [lineOf(device, line.written)],
    edits: [
      deleteLine(device, line.written.start, `leaves ${prefix} to BGP`),
      replaceLine(device, line.written.start, {
        text: routeText({ ...line, distance: FLOATING }),
        why: 'serves only while BGP has no path',
      }),
    ],
  };
}
