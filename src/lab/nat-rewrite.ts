/** Changes addresses and ports of IPv4 packets in place, checksums included (RFC 1624, RFC 3022 section 4.2). */
import { type IpAddress, readU16, writeU16 } from '../base/index.ts';
import { type IpHeader, internetChecksum, Protocol, updateChecksum } from '../ip/index.ts';

export type Side = 'source' | 'destination';

/** The port that a packet's sender or receiver goes by: of UDP and TCP the port, of an ICMP echo its identifier. */
export function portOf(header: IpHeader, packet: Uint8Array, side: Side): number | undefined {
  const at = portOffset(header, packet, side);
  return at === undefined || at + 2 > packet.length ? undefined : readU16(packet, at);
}

/** Puts another address and port in the place of one side's. */
export function rewrite(header: IpHeader, packet: Uint8Array, side: Side, address: IpAddress, port: number): void {
  const addressAt = side === 'source' ? 12 : 16;
  const transport = transportChecksum(header, packet);
  const replace = (offset: number, value: number, checksums: readonly (number | undefined)[]): void => {
    const before = readU16(packet, offset);
    for (const at of checksums) {
      if (at !== undefined) writeU16(packet, at, updateChecksum(readU16(packet, at), before, value));
    }
    writeU16(packet, offset, value);
  };
  const isIcmp = header.protocol === Protocol.ICMP; // whose checksum covers no addresses
  replace(addressAt, address.a >>> 16, [10, isIcmp ? undefined : transport]);
  replace(addressAt + 2, address.a & 0xffff, [10, isIcmp ? undefined : transport]);
  const portAt = portOffset(header, packet, side);
  if (portAt !== undefined && portAt + 2 <= packet.length) replace(portAt, port, [transport]);
  // RFC 768: a computed checksum of zero is sent as all ones.
  if (header.protocol === Protocol.UDP && transport !== undefined && readU16(packet, transport) === 0) {
    writeU16(packet, transport, 0xffff);
  }
}

/** Computes the checksum of an ICMP message anew, after its quoted packet was changed. */
export function resumIcmp(header: IpHeader, packet: Uint8Array): void {
  const at = header.payloadOffset;
  writeU16(packet, at + 2, 0);
  writeU16(packet, at + 2, internetChecksum(packet, 0, at, header.totalLength));
}

function portOffset({ protocol, payloadOffset }: IpHeader, packet: Uint8Array, side: Side): number | undefined {
  if (protocol === Protocol.UDP || protocol === Protocol.TCP) return payloadOffset + (side === 'source' ? 0 : 2);
  const type = packet[payloadOffset];
  return protocol === Protocol.ICMP && (type === 0 || type === 8) ? payloadOffset + 4 : undefined;
}

/** Where the transport's checksum stands; undefined when it is not there (cut off, or not used by UDP). */
function transportChecksum({ protocol, payloadOffset }: IpHeader, packet: Uint8Array): number | undefined {
  const offsets: Readonly<Record<number, number>> = { [Protocol.UDP]: 6, [Protocol.TCP]: 16, [Protocol.ICMP]: 2 };
  const offset = offsets[protocol];
  const at = payloadOffset + (offset ?? 0);
  if (offset === undefined || at + 2 > packet.length) return undefined;
  return protocol === Protocol.UDP && readU16(packet, at) === 0 ? undefined : at;
}
