/** Socket addresses as the kernel lays them out: `sockaddr_in` (16 bytes) and `sockaddr_in6` (28 bytes). */
import { type Endpoint, type Family, IpAddress, readU16, writeU16 } from '../../base/index.ts';
import { Domain } from './socket-numbers.ts';

/** Room for either of them. */
export const SOCKADDR_ROOM = 28;

/** Address family of a socket. */
export function domainOf(family: Family): number {
  return family === 4 ? Domain.INET : Domain.INET6;
}

/** An address and port; `scope` is the interface of a link-local address. */
export function encodeSockaddr(address: IpAddress, port: number, scope = 0): Uint8Array {
  const out = new Uint8Array(address.family === 4 ? 16 : 28);
  writeSockaddr(out, 0, address, port, scope);
  return out;
}

/** The same in place; answers its length. */
export function writeSockaddr(out: Uint8Array, offset: number, address: IpAddress, port: number, scope = 0): number {
  // The family is in the machine's order, port and address are in the network's.
  out[offset] = domainOf(address.family);
  out[offset + 1] = 0;
  writeU16(out, offset + 2, port);
  if (address.family === 4) {
    address.write(out, offset + 4);
    out.fill(0, offset + 8, offset + 16);
    return 16;
  }
  out.fill(0, offset + 4, offset + 8);
  address.write(out, offset + 8);
  for (let i = 0; i < 4; i++) out[offset + 24 + i] = (scope >>> (8 * i)) & 0xff;
  return 28;
}

/** Reads one; undefined when it is of another family or too short. */
export function decodeSockaddr(bytes: Uint8Array, offset = 0): Endpoint | undefined {
  const family = (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
  const port = readU16(bytes, offset + 2);
  if (family === Domain.INET && bytes.length >= offset + 16) {
    return { address: IpAddress.read(bytes, offset + 4, 4), port };
  }
  if (family === Domain.INET6 && bytes.length >= offset + 28) {
    return { address: IpAddress.read(bytes, offset + 8, 6), port };
  }
  return undefined;
}
