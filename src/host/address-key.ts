/** Addresses as keys of maps, straight from packets as well: no text is made of IPv4. */
import { type IpAddress, readU32, toHex } from '../base/index.ts';

export type AddressKey = string | number;

export function addressKey(address: IpAddress): AddressKey {
  return address.family === 4 ? address.a >>> 0 : toHex(address.toBytes());
}

/** Destination of a whole IP packet; undefined for what is none. */
export function destinationKey(packet: Uint8Array): AddressKey | undefined {
  const version = (packet[0] ?? 0) >> 4;
  if (version === 4 && packet.length >= 20) return readU32(packet, 16);
  if (version === 6 && packet.length >= 40) return toHex(packet.subarray(24, 40));
  return undefined;
}
