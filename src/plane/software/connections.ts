/**
 * Connections in transit. What the more trusted side of two interfaces has begun is known, so that answers to it find
 * their way back: TCP and UDP by addresses and ports, echo by its identifier, other protocols by addresses alone. Where
 * there is a policy for TCP in transit its connections are known between any two interfaces. Idle times are ASA's.
 */
import { after, at, Deadlines, type Instant, type IpAddress, readU16, readU32 } from '../../base/index.ts';
import { type IpHeader, Protocol, parseIcmp, parseQuotedIp } from '../../ip/index.ts';
import type { ConnectionEnd, TransitConnection, TransitStatus } from '../contract.ts';
import { FirstFragments } from './first-fragments.ts';
import type { Port } from './plane-state.ts';
import { isOpening, type TcpFlow } from './tcp-flow.ts';

export type Connection = {
  readonly key: string;
  readonly number: number;
  readonly protocol: number;
  readonly near: Side;
  readonly far: Side;
  readonly openedAt: Instant;
  lastPacketAt: Instant;
  expiresAt: Instant;
  bytes: number;
  /** TCP only: which sides have sent FIN, and whether the far side has answered at all. */
  nearFin: boolean;
  farFin: boolean;
  answered: boolean;
  /** TCP with a policy only. */
  readonly flow: TcpFlow | undefined;
  /** It is over; its last segments may still be under way. */
  ended: ConnectionEnd | undefined;
  /** Whoever carries packets of it as well. */
  carrier?: ConnectionCarrier;
};

/** Carries packets of connections that are known. */
export type ConnectionCarrier = Readonly<{
  /** Brings in what it has carried: when the last packet was, and bytes. */
  collect: (connection: Connection) => void;
  /** It must carry none any more. */
  forget: () => void;
}>;

type Side = Readonly<{ interface: string; address: IpAddress; port: number }>;

/** Who makes the flow of a connection that begins, and hears of its way. */
export type ConnectionWatcher = Readonly<{
  /** 'refused': there may be no more of its kind. */
  flowOf: (near: Port, far: Port, header: IpHeader, packet: Uint8Array) => TcpFlow | 'refused' | undefined;
  built: (connection: Connection, now: Instant) => void;
  answered: (connection: Connection) => void;
  ended: (connection: Connection, reason: ConnectionEnd, now: Instant) => void;
}>;

const TCP_TIMEOUTS = { idleMs: 3_600_000, halfClosedMs: 600_000, embryonicMs: 30_000 };
/** After FIN from both sides, and after RST. */
const TCP_LAST_MS = 30_000;
const NEVER_MS = 2 ** 50;
const UDP_IDLE_MS = 120_000;
const ECHO_IDLE_MS = 2_000;
const MAX_CONNECTIONS = 32_768;
/** More are counted and not listed. */
const MAX_LISTED = 4096;

const FIN = 0x01;
const RST = 0x04;
const ACK = 0x10;
const FLAGS_AT = 13;

const ECHO = { 4: 8, 6: 128 } as const;
const ECHO_REPLY = { 4: 0, 6: 129 } as const;
/** Types of errors: all of ICMPv6 below 128 (RFC 4443 section 2.1), and these of ICMP (RFC 1812 section 4.3.2). */
const FIRST_INFORMATIONAL_V6 = 128;
const ERRORS_V4: ReadonlySet<number> = new Set([3, 11, 12]);

/** `near` is the interface of the more trusted side, or of whoever began; `far` that of the other. */
export class Connections {
  readonly #connections = new Map<string, Connection>();
  /** When each connection is next worth a look: its idle time starts anew with each packet, this does not. */
  readonly #looks = new Deadlines<string>();
  readonly #fragments = new FirstFragments();
  readonly #watcher: ConnectionWatcher;
  #numbers = 0;
  #mostUsed = 0;
  /** That of the last packet, and whether it went from near to far. */
  latest: Connection | undefined;
  isOutward = false;
  /** The last packet would have begun a connection, and there may be no more of its kind. */
  isRefused = false;

  constructor(watcher: ConnectionWatcher) {
    this.#watcher = watcher;
  }

  get size(): number {
    return this.#connections.size;
  }

