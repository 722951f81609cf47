/**
 * One device that runs: a gateway with its forwarding plane, whoever drives it. What the plane reports reaches the
 * gateway, what the gateway orders reaches the plane, one after another; runs of probes find those who asked for them.
 * The lab gives it virtual links and time, the host those of a real machine.
 */
import { earlier, type Instant, type Prefix, type Random } from '../base/index.ts';
import type { DeviceModel } from '../config/index.ts';
import type {
  Plane,
  PlaneCommand,
  PlaneCounters,
  PlaneInterface,
  PlaneSink,
  PlaneWatch,
  TappedPacket,
  TapStatus,
} from '../plane/contract.ts';
import type {
  DriverEffect,
  GatewayEffect,
  GatewayEvent,
  OperatorRequest,
  PeerSettings,
  PingProbe,
  PingRequest,
  TracerouteProbe,
  TracerouteRequest,
} from './contract.ts';
import type { Credentials } from './credentials.ts';
import type { GatewayLogEvent } from './event.ts';
import { Gateway, type GatewayOptions, type GatewayStatus } from './gateway.ts';
import type { GatewaySnapshot } from './snapshot.ts';

export type DeviceOptions = Omit<GatewayOptions, 'lastInbound' | 'lastOutbound' | 'counters' | 'connections'> &
  Readonly<{
    model: DeviceModel;
    /** What the dialect of the model has no line for. */
    peerSettings?: readonly PeerSettings[];
    /** Makes the plane, each time that the device starts. */
    plane: (sink: PlaneSink, random: Random) => Plane;
    /** Where packets leave to: the part of the plane's sink that is the driver's. */
    sink: Omit<PlaneSink, 'event'>;
    onLog?: (event: GatewayLogEvent) => void;
    /** Is shown each order to the plane, before it is carried out. */
    ordered?: (command: PlaneCommand) => void;
    /** Does what the gateway orders of its driver alone. */
    perform?: (effect: DriverEffect, now: Instant) => void;
    /** Something was told from outside: the next deadline may have changed. */
    changed?: () => void;
  }>;

/** Who hears of a run of probes. */
type Told<P> = Readonly<{
  probe: ((probe: P) => void) | undefined;
  done: (probes: readonly P[]) => void;
}>;

/** Who changed a configuration, by which line. */
type ConfiguredBy = NonNullable<Extract<GatewayEvent, { kind: 'configure' }>['by']>;

export class Device {
  readonly name: string;
  readonly #options: DeviceOptions;
  #model: DeviceModel;
  #credentials: Credentials | undefined;
  #peerSettings: readonly PeerSettings[];
  #gateway: Gateway;
  #plane: Plane;
  readonly #interfaces = new Map<string, PlaneInterface>();
  readonly #pings = new Map<number, Told<PingProbe>>();
  readonly #traceroutes = new Map<number, Told<TracerouteProbe>>();
  /** What the gateway has still to be told: the plane may report while it carries out an order. */
  #queue: GatewayEvent[] = [];
  #isDraining = false;
  #runIds = 0;

  constructor(options: DeviceOptions) {
    this.name = options.name;
    this.#options = options;
    this.#model = options.model;
    this.#credentials = options.credentials;
    this.#peerSettings = options.peerSettings ?? [];
    this.#plane = this.#newPlane();
    this.#gateway = this.#newGateway();
  }

  get model(): DeviceModel {
    return this.#model;
  }

  /** The plane's interfaces by name. */
  get interfaces(): ReadonlyMap<string, PlaneInterface> {
    return this.#interfaces;
  }

  /** How far it has come, cheap to ask. */
  status(): GatewayStatus {
    return this.#gateway.status();
  }

  /** Undefined until it was started. */
  snapshot(now: Instant): GatewaySnapshot | undefined {
    return this.#gateway.snapshot(now);
  }

  /** The BGP table, or what one neighbour told or was told. */
  bgpPaths(...[what]: Parameters<Gateway['bgpPaths']>): ReturnType<Gateway['bgpPaths']> {
    return this.#gateway.bgpPaths(what);
  }

  /** Routes of tenants that EVPN carries. */
  evpnPaths(): ReturnType<Gateway['evpnPaths']> {
    return this.#gateway.evpnPaths();
  }

  /** Whether a route is installed for exactly this prefix, cheap to ask. */
  hasRoute(prefix: Prefix, vrf?: string): boolean {
    return this.#gateway.hasRoute(prefix, vrf);
  }

