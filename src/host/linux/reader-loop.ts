/**
 * Reads all descriptors of a gateway in rounds: waits until one has something, takes a bounded share from each, hands
 * everything over at once. What belongs to known peers is read first and most; first messages of strangers last and
 * few. When the main thread lags nothing is read, so that memory stays what it is and the kernel drops.
 */
import { concat, type Endpoint, IpAddress } from '../../base/index.ts';
import { Protocol } from '../../ip/index.ts';
import { Errno } from './errno.ts';
import { type FastListener, FastLoop } from './fast-loop.ts';
import type { Libc } from './libc.ts';
import { type Envelope, udpPacketLength, writeRawPacket, writeUdpPacket } from './outer-packet.ts';
import { PacketBatch } from './packet-batch.ts';
import {
  type Descriptor,
  MOST_OUTSTANDING,
  type ReaderCounter,
  type ReaderOrder,
  type ReaderReport,
  readerCounters,
  type Source,
  sharedCounters,
  sharedWords,
  Word,
} from './reader-protocol.ts';
import { type Ancillary, ReceiveArena, SLOTS } from './receive-arena.ts';
import { writeSockaddr } from './sockaddr.ts';
import { MessageFlag, PollEvent } from './socket-numbers.ts';

/**
 * Judges first messages before they cost the main thread anything. On port 4500 neither the datagram nor the answer has
 * the non-ESP marker.
 */
export type FirstMessageFilter = Readonly<{
  /** Without a flood it is not asked. */
  isActive: () => boolean;
  judge: (datagram: Uint8Array, source: Endpoint, local: Endpoint) => FilterVerdict;
}>;

/** 'pass': whoever it is has proven something. 'unknown': it may pass, if there are few. Bytes: an answer. */
export type FilterVerdict = 'pass' | 'unknown' | 'drop' | Uint8Array;

/**
 * First messages in a round when the main thread has nothing to do, and when it has. Each costs it up to some
 * milliseconds (group 20, groups 15 and 16), for which packets of tunnels wait.
 */
const FIRST_WHEN_IDLE = 8;
const FIRST_WHEN_BUSY = 4;
/** How long the fast path waits for the main thread at a time, and in all without a pause. */
const LEAST_PATIENCE_MS = 2;
const MOST_PATIENCE_MS = 20;
const ANY = IpAddress.any(4);
const MARKER = 4;
const NON_ESP_MARKER = new Uint8Array(MARKER);

const PLACES = Object.fromEntries(readerCounters.map((name, place) => [name, place])) as Readonly<
  Record<ReaderCounter, number>
>;

type Watched = Readonly<{ source: Source; local: IpAddress; order: number }>;

export class ReaderLoop {
  readonly #libc: Libc;
  readonly #wakeFd: number;
  readonly #words: Int32Array;
  readonly #counters: Float64Array;
  readonly #post: (report: ReaderReport) => void;
  readonly #orders: () => readonly ReaderOrder[];
  readonly #filter: FirstMessageFilter | undefined;
  readonly #arena: ReceiveArena;
  readonly #fast: FastLoop | undefined;
  readonly #batch = new PacketBatch();
  readonly #name = new Uint8Array(28);
  readonly #eight = new Uint8Array(8);
  readonly #dropped = new Map<number, number>();
  #watched: readonly Watched[] = [];
  #tunLinks = new Set<number>();
  /** Descriptors that are read although the main thread lags; they stand first. */
  #fastCount = 0;
  /** Time that was spent waiting for the main thread, of what is left for that. */
  #patience = 0;
  #patienceAt = 0;
  /** That passed unknown in this round. */
  #strangers = 0;
  #poll = new DataView(new ArrayBuffer(8));
  #pollAddress = 0;

  constructor(
    options: Readonly<{
      libc: Libc;
      wakeFd: number;
      shared: SharedArrayBuffer;
      post: (report: ReaderReport) => void;
      /** Orders that came since it was last asked. */
      orders: () => readonly ReaderOrder[];
      filter?: FirstMessageFilter;
      /** Makes the fast path, where there shall be one. */
      fast?: (listener: FastListener) => FastLoop | undefined;
    }>,
  ) {
    this.#libc = options.libc;
    this.#wakeFd = options.wakeFd;
    this.#words = sharedWords(options.shared);
    this.#counters = sharedCounters(options.shared);
    this.#post = options.post;
    this.#orders = options.orders;
    this.#filter = options.filter;
    this.#arena = new ReceiveArena(options.libc);
    this.#fast = options.fast?.(this.#fastListener());
    this.#watch([]);
  }

