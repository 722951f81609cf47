/** The way of a packet through the router: in, to ourselves or by the FIB, and out. RFC 1812, RFC 8200, RFC 4443. */
import type { Instant, IpAddress, Random } from '../../base/index.ts';
import { decrementTtl, type IpHeader, Protocol, parseIp } from '../../ip/index.ts';
import type { PlaneNextHop } from '../contract.ts';
import { Delivery } from './delivery.ts';
import { Egress } from './egress.ts';
import { flowHash, isSyn } from './flow.ts';
import { Gre } from './gre.ts';
import { HostSide } from './host-side.ts';
import { IcmpErrors } from './icmp-errors.ts';
import { isMartian } from './martians.ts';
import { MssClamp } from './mss-clamp.ts';
import { dropOf, type ErrorKind, type PlaneState, type Port, type Route, type Vrf } from './plane-state.ts';
import type { SaCompanion } from './sa-database.ts';
import { Security } from './security.ts';
import { Transit } from './transit.ts';
import { Tunnels } from './tunnels.ts';
import { Vxlan } from './vxlan.ts';

/** Tunnels within tunnels; more are a routing loop. */
const MAX_DEPTH = 8;

const UNREACHABLE_NET = 0;
const UNREACHABLE_HOST = 1;
const UNREACHABLE_ADDRESS_V6 = 3;

export class Forwarding {
  readonly tunnels: Tunnels;
  readonly vxlan: Vxlan;
  readonly gre: Gre;
  readonly delivery: Delivery;
  readonly security: Security;
  readonly transit: Transit;
  readonly #state: PlaneState;
  readonly #egress: Egress;
  readonly #errors: IcmpErrors;
  readonly #mss: MssClamp;
  /** Where packets of the machine around come from; one packet at a time. */
  #host: HostSide | undefined;
  #depth = 0;

  constructor(state: PlaneState, random: Random, companion?: SaCompanion) {
    this.#state = state;
    this.#egress = new Egress(state);
    this.#errors = new IcmpErrors(state);
    this.#mss = new MssClamp(state, (port) => this.#tunnelMtu(port));
    this.transit = new Transit((event) => state.sink.event(event), random);
    this.security = new Security(this.transit, state.watch);
    this.tunnels = new Tunnels(state, random, this, companion);
    this.vxlan = new Vxlan(state, this);
    this.gre = new Gre(state, this, this.tunnels);
    this.delivery = new Delivery(state, this.tunnels, this.vxlan, this.gre, this);
  }

  /** Takes over what another knows beside interfaces and routes. */
  copy(other: Forwarding): void {
    this.transit.copy(other.transit);
    this.security.copy(other.security);
    this.tunnels.copy(other.tunnels);
    this.vxlan.copy(other.vxlan);
    this.gre.copy(other.gre);
  }

