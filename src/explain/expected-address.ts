/** The tunnel address that the other end speaks BGP with and that nobody has. */
import type { Family, IpAddress } from '../base/index.ts';
import type { Fabric } from './evidence.ts';
import type { TunnelEnd } from './tunnel-case.ts';

/** What `end` should be called, by the neighbor that `other` has configured for its AS. */
export function expectedAddress(
  fabric: Fabric,
  end: TunnelEnd,
  other: TunnelEnd | undefined,
  family: Family,
): IpAddress | undefined {
  const asn = end.device.model.bgp?.asn;
  const owned = new Set(
    [...fabric.values()].flatMap(({ model }) =>
      model.interfaces.flatMap((one) => one.addresses.map(({ address }) => address.toString())),
    ),
  );
  const neighbors = other?.device.model.bgp?.neighbors ?? [];
  return neighbors.find(
    ({ address, remoteAsn }) => address.family === family && remoteAsn === asn && !owned.has(address.toString()),
  )?.address;
}
