/** No address family that both ends want: RFC 4760 section 8, NOTIFICATION 2/7. */
import type { Family } from '../../base/index.ts';
import { type BgpEnd, type BgpRule, bothWays, familiesOf } from '../bgp-case.ts';
import { neighborLine, setNeighbor } from '../bgp-lines.ts';
import type { Edit } from '../diagnosis.ts';
import { deleteLine } from '../places.ts';
import { notified, sessionsSeen } from '../session-evidence.ts';

export const addressFamily: BgpRule = (one) => {
  for (const { here, there } of bothWays(one)) {
    const { device, neighbor } = here;
    if (neighbor === undefined) continue;
    const own = familiesOf(here);
    const theirs = there === undefined ? [one.family] : familiesOf(there);
    if (own.length > 0 && (there === undefined || own.some((family) => theirs.includes(family)))) continue;
    if (there !== undefined && theirs.length === 0) continue;
    const family = theirs[0] ?? one.family;
    return {
      code: 'not-activated',
      claim: `${device.name} exchanges no IPv${family} routes with ${neighbor.address}: the neighbor is not activated`,
      evidence: sessionsSeen(one),
      lines: [neighborLine(device, neighbor, `ipv${family} activate`)],
      edits: [activated(here, family)].flat(),
    };
  }
  const { near } = one;
  const seen = one.far === undefined ? notified(near, 2, 7) : undefined;
  if (seen === undefined || near.neighbor === undefined) return undefined;
  const wanted = familiesOf(near)[0] ?? one.family;
  return {
    code: 'not-activated',
    claim: `${near.neighbor.address} and ${near.device.name} have no address family in common`,
    evidence: [seen.text],
    lines: [neighborLine(near.device, near.neighbor, `ipv${wanted} activate`)],
    missing: `\`neighbor ${near.address ?? 'ADDRESS'} activate\` under \`address-family ipv${wanted} unicast\``,
  };
};

function activated({ device, neighbor }: BgpEnd, family: Family): readonly Edit[] {
  if (neighbor === undefined) return [];
  const negated = neighbor.written.attributes[`ipv${family} activate`];
  const why = `exchanges IPv${family} routes`;
  // IPv4 is active unless a line says no.
  if (negated !== undefined && family === 4) return [deleteLine(device, negated, why)];
  if (neighbor.address.family !== family) return [];
  return [setNeighbor(device, neighbor, `ipv${family} activate`, { text: 'activate', why })];
}
