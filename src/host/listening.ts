/** Where a gateway listens for IKE and ESP: addresses of interfaces that IKE is enabled on, and sources of tunnels. */
import type { IpAddress } from '../base/index.ts';
import type { ModelIndex } from '../gateway/index.ts';

/** By address as text. */
export function listenAddresses(index: ModelIndex): ReadonlyMap<string, IpAddress> {
  const { model } = index;
  const wanted = new Map<string, IpAddress>();
  const add = (address: IpAddress): void => void wanted.set(`${address}`, address);
  const addInterface = (name: string | undefined): void => {
    const one = name === undefined ? undefined : index.interface(name);
    if (one === undefined || one.shutdown) return;
    for (const { address } of index.addresses(one)) if (!address.isLinkLocal) add(address);
  };
  for (const { interface: name } of model.ikeEnabled) addInterface(name);
  for (const { kind, shutdown, tunnel } of model.interfaces) {
    if (kind !== 'tunnel' || shutdown || tunnel === undefined) continue;
    addInterface(tunnel.sourceInterface);
    if (tunnel.sourceAddress !== undefined) add(tunnel.sourceAddress);
  }
  return wanted;
}
