/** By which interface of the plane a packet for an address of ours is taken to come in. */
import type { PlaneInterface } from '../plane/contract.ts';
import { type AddressKey, addressKey } from './address-key.ts';

/** By VRF and address. An address of a loopback is reached by whichever real interface is up. */
export function ingressOf(
  interfaces: ReadonlyMap<string, PlaneInterface>,
): ReadonlyMap<string, ReadonlyMap<AddressKey, string>> {
  const vrfs = new Map<string, Map<AddressKey, string>>();
  const all = [...interfaces.values()].filter(({ kind }) => kind === 'ethernet' || kind === 'loopback');
  const real = all.filter(({ kind }) => kind === 'ethernet');
  for (const one of all) {
    const way = one.kind === 'ethernet' ? one : real.find(({ up, vrf }) => up && vrf === one.vrf);
    if (way === undefined) continue;
    const found = vrfs.get(one.vrf) ?? new Map<AddressKey, string>();
    vrfs.set(one.vrf, found);
    for (const { address } of one.addresses) {
      if (one.kind === 'ethernet' || !found.has(addressKey(address))) found.set(addressKey(address), way.name);
    }
  }
  return vrfs;
}
