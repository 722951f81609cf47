/**
 * Drives one device on a machine, dull on purpose: what the system reports is handed in, what the device orders is
 * performed, then the machine is brought to what the configuration asks for, and one timer is set.
 *
 *   outer packet -> plane -> decrypted -> kernel, by the tunnel's TUN -> LAN, services of the machine
 *   LAN, services of the machine -> kernel's routes (the FIB's mirror) -> TUN -> plane -> outer packet
 */
import { after, at, fail, type Instant, type IpAddress, ok, type Random, type Result } from '../base/index.ts';
import type { DeviceModel } from '../config/model.ts';
import { KeySharePool } from '../crypto/index.ts';
import {
  type Credentials,
  Device,
  type DeviceOptions,
  type DriverEffect,
  ModelIndex,
  type OperatedDevice,
  operated,
  type PeerSettings,
} from '../gateway/index.ts';
import type { Plane, PlaneCommand, PlaneSink } from '../plane/contract.ts';
import { FastPlane, SoftwarePlane } from '../plane/index.ts';
import { destinationKey } from './address-key.ts';
import type { HostClock } from './clock.ts';
import { performHostTcp } from './lan-tcp.ts';
import { Machine } from './machine.ts';
import type { HostSettings } from './settings.ts';
import type { OpenSystem, System, SystemEvent, SystemFault, SystemOptions, SystemTcpEvent } from './system.ts';

export type GatewayHostOptions = Omit<
  DeviceOptions,
  'plane' | 'sink' | 'ordered' | 'perform' | 'changed' | 'lanTcp' | 'wallClock' | 'keyShare'
> &
  Readonly<{
    open: OpenSystem;
    settings: HostSettings;
    clock: HostClock;
    /** Wall-clock time in milliseconds since 1970. */
    wallClock: () => number;
    /** What the machine refused, or what of it went away. */
    onFault?: (fault: SystemFault) => void;
    /** Another plane than the one in plain TypeScript. */
    plane?: (sink: PlaneSink, random: Random) => Plane;
  }>;

/** The longest sleep: a machine that was suspended looks around soon after. */
const LONGEST_WAIT_MS = 60_000;
/** How long a clean stop waits for peers to answer its deletes, and how often it looks. */
const STOP_WAIT_MS = 2000;
const STOP_LOOK_MS = 20;
/** Nothing came for so long: there is time to prepare something. */
const QUIET_MS = 5;

export class GatewayHost {
  /** The operators' side. */
  readonly device: OperatedDevice;
  readonly #options: GatewayHostOptions;
  readonly #device: Device;
  #system: System | undefined;
  #machine: Machine | undefined;
  #stopping: Promise<void> | undefined;
  /** Calls that are under way: the machine is brought up to date when the outermost one ends. */
  #depth = 0;
  #last: Instant = at(0);
  #timer: Readonly<{ when: Instant; cancel: () => void }> | undefined;
  #unknownAddress = 0;
  readonly #shares: KeySharePool;
  /** Calls from outside so far: who looks twice knows whether anything happened between. */
  #calls = 0;
  #preparing: (() => void) | undefined;

