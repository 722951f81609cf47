/**
 * IPsec tunnel interfaces: which child SA a packet takes, and sealing. RFC 4301 section 5 (processing) and
 * section 8 (path MTU), RFC 4303 (ESP), RFC 3948 (UDP encapsulation).
 */
import { type Instant, type IpAddress, type Random, readU32 } from '../../base/index.ts';
import { fragmentIp, type IpHeader, Protocol, parseQuotedIp } from '../../ip/index.ts';
import type { DropReason, PlaneChildSa, PlaneCommand, PlaneEvent, PlaneTunnel } from '../contract.ts';
import type { ChildSa } from './child-sa.ts';
import { outerLength, writeOuter } from './outer-packet.ts';
import { PathMtus } from './path-mtu.ts';
import type { ErrorKind, PlaneState, Port, Vrf } from './plane-state.ts';
import { type SaCompanion, SaDatabase } from './sa-database.ts';
import { reportHard, spend } from './sa-limits.ts';
import { Unsealing } from './unsealing.ts';

/** What tunnels need of the router around them. */
export type Surroundings = Readonly<{
  /** Takes in what came out of a tunnel; the array becomes the plane's own. */
  inputInner: (port: Port, packet: Uint8Array, header: IpHeader, now: Instant) => void;
  /** The same for GRE of ours that came out of a child SA. */
  inputGre: (port: Port, packet: Uint8Array, header: IpHeader, now: Instant) => void;
  sendOuter: (vrf: Vrf, to: IpAddress, hash: number, packet: Uint8Array, df: boolean, now: Instant) => void;
  error: (
    from: Port | undefined,
    ownVrf: Vrf,
    kind: ErrorKind,
    code: number,
    mtu: number,
    header: IpHeader,
    packet: Uint8Array,
    now: Instant,
  ) => boolean;
}>;

const ACQUIRE_INTERVAL_MS = 1000;
/** When neither the route nor the underlay says. */
const DEFAULT_MTU = 1500;
const MIN_MTU_V4 = 68;
const MIN_MTU_V6 = 1280;
const MAX_PACKET = 0xffff;
const UDP_HEADER = 8;
const ESP_HEADER = 8;

export class Tunnels {
  readonly #state: PlaneState;
  readonly #around: Surroundings;
  readonly #sas: SaDatabase;
  readonly #pathMtus = new PathMtus();
  /** ESP that came in. */
  readonly unsealing: Unsealing;

