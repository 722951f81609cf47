/**
 * Whole IP packets made of what sockets hand out: a UDP socket gives a payload, a raw IPv6 socket all but the IP header.
 * What the kernel does not tell (identification, the don't-fragment bit) is left zero: it has reassembled already.
 */
import { type IpAddress, writeU16 } from '../../base/index.ts';
import { internetChecksum, ipHeaderLength, Protocol, pseudoHeaderSum, writeIpHeader } from '../../ip/index.ts';

/** What was in the IP header and came beside the payload. */
export type Envelope = Readonly<{ source: IpAddress; destination: IpAddress; tos: number; ttl: number }>;

const UDP_HEADER = 8;
const NON_ESP_MARKER = 4;

/** Length of the IP packet around a UDP payload. */
export function udpPacketLength(destination: IpAddress, payload: number): number {
  return ipHeaderLength(destination.family) + UDP_HEADER + payload;
}

/** Fills `packet`, whose length is `udpPacketLength`. */
export function writeUdpPacket(
  packet: Uint8Array,
  envelope: Envelope,
  sourcePort: number,
  destinationPort: number,
  payload: Uint8Array,
): void {
  const { source, destination } = envelope;
  const start = ipHeaderLength(destination.family);
  writeIpHeader(packet, { ...envelope, protocol: Protocol.UDP });
  writeU16(packet, start, sourcePort);
  writeU16(packet, start + 2, destinationPort);
  writeU16(packet, start + 4, packet.length - start);
  writeU16(packet, start + 6, 0);
  packet.set(payload, start + UDP_HEADER);
  // The kernel has verified it. ESP in UDP goes without one (RFC 3948 section 2.1), which IPv6 does not allow.
  if (destination.family === 4 && destinationPort === 4500 && isEsp(payload)) return;
  const pseudo = pseudoHeaderSum(source, destination, Protocol.UDP, packet.length - start);
  writeU16(packet, start + 6, internetChecksum(packet, pseudo, start) || 0xffff);
}

/** Fills `packet` with an IP header and what stands behind it. */
export function writeRawPacket(packet: Uint8Array, envelope: Envelope, protocol: number, payload: Uint8Array): void {
  writeIpHeader(packet, { ...envelope, protocol });
  packet.set(payload, ipHeaderLength(envelope.destination.family));
}

function isEsp(payload: Uint8Array): boolean {
  if (payload.length <= NON_ESP_MARKER) return false;
  return ((payload[0] ?? 0) | (payload[1] ?? 0) | (payload[2] ?? 0) | (payload[3] ?? 0)) !== 0;
}
