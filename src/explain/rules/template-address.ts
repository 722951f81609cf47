/** The hub's virtual template borrows no address of a family that the spoke's tunnel has: nobody answers there. */
import type { Family, IpAddress } from '../../base/index.ts';
import { insertAfter, lineOf } from '../places.ts';
import type { TunnelEnd, TunnelRule } from '../tunnel-case.ts';

export const templateAddress: TunnelRule = ({ near, far }) => {
  const [spoke, hub] = near.tunnel?.kind === 'virtual-template' ? [far, near] : [near, far];
  if (spoke?.tunnel === undefined || hub?.tunnel?.kind !== 'virtual-template') return undefined;
  for (const family of [4, 6] as const) {
    if (!has(spoke, family) || has(hub, family)) continue;
    const { device, tunnel } = hub;
    const lender = lenderOf(hub, spoke, family);
    const keyword = family === 4 ? 'ip unnumbered' : 'ipv6 unnumbered';
    const place = tunnel.written.attributes['alias'] ?? tunnel.written.start;
    return {
      code: 'unnumbered-missing',
      claim: `${tunnel.name} of ${device.name} has no IPv${family} address, and ${spoke.tunnel.name} of ${spoke.device.name} has one`,
      lines: [lineOf(device, tunnel.written), lineOf(spoke.device, spoke.tunnel.written)],
      edits:
        lender === undefined
          ? []
          : [
              insertAfter(device, place, {
                text: ` ${keyword} ${lender}`,
                why: 'the address that the other side expects',
              }),
            ],
    };
  }
  return undefined;
};

function has({ index, tunnel }: TunnelEnd, family: Family): boolean {
  return tunnel !== undefined && index.addresses(tunnel).some(({ address }) => address.family === family);
}

/** The loopback that the spoke looks for as its BGP neighbor, else the first with an address of the family. */
function lenderOf({ device }: TunnelEnd, spoke: TunnelEnd, family: Family): string | undefined {
  const wanted = spoke.device.model.bgp?.neighbors.map(({ address }) => address) ?? [];
  const isWanted = (address: IpAddress): boolean => wanted.some((one) => one.equals(address));
  const loopbacks = device.model.interfaces.filter(
    ({ kind, addresses }) => kind === 'loopback' && addresses.some(({ address }) => address.family === family),
  );
  const best = loopbacks.find(({ addresses }) => addresses.some(({ address }) => isWanted(address))) ?? loopbacks[0];
  return best?.alias;
}
