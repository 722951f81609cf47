/** The tunnel is up, and a BGP session that takes it is not, or carries nothing. */
import { openBgpCase } from '../bgp-case.ts';
import { walkBgp } from '../bgp-walk.ts';
import type { TunnelCase, TunnelRule } from '../tunnel-case.ts';
import { ownerOf, wayTo } from '../ways.ts';

export const bgpOverTunnel: TunnelRule = (one) => {
  const { fabric, near } = one;
  const { device } = near;
  if (device.snapshot !== undefined && near.state?.lineProtocol !== true) return undefined;
  for (const address of neighborsOver(one)) {
    const session = openBgpCase(fabric, { device: device.name, neighbor: address });
    const found = typeof session === 'string' ? undefined : walkBgp(session);
    if (found === undefined || typeof session === 'string') continue;
    if (session.near.link !== undefined && session.near.link.tunnel !== near.tunnel) continue;
    const { subject: _, ...rest } = found;
    return { ...rest, state: 'carries-nothing', claim: `BGP with ${address}: ${found.claim}` };
  }
  return undefined;
};

/** Addresses of the neighbours that are behind the tunnel, and of one that ought to be. */
function neighborsOver({ fabric, near, far }: TunnelCase): readonly string[] {
  const neighbors = near.device.model.bgp?.neighbors ?? [];
  const names = [near.tunnel?.name, near.state?.name];
  const own = neighbors.filter(({ address }) => {
    if (far !== undefined && ownerOf(far.device, address) !== undefined) return true;
    const out = wayTo(near.device, address)?.interface;
    if (far === undefined && near.tunnel?.tunnel?.destination?.equals(address) === true) return true;
    if (out !== undefined) return names.includes(out);
    // An address that leads nowhere may be meant for the device behind the tunnel.
    const lost = openBgpCase(fabric, { device: near.device.name, neighbor: address.toString() });
    return far !== undefined && typeof lost === 'object' && lost.far?.device === far.device;
  });
  const called = new Set(own.map(({ address }) => address.toString()));
  if (far?.tunnel === undefined || near.device.model.bgp === undefined) return [...called];
  for (const family of [4, 6] as const) {
    const back = far.device.model.bgp?.neighbors.some(
      ({ address }) => address.family === family && ownerOf(near.device, address) !== undefined,
    );
    const wanted = far.index.sourceAddress(far.tunnel, family);
    const isCovered = own.some(({ address }) => address.family === family);
    if (back === true && wanted !== undefined && !isCovered) called.add(wanted.toString());
  }
  return [...called];
}
