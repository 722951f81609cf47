/** Network Layer Reachability Information: prefixes on the wire, RFC 4271 section 4.3, RFC 4760 section 5. */
import { type Family, IpAddress, Prefix, type Reader, type Writer } from '../../base/index.ts';
import { EvpnPrefix, encodeEvpn, evpnLength, type Nlri } from '../evpn.ts';
import { sharedPrefix, sharedPrefix4 } from '../intern.ts';

/** All prefixes up to the reader's end; undefined when one is malformed. Bits past a prefix's length are ignored. */
export function decodeNlri(r: Reader, family: Family): Prefix[] | undefined {
  const prefixes: Prefix[] = [];
  while (r.left > 0) {
    const length = r.u8();
    const octets = (length + 7) >> 3;
    if (family === 4) {
      if (length > 32 || octets > r.left) return undefined;
      let value = 0;
      for (let i = 0; i < octets; i++) value |= r.u8() << (24 - 8 * i);
      prefixes.push(sharedPrefix4(value, length));
    } else {
      if (length > 128 || octets > r.left) return undefined;
      const padded = new Uint8Array(16);
      padded.set(r.bytes(octets));
      prefixes.push(sharedPrefix(new Prefix(IpAddress.read(padded, 0, 6), length)));
    }
  }
  return prefixes;
}

/** Octets a prefix takes on the wire. */
export function nlriLength(prefix: Nlri): number {
  if (prefix instanceof EvpnPrefix) return evpnLength(prefix);
  return 1 + ((prefix.length + 7) >> 3);
}

export function encodeNlri(w: Writer, prefixes: readonly Nlri[]): void {
  for (const prefix of prefixes) {
    if (prefix instanceof EvpnPrefix) {
      encodeEvpn(w, prefix);
      continue;
    }
    w.u8(prefix.length);
    const octets = (prefix.length + 7) >> 3;
    if (prefix.family === 4) {
      for (let i = 0; i < octets; i++) w.u8((prefix.address.a >>> (24 - 8 * i)) & 0xff);
    } else w.bytes(prefix.address.toBytes().subarray(0, octets));
  }
}

/** An IPv6 next hop field: global address, or global and link-local (RFC 2545 section 3). */
export function decodeNextHop6(field: Uint8Array): IpAddress | undefined {
  if (field.length !== 16 && field.length !== 32) return undefined;
  const global = IpAddress.read(field, 0, 6);
  return global.isUnspecified && field.length === 32 ? IpAddress.read(field, 16, 6) : global;
}
