/** What the parts of the plane share: interfaces, VRFs and the counters of what was dropped. */
import { type Instant, type IpAddress, Prefix, PrefixTrie } from '../../base/index.ts';
import { type IpFault, Reassembler, type ReassemblyDrop } from '../../ip/index.ts';
import type { DropReason, InterfaceCounters, PlaneInterface, PlaneNextHop, PlaneNote, PlaneSink } from '../contract.ts';
import { AddressMap } from './address-map.ts';
import type { ChildSa } from './child-sa.ts';
import { Taps } from './taps.ts';
import type { Trace } from './trace.ts';

export type ErrorKind = 'unreachable' | 'too-big' | 'time-exceeded';

export type Route = Readonly<{ nextHops: readonly PlaneNextHop[] }>;

/** What a destination is to us. */
export type Owned = { kind: 'local' | 'broadcast'; owners: Port[] };

/** FIB entry of a destination that has no route, kept so that the next packet is as cheap. */
const NO_ROUTE = 'no-route';
const MAX_CACHED = 16_384;

/** An interface with its counters. */
export class Port {
  config: PlaneInterface;
  vrf: Vrf;
  /** Child SAs whose outbound half is in use, oldest first; kept here for tunnels alone. */
  readonly outbound: ChildSa[];
  acquiredAt: Instant | undefined;
  inPackets = 0;
  inBytes = 0;
  outPackets = 0;
  outBytes = 0;
  readonly drops = new Map<DropReason, number>();

  constructor(config: PlaneInterface, vrf: Vrf, outbound: ChildSa[]) {
    this.config = config;
    this.vrf = vrf;
    this.outbound = outbound;
  }

  counters(): InterfaceCounters {
    const { inPackets, inBytes, outPackets, outBytes } = this;
    const drops = Object.fromEntries(this.drops);
    return { name: this.config.name, inPackets, inBytes, outPackets, outBytes, drops };
  }
}

/** One routing table with the addresses that are ours in it. */
export class Vrf {
  readonly name: string;
  readonly reassembler: Reassembler;
  /** Changes whenever a route or an interface does: what was derived from them must be derived again. */
  generation = 0;
  readonly #changed: () => void;
  readonly #owned = new AddressMap<Owned>();
  readonly #fib: PrefixTrie<Route>;
  readonly #cache = new AddressMap<Route | typeof NO_ROUTE>();

  constructor(name: string, reassembler: Reassembler, changed: () => void, fib = new PrefixTrie<Route>()) {
    this.name = name;
    this.reassembler = reassembler;
    this.#changed = changed;
    this.#fib = fib;
  }

  /** One of its own addresses, with the same routes: whoever gets it changes none. */
  twin(reassembler: Reassembler, changed: () => void): Vrf {
    return new Vrf(this.name, reassembler, changed, this.#fib);
  }

  /** Whether an address is one of ours, or the broadcast address of one of our subnets. */
  ownerOf(address: IpAddress): Owned | undefined {
    return this.#owned.get(address);
  }

  route(destination: IpAddress): Route | undefined {
    const cached = this.#cache.get(destination);
    if (cached !== undefined) return cached === NO_ROUTE ? undefined : cached;
    const route = this.#fib.lookup(destination);
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    this.#cache.set(destination, route ?? NO_ROUTE);
    return route;
  }

  setRoute(prefix: Prefix, nextHops: readonly PlaneNextHop[]): void {
    this.#fib.set(prefix, { nextHops });
    this.touch();
  }

  removeRoute(prefix: Prefix): void {
    this.#fib.delete(prefix);
    this.touch();
  }

  touch(): void {
    this.generation++;
    this.#changed();
    if (this.#cache.size > 0) this.#cache.clear();
  }

  /** Takes over the addresses of an interface. */
  own(port: Port): void {
    for (const { address, length } of port.config.addresses) {
      this.#add(address, 'local', port);
      const broadcast = broadcastOf(address, length);
      if (broadcast !== undefined) this.#add(broadcast, 'broadcast', port);
    }
    this.touch();
  }

  disown(port: Port): void {
    for (const { address, length } of port.config.addresses) {
      this.#remove(address, port);
      const broadcast = broadcastOf(address, length);
      if (broadcast !== undefined) this.#remove(broadcast, port);
    }
    this.touch();
  }

  /** An address of ours of a family, for errors from interfaces that have none. */
  anyAddress(ports: Iterable<Port>, like: IpAddress): IpAddress | undefined {
    for (const port of ports) {
      if (port.vrf !== this) continue;
      const address = addressLike(port, like);
      if (address !== undefined) return address;
    }
    return undefined;
  }

  #add(address: IpAddress, kind: Owned['kind'], port: Port): void {
    const owned = this.#owned.get(address);
    if (owned === undefined) {
      this.#owned.set(address, { kind, owners: [port] });
      return;
    }
    if (kind === 'local') owned.kind = 'local';
    owned.owners.push(port);
  }

  #remove(address: IpAddress, port: Port): void {
    const owned = this.#owned.get(address);
    const index = owned?.owners.indexOf(port) ?? -1;
    if (owned === undefined || index < 0) return;
    owned.owners.splice(index, 1);
    if (owned.owners.length === 0) this.#owned.delete(address);
  }
}

