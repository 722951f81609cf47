/** Packet sockets: what passes an interface, as it passes. */
import { readFileSync } from 'node:fs';
import type { IpAddress } from '../../../src/base/index.ts';
import type { Libc } from '../../../src/host/linux/libc.ts';

export const Packet = { DOMAIN: 17, LEVEL: 263, VNET_HDR: 15, ALL: 3, IPV4: 0x0800 } as const;

const SOCKADDR_LL = 20;

/** A place of a flood. */
export type Place = Readonly<{ libc: Libc; link: string; source: IpAddress; destination: IpAddress; batch: number }>;

/** Opens one on an interface, for packets of an EtherType. */
export function openPacketSocket({ libc, link }: Place, type: number, protocol: number): number {
  const fd = libc.socket(Packet.DOMAIN, type, swapped(protocol));
  const name = new DataView(new ArrayBuffer(SOCKADDR_LL));
  name.setUint16(0, Packet.DOMAIN, true);
  name.setUint16(2, protocol);
  name.setInt32(4, Number(readFileSync(`/sys/class/net/${link}/ifindex`, 'latin1')), true);
  const bound = fd < 0 ? fd : libc.bind(fd, new Uint8Array(name.buffer), SOCKADDR_LL);
  if (bound < 0) throw new Error(`packet socket on ${link}: ${bound}`);
  return fd;
}

function swapped(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}
