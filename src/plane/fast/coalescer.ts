/**
 * Packets on their way into a TUN device, as few and as large as the kernel takes them: successive segments of one TCP
 * connection, or datagrams of one UDP flow, go as one super-packet. What is put together has no checksums of its own any
 * more, so those are verified first; and nothing else may differ, so that cutting it again gives what was there.
 */
import { Protocol } from '../../ip/index.ts';
import type { Arena } from './arena.ts';
import { Glance, pseudoSum } from './glance.ts';
import {
  checksumPlace,
  isChecksumRight,
  VNET_HEADER,
  VnetField,
  VnetFlag,
  VnetGso,
  writeLength,
} from './segmentation.ts';

const MOST_SEGMENTS = 64;
const MOST_BYTES = 65_000;
const MOST_HEADERS = 128;
const ACK = 0x10;
const PSH = 0x08;
/** Room before the first packet, for the vnet header. */
const HEADROOM = 64;
/** For a super-packet, and a packet of the greatest length that may prove to be none of it. */
export const COALESCER_BYTES = HEADROOM + MOST_BYTES + 0x1_0000 + 2 * MOST_HEADERS + 256;

export type CoalescerOptions = Readonly<{
  arena: Arena;
  /** Place of `COALESCER_BYTES` in the arena. */
  place: number;
  /** Whether devices take super-packets of UDP. */
  takesUdp: boolean;
  /** Writes to a device; the vnet header stands at `at`. */
  write: (device: number, at: number, length: number) => void;
}>;

export class Coalescer {
  readonly #options: CoalescerOptions;
  readonly #arena: Arena;
  readonly #first: number;
  /** Where the end of a super-packet is put aside while a packet is opened over it, and the head of that packet. */
  readonly #saved: number;
  readonly #head: number;
  readonly #glance = new Glance();
  #device = 0;
  #count = 0;
  #end = 0;
  #headers = 0;
  #size = 0;
  #isVerified = false;
  #isClosed = false;
  #isLaid = false;

  constructor(options: CoalescerOptions) {
    this.#options = options;
    this.#arena = options.arena;
    this.#first = options.place + HEADROOM;
    this.#saved = options.place + HEADROOM + MOST_BYTES + 0x1_0000 + 128;
    this.#head = this.#saved + MOST_HEADERS;
  }

