/**
 * What the more trusted side of two interfaces has begun, so that answers to it find their way back: TCP and UDP by
 * addresses and ports, echo by its identifier, other protocols by addresses alone. Idle times are ASA's defaults.
 */
import { after, at, Deadlines, type Instant, type IpAddress, readU16, readU32 } from '../../base/index.ts';
import { type IpHeader, Protocol, parseIcmp, parseQuotedIp } from '../../ip/index.ts';
import type { Port } from './plane-state.ts';

type Connection = {
  readonly key: string;
  readonly protocol: number;
  expiresAt: Instant;
  /** TCP only: which sides have sent FIN, and whether the far side has answered at all. */
  nearFin: boolean;
  farFin: boolean;
  answered: boolean;
};

/** A first fragment that was let in, for the sake of those after it. */
type FirstFragment = { end: number; expiresAt: Instant };

const TCP_IDLE_MS = 3_600_000;
const TCP_HALF_CLOSED_MS = 600_000;
/** Without an answer yet, after FIN from both sides, and after RST. */
const TCP_EMBRYONIC_MS = 30_000;
const UDP_IDLE_MS = 120_000;
const ECHO_IDLE_MS = 2_000;
const FRAGMENT_MS = 5_000;
const MAX_CONNECTIONS = 32_768;
const MAX_FRAGMENTED = 1024;

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const FLAGS_AT = 13;

const ECHO = { 4: 8, 6: 128 } as const;
const ECHO_REPLY = { 4: 0, 6: 129 } as const;
/** Types of errors: all of ICMPv6 below 128 (RFC 4443 section 2.1), and these of ICMP (RFC 1812 section 4.3.2). */
const FIRST_INFORMATIONAL_V6 = 128;
const ERRORS_V4: ReadonlySet<number> = new Set([3, 11, 12]);

/** `near` is the interface of the more trusted side, `far` that of the other. */
export class Connections {
  readonly #connections = new Map<string, Connection>();
  /** When each connection is next worth a look: its idle time starts anew with each packet, this does not. */
  readonly #looks = new Deadlines<string>();
  readonly #firstFragments = new Map<string, FirstFragment>();

  get size(): number {
    return this.#connections.size;
  }

  /** A packet goes from near to far: opens a connection or keeps one alive. */
  leave(near: Port, far: Port, header: IpHeader, packet: Uint8Array, now: Instant): void {
    const ports = portsOf(header, packet, 'outward');
    if (ports === undefined) return;
    const { protocol, source, destination } = header;
    const key = keyOf(near, far, source, destination, protocol, ports);
    const known = this.#live(key, now);
    const flags = protocol === Protocol.TCP ? flagsOf(header, packet) : 0;
    const isOpening = (flags & (SYN | ACK)) === SYN;
    // What is in the middle of a TCP connection opens none: somebody could have it open ports for ever.
    if (known === undefined && protocol === Protocol.TCP && !isOpening) return;
    const connection = known ?? this.#open(key, protocol, now);
    if (isOpening && connection.farFin) {
      connection.nearFin = false;
      connection.farFin = false;
      connection.answered = false;
    }
    if ((flags & FIN) !== 0) connection.nearFin = true;
    connection.expiresAt = after(now, idleMs(connection, flags));
  }

  /** Whether a packet from far to near belongs to what near has begun. */
  mayReturn(near: Port, far: Port, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    if (header.fragmentOffset > 0) return this.#followsFirst(near, far, header, now);
    const returns = this.#returns(near, far, header, packet, now);
    if (returns && header.moreFragments) this.#noteFirst(near, far, header, now);
    return returns;
  }

