/** Two devices with the same tunnel address toward one hub: each takes the other's routes and sessions. */
import { netmask } from '../../base/index.ts';
import type { InterfaceModel } from '../../config/index.ts';
import type { Edit } from '../diagnosis.ts';
import type { DeviceEvidence } from '../evidence.ts';
import { expectedAddress } from '../expected-address.ts';
import { addressPlace, lineAt, replaceLine } from '../places.ts';
import type { Finding, TunnelCase, TunnelRule } from '../tunnel-case.ts';

export const tunnelAddress: TunnelRule = (one) => {
  const { near, fabric } = one;
  const { device, tunnel } = near;
  if (tunnel?.kind !== 'tunnel') return undefined;
  for (const other of fabric.values()) {
    if (other === device) continue;
    for (const theirs of other.model.interfaces) {
      const found = isRival(tunnel, theirs) ? clash(one, tunnel, other, theirs) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
};

/** Tunnels to the same place meet there; so does the loopback of the place itself. */
function isRival(tunnel: InterfaceModel, { kind, tunnel: theirs }: InterfaceModel): boolean {
  const destination = tunnel.tunnel?.destination;
  if (kind === 'loopback') return true;
  return kind === 'tunnel' && destination !== undefined && theirs?.destination?.equals(destination) === true;
}

function clash(
  { near, far, fabric }: TunnelCase,
  tunnel: InterfaceModel,
  other: DeviceEvidence,
  theirs: InterfaceModel,
): Finding | undefined {
  const twice = tunnel.addresses.find(
    ({ address }) => !address.isLinkLocal && theirs.addresses.some((one) => one.address.equals(address)),
  );
  if (twice === undefined) return undefined;
  const { address, length } = twice;
  const edits: Edit[] = [];
  for (const [device, one] of [
    [near.device, tunnel],
    [other, theirs],
  ] as const) {
    const wanted = expectedAddress(fabric, { ...near, device }, far, address.family);
    if (wanted === undefined) continue;
    const text = address.family === 4 ? `ip address ${wanted} ${netmask(length)}` : `ipv6 address ${wanted}/${length}`;
    const why = `the address that ${far?.device.name ?? 'the hub'} speaks BGP with`;
    edits.push(replaceLine(device, addressPlace(device, one, address), { text, why }));
  }
  return {
    code: 'tunnel-address-twice',
    claim: `${tunnel.name} of ${near.device.name} and ${theirs.name} of ${other.name} have the same address ${address}`,
    lines: [
      lineAt(near.device, addressPlace(near.device, tunnel, address)),
      lineAt(other, addressPlace(other, theirs, address)),
    ],
    edits,
  };
}
