/**
 * The lab: nodes, links and one schedule, in one thread. A run is a function of topology, configurations, script and
 * seed. Nothing here looks at all nodes for one event.
 */
import { after, at, Deadlines, type Instant, type IpAddress, type Random, seededRandom } from '../base/index.ts';
import { BridgeNode } from './bridge-node.ts';
import { FirewallNode } from './firewall-node.ts';
import { HostNode } from './host-node.ts';
import { type Channel, Link } from './link.ts';
import { NatNode } from './nat-node.ts';
import type { LabNode, Outlet } from './node.ts';
import { ethernetFrame, type PcapngWriter } from './pcapng.ts';
import { RouterNode } from './router-node.ts';
import { Schedule } from './schedule.ts';
import type { DeviceSpec, Topology, TopologyLink, TopologyNode } from './topology.ts';

/** Makes the node of a device: `gatewayDevices` gives the one that runs its configuration. */
export type MakeDevice = (node: TopologyNode, spec: DeviceSpec, outlet: Outlet, random: Random) => LabNode;

export type LabOptions = Readonly<{ seed: number; device: MakeDevice }>;

export type RunOptions = Readonly<{
  /** Run to a moment, or until this holds. */
  until: Instant | (() => boolean);
  /** Give up at this moment; without it an hour from now. */
  limit?: Instant;
  /** How often the condition is asked, in milliseconds of the lab's time. */
  everyMs?: number;
}>;

/** A node with its place in the lab. */
type Place = { node: LabNode; on: boolean; ends: Map<string, End>; ticksAt: Instant | undefined; ticks: number };
/** A port with a link in it. `channel` is the direction away from it; `mac` the last four bytes of its MAC address. */
type End = { place: Place; port: string; link: Link; channel: Channel; mac: number; peer: End };

type LabEvent =
  | Readonly<{ kind: 'action'; action: (now: Instant) => void }>
  | Readonly<{ kind: 'frame'; to: End; nextHop: IpAddress; packet: Uint8Array; era: number }>;

const AN_HOUR_MS = 3_600_000;
/** A node that asks to be woken this often at one moment would stop time. */
const MAX_TICKS_AT_ONCE = 10_000;

export class Lab {
  readonly topology: Topology;
  readonly seed: number;
  /** Frames handed to ports without a link. */
  unplugged = 0;
  /** Events worked off. */
  events = 0;
  readonly #places = new Map<string, Place>();
  readonly #links = new Map<string, { link: Link; ends: readonly [End, End] }>();
  readonly #schedule = new Schedule<LabEvent>();
  readonly #deadlines = new Deadlines<Place>();
  #now: Instant = at(0);

  constructor(topology: Topology, { seed, device }: LabOptions) {
    this.topology = topology;
    this.seed = seed;
    for (const node of topology.nodes) this.#addNode(node, device);
    for (const [index, { name, ends, profile }] of topology.links.entries()) {
      const link = new Link(name, profile, (side) => seededRandom(seed, `link ${name} ${side}`));
      this.#links.set(name, { link, ends: this.#plugIn(link, ends, 2 * index + 1) });
    }
    for (const { name, startupDelayMs } of topology.nodes) this.at(at(startupDelayMs), () => this.powerOn(name));
  }

  get now(): Instant {
    return this.#now;
  }

  /** When something happens next. */
  get nextAt(): Instant | undefined {
    const planned = this.#schedule.nextAt();
    const wake = this.#deadlines.earliest();
    return planned === undefined || (wake !== undefined && wake < planned) ? wake : planned;
  }

  /** The node of a name, as what it is: `lab.node('lan1', HostNode)`. */
  node<T extends LabNode>(name: string, type: abstract new (...args: never[]) => T): T {
    const node = this.#places.get(name)?.node;
    if (!(node instanceof type)) throw new Error(`the lab has no ${type.name} named ${name}`);
    return node;
  }

