/** Where the packets of a device go to: the device at the other end of a way, and all those between two ends. */
import type { IpAddress } from '../base/index.ts';
import { type DeviceEvidence, type Fabric, interfaceState } from './evidence.ts';
import { type Way, wayTo } from './ways.ts';

/** A device that passes packets on; names of interfaces are hardware names. */
export type Hop = Readonly<{ device: DeviceEvidence; from: string | undefined; to: string }>;

const MAX_HOPS = 16;

/** The devices that pass on what one sends to an address, in their order; those past an unknown one are not known. */
export function hopsBetween(fabric: Fabric, near: DeviceEvidence, target: IpAddress): readonly Hop[] {
  const hops: Hop[] = [];
  const seen = new Set<DeviceEvidence>();
  let here = near;
  while (!has(here, target) && !seen.has(here) && seen.size < MAX_HOPS) {
    seen.add(here);
    const way = wayTo(here, target);
    if (way?.interface === undefined) break;
    const [sender] = [...seen].slice(-2, -1);
    if (here !== near)
      hops.push({ device: here, from: sender && interfaceToward(fabric, here, sender), to: way.interface });
    const next = behind(fabric, here, way, target);
    if (next === undefined) break;
    here = next;
  }
  return hops;
}

/** The interface of a device whose link, or tunnel, leads to another one. */
function interfaceToward(fabric: Fabric, here: DeviceEvidence, other: DeviceEvidence): string | undefined {
  for (const { addresses } of other.model.interfaces) {
    for (const { address } of addresses) {
      const way = wayTo(here, address);
      if (way?.interface !== undefined && behind(fabric, here, way, address) === other) return way.interface;
    }
  }
  return undefined;
}

/** The device at the other end of the interface that a route names: of a tunnel, or on the same network. */
export function behind(fabric: Fabric, here: DeviceEvidence, way: Way, target: IpAddress): DeviceEvidence | undefined {
  const others = [...fabric.values()].filter((one) => one !== here);
  const gateway = way.gateway ?? target;
  const onLink = others.find((one) => has(one, gateway));
  const state = way.interface === undefined ? undefined : interfaceState(here, way.interface);
  const session = state?.tunnel?.session;
  const sa = here.snapshot?.ike.sas.find((one) => session !== undefined && one.session === session);
  const twin = others.find(({ snapshot }) =>
    snapshot?.ike.sas.some((one) => sa !== undefined && one.localSpi === sa.remoteSpi && one.remoteSpi === sa.localSpi),
  );
  const remote = state?.tunnel?.destination;
  return twin ?? others.find((one) => remote !== undefined && has(one, remote)) ?? onLink;
}

function has({ model }: DeviceEvidence, wanted: IpAddress): boolean {
  return model.interfaces.some(({ addresses }) => addresses.some(({ address }) => address.equals(wanted)));
}
