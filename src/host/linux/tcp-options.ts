/** Options of TCP sockets that Node has no words for, set on their descriptors. */
import type { Family, IpAddress, SecretKey } from '../../base/index.ts';
import type { Libc } from './libc.ts';
import { writeSockaddr } from './sockaddr.ts';
import { IpOption, Ipv6Option, Level, SocketOption, TcpOption } from './socket-numbers.ts';

/** Internetwork control, as routing protocols mark their packets (RFC 4594 section 3.2). */
const ROUTING_TOS = 0xc0;
/** TTL of packets when nobody wishes another one, as the kernel's own default is. */
export const DEFAULT_TTL = 64;

/** `struct tcp_md5sig`: sockaddr_storage, flags, prefix length, key length, interface, key. */
const MD5SIG_LENGTH = 216;
const MD5SIG_KEY_LENGTH_AT = 130;
const MD5SIG_KEY_AT = 136;
/** TCP_MD5SIG_MAXKEYLEN. */
export const LONGEST_MD5_KEY = 80;

export function setNumber(libc: Libc, fd: number, level: number, option: number, value: number): number {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return libc.setsockopt(fd, level, option, bytes, bytes.length);
}

/** The key for segments to and from one address, which has to be of the socket's family; undefined takes it away. */
export function setMd5Signature(libc: Libc, fd: number, remote: IpAddress, key: SecretKey | undefined): number {
  const option = new Uint8Array(MD5SIG_LENGTH);
  writeSockaddr(option, 0, remote, 0);
  const bytes = key?.reveal() ?? new Uint8Array();
  new DataView(option.buffer).setUint16(MD5SIG_KEY_LENGTH_AT, bytes.length, true);
  option.set(bytes.subarray(0, LONGEST_MD5_KEY), MD5SIG_KEY_AT);
  const result = libc.setsockopt(fd, Level.TCP, TcpOption.MD5SIG, option, option.length);
  option.fill(0);
  return result;
}

/** TTL, or hop limit, of what is sent. */
export function setTtl(libc: Libc, fd: number, family: Family, ttl: number): number {
  return family === 4
    ? setNumber(libc, fd, Level.IP, IpOption.TTL, ttl)
    : setNumber(libc, fd, Level.IPV6, Ipv6Option.UNICAST_HOPS, ttl);
}

/** RFC 5082: the kernel drops segments that come with a smaller TTL or hop limit. */
export function setMinimumTtl(libc: Libc, fd: number, family: Family, ttl: number): number {
  return family === 4
    ? setNumber(libc, fd, Level.IP, IpOption.MINTTL, ttl)
    : setNumber(libc, fd, Level.IPV6, Ipv6Option.MINHOPCOUNT, ttl);
}

export function setRoutingClass(libc: Libc, fd: number, family: Family): number {
  return family === 4
    ? setNumber(libc, fd, Level.IP, IpOption.TOS, ROUTING_TOS)
    : setNumber(libc, fd, Level.IPV6, Ipv6Option.TCLASS, ROUTING_TOS);
}

export function setReuse(libc: Libc, fd: number): number {
  return setNumber(libc, fd, Level.SOCKET, SocketOption.REUSEADDR, 1);
}

/** IPv6 alone: IPv4 has a socket of its own, so that addresses and keys are never those of mapped addresses. */
export function setOnlyV6(libc: Libc, fd: number): number {
  return setNumber(libc, fd, Level.IPV6, Ipv6Option.V6ONLY, 1);
}
