/**
 * Sends batches of the fast path: ESP in UDP as one datagram that the kernel cuts apart (`UDP_SEGMENT`), by the very
 * socket that listens there; ESP alone as raw packets by one call (`sendmmsg`).
 */
import { type Family, IpAddress } from '../../base/index.ts';
import type { Arena, FastSa, SealedBatch } from '../../plane/index.ts';
import { Errno } from './errno.ts';
import type { Libc } from './libc.ts';
import { bindToDevice, setInteger } from './listener.ts';
import type { Descriptor } from './reader-protocol.ts';
import { domainOf, writeSockaddr } from './sockaddr.ts';
import {
  IpOption,
  Ipv6Option,
  Level,
  MessageFlag,
  PMTUDISC_PROBE,
  PollEvent,
  SocketOption,
  SocketType,
  UdpOption,
} from './socket-numbers.ts';

type UdpOrEsp = Readonly<{ local: string; vrf?: string }>;

const MESSAGES = 64;
const HEADER = 64;
const VECTOR = 16;
const NAME = 32;
const CONTROL = 64;
const IPPROTO_RAW = 255;
const QUEUE = 4 << 20;
/** How long a full queue is waited for. */
const PATIENCE_MS = 5;

/** Sockets of an address that is listened on: with the don't-fragment bit, and without. */
type Listener = { set: number; clear: number };

/** What is made ready for an SA: where its packets go. */
type Target = Readonly<{ name: Uint8Array; source: Uint8Array; family: Family; listener: string; vrf: string }>;

export class FastSender {
  static readonly BYTES = MESSAGES * (HEADER + VECTOR) + NAME + 2 * CONTROL + 64;
  readonly #libc: Libc;
  readonly #arena: Arena;
  readonly #base: number;
  readonly #headers: number;
  readonly #vectors: number;
  readonly #name: number;
  readonly #control: number;
  readonly #pollAt: number;
  readonly #targets = new WeakMap<FastSa, Target>();
  /** Raw sockets, by VRF and family. */
  readonly #raw = new Map<string, number>();
  #listeners: ReadonlyMap<string, Listener> = new Map();

  constructor(libc: Libc, arena: Arena, base: number, place: number) {
    this.#libc = libc;
    this.#arena = arena;
    this.#base = base;
    this.#headers = place;
    this.#vectors = place + MESSAGES * HEADER;
    this.#name = this.#vectors + MESSAGES * VECTOR;
    this.#control = this.#name + NAME;
    this.#pollAt = this.#control + 2 * CONTROL;
  }

  /** From now on there are these sockets. */
  watch(descriptors: readonly Descriptor[]): void {
    const listeners = new Map<string, Listener>();
    for (const one of descriptors) {
      if (one.kind !== 'udp' || one.port !== 4500) continue;
      const name = listenerName(one.local, one.vrf);
      const known = listeners.get(name) ?? { set: -1, clear: -1 };
      listeners.set(name, known);
      if (one.queue === 'established') known.set = one.fd;
      else if (one.queue === 'cookie') known.clear = one.fd;
    }
    this.#listeners = listeners;
  }

  /** Whether a sender's address, as the kernel wrote it, is that of an SA's peer, at an own address of it. */
  isFrom(sa: FastSa, name: number, length: number, by: UdpOrEsp): boolean {
    const target = this.#targetOf(sa);
    if (sa.config.local.address !== by.local || sa.config.vrf !== (by.vrf ?? '')) return false;
    const { bytes } = this.#arena;
    const raw = !sa.config.udpEncapsulation;
    const size = target.family === 4 ? 8 : 24;
    if (length < size) return false;
    for (let i = 0; i < size; i++) {
      // Raw sockets tell no port; the flow label is nobody's address.
      if ((raw && (i === 2 || i === 3)) || (target.family === 6 && i >= 4 && i < 8)) continue;
      if (bytes[name + i] !== target.name[i]) return false;
    }
    return true;
  }

  /** Whether four bytes are the address of an SA's peer. */
  hasSource(sa: FastSa, at: number): boolean {
    const { name } = this.#targetOf(sa);
    const { bytes } = this.#arena;
    return bytes[at] === name[4] && bytes[at + 1] === name[5] && bytes[at + 2] === name[6] && bytes[at + 3] === name[7];
  }

  /** Sends a batch; answers how many packets of it left. */
  send(batch: SealedBatch): number {
    const { sa } = batch;
    if (sa === undefined) return 0;
    const target = this.#targetOf(sa);
    this.#arena.bytes.set(target.name, this.#name);
    return sa.config.udpEncapsulation ? this.#sendDatagrams(batch, target) : this.#sendRaw(batch, target);
  }

  close(): void {
    for (const fd of this.#raw.values()) this.#libc.close(fd);
    this.#raw.clear();
  }

  #sendDatagrams(batch: SealedBatch, target: Target): number {
    const listener = this.#listeners.get(target.listener);
    const fd = (batch.df ? listener?.set : listener?.clear) ?? -1;
    if (fd < 0) return 0;
    const { view } = this.#arena;
    this.#message(0, batch.at, batch.length, target);
    let length = this.#writeControl(0, target, batch.tos);
    if (batch.count > 1) {
      const at = this.#control + length;
      this.#controlHeader(at, 18, Level.UDP, UdpOption.SEGMENT);
      view.setUint16(at + 16, batch.size, true);
      length += 24;
    }
    writeU64(view, this.#headers + 40, length);
    const sent = this.#retried(fd, () =>
      this.#libc.sendmsg(fd, this.#base + this.#headers, MessageFlag.DONTWAIT | MessageFlag.NOSIGNAL),
    );
    return sent >= 0 ? batch.count : 0;
  }

