/** All devices together: who has which address, which tunnels lead to whom, and which devices are next to one another. */
import type { IpAddress } from '../base/index.ts';
import type { BgpNeighborModel, InterfaceModel } from '../config/index.ts';
import type { WayBetween } from '../explain/index.ts';
import type { DeviceView, Session } from './device-view.ts';

export type Owner = Readonly<{ device: DeviceView; interface: InterfaceModel }>;

/** A session of the global table whose other end is known. */
export type KnownSession = Readonly<{ near: DeviceView; far: DeviceView; neighbor: BgpNeighborModel }>;

export class FabricView {
  readonly devices: readonly DeviceView[];
  /** What a topology says of the ways between devices. */
  readonly way: WayBetween | undefined;
  /** Every device that there is is here, and nothing translates addresses: who is not here does not exist. */
  readonly isClosed: boolean;
  readonly #owners = new Map<string, Owner[]>();
  #all: ReadonlySet<DeviceView> | undefined;
  readonly #sessions = new Map<DeviceView, readonly KnownSession[]>();
  readonly #adjacent = new Map<DeviceView, Set<DeviceView>>();

  constructor(devices: readonly DeviceView[], way: WayBetween | undefined, isClosed: boolean) {
    this.devices = devices;
    this.way = way;
    this.isClosed = isClosed;
    for (const device of devices) {
      for (const [key, one] of device.addresses) {
        const known = this.#owners.get(key);
        if (known === undefined) this.#owners.set(key, [{ device, interface: one }]);
        else known.push({ device, interface: one });
      }
    }
  }

  /** Sessions of the global table of a device whose other end is known. */
  known(near: DeviceView): readonly KnownSession[] {
    let all = this.#sessions.get(near);
    if (all !== undefined) return all;
    all = near.sessions.flatMap(({ neighbor, vrf, key }) => {
      const far = this.#owners.get(key)?.find(({ device }) => device !== near)?.device;
      return far === undefined || vrf !== '' || neighbor.shutdown ? [] : [{ near, far, neighbor }];
    });
    this.#sessions.set(near, all);
    return all;
  }

  /** The device that a neighbour is. */
  behind(near: DeviceView, { key }: Session): DeviceView | undefined {
    return this.#owners.get(key)?.find(({ device }) => device !== near)?.device;
  }

  has(device: DeviceView): boolean {
    this.#all ??= new Set(this.devices);
    return this.#all.has(device);
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
      for (const one of this.#neighbors().get(from) ?? []) {
        if (near.size >= MOST_AROUND) break;
        near.add(one);
      }
    }
    return new Map([...near].map((one) => [one.name, one]));
  }

  /** Worked out when somebody asks: a check that changes little does not. */
  #neighbors(): ReadonlyMap<DeviceView, ReadonlySet<DeviceView>> {
    if (this.#adjacent.size > 0) return this.#adjacent;
    for (const device of this.devices) {
      this.#adjacent.set(device, new Set());
    }
    for (const device of this.devices) {
      for (const { tunnel } of device.model.interfaces) {
        if (tunnel?.destination !== undefined) this.#join(device, this.outerOwner(tunnel.destination, device)?.device);
      }
      for (const session of device.sessions) this.#join(device, this.behind(device, session));
    }
    return this.#adjacent;
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

/** Rules of a pair look at these at most: more would cost without telling more. */
const MOST_AROUND = 6;
