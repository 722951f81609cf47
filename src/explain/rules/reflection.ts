/** What one internal neighbour tells is not passed on to another: RFC 4271 section 9.2, RFC 4456 section 6. */
import type { Family } from '../../base/index.ts';
import { type BgpEnd, type BgpRule, bothWays, familiesOf, isExternal } from '../bgp-case.ts';
import { neighborLine, setNeighbor } from '../bgp-lines.ts';
import type { DeviceEvidence, Fabric } from '../evidence.ts';
import type { Finding } from '../tunnel-case.ts';
import { ownerOf } from '../ways.ts';

export const reflection: BgpRule = (one) => {
  for (const { here, there } of bothWays(one)) {
    for (const family of familiesOf(here)) {
      const found = notReflected(one.fabric, here, there, family);
      if (found !== undefined) return found;
    }
  }
  return undefined;
};

/** `here` has another internal neighbour; neither is a client, and the two have no session with one another. */
export function notReflected(
  fabric: Fabric,
  here: BgpEnd,
  there: BgpEnd | undefined,
  family: Family,
): Finding | undefined {
  const { device, neighbor, bgp } = here;
  if (neighbor === undefined || isExternal(here) || bgp === undefined) return undefined;
  if (neighbor.families[family]?.routeReflectorClient === true) return undefined;
  const other = bgp.neighbors.find((one) => {
    const settings = one.families[family];
    if (one === neighbor || settings?.activate !== true || settings.routeReflectorClient || one.shutdown) return false;
    if (one.remoteAsn !== (one.localAsn ?? bgp.asn)) return false;
    const owner = [...fabric.values()].find((candidate) => ownerOf(candidate, one.address) !== undefined);
    if (owner === undefined || there === undefined || owner === there.device) return false;
    return !arePeers(owner, there.device);
  });
  if (other === undefined) return undefined;
  const client = `ipv${family} route-reflector-client`;
  return {
    layer: 'route',
    code: 'not-reflected',
    claim: `${device.name} does not pass on to ${neighbor.address} what ${other.address} tells: both are internal neighbors, and neither is a client`,
    evidence: [`${device.name}: ${here.session?.families?.[family]?.sent ?? 0} prefixes sent to ${neighbor.address}`],
    lines: [neighborLine(device, neighbor)],
    edits: [
      setNeighbor(device, neighbor, client, { text: 'route-reflector-client', why: 'passes internal routes on to it' }),
      setNeighbor(device, other, client, { text: 'route-reflector-client', why: 'passes its routes on to everybody' }),
    ],
  };
}

function arePeers(a: DeviceEvidence, b: DeviceEvidence): boolean {
  return a.model.bgp?.neighbors.some(({ address }) => ownerOf(b, address) !== undefined) === true;
}
