/**
 * What of a machine belongs to a gateway: interfaces of the kernel, TUN devices, addresses listened on, routes. It is
 * told what the configuration asks for and what the kernel has, and brings the one to the other (`settle`).
 */
import { after, earlier, fail, type Instant, type IpAddress, ok, type Result } from '../base/index.ts';
import type { ModelIndex } from '../gateway/index.ts';
import type { PlaneCommand, PlaneInterface } from '../plane/contract.ts';
import type { AddressKey } from './address-key.ts';
import { Devices, sameDevice, type WantedDevice } from './devices.ts';
import { ingressOf } from './ingress.ts';
import { type KernelInterface, KernelRoutes } from './kernel-routes.ts';
import { called, hasAddress, type LinkAddress, matchLinks, missingAddresses } from './link-matching.ts';
import { type ListenAddress, listenAddresses } from './listening.ts';
import type { HostSettings } from './settings.ts';
import type { System, SystemFault, SystemLink } from './system.ts';
import { Vrfs } from './vrfs.ts';

export type MachineOptions = Readonly<{
  system: System;
  settings: HostSettings;
  /** An interface of the configuration gained or lost its carrier. */
  carrier: (name: string, up: boolean) => void;
  /** Something that operators shall read about. */
  tell: (code: string, text: string, subject: string) => void;
  onFault: (fault: SystemFault) => void;
}>;

/** An address that could not be listened on, as one of IPv6 that is not yet known to be nobody else's. */
type Refusal = Readonly<{ again: Instant; waitMs: number }>;

/** What is listened on, and the VRF device that it was asked for in. */
type Listening = Readonly<{ address: IpAddress; device: string | undefined }>;

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

export class Machine {
  readonly routes: KernelRoutes;
  readonly #options: MachineOptions;
  readonly #system: System;
  readonly #devices = new Devices();
  readonly #vrfs: Vrfs;
  /** The kernel's interfaces without our own devices. */
  readonly #links = new Map<string, SystemLink>();
  /** Kernel name by hardware name. */
  #matches: ReadonlyMap<string, string> = new Map();
  readonly #carriers = new Map<string, boolean>();
  /** Addresses that the links have not, as last told, by hardware name. */
  readonly #missing = new Map<string, string>();
  /** Devices that are open, by kernel name, and their names by those of the configuration. */
  readonly #open = new Map<string, WantedDevice>();
  readonly #deviceNames = new Map<string, string>();
  readonly #downDevices = new Set<string>();
  readonly #listening = new Map<string, Listening>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #applied: Readonly<{ link: string } & LinkAddress>[] = [];
  /** By which interface a packet for an address of ours is taken to come in, by VRF. */
  #ingress: ReadonlyMap<string, ReadonlyMap<AddressKey, string>> = new Map();
  #interfaces: ReadonlyMap<string, PlaneInterface> = new Map();
  #index: ModelIndex | undefined;
  #areDevicesStale = true;
  #areAddressesStale = true;
  #areLinksStale = true;
  #areVrfsStale = false;
  #hasBegun = false;

  constructor(options: MachineOptions) {
    const { system, settings, onFault } = options;
    this.#options = options;
    this.#system = system;
    const known = (name: string): KernelInterface | undefined => this.#kernelInterface(name);
    this.#vrfs = new Vrfs({ system, settings });
    const tableOf = (vrf: string): number | undefined =>
      vrf === '' ? settings.routeTable : this.#vrfs.get(vrf)?.table;
    this.routes = new KernelRoutes({ system, settings, tableOf, interface: known, onFault });
  }

  /** Finds the interfaces and gives them their addresses. */
  begin(index: ModelIndex): Result<void, SystemFault> {
    for (const link of this.#system.links()) this.#links.set(link.name, link);
    const [first, ...others] = this.configure(index);
    for (const fault of others) this.#options.onFault(fault);
    return first === undefined ? ok(undefined) : fail(first);
  }

  /** Makes devices, listens and takes over the routes of an earlier run; the first thing that fails is told. */
  establish(now: Instant): Result<void, SystemFault> {
    this.#hasBegun = true;
    const faults: SystemFault[] = [];
    this.#syncDevices((fault) => faults.push(fault));
    this.#syncListening(now, (fault) => {
      if (fault.code !== 'EADDRNOTAVAIL') faults.push(fault);
    });
    const [first] = faults;
    if (first !== undefined) return fail(first);
    this.#syncLinks();
    for (const fault of this.#vrfs.sweep(this.#system.links())) this.#options.onFault(fault);
    return this.#options.settings.installRoutes ? this.routes.reconcile() : ok(undefined);
  }

