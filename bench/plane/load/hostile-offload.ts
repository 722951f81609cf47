/**
 * TCP from a host of the LAN with an offload header of its own making (`virtio_net_hdr`): the kernel believes a part of it,
 * and hands the rest on to whoever reads the gateway's TUN device.
 */
import { readFileSync } from 'node:fs';
import { SocketType } from '../../../src/host/linux/socket-numbers.ts';
import { HOSTILE_TOS, type HostileKind } from '../hostile-kinds.ts';
import { openPacketSocket, Packet, type Place } from './packet-socket.ts';

const OFFLOAD = 10;
const ETHERNET = 14;
const IP = OFFLOAD + ETHERNET;
const TCP = IP + 20;
const DATA = TCP + 20;
const HEADERS = DATA - OFFLOAD;
const NEEDS_SUM = 1;
const GSO_TCPV4 = 1;
const RST = 4;
const SUM_OF_TCP = 16;
const SUPER = 60_000;
const USUAL = 1300;

/** What stands in the header: what is true of it, and what is not. */
type Lie = Readonly<{
  payload: number;
  flags?: number;
  type?: number;
  header?: number;
  segment?: number;
  sumFrom?: number;
}>;

const LIES: Readonly<Partial<Record<HostileKind, readonly Lie[]>>> = {
  'one-byte-segments': [{ payload: SUPER, flags: NEEDS_SUM, type: GSO_TCPV4, segment: 1, sumFrom: ETHERNET + 20 }],
  'offload-lies': [
    // A wrong sum that nobody is to complete.
    { payload: USUAL },
    // The sum goes into the IP header, or past the end.
    { payload: USUAL, flags: NEEDS_SUM, sumFrom: ETHERNET },
    { payload: USUAL, flags: NEEDS_SUM, sumFrom: ETHERNET + 20 + USUAL },
    // A header as long as the packet, and segments larger than it.
    { payload: SUPER, flags: NEEDS_SUM, type: GSO_TCPV4, header: SUPER, segment: USUAL, sumFrom: ETHERNET + 20 },
    { payload: USUAL, flags: NEEDS_SUM, type: GSO_TCPV4, segment: 0xffff, sumFrom: ETHERNET + 20 },
    // A super-packet without a sum to complete.
    { payload: SUPER, type: GSO_TCPV4, segment: USUAL },
  ],
};

export function offloadFlood(kind: HostileKind, place: Place): (most: number) => number {
  const { libc } = place;
  const fd = openPacketSocket(place, SocketType.RAW, Packet.IPV4);
  const on = new Uint8Array(new Int32Array([1]).buffer);
  const set = libc.setsockopt(fd, Packet.LEVEL, Packet.VNET_HDR, on, 4);
  if (set < 0) throw new Error(`PACKET_VNET_HDR: ${set}`);
  const frames = (LIES[kind] ?? []).map((lie) => frameOf(lie, place));
  // The kernel refuses some lies by itself: then the next one has its turn.
  let next = 0;
  return (most) => {
    let sent = 0;
    for (let i = 0; i < most; i++) {
      const frame = frames[next++ % frames.length];
      if (frame !== undefined && libc.send(fd, frame, frame.length, 0) > 0) sent++;
    }
    return sent;
  };
}

function frameOf(lie: Lie, { link, source, destination }: Place): Uint8Array {
  const frame = new Uint8Array(DATA + lie.payload);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  view.setUint8(0, lie.flags ?? 0);
  view.setUint8(1, lie.type ?? 0);
  view.setUint16(2, lie.header ?? HEADERS, true);
  view.setUint16(4, lie.segment ?? 0, true);
  view.setUint16(6, lie.sumFrom ?? 0, true);
  view.setUint16(8, SUM_OF_TCP, true);
  frame.set(hardwareAddress(readFileSync('/proc/net/arp', 'latin1').split('\n')[1] ?? ''), OFFLOAD);
  frame.set(hardwareAddress(readFileSync(`/sys/class/net/${link}/address`, 'latin1')), OFFLOAD + 6);
  view.setUint16(OFFLOAD + 12, Packet.IPV4);
  view.setUint16(IP, 0x4500 | HOSTILE_TOS);
  view.setUint16(IP + 2, 40 + lie.payload);
  view.setUint8(IP + 8, 64);
  view.setUint8(IP + 9, 6);
  source.write(frame, IP + 12);
  destination.write(frame, IP + 16);
  view.setUint16(IP + 10, headerSum(view));
  view.setUint16(TCP, 40_000);
  view.setUint16(TCP + 2, 9);
  view.setUint8(TCP + 12, 5 << 4);
  // Nobody answers a reset.
  view.setUint8(TCP + 13, RST);
  return frame;
}

function headerSum(view: DataView): number {
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += view.getUint16(IP + i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** The first hardware address in a text. */
function hardwareAddress(text: string): Uint8Array {
  const [found = ''] = /(?:[\da-f]{2}:){5}[\da-f]{2}/.exec(text) ?? [];
  return Uint8Array.from(found.split(':').map((byte) => Number.parseInt(byte, 16)));
}
