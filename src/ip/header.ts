/** IPv4 (RFC 791) and IPv6 (RFC 8200) headers, read into one shape. */
import { type Family, fail, IpAddress, ok, type Result, readU16, readU32, writeU16, writeU32 } from '../base/index.ts';
import { internetChecksum, patchWord } from './checksum.ts';
import { type IpFault, Protocol } from './protocol.ts';

/** What a packet's headers say; for IPv6 the extension headers are walked and `protocol` is the last one's. */
export type IpHeader = Readonly<{
  family: Family;
  source: IpAddress;
  destination: IpAddress;
  /** The upper-layer protocol; of a fragment that is not the first, what its fragment header says. */
  protocol: number;
  /** Time to live, or hop limit. */
  ttl: number;
  /** Type of service, or traffic class: DSCP and ECN. */
  tos: number;
  /** Don't fragment; always true for IPv6, where routers never do. */
  df: boolean;
  moreFragments: boolean;
  /** In bytes. */
  fragmentOffset: number;
  identification: number;
  /** Where the upper layer begins. */
  payloadOffset: number;
  /** Headers and payload; the array may be longer (link padding). */
  totalLength: number;
  /** Where the IPv6 Fragment header stands; 0 when there is none. */
  fragmentHeaderOffset: number;
}>;

/** What `buildIp` needs to know. */
export type IpFields = Readonly<{
  source: IpAddress;
  destination: IpAddress;
  protocol: number;
  ttl?: number;
  tos?: number;
  df?: boolean;
  identification?: number;
}>;

export const IPV4_HEADER = 20;
export const IPV6_HEADER = 40;
const DEFAULT_TTL = 64;
const FLAG_DF = 0x4000;
const FLAG_MF = 0x2000;

/** Reads the headers of a whole packet: lengths and the IPv4 header checksum are verified. */
export function parseIp(packet: Uint8Array): Result<IpHeader, IpFault> {
  const version = (packet[0] ?? 0) >> 4;
  if (version === 4) return parseV4(packet, true);
  if (version === 6) return parseV6(packet, true);
  return fail(packet.length === 0 ? 'truncated' : 'bad-version');
}

/**
 * Reads the headers of a packet as quoted in an ICMP error: the end may be cut off, and its checksum may be out of
 * date because routers change the TTL (RFC 792).
 */
export function parseQuotedIp(quoted: Uint8Array): Result<IpHeader, IpFault> {
  const version = (quoted[0] ?? 0) >> 4;
  if (version === 4) return parseV4(quoted, false);
  if (version === 6) return parseV6(quoted, false);
  return fail(quoted.length === 0 ? 'truncated' : 'bad-version');
}

/** A whole packet of either family, by the family of its addresses. A payload past 65,535 bytes is our own bug. */
export function buildIp(fields: IpFields, payload: Uint8Array): Uint8Array {
  const headerLength = ipHeaderLength(fields.destination.family);
  const packet = new Uint8Array(headerLength + payload.length);
  packet.set(payload, headerLength);
  writeIpHeader(packet, fields);
  return packet;
}

/** Length of a header without options or extensions. */
export function ipHeaderLength(family: Family): number {
  return family === 4 ? IPV4_HEADER : IPV6_HEADER;
}

/** Writes the header in front of a payload that already stands in its place. */
export function writeIpHeader(packet: Uint8Array, fields: IpFields): void {
  const { source, destination, protocol } = fields;
  const tos = fields.tos ?? 0;
  if (source.family !== destination.family) throw new Error('source and destination are of different families');
  if (destination.family === 6) {
    if (packet.length - IPV6_HEADER > 0xffff) throw new RangeError('IPv6 payload is too long');
    writeU32(packet, 0, 0x6000_0000 | (tos << 20));
    writeU16(packet, 4, packet.length - IPV6_HEADER);
    packet[6] = protocol;
    packet[7] = fields.ttl ?? DEFAULT_TTL;
    source.write(packet, 8);
    destination.write(packet, 24);
    return;
  }
  if (packet.length > 0xffff) throw new RangeError('IPv4 packet is too long');
  packet[0] = 0x45;
  packet[1] = tos;
  writeU16(packet, 2, packet.length);
  writeU16(packet, 4, fields.identification ?? 0);
  writeU16(packet, 6, fields.df === true ? FLAG_DF : 0);
  packet[8] = fields.ttl ?? DEFAULT_TTL;
  packet[9] = protocol;
  source.write(packet, 12);
  destination.write(packet, 16);
  writeU16(packet, 10, 0);
  writeU16(packet, 10, internetChecksum(packet, 0, 0, IPV4_HEADER));
}

/** Takes one off the TTL or hop limit in place, the IPv4 checksum following by RFC 1624. Zero stays zero. */
export function decrementTtl(packet: Uint8Array): void {
  if ((packet[0] ?? 0) >> 4 === 6) {
    const hopLimit = packet[7] ?? 0;
    if (hopLimit > 0) packet[7] = hopLimit - 1;
    return;
  }
  const word = readU16(packet, 8);
  if (word >= 0x100 && packet.length >= IPV4_HEADER) patchWord(packet, 8, word - 0x100, 10);
}

