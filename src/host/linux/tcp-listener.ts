/** A listening port of one address family: a socket of the kernel made by hand, as keys must be there before the first SYN. */
import { createServer, type Server, type Socket } from 'node:net';
import { type Family, fail, IpAddress, ok, type Result } from '../../base/index.ts';
import type { SystemFault } from '../system.ts';
import { Errno, systemFault } from './errno.ts';
import type { Libc } from './libc.ts';
import { bindToDevice } from './listener.ts';
import { domainOf, encodeSockaddr } from './sockaddr.ts';
import { SocketType } from './socket-numbers.ts';
import { DEFAULT_TTL, setOnlyV6, setReuse, setRoutingClass, setTtl } from './tcp-options.ts';

/** Callers that the kernel holds until they are accepted. */
const BACKLOG = 128;

export type TcpListener = Readonly<{ family: Family; fd: number; server: Server }>;

export type TcpListenerOptions = Readonly<{
  libc: Libc;
  /** The VRF device that callers come from. */
  device: string | undefined;
  family: Family;
  port: number;
  ttl: number | undefined;
  /** Sets what must be there before anybody can call. */
  prepare: (fd: number) => void;
  accepted: (socket: Socket) => void;
  failed: (error: NodeJS.ErrnoException) => void;
}>;

/** Undefined: the kernel has no such address family. */
export function openTcpListener(options: TcpListenerOptions): Result<TcpListener | undefined, SystemFault> {
  const { libc, family, port, ttl } = options;
  const doing = `listen on TCP port ${port} (IPv${family})`;
  const fd = libc.socket(domainOf(family), SocketType.STREAM | SocketType.NONBLOCK | SocketType.CLOEXEC, 0);
  if (fd === -Errno.EAFNOSUPPORT && family === 6) return ok(undefined);
  if (fd < 0) return fail(systemFault('socket', fd, doing));
  const refuse = (call: string, result: number, remedy?: string): Result<never, SystemFault> => {
    libc.close(fd);
    return fail(systemFault(call, result, doing, remedy));
  };
  const inVrf = bindToDevice(libc, fd, options.device);
  if (inVrf < 0) return refuse('setsockopt', inVrf);
  setReuse(libc, fd);
  setRoutingClass(libc, fd, family);
  if (family === 6) {
    const only = setOnlyV6(libc, fd);
    if (only < 0) return refuse('setsockopt', only);
  }
  if (ttl !== undefined) setTtl(libc, fd, family, ttl);
  options.prepare(fd);
  const address = encodeSockaddr(IpAddress.any(family), port);
  const bound = libc.bind(fd, address, address.length);
  if (bound < 0) return refuse('bind', bound, bound === -Errno.EADDRINUSE ? whoListens(port) : undefined);
  const listening = libc.listen(fd, BACKLOG);
  if (listening < 0) return refuse('listen', listening, listening === -Errno.EADDRINUSE ? whoListens(port) : undefined);
  // A neighbour that has said its last word may still have to hear ours.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, options.accepted);
  server.on('error', options.failed);
  server.listen({ fd, exclusive: true });
  return ok({ family, fd, server });
}

export function changeListenerTtl(libc: Libc, { fd, family }: TcpListener, ttl: number | undefined): void {
  setTtl(libc, fd, family, ttl ?? DEFAULT_TTL);
}

function whoListens(port: number): string {
  return `Another BGP daemon (such as bgpd of FRR, or a second gateway) holds it: see "ss -ltnp sport = :${port}" and stop it.`;
}
