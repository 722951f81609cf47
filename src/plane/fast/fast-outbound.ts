/** The way out by the fast path: a packet of a TUN device whose flow is known is cut, sealed and gathered for a send. */
import { IpAddress } from '../../base/index.ts';
import { takeSequence } from '../../esp/index.ts';
import { Protocol } from '../../ip/index.ts';
import type { Arena } from './arena.ts';
import { type FastMemory, SaNumber } from './fast-memory.ts';
import type { FastSa, FastSas } from './fast-sa.ts';
import { Direction, Flow, FlowKey, type FlowTable, flowKind } from './flow-table.ts';
import { Glance } from './glance.ts';
import type { OrderKeeper } from './order-keeper.ts';
import { SealedBatch, writeOuterHeader } from './sealed-batch.ts';
import { completeChecksum, Segments } from './segmentation.ts';

/** Most that padding and trailer take, of a block cipher of 16 bytes. */
const MOST_TRAILER = 18;
/** A datagram's 28 or 48 bytes around ESP in UDP. */
const UDP_HEADER = 8;

export type OutboundOptions = Readonly<{
  arena: Arena;
  memory: FastMemory;
  flows: FlowTable;
  sas: FastSas;
  order: OrderKeeper;
  /** Places in the arena: for headers and trailers put aside (256 bytes), and for the batch (`BATCH_BYTES`). */
  scratch: number;
  batchAt: number;
  send: (batch: SealedBatch) => void;
  /** Hands a packet, complete and short enough for its device, to the software plane. */
  handOver: (device: number, at: number, length: number) => void;
  /** A super-packet that is none. */
  refuse: () => void;
  now: () => number;
}>;

