/**
 * IPv4, IPv6, UDP and ICMP on the wire, fragments and checksums. RFC 791, 792, 768, 1071, 1122, 1191, 1624, 1812,
 * 4443, 5722, 8200; TCP MSS clamping by RFC 9293; VXLAN by RFC 7348.
 */
export { internetChecksum, pseudoHeaderSum, updateChecksum } from './checksum.ts';
export { type EthernetFrame, EtherType, parseEthernet } from './ethernet.ts';
export { fragmentIp } from './fragment.ts';
export { buildGre, GRE_KEEPALIVE, type GreFields, type GreHeader, greHeaderLength, parseGre } from './gre.ts';
export {
  buildIp,
  decrementTtl,
  type IpFields,
  type IpHeader,
  ipHeaderLength,
  parseIp,
  parseQuotedIp,
  setDf,
  setTos,
  writeIpHeader,
} from './header.ts';
export {
  buildEcho,
  buildIcmpError,
  type EchoFields,
  type IcmpErrorFields,
  type IcmpMessage,
  parseIcmp,
} from './icmp.ts';
export { buildProbe, type ProbeFields } from './probe.ts';
export { type IpFault, Protocol } from './protocol.ts';
export { Reassembler, type ReassemblerOptions, type ReassemblyDrop } from './reassembler.ts';
export { type Covered, patchByte, patchU16, patchU32 } from './tcp-edit.ts';
export { clampTcpMss } from './tcp-mss.ts';
export { buildUdp, parseUdp, type UdpDatagram } from './udp.ts';
export { buildVxlan, parseVxlan, VXLAN_OVERHEAD, VXLAN_PORT } from './vxlan.ts';
