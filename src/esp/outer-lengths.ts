/** What leaves for one inner packet when it has to be cut: before it is sealed, behind it, or both. */

import { type EspShape, innerMtu, sealedLength } from './mtu.ts';
import { ALIGNMENT } from './packet.ts';

/** How a tunnel treats packets that are too long; it may cut them. */
export type TunnelSizes = Readonly<{
  shape: EspShape;
  pathMtu: number;
  /** MTU of the tunnel interface. */
  interfaceMtu: number;
  fragmentation: 'before' | 'after';
  /** Packets go in GRE first, which adds this with its outer header; transport mode is for such packets alone. */
  gre?: Readonly<{ bytes: number; mode: 'tunnel' | 'transport' | 'none' }>;
}>;

/** Fragments carry multiples of this: RFC 791 section 3.2, RFC 8200 section 4.5. */
const FRAGMENT_UNIT = 2 * ALIGNMENT;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const IPV6_FRAGMENT_HEADER = 8;

/** Lengths of the outer packets, in order, for an inner IPv4 packet without options that may be cut. */
export function outerLengths(innerLength: number, sizes: TunnelSizes): readonly number[] {
  const { shape, pathMtu, interfaceMtu, fragmentation, gre } = sizes;
  if (gre !== undefined) {
    const inGre = fragmentLengths(innerLength, interfaceMtu, IPV4_HEADER, IPV4_HEADER);
    return inGre.flatMap((piece) => greLengths(piece + gre.bytes, sizes, gre.mode));
  }
  const limit = fragmentation === 'after' ? interfaceMtu : Math.min(interfaceMtu, innerMtu(pathMtu, shape));
  const pieces = fragmentLengths(innerLength, limit, IPV4_HEADER, IPV4_HEADER);
  const isV4 = shape.outerFamily === 4;
  const header = isV4 ? IPV4_HEADER : IPV6_HEADER;
  const cutHeader = isV4 ? IPV4_HEADER : IPV6_HEADER + IPV6_FRAGMENT_HEADER;
  return pieces.flatMap((piece) => fragmentLengths(sealedLength(piece, shape), pathMtu, header, cutHeader));
}

/** What leaves for one GRE packet without DF. In transport mode its header is the outer one, and what is too long is cut last. */
function greLengths(
  length: number,
  { shape, pathMtu, fragmentation }: TunnelSizes,
  mode: 'tunnel' | 'transport' | 'none',
): readonly number[] {
  const isV4 = shape.outerFamily === 4;
  const header = isV4 ? IPV4_HEADER : IPV6_HEADER;
  const cutHeader = isV4 ? IPV4_HEADER : IPV6_HEADER + IPV6_FRAGMENT_HEADER;
  const cut = (whole: number, limit: number): readonly number[] => fragmentLengths(whole, limit, header, cutHeader);
  if (mode === 'none') return cut(length, pathMtu);
  if (mode === 'transport') return cut(sealedLength(length - header, shape), pathMtu);
  // A packet of IPv6 counts as one with DF, so that it is our GRE that is cut.
  const pieces = fragmentation === 'after' && isV4 ? [length] : cut(length, innerMtu(pathMtu, shape));
  return pieces.flatMap((piece) => cut(sealedLength(piece, shape), pathMtu));
}

/** A packet of `length` with `header` bytes of header, cut to `limit` into fragments with `cutHeader` each. */
function fragmentLengths(length: number, limit: number, header: number, cutHeader: number): readonly number[] {
  if (length <= limit) return [length];
  const room = Math.floor((limit - cutHeader) / FRAGMENT_UNIT) * FRAGMENT_UNIT;
  const lengths: number[] = [];
  for (let left = length - header; left > 0; left -= room) lengths.push(cutHeader + Math.min(left, room));
  return lengths;
}