  /**
   * A packet goes from near to far: opens a connection or keeps one alive; says whether it is part of one.
   * With 'continue' it opens none; with 'open-own' it is of a connection of ourselves, which no policy is about.
   */
  leave(
    near: Port,
    far: Port,
    header: IpHeader,
    packet: Uint8Array,
    now: Instant,
    may: 'open' | 'open-own' | 'continue' = 'open',
    scope = scopeOf(near, far),
  ): boolean {
    this.isRefused = false;
    const ports = portsOf(header, packet, 'outward');
    if (ports === undefined) return false;
    const { protocol, source, destination } = header;
    const key = keyOf(scope, source, destination, protocol, ports);
    const known = this.#live(key, now);
    const flags = protocol === Protocol.TCP ? flagsOf(header, packet) : 0;
    // What is in the middle of a TCP connection opens none: somebody could have it open ports for ever.
    const opens = protocol !== Protocol.TCP || isOpening(flags);
    const isOver = known === undefined || (opens && (known.ended !== undefined || known.farFin));
    if (isOver && (!opens || may === 'continue')) return false;
    const connection = isOver ? this.#open(key, near, far, header, packet, ports, may === 'open', now) : known;
    if (connection === undefined) return false;
    if ((flags & FIN) !== 0) connection.nearFin = true;
    this.#count(connection, header, true, now);
    if ((flags & RST) !== 0) this.#end(connection, 'reset-by-initiator', now);
    this.#keep(connection, flags, now);
    return true;
  }

  /** Whether a packet from far to near belongs to what near has begun. */
  mayReturn(
    near: Port,
    far: Port,
    header: IpHeader,
    packet: Uint8Array,
    now: Instant,
    scope = scopeOf(near, far),
  ): boolean {
    if (header.fragmentOffset > 0) return this.#fragments.follows(fragmentKeyOf(scope, header), header, now);
    const returns = this.#returns(scope, header, packet, now);
    if (returns && header.moreFragments) this.#fragments.note(fragmentKeyOf(scope, header), header, now);
    return returns;
  }

  /** The connection that a quoted packet was part of, and whether it went from near to far. */
  quoted(from: Port, to: Port, about: IpHeader, quoted: Uint8Array, now: Instant): Quoted | undefined {
    const { source, destination, protocol } = about;
    for (const outward of [true, false]) {
      const ports = portsOf(about, quoted, outward ? 'outward' : 'homeward');
      if (ports === undefined) continue;
      // The error comes from where the packet went.
      const [near, far] = outward ? [to, from] : [from, to];
      const [inner, outer] = outward ? [source, destination] : [destination, source];
      for (const scope of [scopeOf(near, far), vrfScope(near)]) {
        const connection = this.#live(keyOf(scope, inner, outer, protocol, ports), now);
        if (connection !== undefined) return { connection, outward };
      }
    }
    return undefined;
  }

  copy(other: Connections): void {
    for (const [key, known] of other.#connections) {
      if (known.carrier !== undefined) other.#collect(known);
      const { carrier: _, ...connection } = known;
      this.#connections.set(key, { ...connection, flow: undefined });
      this.#looks.set(key, known.expiresAt);
    }
  }

  wakeAt(): Instant | undefined {
    return this.#looks.earliest();
  }

  tick(now: Instant): void {
    this.#expire(now);
  }

  /** Forgets all connections, or those of an address. */
  clear(address: IpAddress | undefined, now: Instant): void {
    for (const connection of this.#connections.values()) {
      const { near, far } = connection;
      if (address !== undefined && !near.address.equals(address) && !far.address.equals(address)) continue;
      this.#remove(connection, 'cleared', now);
    }
  }

