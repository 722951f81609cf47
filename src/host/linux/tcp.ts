/**
 * TCP over the kernel's stack, for BGP with neighbours on the machine's own networks. Sockets are made here, where the
 * options that Node does not know are set (RFC 2385 keys, TTL security), and then handed to Node, whose event loop
 * waits for them.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';
import { type Endpoint, type Family, fail, IpAddress, ok, type Result, type SecretKey } from '../../base/index.ts';
import type { KernelTcpOpen, SystemFault, SystemTcp, SystemTcpEvent } from '../system.ts';
import { errnoName, systemFault } from './errno.ts';
import type { Libc } from './libc.ts';
import { bindToDevice } from './listener.ts';
import { readSegmentCounters, SegmentWatch } from './segment-watch.ts';
import { domainOf } from './sockaddr.ts';
import { SocketType } from './socket-numbers.ts';
import { changeListenerTtl, openTcpListener, type TcpListener } from './tcp-listener.ts';
import { LONGEST_MD5_KEY, setMd5Signature, setMinimumTtl, setRoutingClass, setTtl } from './tcp-options.ts';
import { attachFilter, ttlFilter } from './ttl-filter.ts';

export type LinuxTcpOptions = Readonly<{
  libc: Libc;
  /** The VRF device that all its connections are in. */
  device?: string;
  /** Called from the event loop, never from within an order. */
  event: (event: SystemTcpEvent) => void;
  /** Something that worked does not any more. */
  failed?: (fault: SystemFault) => void;
}>;

type ClosedReason = Extract<SystemTcpEvent, { kind: 'closed' }>['reason'];

type Connection = {
  readonly id: number;
  readonly socket: Socket;
  readonly remote: IpAddress;
  /** By the monotonic clock, in ms. */
  readonly since: number;
  state: 'connecting' | 'up' | 'closing';
  reason: ClosedReason;
};

type PeerTtl = Readonly<{ ttl: number; minTtl?: number }>;

/** Accepted connections at a time; each belongs to a neighbour, or is refused at once by the gateway. */
const MOST_ACCEPTED = 1024;
/** How long a neighbour may take to end its half of a connection whose other half we have ended. */
const CLOSING_MS = 5000;
/** An attempt that was given up earlier says nothing of the neighbour. */
const PATIENCE_MS = 10_000;
/** How often the kernel is asked what it dropped. */
const WATCH_MS = 2000;

const REASONS: Readonly<Record<string, ClosedReason>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  ETIMEDOUT: 'timed-out',
  ENETUNREACH: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EACCES: 'unreachable',
  EPERM: 'unreachable',
};

export class LinuxTcp implements SystemTcp {
  readonly #libc: Libc;
  readonly #device: string | undefined;
  readonly #event: (event: SystemTcpEvent) => void;
  readonly #failed: (fault: SystemFault) => void;
  readonly #connections = new Map<number, Connection>();
  readonly #listeners = new Map<number, readonly TcpListener[]>();
  readonly #keys = new Map<string, Readonly<{ remote: IpAddress; key: SecretKey }>>();
  readonly #ttls = new Map<string, PeerTtl & { readonly remote: IpAddress }>();
  readonly #counters = { connects: 0, accepted: 0, refused: 0, failed: 0, notices: 0 };
  readonly #unanswered = new Set<string>();
  #watch: Readonly<{ timer: NodeJS.Timeout; watch: SegmentWatch }> | undefined;
  #lastAccepted = 0;
  #isClosed = false;

  constructor({ libc, device, event, failed = () => undefined }: LinuxTcpOptions) {
    this.#libc = libc;
    this.#device = device;
    this.#event = event;
    this.#failed = failed;
  }