  counters(): PlaneCounters {
    return this.#plane.counters();
  }

  /** Captures there are, and what one of them holds. */
  captures(): readonly TapStatus[] {
    return this.#plane.taps();
  }

  captured(name: string): readonly TappedPacket[] | undefined {
    return this.#plane.tapped(name);
  }

  /** A twin of its plane for packet walks; see `Plane.twin`. */
  planeTwin(watch: PlaneWatch): Plane | undefined {
    return this.#plane.twin?.(watch);
  }

  /** Begins, or begins again, with nothing remembered: no link has carrier. */
  start(now: Instant): void {
    this.#interfaces.clear();
    this.#pings.clear();
    this.#traceroutes.clear();
    this.#queue = [];
    this.#plane = this.#newPlane();
    this.#gateway = this.#newGateway();
    this.tell({ kind: 'configure', model: this.#model, peerSettings: this.#peerSettings }, now);
  }

  /** Runs another configuration; only what differs is touched. It is also what the next start runs. */
  configure(model: DeviceModel, now: Instant, by?: ConfiguredBy): void {
    this.#model = model;
    this.tell({ kind: 'configure', model, ...(by === undefined ? {} : { by }) }, now);
  }

  /** Takes other keys, certificates and revocation lists; SAs stand. They are also what the next start has. */
  renew(credentials: Credentials, now: Instant): void {
    this.#credentials = credentials;
    this.tell({ kind: 'credentials', credentials }, now);
  }

  /** Puts other settings of peers in force with the configuration that runs. */
  setPeers(peerSettings: readonly PeerSettings[], now: Instant): void {
    this.#peerSettings = peerSettings;
    this.tell({ kind: 'configure', model: this.#model, peerSettings }, now);
  }

  operator(request: OperatorRequest, now: Instant): void {
    this.tell({ kind: 'operator', request }, now);
  }

  /** Pings from the gateway itself; gives the number by which `operator` can cancel it. */
  ping(
    ping: PingRequest,
    now: Instant,
    done: (probes: readonly PingProbe[]) => void,
    probe?: (probe: PingProbe) => void,
  ): number {
    const id = ++this.#runIds;
    this.#pings.set(id, { probe, done });
    this.operator({ kind: 'ping', id, ping }, now);
    return id;
  }

  /** Traces a route from the gateway itself; gives the number by which `operator` can cancel it. */
  traceroute(
    traceroute: TracerouteRequest,
    now: Instant,
    done: (probes: readonly TracerouteProbe[]) => void,
    probe?: (probe: TracerouteProbe) => void,
  ): number {
    const id = ++this.#runIds;
    this.#traceroutes.set(id, { probe, done });
    this.operator({ kind: 'traceroute', id, traceroute }, now);
    return id;
  }

  /** A packet came in by an interface. */
  receive(interfaceName: string, packet: Uint8Array, now: Instant): void {
    this.#plane.receive(interfaceName, packet, now);
    this.#drain(now);
  }

  /** The machine around routed a packet into one of our devices; see `Plane.receiveFromHost`. */
  receiveFromHost(vrf: string, device: string, packet: Uint8Array, now: Instant): void {
    this.#plane.receiveFromHost(vrf, device, packet, now);
    this.#drain(now);
  }

  carrier(interfaceName: string, up: boolean, now: Instant): void {
    this.tell({ kind: 'carrier', interface: interfaceName, up }, now);
  }

  wakeAt(): Instant | undefined {
    return earlier(this.#gateway.wakeAt(), this.#plane.wakeAt());
  }

  tick(now: Instant): void {
    const plane = this.#plane.wakeAt();
    if (plane !== undefined && plane <= now) {
      this.#plane.tick(now);
      this.#drain(now);
    }
    const gateway = this.#gateway.wakeAt();
    if (gateway !== undefined && gateway <= now) this.tell({ kind: 'tick' }, now);
  }

  /** Hands the gateway an event and performs all that comes of it. */
  tell(event: GatewayEvent, now: Instant): void {
    this.#queue.push(event);
    this.#drain(now);
    this.#options.changed?.();
  }

  #newPlane(): Plane {
    const { plane, sink, random } = this.#options;
    return plane({ ...sink, event: (event) => this.#queue.push({ kind: 'plane', event }) }, random);
  }

  #newGateway(): Gateway {
    return new Gateway({
      ...this.#options,
      ...(this.#credentials === undefined ? {} : { credentials: this.#credentials }),
      lastInbound: (spi) => this.#plane.lastInbound(spi),
      lastOutbound: (spi) => this.#plane.lastOutbound(spi),
      counters: () => this.#plane.counters(),
      connections: (now) => this.#plane.connections(now),
    });
  }

  /** Hands events to the gateway one after another; what its orders cause waits behind them. */
  #drain(now: Instant): void {
    if (this.#isDraining || this.#queue.length === 0) return;
    this.#isDraining = true;
    for (let i = 0; i < this.#queue.length; i++) {
      const event = this.#queue[i];
      if (event === undefined) break;
      for (const effect of this.#gateway.handle(event, now)) this.#perform(effect, now);
    }
    this.#queue = [];
    this.#isDraining = false;
  }

  #perform(effect: GatewayEffect, now: Instant): void {
    switch (effect.kind) {
      case 'plane':
        this.#note(effect.command);
        this.#plane.command(effect.command, now);
        break;
      case 'log':
        this.#options.onLog?.(effect.event);
        break;
      case 'ping-probe':
        this.#pings.get(effect.id)?.probe?.(effect.probe);
        break;
      case 'ping-done': {
        const ping = this.#pings.get(effect.id);
        this.#pings.delete(effect.id);
        ping?.done(effect.probes);
        break;
      }
      case 'traceroute-probe':
        this.#traceroutes.get(effect.id)?.probe?.(effect.probe);
        break;
      case 'traceroute-done': {
        const traceroute = this.#traceroutes.get(effect.id);
        this.#traceroutes.delete(effect.id);
        traceroute?.done(effect.probes);
        break;
      }
      default:
        this.#options.perform?.(effect, now);
    }
  }

  #note(command: PlaneCommand): void {
    if (command.kind === 'set-interface') this.#interfaces.set(command.interface.name, command.interface);
    else if (command.kind === 'remove-interface') this.#interfaces.delete(command.name);
    this.#options.ordered?.(command);
  }
}

/** What operators and their consoles do with a device that runs; what the time is, its driver knows. */
export type OperatedDevice = Readonly<{
  name: string;
  /** One that is switched off, or was stopped, answers nothing. */
  isOn: () => boolean;
  model: () => DeviceModel;
  status: () => GatewayStatus;
  snapshot: () => GatewaySnapshot | undefined;
  counters: () => PlaneCounters;
  bgpPaths: Device['bgpPaths'];
  evpnPaths: Device['evpnPaths'];
  captures: () => readonly TapStatus[];
  captured: (name: string) => readonly TappedPacket[] | undefined;
  /** For packet walks; see `Plane.twin`. */
  planeTwin?: (watch: PlaneWatch) => Plane | undefined;
  configure: (model: DeviceModel, by?: ConfiguredBy) => void;
  operator: (request: OperatorRequest) => void;
  /** Gives the number by which `operator` can cancel it. */
  ping: (
    request: PingRequest,
    done: (probes: readonly PingProbe[]) => void,
    probe?: (probe: PingProbe) => void,
  ) => number;
  traceroute: (
    request: TracerouteRequest,
    done: (probes: readonly TracerouteProbe[]) => void,
    probe?: (probe: TracerouteProbe) => void,
  ) => number;
}>;

/** The operators' side of a device; `around` is what its driver knows and does. */
export function operated(
  device: Device,
  around: Readonly<{ now: () => Instant; isOn: () => boolean }> & Partial<Pick<OperatedDevice, 'configure'>>,
): OperatedDevice {
  const { now, isOn } = around;
  return {
    name: device.name,
    isOn,
    model: () => device.model,
    status: () => device.status(),
    snapshot: () => device.snapshot(now()),
    counters: () => device.counters(),
    bgpPaths: (what) => device.bgpPaths(what),
    evpnPaths: () => device.evpnPaths(),
    captures: () => device.captures(),
    captured: (name) => device.captured(name),
    planeTwin: (watch) => device.planeTwin(watch),
    configure: around.configure ?? ((model, by) => device.configure(model, now(), by)),
    operator: (request) => device.operator(request, now()),
    ping: (request, done, probe) => device.ping(request, now(), done, probe),
    traceroute: (request, done, probe) => device.traceroute(request, now(), done, probe),
  };
}