  status(now: Instant): TransitStatus {
    const connections: TransitConnection[] = [];
    let inUse = 0;
    for (const connection of this.#connections.values()) {
      this.#collect(connection);
      if (connection.ended !== undefined || connection.expiresAt <= now) continue;
      inUse++;
      if (connections.length < MAX_LISTED) connections.push(shown(connection));
    }
    return { inUse, mostUsed: this.#mostUsed, connections };
  }

  #returns(scope: string, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    const { protocol, source, destination } = header;
    const ports = portsOf(header, packet, 'homeward');
    if (ports === undefined) return isError(header, packet) && this.#isAboutKnown(scope, header, packet, now);
    const connection = this.#live(keyOf(scope, destination, source, protocol, ports), now);
    if (connection === undefined) return false;
    const flags = protocol === Protocol.TCP ? flagsOf(header, packet) : 0;
    if (connection.ended !== undefined && isOpening(flags)) {
      // The far side uses the ports again, and now it is the one that begins.
      this.#remove(connection, connection.ended, now);
      return false;
    }
    if (!connection.answered) {
      connection.answered = true;
      this.#watcher.answered(connection);
    }
    if ((flags & FIN) !== 0) connection.farFin = true;
    this.#count(connection, header, false, now);
    // A RST is believed of who shows that it sees what near sends; else near says itself when it gives up.
    const isReset = (flags & RST) !== 0 && connection.flow?.believesReset(header, packet) === true;
    if (isReset) this.#end(connection, 'reset-by-responder', now);
    this.#keep(connection, isReset ? flags : flags & ~RST, now);
    return true;
  }

  #keep(connection: Connection, flags: number, now: Instant): void {
    connection.expiresAt = after(now, idleMs(connection, flags));
    if ((flags & (FIN | RST)) !== 0) this.#looks.set(connection.key, connection.expiresAt);
  }

  #count(connection: Connection, header: IpHeader, isOutward: boolean, now: Instant): void {
    connection.lastPacketAt = now;
    connection.bytes += header.totalLength - header.payloadOffset;
    this.latest = connection;
    this.isOutward = isOutward;
    if (connection.nearFin && connection.farFin) this.#end(connection, 'fins', now);
  }

  /** An ICMP error that quotes, to its sender, a packet of a connection: it keeps nothing alive. */
  #isAboutKnown(scope: string, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
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
    return this.#live(keyOf(scope, source, destination, protocol, ports), now) !== undefined;
  }

  #live(key: string, now: Instant): Connection | undefined {
    const connection = this.#connections.get(key);
    if (connection?.carrier !== undefined) this.#collect(connection);
    return connection !== undefined && connection.expiresAt > now ? connection : undefined;
  }

  #open(
    key: string,
    near: Port,
    far: Port,
    header: IpHeader,
    packet: Uint8Array,
    ports: number,
    inTransit: boolean,
    now: Instant,
  ): Connection | undefined {
    const old = this.#connections.get(key);
    if (old !== undefined) this.#remove(old, old.ended ?? 'fins', now);
    this.#expire(now);
    const { protocol, source, destination } = header;
    const flow = protocol === Protocol.TCP && inTransit ? this.#watcher.flowOf(near, far, header, packet) : undefined;
    if (flow === 'refused') {
      this.isRefused = true;
      return undefined;
    }
    if (this.#connections.size >= MAX_CONNECTIONS) this.#evict(now);
    const connection: Connection = {
      key,
      number: ++this.#numbers,
      protocol,
      near: { interface: near.config.name, address: source, port: ports >>> 16 },
      far: { interface: far.config.name, address: destination, port: ports & 0xffff },
      openedAt: now,
      lastPacketAt: now,
      expiresAt: now,
      bytes: 0,
      nearFin: false,
      farFin: false,
      answered: false,
      flow,
      ended: undefined,
    };
    this.#connections.set(key, connection);
    this.#mostUsed = Math.max(this.#mostUsed, this.#connections.size);
    this.#looks.set(key, after(now, idleMs(connection, 0)));
    if (flow !== undefined) this.#watcher.built(connection, now);
    return connection;
  }

  #collect(connection: Connection): void {
    const { carrier, lastPacketAt } = connection;
    carrier?.collect(connection);
    if (connection.lastPacketAt > lastPacketAt) {
      connection.expiresAt = after(connection.lastPacketAt, idleMs(connection, 0));
    }
  }

  #end(connection: Connection, reason: ConnectionEnd, now: Instant): void {
    if (connection.ended !== undefined) return;
    connection.carrier?.collect(connection);
    if (connection.flow !== undefined) this.#watcher.ended(connection, reason, now);
    connection.ended = reason;
  }

  #remove(connection: Connection, reason: ConnectionEnd, now: Instant): void {
    this.#end(connection, reason, now);
    connection.carrier?.forget();
    this.#connections.delete(connection.key);
    this.#looks.set(connection.key, undefined);
  }

  #expire(now: Instant): void {
    for (;;) {
      const key = this.#looks.takeDue(now);
      if (key === undefined) return;
      const connection = this.#connections.get(key);
      if (connection === undefined) continue;
      this.#collect(connection);
      if (connection.expiresAt > now) this.#looks.set(key, connection.expiresAt);
      else this.#remove(connection, idleReason(connection), now);
    }
  }

  /** Makes room at the cost of what would be the first to go, so that a flood of datagrams takes its own kind's place. */
  #evict(now: Instant): void {
    for (;;) {
      const key = this.#looks.takeDue(at(Number.MAX_SAFE_INTEGER));
      if (key === undefined) return;
      const connection = this.#connections.get(key);
      const next = this.#looks.earliest();
      if (connection !== undefined && next !== undefined && connection.expiresAt > next) {
        this.#looks.set(key, connection.expiresAt);
        continue;
      }
      if (connection !== undefined) this.#remove(connection, 'evicted', now);
      return;
    }
  }
}

