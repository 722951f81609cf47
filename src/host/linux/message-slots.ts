/**
 * Places in an arena that one call (`recvmmsg`) fills with messages, those that the kernel has put together (`UDP_GRO`)
 * included, and what it tells beside them. Like `ReceiveArena`, for the fast path: nothing is allocated for a message.
 */
import type { Endpoint } from '../../base/index.ts';
import type { Arena } from '../../plane/index.ts';
import type { Libc } from './libc.ts';
import { decodeSockaddr } from './sockaddr.ts';
import { IpOption, Ipv6Option, Level, MessageFlag, SocketOption, UdpOption } from './socket-numbers.ts';

const SLOTS = 16;
/** More than any datagram, with room for what a cipher may write behind. */
const DATA = 0x1_0000 + 256;
const HEADER = 64;
const VECTOR = 16;
const NAME = 32;
const CONTROL = 192;
const CONTROL_HEADER = 16;

export class MessageSlots {
  static readonly BYTES = SLOTS * (HEADER + VECTOR + NAME + CONTROL + DATA);
  /** Of the message that was last asked about: type of service, TTL, length of each datagram in it or 0. */
  tos = 0;
  ttl = 64;
  segment = 0;
  /** Messages that the socket's queue had no room for since it was opened; -1: not told. */
  dropped = -1;
  readonly #libc: Libc;
  readonly #arena: Arena;
  readonly #base: number;
  readonly #headers: number;
  readonly #vectors: number;
  readonly #names: number;
  readonly #controls: number;
  readonly #data: number;

  constructor(libc: Libc, arena: Arena, base: number, place: number) {
    this.#libc = libc;
    this.#arena = arena;
    this.#base = base;
    this.#headers = place;
    this.#vectors = this.#headers + SLOTS * HEADER;
    this.#names = this.#vectors + SLOTS * VECTOR;
    this.#controls = this.#names + SLOTS * NAME;
    this.#data = this.#controls + SLOTS * CONTROL;
    for (let slot = 0; slot < SLOTS; slot++) this.#layOut(slot);
  }

  /** Receives without waiting; answers how many, or the negative error number. */
  receive(fd: number): number {
    const { view } = this.#arena;
    for (let slot = 0; slot < SLOTS; slot++) {
      // The kernel writes lengths where it read them.
      const header = this.#headers + slot * HEADER;
      view.setUint32(header + 8, NAME, true);
      view.setUint32(header + 40, CONTROL, true);
    }
    return this.#libc.recvmmsg(fd, this.#base + this.#headers, SLOTS, MessageFlag.DONTWAIT);
  }

  place(slot: number): number {
    return this.#data + slot * DATA;
  }

  length(slot: number): number {
    return Math.min(this.#arena.view.getUint32(this.#headers + slot * HEADER + 56, true), 0x1_0000);
  }

  /** Where the sender's address is, and how long. */
  name(slot: number): number {
    return this.#names + slot * NAME;
  }

  nameLength(slot: number): number {
    return Math.min(this.#arena.view.getUint32(this.#headers + slot * HEADER + 8, true), NAME);
  }

  source(slot: number): Endpoint | undefined {
    const start = this.name(slot);
    return decodeSockaddr(this.#arena.bytes.subarray(start, start + this.nameLength(slot)));
  }

  /** Fills what was told beside a message. */
  readBeside(slot: number): void {
    const { view } = this.#arena;
    this.tos = 0;
    this.ttl = 64;
    this.segment = 0;
    this.dropped = -1;
    let at = this.#controls + slot * CONTROL;
    const end = at + Math.min(view.getUint32(this.#headers + slot * HEADER + 40, true), CONTROL);
    while (at + CONTROL_HEADER <= end) {
      const length = view.getUint32(at, true);
      if (length < CONTROL_HEADER || at + length > end) return;
      this.#take(view.getInt32(at + 8, true), view.getInt32(at + 12, true), at + CONTROL_HEADER);
      at += (length + 7) & ~7;
    }
  }

  #take(level: number, type: number, at: number): void {
    const { view } = this.#arena;
    if (level === Level.IP) {
      if (type === IpOption.TOS) this.tos = view.getUint8(at);
      else if (type === IpOption.TTL) this.ttl = view.getInt32(at, true);
    } else if (level === Level.IPV6) {
      if (type === Ipv6Option.TCLASS) this.tos = view.getInt32(at, true) & 0xff;
      else if (type === Ipv6Option.HOPLIMIT) this.ttl = view.getInt32(at, true);
    } else if (level === Level.UDP && type === UdpOption.GRO) this.segment = view.getUint16(at, true);
    else if (level === Level.SOCKET && type === SocketOption.RXQ_OVFL) this.dropped = view.getUint32(at, true);
  }

  #layOut(slot: number): void {
    const { view } = this.#arena;
    const header = this.#headers + slot * HEADER;
    const vector = this.#vectors + slot * VECTOR;
    const pointer = (at: number, to: number): void => view.setBigUint64(at, BigInt(this.#base + to), true);
    pointer(header, this.name(slot));
    pointer(header + 16, vector);
    view.setBigUint64(header + 24, 1n, true);
    pointer(header + 32, this.#controls + slot * CONTROL);
    pointer(vector, this.place(slot));
    view.setBigUint64(vector + 8, 0x1_0000n, true);
  }
}