  constructor(state: PlaneState, random: Random, around: Surroundings, companion?: SaCompanion) {
    this.#state = state;
    this.#around = around;
    this.#sas = new SaDatabase(state, random, companion);
    this.unsealing = new Unsealing(state, this.#sas, around);
  }

  get sas(): SaDatabase {
    return this.#sas;
  }

  copy(other: Tunnels): void {
    this.#pathMtus.copy(other.#pathMtus);
    this.#sas.copy(other.#sas);
    for (const sa of this.#sas.all()) this.#refresh(sa);
  }

  install(config: PlaneChildSa): void {
    this.#refresh(this.#sas.install(config));
    this.unsealing.early.installed(config.id);
  }

  move({ id, local, remote, udpEncapsulation }: Extract<PlaneCommand, { kind: 'move-child-sa' }>): void {
    const sa = this.#sas.get(id);
    if (sa === undefined) return;
    sa.move(local, remote, udpEncapsulation);
    this.#refresh(sa);
  }

  wakeAt(): readonly (Instant | undefined)[] {
    return [this.#sas.wakeAt(), this.#pathMtus.wakeAt(), this.unsealing.early.wakeAt()];
  }

  tick(now: Instant): void {
    this.#sas.tick(now);
    this.unsealing.takeEarly(now);
    if (!this.#pathMtus.tick(now)) return;
    for (const vrf of this.#state.vrfs.values()) vrf.touch();
    for (const sa of this.#sas.all()) this.#refresh(sa);
  }

  /** Largest packet that a tunnel takes now, in one piece. */
  mtuOf(port: Port): number {
    const sa = port.outbound[port.outbound.length - 1];
    if (sa === undefined) return port.config.mtu;
    this.#refresh(sa);
    return Math.min(port.config.mtu, sa.innerMtu);
  }

  /** Largest packet that the newest child SA of an interface seals in one piece; undefined: there is none. */
  sealedMtu(port: Port): number | undefined {
    const sa = port.outbound[port.outbound.length - 1];
    if (sa === undefined) return undefined;
    this.#refresh(sa);
    return sa.innerMtu;
  }

  /** A packet, our own to change, goes out by a tunnel. `from` is absent for packets that we originate. */
  send(from: Port | undefined, port: Port, header: IpHeader, packet: Uint8Array, now: Instant): void {
    const { tunnel, up, mtu } = port.config;
    if (port.outbound.length === 0) this.#acquire(port, now);
    if (!up || tunnel === undefined) {
      this.#state.drop(port, 'interface-down');
      this.#around.error(from, port.vrf, 'unreachable', 0, 0, header, packet, now);
      return;
    }
    this.#pass(from, port, tunnel, header, packet, mtu, now);
  }

  /**
   * GRE of ours goes out by the child SAs of its interface, whose MTU is that of the packets inside of GRE and so no
   * limit here.
   */
  carry(port: Port, header: IpHeader, packet: Uint8Array, now: Instant): void {
    if (port.outbound.length === 0) this.#acquire(port, now);
    const { tunnel } = port.config;
    if (tunnel !== undefined) this.#pass(undefined, port, tunnel, header, packet, MAX_PACKET, now);
  }

  /** Seals a packet in one piece or several, none longer than `mtu`. */
  #pass(
    from: Port | undefined,
    port: Port,
    tunnel: PlaneTunnel,
    header: IpHeader,
    packet: Uint8Array,
    mtu: number,
    now: Instant,
  ): void {
    const sa = this.#select(port, header, packet);
    if (typeof sa === 'string') {
      this.#state.drop(port, sa);
      return;
    }
    this.#refresh(sa);
    const mayCut = header.family === 4 ? !header.df || tunnel.df === 'clear' : from === undefined;
    const limit = largestInner(mtu, tunnel, sa, header);
    this.#state.watch?.({
      kind: 'child-sa',
      interface: port.config.name,
      id: sa.config.id,
      limit,
      pathMtu: sa.pathMtu,
      asked: port.outbound.length,
    });
    // RFC 4303 section 3.3.4: transport mode never seals a fragment; what is too long is cut behind ESP.
    if (packet.length <= limit || (mayCut && sa.config.mode === 'transport')) {
      this.#seal(port, tunnel, sa, header, packet, now);
      return;
    }
    if (!mayCut || header.fragmentHeaderOffset > 0) {
      this.#state.drop(port, 'too-big');
      sa.packetsTooBig++;
      sa.drop('outbound', 'too-big');
      if (this.#around.error(from, port.vrf, 'too-big', 0, limit, header, packet, now)) sa.mtuErrorsSent++;
      return;
    }
    const identification = this.#state.nextIdentification();
    const fragments = fragmentIp(packet, limit, identification);
    if (fragments.length === 0) {
      this.#state.drop(port, 'too-big');
      return;
    }
    this.#state.watch?.({ kind: 'cut', interface: port.config.name, pieces: fragments.length, limit });
    sa.packetsFragmented++;
    sa.fragmentsCreated += fragments.length;
    for (const fragment of fragments) this.#seal(port, tunnel, sa, header, fragment, now);
  }

  /**
   * An ICMP report that a packet was too big: 'ours' when it is about a packet that a child SA of ours has sent, 'forged'
   * when it claims to be, 'other' when it is about something else. RFC 4301 section 8.2.1: believe only what matches.
   */
  handleTooBig(vrf: Vrf, from: IpAddress, mtu: number, quoted: Uint8Array, now: Instant): 'ours' | 'forged' | 'other' {
    const parsed = parseQuotedIp(quoted);
    if (!parsed.ok) return 'other';
    const header = parsed.value;
    const udp = header.protocol === Protocol.UDP;
    if (header.protocol !== Protocol.ESP && !udp) return 'other';
    const start = header.payloadOffset + (udp ? UDP_HEADER : 0);
    const spi = readU32(quoted, start);
    if (udp && (spi === 0 || quoted.length < start + ESP_HEADER)) return 'other';
    if (quoted.length < start + ESP_HEADER) return 'forged';
    for (const sa of this.#sas.withOutboundSpi(spi)) {
      if (!sa.local.address.equals(header.source) || !sa.remote.address.equals(header.destination)) continue;
      if (this.#frontVrfOf(sa) !== vrf || udp !== sa.udpEncapsulation) continue;
      const sequence = readU32(quoted, start + 4);
      // It has to be one of the packets sent, and one that did not fit.
      const wasSent = sa.config.esn || (sequence > 0 && sequence <= sa.outbound.sequence);
      if (!wasSent || header.totalLength <= mtu) {
        sa.mtuErrorsRefused++;
        return 'forged';
      }
      sa.mtuErrorsReceived++;
      const before = sa.pathMtu;
      const { pathMtuAgeMs: maxAgeMs } = this.#state.ports.get(sa.config.interface)?.config.tunnel ?? {};
      const terms = maxAgeMs === undefined ? {} : { maxAgeMs };
      if (this.#pathMtus.learn(vrf.name, sa.remote.address, before, mtu, now, terms)) {
        vrf.touch();
        this.#refresh(sa, { from, suggested: mtu, before });
      }
      return 'ours';
    }
    return udp ? 'other' : 'forged';
  }

  /** The newest child SA that is in use and whose selectors fit, or why there is none. */
  #select(port: Port, header: IpHeader, packet: Uint8Array): ChildSa | DropReason {
    const { outbound } = port;
    const { trace } = this.#state;
    let reason: DropReason = 'no-sa';
    for (let i = outbound.length - 1; i >= 0; i--) {
      const sa = outbound[i];
      if (sa === undefined || !(sa.confirmed || sa.released)) continue;
      if (trace !== undefined && sa.selectors.usesPorts(header.family)) trace.usesPorts = true;
      if (!sa.selectors.fitsOutbound(header, packet)) {
        if (reason === 'no-sa') reason = 'selector-mismatch';
        continue;
      }
      if (!sa.hardReported) return sa;
      reason = 'hard-limit';
    }
    return reason;
  }

  #seal(port: Port, tunnel: PlaneTunnel, sa: ChildSa, header: IpHeader, packet: Uint8Array, now: Instant): void {
    const state = this.#state;
    const { config } = sa;
    if (sa.isSpent('outbound', packet.length)) {
      spend(state, port, sa, 'outbound');
      return;
    }
    if (packet.length + sa.overhead > MAX_PACKET) {
      state.drop(port, 'too-big');
      sa.drop('outbound', 'too-big');
      return;
    }
    const transport = config.mode === 'transport';
    // GRE has counted what is inside of it, and shown that to captures.
    const isGre = tunnel.gre !== undefined;
    if (!isGre && state.taps.any) state.taps.see('out', port.config, packet);
    if (transport && !isBetweenEnds(sa, header)) {
      state.drop(port, 'selector-mismatch');
      sa.drop('outbound', 'selector-mismatch');
      return;
    }
    // One array for each packet: the outer headers go in front of what is sealed.
    const room = outerLength(sa);
    const outer = transport
      ? sa.outbound.seal(packet.subarray(header.payloadOffset), header.protocol, room)
      : sa.outbound.seal(packet, header.family === 4 ? Protocol.IPIP : Protocol.IPV6, room);
    if (outer === 'sequence-exhausted') {
      reportHard(state, sa);
      state.drop(port, 'sequence-exhausted');
      sa.drop('outbound', 'sequence-exhausted');
      return;
    }
    sa.lastOutbound = now;
    sa.countOutbound(packet.length);
    const { trace } = state;
    if (trace !== undefined) {
      if (trace.sa !== undefined || transport) trace.isSpecial = true;
      trace.sa = sa;
      trace.tunnel = port;
      trace.packet = packet;
    }
    if (!isGre) {
      port.outPackets++;
      port.outBytes += packet.length;
    }
    if (sa.reachesSoftLimit()) state.sink.event({ kind: 'child-sa-limit', id: config.id, limit: 'soft' });
    // What does not fit the path in one piece has to be cut behind us, whatever DF was to be.
    const df = packet.length <= sa.innerMtu && wantsDf(tunnel, header);
    const fresh = df ? 0 : state.nextOuterIdentification();
    state.watch?.({
      kind: 'sealed',
      interface: port.config.name,
      id: config.id,
      outboundSpi: config.outboundSpi,
      mode: config.mode,
      udpEncapsulation: sa.udpEncapsulation,
      inner: packet.length,
      outer: outer.length,
      df,
      local: sa.local.address,
      remote: sa.remote.address,
    });
    const identification = transport ? header.identification & 0xffff : fresh;
    writeOuter(outer, sa, header.tos, transport ? header.ttl : undefined, df, identification);
    this.#around.sendOuter(state.vrf(tunnel.frontVrf), sa.remote.address, config.outboundSpi, outer, df, now);
  }

  #acquire(port: Port, now: Instant): void {
    if (port.acquiredAt !== undefined && now - port.acquiredAt < ACQUIRE_INTERVAL_MS) return;
    port.acquiredAt = now;
    this.#state.sink.event({ kind: 'acquire', interface: port.config.name });
  }

  #frontVrfOf(sa: ChildSa): Vrf | undefined {
    const name = this.#state.ports.get(sa.config.interface)?.config.tunnel?.frontVrf;
    return name === undefined ? undefined : this.#state.vrf(name);
  }

  /** Brings the path MTU of an SA up to date with routes, interfaces and what ICMP told. */
  #refresh(sa: ChildSa, told?: Extract<PlaneEvent, { kind: 'path-mtu' }>['told']): void {
    const front = this.#frontVrfOf(sa);
    if (front === undefined ? sa.pathMtu !== 0 : sa.generation === front.generation) return;
    const { address } = sa.remote;
    let mtu = DEFAULT_MTU;
    if (front !== undefined) {
      sa.generation = front.generation;
      mtu = Math.min(this.#linkMtu(sa, front), this.#pathMtus.get(front.name, address) ?? MAX_PACKET);
    }
    if (!sa.setPathMtu(mtu) || sa.closing) return;
    const { id, interface: name } = sa.config;
    const largest = Math.min(sa.innerMtu, this.#state.ports.get(name)?.config.mtu ?? sa.innerMtu);
    this.#state.sink.event({
      kind: 'path-mtu',
      interface: name,
      id,
      pathMtu: mtu,
      mtu: largest,
      ...(told && { told }),
    });
  }

