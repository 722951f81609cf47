/**
 * The fast path's descriptors: TUN devices with offloads, UDP sockets with GRO, raw ESP. Everything is read into one arena,
 * taken by the fast path there, or given to whoever reads for the main thread.
 */
import type { Endpoint } from '../../base/index.ts';
import {
  Arena,
  FAST_PATH_BYTES,
  type FastMemory,
  type FastOrder,
  FastPath,
  type FastSa,
  GlobalWord,
  VNET_HEADER,
} from '../../plane/index.ts';
import { Errno } from './errno.ts';
import { bindEvp, EVP_SCRATCH, EvpCrypto } from './evp.ts';
import { FastSender } from './fast-sender.ts';
import type { Libc } from './libc.ts';
import { MessageSlots } from './message-slots.ts';
import type { Descriptor, Source } from './reader-protocol.ts';

/** What the fast path leaves to the reader. */
export type FastListener = Readonly<{
  /** A packet of a device; the array is the arena's. */
  inner: (id: number, packet: Uint8Array) => void;
  /** A datagram that is no ESP for the fast path. */
  datagram: (
    id: number,
    descriptor: UdpDescriptor,
    from: Endpoint,
    payload: Uint8Array,
    tos: number,
    ttl: number,
  ) => void;
  /** ESP: a whole packet, or over IPv6 what is behind its header. */
  esp: (
    id: number,
    descriptor: EspDescriptor,
    from: Endpoint | undefined,
    packet: Uint8Array,
    tos: number,
    ttl: number,
  ) => void;
  /** The kernel had no room for so many more. */
  dropped: (source: Source, sum: number) => void;
  /** Sends what was handed over on its way, and waits a little for it to be handled. */
  catchUp: (handed: number) => void;
  /** What is counted by the reader, by name. */
  count: (name: FastCounter, by: number) => void;
}>;

export type FastCounter =
  | 'fast-inner-received'
  | 'fast-outer-received'
  | 'fast-inner-sent'
  | 'fast-outer-sent'
  | 'fast-inner-refused'
  | 'fast-outer-refused'
  | 'fast-malformed';

export type UdpDescriptor = Extract<Descriptor, { kind: 'udp' }>;
export type EspDescriptor = Extract<Descriptor, { kind: 'esp' }>;

const TUN_HEADROOM = 128;
const TUN_ROOM = TUN_HEADROOM + 0x1_0000 + 256;
/** Packets of a device that are read before others get their turn. */
const READS = 64;
const HANDLED = GlobalWord.HANDLED;
const NON_ESP_MARKER = 0;
const UDP_HEADER = 8;
const ICV_LEAST = 12;

/** Undefined where OpenSSL can not be called. */
export function openFastLoop(
  options: Readonly<{ libc: Libc; memory: FastMemory; takesUdp: boolean; now: () => number; listener: FastListener }>,
): FastLoop | undefined {
  const evp = bindEvp();
  return evp === undefined ? undefined : new FastLoop(options, evp);
}

export class FastLoop {
  readonly path: FastPath;
  readonly #now: () => number;
  /** Of the round: a clock that is asked for each packet would cost more than it tells. */
  #time = 0;
  readonly #libc: Libc;
  readonly #memory: FastMemory;
  readonly #listener: FastListener;
  readonly #arena: Arena;
  readonly #base: number;
  readonly #slots: MessageSlots;
  readonly #sender: FastSender;
  /** Descriptors of devices, by the reader's id. */
  readonly #devices = new Map<number, number>();

