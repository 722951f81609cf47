/**
 * A software plane with a fast path beside it, in a thread of its own. The software plane decides everything: what the
 * fast path does not know comes here, is carried as ever, and where the next packet of the flow would fare the same way
 * by SA and device alone, the flow is written down for the fast path. What changes anything makes flows unknown again.
 * Sequence numbers, replay windows and limits of an SA are shared, so that both may carry its packets at any time.
 */
import type { Instant, Random } from '../../base/index.ts';
import { Encr } from '../../crypto/index.ts';
import { type IpHeader, Protocol, parseIp } from '../../ip/index.ts';
import type {
  Plane,
  PlaneChildSa,
  PlaneCommand,
  PlaneCounters,
  PlaneEvent,
  PlaneInterface,
  PlaneSink,
  PlaneWatch,
  TappedPacket,
  TapStatus,
  TransitStatus,
} from '../contract.ts';
import type { ChildSa } from '../software/child-sa.ts';
import type { Connection } from '../software/connections.ts';
import type { Port } from '../software/plane-state.ts';
import { SoftwarePlane } from '../software/software-plane.ts';
import { Trace } from '../software/trace.ts';
import { ConnectionFlows } from './connection-flows.ts';
import { type FastMemory, MOST_WINDOW, PortNumber } from './fast-memory.ts';
import type { FastOrder, FastSaConfig } from './fast-sa.ts';
import { Direction, Flow, FlowKey, FlowTable, flowKind } from './flow-table.ts';
import { FastShares } from './shares.ts';

/** The fast path, as the plane beside it sees it. */
export type FastLink = Readonly<{
  memory: FastMemory;
  order: (order: FastOrder) => void;
  /** Number of the device that stands for a tunnel (or its template) or that packets came by; undefined: there is none. */
  deviceOf: (interfaceName: string) => number | undefined;
  /** The machine's name of a VRF, where its sockets are of one. */
  vrfDeviceOf?: (vrf: string) => string | undefined;
}>;

/** Commands after which flows may fare otherwise. The rest tells so by the plane's own generation. */
const CHANGES: ReadonlySet<PlaneCommand['kind']> = new Set([
  'set-vxlan-peer',
  'remove-vxlan-peer',
  'set-security-policy',
  'set-filters',
  'set-transit-policy',
  'clear-connections',
  'set-punted-ports',
  'set-tap',
  'remove-tap',
]);

export class FastPlane implements Plane {
  readonly #software: SoftwarePlane;
  readonly #link: FastLink;
  readonly #shares: FastShares;
  readonly #flows: FlowTable;
  readonly #trace = new Trace();
  readonly #key = new FlowKey();
  readonly #flow = new Flow();
  /** Places of interfaces among the shared counters, and what was brought in from there. */
  readonly #places = new Map<Port, number>();
  readonly #collected = new Map<Port, Float64Array>();
  /** Front VRFs of tunnels, by name. */
  readonly #fronts = new Map<string, string>();
  readonly #carriers = new WeakMap<Connection, ConnectionFlows>();
  readonly #freePlaces: number[] = [];
  #lastPlace = 0;
  #generation = 0;
  #serial = 0;

  constructor({ sink, random, link }: Readonly<{ sink: PlaneSink; random: Random; link: FastLink }>) {
    this.#link = link;
    this.#shares = new FastShares(link.memory);
    this.#flows = new FlowTable(link.memory);
    link.memory.forgetFlows();
    this.#software = new SoftwarePlane({
      sink: { ...sink, event: (event) => this.#event(event, sink) },
      random,
      companion: {
        share: (config) => (isForFastPath(config) ? this.#shares.take(config) : undefined),
        closing: (sa) => this.#touched(sa),
        forgotten: (sa) => this.#forgotten(sa),
      },
    });
  }

  command(command: PlaneCommand, now: Instant): void {
    if (command.kind === 'remove-interface') {
      this.#forgetPort(command.name);
      this.#fronts.delete(command.name);
    }
    this.#software.command(command, now);
    if (command.kind === 'install-child-sa') this.#describe(command.sa.id);
    else if (command.kind === 'move-child-sa') this.#describe(command.id);
    else if (command.kind === 'set-interface') this.#describeAll(command.interface);
    if (CHANGES.has(command.kind)) this.#link.memory.forgetFlows();
    this.#noticeChanges();
  }

  receive(interfaceName: string, packet: Uint8Array, now: Instant): void {
    const trace = this.#begin();
    this.#software.receive(interfaceName, packet, now);
    this.#software.state.trace = undefined;
    this.#noticeChanges();
    if (trace.packet !== undefined) this.#learn(trace, Direction.IN, trace.packet, 0);
  }

  receiveFromHost(vrf: string, device: string, packet: Uint8Array, now: Instant): void {
    const trace = this.#begin();
    this.#software.receiveFromHost(vrf, device, packet, now);
    this.#software.state.trace = undefined;
    this.#noticeChanges();
    if (trace.packet !== undefined) this.#learn(trace, Direction.OUT, packet, this.#link.deviceOf(device) ?? 0);
  }