  constructor(options: GatewayHostOptions) {
    this.#options = options;
    const { wallClock, plane, random } = options;
    this.#shares = new KeySharePool(random);
    this.#device = new Device({
      ...options,
      lanTcp: 'host',
      wallClock,
      keyShare: (group) => this.#shares.take(group),
      plane: plane ?? ((sink, random) => this.#newPlane(sink, random)),
      sink: {
        transmit: (name, _nextHop, packet) => this.#sendOuter(name, packet),
        toHost: (name, packet) => this.#sendInner(name, packet),
      },
      ordered: (command) => this.#ordered(command),
      perform: (effect) => this.#perform(effect),
      changed: () => this.#enter(() => undefined),
    });
    this.device = operated(this.#device, {
      now: () => this.#now(),
      isOn: () => this.#machine !== undefined,
      configure: (model, by) => void this.configure(model, by),
    });
  }

  /** Begins, or says why not; then nothing of it is left behind. */
  start(): Result<void, SystemFault> {
    const { open, model, settings } = this.#options;
    const opened = open(
      {
        event: (event) => this.#enter(() => this.#systemEvent(event)),
        tcp: (event, vrfDevice) => this.#enter(() => this.#hostTcp(event, vrfDevice)),
      },
      this.#systemOptions(),
    );
    if (!opened.ok) return opened;
    const system = opened.value;
    if (settings.plane === 'fast' && system.fast === undefined) {
      system.close();
      return fail({
        call: 'plane',
        code: 'ENOSYS',
        text: 'This machine can not have the fast plane that the host file asks for.',
        remedy: 'See what is missing with "wheelwright doctor", or let it be `plane: auto`.',
      });
    }
    this.#system = system;
    const machine = new Machine({
      system,
      settings,
      carrier: (name, up) => this.#device.carrier(name, up, this.#now()),
      tell: (code, text, subject) => this.#tell(code, text, subject),
      onFault: (fault) => this.#fault(fault),
    });
    this.#machine = machine;
    this.#depth++; // nothing is brought up to date before all is there
    const begun = machine.begin(new ModelIndex(model));
    let started: Result<void, SystemFault> = begun;
    if (begun.ok) {
      this.#device.start(this.#now());
      started = machine.establish(this.#now());
    }
    this.#depth--;
    if (!started.ok) {
      this.#undo();
      return started;
    }
    this.#settle();
    return ok(undefined);
  }

  /** Runs another configuration; only what differs is touched. Gives what the machine has not for it. */
  configure(model: DeviceModel, by?: Parameters<OperatedDevice['configure']>[1]): readonly SystemFault[] {
    const machine = this.#machine;
    if (machine === undefined || this.#stopping !== undefined) return [];
    let faults: readonly SystemFault[] = [];
    this.#enter(() => {
      faults = machine.configure(new ModelIndex(model));
      this.#device.configure(model, this.#now(), by);
      for (const fault of faults) this.#fault(fault);
    });
    return faults;
  }

  /** Takes other keys, certificates and revocation lists; what is up stays up. */
  renew(credentials: Credentials): void {
    if (this.#machine === undefined || this.#stopping !== undefined) return;
    this.#enter(() => this.#device.renew(credentials, this.#now()));
  }

  /** Puts other settings of peers in force; the configuration stays. */
  setPeers(settings: readonly PeerSettings[]): void {
    if (this.#machine === undefined || this.#stopping !== undefined) return;
    this.#enter(() => this.#device.setPeers(settings, this.#now()));
  }

  /** The clean stop: peers are told, and have two seconds to answer; then all that was made is undone. */
  stop(): Promise<void> {
    this.#stopping ??= this.#machine === undefined ? Promise.resolve() : this.#stop();
    return this.#stopping;
  }

  /** Kernel interfaces by the configuration's hardware names, while it runs. */
  links(): ReadonlyMap<string, string> {
    return this.#machine?.links ?? new Map();
  }

  /** Addresses that it listens on, while it runs. */
  listening(): readonly IpAddress[] {
    return this.#machine?.listening ?? [];
  }

  /** Of the system, and what the driver itself could not place. */
  counters(): Readonly<Record<string, number>> {
    return {
      ...this.#system?.counters(),
      'outer-unknown-address': this.#unknownAddress,
      'routes-installed': this.#machine?.routes.size ?? 0,
    };
  }

  /** Which plane carries packets. */
  get planeKind(): 'software' | 'fast' {
    return this.#system?.fast === undefined ? 'software' : 'fast';
  }

  #systemOptions(): SystemOptions {
    const { plane, settings, clock } = this.#options;
    if (plane !== undefined || settings.plane === 'software') return {};
    return { fast: { now: () => clock.now() } };
  }

  /** The software plane, and a fast path beside it where the system has one. */
  #newPlane(sink: PlaneSink, random: Random): Plane {
    const fast = this.#system?.fast;
    if (fast === undefined) return new SoftwarePlane({ sink, random });
    const deviceOf = (name: string): number | undefined => {
      const device = this.#machine?.deviceOf(name, this.#device.interfaces.get(name)?.template);
      return device === undefined ? undefined : fast.deviceOf(device);
    };
    return new FastPlane({
      sink,
      random,
      link: { ...fast, deviceOf, vrfDeviceOf: (vrf) => this.#machine?.vrfDevice(vrf) },
    });
  }

  #now(): Instant {
    this.#last = at(Math.max(this.#last, this.#options.clock.now()));
    return this.#last;
  }

  /** One call from outside; the last one to end brings the machine up to date. */
  #enter(act: () => void): void {
    if (this.#machine === undefined) return;
    this.#depth++;
    this.#calls++;
    act();
    this.#depth--;
    if (this.#depth === 0) this.#settle();
  }

  #settle(): void {
    const machine = this.#machine;
    if (machine === undefined) return;
    this.#depth++;
    machine.settle(this.#now());
    this.#depth--;
    this.#setTimer(machine);
    this.#prepare();
  }

  /** Makes key shares ahead, one at a time, while nothing happens. */
  #prepare(): void {
    if (this.#preparing !== undefined || !this.#shares.isShort) return;
    const calls = this.#calls;
    this.#preparing = this.#options.clock.timer(QUIET_MS, () => {
      this.#preparing = undefined;
      if (this.#machine === undefined) return;
      if (this.#calls === calls) this.#shares.prepare();
      this.#prepare();
    });
  }

  #setTimer(machine: Machine): void {
    const { clock } = this.#options;
    const now = this.#now();
    const due = Math.min(this.#device.wakeAt() ?? Infinity, machine.wakeAt() ?? Infinity, now + LONGEST_WAIT_MS);
    // One that fires too early finds nothing to do and is set again: cheaper than a new one for each packet.
    if (this.#timer !== undefined && this.#timer.when <= due) return;
    this.#timer?.cancel();
    const cancel = clock.timer(Math.max(0, Math.ceil(due - now)), () => {
      this.#timer = undefined;
      this.#enter(() => this.#device.tick(this.#now()));
    });
    this.#timer = { when: at(due), cancel };
  }

  #systemEvent(event: SystemEvent): void {
    switch (event.kind) {
      case 'outer':
        for (const packet of event.packets) this.#outer(packet, event.vrf);
        break;
      case 'inner': {
        const device = this.#machine?.device(event.device);
        if (device === undefined) break;
        for (const packet of event.packets) {
          this.#device.receiveFromHost(device.vrf, device.interface, packet, this.#now());
        }
        break;
      }
      case 'link':
        this.#machine?.link(event.link);
        break;
      case 'link-gone':
        this.#machine?.linkGone(event.name);
        break;
      case 'cookies-answered':
        this.#device.tell(event, this.#now());
        break;
      case 'failed':
        this.#fault(event.fault);
        break;
      default:
        event satisfies never;
    }
  }

  #hostTcp(report: SystemTcpEvent, vrfDevice: string | undefined): void {
    const vrf = vrfDevice === undefined ? undefined : this.#machine?.vrfOf(vrfDevice);
    this.#device.tell({ kind: 'host-tcp', report, ...(vrf === undefined ? {} : { vrf }) }, this.#now());
  }

  /** What is for none of our addresses must not reach the plane: it would forward it. */
  #outer(packet: Uint8Array, vrfDevice: string | undefined): void {
    const ingress = this.#machine?.ingress(destinationKey(packet), vrfDevice);
    if (ingress === undefined) this.#unknownAddress++;
    else this.#device.receive(ingress, packet, this.#now());
  }

  #ordered(command: PlaneCommand): void {
    this.#machine?.ordered(command, this.#device.interfaces);
  }

  #perform(effect: DriverEffect): void {
    switch (effect.kind) {
      case 'unclaimed':
        this.#sendInner(effect.interface, effect.packet);
        break;
      case 'demand-cookies':
        this.#system?.demandCookies?.(effect.secrets);
        break;
      case 'host-tcp': {
        const device = effect.vrf === undefined ? undefined : this.#machine?.vrfDevice(effect.vrf);
        // A VRF that the machine has not has no connections either.
        if (this.#system === undefined || (effect.vrf !== undefined && device === undefined)) break;
        const done = performHostTcp(this.#system.tcp(device), effect.order);
        if (!done.ok) this.#fault(done.error);
        break;
      }
      default:
        effect satisfies never;
    }
  }

  /** In the VRF of the interface that it leaves by. */
  #sendOuter(name: string, packet: Uint8Array): void {
    const vrf = this.#device.interfaces.get(name)?.vrf ?? '';
    this.#system?.sendOuter(packet, this.#machine?.vrfDevice(vrf));
  }

  /** By the device that stands for a tunnel; what came in by a real interface the kernel has seen already. */
  #sendInner(name: string, packet: Uint8Array): void {
    const device = this.#machine?.deviceOf(name, this.#device.interfaces.get(name)?.template);
    if (device !== undefined) this.#system?.sendInner(device, packet);
  }

  #fault(fault: SystemFault): void {
    this.#options.onFault?.(fault);
    const remedy = fault.remedy === undefined ? '' : `; ${fault.remedy}`;
    this.#tell(`system-${fault.code.toLowerCase()}`, `${fault.text}${remedy}`);
  }

  #tell(code: string, text: string, subject?: string): void {
    const more = subject === undefined ? {} : { subject };
    this.#device.tell({ kind: 'machine', severity: 4, code, text, ...more }, this.#now());
  }

  async #stop(): Promise<void> {
    const { clock } = this.#options;
    this.device.operator({ kind: 'shutdown' });
    const deadline = after(this.#now(), STOP_WAIT_MS);
    while (this.#now() < deadline && this.#awaitsAnswers()) {
      await new Promise<void>((resolve) => void clock.timer(STOP_LOOK_MS, resolve));
    }
    this.#undo();
  }

  #awaitsAnswers(): boolean {
    return this.device.snapshot()?.ike.sas.some(({ status }) => status === 'deleting') === true;
  }

  #undo(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#preparing?.();
    this.#preparing = undefined;
    this.#shares.clear();
    this.#machine?.end();
    this.#machine = undefined;
    this.#system?.close();
    this.#system = undefined;
  }
}
