/** What tells flows apart: addresses, protocol, and ports where they can be seen. */
import { readU16, readU32 } from '../../base/index.ts';
import { type IpHeader, Protocol } from '../../ip/index.ts';
import { hashAddress } from './address-map.ts';

const FLAG_SYN = 0x02;

/** Ports are not to be seen: no such protocol, or not a first fragment. */
export const NO_PORTS = -1;

/**
 * Source port in the upper, destination port in the lower half, as an unsigned number; ICMP type and code in both, as
 * RFC 7296 section 3.13.1 packs them. `NO_PORTS` where there are none.
 */
export function portsOf(header: IpHeader, packet: Uint8Array): number {
  const { protocol, payloadOffset } = header;
  if (header.fragmentOffset > 0 || payloadOffset + 4 > header.totalLength) return NO_PORTS;
  if (protocol === Protocol.TCP || protocol === Protocol.UDP) return readU32(packet, payloadOffset);
  if (protocol !== Protocol.ICMP && protocol !== Protocol.ICMPV6) return NO_PORTS;
  const typeAndCode = readU16(packet, payloadOffset);
  return typeAndCode * 0x1_0000 + typeAndCode;
}

/**
 * The same number for all packets of a flow. Fragments are hashed without ports, so that all pieces of a datagram take
 * one path.
 */
export function flowHash(header: IpHeader, packet: Uint8Array): number {
  let hash = Math.imul(hashAddress(header.source), 0x9e3779b1) ^ hashAddress(header.destination);
  hash = Math.imul(hash ^ header.protocol, 0x85ebca6b);
  const hasPorts = header.protocol === Protocol.TCP || header.protocol === Protocol.UDP;
  if (hasPorts && !header.moreFragments && header.fragmentOffset === 0) hash ^= portsOf(header, packet);
  hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Whether a TCP segment opens, or answers what opens. */
export function isSyn(header: IpHeader, packet: Uint8Array): boolean {
  return header.fragmentOffset === 0 && ((packet[header.payloadOffset + 13] ?? 0) & FLAG_SYN) !== 0;
}
