/** Error numbers of the kernel: their names, what they mean in a sentence, and the way out where there is a usual one. */
import { constants } from 'node:os';
import type { SystemFault } from '../system.ts';

const names = new Map<number, string>();
for (const [name, number] of Object.entries(constants.errno)) if (!names.has(number)) names.set(number, name);

/** Numbers that code compares with, from `asm-generic/errno.h`. */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  EMFILE: 24,
  EMSGSIZE: 90,
  ENOPROTOOPT: 92,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ENOBUFS: 105,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
  EINPROGRESS: 115,
} as const;

/** Name of an error number, given as it is or negative. */
export function errnoName(errno: number): string {
  return names.get(Math.abs(errno)) ?? `errno ${Math.abs(errno)}`;
}

const meanings: Readonly<Record<string, string>> = {
  EPERM: 'that is not permitted',
  EACCES: 'that is not permitted',
  EADDRINUSE: 'another process uses it already',
  EADDRNOTAVAIL: 'no interface of this machine has that address',
  EAFNOSUPPORT: 'the kernel has no such address family',
  EBUSY: 'it is in use already',
  EEXIST: 'it is there already',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open on this machine',
  ENODEV: 'there is no such device',
  ENOENT: 'it is not there',
  ENXIO: 'there is no such device',
  ENOMEM: 'the kernel has no memory left for it',
  ENOBUFS: 'the kernel has no buffers left for it',
  ESRCH: 'there is none',
  EINVAL: 'the kernel takes it for invalid',
  ENETDOWN: 'the interface is down',
  ENETUNREACH: 'there is no route to that network',
  EHOSTUNREACH: 'there is no route to that host',
  ENOPROTOOPT: 'the kernel does not know that option',
  EOPNOTSUPP: 'the kernel does not support it',
  EPROTONOSUPPORT: 'the kernel does not support that protocol',
};

const CAPABILITIES =
  'Run it as root, by the systemd unit (AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE), or give node them: setcap cap_net_admin,cap_net_raw,cap_net_bind_service+ep "$(readlink -f "$(command -v node)")"';

const remedies: Readonly<Record<string, string>> = {
  EPERM: CAPABILITIES,
  EACCES: CAPABILITIES,
  EADDRNOTAVAIL: 'See which addresses there are with "ip address", and add it or change the configuration.',
  EAFNOSUPPORT: 'Was IPv6 switched off at boot (ipv6.disable=1)? Switch it on, or take IPv6 out of the configuration.',
  EMFILE: 'Raise the limit: "ulimit -n", or LimitNOFILE= of the systemd unit.',
};

/**
 * The fault of a call that failed with `errno` (as it is or negative) while doing what `doing` says, as in "listen on
 * UDP port 500 of 192.0.2.1".
 */
export function systemFault(call: string, errno: number, doing: string, remedy?: string): SystemFault {
  const code = errnoName(errno);
  const text = `Can not ${doing}: ${meanings[code] ?? 'the kernel refuses it'} (${code}).`;
  const way = remedy ?? remedies[code];
  return way === undefined ? { call, code, text } : { call, code, text, remedy: way };
}
