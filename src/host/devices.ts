/**
 * The TUN devices that a configuration asks for: one for each static tunnel, one for each virtual template, whose clones
 * the plane's own FIB chooses among, one for each loopback, so that its addresses are the machine's too and go when the
 * process does, and one for each layer-3 VNI, with the addresses of the BDI that stands for it.
 */
import type { DeviceModel, InterfaceModel } from '../config/model.ts';
import type { ModelIndex } from '../gateway/index.ts';
import type { PlaneInterface } from '../plane/contract.ts';
import type { LinkAddress } from './link-matching.ts';

/** A TUN device as it shall be. */
export type WantedDevice = Readonly<{
  /** What the kernel calls it. */
  name: string;
  /** What the configuration calls it. */
  interface: string;
  vrf: string;
  mtu: number;
  addresses: readonly LinkAddress[];
}>;

const DEFAULT_MTU = 1500;
/** Below it the kernel takes IPv6 away from a device. */
const LEAST_MTU_V6 = 1280;
const LEAST_MTU_V4 = 68;

/** The kernel's names have 15 characters. */
export function deviceName({ name }: Readonly<{ name: string }>): string {
  return name.replace(/^Virtual-Template/, 'Vtemplate').slice(0, 15);
}

/** The BDI of a bridge domain that has this VNI is no port of the machine: it stands for the VNI. */
export function bdiOf({ bridgeDomains = [], interfaces }: DeviceModel, vni: number): InterfaceModel | undefined {
  const domain = bridgeDomains.find(({ vnis }) => vnis.includes(vni));
  return domain === undefined ? undefined : interfaces.find(({ name }) => name === `BDI${domain.number}`);
}

/** Follows the plane's interfaces, so that the devices of templates are as small as the smallest clone. */
export class Devices {
  /** Of tunnels and clones when they were last up, and of templates from their last clone on. */
  readonly #mtus = new Map<string, number>();
  readonly #templates = new Map<string, string>();
  readonly #vxlans = new Map<string, PlaneInterface>();
  /** Number of clones by MTU, by template. */
  readonly #clones = new Map<string, Map<number, number>>();

  set(one: PlaneInterface): void {
    const { name, kind, mtu, template, up } = one;
    if (kind === 'vxlan') this.#vxlans.set(name, one);
    if (kind !== 'tunnel') return;
    if (template !== undefined) this.remove(name);
    // A tunnel without SAs does not know what they leave of a packet: its device stays as it is.
    if (!up) return;
    this.#mtus.set(name, mtu);
    if (template === undefined) return;
    this.#templates.set(name, template);
    const counts = this.#clones.get(template) ?? new Map<number, number>();
    counts.set(mtu, (counts.get(mtu) ?? 0) + 1);
    this.#clones.set(template, counts);
  }

  remove(name: string): void {
    const mtu = this.#mtus.get(name);
    const template = this.#templates.get(name);
    this.#vxlans.delete(name);
    this.#mtus.delete(name);
    this.#templates.delete(name);
    const counts = template === undefined ? undefined : this.#clones.get(template);
    if (mtu === undefined || template === undefined || counts === undefined) return;
    const left = (counts.get(mtu) ?? 0) - 1;
    if (left > 0) counts.set(mtu, left);
    else counts.delete(mtu);
    if (counts.size > 0) return;
    this.#clones.delete(template);
    this.#mtus.set(template, mtu);
  }

  /** The template of a clone that is up. */
  templateOf(name: string): string | undefined {
    return this.#templates.get(name);
  }

  /** All devices that there shall be now, by kernel name. */
  wanted(index: ModelIndex): ReadonlyMap<string, WantedDevice> {
    const devices = new Map<string, WantedDevice>();
    for (const one of index.model.interfaces) {
      if (one.kind === 'ethernet' || one.shutdown) continue;
      if (index.model.dialect === 'asa' && one.alias === undefined) continue;
      const own = one.addresses;
      // A lender's address is here as a host, so that what the machine itself sends by the tunnel comes from it.
      const addresses = index.addresses(one).map((known) => (own.includes(known) ? known : asHost(known)));
      const name = deviceName(one);
      devices.set(name, { name, interface: one.name, vrf: one.vrf, mtu: this.#mtuOf(one, addresses), addresses });
    }
    for (const { name: one, vrf, mtu, vxlan } of this.#vxlans.values()) {
      const bdi = vxlan === undefined ? undefined : bdiOf(index.model, vxlan.vni);
      const addresses = bdi === undefined || bdi.shutdown ? [] : bdi.addresses;
      const name = deviceName({ name: one });
      devices.set(name, { name, interface: one, vrf, mtu: Math.min(mtu, DEFAULT_MTU), addresses });
    }
    return devices;
  }

  #mtuOf({ name, kind, mtu: configured }: InterfaceModel, addresses: readonly LinkAddress[]): number {
    const least = addresses.some(({ address }) => address.family === 6) ? LEAST_MTU_V6 : LEAST_MTU_V4;
    const smallestClone = kind === 'virtual-template' ? smallest(this.#clones.get(name)) : undefined;
    return Math.max(smallestClone ?? this.#mtus.get(name) ?? configured ?? DEFAULT_MTU, least);
  }
}

function smallest(counts: ReadonlyMap<number, number> | undefined): number | undefined {
  let least: number | undefined;
  for (const mtu of counts?.keys() ?? []) if (least === undefined || mtu < least) least = mtu;
  return least;
}

function asHost({ address }: LinkAddress): LinkAddress {
  return { address, length: address.bits };
}

export function sameDevice(a: WantedDevice, b: WantedDevice): boolean {
  return (
    a.mtu === b.mtu &&
    a.vrf === b.vrf &&
    a.interface === b.interface &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every((one, i) => {
      const other = b.addresses[i];
      return other !== undefined && one.length === other.length && one.address.equals(other.address);
    })
  );
}
