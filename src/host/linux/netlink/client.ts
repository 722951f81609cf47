/**
 * Requests to rtnetlink, each answered before the call returns: the kernel answers from within `send`, so there is
 * nothing to wait for. Changes that others make come by another socket (`openMonitor`).
 */
import { fail, ok, type Result } from '../../../base/index.ts';
import type { SystemFault } from '../../system.ts';
import { Errno, systemFault } from '../errno.ts';
import type { Libc } from '../libc.ts';
import { Domain, Level, SocketOption, SocketType } from '../socket-numbers.ts';
import { decodeMessages, encodeMessage, errorOf, NativeWriter, type NetlinkMessage } from './message.ts';
import { Group, MessageType, NetlinkOption, NetlinkProtocol, RequestFlag } from './numbers.ts';

const ROOM = 65_536;
const TIMEOUT_SECONDS = 2;
/** How often a dump is begun anew because something changed meanwhile. */
const DUMP_TRIES = 5;
const MONITOR_BUFFER = 4 << 20;

export class NetlinkClient {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #room = new Uint8Array(ROOM);
  #sequence = 0;

  private constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
  }

  static open(libc: Libc): Result<NetlinkClient, SystemFault> {
    const fd = openSocket(libc, 0);
    if (fd < 0) return fail(systemFault('socket', fd, 'open a netlink socket'));
    const timeout = new NativeWriter().u32(TIMEOUT_SECONDS).u32(0).u32(0).u32(0).finish();
    libc.setsockopt(fd, Level.SOCKET, SocketOption.RCVTIMEO, timeout, timeout.length);
    // Lets the kernel filter dumps of routes by protocol number; kernels before 4.20 send all and we filter.
    libc.setsockopt(fd, Level.NETLINK, NetlinkOption.GET_STRICT_CHK, Uint8Array.of(1, 0, 0, 0), 4);
    return ok(new NetlinkClient(libc, fd));
  }

  /** An order; answers 0 or the error number. */
  change(type: number, body: Uint8Array, flags = 0): number {
    const sequence = this.#send(type, flags | RequestFlag.ACK, body);
    if (sequence < 0) return -sequence;
    for (;;) {
      const messages = this.#receive();
      if (typeof messages === 'number') return messages;
      const answer = messages.find((message) => message.sequence === sequence && message.type === MessageType.ERROR);
      if (answer !== undefined) return errorOf(answer);
    }
  }

  /** A question with one answer: a message's body, or the error number. */
  ask(type: number, body: Uint8Array): Uint8Array | number {
    const sequence = this.#send(type, 0, body);
    if (sequence < 0) return -sequence;
    for (;;) {
      const messages = this.#receive();
      if (typeof messages === 'number') return messages;
      const answer = messages.find((message) => message.sequence === sequence);
      if (answer?.type === MessageType.ERROR) return errorOf(answer);
      if (answer !== undefined) return answer.body.slice();
    }
  }

  /** All there are of a kind, each read by `decode`. */
  dump<T>(
    type: number,
    body: Uint8Array,
    answerType: number,
    decode: (body: Uint8Array) => T | undefined,
  ): Result<readonly T[], SystemFault> {
    for (let attempt = 1; ; attempt++) {
      const found: T[] = [];
      const end = this.#dumpOnce(type, body, (message) => {
        const value = message.type === answerType ? decode(message.body) : undefined;
        if (value !== undefined) found.push(value);
      });
      if (end === 'whole' || (end === 'interrupted' && attempt === DUMP_TRIES)) return ok(found);
      if (end !== 'interrupted') return fail(systemFault('netlink', end, 'read the tables of the kernel'));
    }
  }

  close(): void {
    this.#libc.close(this.#fd);
  }

  #dumpOnce(type: number, body: Uint8Array, each: (message: NetlinkMessage) => void): 'whole' | 'interrupted' | number {
    const sequence = this.#send(type, RequestFlag.DUMP, body);
    if (sequence < 0) return -sequence;
    let interrupted = false;
    for (;;) {
      const messages = this.#receive();
      if (typeof messages === 'number') return messages;
      for (const message of messages) {
        if (message.sequence !== sequence) continue;
        if ((message.flags & RequestFlag.DUMP_INTR) !== 0) interrupted = true;
        if (message.type === MessageType.ERROR) return errorOf(message);
        if (message.type === MessageType.DONE) return errorOf(message) || (interrupted ? 'interrupted' : 'whole');
        each(message);
      }
    }
  }

  /** Answers the sequence number, or the negative error number. */
  #send(type: number, flags: number, body: Uint8Array): number {
    this.#sequence = (this.#sequence % 0x7fff_ffff) + 1;
    const message = encodeMessage({ type, flags: flags | RequestFlag.REQUEST, sequence: this.#sequence, body });
    const sent = this.#libc.send(this.#fd, message, message.length, 0);
    return sent < 0 ? sent : this.#sequence;
  }

  #receive(): readonly NetlinkMessage[] | number {
    for (;;) {
      const length = this.#libc.recv(this.#fd, this.#room, ROOM, 0);
      if (length >= 0) return decodeMessages(this.#room.subarray(0, length));
      if (length !== -Errno.EINTR) return -length;
    }
  }
}

/** A socket that is told of changes of links and addresses, for the reader. */
export function openMonitor(libc: Libc): Result<number, SystemFault> {
  const fd = openSocket(libc, Group.LINK | Group.IPV4_IFADDR | Group.IPV6_IFADDR);
  if (fd < 0) return fail(systemFault('socket', fd, 'watch the interfaces of the kernel'));
  const size = new NativeWriter().u32(MONITOR_BUFFER).finish();
  if (libc.setsockopt(fd, Level.SOCKET, SocketOption.RCVBUFFORCE, size, 4) < 0) {
    libc.setsockopt(fd, Level.SOCKET, SocketOption.RCVBUF, size, 4);
  }
  return ok(fd);
}

function openSocket(libc: Libc, groups: number): number {
  const fd = libc.socket(Domain.NETLINK, SocketType.RAW | SocketType.CLOEXEC, NetlinkProtocol.ROUTE);
  if (fd < 0) return fd;
  const address = new NativeWriter().u16(Domain.NETLINK).u16(0).u32(0).u32(groups).finish();
  const bound = libc.bind(fd, address, address.length);
  if (bound >= 0) return fd;
  libc.close(fd);
  return bound;
}
