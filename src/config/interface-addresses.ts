/** Own addresses of an interface while a configuration is read: what may be one, and how they are kept in order. */
import type { IpAddress } from '../base/index.ts';
import type { Draft } from './draft.ts';
import type { InterfaceModel } from './model.ts';

/** Why an address cannot be an interface's own; undefined when it can. */
export function addressFault(own: IpAddress, length: number): string | undefined {
  if (own.isMulticast || own.isUnspecified) return `${own} is not a unicast address`;
  if (own.family === 4 && own.a >>> 24 === 127) return `${own} is a loopback address of the host itself`;
  if (own.family === 6 || length >= 31) return length === 0 ? 'a length of 0 leaves no network' : undefined;
  if (own.masked(length).equals(own)) return `${own} is the network's own number under this mask`;
  return own.filled(length).equals(own) ? `${own} is the network's broadcast address under this mask` : undefined;
}

/** Adds an IPv6 address. */
export function addV6(target: Draft<InterfaceModel>, own: IpAddress, length: number): void {
  removeV6(target, own);
  // One link-local address at most; RFC 4291 section 2.1 wants one on every link.
  if (own.isLinkLocal) target.addresses = target.addresses.filter((one) => !one.address.isLinkLocal);
  // In the order in which they are printed: IPv4, link-local, the others.
  const before = own.isLinkLocal
    ? target.addresses.filter((one) => one.address.family === 4).length
    : target.addresses.length;
  target.addresses.splice(before, 0, { address: own, length });
  target.ipv6Enabled = true;
  delete target.unnumbered[6];
}

/** Removes one IPv6 address, or all. */
export function removeV6(target: Draft<InterfaceModel>, own: IpAddress | undefined): void {
  target.addresses = target.addresses.filter(
    (one) => one.address.family === 4 || (own !== undefined && !one.address.equals(own)),
  );
  if (own !== undefined || target.addresses.some((one) => one.address.family === 6)) return;
  target.ipv6Enabled = target.written.attributes['ipv6Enabled'] !== undefined;
}