export class FastOutbound {
  readonly #options: OutboundOptions;
  readonly #arena: Arena;
  readonly #glance = new Glance();
  readonly #key = new FlowKey();
  readonly #flow = new Flow();
  readonly #segments: Segments;
  readonly #saved: number;
  readonly #batch: SealedBatch;
  #outerBytes = 0;
  readonly #addresses = new Map<string, Uint8Array>();

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#arena = options.arena;
    this.#segments = new Segments(options.arena, options.scratch);
    this.#saved = options.scratch + 128;
    this.#batch = new SealedBatch(options.batchAt);
  }

  /** A packet that was read from a device at `at`, behind its vnet header. */
  take(device: number, at: number, length: number): void {
    const glance = this.#glance;
    const segments = this.#segments;
    if (!glance.read(this.#arena, at, length)) {
      this.#unusual(device, at, length);
      return;
    }
    if (!segments.begin(at, glance)) {
      this.#options.refuse();
      return;
    }
    const sa = this.#saFor(device, at);
    if (sa === undefined) this.#slow(device);
    else this.#sealAll(sa);
  }

  /** Sends what was gathered. */
  flush(): void {
    const batch = this.#batch;
    if (batch.count === 0) return;
    this.#options.send(batch);
    batch.clear();
  }

  /** The SA that takes the packet at hand; undefined: the software plane shall have it. */
  #saFor(device: number, at: number): FastSa | undefined {
    const { flows, sas, order } = this.#options;
    const glance = this.#glance;
    const key = this.#key;
    glance.writeKey(this.#arena, at, key);
    key.from = device;
    if (!this.#find(flows)) return undefined;
    const flow = this.#flow;
    const sa = sas.inSlot(flow.slot);
    if (sa === undefined || sa.config.serial !== flow.serial || !this.#isWithinLimits(sa)) return undefined;
    if (flow.isFollowed !== 0 && !glance.isPlainSegment(this.#arena, at)) return undefined;
    return order.mayPass(key) ? sa : undefined;
  }

  #find(flows: FlowTable): boolean {
    const { family, protocol, hasPorts, ports } = this.#glance;
    const key = this.#key;
    key.kind = flowKind(family, Direction.OUT, protocol, false);
    key.ports = 0;
    if (flows.find(key, this.#flow)) return true;
    if (!hasPorts) return false;
    key.kind = flowKind(family, Direction.OUT, protocol, true);
    key.ports = ports;
    return flows.find(key, this.#flow);
  }

  /** Whether all segments are short enough, and the SA has bytes and numbers for them. */
  #isWithinLimits(sa: FastSa): boolean {
    const { count, longest } = this.#segments;
    if (longest > this.#flow.limit) return false;
    const { numbers } = sa.slot;
    const sequence = (numbers[SaNumber.SEQUENCE] ?? 0) + count;
    const bytes = (numbers[SaNumber.OUT_BYTES] ?? 0) + this.#innerBytes();
    return sequence <= (numbers[SaNumber.SEQUENCE_LIMIT] ?? 0) && bytes <= (numbers[SaNumber.OUT_LIMIT] ?? 0);
  }

  #innerBytes(): number {
    return this.#glance.length + (this.#segments.count - 1) * this.#glance.payloadOffset;
  }

  #sealAll(sa: FastSa): void {
    const segments = this.#segments;
    const glance = this.#glance;
    const first = takeSequence(sa.slot.outbound, segments.count, sa.lastSequence);
    if (first === 0) {
      this.#slow(this.#key.from);
      return;
    }
    this.#note();
    segments.prepare(glance);
    const { tos, family } = glance;
    const df = this.#flow.df === 0 ? glance.df : this.#flow.df === 1;
    const nextHeader = family === 4 ? Protocol.IPIP : Protocol.IPV6;
    const before = this.#outerBytes;
    for (let i = 0; i < segments.count; i++) {
      segments.make(i, glance);
      this.#sealOne(sa, segments.at, segments.length, first + i, nextHeader, tos, df, i < segments.count - 1);
    }
    this.#count(sa, segments.count, this.#innerBytes(), this.#outerBytes - before);
  }

  /** Before anything is changed: acknowledgements are noted as they come. */
  #note(): void {
    const flow = this.#flow;
    const glance = this.#glance;
    if (flow.place >= 0) {
      const { flows, now } = this.#options;
      const bytes = glance.length + (this.#segments.count - 1) * (glance.payloadOffset - glance.headerLength);
      const acknowledged = flow.isFollowed === 0 ? 0 : this.#segments.acknowledgement(glance);
      flows.note(flow, now(), bytes - glance.headerLength, acknowledged, glance.length > glance.payloadOffset);
    }
    if (flow.isFollowed !== 0) this.#segments.shift(glance, flow.sequenceBy, flow.acknowledgementBy);
  }

  #sealOne(
    sa: FastSa,
    at: number,
    length: number,
    sequence: number,
    nextHeader: number,
    tos: number,
    df: boolean,
    isFollowed: boolean,
  ): void {
    const { view, bytes } = this.#arena;
    const outerHeader = sa.config.udpEncapsulation ? 0 : sa.outerFamily === 4 ? 20 : 40;
    const whole = outerHeader + sa.sealedLength(length);
    const batch = this.#batch;
    if (!batch.fits(sa, whole, tos, df)) this.flush();
    const start = batch.end;
    const esp = start + outerHeader;
    const trailer = at + length;
    // The trailer stands where the next segment begins, for as long as it takes to seal this one.
    if (isFollowed) bytes.copyWithin(this.#saved, trailer, trailer + MOST_TRAILER);
    const padded = sa.paddedLength(length);
    const padding = padded - length - 2;
    for (let i = 0; i < padding; i++) bytes[trailer + i] = i + 1;
    bytes[trailer + padding] = padding;
    bytes[trailer + padding + 1] = nextHeader;
    view.setUint32(esp, sa.config.outboundSpi);
    view.setUint32(esp + 4, sequence % 0x1_0000_0000);
    sa.cipher.seal(esp, at, padded, sequence);
    if (isFollowed) bytes.copyWithin(trailer, this.#saved, this.#saved + MOST_TRAILER);
    if (outerHeader > 0) {
      const { local, remote } = sa.config;
      writeOuterHeader(this.#arena, start, whole, tos, df, this.#bytesOf(local.address), this.#bytesOf(remote.address));
    }
    batch.add(sa, whole, tos, df);
    this.#outerBytes += whole + (outerHeader > 0 ? 0 : (sa.outerFamily === 4 ? 20 : 40) + UDP_HEADER);
  }

  #count(sa: FastSa, packets: number, bytes: number, outerBytes: number): void {
    const { memory, now } = this.#options;
    const { clearPort, tunnelPort, outerPort } = this.#flow;
    sa.count(SaNumber.OUT_PACKETS, packets);
    sa.count(SaNumber.OUT_BYTES, bytes);
    sa.slot.numbers[SaNumber.LAST_OUT] = now();
    memory.countPort(clearPort, 'in', packets, bytes);
    memory.countPort(tunnelPort, 'out', packets, bytes);
    memory.countPort(outerPort, 'out', packets, outerBytes);
  }

  /** Of a flow that is not known, too long or at a limit: the software plane gets each segment. */
  #slow(device: number): void {
    const segments = this.#segments;
    this.#options.order.note(this.#key, segments.count);
    segments.prepare(this.#glance);
    for (let i = 0; i < segments.count; i++) {
      segments.make(i, this.#glance);
      this.#options.handOver(device, segments.at, segments.length);
    }
  }

  /** Nothing but a checksum may be asked of us for it. */
  #unusual(device: number, at: number, length: number): void {
    const glance = this.#glance;
    if (!completeChecksum(this.#arena, at, length)) {
      this.#options.refuse();
      return;
    }
    if (glance.hasAddresses && !glance.isSyn) {
      glance.writeKey(this.#arena, at, this.#key);
      this.#options.order.note(this.#key);
    }
    this.#options.handOver(device, at, length);
  }

  #bytesOf(text: string): Uint8Array {
    const known = this.#addresses.get(text);
    if (known !== undefined) return known;
    const bytes = (IpAddress.parse(text) ?? IpAddress.any(4)).toBytes();
    if (this.#addresses.size > 10_000) this.#addresses.clear();
    this.#addresses.set(text, bytes);
    return bytes;
  }
}