  wakeAt(): Instant | undefined {
    return this.#software.wakeAt();
  }

  tick(now: Instant): void {
    this.#software.tick(now);
    this.#noticeChanges();
  }

  counters(): PlaneCounters {
    this.#collectPorts();
    return this.#software.counters();
  }

  lastInbound(id: number): Instant | undefined {
    return this.#software.lastInbound(id);
  }

  lastOutbound(id: number): Instant | undefined {
    return this.#software.lastOutbound(id);
  }

  connections(now: Instant): TransitStatus {
    return this.#software.connections(now);
  }

  taps(): readonly TapStatus[] {
    return this.#software.taps();
  }

  tapped(name: string): readonly TappedPacket[] | undefined {
    return this.#software.tapped(name);
  }

  twin(watch: PlaneWatch): Plane {
    return this.#software.twin(watch);
  }

  #begin(): Trace {
    const trace = this.#trace;
    trace.reset();
    if (!this.#software.state.taps.any) this.#software.state.trace = trace;
    return trace;
  }

  #event(event: PlaneEvent, sink: PlaneSink): void {
    // Another SA may be the one to take now, or none.
    if (event.kind === 'child-sa-confirmed' || event.kind === 'child-sa-limit') {
      const sa = this.#software.sas.get(event.id);
      if (sa !== undefined) this.#touched(sa);
    }
    sink.event(event);
  }

  #noticeChanges(): void {
    const { generation } = this.#software.state;
    if (generation === this.#generation) return;
    this.#generation = generation;
    this.#link.memory.forgetFlows();
  }

  /** Flows by SAs of the same tunnel are to be judged anew. */
  #touched(sa: ChildSa): void {
    this.#shares.touch(sa);
    for (const other of this.#software.state.outboundOf(sa.config.interface)) this.#shares.touch(other);
  }

  #forgotten(sa: ChildSa): void {
    this.#bringInDrops(sa);
    const slot = this.#shares.release(sa);
    if (slot !== undefined) this.#link.order({ kind: 'forget-sa', slot });
  }

  #bringInDrops(sa: ChildSa): void {
    const { state } = this.#software;
    this.#shares.takeDrops(sa, (reason, count) => state.drop(undefined, reason, count));
  }

  /** The SAs of a tunnel that came after them, or went into another VRF. */
  #describeAll({ name, tunnel }: PlaneInterface): void {
    if (tunnel === undefined || this.#fronts.get(name) === tunnel.frontVrf) return;
    this.#fronts.set(name, tunnel.frontVrf);
    for (const sa of this.#software.state.outboundOf(name)) this.#describe(sa.config.id);
  }

  /** Tells the fast path of an SA, or how it is now. */
  #describe(id: number): void {
    const sa = this.#software.sas.get(id);
    const slot = sa === undefined ? undefined : this.#shares.slotOf(sa);
    if (sa === undefined || slot === undefined) return;
    this.#serial = (this.#serial + 1) | 0;
    this.#shares.describe(sa, this.#serial);
    this.#touched(sa);
    const front = this.#software.state.ports.get(sa.config.interface)?.config.tunnel?.frontVrf ?? '';
    const vrf = this.#link.vrfDeviceOf?.(front) ?? '';
    this.#link.order({ kind: 'set-sa', sa: { ...describe(sa, slot, this.#serial), vrf } });
  }

  /** Writes a flow down, if the next packet of it needs no more than what is written down. */
  #learn(trace: Trace, direction: 0 | 1, packet: Uint8Array, device: number): void {
    const { sa, tunnel, outer } = trace;
    if (sa === undefined || tunnel?.config.tunnel === undefined || outer === undefined) return;
    if (trace.isSpecial || trace.left !== 1 || trace.packet !== trace.given || sa.hardReported) return;
    const slot = this.#shares.slotOf(sa);
    const parsed = parseIp(packet);
    if (slot === undefined || !parsed.ok) return;
    const header = parsed.value;
    const into = direction === Direction.OUT ? device : this.#link.deviceOf(tunnel.config.name);
    if (into === undefined || into === 0 || !this.#writeKey(trace, direction, header, packet)) return;
    this.#key.from = direction === Direction.OUT ? device : slot;
    const flow = this.#flow;
    flow.slot = slot;
    flow.serial = this.#shares.serialOf(sa);
    flow.device = into;
    flow.clearPort = this.#placeOf(trace.clear);
    flow.tunnelPort = this.#placeOf(tunnel);
    flow.outerPort = this.#placeOf(outer);
    flow.limit = Math.min(tunnel.config.mtu, sa.innerMtu);
    const { df } = tunnel.config.tunnel;
    flow.df = df === 'copy' ? 0 : df === 'set' ? 1 : 2;
    if (!this.#followConnection(trace, header)) return;
    this.#shares.allow(sa);
    this.#carry(trace);
  }

  /** What is to be done to segments of a connection, if that is little enough. */
  #followConnection({ connection, isOutward }: Trace, { protocol }: IpHeader): boolean {
    const flow = this.#flow;
    const tcp = connection?.flow;
    flow.isFollowed = connection !== undefined && protocol === Protocol.TCP ? 1 : 0;
    flow.sequenceBy = flow.acknowledgementBy = 0;
    if (connection === undefined) return true;
    if (connection.ended !== undefined || connection.nearFin || connection.farFin) return false;
    if (protocol === Protocol.TCP && !connection.answered) return false;
    if (tcp === undefined) return true;
    const { sequence, acknowledgement } = tcp.shifts(isOutward ? 'outward' : 'homeward');
    flow.sequenceBy = sequence | 0;
    flow.acknowledgementBy = acknowledgement | 0;
    return tcp.leavesPlainSegments;
  }

  /** Writes the flow down; that of a connection is asked for what it carried, and is forgotten with it. */
  #carry({ connection, isOutward }: Trace): void {
    if (connection === undefined) {
      this.#flows.set(this.#key, this.#flow);
      return;
    }
    const known = this.#carriers.get(connection) ?? new ConnectionFlows(this.#flows);
    this.#carriers.set(connection, known);
    connection.carrier = known;
    const way = isOutward ? 'outward' : 'homeward';
    const place = this.#flows.set(this.#key, this.#flow, () => known.lost(way, connection));
    known.places.set(way, place);
  }

  #writeKey(trace: Trace, direction: 0 | 1, header: IpHeader, packet: Uint8Array): boolean {
    const { family, protocol, source, destination } = header;
    const hasPorts = protocol === Protocol.TCP || protocol === Protocol.UDP;
    // Of what is ours some goes to the machine and some stays, by protocol and port.
    const usesPorts = trace.usesPorts || trace.isOurs;
    if (usesPorts && (!hasPorts || header.moreFragments || header.fragmentOffset > 0)) return false;
    const { words } = this.#key;
    [source, destination].forEach((address, i) => {
      words[4 * i] = address.a;
      words[4 * i + 1] = address.b;
      words[4 * i + 2] = address.c;
      words[4 * i + 3] = address.d;
    });
    this.#key.kind = flowKind(family, direction, protocol, usesPorts);
    const at = header.payloadOffset;
    const port = (i: number): number => packet[at + i] ?? 0;
    this.#key.ports = usesPorts ? (port(0) << 24) | (port(1) << 16) | (port(2) << 8) | port(3) : 0;
    return true;
  }

  #placeOf(port: Port | undefined): number {
    if (port === undefined) return 0;
    const known = this.#places.get(port);
    if (known !== undefined) return known;
    const place = this.#freePlaces.pop() ?? ++this.#lastPlace;
    const numbers = this.#link.memory.portNumbers(place);
    if (numbers === undefined) return 0;
    this.#places.set(port, place);
    this.#collected.set(port, numbers.slice());
    return place;
  }

  /** Brings in what the fast path has carried by interfaces. */
  #collectPorts(): void {
    for (const port of this.#places.keys()) this.#collectPort(port);
    for (const sa of this.#software.sas.all()) this.#bringInDrops(sa);
  }

  #collectPort(port: Port): void {
    const numbers = this.#link.memory.portNumbers(this.#places.get(port) ?? 0);
    const before = this.#collected.get(port);
    if (numbers === undefined || before === undefined) return;
    const grown = (place: number): number => {
      const now = numbers[place] ?? 0;
      const by = now - (before[place] ?? 0);
      before[place] = now;
      return by;
    };
    port.inPackets += grown(PortNumber.IN_PACKETS);
    port.inBytes += grown(PortNumber.IN_BYTES);
    port.outPackets += grown(PortNumber.OUT_PACKETS);
    port.outBytes += grown(PortNumber.OUT_BYTES);
  }

  #forgetPort(name: string): void {
    const port = this.#software.state.ports.get(name);
    const place = port === undefined ? undefined : this.#places.get(port);
    if (port === undefined || place === undefined) return;
    this.#places.delete(port);
    this.#collected.delete(port);
    this.#freePlaces.push(place);
  }
}

/** What the fast path can not do, or has no room for, is not given to it. */
function isForFastPath({ mode, replayWindow, encr, remote }: PlaneChildSa): boolean {
  return mode === 'tunnel' && !remote.address.isLinkLocal && replayWindow <= MOST_WINDOW && encr !== Encr.NULL;
}

function describe(sa: ChildSa, slot: number, serial: number): Omit<FastSaConfig, 'vrf'> {
  const { config, local, remote, udpEncapsulation } = sa;
  const { encr, keyBits, integ, esn, replayWindow } = config;
  const keys = (key: PlaneChildSa['inboundKey'], integKey: PlaneChildSa['inboundIntegKey']) => ({
    encr,
    keyBits,
    integ,
    key: key.reveal(),
    integKey: integKey?.reveal() ?? new Uint8Array(0),
  });
  return {
    slot,
    serial,
    inboundSpi: config.id,
    outboundSpi: config.outboundSpi,
    esn,
    replayWindow,
    inbound: keys(config.inboundKey, config.inboundIntegKey),
    outbound: keys(config.outboundKey, config.outboundIntegKey),
    local: { address: local.address.toString(), port: local.port },
    remote: { address: remote.address.toString(), port: remote.port },
    udpEncapsulation,
  };
}
