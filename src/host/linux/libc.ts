/**
 * The C library's calls that a gateway needs, typed in one place. Each answers as the kernel does: a value of at least
 * zero, or the negative error number (`errno.ts` has their names). Bytes are given as an array, or as the address of
 * one by number: for calls that are made for each packet, where an address costs half as much.
 */
import { createRequire } from 'node:module';
import { endianness } from 'node:os';
import { arch, platform } from 'node:process';
import type * as Koffi from 'koffi';
import { fail, ok, type Result } from '../../base/index.ts';
import type { SystemFault } from '../system.ts';

/** Memory that a call reads or writes. An address is of memory that somebody keeps alive, or 0 for none. */
export type Memory = Uint8Array | number;

export type Libc = Readonly<{
  socket: (domain: number, type: number, protocol: number) => number;
  bind: (fd: number, address: Memory, length: number) => number;
  connect: (fd: number, address: Memory, length: number) => number;
  listen: (fd: number, backlog: number) => number;
  accept4: (fd: number, address: Memory, length: Memory, flags: number) => number;
  setsockopt: (fd: number, level: number, option: number, value: Memory, length: number) => number;
  getsockopt: (fd: number, level: number, option: number, value: Memory, length: Memory) => number;
  getsockname: (fd: number, address: Memory, length: Memory) => number;
  getpeername: (fd: number, address: Memory, length: Memory) => number;
  send: (fd: number, data: Memory, length: number, flags: number) => number;
  sendto: (fd: number, data: Memory, length: number, flags: number, address: Memory, addressLength: number) => number;
  sendmsg: (fd: number, message: Memory, flags: number) => number;
  sendmmsg: (fd: number, messages: Memory, count: number, flags: number) => number;
  recv: (fd: number, data: Memory, length: number, flags: number) => number;
  recvfrom: (fd: number, data: Memory, length: number, flags: number, address: Memory, addressLength: Memory) => number;
  recvmsg: (fd: number, message: Memory, flags: number) => number;
  /** Without a timeout. */
  recvmmsg: (fd: number, messages: Memory, count: number, flags: number) => number;
  shutdown: (fd: number, how: number) => number;
  open: (path: string, flags: number) => number;
  read: (fd: number, data: Memory, length: number) => number;
  write: (fd: number, data: Memory, length: number) => number;
  close: (fd: number) => number;
  ioctl: (fd: number, request: number, argument: Memory) => number;
  /** `timeoutMs` below zero waits for ever. */
  poll: (descriptors: Memory, count: number, timeoutMs: number) => number;
  eventfd: (initial: number, flags: number) => number;
  fcntl: (fd: number, command: number, argument: number) => number;
  prctl: (option: number, a: number, b: number, c: number, d: number) => number;
  capget: (header: Memory, data: Memory) => number;
  capset: (header: Memory, data: Memory) => number;
  /** Where an array's memory is; the array must be kept for as long as the address is used. */
  addressOf: (bytes: Uint8Array | ArrayBuffer) => number;
}>;

let loaded: Libc | undefined;

/** The calls, loaded when first asked for and kept for this thread. */
export function openLibc(): Result<Libc, SystemFault> {
  if (loaded !== undefined) return ok(loaded);
  if (platform !== 'linux') {
    return fail({
      call: 'koffi',
      code: 'ENOSYS',
      text: `A gateway runs on Linux only, and this is ${platform}.`,
      remedy: 'Use "wheelwright lab run" here: the lab needs no kernel.',
    });
  }
  // The layouts of structures in this folder are those of 64-bit machines, least significant byte first.
  if (!['x64', 'arm64', 'riscv64', 'loong64'].includes(arch) || endianness() !== 'LE') {
    return fail({
      call: 'koffi',
      code: 'ENOSYS',
      text: `A gateway runs on 64-bit little-endian processors (x64, arm64, riscv64), and this is ${arch}.`,
    });
  }
  const koffi = loadKoffi();
  if (!koffi.ok) return koffi;
  loaded = bindAll(koffi.value);
  return ok(loaded);
}

function loadKoffi(): Result<typeof Koffi, SystemFault> {
  try {
    return ok(createRequire(import.meta.url)('koffi') as typeof Koffi);
  } catch (error) {
    // The loader throws: the package or its binary is not there, or is for another C library.
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return fail({
      call: 'koffi',
      code: 'ENOENT',
      text: `The package koffi, which makes system calls, can not be loaded: ${reason}`,
      remedy: 'Run "npm install" (without --omit=optional) where wheelwright is installed.',
    });
  }
}

// Every declaration stands with its number of arguments, so that a call with too few does not compile.
type Argument = Memory | string;

function bindAll(koffi: typeof Koffi): Libc {
  const library = koffi.load(null);
  const call = <A extends readonly Argument[]>(declaration: string): ((...args: A) => number) => {
    const native: (...args: A) => number = library.func(declaration);
    return (...args) => {
      const result = native(...args);
      return result < 0 ? -koffi.errno() : result;
    };
  };
  return {
    socket: call('int socket(int, int, int)'),
    bind: call('int bind(int, void *, uint)'),
    connect: call('int connect(int, void *, uint)'),
    listen: call('int listen(int, int)'),
    accept4: call('int accept4(int, void *, void *, int)'),
    setsockopt: call('int setsockopt(int, int, int, void *, uint)'),
    getsockopt: call('int getsockopt(int, int, int, void *, void *)'),
    getsockname: call('int getsockname(int, void *, void *)'),
    getpeername: call('int getpeername(int, void *, void *)'),
    send: call('int64 send(int, void *, size_t, int)'),
    sendto: call('int64 sendto(int, void *, size_t, int, void *, uint)'),
    sendmsg: call('int64 sendmsg(int, void *, int)'),
    sendmmsg: call('int sendmmsg(int, void *, uint, int)'),
    recv: call('int64 recv(int, void *, size_t, int)'),
    recvfrom: call('int64 recvfrom(int, void *, size_t, int, void *, void *)'),
    recvmsg: call('int64 recvmsg(int, void *, int)'),
    recvmmsg: withoutTimeout(call('int recvmmsg(int, void *, uint, int, void *)')),
    shutdown: call('int shutdown(int, int)'),
    open: call('int open(const char *, int)'),
    read: call('int64 read(int, void *, size_t)'),
    write: call('int64 write(int, void *, size_t)'),
    close: call('int close(int)'),
    ioctl: call('int ioctl(int, ulong, void *)'),
    poll: call('int poll(void *, ulong, int)'),
    eventfd: call('int eventfd(uint, int)'),
    fcntl: call('int fcntl(int, int, long)'),
    prctl: call('int prctl(int, ulong, ulong, ulong, ulong)'),
    capget: call('int capget(void *, void *)'),
    capset: call('int capset(void *, void *)'),
    addressOf: (bytes) => Number(koffi.address(bytes)),
  };
}

function withoutTimeout(
  recvmmsg: (fd: number, messages: Memory, count: number, flags: number, timeout: Memory) => number,
): Libc['recvmmsg'] {
  return (fd, messages, count, flags) => recvmmsg(fd, messages, count, flags, 0);
}
