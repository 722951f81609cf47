import {
  Deadlines,
  EMPTY,
  type Instant,
  type IpAddress,
  type Prefix,
  PrefixTrie,
  type Random,
  readU32,
  type SecretKey,
} from '../base/index.ts';
import { Connection, type Peer } from './connection.ts';
import type { ConnectionId, TcpEffect, TcpEvent, TcpSnapshot } from './contract.ts';
import { zeroCounters } from './counters.ts';
import { checkDigest, type Md5Fault } from './md5.ts';
import { advance } from './sequence.ts';
import { decodeSegment, encodeSegment, Flag, type Segment, sequenceLength } from './wire/segment.ts';

type Listener = Readonly<{ mss: number; ttl: number | undefined }>;

/** A remote address with its key and its connections: by both ports, then (rarely more than one) by local address. */
type Remote = Peer & { own: SecretKey | undefined; readonly connections: Map<number, Connection[]> };

type SegmentEvent = Extract<TcpEvent, { kind: 'segment' }>;

/** RFC 6335: dynamic ports. */
const FIRST_EPHEMERAL_PORT = 49_152;
const EPHEMERAL_PORTS = 65_536 - FIRST_EPHEMERAL_PORT;

/** Connections that called and did not complete their opening; more are ignored, so that a flood costs no more. */
const MAX_HALF_OPEN = 4_096;

/** Notices of bad signatures in one second; all are counted. */
const MAX_NOTICES_A_SECOND = 10;

/** Smaller packets than these a path may not ask for (RFC 8200 section 5; RFC 1191 allows 68, which is an attack). */
const SMALLEST_MTU = { 4: 552, 6: 1280 } as const;

const MD5_COUNTER = {
  'md5-missing': 'md5Missing',
  'md5-invalid': 'md5Invalid',
  'md5-unexpected': 'md5Unexpected',
} as const;

/**
 * The TCP of one gateway and VRF: all its connections and listeners. `data` effects are views of the segment that
 * brought them, `write` keeps the array it gets: neither may change afterwards.
 */
export class Tcp {
  readonly #random: Random;
  readonly #remotes = new Map<number | string, Remote>();
  #ranges = new PrefixTrie<SecretKey>();
  readonly #connections = new Map<ConnectionId, Connection>();
  readonly #listeners = new Map<number, Listener>();
  readonly #deadlines = new Deadlines<Connection>();
  readonly #halfOpen = new Set<Connection>();
  readonly #counters = zeroCounters();
  #retransmissionsOfClosed = 0;
  #lastAccepted = 0;
  #noticeSecond = -1;
  #notices = 0;

  constructor({ random }: Readonly<{ random: Random }>) {
    this.#random = random;
  }

  /** Takes in a fact and says what to do. Nothing a peer sends makes it throw. */
  handle(event: TcpEvent, now: Instant): readonly TcpEffect[] {
    const out: TcpEffect[] = [];
    switch (event.kind) {
      case 'segment':
        this.#onSegment(event, now, out);
        break;
      case 'connect':
        this.#connect(event, now, out);
        break;
      case 'listen':
        this.#listeners.set(event.port, { mss: event.mss, ttl: event.ttl });
        break;
      case 'unlisten':
        this.#listeners.delete(event.port);
        break;
      case 'set-md5-key':
        this.#setKey(event.remote, event.key);
        break;
      case 'set-md5-ranges':
        this.#setRanges(event.ranges);
        break;
      case 'write':
        this.#with(event.connection, (connection) => connection.write(event.data, now, out));
        break;
      case 'close':
        this.#with(event.connection, (connection) => connection.close(now, out));
        break;
      case 'abort':
        this.#with(event.connection, (connection) => connection.abort(out));
        break;
      case 'path-mtu':
        this.#onPathMtu(event, now, out);
        break;
      case 'tick':
        this.#tick(now, out);
        break;
      default:
        return event satisfies never;
    }
    return out;
  }

  /** When it wants a `tick`. */
  wakeAt(): Instant | undefined {
    return this.#deadlines.earliest();
  }