/** The interface's own address of the family of `like`; IPv6 ones that are valid beyond the link come first. */
export function addressLike(port: Port, like: IpAddress): IpAddress | undefined {
  let linkLocal: IpAddress | undefined;
  for (const { address } of port.config.addresses) {
    if (address.family !== like.family) continue;
    if (!address.isLinkLocal) return address;
    linkLocal ??= address;
  }
  return like.isLinkLocal ? linkLocal : undefined;
}

export class PlaneState {
  readonly sink: PlaneSink;
  readonly ports = new Map<string, Port>();
  readonly vrfs = new Map<string, Vrf>();
  readonly drops = new Map<DropReason, number>();
  readonly taps = new Taps();
  /** Follows the packet at hand, where somebody asked for that. */
  trace: Trace | undefined;
  /** Changes whenever a route or an interface does, of any VRF. */
  generation = 0;
  /** TCP ports whose segments are for the gateway although there is a host. */
  puntedTcp: ReadonlySet<number> = new Set();
  #identification = 0;
  #outerIdentification = 0;
  /** Child SAs by interface name: they may come before their interface. */
  readonly #outbound = new Map<string, ChildSa[]>();

  /** Is told every decision: of twins alone, see `PlaneWatch`. */
  readonly watch: ((note: PlaneNote) => void) | undefined;

  constructor(sink: PlaneSink, watch?: (note: PlaneNote) => void) {
    this.sink = sink;
    this.watch = watch;
  }

  /** Takes over interfaces and routes of another. */
  copy(other: PlaneState): void {
    for (const [name, vrf] of other.vrfs) {
      this.vrfs.set(
        name,
        vrf.twin(this.#reassembler(), () => this.generation++),
      );
    }
    for (const { config } of other.ports.values()) this.setInterface(config);
    this.puntedTcp = other.puntedTcp;
  }

  /** Counts a drop, for the plane and for the interface where it happened. */
  drop(port: Port | undefined, reason: DropReason, count = 1): void {
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + count);
    if (port !== undefined) port.drops.set(reason, (port.drops.get(reason) ?? 0) + count);
    this.watch?.({ kind: 'drop', reason, ...(port === undefined ? {} : { interface: port.config.name }) });
  }

  vrf(name: string): Vrf {
    const known = this.vrfs.get(name);
    if (known !== undefined) return known;
    const vrf = new Vrf(name, this.#reassembler(), () => this.generation++);
    this.vrfs.set(name, vrf);
    return vrf;
  }

  #reassembler(): Reassembler {
    const onDrop = (reason: ReassemblyDrop, fragments: number): void =>
      this.drop(undefined, REASSEMBLY_REASONS[reason], fragments);
    return new Reassembler({ onDrop });
  }

  outboundOf(interfaceName: string): ChildSa[] {
    const known = this.#outbound.get(interfaceName);
    if (known !== undefined) return known;
    const list: ChildSa[] = [];
    this.#outbound.set(interfaceName, list);
    return list;
  }

  /** Forgets an empty list that no interface holds. */
  releaseOutbound(interfaceName: string): void {
    if (!this.ports.has(interfaceName)) this.#outbound.delete(interfaceName);
  }

  setInterface(config: PlaneInterface): void {
    const vrf = this.vrf(config.vrf);
    const known = this.ports.get(config.name);
    if (known !== undefined) {
      known.vrf.disown(known);
      known.config = config;
      known.vrf = vrf;
      vrf.own(known);
      for (const sa of known.outbound) sa.generation = -1;
    } else {
      const port = new Port(config, vrf, this.outboundOf(config.name));
      this.ports.set(config.name, port);
      vrf.own(port);
    }
    for (const other of this.vrfs.values()) other.touch();
  }

  removeInterface(name: string): void {
    const port = this.ports.get(name);
    if (port === undefined) return;
    port.vrf.disown(port);
    this.ports.delete(name);
    if (port.outbound.length === 0) this.#outbound.delete(name);
    for (const vrf of this.vrfs.values()) vrf.touch();
  }

  /** The same of a packet around another. */
  nextOuterIdentification(): number {
    this.#outerIdentification = (this.#outerIdentification + 1) & 0xffff;
    return this.#outerIdentification;
  }

  /** Identification of a packet of our own that may be fragmented. */
  nextIdentification(): number {
    this.#identification = (this.#identification + 1) >>> 0;
    return this.#identification;
  }
}

/** What a fault of a packet's shape is called among the drops. */
export function dropOf(fault: IpFault): DropReason {
  return fault === 'bad-checksum' ? 'bad-checksum' : 'malformed';
}

const REASSEMBLY_REASONS = {
  timeout: 'reassembly-timeout',
  overlap: 'reassembly-overlap',
  limit: 'reassembly-limit',
  malformed: 'malformed',
} as const satisfies Record<ReassemblyDrop, DropReason>;

/** RFC 919: all ones in the host part; there is none on point-to-point and host subnets (RFC 3021). */
function broadcastOf(address: IpAddress, length: number): IpAddress | undefined {
  return address.family === 4 && length <= 30 ? new Prefix(address, length).last : undefined;
}
