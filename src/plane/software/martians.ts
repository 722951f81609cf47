/** Packets that nobody can have sent. */
import type { IpAddress } from '../../base/index.ts';
import type { IpHeader } from '../../ip/index.ts';

/** Addresses that no packet on a link may bear: RFC 1812 section 5.3.7, RFC 4291 section 2.5. */
export function isMartian({ family, source, destination }: IpHeader): boolean {
  if (source.isMulticast || source.isUnspecified || destination.isUnspecified) return true;
  if (family === 4) return source.a === -1 || source.a >>> 24 === 127 || destination.a >>> 24 === 127;
  return isLoopback6(source) || isLoopback6(destination);
}

function isLoopback6(address: IpAddress): boolean {
  return address.d === 1 && (address.a | address.b | address.c) === 0;
}
