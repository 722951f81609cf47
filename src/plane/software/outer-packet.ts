/** The packet around ESP: RFC 4301 section 5.1.2 (outer header), RFC 3948 section 2.1 (UDP encapsulation). */
import { writeU16 } from '../../base/index.ts';
import {
  buildIp,
  type IpHeader,
  internetChecksum,
  ipHeaderLength,
  Protocol,
  pseudoHeaderSum,
  writeIpHeader,
} from '../../ip/index.ts';
import type { ChildSa } from './child-sa.ts';

const UDP_HEADER = 8;
const OUTER_TTL = 64;

/** How much stands in front of ESP. */
export function outerLength({ remote, udpEncapsulation }: ChildSa): number {
  return ipHeaderLength(remote.address.family) + (udpEncapsulation ? UDP_HEADER : 0);
}

/**
 * Writes the outer headers of a packet whose ESP stands in its place already. DSCP and ECN of the inner packet come along;
 * TTL is that of a fresh packet, or in transport mode the packet's own.
 */
export function writeOuter(
  packet: Uint8Array,
  sa: ChildSa,
  tos: number,
  ttl: number | undefined,
  df: boolean,
  identification: number,
): void {
  const { local, remote, udpEncapsulation } = sa;
  if (udpEncapsulation) writeUdp(packet, ipHeaderLength(remote.address.family), sa);
  writeIpHeader(packet, {
    source: local.address,
    destination: remote.address,
    protocol: udpEncapsulation ? Protocol.UDP : Protocol.ESP,
    ttl: ttl ?? OUTER_TTL,
    tos,
    df,
    identification,
  });
}

/** What a transport-mode packet was before its sender sealed it. */
export function transportPacket(outer: IpHeader, content: Uint8Array, protocol: number): Uint8Array {
  const { source, destination, ttl, tos, df, identification } = outer;
  return buildIp({ source, destination, protocol, ttl, tos, df, identification: identification & 0xffff }, content);
}

/** The checksum is left out over IPv4, as RFC 3948 asks; IPv6 does not allow that (RFC 8200 section 8.1). */
function writeUdp(packet: Uint8Array, start: number, { local, remote }: ChildSa): void {
  const length = packet.length - start;
  writeU16(packet, start, local.port);
  writeU16(packet, start + 2, remote.port);
  writeU16(packet, start + 4, length);
  if (remote.address.family === 4) return;
  const pseudo = pseudoHeaderSum(local.address, remote.address, Protocol.UDP, length);
  writeU16(packet, start + 6, internetChecksum(packet, pseudo, start) || 0xffff);
}
