/**
 * Super-packets of a TUN device with offloads: the kernel leaves cutting and checksums to whoever takes them
 * (`struct virtio_net_hdr`). Segments are made in place: each header is written before its payload, over the end of the
 * segment before it, which has been taken by then. What the kernel says is believed only where the packet agrees.
 */
import { Protocol } from '../../ip/index.ts';
import { type Arena, checksumOf } from './arena.ts';
import { type Glance, pseudoSum } from './glance.ts';

/** Length of the header before each packet. */
export const VNET_HEADER = 10;
export const VnetFlag = { NEEDS_CSUM: 1 } as const;
export const VnetGso = { NONE: 0, TCPV4: 1, TCPV6: 4, UDP_L4: 5, ECN: 0x80 } as const;

/** Places in the header; its numbers are in the machine's order, which is little-endian. */
export const VnetField = { FLAGS: 0, GSO_TYPE: 1, HEADER: 2, GSO_SIZE: 4, CSUM_START: 6, CSUM_OFFSET: 8 } as const;

/** More of one packet are somebody's idea of a joke: Linux sends no less than 8 bytes of TCP in a segment. */
export const MOST_SEGMENTS = 8192;
const MOST_HEADERS = 100;
const TCP_FIN = 0x01;
const TCP_PSH = 0x08;
const TCP_CWR = 0x80;

/** Where the checksum of TCP or UDP stands in its header. */
export function checksumPlace(protocol: number): number {
  return protocol === Protocol.TCP ? 16 : 6;
}

/** Writes TCP's or UDP's checksum of a whole packet at `at`. */
export function writeChecksum(arena: Arena, at: number, glance: Glance, length: number): void {
  const start = at + glance.headerLength;
  const place = start + checksumPlace(glance.protocol);
  const size = length - glance.headerLength;
  arena.view.setUint16(place, 0);
  const sum = arena.sum(start, size, pseudoSum(arena, at, glance.family, glance.protocol, size));
  const checksum = checksumOf(sum);
  arena.view.setUint16(place, checksum === 0 && glance.protocol === Protocol.UDP ? 0xffff : checksum);
}

/** Whether TCP's or UDP's checksum of a whole packet is there and right. */
export function isChecksumRight(arena: Arena, at: number, glance: Glance): boolean {
  const start = at + glance.headerLength;
  const size = glance.length - glance.headerLength;
  if (glance.protocol === Protocol.UDP && arena.view.getUint16(start + 6) === 0) return false;
  return arena.sum(start, size, pseudoSum(arena, at, glance.family, glance.protocol, size)) === 0xffff;
}

/** Adds to a TCP segment's sequence and acknowledgement numbers, and to its checksum what follows (RFC 1624). */
export function shiftNumbers(
  arena: Arena,
  at: number,
  { headerLength }: Glance,
  sequenceBy: number,
  acknowledgementBy: number,
  mends: boolean,
): void {
  const { view } = arena;
  const start = at + headerLength;
  let sum = shiftNumber(arena, start + 4, sequenceBy) + shiftNumber(arena, start + 8, acknowledgementBy);
  if (sum === 0 || !mends) return;
  sum += ~view.getUint16(start + 16) & 0xffff;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(start + 16, ~sum & 0xffff);
}

/** Adds to a number; gives what that adds to a sum over it. */
function shiftNumber({ view }: Arena, place: number, by: number): number {
  if (by === 0) return 0;
  const before = view.getUint32(place);
  const after = (before + by) >>> 0;
  view.setUint32(place, after);
  return (~before >>> 16) + (~before & 0xffff) + (after >>> 16) + (after & 0xffff);
}

/** Writes an IP header's length, and what follows from it. */
export function writeLength(arena: Arena, at: number, family: 4 | 6, length: number): void {
  const { view } = arena;
  if (family === 6) {
    view.setUint16(at + 4, length - 40);
    return;
  }
  view.setUint16(at + 2, length);
  view.setUint16(at + 10, 0);
  view.setUint16(at + 10, checksumOf(arena.sum(at, 20)));
}

/** One packet of a TUN device, as one or many that can go on a wire. */
export class Segments {
  count = 0;
  /** Place and length of the segment at hand. */
  at = 0;
  length = 0;
  /** Of each but the last, which may be shorter. */
  longest = 0;
  readonly #arena: Arena;
  readonly #header: number;
  #start = 0;
  #size = 0;
  #payload = 0;
  #needsChecksum = false;

  /** `scratch` is a place for headers, of at least 100 bytes. */
  constructor(arena: Arena, scratch: number) {
    this.#arena = arena;
    this.#header = scratch;
  }