  /**
   * What the configuration asks for from now on; gives what the machine has not. Addresses that go are taken away with
   * the next `settle`: what the gateway has to say from them comes first.
   */
  configure(index: ModelIndex): readonly SystemFault[] {
    this.#index = index;
    const vrfs = this.#syncVrfs(index);
    if (!vrfs.ok) return [vrfs.error];
    const faults = [...this.#match(index)];
    // At the start nothing of the machine is changed before all of it is found.
    if (faults.length === 0 || this.#hasBegun) faults.push(...this.#placeLinks(index));
    this.#applyAddresses((fault) => faults.push(fault));
    this.#areDevicesStale = true;
    this.#areAddressesStale = true;
    this.#areLinksStale = true;
    return faults;
  }

  /** Takes notice of an order to the plane. */
  ordered(command: PlaneCommand, interfaces: ReadonlyMap<string, PlaneInterface>): void {
    this.#interfaces = interfaces;
    this.routes.order(command);
    if (command.kind === 'set-interface') {
      this.#devices.set(command.interface);
      if (command.interface.kind === 'tunnel' || command.interface.kind === 'vxlan') this.#areDevicesStale = true;
      else this.#areAddressesStale = true;
    } else if (command.kind === 'remove-interface') {
      this.#devices.remove(command.name);
      this.#areDevicesStale = true;
      this.#areAddressesStale = true;
    }
  }

  link(link: SystemLink): void {
    if (this.#open.has(link.name)) {
      // The kernel forgets the routes by a device that somebody takes down.
      if (!link.up) this.#downDevices.add(link.name);
      else if (this.#downDevices.delete(link.name)) this.routes.linkChanged(link.name);
      return;
    }
    const before = this.#links.get(link.name);
    this.#links.set(link.name, link);
    // It has other routes in another VRF, and none of those before.
    if (before?.up !== link.up || before.master !== link.master) this.routes.linkChanged(link.name);
    this.#areLinksStale = true;
  }

  linkGone(name: string): void {
    if (this.#open.has(name)) {
      // News of one that was closed and made anew come late.
      if (this.#system.links().some((link) => link.name === name)) return;
      this.#close(name);
      this.#areDevicesStale = true;
      return;
    }
    if (this.#vrfs.forget(name)) this.#vrfGone(name);
    if (!this.#links.delete(name)) return;
    this.routes.linkChanged(name);
    this.#areLinksStale = true;
  }

  /** Brings the machine to what is asked for. */
  settle(now: Instant): void {
    const { onFault } = this.#options;
    if (this.#areVrfsStale && this.#index !== undefined) {
      this.#areVrfsStale = false;
      const done = this.#syncVrfs(this.#index);
      if (!done.ok) onFault(done.error);
      this.#areDevicesStale = true;
      this.#areLinksStale = true;
    }
    // A carrier that comes makes interfaces, which make devices and addresses.
    while (this.#areLinksStale || this.#areDevicesStale) {
      if (this.#areDevicesStale) this.#syncDevices(onFault);
      if (this.#areLinksStale) {
        this.#retireAddresses();
        this.#syncLinks();
      }
      this.#syncListening(now, onFault);
    }
    if (this.#areAddressesStale) {
      this.#areAddressesStale = false;
      this.#ingress = ingressOf(this.#interfaces);
    }
    const due = this.wakeAt();
    if (due !== undefined && due <= now) this.#syncListening(now, onFault);
    this.routes.flush();
  }

  /** When listening is tried again. */
  wakeAt(): Instant | undefined {
    let when: Instant | undefined;
    for (const { again } of this.#refusals.values()) when = earlier(when, again);
    return when;
  }

  /** An open device by its kernel name. */
  device(name: string): WantedDevice | undefined {
    return this.#open.get(name);
  }

  /** Kernel name of the device that stands for a tunnel, or for the template that it is a clone of. */
  deviceOf(name: string, template: string | undefined): string | undefined {
    return this.#deviceNames.get(template ?? name);
  }

  /** Kernel interfaces by hardware name. */
  get links(): ReadonlyMap<string, string> {
    return this.#matches;
  }

  /** Addresses that IKE and ESP are listened for on. */
  get listening(): readonly IpAddress[] {
    return [...this.#listening.values()].map(({ address }) => address);
  }

  /** By the VRF device that it came in by, if any. */
  ingress(key: AddressKey | undefined, device: string | undefined): string | undefined {
    return key === undefined ? undefined : this.#ingress.get(this.#vrfs.vrfOf(device))?.get(key);
  }

  /** The VRF that a device stands for. */
  vrfOf(device: string): string {
    return this.#vrfs.vrfOf(device);
  }

  /** The device of a VRF; undefined for the global table. */
  vrfDevice(vrf: string): string | undefined {
    return this.#vrfs.get(vrf)?.device;
  }

  /** Undoes all that was made. */
  end(): void {
    this.routes.removeAll();
    for (const name of [...this.#open.keys()]) this.#close(name);
    for (const { address, device } of this.#listening.values()) this.#system.unlisten(address, device);
    this.#listening.clear();
    for (const fault of this.#vrfs.end()) this.#options.onFault(fault);
    for (const { link, address, length } of this.#applied.splice(0)) {
      if (this.#links.has(link)) this.#report(this.#system.removeAddress(link, address, length));
    }
  }

  #match(index: ModelIndex): readonly SystemFault[] {
    const { settings } = this.#options;
    const { links, faults } = matchLinks(
      index.model,
      settings,
      [...this.#links.values()].filter(({ vrf }) => vrf === undefined),
      (link) => this.#vrfs.vrfOf(link.master),
      this.#matches,
    );
    const matches = new Map(links);
    // One that is known already stays so while its link is away, or has lost its address.
    for (const [name, link] of this.#matches) {
      if (matches.has(name) || [...matches.values()].includes(link)) continue;
      if (index.interface(name)?.shutdown === false) matches.set(name, link);
    }
    this.#matches = matches;
    return faults;
  }

  /** Finds or makes the devices of VRFs, and ends the search for routes in each. */
  #syncVrfs(index: ModelIndex): Result<void, SystemFault> {
    const done = this.#vrfs.configure(index, [...this.#system.links()]);
    if (!done.ok) return done;
    if (this.#options.settings.installRoutes) this.routes.setLast(this.#vrfs.lastRoutes());
    return done;
  }

  #placeLinks(index: ModelIndex): readonly SystemFault[] {
    const faults: SystemFault[] = [];
    for (const [name, linkName] of this.#matches) {
      const link = this.#links.get(linkName);
      const model = index.interface(name);
      if (link === undefined || model === undefined) continue;
      const master = link.master === undefined ? undefined : this.#links.get(link.master);
      const placed = this.#vrfs.place(link, master, model.vrf, called(model));
      if (!placed.ok) faults.push(placed.error);
      else if (placed.value) this.#moved(link, this.#vrfs.get(model.vrf)?.device);
    }
    const matched = new Set(this.#matches.values());
    faults.push(...this.#vrfs.release((link) => matched.has(link)));
    return faults;
  }

  #moved(link: SystemLink, device: string | undefined): void {
    const { master: _, ...others } = link;
    this.#links.set(link.name, device === undefined ? others : { ...others, master: device });
    this.routes.linkChanged(link.name);
  }

  /** The kernel has put out what was in it; sockets of it hear nothing any more. */
  #vrfGone(device: string): void {
    for (const [key, one] of [...this.#listening]) {
      if (one.device !== device) continue;
      this.#listening.delete(key);
      this.#system.unlisten(one.address, device);
    }
    this.#report(this.#system.closeVrf(device));
    for (const link of [...this.#links.values()]) if (link.master === device) this.#moved(link, undefined);
    for (const [name, { vrf }] of [...this.#open])
      if (vrf !== '' && this.#vrfs.get(vrf)?.device === device) this.#close(name);
    this.routes.forgetLast();
    this.#areVrfsStale = true;
  }

  #applyAddresses(onFault: (fault: SystemFault) => void): void {
    if (this.#options.settings.addresses !== 'apply') return;
    for (const [name, linkName] of this.#matches) {
      const link = this.#links.get(linkName);
      const model = this.#index?.interface(name);
      if (link === undefined || model === undefined) continue;
      const added: LinkAddress[] = [];
      for (const { address, length } of missingAddresses(model, link)) {
        const done = this.#system.addAddress(linkName, address, length);
        if (!done.ok) {
          onFault(done.error);
          continue;
        }
        added.push({ address, length });
        const isKnown = this.#applied.some((one) => one.link === linkName && one.address.equals(address));
        if (!isKnown) this.#applied.push({ link: linkName, address, length });
      }
      if (added.length > 0) this.#links.set(linkName, { ...link, addresses: [...link.addresses, ...added] });
    }
  }

  /** Takes away addresses of ours that the configuration has no more. */
  #retireAddresses(): void {
    const isWanted = (link: string, address: IpAddress): boolean =>
      [...this.#matches].some(
        ([name, matched]) =>
          matched === link && this.#index?.interface(name)?.addresses.some((own) => own.address.equals(address)),
      );
    for (const [i, { link, address, length }] of [...this.#applied.entries()].reverse()) {
      if (isWanted(link, address)) continue;
      this.#applied.splice(i, 1);
      if (this.#links.has(link)) this.#report(this.#system.removeAddress(link, address, length));
    }
  }

  /** Tells which interfaces have carrier: the link is there and up, and has an address of theirs. */
  #syncLinks(): void {
    const index = this.#index;
    this.#areLinksStale = false;
    if (index === undefined) return;
    const isMissing = [...this.#matches.values()].some((name) => !this.#links.has(name));
    if (isMissing || this.#matches.size < this.#links.size) this.#match(index);
    for (const fault of this.#placeLinks(index)) this.#options.onFault(fault);
    this.#applyAddresses(this.#options.onFault);
    for (const name of [...this.#carriers.keys()]) {
      if (this.#matches.has(name)) continue;
      this.#missing.delete(name);
      this.#setCarrier(name, false, undefined);
    }
    for (const [name, linkName] of this.#matches) {
      const link = this.#links.get(linkName);
      const own = index.interface(name)?.addresses ?? [];
      const hasOne = link !== undefined && (own.length === 0 || own.some(({ address }) => hasAddress(link, address)));
      const reason =
        link === undefined
          ? `${linkName} is gone`
          : hasOne
            ? `${linkName} is down`
            : `${linkName} has no address of it any more`;
      this.#setCarrier(name, link?.up === true && hasOne, reason);
      if (link !== undefined && hasOne) this.#tellMissing(name, link);
    }
  }

  /** Some addresses are there and some are not, as when Linux takes those of IPv6 from a link that goes down. */
  #tellMissing(name: string, link: SystemLink): void {
    const model = this.#index?.interface(name);
    const missing = model === undefined ? [] : missingAddresses(model, link);
    const text = missing.map(({ address, length }) => `${address}/${length}`).join(' and ');
    if (text !== '' && this.#missing.get(name) !== text) {
      const alias = model?.alias === undefined ? '' : ` "${model.alias}"`;
      this.#options.tell('address-missing', `${name}${alias}: ${link.name} has not ${text}`, name);
    }
    this.#missing.set(name, text);
  }

  #setCarrier(name: string, up: boolean, reason: string | undefined): void {
    const before = this.#carriers.get(name);
    if (before === up || (before === undefined && !up)) return;
    if (reason === undefined) this.#carriers.delete(name);
    else this.#carriers.set(name, up);
    const alias = this.#index?.interface(name)?.alias;
    const called = alias === undefined ? name : `${name} "${alias}"`;
    if (!up && reason !== undefined) this.#options.tell('link-lost', `${called}: ${reason}`, name);
    else if (before === false) this.#options.tell('link-back', `${called}: ${this.#matches.get(name)} is back`, name);
    this.#options.carrier(name, up);
  }

  #syncDevices(onFault: (fault: SystemFault) => void): void {
    this.#areDevicesStale = false;
    const index = this.#index;
    if (index === undefined) return;
    const wanted = this.#devices.wanted(index);
    for (const [name, device] of [...this.#open]) {
      const next = wanted.get(name);
      if (next === undefined || next.interface !== device.interface) this.#close(name);
    }
    for (const [name, device] of wanted) {
      const old = this.#open.get(name);
      if (old !== undefined && sameDevice(old, device)) continue;
      if (old === undefined) {
        const opened = this.#system.openTun(name, device.mtu);
        if (!opened.ok) {
          onFault(opened.error);
          continue;
        }
      }
      if ((old?.vrf ?? '') !== device.vrf) {
        const placed = this.#system.setVrf(name, this.#vrfs.get(device.vrf)?.device);
        if (!placed.ok) {
          onFault(placed.error);
          if (old === undefined) this.#system.closeTun(name);
          else this.#close(name);
          continue;
        }
        this.routes.linkChanged(name);
      }
      this.#open.set(name, device);
      this.#deviceNames.set(device.interface, name);
      const set = this.#system.setTun(name, device.mtu, device.addresses);
      if (!set.ok) onFault(set.error);
      if (old === undefined) this.routes.linkChanged(name);
    }
    for (const fault of this.#vrfs.prune(index)) onFault(fault);
  }

  #close(name: string): void {
    const device = this.#open.get(name);
    if (device === undefined) return;
    this.#open.delete(name);
    this.#deviceNames.delete(device.interface);
    this.#downDevices.delete(name);
    this.routes.linkChanged(name);
    this.#system.closeTun(name);
  }

  #syncListening(now: Instant, onFault: (fault: SystemFault) => void): void {
    const index = this.#index;
    const wanted = index === undefined ? new Map<string, ListenAddress>() : listenAddresses(index);
    for (const [key, { address, device }] of [...this.#listening]) {
      const still = wanted.get(key);
      if (still !== undefined && this.#isPresent(still)) continue;
      this.#listening.delete(key);
      this.#system.unlisten(address, device);
    }
    for (const key of [...this.#refusals.keys()]) if (!wanted.has(key)) this.#refusals.delete(key);
    for (const [key, one] of wanted) {
      const refused = this.#refusals.get(key);
      if (this.#listening.has(key) || !this.#isPresent(one)) {
        this.#refusals.delete(key);
        continue;
      }
      if (refused !== undefined && refused.again > now) continue;
      const device = this.#vrfs.get(one.vrf)?.device;
      const done = this.#system.listen(one.address, device);
      if (done.ok) {
        this.#refusals.delete(key);
        this.#listening.set(key, { address: one.address, device });
        continue;
      }
      if (refused === undefined) onFault(done.error);
      const waitMs = refused === undefined ? FIRST_WAIT_MS : Math.min(2 * refused.waitMs, LONGEST_WAIT_MS);
      this.#refusals.set(key, { again: after(now, waitMs), waitMs });
    }
  }

  #isPresent({ vrf, address }: ListenAddress): boolean {
    for (const link of this.#links.values()) {
      if (hasAddress(link, address) && this.#vrfs.vrfOf(link.master) === vrf) return true;
    }
    for (const device of this.#open.values()) {
      const { addresses } = device;
      if (device.vrf === vrf && addresses.some((own) => own.address.equals(address))) return true;
    }
    return false;
  }

  #kernelInterface(name: string): KernelInterface | undefined {
    const configured = this.#devices.templateOf(name) ?? name;
    const link = this.#matches.get(configured);
    if (link !== undefined) return this.#links.has(link) ? { link, isDevice: false, addresses: [] } : undefined;
    const device = this.#deviceNames.get(configured);
    const model = this.#index?.interface(configured);
    if (device === undefined) return undefined;
    const own = model === undefined ? this.#open.get(device)?.addresses : this.#index?.addresses(model);
    return { link: device, isDevice: true, addresses: own ?? [] };
  }

  #report(result: Result<void, SystemFault>): void {
    if (!result.ok) this.#options.onFault(result.error);
  }
}