  get ended(): boolean {
    return Atomics.load(this.#words, Word.END) !== 0;
  }

  /** Waits at most `timeoutMs` for something to read, and reads a share of it. */
  round(timeoutMs: number): void {
    const stalled = this.#isStalled();
    // While it is stalled only the main thread can wake it, and the fast path: the others would be ready all the time.
    const count = stalled ? this.#fastCount : this.#watched.length;
    const ready = this.#libc.poll(this.#pollAddress, count + 1, timeoutMs);
    if (ready <= 0) return;
    const woken = this.#events(0) !== 0;
    this.#readAll(count);
    this.#flush();
    if (!woken) return;
    this.#libc.read(this.#wakeFd, this.#eight, 8);
    for (const order of this.#orders()) this.#obey(order);
  }

  #readAll(count: number): void {
    this.#strangers = 0;
    const watched = this.#watched;
    for (let i = 0; i < count; i++) {
      const one = watched[i];
      if (one === undefined || this.#events(i + 1) === 0) continue;
      const errno = this.#fast !== undefined && i < this.#fastCount ? this.#fast.read(one.source) : this.#read(one);
      if (errno === 0) continue;
      this.#drop(one.source, errno);
      return; // places have changed; what is left is ready still
    }
  }

  /** What the fast path does not take goes the way that everything goes without it. */
  #fastListener(): FastListener {
    const localOfId = (id: number): IpAddress => this.#watched.find(({ source }) => source.id === id)?.local ?? ANY;
    return {
      inner: (id, packet) => this.#fastRoom(id, packet.length)?.set(packet),
      datagram: (id, descriptor, from, payload, tos, ttl) => {
        const destination = localOfId(id);
        const room = this.#fastRoom(id, udpPacketLength(destination, payload.length));
        if (room === undefined) return;
        const around = { source: from.address, destination, tos, ttl };
        writeUdpPacket(room, around, from.port, descriptor.port, payload);
        this.#count('outer-received');
      },
      esp: (id, descriptor, from, packet, tos, ttl) => {
        const isWhole = descriptor.family === 4;
        if (!isWhole && from === undefined) return;
        const room = this.#fastRoom(id, packet.length + (isWhole ? 0 : 40));
        if (room === undefined) return;
        this.#count('outer-received');
        if (isWhole) room.set(packet);
        else if (from !== undefined) {
          writeRawPacket(room, { source: from.address, destination: localOfId(id), tos, ttl }, Protocol.ESP, packet);
        }
      },
      dropped: (source, sum) => this.#countDrops(source, sum),
      catchUp: (handed) => this.#catchUp(handed),
      count: (name, by) => this.#count(name, by),
    };
  }

  /** Room for what the fast path leaves; none while the main thread has more than enough: the fast path does not wait. */
  #fastRoom(id: number, length: number): Uint8Array | undefined {
    if (this.#outstanding() >= 2 * MOST_OUTSTANDING) {
      this.#count('fast-overflow');
      return undefined;
    }
    return this.#room(id, length);
  }

  /**
   * Has the main thread handle what was handed over, so that nothing overtakes it; at most a tenth of the time is spent
   * on it, since the thread may have other things to do.
   */
  #catchUp(handed: number): void {
    this.#flush();
    const now = performance.now();
    this.#patience = Math.min(MOST_PATIENCE_MS, this.#patience + (now - this.#patienceAt) / 10);
    this.#patienceAt = now;
    if (this.#patience < LEAST_PATIENCE_MS) return;
    this.#fast?.await(handed, LEAST_PATIENCE_MS);
    this.#patience -= performance.now() - now;
  }