  #returns(near: Port, far: Port, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    const { protocol, source, destination } = header;
    const ports = portsOf(header, packet, 'homeward');
    if (ports === undefined) return isError(header, packet) && this.#isAboutKnown(near, far, header, packet, now);
    const connection = this.#live(keyOf(near, far, destination, source, protocol, ports), now);
    if (connection === undefined) return false;
    const flags = protocol === Protocol.TCP ? flagsOf(header, packet) : 0;
    connection.answered = true;
    if ((flags & FIN) !== 0) connection.farFin = true;
    // RST is not believed: nobody here knows the sequence numbers, and near says itself when it gives up.
    connection.expiresAt = after(now, idleMs(connection, flags & ~RST));
    return true;
  }

  /** An ICMP error that quotes, to its sender, a packet of a connection: it keeps nothing alive. */
  #isAboutKnown(near: Port, far: Port, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    const parsed = parseIcmp(header, packet);
    if (!parsed.ok) return false;
    const message = parsed.value;
    let quoted: Uint8Array;
    if ('quoted' in message) quoted = message.quoted;
    else if (message.kind === 'other') quoted = message.body.subarray(4);
    else return false;
    const about = parseQuotedIp(quoted);
    if (!about.ok || !about.value.source.equals(header.destination)) return false;
    const ports = portsOf(about.value, quoted, 'outward');
    if (ports === undefined) return false;
    const { source, destination, protocol } = about.value;
    return this.#live(keyOf(near, far, source, destination, protocol, ports), now) !== undefined;
  }

  #live(key: string, now: Instant): Connection | undefined {
    const connection = this.#connections.get(key);
    return connection !== undefined && connection.expiresAt > now ? connection : undefined;
  }

  #open(key: string, protocol: number, now: Instant): Connection {
    this.#expire(now);
    if (this.#connections.size >= MAX_CONNECTIONS && !this.#connections.has(key)) this.#evict();
    const connection = { key, protocol, expiresAt: now, nearFin: false, farFin: false, answered: false };
    this.#connections.set(key, connection);
    this.#looks.set(key, after(now, idleMs(connection, 0)));
    return connection;
  }

  #expire(now: Instant): void {
    for (;;) {
      const key = this.#looks.takeDue(now);
      if (key === undefined) return;
      const connection = this.#connections.get(key);
      if (connection === undefined) continue;
      if (connection.expiresAt > now) this.#looks.set(key, connection.expiresAt);
      else this.#connections.delete(key);
    }
  }

  /** Makes room at the cost of what would be the first to go, so that a flood of datagrams takes its own kind's place. */
  #evict(): void {
    for (;;) {
      const key = this.#looks.takeDue(at(Number.MAX_SAFE_INTEGER));
      if (key === undefined) return;
      const connection = this.#connections.get(key);
      const next = this.#looks.earliest();
      if (connection !== undefined && next !== undefined && connection.expiresAt > next) {
        this.#looks.set(key, connection.expiresAt);
        continue;
      }
      this.#connections.delete(key);
      return;
    }
  }

  #noteFirst(near: Port, far: Port, header: IpHeader, now: Instant): void {
    const key = fragmentKeyOf(near, far, header);
    const end = fragmentEnd(header);
    const known = this.#firstFragments.get(key);
    this.#firstFragments.delete(key);
    if (this.#firstFragments.size >= MAX_FRAGMENTED) {
      for (const oldest of this.#firstFragments.keys()) {
        this.#firstFragments.delete(oldest);
        break;
      }
    }
    const isKnown = known !== undefined && known.expiresAt > now;
    this.#firstFragments.set(key, {
      end: isKnown ? Math.max(end, known.end) : end,
      expiresAt: after(now, FRAGMENT_MS),
    });
  }

  /** RFC 1858 section 4: a later fragment must not write over the ports that the first one was judged by. */
  #followsFirst(near: Port, far: Port, header: IpHeader, now: Instant): boolean {
    const first = this.#firstFragments.get(fragmentKeyOf(near, far, header));
    return first !== undefined && first.expiresAt > now && header.fragmentOffset >= first.end;
  }
}

function idleMs({ protocol, nearFin, farFin, answered }: Connection, flags: number): number {
  switch (protocol) {
    case Protocol.TCP:
      if (!answered || (nearFin && farFin) || (flags & RST) !== 0) return TCP_EMBRYONIC_MS;
      return nearFin || farFin ? TCP_HALF_CLOSED_MS : TCP_IDLE_MS;
    case Protocol.ICMP:
    case Protocol.ICMPV6:
      return ECHO_IDLE_MS;
    default:
      return UDP_IDLE_MS;
  }
}

/**
 * What tells connections between two addresses apart, the same for both directions: ports with near's in the upper
 * half, the identifier of an echo request outward or its reply homeward, else 0. Undefined where no connection can be.
 */
function portsOf(header: IpHeader, packet: Uint8Array, way: 'outward' | 'homeward'): number | undefined {
  const { family, protocol, payloadOffset: start, totalLength } = header;
  if (header.fragmentOffset > 0) return undefined;
  const end = Math.min(totalLength, packet.length);
  if (protocol === Protocol.TCP || protocol === Protocol.UDP) {
    // A quoted header may be cut off behind 8 bytes; what is to be forwarded must show its flags.
    if (start + 8 > end) return undefined;
    const ports = readU32(packet, start);
    return way === 'outward' ? ports : (ports & 0xffff) * 0x1_0000 + (ports >>> 16);
  }
  if (protocol !== Protocol.ICMP && protocol !== Protocol.ICMPV6) return 0;
  if (start + 8 > end || (family === 4) !== (protocol === Protocol.ICMP)) return undefined;
  const wanted = way === 'outward' ? ECHO[family] : ECHO_REPLY[family];
  return packet[start] === wanted ? readU16(packet, start + 4) : undefined;
}

/** Flags of a TCP segment; of one that is cut off before them, all that make nothing begin. */
function flagsOf({ payloadOffset, totalLength }: IpHeader, packet: Uint8Array): number {
  return payloadOffset + FLAGS_AT < totalLength ? (packet[payloadOffset + FLAGS_AT] ?? 0) : ACK;
}

function isError({ family, protocol, payloadOffset }: IpHeader, packet: Uint8Array): boolean {
  const type = packet[payloadOffset] ?? 0;
  if (family === 4) return protocol === Protocol.ICMP && ERRORS_V4.has(type);
  return protocol === Protocol.ICMPV6 && type < FIRST_INFORMATIONAL_V6;
}

function keyOf(near: Port, far: Port, inner: IpAddress, outer: IpAddress, protocol: number, ports: number): string {
  return `${wordsOf(inner)}>${wordsOf(outer)}#${protocol}:${ports}%${near.config.name}%${far.config.name}`;
}

/** RFC 791 tells datagrams apart by protocol too; RFC 8200 by addresses and identification alone. */
function fragmentKeyOf(near: Port, far: Port, header: IpHeader): string {
  const { family, source, destination, identification } = header;
  const protocol = family === 4 ? header.protocol : 0;
  return keyOf(near, far, destination, source, protocol, identification);
}

/** Where the payload that a first fragment carries ends, as offsets of fragments count. */
function fragmentEnd({ family, totalLength, payloadOffset, fragmentHeaderOffset }: IpHeader): number {
  return totalLength - (family === 4 ? payloadOffset : fragmentHeaderOffset + 8);
}

function wordsOf(address: IpAddress): string {
  return address.family === 4 ? `${address.a}` : `${address.a},${address.b},${address.c},${address.d}`;
}
