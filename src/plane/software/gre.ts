/**
 * GRE tunnel interfaces: RFC 2784 and RFC 2890, in clear or inside of child SAs of the same interface. Packets are cut
 * before they go into GRE (RFC 2784 section 3.1 leaves the outer DF to us); keepalives are those of routers: a packet
 * whose payload is its own answer.
 */
import { EMPTY, type Instant, type IpAddress, readU16, readU32 } from '../../base/index.ts';
import {
  buildGre,
  buildIp,
  decrementTtl,
  EtherType,
  fragmentIp,
  GRE_KEEPALIVE,
  type GreHeader,
  greHeaderLength,
  type IpHeader,
  ipHeaderLength,
  Protocol,
  parseGre,
  parseIp,
  parseQuotedIp,
  setTos,
} from '../../ip/index.ts';
import type { DropReason, PlaneGre, PlaneInterface } from '../contract.ts';
import { flowHash } from './flow.ts';
import { PathMtus } from './path-mtu.ts';
import { dropOf, type ErrorKind, type PlaneState, type Port, type Vrf } from './plane-state.ts';

/** What GRE needs of the router around it. */
export type GreSurroundings = Readonly<{
  /** Takes in what came out of a tunnel; the array becomes the plane's own. */
  inputInner: (port: Port, packet: Uint8Array, header: IpHeader, now: Instant) => void;
  sendOuter: (vrf: Vrf, to: IpAddress, hash: number, packet: Uint8Array, df: boolean, now: Instant) => void;
  /** Largest packet that goes toward an address in one piece; undefined: nothing leads there. */
  mtuToward: (vrf: Vrf, to: IpAddress, hash: number) => number | undefined;
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

/** The child SAs that GRE may go in. */
export type GreProtection = Readonly<{
  carry: (port: Port, header: IpHeader, packet: Uint8Array, now: Instant) => void;
  /** Largest packet that the newest child SA of an interface takes; undefined: there is none. */
  sealedMtu: (port: Port) => number | undefined;
}>;

type Tunnel = {
  readonly name: string;
  readonly key: string;
  nextSequence: number;
  /** Of the newest packet that came. */
  lastSequence: number | undefined;
};

const MIN_MTU_V4 = 68;
const MIN_MTU_V6 = 1280;
const MAX_PACKET = 0xffff;
const ECN_MASK = 3;
const ECN_CE = 3;
const UNREACHABLE_NET = 0;
const HALF = 0x8000_0000;
const GRE_BASE = 4;

export class Gre {
  readonly #state: PlaneState;
  readonly #around: GreSurroundings;
  readonly #protection: GreProtection;
  readonly #byName = new Map<string, Tunnel>();
  /** By front VRF, outer ends and key: what a packet from outside tells. */
  readonly #byEnds = new Map<string, Tunnel>();
  /** Path MTUs by the interface, whose errors it has asked for. */
  readonly #pathMtus = new PathMtus();

  constructor(state: PlaneState, around: GreSurroundings, protection: GreProtection) {
    this.#state = state;
    this.#around = around;
    this.#protection = protection;
  }

  /** An interface is about to take the place of what has its name. */
  setInterface({ name, tunnel }: PlaneInterface): void {
    const known = this.#byName.get(name);
    const gre = tunnel?.gre;
    const key = tunnel === undefined || gre === undefined ? undefined : keyOf(tunnel.frontVrf, gre);
    if (known !== undefined && known.key === key) return;
    this.removeInterface(name);
    if (key === undefined) return;
    const made = { name, key, nextSequence: 0, lastSequence: undefined };
    this.#byName.set(name, made);
    this.#byEnds.set(key, made);
  }

  removeInterface(name: string): void {
    const known = this.#byName.get(name);
    if (known === undefined) return;
    this.#byName.delete(name);
    if (this.#byEnds.get(known.key) === known) this.#byEnds.delete(known.key);
  }

  copy(other: Gre): void {
    for (const tunnel of other.#byName.values()) {
      const made = { ...tunnel };
      this.#byName.set(made.name, made);
      this.#byEnds.set(made.key, made);
    }
    this.#pathMtus.copy(other.#pathMtus);
  }

  wakeAt(): Instant | undefined {
    return this.#pathMtus.wakeAt();
  }

  tick(now: Instant): void {
    if (this.#pathMtus.tick(now)) for (const vrf of this.#state.vrfs.values()) vrf.touch();
  }

  /** Largest packet that a tunnel takes now in one piece. */
  mtuOf(port: Port): number {
    const { tunnel, mtu } = port.config;
    const { gre } = tunnel ?? {};
    return gre?.pathMtuDiscovery === undefined ? mtu : Math.min(mtu, this.#roomOf(port, gre));
  }

  /** A packet, our own to change, goes out by a tunnel. `from` is absent for packets that we originate. */
  send(from: Port | undefined, port: Port, header: IpHeader, packet: Uint8Array, now: Instant): void {
    const { tunnel, up, mtu } = port.config;
    if (!up || tunnel?.gre === undefined) {
      this.#state.drop(port, 'interface-down');
      this.#around.error(from, port.vrf, 'unreachable', UNREACHABLE_NET, 0, header, packet, now);
      return;
    }
    const { gre } = tunnel;
    // Without path MTU discovery the outer packet has no DF and is cut on its way, so only the interface's MTU counts.
    const df = gre.pathMtuDiscovery !== undefined && header.df;
    const room = df ? Math.min(mtu, this.#roomOf(port, gre)) : mtu;
    const limit = Math.max(room, header.family === 4 ? MIN_MTU_V4 : MIN_MTU_V6);
    if (packet.length <= limit) {
      this.#encapsulate(port, gre, header, packet, df && packet.length <= room, now);
      return;
    }
    const mayCut = header.family === 4 ? !header.df : from === undefined && header.fragmentHeaderOffset === 0;
    const fragments = mayCut ? fragmentIp(packet, limit, this.#state.nextIdentification()) : [];
    if (fragments.length === 0) {
      this.#state.drop(port, 'too-big');
      this.#around.error(from, port.vrf, 'too-big', 0, limit, header, packet, now);
      return;
    }
    for (const one of fragments) this.#encapsulate(port, gre, header, one, false, now);
  }

  /** Asks the other end to send a packet back to us. Nothing else passes while the line is down, so this has to. */
  sendKeepalive(name: string, now: Instant): void {
    const port = this.#state.ports.get(name);
    const { gre } = port?.config.tunnel ?? {};
    if (port === undefined || gre === undefined) return;
    const { source, destination, key, ttl } = gre;
    const answer = buildGre({ protocol: GRE_KEEPALIVE, ...(key === undefined ? {} : { key }) }, EMPTY);
    const inner = buildIp({ source: destination, destination: source, protocol: Protocol.GRE, ttl }, answer);
    this.#wrap(port, gre, source.family, inner, gre.tos ?? 0, false, 0, now);
  }

  /**
   * A whole GRE packet for ourselves; `via` is the tunnel whose child SA it came out of. False: no tunnel of this VRF
   * is GRE, so that it is nobody's.
   */
  receive(port: Port, vrf: Vrf, header: IpHeader, packet: Uint8Array, now: Instant, via?: Port): boolean {
    if (this.#byName.size === 0) return false;
    const read = parseGre(packet.subarray(header.payloadOffset, header.totalLength));
    if (!read.ok) {
      this.#state.drop(port, dropOf(read.error));
      return true;
    }
    const ends = { source: header.destination, destination: header.source };
    const { key } = read.value;
    const tunnel = this.#byEnds.get(keyOf(vrf.name, key === undefined ? ends : { ...ends, key }));
    const inner = tunnel === undefined ? undefined : this.#state.ports.get(tunnel.name);
    const { gre } = inner?.config.tunnel ?? {};
    // Whoever has another key is told nothing (RFC 2890 section 2.1 says not even that it is wrong).
    if (tunnel === undefined || inner === undefined || gre === undefined) {
      this.#state.drop(port, 'unknown-gre-tunnel');
      return true;
    }
    const reason = this.#open(tunnel, inner, gre, header, read.value, via, now);
    if (reason !== undefined) this.#state.drop(inner, reason);
    return true;
  }

  /** Why a packet is not taken; what is inside of it goes on its way otherwise. */
  #open(
    tunnel: Tunnel,
    port: Port,
    gre: PlaneGre,
    outer: IpHeader,
    read: GreHeader,
    via: Port | undefined,
    now: Instant,
  ): DropReason | undefined {
    if (gre.isProtected && via === undefined) return 'unprotected';
    if (via !== undefined && via !== port) return 'selector-mismatch';
    if (gre.sequence && read.sequence !== undefined && !isInOrder(tunnel, read.sequence)) return 'out-of-order';
    if (read.protocol === GRE_KEEPALIVE) {
      this.#state.sink.event({ kind: 'gre-keepalive', interface: tunnel.name });
      return undefined;
    }
    if (read.protocol !== EtherType.IPV4 && read.protocol !== EtherType.IPV6) return 'unsupported-protocol';
    const packet = read.payload.slice();
    const parsed = parseIp(packet);
    if (!parsed.ok) return dropOf(parsed.error);
    const header = parsed.value;
    if ((header.family === 4) !== (read.protocol === EtherType.IPV4)) return 'malformed';
    if (isOwnAnswer(gre, header)) return this.#sendBack(port, gre, header, packet, now);
    const ecn = header.tos & ECN_MASK;
    const isMarked = (outer.tos & ECN_MASK) === ECN_CE;
    // RFC 6040 section 4.2: congestion outside is congestion inside, where the flow knows what that is.
    if (isMarked && ecn === 0) return 'malformed';
    if (isMarked) setTos(packet, header.tos | ECN_CE);
    this.#around.inputInner(port, packet, isMarked ? { ...header, tos: header.tos | ECN_CE } : header, now);
    return undefined;
  }

  /** The other end's keepalive: what is inside goes where it is addressed to, the way that our own GRE takes. */
  #sendBack(port: Port, gre: PlaneGre, header: IpHeader, packet: Uint8Array, now: Instant): DropReason | undefined {
    if (header.ttl <= 1) return 'ttl-exceeded';
    decrementTtl(packet);
    this.#transmit(port, gre, packet, header.df && header.family === 4, 0, now);
    return undefined;
  }

  #encapsulate(port: Port, gre: PlaneGre, header: IpHeader, packet: Uint8Array, df: boolean, now: Instant): void {
    if (this.#state.taps.any) this.#state.taps.see('out', port.config, packet);
    port.outPackets++;
    port.outBytes += packet.length;
    this.#wrap(port, gre, header.family, packet, gre.tos ?? header.tos, df, flowHash(header, packet), now);
  }

  #wrap(
    port: Port,
    gre: PlaneGre,
    family: 4 | 6,
    packet: Uint8Array,
    tos: number,
    df: boolean,
    hash: number,
    now: Instant,
  ): void {
    const { source, destination, key, checksum, sequence, ttl } = gre;
    const tunnel = this.#byName.get(port.config.name);
    if (tunnel === undefined || packet.length + overheadOf(gre) > MAX_PACKET) {
      this.#state.drop(port, 'too-big');
      return;
    }
    const numbered = sequence ? { sequence: tunnel.nextSequence } : {};
    if (sequence) tunnel.nextSequence = (tunnel.nextSequence + 1) >>> 0;
    const protocol = family === 4 ? EtherType.IPV4 : EtherType.IPV6;
    const body = buildGre({ protocol, checksum, ...(key === undefined ? {} : { key }), ...numbered }, packet);
    const identification = df ? 0 : this.#state.nextIdentification() & 0xffff;
    const outer = buildIp({ source, destination, protocol: Protocol.GRE, ttl, tos, df, identification }, body);
    this.#transmit(port, gre, outer, df, hash, now);
  }

  #transmit(port: Port, gre: PlaneGre, outer: Uint8Array, df: boolean, hash: number, now: Instant): void {
    this.#state.watch?.({
      kind: 'wrapped',
      by: 'gre',
      interface: port.config.name,
      inner: outer.length - overheadOf(gre),
      outer: outer.length,
      local: gre.source,
      remote: gre.destination,
    });
    if (gre.isProtected) {
      const parsed = parseIp(outer);
      if (parsed.ok) this.#protection.carry(port, parsed.value, outer, now);
      return;
    }
    const front = this.#state.vrf(port.config.tunnel?.frontVrf ?? '');
    this.#around.sendOuter(front, gre.destination, hash, outer, df, now);
  }

  /** What the way outside leaves for a packet whose outer one may not be cut. */
  #roomOf(port: Port, gre: PlaneGre): number {
    const learnt = this.#pathMtus.get(port.config.name, gre.destination) ?? MAX_PACKET;
    const front = this.#state.vrf(port.config.tunnel?.frontVrf ?? '');
    const way = gre.isProtected ? this.#protection.sealedMtu(port) : this.#around.mtuToward(front, gre.destination, 0);
    return Math.min(learnt, way ?? MAX_PACKET) - overheadOf(gre);
  }

  /**
   * An ICMP report that a packet was too big: 'ours' when it is about GRE of a tunnel that does path MTU discovery,
   * 'forged' when it can not be about what that has sent, 'other' when it is about something else.
   */
  handleTooBig(vrf: Vrf, from: IpAddress, mtu: number, quoted: Uint8Array, now: Instant): 'ours' | 'forged' | 'other' {
    const parsed = parseQuotedIp(quoted);
    if (!parsed.ok || parsed.value.protocol !== Protocol.GRE) return 'other';
    const { source, destination, payloadOffset, totalLength } = parsed.value;
    const bytes = quoted.subarray(payloadOffset, totalLength);
    if (bytes.length < GRE_BASE) return 'forged';
    const key = quotedKey(bytes);
    const tunnel = this.#byEnds.get(keyOf(vrf.name, { source, destination, ...(key === undefined ? {} : { key }) }));
    const port = tunnel === undefined ? undefined : this.#state.ports.get(tunnel.name);
    const gre = port?.config.tunnel?.gre;
    if (port === undefined || gre === undefined) return 'forged';
    const { pathMtuDiscovery } = gre;
    // What has gone in ESP, or without DF, was in nobody's way (RFC 4301 section 8.2.1).
    if (gre.isProtected || pathMtuDiscovery === undefined || totalLength <= mtu) return 'forged';
    const { maxAgeMs, leastMtu } = pathMtuDiscovery;
    const before = Math.min(MAX_PACKET, this.#roomOf(port, gre) + overheadOf(gre));
    const terms = { maxAgeMs, leastMtu };
    if (this.#pathMtus.learn(port.config.name, gre.destination, before, mtu, now, terms)) {
      vrf.touch();
      const pathMtu = this.#roomOf(port, gre) + overheadOf(gre);
      const told = { from, suggested: mtu, before };
      this.#state.sink.event({ kind: 'path-mtu', interface: port.config.name, pathMtu, mtu: this.mtuOf(port), told });
    }
    return 'ours';
  }
}

/** Bytes around a packet: the outer header and that of GRE. */
function overheadOf({ destination, key, checksum, sequence }: PlaneGre): number {
  const options = { checksum, ...(key === undefined ? {} : { key }), ...(sequence ? { sequence: 0 } : {}) };
  return ipHeaderLength(destination.family) + greHeaderLength(options);
}

/** RFC 2890 section 2.2: a number that is not behind the newest one. Number 0 is that of a peer that began anew. */
function isInOrder(tunnel: Tunnel, sequence: number): boolean {
  const { lastSequence } = tunnel;
  const ahead = lastSequence === undefined ? 1 : (sequence - lastSequence) >>> 0;
  if (sequence !== 0 && (ahead === 0 || ahead >= HALF)) return false;
  tunnel.lastSequence = sequence;
  return true;
}

/** A keepalive of the other end holds a packet from us to it. */
function isOwnAnswer(gre: PlaneGre, { protocol, source, destination }: IpHeader): boolean {
  return protocol === Protocol.GRE && source.equals(gre.source) && destination.equals(gre.destination);
}

/** The key of a header that is quoted: the rest is cut off, so that a checksum in it is never right. */
function quotedKey(bytes: Uint8Array): number | undefined {
  const flags = readU16(bytes, 0);
  const at = GRE_BASE + ((flags & 0x8000) === 0 ? 0 : 4);
  return (flags & 0x2000) === 0 || bytes.length < at + 4 ? undefined : readU32(bytes, at);
}

function keyOf(
  frontVrf: string,
  { source, destination, key }: Pick<PlaneGre, 'source' | 'destination' | 'key'>,
): string {
  return `${key ?? ''} ${source} ${destination} ${frontVrf}`;
}
