/** Whether this machine can have a fast path: OpenSSL that can be called, devices and sockets that take super-packets. */
import { FastMemory } from '../../plane/index.ts';
import { errnoName } from './errno.ts';
import { bindEvp } from './evp.ts';
import type { Libc } from './libc.ts';
import { setInteger } from './listener.ts';
import { Domain, Level, SocketType, UdpOption } from './socket-numbers.ts';
import { makeTun, Offload } from './tun.ts';

/** What is missing for it, in words; nothing: it can be had. `takesUdp`: devices take super-packets of UDP as well. */
export type FastFacts = Readonly<{ missing?: string; takesUdp: boolean }>;

export type FastSetting = Readonly<{ memory: FastMemory; offloads: number; takesUdp: boolean }>;

let probes = 0;

/** Looks; a device that it makes for that is gone when it returns. */
export function fastFacts(libc: Libc): FastFacts {
  if (bindEvp() === undefined) return { missing: 'the OpenSSL of this Node can not be called', takesUdp: false };
  const gro = udpFault(libc);
  if (gro !== undefined) return { missing: `UDP sockets do not take super-packets (${gro})`, takesUdp: false };
  if (hasOffload(libc, Offload.TCP | Offload.UDP)) return { takesUdp: true };
  if (hasOffload(libc, Offload.TCP)) return { takesUdp: false };
  return { missing: 'TUN devices do not take super-packets', takesUdp: false };
}

/** Undefined where there is none to be had. */
export function fastSetting(libc: Libc): FastSetting | undefined {
  const { missing, takesUdp } = fastFacts(libc);
  if (missing !== undefined) return undefined;
  return { memory: new FastMemory(), offloads: Offload.TCP | (takesUdp ? Offload.UDP : 0), takesUdp };
}

/** `UDP_GRO` came with Linux 5.0, a year after `UDP_SEGMENT`. */
function udpFault(libc: Libc): string | undefined {
  const fd = libc.socket(Domain.INET, SocketType.DGRAM | SocketType.CLOEXEC, 0);
  if (fd < 0) return errnoName(-fd);
  const set = setInteger(libc, fd, Level.UDP, UdpOption.GRO, 1);
  libc.close(fd);
  return set < 0 ? errnoName(-set) : undefined;
}

function hasOffload(libc: Libc, offloads: number): boolean {
  const made = makeTun(libc, `wwprobe${process.pid % 100_000}${probes++ % 10}`.slice(0, 15), offloads);
  if (made.ok) libc.close(made.value);
  return made.ok;
}
