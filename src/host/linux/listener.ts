/** Sockets of the outside: UDP 500 and 4500, raw ESP for each address listened on, raw ICMP for all of them. */
import { type Family, fail, type IpAddress, ok, type Result, utf8 } from '../../base/index.ts';
import { Protocol } from '../../ip/index.ts';
import type { SystemFault } from '../system.ts';
import { Errno, systemFault } from './errno.ts';
import type { Libc } from './libc.ts';
import type { Descriptor } from './reader-protocol.ts';
import { type DatagramClass, datagramClasses, encodeProgram, reuseportProgram } from './reuseport-filter.ts';
import { domainOf, encodeSockaddr } from './sockaddr.ts';
import {
  ICMP_FILTER,
  IpOption,
  Ipv6Option,
  Level,
  PMTUDISC_DONT,
  PMTUDISC_PROBE,
  SocketOption,
  SocketType,
  UdpOption,
} from './socket-numbers.ts';

/** Queues in the kernel. That of first messages is short: a long one would only make honest strangers wait longer. */
const QUEUE = { first: 1 << 20, cookie: 1 << 20, established: 4 << 20, esp: 8 << 20, icmp: 1 << 19 } as const;

/** What may be on its way out of the fast path's sockets. */
const SEND_QUEUE = 4 << 20;

/** In a VRF by its device; for a fast path to read from and send by. */
export type ListenerOptions = Readonly<{ vrf?: string; isFast?: boolean }>;

/** Opens everything for an address, or nothing. `scope` is the interface of a link-local address. */
export function openListener(
  libc: Libc,
  address: IpAddress,
  scope: number,
  isOurs: () => boolean,
  how: ListenerOptions = {},
): Result<readonly Descriptor[], SystemFault> {
  const opened: Descriptor[] = [];
  const sockets = new Sockets(libc, address, scope, isOurs, how);
  for (const step of [() => sockets.udp(500), () => sockets.udp(4500), () => sockets.esp()]) {
    const made = step();
    if (!made.ok) {
      for (const { fd } of opened) libc.close(fd);
      return made;
    }
    opened.push(...made.value);
  }
  return ok(opened);
}

/** ICMP errors and echo replies of a family, to whatever address of ours, in a VRF by its device. */
export function openIcmp(libc: Libc, family: Family, vrf?: string): Result<Descriptor, SystemFault> {
  const protocol = family === 4 ? Protocol.ICMP : Protocol.ICMPV6;
  const fd = libc.socket(domainOf(family), SocketType.RAW | SocketType.CLOEXEC, protocol);
  if (fd < 0) return fail(systemFault('socket', fd, `open a raw socket for ICMP over IPv${family}`));
  const inVrf = bindToDevice(libc, fd, vrf);
  if (inVrf < 0) {
    libc.close(fd);
    return fail(systemFault('setsockopt', inVrf, `hear ICMP in the VRF device ${vrf}`));
  }
  const filter = icmpFilter(family);
  libc.setsockopt(fd, family === 4 ? Level.RAW : Level.ICMPV6, ICMP_FILTER, filter, filter.length);
  if (family === 4) setInteger(libc, fd, Level.IP, IpOption.PKTINFO, 1);
  else setInteger(libc, fd, Level.IPV6, Ipv6Option.RECVPKTINFO, 1);
  tellHeaders(libc, fd, family);
  setQueue(libc, fd, QUEUE.icmp);
  return ok({ fd, kind: 'icmp', family });
}

class Sockets {
  readonly #libc: Libc;
  readonly #address: IpAddress;
  readonly #scope: number;
  readonly #isOurs: () => boolean;
  readonly #vrf: string | undefined;
  readonly #isFast: boolean;

  constructor(libc: Libc, address: IpAddress, scope: number, isOurs: () => boolean, how: ListenerOptions) {
    this.#libc = libc;
    this.#address = address;
    this.#scope = scope;
    this.#isOurs = isOurs;
    this.#vrf = how.vrf;
    this.#isFast = how.isFast === true;
  }

