/**
 * What the fast path sees of an inner packet: enough to know its flow, and that there is nothing unusual about it. All
 * that is unusual (options, extension headers, fragments, SYN, padding, lies about lengths) is for the software plane.
 */
import { Protocol } from '../../ip/index.ts';
import type { Arena } from './arena.ts';
import type { FlowKey } from './flow-table.ts';

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const TCP_HEADER = 20;
const UDP_HEADER = 8;
const FLAG_DF = 0x4000;
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const URG = 0x20;
/** Of the word with the data offset and the flags. */
const RESERVED = 0x0f00;
/** Two no-operations, then kind 8 of length 10. */
const TIMESTAMP = 0x0101_080a;

export class Glance {
  family: 4 | 6 = 4;
  protocol = 0;
  tos = 0;
  df = false;
  /** Of the IP header. */
  headerLength = 0;
  /** From the IP header to the payload of TCP or UDP; of another protocol to what is behind the IP header. */
  payloadOffset = 0;
  length = 0;
  ports = 0;
  hasPorts = false;
  /** The packet is long enough for the header of its family: `writeKey` may be asked, be it unusual or not. */
  hasAddresses = false;
  /** It opens a connection: nothing of that comes before it was answered. */
  isSyn = false;

  copy(other: Glance): void {
    this.family = other.family;
    this.protocol = other.protocol;
    this.tos = other.tos;
    this.df = other.df;
    this.headerLength = other.headerLength;
    this.payloadOffset = other.payloadOffset;
    this.length = other.length;
    this.ports = other.ports;
    this.hasPorts = other.hasPorts;
    this.hasAddresses = other.hasAddresses;
    this.isSyn = other.isSyn;
  }

  /** Reads a packet of `length` bytes at `at`; false when it is not one for the fast path. */
  read(arena: Arena, at: number, length: number): boolean {
    this.hasAddresses = false;
    this.isSyn = false;
    if (length < IPV4_HEADER || at + length > arena.bytes.length) return false;
    this.length = length;
    const version = (arena.bytes[at] ?? 0) >> 4;
    this.hasAddresses = version === 4 || (version === 6 && length >= IPV6_HEADER);
    this.family = version === 6 ? 6 : 4;
    if (version === 4 ? !this.#readV4(arena, at) : version !== 6 || !this.#readV6(arena, at)) return false;
    return this.#readTransport(arena, at);
  }

  /** Whether it is a segment in the middle of a connection, without options but a timestamp (RFC 7323 appendix A). */
  isPlainSegment(arena: Arena, at: number): boolean {
    const { view } = arena;
    const start = at + this.headerLength;
    const word = view.getUint16(start + 12);
    if ((word & (RESERVED | FIN | SYN | RST | URG)) !== 0 || (word & ACK) === 0) return false;
    const size = (word >> 12) * 4;
    return size === TCP_HEADER || (size === TCP_HEADER + 12 && view.getUint32(start + TCP_HEADER) === TIMESTAMP);
  }

  /** Fills what a packet's addresses and protocol say of its flow; the rest of the key is the caller's. */
  writeKey(arena: Arena, at: number, key: FlowKey): void {
    const { view } = arena;
    const { words } = key;
    if (this.family === 4) {
      words[0] = view.getInt32(at + 12);
      words[1] = words[2] = words[3] = 0;
      words[4] = view.getInt32(at + 16);
      words[5] = words[6] = words[7] = 0;
      return;
    }
    for (let i = 0; i < 8; i++) words[i] = view.getInt32(at + 8 + 4 * i);
  }

  #readV4(arena: Arena, at: number): boolean {
    const { view, bytes } = arena;
    const fragment = view.getUint16(at + 6);
    if (bytes[at] !== 0x45 || view.getUint16(at + 2) !== this.length || (fragment & ~FLAG_DF) !== 0) return false;
    if (arena.sum(at, IPV4_HEADER) !== 0xffff) return false;
    this.headerLength = IPV4_HEADER;
    this.tos = bytes[at + 1] ?? 0;
    this.df = fragment === FLAG_DF;
    this.protocol = bytes[at + 9] ?? 0;
    return true;
  }

  #readV6(arena: Arena, at: number): boolean {
    const { view, bytes } = arena;
    if (this.length < IPV6_HEADER || view.getUint16(at + 4) !== this.length - IPV6_HEADER) return false;
    this.headerLength = IPV6_HEADER;
    this.tos = (view.getUint16(at) >> 4) & 0xff;
    this.df = true;
    this.protocol = bytes[at + 6] ?? 0;
    return true;
  }

  #readTransport(arena: Arena, at: number): boolean {
    const { protocol, headerLength, length } = this;
    const start = at + headerLength;
    this.hasPorts = true;
    if (protocol === Protocol.TCP) {
      if (length < headerLength + TCP_HEADER) return false;
      const size = ((arena.bytes[start + 12] ?? 0) >> 4) * 4;
      this.payloadOffset = headerLength + size;
      this.ports = arena.view.getInt32(start);
      this.isSyn = ((arena.bytes[start + 13] ?? 0) & SYN) !== 0;
      return size >= TCP_HEADER && this.payloadOffset <= length && !this.isSyn;
    }
    if (protocol === Protocol.UDP) {
      if (length < headerLength + UDP_HEADER) return false;
      this.payloadOffset = headerLength + UDP_HEADER;
      this.ports = arena.view.getInt32(start);
      return arena.view.getUint16(start + 4) === length - headerLength;
    }
    this.hasPorts = false;
    this.ports = 0;
    this.payloadOffset = headerLength;
    // Protocols of which the software plane makes more than a packet, and headers that IPv6 puts before the others.
    return protocol === Protocol.GRE || (protocol === Protocol.ICMP && this.family === 4) || this.#isPlain6();
  }

  #isPlain6(): boolean {
    return this.family === 6 && this.protocol === Protocol.ICMPV6;
  }
}

/** Sum of the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1), in the order of memory. */
export function pseudoSum(arena: Arena, at: number, family: 4 | 6, protocol: number, length: number): number {
  const addresses = family === 4 ? arena.sum(at + 12, 8) : arena.sum(at + 8, 32);
  // The protocol stands in the second byte of its word, the length in both of its own.
  return addresses + (protocol << 8) + (((length & 0xff) << 8) | (length >>> 8));
}