/** Replaces the type of service or traffic class in place. */
export function setTos(packet: Uint8Array, tos: number): void {
  if ((packet[0] ?? 0) >> 4 === 6) {
    packet[0] = 0x60 | (tos >> 4);
    packet[1] = ((tos & 0x0f) << 4) | ((packet[1] ?? 0) & 0x0f);
    return;
  }
  if (packet.length >= IPV4_HEADER) patchWord(packet, 0, ((packet[0] ?? 0) << 8) | (tos & 0xff), 10);
}

/** Sets or clears the IPv4 don't-fragment bit in place; IPv6 packets have none and stay as they are. */
export function setDf(packet: Uint8Array, df: boolean): void {
  if ((packet[0] ?? 0) >> 4 !== 4 || packet.length < IPV4_HEADER) return;
  const word = readU16(packet, 6);
  patchWord(packet, 6, df ? word | FLAG_DF : word & ~FLAG_DF, 10);
}

function parseV4(packet: Uint8Array, whole: boolean): Result<IpHeader, IpFault> {
  if (packet.length < IPV4_HEADER) return fail('truncated');
  const headerLength = ((packet[0] ?? 0) & 0x0f) * 4;
  if (headerLength < IPV4_HEADER) return fail('bad-header-length');
  if (packet.length < headerLength) return fail('truncated');
  const totalLength = readU16(packet, 2);
  const flags = readU16(packet, 6);
  const fragmentOffset = (flags & 0x1fff) * 8;
  if (totalLength < headerLength) return fail('bad-length');
  if (whole) {
    if (totalLength > packet.length) return fail('truncated');
    if (internetChecksum(packet, 0, 0, headerLength) !== 0) return fail('bad-checksum');
    // A fragment that would end past the largest datagram ("ping of death").
    if (fragmentOffset + totalLength > 0xffff) return fail('bad-length');
  }
  return ok({
    family: 4,
    source: IpAddress.v4(readU32(packet, 12)),
    destination: IpAddress.v4(readU32(packet, 16)),
    protocol: packet[9] ?? 0,
    ttl: packet[8] ?? 0,
    tos: packet[1] ?? 0,
    df: (flags & FLAG_DF) !== 0,
    moreFragments: (flags & FLAG_MF) !== 0,
    fragmentOffset,
    identification: readU16(packet, 4),
    payloadOffset: headerLength,
    totalLength,
    fragmentHeaderOffset: 0,
  });
}

function parseV6(packet: Uint8Array, whole: boolean): Result<IpHeader, IpFault> {
  if (packet.length < IPV6_HEADER) return fail('truncated');
  const totalLength = IPV6_HEADER + readU16(packet, 4);
  if (whole && totalLength > packet.length) return fail('truncated');
  const end = Math.min(totalLength, packet.length);
  let protocol = packet[6] ?? 0;
  let offset = IPV6_HEADER;
  let fragmentHeaderOffset = 0;
  let moreFragments = false;
  let fragmentOffset = 0;
  let identification = 0;
  while (isExtensionHeader(protocol) && fragmentOffset === 0) {
    // RFC 8200 section 4.1: hop-by-hop options stand first or nowhere; one Fragment header at most.
    if (protocol === Protocol.HOPOPT && offset !== IPV6_HEADER) return fail('bad-extension-header');
    if (offset + 8 > end) return fail('truncated');
    if (protocol === Protocol.IPV6_FRAG) {
      if (fragmentHeaderOffset !== 0) return fail('bad-extension-header');
      fragmentHeaderOffset = offset;
      const word = readU16(packet, offset + 2);
      fragmentOffset = word & 0xfff8;
      moreFragments = (word & 1) !== 0;
      identification = readU32(packet, offset + 4);
    }
    const next = packet[offset] ?? 0;
    offset += extensionLength(protocol, packet[offset + 1] ?? 0);
    protocol = next;
    if (offset > end) return fail('truncated');
  }
  return ok({
    family: 6,
    source: IpAddress.read(packet, 8, 6),
    destination: IpAddress.read(packet, 24, 6),
    protocol,
    ttl: packet[7] ?? 0,
    tos: (readU16(packet, 0) >> 4) & 0xff,
    df: true,
    moreFragments,
    fragmentOffset,
    identification,
    payloadOffset: offset,
    totalLength,
    fragmentHeaderOffset,
  });
}

/** Whether a next-header value names an extension header that is walked over. */
export function isExtensionHeader(protocol: number): boolean {
  return (
    protocol === Protocol.HOPOPT ||
    protocol === Protocol.IPV6_ROUTE ||
    protocol === Protocol.IPV6_FRAG ||
    protocol === Protocol.AH ||
    protocol === Protocol.IPV6_OPTS
  );
}

/** Length of an extension header by its kind and length field; AH counts in 4-byte words (RFC 4302 section 2.2). */
export function extensionLength(protocol: number, lengthField: number): number {
  if (protocol === Protocol.IPV6_FRAG) return 8;
  return protocol === Protocol.AH ? (lengthField + 2) * 4 : (lengthField + 1) * 8;
}