  /**
   * One socket for each class of datagrams. The first is bound alone, so that a port in use is found even when it is
   * used by one of our own kind; only then it admits the others, in the order that the program's answers count.
   */
  udp(port: 500 | 4500): Result<readonly Descriptor[], SystemFault> {
    const libc = this.#libc;
    const doing = `listen on UDP port ${port} of ${this.#address}`;
    const opened: Descriptor[] = [];
    const give = (call: string, errno: number): Result<never, SystemFault> => {
      for (const { fd } of opened) libc.close(fd);
      const remedy = -errno === Errno.EADDRINUSE ? portRemedy(port) : undefined;
      return fail(systemFault(call, errno, doing, remedy));
    };
    for (const [i, queue] of datagramClasses.entries()) {
      const fd = libc.socket(domainOf(this.#address.family), SocketType.DGRAM | SocketType.CLOEXEC, 0);
      if (fd < 0) return give('socket', fd);
      const hasGro = this.#isFast && queue === 'established';
      opened.push({ fd, kind: 'udp', queue, local: this.#address.toString(), port, hasGro, ...this.#inVrf() });
      if (this.#isFast) this.#prepareFast(fd, queue);
      if (i > 0) setInteger(libc, fd, Level.SOCKET, SocketOption.REUSEPORT, 1);
      const bound = this.#bind(fd, port);
      if (bound < 0) return give('bind', bound);
      if (i === 0) setInteger(libc, fd, Level.SOCKET, SocketOption.REUSEPORT, 1);
      tellHeaders(libc, fd, this.#address.family);
      setQueue(libc, fd, QUEUE[queue]);
    }
    const attached = attachProgram(libc, opened[0]?.fd ?? -1, encodeProgram(reuseportProgram(port === 4500)));
    return attached < 0 ? give('setsockopt', attached) : ok(opened);
  }

  #inVrf(): Readonly<{ vrf?: string }> {
    return this.#vrf === undefined ? {} : { vrf: this.#vrf };
  }

  /** The fast path sends by these as well: with the don't-fragment bit by one of them, without it by another. */
  #prepareFast(fd: number, queue: DatagramClass): void {
    const libc = this.#libc;
    const mode = queue === 'established' ? PMTUDISC_PROBE : PMTUDISC_DONT;
    if (this.#address.family === 4) setInteger(libc, fd, Level.IP, IpOption.MTU_DISCOVER, mode);
    else setInteger(libc, fd, Level.IPV6, Ipv6Option.MTU_DISCOVER, mode);
    if (setInteger(libc, fd, Level.SOCKET, SocketOption.SNDBUFFORCE, SEND_QUEUE) < 0) {
      setInteger(libc, fd, Level.SOCKET, SocketOption.SNDBUF, SEND_QUEUE);
    }
    if (queue === 'established') setInteger(libc, fd, Level.UDP, UdpOption.GRO, 1);
  }

  esp(): Result<readonly Descriptor[], SystemFault> {
    const libc = this.#libc;
    const { family } = this.#address;
    const doing = `listen for ESP on ${this.#address}`;
    const fd = libc.socket(domainOf(family), SocketType.RAW | SocketType.CLOEXEC, Protocol.ESP);
    if (fd < 0) return fail(systemFault('socket', fd, doing));
    const bound = this.#bind(fd, 0);
    if (bound < 0) {
      libc.close(fd);
      return fail(systemFault('bind', bound, doing));
    }
    tellHeaders(libc, fd, family);
    setQueue(libc, fd, QUEUE.esp);
    return ok([{ fd, kind: 'esp', family, local: this.#address.toString(), ...this.#inVrf() }]);
  }

  #bind(fd: number, port: number): number {
    const { family } = this.#address;
    const inVrf = bindToDevice(this.#libc, fd, this.#vrf);
    if (inVrf < 0) return inVrf;
    if (family === 6) setInteger(this.#libc, fd, Level.IPV6, Ipv6Option.V6ONLY, 1);
    const name = encodeSockaddr(this.#address, port, this.#scope);
    const bound = this.#libc.bind(fd, name, name.length);
    // An IPv6 address whose uniqueness is still being looked at is ours, but may not be bound to yet.
    if (bound !== -Errno.EADDRNOTAVAIL || family === 4 || !this.#isOurs()) return bound;
    setInteger(this.#libc, fd, Level.IPV6, Ipv6Option.FREEBIND, 1);
    return this.#libc.bind(fd, name, name.length);
  }
}

/** Has the kernel tell type of service, TTL and how many packets it had to drop. */
function tellHeaders(libc: Libc, fd: number, family: Family): void {
  if (family === 4) {
    setInteger(libc, fd, Level.IP, IpOption.RECVTOS, 1);
    setInteger(libc, fd, Level.IP, IpOption.RECVTTL, 1);
  } else {
    setInteger(libc, fd, Level.IPV6, Ipv6Option.RECVTCLASS, 1);
    setInteger(libc, fd, Level.IPV6, Ipv6Option.RECVHOPLIMIT, 1);
  }
  setInteger(libc, fd, Level.SOCKET, SocketOption.RXQ_OVFL, 1);
}

/** Past the machine's limit (`net.core.rmem_max`) where we may, up to it otherwise. */
function setQueue(libc: Libc, fd: number, bytes: number): void {
  if (setInteger(libc, fd, Level.SOCKET, SocketOption.RCVBUFFORCE, bytes) >= 0) return;
  setInteger(libc, fd, Level.SOCKET, SocketOption.RCVBUF, bytes);
}

/** A socket of a VRF by its device: its addresses, its routes, and nothing that comes from elsewhere. */
export function bindToDevice(libc: Libc, fd: number, device: string | undefined): number {
  if (device === undefined) return 0;
  const name = utf8(`${device}\0`);
  return libc.setsockopt(fd, Level.SOCKET, SocketOption.BINDTODEVICE, name, name.length);
}

export function setInteger(libc: Libc, fd: number, level: number, option: number, value: number): number {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return libc.setsockopt(fd, level, option, bytes, 4);
}

/** A set bit keeps a type away. */
function icmpFilter(family: Family): Uint8Array {
  const filter = new Uint8Array(family === 4 ? 4 : 32).fill(0xff);
  const wanted = family === 4 ? ICMP_WANTED : ICMPV6_WANTED;
  for (const type of wanted) filter[type >> 3] = (filter[type >> 3] ?? 0) & ~(1 << (type & 7));
  return filter;
}

/** Echo reply, destination unreachable, time exceeded, parameter problem (RFC 792). */
const ICMP_WANTED = [0, 3, 11, 12];
/** Destination unreachable, packet too big, time exceeded, parameter problem, echo reply (RFC 4443). */
const ICMPV6_WANTED = [1, 2, 3, 4, 129];

/** Has the kernel sort by a program of `reuseport-filter.ts`; answers 0 or the negative error number. */
export function attachProgram(libc: Libc, fd: number, program: Uint8Array): number {
  const pointer = new Uint8Array(16);
  const view = new DataView(pointer.buffer);
  view.setUint16(0, program.length / 8, true);
  view.setBigUint64(8, BigInt(libc.addressOf(program)), true);
  const attached = libc.setsockopt(fd, Level.SOCKET, SocketOption.ATTACH_REUSEPORT_CBPF, pointer, pointer.length);
  // The program has to be there until the call is over, and nothing but its address was given.
  return program.length === 0 ? -Errno.EINVAL : attached;
}

function portRemedy(port: number): string {
  return `That is usually another IKE daemon (charon of strongSwan, pluto, iked) or a second wheelwright. See which with "ss -ulpn sport = :${port}", and stop it.`;
}