  /** MTU of the first link toward the peer. */
  #linkMtu(sa: ChildSa, front: Vrf): number {
    let mtu: number | undefined;
    for (const hop of front.route(sa.remote.address)?.nextHops ?? []) {
      const port = this.#state.ports.get(hop.interface);
      if (port !== undefined) mtu = Math.min(mtu ?? MAX_PACKET, port.config.mtu);
    }
    if (mtu !== undefined) return mtu;
    const underlay = this.#state.ports.get(sa.config.interface)?.config.tunnel?.underlay;
    return (underlay === undefined ? undefined : this.#state.ports.get(underlay)?.config.mtu) ?? DEFAULT_MTU;
  }
}

/** Transport mode carries whole packets between the two ends themselves: RFC 4303 section 3.3.4. */
function isBetweenEnds(sa: ChildSa, header: IpHeader): boolean {
  return (
    header.source.equals(sa.local.address) &&
    header.destination.equals(sa.remote.address) &&
    !header.moreFragments &&
    header.fragmentOffset === 0
  );
}

/** An IPv6 packet counts as one that must not be fragmented. */
function wantsDf(tunnel: PlaneTunnel, header: IpHeader): boolean {
  return tunnel.df === 'copy' ? header.df : tunnel.df === 'set';
}

/** Longest inner packet that is sealed in one piece. */
function largestInner(mtu: number, tunnel: PlaneTunnel, sa: ChildSa, header: IpHeader): number {
  const cutsOuter = sa.config.mode === 'transport' || tunnel.fragmentation === 'after';
  const limit = cutsOuter && !wantsDf(tunnel, header) ? mtu : Math.min(mtu, sa.innerMtu);
  // RFC 2473 section 7.1: never ask a source for less than the least MTU; the outer packet is fragmented instead.
  return Math.max(limit, header.family === 4 ? MIN_MTU_V4 : MIN_MTU_V6);
}
