import { earlier, type Instant, type IpAddress, type Prefix, type Random } from '../base/index.ts';
import type { DeviceModel } from '../config/model.ts';
import {
  type FormatSyslog,
  Gateway,
  type GatewayEffect,
  type GatewayEvent,
  type GatewayLogEvent,
  type GatewaySnapshot,
  type GatewayStatus,
  type OperatorRequest,
  type PingProbe,
  type PingRequest,
  type TracerouteProbe,
  type TracerouteRequest,
} from '../gateway/index.ts';
import type { PlaneCommand, PlaneCounters, PlaneInterface, TappedPacket, TapStatus } from '../plane/contract.ts';
import { SoftwarePlane } from '../plane/index.ts';
import type { DecryptionTables } from './decryption-tables.ts';
import type { MakeDevice } from './lab.ts';
import type { LabNode, Outlet } from './node.ts';
import { LAB_EPOCH_MS } from './pcapng.ts';

export type GatewayNodeOptions = Readonly<{
  model: DeviceModel;
  outlet: Outlet;
  random: Random;
  /** Is given the keys of every SA. */
  keys?: DecryptionTables;
  onLog?: (name: string, event: GatewayLogEvent) => void;
  /** Draws what goes to log hosts; absent: they are told nothing. */
  syslog?: FormatSyslog;
}>;

/** Who hears of a run of probes. */
type Told<P> = Readonly<{
  probe: ((probe: P) => void) | undefined;
  done: (probes: readonly P[]) => void;
}>;

/** A gateway in the lab: its control plane and a software plane, with virtual links for interfaces. */
export class GatewayNode implements LabNode {
  readonly name: string;
  readonly #options: GatewayNodeOptions;
  #model: DeviceModel;
  #gateway: Gateway;
  #plane: SoftwarePlane;
  /** The plane's interfaces by name: what ARP would answer for. */
  readonly #interfaces = new Map<string, PlaneInterface>();
  readonly #pings = new Map<number, Told<PingProbe>>();
  readonly #traceroutes = new Map<number, Told<TracerouteProbe>>();
  /** What the gateway has still to be told: the plane may report while it carries out an order. */
  #queue: GatewayEvent[] = [];
  #isDraining = false;
  #runIds = 0;

  constructor(name: string, options: GatewayNodeOptions) {
    this.name = name;
    this.#options = options;
    this.#model = options.model;
    this.#plane = this.#newPlane();
    this.#gateway = this.#newGateway();
  }

  get model(): DeviceModel {
    return this.#model;
  }

  /** How far it has come, cheap to ask. */
  status(): GatewayStatus {
    return this.#gateway.status();
  }

  /** Undefined until it was switched on. */
  snapshot(now: Instant): GatewaySnapshot | undefined {
    return this.#gateway.snapshot(now);
  }

  /** The BGP table, or what one neighbour told or was told. */
  bgpPaths(...[what]: Parameters<Gateway['bgpPaths']>): ReturnType<Gateway['bgpPaths']> {
    return this.#gateway.bgpPaths(what);
  }

  /** Whether a route is installed for exactly this prefix, cheap to ask. */
  hasRoute(prefix: Prefix): boolean {
    return this.#gateway.hasRoute(prefix);
  }

  counters(): PlaneCounters {
    return this.#plane.counters();
  }

  /** Runs another configuration; only what differs is touched. It is also what the next start runs. */
  configure(model: DeviceModel, now: Instant): void {
    this.#model = model;
    this.#tell({ kind: 'configure', model }, now);
  }

  operator(request: OperatorRequest, now: Instant): void {
    this.#tell({ kind: 'operator', request }, now);
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

  /** Captures there are, and what one of them holds. */
  captures(): readonly TapStatus[] {
    return this.#plane.taps();
  }

  captured(name: string): readonly TappedPacket[] | undefined {
    return this.#plane.tapped(name);
  }

  start(now: Instant): void {
    this.#interfaces.clear();
    this.#pings.clear();
    this.#traceroutes.clear();
    this.#queue = [];
    this.#plane = this.#newPlane();
    this.#gateway = this.#newGateway();
    this.#tell({ kind: 'configure', model: this.#model }, now);
  }

  receive(port: string, packet: Uint8Array, now: Instant): void {
    this.#plane.receive(port, packet, now);
    this.#drain(now);
  }

  owns(port: string, address: IpAddress): boolean {
    const known = this.#interfaces.get(port);
    return known?.up === true && known.addresses.some((own) => own.address.equals(address));
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
    if (gateway !== undefined && gateway <= now) this.#tell({ kind: 'tick' }, now);
  }

  carrier(port: string, up: boolean, now: Instant): void {
    this.#tell({ kind: 'carrier', interface: port, up }, now);
  }

  #newPlane(): SoftwarePlane {
    return new SoftwarePlane({
      random: this.#options.random,
      sink: {
        transmit: (port, nextHop, packet) => this.#options.outlet.transmit(port, nextHop, packet),
        event: (event) => this.#queue.push({ kind: 'plane', event }),
      },
    });
  }

  #newGateway(): Gateway {
    const { random, keys, syslog } = this.#options;
    return new Gateway({
      name: this.name,
      random,
      lastInbound: (spi) => this.#plane.lastInbound(spi),
      counters: () => this.#plane.counters(),
      wallClock: (now) => LAB_EPOCH_MS + now,
      ...(syslog === undefined ? {} : { syslog }),
      ...(keys === undefined ? {} : { exportKeys: (ike) => keys.addIkeSa(ike) }),
    });
  }

  #tell(event: GatewayEvent, now: Instant): void {
    this.#queue.push(event);
    this.#drain(now);
    this.#options.outlet.changed();
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
        this.#options.onLog?.(this.name, effect.event);
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
      case 'host-tcp':
        break; // there is no kernel in the lab: all goes over our own TCP
      default:
        effect satisfies never;
    }
  }

  #note(command: PlaneCommand): void {
    if (command.kind === 'set-interface') this.#interfaces.set(command.interface.name, command.interface);
    else if (command.kind === 'remove-interface') this.#interfaces.delete(command.name);
    else if (command.kind === 'install-child-sa') this.#options.keys?.addChildSa(command.sa);
  }
}

/** Makes the devices of a lab as gateways that run their configuration, given as models by node name. */
export function gatewayDevices(
  models: ReadonlyMap<string, DeviceModel>,
  options: Pick<GatewayNodeOptions, 'keys' | 'onLog' | 'syslog'> = {},
): MakeDevice {
  return (node, _spec, outlet, random) => {
    const model = models.get(node.name);
    if (model === undefined) throw new Error(`there is no model of device ${node.name}`);
    return new GatewayNode(node.name, { ...options, model, outlet, random });
  };
}