export type Quoted = Readonly<{ connection: Connection; outward: boolean }>;

/** Connections between two interfaces alone. */
export function scopeOf(near: Port, far: Port): string {
  return `${near.config.name}%${far.config.name}`;
}

/** Connections by whatever way packets take through a VRF. */
export function vrfScope({ vrf }: Port): string {
  return `%${vrf.name}`;
}

function idleMs({ protocol, nearFin, farFin, answered, flow }: Connection, flags: number): number {
  switch (protocol) {
    case Protocol.TCP: {
      const timeouts = flow?.treatment.timeouts ?? TCP_TIMEOUTS;
      if ((nearFin && farFin) || (flags & RST) !== 0) return TCP_LAST_MS;
      if (!answered) return timeouts.embryonicMs || NEVER_MS;
      return (nearFin || farFin ? timeouts.halfClosedMs : timeouts.idleMs) || NEVER_MS;
    }
    case Protocol.ICMP:
    case Protocol.ICMPV6:
      return ECHO_IDLE_MS;
    default:
      return UDP_IDLE_MS;
  }
}

function idleReason({ protocol, answered, nearFin, farFin }: Connection): ConnectionEnd {
  if (protocol === Protocol.TCP && !answered) return 'embryonic';
  return nearFin || farFin ? 'half-closed' : 'idle';
}

function shown(connection: Connection): TransitConnection {
  const { number, protocol, near, far, openedAt, lastPacketAt, expiresAt, bytes, flow } = connection;
  const tcp = {
    answered: connection.answered,
    established: flow?.isEstablished ?? connection.answered,
    data: { initiator: flow?.near.hasData ?? false, responder: flow?.far.hasData ?? false },
    fin: { initiator: connection.nearFin, responder: connection.farFin },
    randomised: flow?.treatment.randomises ?? false,
  };
  return {
    number,
    protocol,
    initiator: transitEnd(near),
    responder: transitEnd(far),
    openedAt,
    lastPacketAt,
    expiresAt,
    bytes,
    ...(protocol === Protocol.TCP ? { tcp } : {}),
  };
}

/** One side as the contract has it. */
export function transitEnd({ interface: name, address, port }: Side): TransitConnection['initiator'] {
  return { interface: name, endpoint: { address, port } };
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

function keyOf(scope: string, inner: IpAddress, outer: IpAddress, protocol: number, ports: number): string {
  return `${wordsOf(inner)}>${wordsOf(outer)}#${protocol}:${ports}%${scope}`;
}

/** RFC 791 tells datagrams apart by protocol too; RFC 8200 by addresses and identification alone. */
function fragmentKeyOf(scope: string, header: IpHeader): string {
  const { family, source, destination, identification } = header;
  const protocol = family === 4 ? header.protocol : 0;
  return keyOf(scope, destination, source, protocol, identification);
}

function wordsOf(address: IpAddress): string {
  return address.family === 4 ? `${address.a}` : `${address.a},${address.b},${address.c},${address.d}`;
}