  connect(open: KernelTcpOpen): void {
    const { connection: id, local, remote } = open;
    this.#counters.connects++;
    const fd = this.#openSocket(open);
    if (fd < 0) {
      this.#failed(systemFault('socket', fd, `open a TCP socket to ${remote.address}`));
      setImmediate(() => this.#event({ kind: 'closed', connection: id, reason: 'unreachable' }));
      return;
    }
    // `manualStart`: nothing can be read before there is a connection. The type does not know it.
    const options: SocketConstructorOpts & { manualStart: boolean } = { fd, allowHalfOpen: true, manualStart: true };
    const socket = new Socket(options);
    const connection: Connection = {
      id,
      socket,
      remote: remote.address,
      since: performance.now(),
      state: 'connecting',
      reason: 'finished',
    };
    this.#keep(connection);
    socket.once('connect', () => {
      const ends = endsOf(socket);
      if (ends === undefined) return; // it has ended in the meantime: `close` follows
      connection.state = 'up';
      this.#unanswered.delete(remote.address.toString());
      socket.setNoDelay(true);
      this.#event({ kind: 'connected', connection: id, ...ends });
    });
    // By addresses alone: nothing is looked up.
    socket.connect({ host: remote.address.toString(), port: remote.port, localAddress: local.toString() });
  }

  listen(port: number, ttl: number | undefined): Result<void, SystemFault> {
    const known = this.#listeners.get(port);
    if (known !== undefined) {
      for (const listener of known) changeListenerTtl(this.#libc, listener, ttl);
      return ok(undefined);
    }
    const opened: TcpListener[] = [];
    for (const family of [4, 6] as const) {
      const listener = openTcpListener({
        libc: this.#libc,
        device: this.#device,
        family,
        port,
        ttl,
        prepare: (fd) => this.#prepareListener(fd, family),
        accepted: (socket) => this.#accepted(socket),
        failed: (error) => this.#listenerFailed(port, error),
      });
      if (!listener.ok) {
        for (const { server } of opened) server.close();
        return listener;
      }
      if (listener.value !== undefined) opened.push(listener.value);
    }
    this.#listeners.set(port, opened);
    this.#watchSegments();
    return ok(undefined);
  }

  unlisten(port: number): void {
    for (const { server } of this.#listeners.get(port) ?? []) server.close();
    this.#listeners.delete(port);
  }

  setTtl(remote: IpAddress, ttl: PeerTtl | undefined): void {
    if (ttl === undefined) this.#ttls.delete(remote.toString());
    else this.#ttls.set(remote.toString(), { ...ttl, remote });
    for (const { fd, family } of [...this.#listeners.values()].flat()) {
      if (family === remote.family) this.#filter(fd, family);
    }
  }

  /** Connections that there are keep the key that they began with. */
  setMd5Key(remote: IpAddress, key: SecretKey | undefined): Result<void, SystemFault> {
    const name = remote.toString();
    const doing = `set the TCP MD5 key for ${name}`;
    if (key !== undefined && (key.length === 0 || key.length > LONGEST_MD5_KEY)) {
      const text = `Can not ${doing}: it has ${key.length} bytes, and the kernel takes 1 to ${LONGEST_MD5_KEY}.`;
      return fail({ call: 'setsockopt', code: 'EINVAL', text });
    }
    const had = this.#keys.delete(name);
    if (key !== undefined) this.#keys.set(name, { remote, key });
    if (key === undefined && !had) return ok(undefined);
    for (const listener of [...this.#listeners.values()].flat()) {
      if (listener.family !== remote.family) continue;
      const result = setMd5Signature(this.#libc, listener.fd, remote, key);
      if (result < 0) return fail(md5Fault(result, doing));
    }
    this.#watchSegments();
    return ok(undefined);
  }

  write(id: number, data: Uint8Array): void {
    const connection = this.#connections.get(id);
    if (connection?.state === 'up') connection.socket.write(data);
  }

  close(id: number): void {
    const connection = this.#connections.get(id);
    if (connection === undefined || connection.state === 'closing') return;
    if (connection.state === 'connecting') {
      this.abort(id);
      return;
    }
    connection.state = 'closing';
    const { socket } = connection;
    socket.end();
    const timer = setTimeout(() => socket.resetAndDestroy(), CLOSING_MS).unref();
    socket.once('close', () => clearTimeout(timer));
  }

  /** RFC 9293 section 3.10.5: a reset, which throws away what is not sent yet. */
  abort(id: number): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    const { socket, state } = connection;
    connection.reason = 'aborted';
    connection.state = 'closing';
    // Node would wait for the connection before it resets it.
    if (state === 'connecting') {
      this.#gaveUp(connection);
      socket.destroy();
    } else socket.resetAndDestroy();
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#counters, connections: this.#connections.size };
  }

  /** Ends everything. Connections whose last words are on their way still deliver them. */
  shutdown(): void {
    this.#isClosed = true;
    for (const port of [...this.#listeners.keys()]) this.unlisten(port);
    for (const [id, { state }] of this.#connections) if (state !== 'closing') this.abort(id);
    if (this.#watch !== undefined) clearInterval(this.#watch.timer);
    this.#watch = undefined;
  }

  /** A socket with its options; or the negative number of the error. */
  #openSocket({ remote: { address }, ttl, minTtl }: KernelTcpOpen): number {
    const { family } = address;
    const libc = this.#libc;
    const fd = libc.socket(domainOf(family), SocketType.STREAM | SocketType.NONBLOCK | SocketType.CLOEXEC, 0);
    if (fd < 0) return fd;
    const key = this.#keys.get(address.toString())?.key;
    const results = [
      bindToDevice(libc, fd, this.#device),
      key === undefined ? 0 : setMd5Signature(libc, fd, address, key),
      ttl === undefined ? 0 : setTtl(libc, fd, family, ttl),
      minTtl === undefined ? 0 : setMinimumTtl(libc, fd, family, minTtl),
    ];
    setRoutingClass(libc, fd, family);
    const failure = results.find((result) => result < 0);
    if (failure === undefined) return fd;
    libc.close(fd);
    return failure;
  }

  #filter(fd: number, family: Family): void {
    const rules = [...this.#ttls.values()].flatMap(({ remote, minTtl }) =>
      minTtl === undefined ? [] : [{ remote, minTtl }],
    );
    const result = attachFilter(this.#libc, fd, ttlFilter(family, rules));
    if (result < 0) this.#failed(systemFault('setsockopt', result, 'set the filter for ttl-security'));
  }

  #prepareListener(fd: number, family: Family): void {
    this.#filter(fd, family);
    for (const { remote, key } of this.#keys.values()) {
      if (remote.family !== family) continue;
      const result = setMd5Signature(this.#libc, fd, remote, key);
      if (result < 0) this.#failed(md5Fault(result, `set the TCP MD5 key for ${remote}`));
    }
  }

  #accepted(socket: Socket): void {
    const ends = endsOf(socket);
    const accepted = [...this.#connections.keys()].filter((id) => id > 0).length;
    if (ends === undefined || accepted >= MOST_ACCEPTED || this.#isClosed) {
      this.#counters.refused++;
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
      return;
    }
    this.#counters.accepted++;
    const { local, remote } = ends;
    const fd = descriptorOf(socket);
    const ttl = this.#ttls.get(remote.address.toString());
    if (fd !== undefined && ttl !== undefined) {
      setTtl(this.#libc, fd, remote.address.family, ttl.ttl);
      if (ttl.minTtl !== undefined) setMinimumTtl(this.#libc, fd, remote.address.family, ttl.minTtl);
    }
    const id = ++this.#lastAccepted;
    this.#keep({ id, socket, remote: remote.address, since: performance.now(), state: 'up', reason: 'finished' });
    this.#event({ kind: 'accepted', connection: id, local, remote });
  }

  #keep(connection: Connection): void {
    const { id, socket } = connection;
    this.#connections.set(id, connection);
    this.#watchSegments();
    socket.on('data', (data) => this.#event({ kind: 'data', connection: id, data }));
    socket.on('drain', () => this.#event({ kind: 'drained', connection: id }));
    socket.on('end', () => this.#event({ kind: 'end', connection: id }));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (connection.reason === 'aborted') return;
      this.#counters.failed++;
      connection.reason = REASONS[error.code ?? ''] ?? 'reset';
      if (connection.state === 'connecting' && connection.reason === 'timed-out') this.#gaveUp(connection);
    });
    socket.on('close', () => {
      this.#connections.delete(id);
      this.#event({ kind: 'closed', connection: id, reason: connection.reason });
    });
  }

  #listenerFailed(port: number, error: NodeJS.ErrnoException): void {
    const code = error.code ?? errnoName(error.errno ?? 0);
    this.#failed({ call: 'accept', code, text: `Listening on TCP port ${port} failed (${code}).` });
  }

  /** Nobody answered. Where there is a key, that may be the reason: a neighbour drops what is not signed as it wants. */
  #gaveUp({ remote, since }: Connection): void {
    const peer = remote.toString();
    if (!this.#keys.has(peer) || this.#unanswered.has(peer) || performance.now() - since < PATIENCE_MS) return;
    this.#unanswered.add(peer);
    const text = `${peer} does not answer signed TCP segments: it is not there, or has another password or none`;
    setImmediate(() => this.#event({ kind: 'notice', code: 'md5-unanswered', text, remote }));
  }

  #watchSegments(): void {
    if (this.#watch !== undefined || this.#isClosed) return;
    const watch = new SegmentWatch(readSegmentCounters());
    this.#watch = { watch, timer: setInterval(() => this.#lookAtSegments(watch), WATCH_MS).unref() };
  }

  #lookAtSegments(watch: SegmentWatch): void {
    const connected = new Set<string>();
    for (const { state, remote } of this.#connections.values()) if (state === 'up') connected.add(remote.toString());
    // Neighbours are those that have rules: for their TTL, or a key.
    const peers = new Map([...this.#ttls, ...this.#keys].map(([name, { remote }]) => [name, remote]));
    const watched = [...peers.keys()].map((name) => ({
      name,
      hasKey: this.#keys.has(name),
      hasMinTtl: this.#ttls.get(name)?.minTtl !== undefined,
      isConnected: connected.has(name),
    }));
    for (const { peer, code, text } of watch.check(readSegmentCounters(), watched)) {
      this.#counters.notices++;
      const remote = peers.get(peer);
      this.#event({ kind: 'notice', code, text, ...(remote === undefined ? {} : { remote }) });
    }
  }
}

function md5Fault(result: number, doing: string): SystemFault {
  const remedies: Readonly<Record<string, string>> = {
    ENOPROTOOPT: 'The kernel was built without CONFIG_TCP_MD5SIG: use another one, or take the password away.',
    ENOMEM: 'The kernel limits keys of one socket: raise net.core.optmem_max.',
  };
  return systemFault('setsockopt', result, doing, remedies[errnoName(result)]);
}

function endsOf(socket: Socket): Readonly<{ local: Endpoint; remote: Endpoint }> | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  const local = addressOf(localAddress);
  const remote = addressOf(remoteAddress);
  if (local === undefined || remote === undefined || localPort === undefined || remotePort === undefined) {
    return undefined;
  }
  return { local: { address: local, port: localPort }, remote: { address: remote, port: remotePort } };
}

/** A link-local address comes with its interface. */
function addressOf(text: string | undefined): IpAddress | undefined {
  return text === undefined ? undefined : IpAddress.parse(text.replace(/%.*$/, ''));
}

/** Node gives a socket's descriptor to nobody but through its handle. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