  /**
   * Where the next packet, of at most `length` bytes, is to be opened: if it goes on with the super-packet, its payload
   * is in its place then. Either `add` or `leave` follows.
   */
  lay(length: number): number {
    if (this.#count > 0 && (this.#isClosed || this.#count === MOST_SEGMENTS || !this.#hasRoom(length))) this.flush();
    if (this.#count === 0) return this.#first;
    const at = this.#end - this.#headers;
    this.#arena.bytes.copyWithin(this.#saved, at, this.#end);
    this.#isLaid = true;
    return at;
  }

  /** There is nothing where a packet was to be. */
  leave(): void {
    if (!this.#isLaid) return;
    this.#isLaid = false;
    this.#arena.bytes.copyWithin(this.#end - this.#headers, this.#saved, this.#saved + this.#headers);
  }

  /** The packet that was opened where `lay` said goes to a device. */
  add(device: number, at: number, glance: Glance): void {
    if (!this.#isLaid) {
      this.#begin(device, glance);
      return;
    }
    if (device === this.#device && this.#continues(at, glance)) {
      // Its headers said nothing new; the end of the payload before it comes back over them.
      const flags = this.#arena.bytes[at + glance.headerLength + 13] ?? 0;
      this.leave();
      this.#append(glance, flags);
      return;
    }
    const { bytes } = this.#arena;
    const covered = Math.min(this.#headers, glance.length);
    bytes.copyWithin(this.#head, at, at + covered);
    this.leave();
    this.flush();
    bytes.copyWithin(this.#first + covered, at + covered, at + glance.length);
    bytes.copyWithin(this.#first, this.#head, this.#head + covered);
    this.#begin(device, glance);
  }

  /** Writes what is gathered. */
  flush(): void {
    if (this.#count === 0) return;
    const vnet = this.#first - VNET_HEADER;
    this.#arena.bytes.fill(0, vnet, this.#first);
    if (this.#count > 1) this.#finish(vnet);
    const length = VNET_HEADER + this.#end - this.#first;
    this.#count = 0;
    this.#options.write(this.#device, vnet, length);
  }

  #hasRoom(length: number): boolean {
    return this.#end - this.#first + length <= MOST_BYTES;
  }

  #begin(device: number, glance: Glance): void {
    this.#device = device;
    this.#count = 1;
    this.#end = this.#first + glance.length;
    this.#headers = glance.payloadOffset;
    this.#size = glance.length - glance.payloadOffset;
    this.#isVerified = false;
    this.#isClosed = !this.#mayGrow(glance);
    this.#glance.copy(glance);
  }

  #mayGrow(glance: Glance): boolean {
    if (this.#size === 0 || this.#headers > MOST_HEADERS) return false;
    if (glance.protocol === Protocol.UDP) return this.#options.takesUdp;
    // Whatever is pushed is waited for, so it ends the super-packet as well.
    return glance.protocol === Protocol.TCP && this.#flagsAt(this.#first, glance) === ACK;
  }

  #flagsAt(at: number, { headerLength }: Glance): number {
    return this.#arena.bytes[at + headerLength + 13] ?? 0;
  }

  /** Whether a packet goes on where the super-packet ends. The end of that is put aside at the moment. */
  #continues(at: number, glance: Glance): boolean {
    const first = this.#glance;
    const size = glance.length - glance.payloadOffset;
    if (glance.protocol !== first.protocol || glance.family !== first.family || glance.ports !== first.ports)
      return false;
    if (glance.payloadOffset !== first.payloadOffset || size === 0 || size > this.#size) return false;
    if (!this.#haveSameHeaders(at, glance)) return false;
    if (!isChecksumRight(this.#arena, at, glance)) return false;
    if (this.#isVerified) return true;
    this.#isVerified = this.#isFirstRight(at);
    this.#isClosed = !this.#isVerified;
    return this.#isVerified;
  }

  /** All but lengths, checksums, identification, TCP's sequence number and whether it is pushed. */
  #haveSameHeaders(at: number, glance: Glance): boolean {
    const { view, bytes } = this.#arena;
    const first = this.#first;
    const { headerLength, payloadOffset } = glance;
    if (glance.family === 4) {
      const isSame =
        view.getUint16(first) === view.getUint16(at) &&
        view.getUint32(first + 6) >>> 8 === view.getUint32(at + 6) >>> 8 &&
        bytes[first + 9] === bytes[at + 9];
      if (!isSame || view.getUint32(first + 12) !== view.getUint32(at + 12)) return false;
      if (view.getUint32(first + 16) !== view.getUint32(at + 16)) return false;
    } else {
      if (view.getUint32(first) !== view.getUint32(at) || view.getUint16(first + 6) !== view.getUint16(at + 6))
        return false;
      for (let i = 8; i < 40; i += 4) if (view.getUint32(first + i) !== view.getUint32(at + i)) return false;
    }
    if (glance.protocol === Protocol.UDP) return true;
    const a = first + headerLength;
    const b = at + headerLength;
    const expected = (view.getUint32(a + 4) + (this.#end - first - payloadOffset)) >>> 0;
    if (view.getUint32(b + 4) !== expected || view.getUint32(a + 8) !== view.getUint32(b + 8)) return false;
    if (bytes[a + 12] !== bytes[b + 12] || ((bytes[b + 13] ?? 0) & ~PSH) !== ACK) return false;
    if (view.getUint16(a + 14) !== view.getUint16(b + 14)) return false;
    for (let i = headerLength + 20; i < payloadOffset; i += 4) {
      if (view.getUint32(first + i) !== view.getUint32(at + i)) return false;
    }
    return true;
  }

  /** The first packet is verified when there is a second one; what of it is under that comes back for as long. */
  #isFirstRight(at: number): boolean {
    const { bytes } = this.#arena;
    const headers = this.#headers;
    bytes.copyWithin(this.#head, at, at + headers);
    bytes.copyWithin(at, this.#saved, this.#saved + headers);
    const isRight = isChecksumRight(this.#arena, this.#first, this.#glance);
    bytes.copyWithin(at, this.#head, this.#head + headers);
    return isRight;
  }

  #append(glance: Glance, flags: number): void {
    const size = glance.length - glance.payloadOffset;
    this.#end += size;
    this.#count++;
    if (size < this.#size) this.#isClosed = true;
    if (glance.protocol !== Protocol.TCP || (flags & PSH) === 0) return;
    const place = this.#first + glance.headerLength + 13;
    this.#arena.bytes[place] = (this.#arena.bytes[place] ?? 0) | PSH;
    this.#isClosed = true;
  }

  /** Makes the headers those of a super-packet: whoever cuts it works out the checksums. */
  #finish(vnet: number): void {
    const { view, bytes } = this.#arena;
    const { family, protocol, headerLength } = this.#glance;
    const first = this.#first;
    const length = this.#end - first;
    writeLength(this.#arena, first, family, length);
    const transport = first + headerLength;
    if (protocol === Protocol.UDP) view.setUint16(transport + 4, length - headerLength);
    const sum = pseudoSum(this.#arena, first, family, protocol, length - headerLength);
    // Not its complement: the field holds what the sum begins with, in the order of memory.
    view.setUint16(transport + checksumPlace(protocol), this.#arena.sum(0, 0, sum), true);
    bytes[vnet + VnetField.FLAGS] = VnetFlag.NEEDS_CSUM;
    const tcp = family === 4 ? VnetGso.TCPV4 : VnetGso.TCPV6;
    bytes[vnet + VnetField.GSO_TYPE] = protocol === Protocol.UDP ? VnetGso.UDP_L4 : tcp;
    view.setUint16(vnet + VnetField.HEADER, this.#headers, true);
    view.setUint16(vnet + VnetField.GSO_SIZE, this.#size, true);
    view.setUint16(vnet + VnetField.CSUM_START, headerLength, true);
    view.setUint16(vnet + VnetField.CSUM_OFFSET, checksumPlace(protocol), true);
  }
}