  constructor(
    { libc, memory, takesUdp, now, listener }: Parameters<typeof openFastLoop>[0],
    evp: NonNullable<ReturnType<typeof bindEvp>>,
  ) {
    this.#now = now;
    this.#libc = libc;
    this.#memory = memory;
    this.#listener = listener;
    const slotsAt = TUN_ROOM;
    const cryptoAt = slotsAt + MessageSlots.BYTES;
    const senderAt = cryptoAt + EVP_SCRATCH;
    const pathAt = senderAt + FastSender.BYTES;
    const buffer = new ArrayBuffer((pathAt + FAST_PATH_BYTES + 0xfff) & ~0xfff);
    this.#arena = new Arena(buffer);
    this.#base = libc.addressOf(buffer);
    this.#slots = new MessageSlots(libc, this.#arena, this.#base, slotsAt);
    this.#sender = new FastSender(libc, this.#arena, this.#base, senderAt);
    const crypto = new EvpCrypto(evp, this.#arena, this.#base, cryptoAt);
    this.path = new FastPath({
      memory,
      arena: this.#arena,
      place: pathAt,
      makeCipher: (config) => crypto.cipherFor(config),
      takesUdp,
      now: () => this.#time,
      send: (batch) => {
        const sent = this.#sender.send(batch);
        this.#listener.count('fast-outer-sent', sent);
        if (sent < batch.count) this.#listener.count('fast-outer-refused', batch.count - sent);
      },
      write: (device, at, length) => this.#write(device, at, length),
      handOver: (device, at, length) => listener.inner(device, this.#arena.bytes.subarray(at, at + length)),
      refuse: () => listener.count('fast-malformed', 1),
      catchUp: (handed) => listener.catchUp(handed),
    });
  }

  /** Whether it is the one to read a descriptor. */
  static reads(descriptor: Descriptor): boolean {
    return (
      (descriptor.kind === 'tun' && descriptor.hasOffloads === true) ||
      (descriptor.kind === 'udp' && descriptor.queue === 'established' && descriptor.hasGro === true) ||
      descriptor.kind === 'esp'
    );
  }

  obey(orders: readonly FastOrder[]): void {
    for (const order of orders) this.path.sas.obey(order);
  }

  /** From now on there are these descriptors. */
  watch(sources: readonly Source[]): void {
    this.#devices.clear();
    for (const { id, descriptor } of sources) {
      if (descriptor.kind === 'tun' && descriptor.hasOffloads === true) this.#devices.set(id, descriptor.fd);
    }
    this.#sender.watch(sources.map(({ descriptor }) => descriptor));
  }

  /** Answers 0, or why there is nothing to be had from a descriptor any more. */
  read(source: Source): number {
    const { descriptor } = source;
    this.#time = this.#now();
    switch (descriptor.kind) {
      case 'tun':
        return this.#readTun(source.id, descriptor.fd);
      case 'udp':
        return this.#readUdp(source, descriptor);
      case 'esp':
        return this.#readEsp(source, descriptor);
      default:
        return 0;
    }
  }

  /** Waits for the main thread to have handled so many packets, at most for `ms`. */
  await(handed: number, ms: number): void {
    const { words } = this.#memory;
    const seen = Atomics.load(words, HANDLED);
    if (((handed - seen) | 0) > 0) Atomics.wait(words, HANDLED, seen, ms);
  }

  close(): void {
    this.path.sas.clear();
    this.#sender.close();
  }

  #readTun(id: number, fd: number): number {
    const { outbound } = this.path;
    let errno = 0;
    let packets = 0;
    for (let i = 0; i < READS; i++) {
      const length = this.#libc.read(fd, this.#base + TUN_HEADROOM - VNET_HEADER, VNET_HEADER + 0x1_0000);
      if (length < 0) {
        errno = isPassing(-length) ? 0 : -length;
        break;
      }
      if (length <= VNET_HEADER) {
        errno = length === 0 ? Errno.ENODEV : 0;
        break;
      }
      packets++;
      outbound.take(id, TUN_HEADROOM, length - VNET_HEADER);
    }
    outbound.flush();
    if (packets > 0) this.#listener.count('fast-inner-received', packets);
    return errno;
  }

  #readUdp(source: Source, descriptor: UdpDescriptor): number {
    const slots = this.#slots;
    const count = slots.receive(descriptor.fd);
    if (count < 0) return isPassing(-count) ? 0 : -count;
    for (let slot = 0; slot < count; slot++) {
      slots.readBeside(slot);
      if (slots.dropped >= 0) this.#listener.dropped(source, slots.dropped);
      this.#takeDatagrams(source.id, descriptor, slot);
    }
    this.path.inbound.flush();
    return 0;
  }

