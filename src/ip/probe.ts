/** The first packet of a flow, as a source would send it: TCP SYN (RFC 9293), a UDP datagram, an ICMP echo request. */
import { type IpAddress, writeU16 } from '../base/index.ts';
import { internetChecksum, pseudoHeaderSum } from './checksum.ts';
import { buildIp, ipHeaderLength } from './header.ts';
import { buildEcho } from './icmp.ts';
import { Protocol } from './protocol.ts';
import { buildUdp } from './udp.ts';

export type ProbeFields = Readonly<{
  source: IpAddress;
  destination: IpAddress;
  /** IP protocol number; ICMP and ICMPv6 are an echo request. */
  protocol: number;
  sourcePort: number;
  destinationPort: number;
  /** Of the whole packet; what its headers need at least. */
  size: number;
  df: boolean;
  /** It answers the one that has its addresses and ports the other way round. */
  isAnswer?: boolean;
}>;

const TCP_HEADER = 24;
const UDP_HEADER = 8;
const ICMP_HEADER = 8;
const SYN = 0x02;
const ACK = 0x10;
const WINDOW = 0xffff;
const MSS_OPTION = 0x0204;

export function buildProbe(fields: ProbeFields): Uint8Array {
  const { source, destination, protocol, sourcePort, destinationPort, size, df, isAnswer = false } = fields;
  const { family } = source;
  const room = (header: number): number => Math.max(0, size - ipHeaderLength(family) - header);
  if (protocol === Protocol.ICMP || protocol === Protocol.ICMPV6) {
    const data = new Uint8Array(room(ICMP_HEADER));
    return buildEcho({ source, destination, id: 1, sequence: 1, data, reply: isAnswer, df, identification: 1 });
  }
  const ip = { source, destination, protocol, df, identification: 1 };
  if (protocol === Protocol.UDP) {
    const payload = new Uint8Array(room(UDP_HEADER));
    return buildIp(
      ip,
      buildUdp({ address: source, port: sourcePort }, { address: destination, port: destinationPort }, payload),
    );
  }
  if (protocol !== Protocol.TCP) return buildIp(ip, new Uint8Array(room(0)));
  const segment = new Uint8Array(TCP_HEADER + room(TCP_HEADER));
  writeU16(segment, 0, sourcePort);
  writeU16(segment, 2, destinationPort);
  segment[7] = 1;
  segment[12] = (TCP_HEADER / 4) << 4;
  segment[13] = isAnswer ? SYN | ACK : SYN;
  if (isAnswer) segment[11] = 2;
  writeU16(segment, 14, WINDOW);
  writeU16(segment, 20, MSS_OPTION);
  writeU16(segment, 22, family === 4 ? 1460 : 1440);
  writeU16(segment, 16, internetChecksum(segment, pseudoHeaderSum(source, destination, protocol, segment.length)));
  return buildIp(ip, segment);
}
