/** Fragmentation: RFC 791 section 3.2 for IPv4, RFC 8200 section 4.5 for IPv6. */
import { readU16, writeU16, writeU32 } from '../base/index.ts';
import { internetChecksum } from './checksum.ts';
import { extensionLength, IPV4_HEADER, IPV6_HEADER, isExtensionHeader, parseIp } from './header.ts';
import { Protocol } from './protocol.ts';

const FRAGMENT_HEADER = 8;

/**
 * Cuts a packet into fragments of at most `mtu` bytes; a packet that fits comes back alone. Whether it may be cut
 * (DF, or an IPv6 packet of somebody else) is the caller's decision. `identification` is for IPv6, and for IPv4 packets
 * with DF, whose own need not be unique (RFC 6864 section 4.1); the fragments have no DF. No fragments come back when the
 * packet is malformed or the MTU leaves no room for payload.
 */
export function fragmentIp(packet: Uint8Array, mtu: number, identification = 0): Uint8Array[] {
  const parsed = parseIp(packet);
  if (!parsed.ok) return [];
  const header = parsed.value;
  const whole = packet.subarray(0, header.totalLength);
  if (header.totalLength <= mtu) return [whole];
  if (header.family === 4) {
    return fragmentV4(whole, header.payloadOffset, mtu, header.df ? identification : header.identification);
  }
  return header.fragmentHeaderOffset > 0 ? [] : fragmentV6(whole, mtu, identification);
}

function fragmentV4(packet: Uint8Array, headerLength: number, mtu: number, identification: number): Uint8Array[] {
  const flags = readU16(packet, 6);
  const lastMore = flags & 0x2000;
  const later = laterHeader(packet, headerLength);
  const fragments: Uint8Array[] = [];
  let at = headerLength;
  let header = packet.subarray(0, headerLength);
  let units = flags & 0x1fff;
  while (at < packet.length) {
    const left = packet.length - at;
    const room = mtu - header.length;
    const size = left <= room ? left : room & ~7;
    if (size <= 0) return [];
    const fragment = new Uint8Array(header.length + size);
    fragment.set(header);
    fragment.set(packet.subarray(at, at + size), header.length);
    const more = at + size < packet.length ? 0x2000 : lastMore;
    fragment[0] = 0x40 | (header.length / 4);
    writeU16(fragment, 2, fragment.length);
    writeU16(fragment, 4, identification);
    writeU16(fragment, 6, more | units);
    writeU16(fragment, 10, 0);
    writeU16(fragment, 10, internetChecksum(fragment, 0, 0, header.length));
    fragments.push(fragment);
    at += size;
    units += size / 8;
    header = later;
  }
  return fragments;
}

/** Header of the fragments after the first: only the options with the copied flag stay (RFC 791 section 3.1). */
function laterHeader(packet: Uint8Array, headerLength: number): Uint8Array {
  if (headerLength === IPV4_HEADER) return packet.subarray(0, IPV4_HEADER);
  const header = new Uint8Array(headerLength);
  header.set(packet.subarray(0, IPV4_HEADER));
  let to = IPV4_HEADER;
  let from = IPV4_HEADER;
  while (from < headerLength) {
    const kind = packet[from] ?? 0;
    if (kind === 0) break;
    const length = kind === 1 ? 1 : (packet[from + 1] ?? 0);
    if (length === 0 || (kind !== 1 && length < 2) || from + length > headerLength) break;
    if ((kind & 0x80) !== 0) {
      header.set(packet.subarray(from, from + length), to);
      to += length;
    }
    from += length;
  }
  return header.subarray(0, (to + 3) & ~3);
}

function fragmentV6(packet: Uint8Array, mtu: number, identification: number): Uint8Array[] {
  const { length: fixed, pointer } = perFragmentHeaders(packet);
  const nextHeader = packet[pointer] ?? 0;
  const room = (mtu - fixed - FRAGMENT_HEADER) & ~7;
  if (room <= 0) return [];
  const fragments: Uint8Array[] = [];
  for (let at = fixed; at < packet.length; at += room) {
    const size = Math.min(room, packet.length - at);
    const fragment = new Uint8Array(fixed + FRAGMENT_HEADER + size);
    fragment.set(packet.subarray(0, fixed));
    fragment[pointer] = Protocol.IPV6_FRAG;
    writeU16(fragment, 4, fragment.length - IPV6_HEADER);
    fragment[fixed] = nextHeader;
    writeU16(fragment, fixed + 2, (at - fixed) | (at + size < packet.length ? 1 : 0));
    writeU32(fragment, fixed + 4, identification);
    fragment.set(packet.subarray(at, at + size), fixed + FRAGMENT_HEADER);
    fragments.push(fragment);
  }
  return fragments;
}

/** The part each fragment repeats: up to a Routing header if there is one, else up to hop-by-hop options. */
function perFragmentHeaders(packet: Uint8Array): { length: number; pointer: number } {
  let fixed = { length: IPV6_HEADER, pointer: 6 };
  let pointer = 6;
  let offset = IPV6_HEADER;
  let protocol = packet[pointer] ?? 0;
  while (isExtensionHeader(protocol) && offset + 8 <= packet.length) {
    const length = extensionLength(protocol, packet[offset + 1] ?? 0);
    pointer = offset;
    offset += length;
    if (protocol === Protocol.HOPOPT || protocol === Protocol.IPV6_ROUTE) fixed = { length: offset, pointer };
    protocol = packet[pointer] ?? 0;
  }
  return fixed;
}