  /** One datagram, or several of one sender that came together. */
  #takeDatagrams(id: number, descriptor: UdpDescriptor, slot: number): void {
    const slots = this.#slots;
    const length = slots.length(slot);
    const size = slots.segment > 0 ? slots.segment : length;
    const start = slots.place(slot);
    const end = start + length;
    // A crowd of datagrams that are too short for anything is one thing to drop.
    if (size < ICV_LEAST && length > size) {
      this.#listener.count('fast-malformed', Math.ceil(length / size));
      return;
    }
    for (let at = start; at < end; at += size) {
      this.#takeDatagram(id, descriptor, slot, at, Math.min(size, end - at));
    }
  }

  #takeDatagram(id: number, descriptor: UdpDescriptor, slot: number, at: number, length: number): void {
    const slots = this.#slots;
    const { inbound } = this.path;
    const sa = length > 4 && this.#arena.view.getUint32(at) !== NON_ESP_MARKER ? inbound.saOf(at, length) : undefined;
    if (sa?.config.udpEncapsulation === true) {
      if (this.#sender.isFrom(sa, slots.name(slot), slots.nameLength(slot), descriptor)) {
        const outer = (sa.outerFamily === 4 ? 20 : 40) + UDP_HEADER + length;
        this.#listener.count('fast-outer-received', 1);
        if (inbound.take(sa, at, length, slots.tos, outer) === 'taken') return;
      } else inbound.leave(sa);
    }
    const from = slots.source(slot);
    if (from === undefined) {
      this.#listener.count('fast-malformed', 1);
      return;
    }
    this.#listener.datagram(id, descriptor, from, this.#arena.bytes.subarray(at, at + length), slots.tos, slots.ttl);
  }

  #readEsp(source: Source, descriptor: EspDescriptor): number {
    const slots = this.#slots;
    const count = slots.receive(descriptor.fd);
    if (count < 0) return isPassing(-count) ? 0 : -count;
    for (let slot = 0; slot < count; slot++) {
      slots.readBeside(slot);
      if (slots.dropped >= 0) this.#listener.dropped(source, slots.dropped);
      this.#takeEsp(source.id, descriptor, slot);
    }
    this.path.inbound.flush();
    return 0;
  }

  #takeEsp(id: number, descriptor: EspDescriptor, slot: number): void {
    const slots = this.#slots;
    const { inbound } = this.path;
    const at = slots.place(slot);
    const length = slots.length(slot);
    // A raw IPv4 socket gives the packet with its header.
    const header = descriptor.family === 4 ? ((this.#arena.bytes[at] ?? 0) & 15) * 4 : 0;
    const sa = length > header ? inbound.saOf(at + header, length - header) : undefined;
    if (sa !== undefined && !sa.config.udpEncapsulation) {
      if (this.#isFromPeer(sa, descriptor, slot, at)) {
        const tos = descriptor.family === 4 ? (this.#arena.bytes[at + 1] ?? 0) : slots.tos;
        const outer = descriptor.family === 4 ? length : 40 + length;
        this.#listener.count('fast-outer-received', 1);
        if (inbound.take(sa, at + header, length - header, tos, outer) === 'taken') return;
      } else inbound.leave(sa);
    }
    const packet = this.#arena.bytes.subarray(at, at + length);
    this.#listener.esp(id, descriptor, slots.source(slot), packet, slots.tos, slots.ttl);
  }

  #isFromPeer(sa: FastSa, descriptor: EspDescriptor, slot: number, at: number): boolean {
    if (descriptor.family === 6) {
      return this.#sender.isFrom(sa, this.#slots.name(slot), this.#slots.nameLength(slot), descriptor);
    }
    const { local, vrf } = sa.config;
    const isOurs = local.address === descriptor.local && vrf === (descriptor.vrf ?? '');
    return isOurs && this.#sender.hasSource(sa, at + 12);
  }

  #write(device: number, at: number, length: number): void {
    const fd = this.#devices.get(device);
    const written = fd === undefined ? -1 : this.#libc.write(fd, this.#base + at, length);
    this.#listener.count(written >= 0 ? 'fast-inner-sent' : 'fast-inner-refused', 1);
  }
}

/** Errors of a read that say nothing about the next one. */
function isPassing(errno: number): boolean {
  return (
    errno === Errno.EAGAIN ||
    errno === Errno.EINTR ||
    errno === Errno.ENOBUFS ||
    errno === Errno.ENOMEM ||
    errno === Errno.ENETDOWN ||
    errno === Errno.ENETUNREACH ||
    errno === Errno.EHOSTUNREACH ||
    errno === Errno.ECONNREFUSED
  );
}
