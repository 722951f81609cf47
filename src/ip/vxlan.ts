/** VXLAN, RFC 7348 section 5: a frame behind eight bytes that say whose it is. */
import { type Family, fail, ok, type Result, readU32, writeU32 } from '../base/index.ts';
import { ETHERNET_HEADER, type EthernetFrame, writeEthernet } from './ethernet.ts';
import { IPV4_HEADER, IPV6_HEADER } from './header.ts';
import type { IpFault } from './protocol.ts';
import { UDP_HEADER } from './udp.ts';

export const VXLAN_PORT = 4789;
export const VXLAN_HEADER = 8;
/** What a packet grows by, by the family of the outer one: its header, UDP, VXLAN and Ethernet. */
export const VXLAN_OVERHEAD: Readonly<Record<Family, number>> = {
  4: IPV4_HEADER + UDP_HEADER + VXLAN_HEADER + ETHERNET_HEADER,
  6: IPV6_HEADER + UDP_HEADER + VXLAN_HEADER + ETHERNET_HEADER,
};
const FLAG_VNI = 0x0800_0000;

/** Reads what a datagram to `VXLAN_PORT` holds; reserved bits are not looked at. `frame` is a view. */
export function parseVxlan(datagram: Uint8Array): Result<Readonly<{ vni: number; frame: Uint8Array }>, IpFault> {
  if (datagram.length < VXLAN_HEADER) return fail('truncated');
  if ((readU32(datagram, 0) & FLAG_VNI) === 0) return fail('no-vni');
  return ok({ vni: readU32(datagram, 4) >>> 8, frame: datagram.subarray(VXLAN_HEADER) });
}

/** A frame with its VXLAN header, as the payload of a UDP datagram. */
export function buildVxlan(vni: number, frame: EthernetFrame): Uint8Array {
  const start = VXLAN_HEADER + ETHERNET_HEADER;
  const datagram = new Uint8Array(start + frame.payload.length);
  writeU32(datagram, 0, FLAG_VNI);
  writeU32(datagram, 4, vni * 0x100);
  writeEthernet(datagram, VXLAN_HEADER, frame);
  datagram.set(frame.payload, start);
  return datagram;
}