  snapshot(_now: Instant): TcpSnapshot {
    const connections = [...this.#connections.values()].map((connection) => connection.snapshot());
    let retransmissions = this.#retransmissionsOfClosed;
    for (const connection of connections) retransmissions += connection.retransmissions;
    return { connections, counters: { ...this.#counters, retransmissions } };
  }

  #onSegment(event: SegmentEvent, now: Instant, out: TcpEffect[]): void {
    const { local, remote: address } = event;
    this.#counters.segmentsReceived++;
    const decoded = decodeSegment(event.segment, address, local);
    if (!decoded.ok) {
      this.#counters[decoded.error === 'bad-checksum' ? 'badChecksum' : 'malformed']++;
      return;
    }
    const segment = decoded.value;
    const remote = this.#remotes.get(keyOf(address));
    const fault = checkDigest(event.segment, segment.md5, address, local, this.#keyFor(address));
    if (fault !== undefined) {
      this.#notice(fault, local, address, now, out);
      return;
    }
    const connection = remote?.connections
      .get(portsKey(segment.destinationPort, segment.sourcePort))
      ?.find((one) => one.local.address.equals(local));
    if (connection !== undefined && !connection.yieldsTo(segment)) {
      connection.segment(segment, now, out);
      this.#settle(connection);
      return;
    }
    if (connection !== undefined) this.#forget(connection);
    this.#onStrangeSegment(segment, event, now, out);
  }

  /** RFC 9293 sections 3.10.7.1 (CLOSED) and 3.10.7.2 (LISTEN). */
  #onStrangeSegment(segment: Segment, event: SegmentEvent, now: Instant, out: TcpEffect[]): void {
    const { flags } = segment;
    if ((flags & Flag.RST) !== 0) return;
    const listener = this.#listeners.get(segment.destinationPort);
    if (listener === undefined || (flags & Flag.ACK) !== 0) {
      this.#reset(segment, event, listener?.ttl, out);
      return;
    }
    if ((flags & (Flag.SYN | Flag.FIN)) !== Flag.SYN || segment.sourcePort === 0) return;
    if (this.#halfOpen.size >= MAX_HALF_OPEN) {
      this.#counters.backlogFull++;
      return;
    }
    const connection = new Connection({
      id: ++this.#lastAccepted,
      local: { address: event.local, port: segment.destinationPort },
      remotePort: segment.sourcePort,
      peer: this.#remoteOf(event.remote),
      mss: listener.mss,
      ttl: listener.ttl,
      initialSequence: this.#initialSequence(),
      counters: this.#counters,
    });
    this.#keep(connection);
    this.#halfOpen.add(connection);
    connection.answer(segment, now, out);
    this.#settle(connection);
  }

  #connect(event: Extract<TcpEvent, { kind: 'connect' }>, now: Instant, out: TcpEffect[]): void {
    if (this.#connections.has(event.connection)) throw new Error(`connection ${event.connection} exists`);
    const peer = this.#remoteOf(event.remote.address);
    const port = this.#freePort(peer, event.local, event.remote.port);
    if (port === undefined) {
      out.push({ kind: 'closed', connection: event.connection, reason: 'unreachable' });
      return;
    }
    const connection = new Connection({
      id: event.connection,
      local: { address: event.local, port },
      remotePort: event.remote.port,
      peer,
      mss: event.mss,
      ttl: event.ttl,
      initialSequence: this.#initialSequence(),
      counters: this.#counters,
    });
    this.#keep(connection);
    connection.open(now, out);
    this.#settle(connection);
  }

  #onPathMtu(event: Extract<TcpEvent, { kind: 'path-mtu' }>, now: Instant, out: TcpEffect[]): void {
    const { local, remote: address, mtu, quoted } = event;
    const size = Math.max(mtu, SMALLEST_MTU[address.family]) - (address.family === 4 ? 20 : 40);
    for (const list of this.#remotes.get(keyOf(address))?.connections.values() ?? []) {
      for (const connection of list) {
        if (!connection.local.address.equals(local)) continue;
        if (quoted !== undefined && !connection.hasSent(quoted)) continue;
        connection.shrink(size, now, out);
        this.#settle(connection);
      }
    }
  }

  #tick(now: Instant, out: TcpEffect[]): void {
    for (;;) {
      const connection = this.#deadlines.takeDue(now);
      if (connection === undefined) return;
      connection.tick(now, out);
      this.#settle(connection);
    }
  }

