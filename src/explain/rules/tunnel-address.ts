/** Two devices with the same tunnel address: each takes the other's routes and sessions. */
import type { IpAddress } from '../../base/index.ts';
import { lineOf } from '../places.ts';
import type { TunnelRule } from '../tunnel-case.ts';

export const tunnelAddress: TunnelRule = ({ near, far, fabric }) => {
  const { device, tunnel, index } = near;
  if (tunnel?.kind !== 'tunnel') return undefined;
  const own = index.addresses(tunnel).map(({ address }) => address);
  for (const other of fabric.values()) {
    if (other === device) continue;
    for (const theirs of other.model.interfaces) {
      if (theirs.kind !== 'tunnel' && theirs.kind !== 'loopback') continue;
      const twice = theirs.addresses.find(({ address }) => own.some((mine) => isSame(mine, address)));
      if (twice === undefined) continue;
      if (
        theirs.kind === 'tunnel' &&
        theirs.tunnel?.destination?.equals(tunnel.tunnel?.destination ?? twice.address) !== true
      )
        continue;
      return {
        state: near.state?.lineProtocol === true ? 'carries-nothing' : 'down',
        code: 'tunnel-address-twice',
        claim: `${tunnel.name} of ${device.name} and ${theirs.name} of ${other.name} have the same address ${twice.address}`,
        lines: [lineOf(device, tunnel.written, 'addresses'), lineOf(other, theirs.written, 'addresses')],
        edits: [],
      };
    }
  }
  void far;
  return undefined;
};

function isSame(a: IpAddress, b: IpAddress): boolean {
  return !a.isLinkLocal && a.equals(b);
}
