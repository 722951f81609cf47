/** Interface addresses in rtnetlink: `ifaddrmsg` and its attributes (rtnetlink(7)). */
import type { IpAddress } from '../../../base/index.ts';
import { IpAddress as Address } from '../../../base/index.ts';
import { domainOf } from '../sockaddr.ts';
import { Domain } from '../socket-numbers.ts';
import { decodeAttributes, NativeWriter, nativeU32 } from './message.ts';
import { AddressAttribute, AddressFlag } from './numbers.ts';

export type AddressMessage = Readonly<{
  index: number;
  address: IpAddress;
  length: number;
  /** Whether sockets may be bound to it: duplicate address detection (RFC 4862 section 5.4) is over and found none. */
  usable: boolean;
}>;

const IFADDRMSG = 8;

export function decodeAddress(body: Uint8Array): AddressMessage | undefined {
  if (body.length < IFADDRMSG) return undefined;
  const domain = body[0] ?? 0;
  if (domain !== Domain.INET && domain !== Domain.INET6) return undefined;
  const attributes = decodeAttributes(body, IFADDRMSG);
  // On a point-to-point link ADDRESS is the other end's, and LOCAL is ours.
  const bytes = attributes.get(AddressAttribute.LOCAL) ?? attributes.get(AddressAttribute.ADDRESS);
  const address = bytes === undefined ? undefined : Address.fromBytes(bytes);
  if (address === undefined || domainOf(address.family) !== domain) return undefined;
  const wide = attributes.get(AddressAttribute.FLAGS);
  const flags = wide === undefined ? (body[2] ?? 0) : nativeU32(wide, 0);
  const waiting = (flags & AddressFlag.TENTATIVE) !== 0 && (flags & AddressFlag.OPTIMISTIC) === 0;
  return {
    index: nativeU32(body, 4),
    address,
    length: body[1] ?? 0,
    usable: !waiting && (flags & AddressFlag.DADFAILED) === 0,
  };
}

/** Asks for all addresses of both families, or for those of one link (older kernels tell all the same). */
export function encodeAddressQuery(index = 0): Uint8Array {
  return new NativeWriter().u32(0).u32(index).finish();
}

/** `noDad`: usable at once, without looking for the same address on the link. */
export function encodeAddress(index: number, address: IpAddress, length: number, noDad = false): Uint8Array {
  const bytes = address.toBytes();
  const writer = new NativeWriter().u8(domainOf(address.family)).u8(length).u8(0).u8(0).u32(index);
  writer.attribute(AddressAttribute.LOCAL, bytes).attribute(AddressAttribute.ADDRESS, bytes);
  if (noDad && address.family === 6) writer.attributeU32(AddressAttribute.FLAGS, AddressFlag.NODAD);
  return writer.finish();
}