  #setKey(address: IpAddress, key: SecretKey | undefined): void {
    const remote = this.#remoteOf(address);
    remote.own = key;
    remote.key = key ?? this.#ranges.lookup(address);
    this.#release(remote);
  }

  #setRanges(ranges: readonly Readonly<{ prefix: Prefix; key: SecretKey }>[]): void {
    this.#ranges = new PrefixTrie();
    for (const { prefix, key } of ranges) this.#ranges.set(prefix, key);
    for (const remote of this.#remotes.values()) remote.key = remote.own ?? this.#ranges.lookup(remote.address);
  }

  #keyFor(address: IpAddress): SecretKey | undefined {
    const remote = this.#remotes.get(keyOf(address));
    return remote === undefined ? this.#ranges.lookup(address) : remote.key;
  }

  /** RFC 9293 section 3.10.7.1: a reset that the sender of this segment will believe. */
  #reset(segment: Segment, event: SegmentEvent, ttl: number | undefined, out: TcpEffect[]): void {
    this.#counters.resetsSent++;
    this.#counters.segmentsSent++;
    const { local, remote } = event;
    const hasAck = (segment.flags & Flag.ACK) !== 0;
    const reset: Segment = {
      sourcePort: segment.destinationPort,
      destinationPort: segment.sourcePort,
      sequence: hasAck ? segment.acknowledgment : 0,
      acknowledgment: hasAck ? 0 : advance(segment.sequence, sequenceLength(segment)),
      flags: hasAck ? Flag.RST : Flag.RST | Flag.ACK,
      window: 0,
      payload: EMPTY,
    };
    // RFC 2385 section 4.1: where there is a key, an unsigned reset would be ignored.
    const bytes = encodeSegment(reset, local, remote, this.#keyFor(remote));
    out.push({ kind: 'send', local, remote, segment: bytes, ...(ttl === undefined ? {} : { ttl }) });
  }

  #notice(code: Md5Fault, local: IpAddress, remote: IpAddress, now: Instant, out: TcpEffect[]): void {
    this.#counters[MD5_COUNTER[code]]++;
    const second = Math.floor(now / 1_000);
    if (second !== this.#noticeSecond) this.#notices = 0;
    this.#noticeSecond = second;
    if (this.#notices++ < MAX_NOTICES_A_SECOND) out.push({ kind: 'notice', code, local, remote });
  }

  #with(id: ConnectionId, act: (connection: Connection) => void): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return; // it closed while the order was on its way
    act(connection);
    this.#settle(connection);
  }

  /** After anything happened to a connection: its next deadline, or its end. */
  #settle(connection: Connection): void {
    if (connection.state === 'CLOSED') {
      this.#forget(connection);
      return;
    }
    if (this.#halfOpen.size > 0 && connection.state !== 'SYN-RECEIVED') this.#halfOpen.delete(connection);
    this.#deadlines.set(connection, connection.wakeAt);
  }

  #keep(connection: Connection): void {
    this.#connections.set(connection.id, connection);
    const { connections } = this.#remoteOf(connection.peer.address);
    const key = portsKey(connection.local.port, connection.remotePort);
    const list = connections.get(key);
    if (list === undefined) connections.set(key, [connection]);
    else list.push(connection);
  }

  #forget(connection: Connection): void {
    this.#retransmissionsOfClosed += connection.snapshot().retransmissions;
    this.#deadlines.set(connection, undefined);
    this.#halfOpen.delete(connection);
    this.#connections.delete(connection.id);
    const remote = this.#remoteOf(connection.peer.address);
    const key = portsKey(connection.local.port, connection.remotePort);
    const rest = remote.connections.get(key)?.filter((one) => one !== connection) ?? [];
    if (rest.length === 0) remote.connections.delete(key);
    else remote.connections.set(key, rest);
    this.#release(remote);
  }

  #remoteOf(address: IpAddress): Remote {
    const key = keyOf(address);
    let remote = this.#remotes.get(key);
    if (remote === undefined) {
      remote = { address, own: undefined, key: this.#ranges.lookup(address), connections: new Map() };
      this.#remotes.set(key, remote);
    }
    return remote;
  }

  #release(remote: Remote): void {
    if (remote.own === undefined && remote.connections.size === 0) this.#remotes.delete(keyOf(remote.address));
  }

  /**
   * RFC 6528 adds a clock to a keyed hash of the four-tuple so that numbers of one tuple only grow. Ours are plainly
   * random for each connection: no harder to guess, and nothing to keep.
   */
  #initialSequence(): number {
    return readU32(this.#random(4), 0);
  }

  /** RFC 6056 section 3.3.1: a random port, and the next free one from there. */
  #freePort(remote: Remote, local: IpAddress, remotePort: number): number | undefined {
    const start = readU32(this.#random(4), 0) % EPHEMERAL_PORTS;
    for (let i = 0; i < EPHEMERAL_PORTS; i++) {
      const port = FIRST_EPHEMERAL_PORT + ((start + i) % EPHEMERAL_PORTS);
      const list = remote.connections.get(portsKey(port, remotePort));
      if (!list?.some((one) => one.local.address.equals(local)) && !this.#listeners.has(port)) return port;
    }
    return undefined;
  }
}

function portsKey(localPort: number, remotePort: number): number {
  return localPort * 0x1_0000 + remotePort;
}

function keyOf(address: IpAddress): number | string {
  return address.family === 4 ? address.a : address.toString();
}
