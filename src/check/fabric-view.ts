/** All devices together: who has which address, which tunnels lead to whom, and which devices are next to one another. */
import type { IpAddress } from '../base/index.ts';
import type { BgpNeighborModel, InterfaceModel } from '../config/index.ts';
import type { WayBetween } from '../explain/index.ts';
import type { DeviceView } from './device-view.ts';

export type Owner = Readonly<{ device: DeviceView; interface: InterfaceModel }>;

/** A neighbour with the table that its session is in. */
export type Session = Readonly<{ neighbor: BgpNeighborModel; vrf: string }>;

export class FabricView {
  readonly devices: readonly DeviceView[];
  /** What a topology says of the ways between devices. */
  readonly way: WayBetween | undefined;
  /** Every device that there is is here, and nothing translates addresses: who is not here does not exist. */
  readonly isClosed: boolean;
  readonly #owners = new Map<string, Owner[]>();
  readonly #adjacent = new Map<DeviceView, Set<DeviceView>>();

  constructor(devices: readonly DeviceView[], way: WayBetween | undefined, isClosed: boolean) {
    this.devices = devices;
    this.way = way;
    this.isClosed = isClosed;
    for (const device of devices) {
      for (const one of device.model.interfaces) {
        for (const { address } of one.addresses) {
          if (address.isLinkLocal) continue;
          const key = address.toString();
          const known = this.#owners.get(key);
          if (known === undefined) this.#owners.set(key, [{ device, interface: one }]);
          else known.push({ device, interface: one });
        }
      }
    }
    for (const device of devices) {
      for (const { tunnel } of device.model.interfaces) {
        if (tunnel?.destination !== undefined) this.#join(device, this.outerOwner(tunnel.destination, device)?.device);
      }
      for (const { neighbor } of sessionsOf(device)) this.#join(device, this.owner(neighbor.address, device)?.device);
    }
  }

  /** Whoever has an address, but not the asking device. */
  owners(address: IpAddress): readonly Owner[] {
    return this.#owners.get(address.toString()) ?? [];
  }

  owner(address: IpAddress, but: DeviceView): Owner | undefined {
    return this.owners(address).find(({ device }) => device !== but);
  }

  /** The device that outer packets to an address arrive at. */
  outerOwner(address: IpAddress, but: DeviceView): Owner | undefined {
    return this.owners(address).find(
      ({ device, interface: { kind } }) => device !== but && (kind === 'ethernet' || kind === 'loopback'),
    );
  }

  /** A device with those around it that have a tunnel or a session with it, `with` among them. */
  around(device: DeviceView, other: DeviceView | undefined): ReadonlyMap<string, DeviceView> {
    const near = new Set<DeviceView>([device, ...(other === undefined ? [] : [other])]);
    for (const from of [...near]) {
      for (const one of this.#adjacent.get(from) ?? []) {
        if (near.size >= MOST_AROUND) break;
        near.add(one);
      }
    }
    return new Map([...near].map((one) => [one.name, one]));
  }

  #join(a: DeviceView, b: DeviceView | undefined): void {
    if (b === undefined) return;
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const known = this.#adjacent.get(from);
      if (known === undefined) this.#adjacent.set(from, new Set([to]));
      else known.add(to);
    }
  }
}

/** Every neighbour of every table of a device. */
export function sessionsOf({ model: { bgp } }: DeviceView): readonly Session[] {
  if (bgp === undefined) return [];
  const own = bgp.neighbors.map((neighbor) => ({ neighbor, vrf: '' }));
  if (bgp.vrfs === undefined) return own;
  return [...own, ...bgp.vrfs.flatMap(({ vrf, neighbors }) => neighbors.map((neighbor) => ({ neighbor, vrf })))];
}

/** Rules of a pair look at these at most: more would cost without telling more. */
const MOST_AROUND = 6;
