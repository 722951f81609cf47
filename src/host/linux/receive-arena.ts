/**
 * Memory for receiving many messages by one call (`recvmmsg`), laid out once: for each slot a header, where the
 * sender's address goes, where what the kernel tells beside goes, and where the bytes go.
 */
import { type Endpoint, IpAddress } from '../../base/index.ts';
import type { Libc } from './libc.ts';
import { decodeSockaddr } from './sockaddr.ts';
import { IpOption, Ipv6Option, Level, MessageFlag, SocketOption } from './socket-numbers.ts';

export const SLOTS = 64;
/** Larger than any packet. */
const DATA = 65_536;
/** `mmsghdr`, `iovec`, an address, and control messages of a slot, on 64-bit machines. */
const HEADER = 64;
const VECTOR = 16;
const NAME = 32;
const CONTROL = 192;
const CONTROL_HEADER = 16;

/** What came beside a message's bytes. */
export type Ancillary = {
  tos: number;
  ttl: number;
  /** Where it came in, and to which address, where sockets were told to say so. */
  link: number;
  destination: IpAddress | undefined;
  /** Messages that the socket's queue had no room for, since it was opened. */
  dropped: number | undefined;
};

export class ReceiveArena {
  readonly #libc: Libc;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #base: number;
  readonly #vectors = SLOTS * HEADER;
  readonly #names = this.#vectors + SLOTS * VECTOR;
  readonly #controls = this.#names + SLOTS * NAME;
  readonly #data = this.#controls + SLOTS * CONTROL;

  constructor(libc: Libc) {
    this.#libc = libc;
    const buffer = new ArrayBuffer(this.#data + SLOTS * DATA);
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.#base = libc.addressOf(buffer);
    for (let slot = 0; slot < SLOTS; slot++) this.#layOut(slot);
  }

  /** Receives up to `most` messages without waiting; answers how many, or the negative error number. */
  receive(fd: number, most: number): number {
    const count = Math.min(most, SLOTS);
    for (let slot = 0; slot < count; slot++) {
      // The kernel writes lengths where it read them.
      this.#view.setUint32(slot * HEADER + 8, NAME, true);
      this.#view.setUint32(slot * HEADER + 40, CONTROL, true);
    }
    return this.#libc.recvmmsg(fd, this.#base, count, MessageFlag.DONTWAIT);
  }

  /** Reads one packet from a descriptor that is no socket, into the first slot. */
  read(fd: number): number {
    const length = this.#libc.read(fd, this.#base + this.#data, DATA);
    this.#view.setUint32(56, Math.max(length, 0), true);
    return length;
  }

  /** Bytes of a slot, overwritten by what is received next. */
  message(slot: number): Uint8Array {
    const start = this.#data + slot * DATA;
    return this.#bytes.subarray(start, start + Math.min(this.#view.getUint32(slot * HEADER + 56, true), DATA));
  }

  source(slot: number): Endpoint | undefined {
    const start = this.#names + slot * NAME;
    return decodeSockaddr(this.#bytes.subarray(start, start + this.#view.getUint32(slot * HEADER + 8, true)));
  }

  ancillary(slot: number): Ancillary {
    const view = this.#view;
    const found: Ancillary = { tos: 0, ttl: 64, link: 0, destination: undefined, dropped: undefined };
    let at = this.#controls + slot * CONTROL;
    const end = at + Math.min(view.getUint32(slot * HEADER + 40, true), CONTROL);
    while (at + CONTROL_HEADER <= end) {
      const length = view.getUint32(at, true);
      if (length < CONTROL_HEADER || at + length > end) break;
      this.#take(found, view.getInt32(at + 8, true), view.getInt32(at + 12, true), at + CONTROL_HEADER);
      at += (length + 7) & ~7;
    }
    return found;
  }

  #take(found: Ancillary, level: number, type: number, at: number): void {
    const view = this.#view;
    if (level === Level.IP) {
      if (type === IpOption.TOS) found.tos = view.getUint8(at);
      else if (type === IpOption.TTL) found.ttl = view.getInt32(at, true);
      else if (type === IpOption.PKTINFO) {
        found.link = view.getInt32(at, true);
        found.destination = IpAddress.read(this.#bytes, at + 8, 4);
      }
    } else if (level === Level.IPV6) {
      if (type === Ipv6Option.TCLASS) found.tos = view.getInt32(at, true) & 0xff;
      else if (type === Ipv6Option.HOPLIMIT) found.ttl = view.getInt32(at, true);
      else if (type === Ipv6Option.PKTINFO) {
        found.destination = IpAddress.read(this.#bytes, at, 6);
        found.link = view.getInt32(at + 16, true);
      }
    } else if (level === Level.SOCKET && type === SocketOption.RXQ_OVFL) found.dropped = view.getUint32(at, true);
  }

  /** `truncated` can not happen to packets; to a netlink message it can. */
  isTruncated(slot: number): boolean {
    return (this.#view.getInt32(slot * HEADER + 48, true) & MessageFlag.TRUNC) !== 0;
  }

  #layOut(slot: number): void {
    const header = slot * HEADER;
    const vector = this.#vectors + slot * VECTOR;
    const pointer = (at: number, to: number): void => this.#view.setBigUint64(at, BigInt(this.#base + to), true);
    pointer(header, this.#names + slot * NAME);
    pointer(header + 16, vector);
    this.#view.setBigUint64(header + 24, 1n, true);
    pointer(header + 32, this.#controls + slot * CONTROL);
    pointer(vector, this.#data + slot * DATA);
    this.#view.setBigUint64(vector + 8, BigInt(DATA), true);
  }
}
