/** UDP, RFC 768; over IPv6 RFC 8200 section 8.1. */
import { type Endpoint, fail, ok, type Result, readU16, writeU16 } from '../base/index.ts';
import { internetChecksum, pseudoHeaderSum } from './checksum.ts';
import type { IpHeader } from './header.ts';
import { type IpFault, Protocol } from './protocol.ts';

export type UdpDatagram = Readonly<{ sourcePort: number; destinationPort: number; payload: Uint8Array }>;

export const UDP_HEADER = 8;

/** Reads and verifies the datagram of an unfragmented packet. `payload` is a view. */
export function parseUdp(header: IpHeader, packet: Uint8Array): Result<UdpDatagram, IpFault> {
  if (header.protocol !== Protocol.UDP) return fail('wrong-protocol');
  if (header.moreFragments || header.fragmentOffset > 0) return fail('fragment');
  const start = header.payloadOffset;
  const available = header.totalLength - start;
  if (available < UDP_HEADER) return fail('truncated');
  const length = readU16(packet, start + 4);
  if (length < UDP_HEADER || length > available) return fail('bad-length');
  const checksum = readU16(packet, start + 6);
  if (checksum === 0) {
    if (header.family === 6) return fail('bad-checksum');
  } else {
    const pseudo = pseudoHeaderSum(header.source, header.destination, Protocol.UDP, length);
    if (internetChecksum(packet, pseudo, start, start + length) !== 0) return fail('bad-checksum');
  }
  return ok({
    sourcePort: readU16(packet, start),
    destinationPort: readU16(packet, start + 2),
    payload: packet.subarray(start + UDP_HEADER, start + length),
  });
}

/** A UDP datagram without IP header. `zeroChecksum` (ESP in UDP, RFC 3948 section 2.1) is for IPv4 only. */
export function buildUdp(
  source: Endpoint,
  destination: Endpoint,
  payload: Uint8Array,
  zeroChecksum = false,
): Uint8Array {
  const datagram = new Uint8Array(UDP_HEADER + payload.length);
  if (datagram.length > 0xffff) throw new RangeError('UDP datagram is too long');
  datagram.set(payload, UDP_HEADER);
  writeU16(datagram, 0, source.port);
  writeU16(datagram, 2, destination.port);
  writeU16(datagram, 4, datagram.length);
  if (zeroChecksum && source.address.family === 4) return datagram;
  const pseudo = pseudoHeaderSum(source.address, destination.address, Protocol.UDP, datagram.length);
  // A sum of zero goes out as its other form: zero means "none".
  writeU16(datagram, 6, internetChecksum(datagram, pseudo) || 0xffff);
  return datagram;
}
