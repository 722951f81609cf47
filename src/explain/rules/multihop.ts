/** An eBGP neighbour off the connected networks needs to be told so. */
import { type BgpRule, bothWays } from '../bgp-case.ts';
import { needsHops, neighborLine, setNeighbor } from '../bgp-lines.ts';

export const multihop: BgpRule = (one) => {
  for (const { here } of bothWays(one)) {
    const { device, neighbor, session } = here;
    if (neighbor === undefined || !needsHops(here)) continue;
    return {
      code: 'not-directly-connected',
      claim: `${neighbor.address} is in another AS and on no network that ${device.name} is connected to`,
      evidence: session?.lastError === undefined ? [] : [`${device.name}: ${session.lastError}`],
      lines: [neighborLine(device, neighbor)],
      edits: [
        setNeighbor(device, neighbor, 'ebgpMultihop', { text: 'ebgp-multihop 2', why: 'lets it be some hops away' }),
        setNeighbor(device, neighbor, 'disableConnectedCheck', {
          text: 'disable-connected-check',
          why: 'it is one hop away, though with an address off the link',
        }),
      ],
    };
  }
  return undefined;
};