  #sendRaw(batch: SealedBatch, target: Target): number {
    const fd = this.#rawOf(target);
    if (fd < 0) return 0;
    const { view } = this.#arena;
    const length = this.#writeSource(target);
    for (let i = 0; i < batch.count; i++) {
      const at = batch.places[i] ?? 0;
      this.#message(i, at, (batch.places[i + 1] ?? at) - at, target);
      writeU64(view, this.#headers + i * HEADER + 40, length);
    }
    let done = 0;
    while (done < batch.count) {
      const from = this.#base + this.#headers + done * HEADER;
      const sent = this.#retried(fd, () => this.#libc.sendmmsg(fd, from, batch.count - done, MessageFlag.DONTWAIT));
      if (sent <= 0) return done;
      done += sent;
    }
    return done;
  }

  /** A full queue is waited for once, briefly: packets queue in the device meanwhile. */
  #retried(fd: number, send: () => number): number {
    const sent = send();
    if (sent !== -Errno.EAGAIN && sent !== -Errno.ENOBUFS) return sent;
    const { view } = this.#arena;
    view.setInt32(this.#pollAt, fd, true);
    view.setInt16(this.#pollAt + 4, PollEvent.OUT, true);
    this.#libc.poll(this.#base + this.#pollAt, 1, PATIENCE_MS);
    return send();
  }

  #message(index: number, at: number, length: number, target: Target): void {
    const { view } = this.#arena;
    const header = this.#headers + index * HEADER;
    const vector = this.#vectors + index * VECTOR;
    const pointer = (place: number, to: number): void => writeU64(view, place, this.#base + to);
    pointer(header, this.#name);
    view.setUint32(header + 8, target.name.length, true);
    pointer(header + 16, vector);
    writeU64(view, header + 24, 1);
    pointer(header + 32, this.#control);
    pointer(vector, at);
    writeU64(view, vector + 8, length);
  }

  #controlHeader(at: number, length: number, level: number, type: number): void {
    const { view } = this.#arena;
    writeU64(view, at, length);
    view.setInt32(at + 8, level, true);
    view.setInt32(at + 12, type, true);
  }

  #writeControl(at: number, { family }: Target, tos: number): number {
    const place = this.#control + at;
    if (family === 4) this.#controlHeader(place, 20, Level.IP, IpOption.TOS);
    else this.#controlHeader(place, 20, Level.IPV6, Ipv6Option.TCLASS);
    this.#arena.view.setInt32(place + 16, tos, true);
    return 24;
  }

  /** So that routing rules about the source hold for raw packets, too. */
  #writeSource({ family, source }: Target): number {
    const { bytes, view } = this.#arena;
    if (family === 4) {
      this.#controlHeader(this.#control, 28, Level.IP, IpOption.PKTINFO);
      view.setInt32(this.#control + 16, 0, true);
      bytes.set(source, this.#control + 20);
      bytes.fill(0, this.#control + 24, this.#control + 32);
      return 32;
    }
    this.#controlHeader(this.#control, 36, Level.IPV6, Ipv6Option.PKTINFO);
    bytes.set(source, this.#control + 16);
    view.setInt32(this.#control + 32, 0, true);
    return 40;
  }

  #targetOf(sa: FastSa): Target {
    const known = this.#targets.get(sa);
    if (known !== undefined) return known;
    const { local, remote, udpEncapsulation } = sa.config;
    const address = IpAddress.parse(remote.address) ?? IpAddress.any(4);
    const name = new Uint8Array(address.family === 4 ? 16 : 28);
    writeSockaddr(name, 0, address, udpEncapsulation ? remote.port : 0);
    const source = (IpAddress.parse(local.address) ?? IpAddress.any(address.family)).toBytes();
    const listener = listenerName(local.address, sa.config.vrf);
    const target = { name, source, family: address.family, listener, vrf: sa.config.vrf };
    this.#targets.set(sa, target);
    return target;
  }

  /** The plane keeps path MTUs itself; packets say themselves whether they may be cut. */
  #rawOf({ family, vrf }: Target): number {
    const name = `${family} ${vrf}`;
    const known = this.#raw.get(name);
    if (known !== undefined) return known;
    const libc = this.#libc;
    const fd = libc.socket(domainOf(family), SocketType.RAW | SocketType.CLOEXEC, IPPROTO_RAW);
    if (fd < 0) return fd;
    if (bindToDevice(libc, fd, vrf === '' ? undefined : vrf) < 0) {
      libc.close(fd);
      return -1;
    }
    if (family === 4) setInteger(libc, fd, Level.IP, IpOption.MTU_DISCOVER, PMTUDISC_PROBE);
    else setInteger(libc, fd, Level.IPV6, Ipv6Option.MTU_DISCOVER, PMTUDISC_PROBE);
    if (setInteger(libc, fd, Level.SOCKET, SocketOption.SNDBUFFORCE, QUEUE) < 0) {
      setInteger(libc, fd, Level.SOCKET, SocketOption.SNDBUF, QUEUE);
    }
    this.#raw.set(name, fd);
    return fd;
  }
}

/** Addresses and lengths fit a number; a `BigInt` for each of them would be rubbish for each packet. */
function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x1_0000_0000, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

function listenerName(address: string, vrf = ''): string {
  return `${vrf} ${address}`;
}