  /** Answers 0, or why there is nothing to be had from this descriptor any more. */
  #read({ source, local }: Watched): number {
    const { descriptor, id } = source;
    switch (descriptor.kind) {
      case 'tun':
        return this.#readTun(descriptor.fd, id);
      case 'monitor':
        return this.#readMonitor(descriptor.fd, id);
      case 'udp': {
        const most = descriptor.queue === 'first' ? this.#firstAllowance() : SLOTS;
        return this.#receive(source, most, (slot, beside) => this.#udp(slot, beside, descriptor, id, local));
      }
      case 'esp':
        return this.#receive(source, SLOTS, (slot, beside) => {
          if (descriptor.family === 4) this.#whole(slot, id);
          else this.#raw(slot, beside, id, local, Protocol.ESP);
        });
      case 'icmp':
        return this.#receive(source, SLOTS, (slot, beside) => {
          // What came out of our tunnels is not of the outside.
          if (this.#tunLinks.has(beside.link)) return;
          if (descriptor.family === 4) this.#whole(slot, id);
          else if (beside.destination !== undefined) this.#raw(slot, beside, id, beside.destination, Protocol.ICMPV6);
        });
      default:
        return descriptor satisfies never;
    }
  }

  #receive(source: Source, most: number, each: (slot: number, beside: Ancillary) => void): number {
    const count = this.#arena.receive(source.descriptor.fd, most);
    if (count < 0) return isPassing(-count) ? 0 : -count;
    for (let slot = 0; slot < count; slot++) {
      const beside = this.#arena.ancillary(slot);
      if (beside.dropped !== undefined) this.#countDrops(source, beside.dropped);
      each(slot, beside);
    }
    return 0;
  }

  #udp(
    slot: number,
    beside: Ancillary,
    descriptor: Extract<Descriptor, { kind: 'udp' }>,
    id: number,
    local: IpAddress,
  ): void {
    const from = this.#arena.source(slot);
    const payload = this.#arena.message(slot);
    if (from === undefined) {
      this.#count('outer-malformed');
      return;
    }
    if (descriptor.queue !== 'established' && !this.#passes(descriptor, from, local, payload)) return;
    const room = this.#room(id, udpPacketLength(local, payload.length));
    writeUdpPacket(room, envelope(from.address, local, beside), from.port, descriptor.port, payload);
    this.#count('outer-received');
  }

  #passes(
    descriptor: Extract<Descriptor, { kind: 'udp' }>,
    from: Endpoint,
    local: IpAddress,
    payload: Uint8Array,
  ): boolean {
    this.#count('first-messages');
    if (this.#filter?.isActive() !== true) return true;
    const { fd, port } = descriptor;
    const marker = port === 4500 ? MARKER : 0;
    const verdict = this.#filter.judge(payload.subarray(marker), from, { address: local, port });
    if (verdict === 'pass' || (verdict === 'unknown' && this.#strangers++ < FIRST_WHEN_BUSY)) return true;
    if (typeof verdict === 'string') {
      this.#count('first-messages-refused');
      return false;
    }
    const answer = marker === 0 ? verdict : concat(NON_ESP_MARKER, verdict);
    const length = writeSockaddr(this.#name, 0, from.address, from.port);
    this.#libc.sendto(fd, answer, answer.length, MessageFlag.DONTWAIT, this.#name, length);
    this.#count('first-messages-answered');
    return false;
  }

  /** A raw IPv4 socket gives the packet with its header. */
  #whole(slot: number, id: number): void {
    const packet = this.#arena.message(slot);
    this.#room(id, packet.length).set(packet);
    this.#count('outer-received');
  }

  #raw(slot: number, beside: Ancillary, id: number, local: IpAddress, protocol: number): void {
    const from = this.#arena.source(slot);
    const payload = this.#arena.message(slot);
    if (from?.address.family !== 6) {
      this.#count('outer-malformed');
      return;
    }
    const room = this.#room(id, 40 + payload.length);
    writeRawPacket(room, envelope(from.address, local, beside), protocol, payload);
    this.#count('outer-received');
  }

  #readTun(fd: number, id: number): number {
    for (let i = 0; i < SLOTS; i++) {
      const length = this.#arena.read(fd);
      if (length < 0) return isPassing(-length) ? 0 : -length;
      if (length === 0) return Errno.ENODEV;
      this.#room(id, length).set(this.#arena.message(0));
      this.#count('inner-received');
    }
    return 0;
  }

  #readMonitor(fd: number, id: number): number {
    const count = this.#arena.receive(fd, SLOTS);
    if (count < 0) {
      // Changes were lost: an empty message has the main thread look at everything anew.
      if (-count === Errno.ENOBUFS) this.#room(id, 0);
      return -count === Errno.ENOBUFS || isPassing(-count) ? 0 : -count;
    }
    for (let slot = 0; slot < count; slot++) {
      const message = this.#arena.message(slot);
      if (this.#arena.isTruncated(slot)) this.#room(id, 0);
      else this.#room(id, message.length).set(message);
    }
    return 0;
  }

  #room(id: number, length: number): Uint8Array {
    if (!this.#batch.hasRoom(length)) this.#flush();
    if (this.#fast !== undefined) this.#fast.path.order.handed = (this.#fast.path.order.handed + 1) | 0;
    return this.#batch.add(id, length);
  }

  #flush(): void {
    if (this.#batch.count === 0) return;
    const packed = this.#batch.take();
    Atomics.add(this.#words, Word.POSTED, packed.weight);
    this.#post({ kind: 'packets', ...packed });
  }

  #outstanding(): number {
    return (Atomics.load(this.#words, Word.POSTED) - Atomics.load(this.#words, Word.CONSUMED)) | 0;
  }

  #isStalled(): boolean {
    if (this.#outstanding() < MOST_OUTSTANDING) return false;
    this.#count('reader-stalled');
    Atomics.store(this.#words, Word.STALLED, 1);
    // The main thread may have caught up before it could see that it has to wake us.
    return this.#outstanding() >= MOST_OUTSTANDING;
  }

  #firstAllowance(): number {
    if (this.#filter?.isActive() === true) return SLOTS;
    return this.#outstanding() === 0 ? FIRST_WHEN_IDLE : FIRST_WHEN_BUSY;
  }

  #obey(order: ReaderOrder): void {
    this.#fast?.obey(order.fast ?? []);
    const removed = new Set(order.remove);
    for (const id of removed) this.#dropped.delete(id);
    const kept = this.#watched.map(({ source }) => source).filter(({ id }) => !removed.has(id));
    if (order.add.length + removed.size > 0) this.#watch([...kept, ...order.add]);
    Atomics.store(this.#words, Word.ACKNOWLEDGED, order.sequence);
    Atomics.notify(this.#words, Word.ACKNOWLEDGED);
  }

  #drop(source: Source, errno: number): void {
    this.#watch(this.#watched.map((watched) => watched.source).filter(({ id }) => id !== source.id));
    this.#flush();
    this.#post({ kind: 'gone', id: source.id, errno });
  }

  #watch(sources: readonly Source[]): void {
    const watched = sources.map((source) => ({
      source,
      local: localOf(source.descriptor),
      isFast: this.#fast !== undefined && FastLoop.reads(source.descriptor),
      order: orderOf(source.descriptor),
    }));
    this.#watched = watched.sort((a, b) => Number(b.isFast) - Number(a.isFast) || a.order - b.order);
    this.#fastCount = watched.filter(({ isFast }) => isFast).length;
    this.#fast?.watch(sources);
    this.#tunLinks = new Set(sources.flatMap(({ descriptor }) => (descriptor.kind === 'tun' ? [descriptor.link] : [])));
    const buffer = new ArrayBuffer((this.#watched.length + 1) * 8);
    this.#poll = new DataView(buffer);
    this.#pollAddress = this.#libc.addressOf(buffer);
    for (const [i, fd] of [this.#wakeFd, ...this.#watched.map(({ source }) => source.descriptor.fd)].entries()) {
      this.#poll.setInt32(i * 8, fd, true);
      this.#poll.setInt16(i * 8 + 4, PollEvent.IN, true);
    }
  }

  #events(place: number): number {
    return place * 8 < this.#poll.byteLength ? this.#poll.getInt16(place * 8 + 6, true) : 0;
  }

  #count(name: ReaderCounter, by = 1): void {
    const place = PLACES[name];
    this.#counters[place] = (this.#counters[place] ?? 0) + by;
  }

  /** The kernel tells the sum since the socket was opened. */
  #countDrops({ id, descriptor }: Source, sum: number): void {
    const before = this.#dropped.get(id) ?? 0;
    if (sum === before) return;
    this.#dropped.set(id, sum);
    if (descriptor.kind === 'udp') this.#count(`kernel-dropped-${descriptor.queue}`, sum - before);
    else if (descriptor.kind === 'esp' || descriptor.kind === 'icmp') {
      this.#count(`kernel-dropped-${descriptor.kind}`, sum - before);
    }
  }
}

function envelope(source: IpAddress, destination: IpAddress, beside: Ancillary): Envelope {
  return { source, destination, tos: beside.tos, ttl: beside.ttl };
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

function localOf(descriptor: Descriptor): IpAddress {
  const text = descriptor.kind === 'udp' || descriptor.kind === 'esp' ? descriptor.local : '';
  return IpAddress.parse(text) ?? IpAddress.any(4);
}

/** News of interfaces first, strangers last. */
function orderOf(descriptor: Descriptor): number {
  if (descriptor.kind === 'udp') return { established: 1, cookie: 5, first: 6 }[descriptor.queue];
  return { monitor: 0, esp: 2, tun: 3, icmp: 4 }[descriptor.kind];
}