  /**
   * A packet that came in by `port`. `owned` says that the array is the plane's own, so it may be changed; `known` saves
   * reading its header again.
   */
  input(port: Port, packet: Uint8Array, owned: boolean, now: Instant, known?: IpHeader): void {
    port.inPackets++;
    port.inBytes += packet.length;
    if (this.#state.taps.any) this.#state.taps.see('in', port.config, packet);
    const { name, vrf } = port.config;
    this.#state.watch?.({ kind: 'input', interface: name, vrf, bytes: packet.length });
    if (!port.config.up) {
      this.#state.drop(port, 'interface-down');
      return;
    }
    const header = known ?? this.#parse(port, packet);
    if (header === undefined) return;
    const whole = packet.length === header.totalLength ? packet : packet.subarray(0, header.totalLength);
    const { source, destination } = header;
    if (destination.isMulticast || (header.family === 4 && destination.a === -1)) {
      this.#state.drop(port, 'multicast');
      return;
    }
    if (isMartian(header)) {
      this.#state.drop(port, 'malformed');
      return;
    }
    const owner = port.vrf.ownerOf(destination);
    if (owner?.kind === 'local') {
      if (this.security.reaches(port, owner, header, whole, now)) this.delivery.deliver(port, header, whole, now);
      else this.#state.drop(port, 'security-level');
      return;
    }
    if (owner !== undefined) {
      this.#state.drop(port, 'multicast');
      return;
    }
    // RFC 4291 section 2.5.6: routers never forward link-local packets.
    if (source.isLinkLocal || destination.isLinkLocal) {
      this.#state.drop(port, 'not-ours');
      return;
    }
    this.#forward(port, header, whole, owned, now);
  }

  /** A packet that came out of a tunnel; layers of ESP within ESP are as limited as tunnels within tunnels. */
  inputInner(port: Port, packet: Uint8Array, header: IpHeader, now: Instant): void {
    if (this.#enter()) this.input(port, packet, true, now, header);
    this.#depth--;
  }

  /**
   * GRE that came out of a child SA of the tunnel it is for. It was sent between the outer ends, so that its fragments
   * are put together in the front VRF, apart from what came there in clear (RFC 4301 section 7).
   */
  inputGre(port: Port, packet: Uint8Array, header: IpHeader, now: Instant): void {
    const front = this.#state.vrf(port.config.tunnel?.frontVrf ?? '');
    const isPart = header.moreFragments || header.fragmentOffset > 0;
    const whole = isPart ? front.reassembler.add(header, packet, now, port.config.name) : packet;
    const read = isPart ? whole && this.#parse(port, whole) : header;
    if (whole === undefined || read === undefined) return;
    const isGre = read.protocol === Protocol.GRE && !read.moreFragments && read.fragmentOffset === 0;
    const isTaken = !this.#enter() || (isGre && this.gre.receive(port, front, read, whole, now, port));
    this.#depth--;
    if (!isTaken) this.#state.drop(port, 'unsupported-protocol');
  }

  /**
   * A packet that the machine around routed into a device of ours, and so into a tunnel. Where its source is behind an
   * interface of ours it counts as having come in there, as far as security levels go.
   */
  inputFromHost(vrf: Vrf, device: string, packet: Uint8Array, now: Instant): void {
    const header = this.#parse(undefined, packet);
    if (header === undefined) return;
    const { source, destination } = header;
    if (destination.isMulticast || (header.family === 4 && destination.a === -1)) {
      this.#state.drop(undefined, 'multicast'); // routers and services of the machine look for others there
      return;
    }
    if (isMartian(header) || source.isLinkLocal || destination.isLinkLocal) {
      this.#state.drop(undefined, 'not-ours');
      return;
    }
    const whole = packet.length === header.totalLength ? packet : packet.subarray(0, header.totalLength);
    const side = this.#hostSide(vrf, device);
    const port = this.#state.ports.get(device);
    // By a VNI a packet needs the tunnel endpoint that the FIB knows.
    const named = port?.config.kind === 'tunnel' ? port : undefined;
    const route = named === undefined ? vrf.route(destination) : undefined;
    const hop = route && this.#chooseHop(route, flowHash(header, whole));
    const out = named ?? (hop && this.#state.ports.get(hop.interface));
    if (out === undefined || out.config.kind === 'ethernet') {
      // The machine's routes and ours differ for a moment. Sent back to it, the packet would come again.
      this.#unrouted(side, vrf, out === undefined ? route : undefined, hop, header, whole, now);
      return;
    }
    const from = this.#lanOf(vrf, source);
    if (from !== undefined) {
      from.inPackets++;
      from.inBytes += whole.length;
      if (this.#state.taps.any) this.#state.taps.see('in', from.config, whole);
      if (!this.security.permits(from, out, header, whole, now)) {
        this.#state.drop(from, this.security.refusal);
        return;
      }
    }
    this.#follow(from, out, route);
    // What the machine says itself is its own, and only what passes through is normalised.
    const isNormalised = from !== undefined && this.transit.policy.on;
    const isClamped = header.protocol === Protocol.TCP && isSyn(header, whole);
    const sent = isClamped || isNormalised ? whole.slice() : whole;
    if (isNormalised && this.#refusesToNormalise(from, out, header, sent, now)) return;
    if (isClamped) this.#mss.clamp(from ?? out, out, header, sent);
    const { trace } = this.#state;
    if (trace !== undefined) {
      trace.given = sent;
      if (isClamped) trace.isSpecial = true;
    }
    this.leave(side, out, hop?.gateway ?? destination, header, sent, now);
  }

  /** The real interface that an address is behind, unless it is our own. */
  #lanOf(vrf: Vrf, address: IpAddress): Port | undefined {
    if (vrf.ownerOf(address) !== undefined) return undefined;
    for (const { interface: name } of vrf.route(address)?.nextHops ?? []) {
      const port = this.#state.ports.get(name);
      if (port?.config.kind === 'ethernet') return port;
    }
    return undefined;
  }

  #hostSide(vrf: Vrf, device: string): HostSide {
    if (this.#host === undefined) this.#host = new HostSide(vrf);
    this.#host.vrf = vrf;
    this.#host.device = device;
    return this.#host;
  }

  /**
   * Sends a packet of our own by the FIB, or to ourselves. With `asker`, where what it answers came in: false, and
   * nothing counted, if there must be no answer by the way that it would take.
   */
  originate(vrf: Vrf, packet: Uint8Array, now: Instant, asker?: Port): boolean {
    const header = this.#parse(undefined, packet);
    if (header === undefined) return true;
    const owner = vrf.ownerOf(header.destination);
    const ownerPort = owner?.owners[0];
    if (owner?.kind === 'local' && ownerPort !== undefined) {
      if (this.#enter()) this.delivery.deliver(ownerPort, header, packet, now);
      this.#depth--;
      return true;
    }
    const route = vrf.route(header.destination);
    const hop = route && this.#chooseHop(route, flowHash(header, packet));
    const out = hop && this.#state.ports.get(hop.interface);
    this.#noteRoute(vrf, header.destination, route, hop, false);
    if (out === undefined) {
      this.#unrouted(undefined, vrf, route, hop, header, packet, now);
      return true;
    }
    if (asker !== undefined && !this.security.mayAnswer(asker, out)) return false;
    this.security.originated(vrf.ownerOf(header.source), out, header, packet, now);
    this.leave(undefined, out, hop?.gateway ?? header.destination, header, packet, now);
    return true;
  }

  /** Sends what answers a packet that came in by a port; false if there must be no answer. */
  reply(port: Port, packet: Uint8Array, now: Instant): boolean {
    const { watch } = this.#state;
    if (watch !== undefined) {
      watch({ kind: 'delivered', interface: port.config.name, to: 'answer' });
      return true;
    }
    const sent = !this.#enter() || this.originate(port.vrf, packet, now, port);
    this.#depth--;
    return sent;
  }

  /** Sends a packet of our own by a given interface. */
  originateBy(interfaceName: string, gateway: IpAddress | undefined, packet: Uint8Array, now: Instant): void {
    const out = this.#state.ports.get(interfaceName);
    if (out === undefined) {
      this.#state.drop(undefined, 'unknown-interface');
      return;
    }
    const header = this.#parse(undefined, packet);
    if (header === undefined) return;
    this.security.originated(out.vrf.ownerOf(header.source), out, header, packet, now);
    this.leave(undefined, out, gateway ?? header.destination, header, packet, now);
  }

  /**
   * Sends the outer packet of a tunnel. Its header is known to be right, so on its way out by a real interface it is not
   * read again; `hash` chooses among equal-cost paths.
   */
  sendOuter(vrf: Vrf, destination: IpAddress, hash: number, packet: Uint8Array, df: boolean, now: Instant): void {
    const route = vrf.route(destination);
    const hop = route && this.#chooseHop(route, hash);
    const out = hop && this.#state.ports.get(hop.interface);
    if (out === undefined || out.config.kind !== 'ethernet' || vrf.ownerOf(destination) !== undefined) {
      if (this.#enter()) this.originate(vrf, packet, now);
      this.#depth--;
      return;
    }
    this.#noteRoute(vrf, destination, route, hop, true);
    if (!out.config.up) {
      this.#state.drop(out, 'interface-down');
      return;
    }
    const gateway = hop?.gateway ?? destination;
    if (packet.length <= out.config.mtu) {
      this.#egress.transmit(out, gateway, packet);
      return;
    }
    if (df && destination.family === 4) {
      this.#state.drop(out, 'too-big');
      return;
    }
    this.#egress.fragments(out, gateway, packet);
  }

  /** Largest packet that goes toward an address in one piece, as far as we know; undefined: nothing leads there. */
  mtuToward(vrf: Vrf, destination: IpAddress, hash: number): number | undefined {
    const route = vrf.route(destination);
    const hop = route && this.#chooseHop(route, hash);
    const out = hop && this.#state.ports.get(hop.interface);
    if (out === undefined) return undefined;
    return out.config.kind === 'tunnel' ? this.#tunnelMtu(out) : out.config.mtu;
  }

  #tunnelMtu(port: Port): number {
    return port.config.tunnel?.gre === undefined ? this.tunnels.mtuOf(port) : this.gre.mtuOf(port);
  }

  /** Out by an interface, cut into fragments where that is allowed. `from` is absent for packets of our own. */
  leave(
    from: Port | undefined,
    out: Port,
    gateway: IpAddress,
    header: IpHeader,
    packet: Uint8Array,
    now: Instant,
  ): void {
    const { kind, up, mtu } = out.config;
    if (kind === 'tunnel') {
      if (this.#enter()) {
        if (out.config.tunnel?.gre === undefined) this.tunnels.send(from, out, header, packet, now);
        else this.gre.send(from, out, header, packet, now);
      }
      this.#depth--;
      return;
    }
    if (kind === 'vxlan') {
      if (this.#enter()) this.vxlan.send(from, out, gateway, header, packet, now);
      this.#depth--;
      return;
    }
    if (!up) {
      this.#state.drop(out, 'interface-down');
      this.error(from, out.vrf, 'unreachable', unreachableHost(header), 0, header, packet, now);
      return;
    }
    if (kind === 'loopback') {
      this.#state.drop(out, 'no-route');
      this.error(from, out.vrf, 'unreachable', unreachableHost(header), 0, header, packet, now);
      return;
    }
    if (packet.length <= mtu) {
      this.#egress.transmit(out, gateway, packet);
      return;
    }
    // RFC 8200 section 5: only the source of an IPv6 packet fragments it.
    const mayCut = header.family === 4 ? !header.df : from === undefined && header.fragmentHeaderOffset === 0;
    if (mayCut) {
      this.#egress.fragments(out, gateway, packet);
      return;
    }
    this.#state.drop(out, 'too-big');
    this.error(from, out.vrf, 'too-big', 0, mtu, header, packet, now);
  }

  /**
   * Tells the source of a dropped packet why. The error comes from the address of the interface where the packet came
   * in (RFC 1812 section 4.3.2.4); about a packet of our own it comes from, and goes to, ourselves.
   * Says whether it was told: not everything is answered, and not at any rate.
   */
  error(
    from: Port | undefined,
    ownVrf: Vrf,
    kind: ErrorKind,
    code: number,
    mtu: number,
    header: IpHeader,
    packet: Uint8Array,
    now: Instant,
  ): boolean {
    const { watch } = this.#state;
    if (watch !== undefined) {
      watch({ kind: 'told', error: kind, mtu });
      return true;
    }
    const sent = this.transit.asSent(header, packet);
    if (from instanceof HostSide) return this.#errors.toHost(from.device, kind, code, mtu, header, sent, now);
    const vrf = from?.vrf ?? ownVrf;
    const message = this.#errors.message(from, vrf, kind, code, mtu, header, sent, now);
    if (message === undefined) return false;
    const told = !this.#enter() || this.originate(vrf, message, now, from);
    this.#depth--;
    return told;
  }

  #parse(port: Port | undefined, packet: Uint8Array): IpHeader | undefined {
    const parsed = parseIp(packet);
    if (parsed.ok) return parsed.value;
    this.#state.drop(port, dropOf(parsed.error));
    return undefined;
  }

  #forward(port: Port, header: IpHeader, packet: Uint8Array, owned: boolean, now: Instant): void {
    const route = port.vrf.route(header.destination);
    const hop = route && this.#chooseHop(route, flowHash(header, packet));
    const out = hop && this.#state.ports.get(hop.interface);
    this.#noteRoute(port.vrf, header.destination, route, hop, false);
    const isHosts = out?.config.kind === 'ethernet' && out.config.up && this.delivery.handsOver(port);
    if (header.ttl <= 1 && !isHosts) {
      this.#state.drop(port, 'ttl-exceeded');
      this.error(port, port.vrf, 'time-exceeded', 0, 0, header, packet, now);
      return;
    }
    if (out === undefined) {
      this.#unrouted(port, port.vrf, route, hop, header, packet, now);
      return;
    }
    if (!this.security.permits(port, out, header, packet, now)) {
      this.#state.drop(port, this.security.refusal); // and nothing said: there may be nobody to know of
      return;
    }
    // The array of a packet from a link belongs to whoever gave it: a capture may still hold it.
    const copy = owned ? packet : packet.slice();
    if (this.#refusesToNormalise(port, out, header, copy, now)) return;
    if (!isHosts) decrementTtl(copy);
    if (header.protocol === Protocol.TCP && isSyn(header, copy)) this.#mss.clamp(port, out, header, copy);
    if (isHosts) {
      this.#follow(out, port, route);
      this.#egress.count(out, copy);
      this.delivery.handOver(port, copy);
    } else this.leave(port, out, hop?.gateway ?? header.destination, header, copy, now);
  }

  #refusesToNormalise(from: Port, out: Port, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    const { trace } = this.#state;
    const isFollowed = trace !== undefined && this.transit.follows(header);
    if (isFollowed) trace.before(header, packet);
    const reason = this.transit.normalise(from, out, header, packet, now);
    if (isFollowed) trace.after(header, packet);
    if (reason !== undefined) this.#state.drop(from, reason);
    return reason !== undefined;
  }

  #unrouted(
    from: Port | undefined,
    vrf: Vrf,
    route: Route | undefined,
    hop: PlaneNextHop | undefined,
    header: IpHeader,
    packet: Uint8Array,
    now: Instant,
  ): void {
    const reason = route === undefined ? 'no-route' : hop === undefined ? 'null-route' : 'unknown-interface';
    this.#state.drop(from, reason);
    const code = route === undefined ? UNREACHABLE_NET : unreachableHost(header);
    this.error(from, vrf, 'unreachable', code, 0, header, packet, now);
  }

  #noteRoute(
    vrf: Vrf,
    destination: IpAddress,
    route: Route | undefined,
    next: PlaneNextHop | undefined,
    isOuter: boolean,
  ): void {
    const { watch } = this.#state;
    if (watch === undefined) return;
    const choices = route?.nextHops.length ?? 0;
    const isNull = route !== undefined && choices === 0;
    const found = next === undefined ? {} : { next };
    watch({ kind: 'route', vrf: vrf.name, destination, choices, isNull, isOuter, ...found });
  }

  /** One of the equal-cost next hops: the same for the same flow while the set stays, and one that is up if any is. */
  #chooseHop(route: Route, hash: number): PlaneNextHop | undefined {
    const { nextHops } = route;
    const count = nextHops.length;
    const first = nextHops[count <= 1 ? 0 : hash % count];
    if (count <= 1 || first === undefined) return first;
    for (let i = 0; i < count; i++) {
      const hop = nextHops[(hash + i) % count];
      if (hop !== undefined && this.#state.ports.get(hop.interface)?.config.up === true) return hop;
    }
    return first;
  }

  /** Notes for who follows the packet how it passes between a tunnel and the side in clear. */
  #follow(clear: Port | undefined, tunnel: Port, route: Route | undefined): void {
    const { trace } = this.#state;
    if (trace === undefined) return;
    trace.clear = clear;
    if (route !== undefined && route.nextHops.length > 1) trace.usesPorts = true;
    if (clear === undefined) return;
    const { latest, isOutward } = this.transit.connections;
    trace.connection = latest;
    trace.isOutward = isOutward;
    if (latest !== undefined) trace.usesPorts = true;
    else if (
      !(trace.sa === undefined ? this.security.passesAll(clear, tunnel) : this.security.passesAll(tunnel, clear))
    ) {
      trace.isSpecial = true;
    }
  }

  /** Goes one step deeper; false, and a drop, when that is a loop. The caller steps back in any case. */
  #enter(): boolean {
    if (this.#depth++ < MAX_DEPTH) return true;
    this.#state.drop(undefined, 'no-route');
    return false;
  }
}

function unreachableHost(header: IpHeader): number {
  return header.family === 4 ? UNREACHABLE_HOST : UNREACHABLE_ADDRESS_V6;
}
