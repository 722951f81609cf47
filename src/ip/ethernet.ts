/** Ethernet II frames (RFC 894, RFC 2464) as far as they stand inside VXLAN: no tags, no trailer. */
import { fail, ok, type Result, readU16, writeU16 } from '../base/index.ts';
import type { IpFault } from './protocol.ts';

/** IANA "IEEE 802 Numbers". */
export const EtherType = { IPV4: 0x0800, VLAN: 0x8100, IPV6: 0x86dd } as const;

export const ETHERNET_HEADER = 14;
export const MAC_LENGTH = 6;

/** Addresses and payload are views. */
export type EthernetFrame = Readonly<{
  destination: Uint8Array;
  source: Uint8Array;
  etherType: number;
  payload: Uint8Array;
}>;

export function parseEthernet(frame: Uint8Array): Result<EthernetFrame, IpFault> {
  if (frame.length < ETHERNET_HEADER) return fail('truncated');
  return ok({
    destination: frame.subarray(0, MAC_LENGTH),
    source: frame.subarray(MAC_LENGTH, 2 * MAC_LENGTH),
    etherType: readU16(frame, 2 * MAC_LENGTH),
    payload: frame.subarray(ETHERNET_HEADER),
  });
}

/** Writes a header in front of a payload that stands, or will stand, behind it. */
export function writeEthernet(
  into: Uint8Array,
  offset: number,
  { destination, source, etherType }: Omit<EthernetFrame, 'payload'>,
): void {
  into.set(destination.subarray(0, MAC_LENGTH), offset);
  into.set(source.subarray(0, MAC_LENGTH), offset + MAC_LENGTH);
  writeU16(into, offset + 2 * MAC_LENGTH, etherType);
}
