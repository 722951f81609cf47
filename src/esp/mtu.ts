/** How long ESP makes a packet, and so how long an inner packet may be: exact (IOS) and worst case (ASA). */
import type { Family } from '../base/index.ts';
import { Encr, Integ, icvLength, isAead } from '../crypto/index.ts';
import { ALIGNMENT, HEADER_LENGTH, TRAILER_LENGTH } from './packet.ts';

/** What decides the size of an SA's packets. */
export type EspShape = Readonly<{
  /** IANA transform ids; besides our own ciphers 3DES (3), NULL (11) and HMAC-MD5-96 (1), which peers may show. */
  encr: number;
  integ: number;
  outerFamily: Family;
  /** UDP encapsulation behind a NAT, RFC 3948. */
  udpEncapsulation: boolean;
}>;

/** `asaBlock` is what an ASA allows for padding; with GCM it counts a single byte. */
type CipherShape = Readonly<{ iv: number; block: number; asaBlock: number }>;

const TRIPLE_DES = 3;
const HMAC_MD5_96 = 1;
const AEAD_ICV_LENGTH = 16;
const UDP_HEADER_LENGTH = 8;

const CIPHERS: ReadonlyMap<number, CipherShape> = new Map([
  [TRIPLE_DES, { iv: 8, block: 8, asaBlock: 8 }],
  [Encr.NULL, { iv: 0, block: ALIGNMENT, asaBlock: 4 }],
  [Encr.AES_CBC, { iv: 16, block: 16, asaBlock: 16 }],
  [Encr.AES_GCM_16, { iv: 8, block: ALIGNMENT, asaBlock: 1 }],
  [Encr.CHACHA20_POLY1305, { iv: 8, block: ALIGNMENT, asaBlock: 1 }],
]);

/** Bytes that tunnel mode adds to every inner packet before padding: headers, IV, trailer and ICV. */
export function espOverhead(shape: EspShape): number {
  return bytesBefore(shape) + TRAILER_LENGTH + icv(shape);
}

/** Exact length of the outer IP packet around an inner packet of `innerLength`, in tunnel mode. */
export function sealedLength(innerLength: number, shape: EspShape): number {
  const { block } = cipherShape(shape);
  return bytesBefore(shape) + Math.ceil((innerLength + TRAILER_LENGTH) / block) * block + icv(shape);
}

/** One layer of what ESP puts around a packet, in the order of the wire; `payload` is the inner packet itself. */
export type EspLayer = Readonly<{
  layer: 'outer-ip' | 'udp' | 'esp-header' | 'iv' | 'payload' | 'padding' | 'trailer' | 'icv';
  bytes: number;
}>;

/** The same packet layer by layer; layers of no bytes are left out, so that the sum is `sealedLength`. */
export function espLayers(innerLength: number, shape: EspShape): readonly EspLayer[] {
  const { block, iv } = cipherShape(shape);
  const unpadded = innerLength + TRAILER_LENGTH;
  const layers: readonly EspLayer[] = [
    { layer: 'outer-ip', bytes: ipHeaderLength(shape.outerFamily) },
    { layer: 'udp', bytes: shape.udpEncapsulation ? UDP_HEADER_LENGTH : 0 },
    { layer: 'esp-header', bytes: HEADER_LENGTH },
    { layer: 'iv', bytes: iv },
    { layer: 'payload', bytes: innerLength },
    { layer: 'padding', bytes: Math.ceil(unpadded / block) * block - unpadded },
    { layer: 'trailer', bytes: TRAILER_LENGTH },
    { layer: 'icv', bytes: icv(shape) },
  ];
  return layers.filter(({ bytes }) => bytes > 0);
}

/** Longest inner packet whose outer packet fits into `pathMtu`, in tunnel mode: `plaintext mtu` on IOS. */
export function innerMtu(pathMtu: number, shape: EspShape): number {
  const { block } = cipherShape(shape);
  return Math.floor((pathMtu - bytesBefore(shape) - icv(shape)) / block) * block - TRAILER_LENGTH;
}

/** The same for transport mode; the IP header, sent once, is counted in. */
export function transportModeMtu(pathMtu: number, shape: EspShape): number {
  return innerMtu(pathMtu, shape) + ipHeaderLength(shape.outerFamily);
}

/**
 * `ipsec overhead worst(fixed)` as an ASA prints it: what stands before the payload, and that with trailer, ICV and a
 * whole block of padding. An ASA's VTI has `pathMtu - worst` for an MTU.
 */
export function asaOverhead(shape: EspShape): Readonly<{ worst: number; fixed: number }> {
  const fixed = bytesBefore(shape);
  return { worst: fixed + cipherShape(shape).asaBlock + TRAILER_LENGTH + icv(shape), fixed };
}

/** How a platform works out what a tunnel takes: 'exact' (IOS) by blocks, 'worst-case' (ASA) by the largest padding. */
export type MtuRule = 'exact' | 'worst-case';

/** Largest packet that a tunnel interface takes for a path, on a platform's own rule. */
export function tunnelMtu(pathMtu: number, shape: EspShape, mode: 'tunnel' | 'transport', rule: MtuRule): number {
  if (rule === 'worst-case') return pathMtu - asaOverhead(shape).worst;
  return (mode === 'tunnel' ? innerMtu : transportModeMtu)(pathMtu, shape);
}

/** Outer IP header to IV. Extended sequence numbers change nothing on the wire. */
function bytesBefore(shape: EspShape): number {
  const udp = shape.udpEncapsulation ? UDP_HEADER_LENGTH : 0;
  return ipHeaderLength(shape.outerFamily) + udp + HEADER_LENGTH + cipherShape(shape).iv;
}

function ipHeaderLength(family: Family): number {
  return family === 4 ? 20 : 40;
}

function cipherShape({ encr }: EspShape): CipherShape {
  const shape = CIPHERS.get(encr);
  if (shape === undefined) throw new Error(`no encryption algorithm ${encr}`);
  return shape;
}

function icv({ encr, integ }: EspShape): number {
  if (isAead(encr)) return AEAD_ICV_LENGTH;
  return icvLength(integ === HMAC_MD5_96 ? Integ.HMAC_SHA1_96 : integ);
}