  /** All nodes of a type, in the topology's order. */
  nodes<T extends LabNode>(type: abstract new (...args: never[]) => T): readonly T[] {
    return [...this.#places.values()].map(({ node }) => node).filter((node): node is T => node instanceof type);
  }

  link(name: string): Link {
    const entry = this.#links.get(name);
    if (entry === undefined) throw new Error(`the lab has no link named ${name}`);
    return entry.link;
  }

  /** The node of a name, whatever it is. */
  anyNode(name: string): LabNode | undefined {
    return this.#places.get(name)?.node;
  }

  /** What is at the other end of the link in a port; undefined: there is no link. */
  plugged(name: string, port: string): Readonly<{ link: Link; node: string; port: string }> | undefined {
    const end = this.#places.get(name)?.ends.get(port);
    return end && { link: end.link, node: end.peer.place.node.name, port: end.peer.port };
  }

  /** What is said of a node's outlet, for one that stands in for it. */
  resolves(name: string, port: string, address: IpAddress): boolean {
    return this.#resolves(this.#places.get(name)?.ends.get(port), address);
  }

  get links(): readonly Link[] {
    return [...this.#links.values()].map(({ link }) => link);
  }

  /** Plans an action; one planned for the past happens next. */
  at(when: Instant, action: (now: Instant) => void): void {
    this.#schedule.add(when < this.#now ? this.#now : when, { kind: 'action', action });
  }

  /** Runs in virtual time; says whether the moment or the condition was reached. */
  run({ until, limit = after(this.#now, AN_HOUR_MS), everyMs = 100 }: RunOptions): boolean {
    if (typeof until === 'number') {
      this.#advance(until);
      return true;
    }
    for (;;) {
      if (until()) return true;
      if (this.#now >= limit) return false;
      this.#advance(at(Math.min(after(this.#now, everyMs), limit)));
    }
  }

  /** Works off the next event, whenever it is; false when nothing is planned. */
  step(): boolean {
    const planned = this.#schedule.nextAt();
    const wake = this.#deadlines.earliest();
    if (planned !== undefined && (wake === undefined || planned <= wake)) {
      this.#now = planned;
      this.events++;
      const event = this.#schedule.take();
      if (event?.kind === 'action') event.action(this.#now);
      else if (event !== undefined) this.#arrive(event);
      return true;
    }
    if (wake === undefined) return false;
    if (wake > this.#now) this.#now = wake;
    this.events++;
    const place = this.#deadlines.takeDue(this.#now);
    if (place !== undefined) this.#tick(place);
    return true;
  }

  /** Switches a node on, as at the start: it forgets everything it knew. */
  powerOn(name: string): void {
    const place = this.#place(name);
    if (place.on) return;
    place.on = true;
    place.node.start?.(this.#now);
    for (const end of place.ends.values()) this.#tellCarrier(end, true);
    this.#plan(place);
  }

  /** Switches a node off without a word to its neighbours. */
  powerOff(name: string): void {
    const place = this.#place(name);
    if (!place.on) return;
    place.on = false;
    for (const end of place.ends.values()) if (end.link.up) this.#tellCarrier(end, false);
    this.#deadlines.set(place, undefined);
  }

  isOn(name: string): boolean {
    return this.#place(name).on;
  }

  /** Plugs a link in or out at both ends; frames under way are lost. */
  setLink(name: string, up: boolean): void {
    const entry = this.#links.get(name);
    if (entry === undefined) throw new Error(`the lab has no link named ${name}`);
    if (entry.link.up === up) return;
    if (up) entry.link.plug();
    else entry.link.unplug();
    this.#tellCarrier(entry.ends[0], up);
  }

  /** Writes what passes on links (all, or those named) into a capture from now on. */
  capture(writer: PcapngWriter, names: readonly string[] = [...this.#links.keys()]): void {
    for (const name of names) {
      const { ends } = this.topology.links.find((link) => link.name === name) ?? {};
      const [a, b] = ends ?? [];
      const description = a === undefined || b === undefined ? name : `${a.node}:${a.port} to ${b.node}:${b.port}`;
      this.link(name).taps.push({ writer, id: writer.addInterface(name, description) });
    }
  }

  #addNode(described: TopologyNode, device: MakeDevice): void {
    const { name, spec } = described;
    const outlet: Outlet = {
      transmit: (port, nextHop, packet) => this.#transmit(place, port, nextHop, packet),
      resolves: (port, address) => this.#resolves(place.ends.get(port), address),
      changed: () => this.#plan(place),
    };
    const make = (): LabNode => {
      switch (spec.kind) {
        case 'host':
          return new HostNode(name, spec, outlet);
        case 'bridge':
          return new BridgeNode(name, outlet);
        case 'nat':
          return new NatNode(name, spec, outlet);
        case 'router':
          return new RouterNode(name, spec, outlet);
        case 'firewall':
          return new FirewallNode(name, spec, outlet, seededRandom(this.seed, `node ${name}`));
        default:
          return device(described, spec, outlet, seededRandom(this.seed, `node ${name}`));
      }
    };
    const place: Place = { node: make(), on: false, ends: new Map(), ticksAt: undefined, ticks: 0 };
    this.#places.set(name, place);
  }

  #plugIn(link: Link, [a, b]: TopologyLink['ends'], mac: number): readonly [End, End] {
    const one = { place: this.#place(a.node), port: a.port, link, channel: link.channels[0], mac };
    const other: End = {
      place: this.#place(b.node),
      port: b.port,
      link,
      channel: link.channels[1],
      mac: mac + 1,
      get peer() {
        return first;
      },
    };
    const first: End = { ...one, peer: other };
    first.place.ends.set(a.port, first);
    other.place.ends.set(b.port, other);
    return [first, other];
  }

  #place(name: string): Place {
    const place = this.#places.get(name);
    if (place === undefined) throw new Error(`the lab has no node named ${name}`);
    return place;
  }

  #advance(until: Instant): void {
    for (;;) {
      const next = this.nextAt;
      if (next === undefined || next > until) break;
      this.step();
    }
    if (until > this.#now) this.#now = until;
  }

  #plan(place: Place): void {
    this.#deadlines.set(place, place.on ? place.node.wakeAt() : undefined);
  }

  #tick(place: Place): void {
    place.ticks = place.ticksAt === this.#now ? place.ticks + 1 : 0;
    place.ticksAt = this.#now;
    if (place.ticks > MAX_TICKS_AT_ONCE) {
      throw new Error(`${place.node.name} wants to be woken for ever at ${this.#now} ms`);
    }
    place.node.tick(this.#now);
    this.#plan(place);
  }

  #transmit(place: Place, port: string, nextHop: IpAddress, packet: Uint8Array): void {
    const end = place.ends.get(port);
    if (end === undefined) this.unplugged++;
    if (end === undefined || !place.on) return;
    const { link, channel } = end;
    if (!link.up) {
      channel.lose('link-down');
      return;
    }
    const passage = channel.pass(packet.length, link.profile, this.#now);
    if (link.taps.length > 0)
      this.#record(end, nextHop, packet, passage.arrives === undefined ? passage.drop : undefined);
    if (passage.arrives === undefined) return;
    const frame = { kind: 'frame', to: end.peer, nextHop, packet, era: link.era } as const;
    this.#schedule.add(passage.arrives, frame);
    // The receiver of one copy may change it.
    if (passage.again !== undefined) this.#schedule.add(passage.again, { ...frame, packet: packet.slice() });
  }

  #arrive({ to, nextHop, packet, era }: Extract<LabEvent, { kind: 'frame' }>): void {
    const { place, port, link } = to;
    const { channel } = to.peer;
    if (era !== link.era) channel.lose('link-down');
    else if (!place.on) channel.lose('receiver-off');
    else if (place.node.egress === undefined && !place.node.owns(port, nextHop)) channel.lose('unknown-next-hop');
    else {
      channel.counters.delivered++;
      place.node.receive(port, packet, this.#now, nextHop);
      this.#plan(place);
    }
  }

  #resolves(end: End | undefined, address: IpAddress): boolean {
    if (end === undefined || !end.link.up || !end.place.on || !end.peer.place.on) return false;
    return end.peer.place.node.owns(end.peer.port, address);
  }

  /** Tells both ends of a link, each if it is on, that the link came or went. */
  #tellCarrier(end: End, up: boolean): void {
    const works = end.link.up && end.place.on && end.peer.place.on;
    if (up && !works) return;
    for (const one of [end, end.peer]) {
      if (!one.place.on) continue;
      one.place.node.carrier(one.port, up, this.#now);
      this.#plan(one.place);
    }
  }

  #record(end: End, nextHop: IpAddress, packet: Uint8Array, drop: string | undefined): void {
    const frame = ethernetFrame(this.#ownerMac(end.peer, nextHop), end.mac, packet);
    const comment = drop === undefined ? undefined : `dropped by the link: ${drop}`;
    for (const { writer, id } of end.link.taps) writer.packet(id, this.#now, frame, comment);
  }

  /** The MAC address of the port that a frame finally goes to, through transparent nodes. */
  #ownerMac(end: End, nextHop: IpAddress): number | undefined {
    const { node, ends } = end.place;
    if (node.egress === undefined) return end.mac;
    const egress = node.egress(end.port, nextHop);
    const out = egress === undefined ? undefined : ends.get(egress);
    return out === undefined ? undefined : this.#ownerMac(out.peer, nextHop);
  }
}