  /**
   * Begins with the packet that was read at `at`, behind its vnet header; false when what that says is not so. The
   * packet must have been looked at.
   */
  begin(at: number, glance: Glance): boolean {
    const { view, bytes } = this.#arena;
    const vnet = at - VNET_HEADER;
    const type = (bytes[vnet + VnetField.GSO_TYPE] ?? 0) & ~VnetGso.ECN;
    this.#needsChecksum = ((bytes[vnet + VnetField.FLAGS] ?? 0) & VnetFlag.NEEDS_CSUM) !== 0;
    this.#start = at;
    this.#size = 0;
    this.#payload = glance.length - glance.payloadOffset;
    this.count = 1;
    this.longest = glance.length;
    if (this.#needsChecksum && !this.#isChecksumOurs(vnet, glance)) return false;
    if (type === VnetGso.NONE) return true;
    this.#size = view.getUint16(vnet + VnetField.GSO_SIZE, true);
    if (this.#size === 0 || !this.#needsChecksum || !isGsoOf(type, glance) || glance.payloadOffset > MOST_HEADERS) {
      return false;
    }
    this.count = Math.max(1, Math.ceil(this.#payload / this.#size));
    this.longest = glance.payloadOffset + Math.min(this.#size, this.#payload);
    return this.count <= MOST_SEGMENTS;
  }

  /** Takes the headers as they are now for those of all segments; before the first is made. */
  prepare({ payloadOffset }: Glance): void {
    if (this.#size > 0) this.#arena.bytes.copyWithin(this.#header, this.#start, this.#start + payloadOffset);
  }

  /** What a TCP segment acknowledges. */
  acknowledgement({ headerLength }: Glance): number {
    return this.#arena.view.getInt32(this.#start + headerLength + 8);
  }

  /** Gives the segment other numbers, as many further on; its checksum follows where nobody works it out anew. */
  shift(glance: Glance, sequenceBy: number, acknowledgementBy: number): void {
    shiftNumbers(this.#arena, this.#start, glance, sequenceBy, acknowledgementBy, !this.#needsChecksum);
  }

  /** Makes the segment of that number; they are made in order, each before the one before it is needed no more. */
  make(index: number, glance: Glance): void {
    if (this.#size === 0) {
      this.at = this.#start;
      this.length = glance.length;
      if (this.#needsChecksum) writeChecksum(this.#arena, this.at, glance, this.length);
      return;
    }
    const { view, bytes } = this.#arena;
    const { payloadOffset, headerLength, family, protocol } = glance;
    const done = index * this.#size;
    const at = this.#start + done;
    this.at = at;
    this.length = payloadOffset + Math.min(this.#size, this.#payload - done);
    bytes.copyWithin(at, this.#header, this.#header + payloadOffset);
    if (family === 4) view.setUint16(at + 4, view.getUint16(at + 4) + index);
    writeLength(this.#arena, at, family, this.length);
    const transport = at + headerLength;
    if (protocol === Protocol.TCP) {
      view.setUint32(transport + 4, view.getUint32(transport + 4) + done);
      let flags = bytes[transport + 13] ?? 0;
      if (index < this.count - 1) flags &= ~(TCP_FIN | TCP_PSH);
      if (index > 0) flags &= ~TCP_CWR;
      bytes[transport + 13] = flags;
    } else view.setUint16(transport + 4, this.length - headerLength);
    writeChecksum(this.#arena, at, glance, this.length);
  }

  /** The checksum that is to be completed is TCP's or UDP's own. */
  #isChecksumOurs(vnet: number, { headerLength, protocol, hasPorts }: Glance): boolean {
    const { view } = this.#arena;
    return (
      hasPorts &&
      view.getUint16(vnet + VnetField.CSUM_START, true) === headerLength &&
      view.getUint16(vnet + VnetField.CSUM_OFFSET, true) === checksumPlace(protocol)
    );
  }
}

/**
 * Completes the checksum of a packet that the fast path does not know closer, such as a SYN, where the kernel left that to
 * us. False when it asks for what can not be.
 */
export function completeChecksum(arena: Arena, at: number, length: number): boolean {
  const { view, bytes } = arena;
  const vnet = at - VNET_HEADER;
  if (((bytes[vnet + VnetField.GSO_TYPE] ?? 0) & ~VnetGso.ECN) !== VnetGso.NONE) return false;
  if (((bytes[vnet + VnetField.FLAGS] ?? 0) & VnetFlag.NEEDS_CSUM) === 0) return true;
  const start = view.getUint16(vnet + VnetField.CSUM_START, true);
  const place = start + view.getUint16(vnet + VnetField.CSUM_OFFSET, true);
  if (start > length || place + 2 > length) return false;
  // The field holds the pseudo header's sum already: the sum over all of it gives what is to stand there.
  const checksum = checksumOf(arena.sum(at + start, length - start));
  view.setUint16(at + place, checksum === 0 ? 0xffff : checksum);
  return true;
}

function isGsoOf(type: number, { family, protocol }: Glance): boolean {
  if (type === VnetGso.UDP_L4) return protocol === Protocol.UDP;
  return protocol === Protocol.TCP && type === (family === 4 ? VnetGso.TCPV4 : VnetGso.TCPV6);
}
