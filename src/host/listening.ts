/** Where a gateway listens for IKE and ESP: addresses of interfaces that IKE is enabled on, and sources of tunnels. */
import type { IpAddress } from '../base/index.ts';
import type { InterfaceModel } from '../config/model.ts';
import type { ModelIndex } from '../gateway/index.ts';

/** An address in a VRF; '' is the global table. */
export type ListenAddress = Readonly<{ vrf: string; address: IpAddress }>;

/** By VRF and address as text. */
export function listenAddresses(index: ModelIndex): ReadonlyMap<string, ListenAddress> {
  const { model } = index;
  const wanted = new Map<string, ListenAddress>();
  const add = (vrf: string, address: IpAddress): void => void wanted.set(`${vrf} ${address}`, { vrf, address });
  const addInterface = (one: InterfaceModel | undefined): void => {
    if (one === undefined || one.shutdown) return;
    for (const { address } of index.addresses(one)) if (!address.isLinkLocal) add(one.vrf, address);
  };
  for (const { interface: name } of model.ikeEnabled) addInterface(index.interface(name));
  for (const { kind, shutdown, tunnel } of model.interfaces) {
    if (shutdown || tunnel === undefined) continue;
    const frontVrf = tunnel.frontVrf ?? '';
    addInterface(index.interface(tunnel.sourceInterface));
    if (tunnel.sourceAddress !== undefined) add(frontVrf, tunnel.sourceAddress);
    if (kind !== 'virtual-template' || model.dialect !== 'iosxe') continue;
    if (tunnel.sourceInterface !== undefined || tunnel.sourceAddress !== undefined) continue;
    // A router answers whoever calls at any of its addresses in the front VRF.
    for (const other of model.interfaces) {
      if (other.vrf === frontVrf && (other.kind === 'ethernet' || other.kind === 'loopback')) addInterface(other);
    }
  }
  return wanted;
}
