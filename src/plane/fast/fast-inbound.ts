/** The way in by the fast path: ESP of a known SA is opened, and goes into its TUN device where its flow is known. */
import { TWO_32 } from '../../esp/index.ts';
import { Protocol } from '../../ip/index.ts';
import type { Arena } from './arena.ts';
import type { Coalescer } from './coalescer.ts';
import { type FastMemory, SaNumber } from './fast-memory.ts';
import type { FastSa, FastSas } from './fast-sa.ts';
import { Direction, Flow, FlowKey, type FlowTable, flowKind } from './flow-table.ts';
import { Glance } from './glance.ts';
import type { OrderKeeper } from './order-keeper.ts';
import { shiftNumbers, writeLength } from './segmentation.ts';

const ESP_HEADER = 8;
const ECN_CE = 3;
/** As `InboundEsp` has it: with ESN, what fails and may have come this much too late is taken for late. */
const PLAUSIBLY_LATE = 2 ** 20;
/** Of what is refused one packet is handed over in this time, which the software plane counts and tells of. */
const TELL_EVERY_MS = 10_000;

/** 'taken': done with, delivered or refused. 'slow': the software plane shall have it as it came. */
export type Taken = 'taken' | 'slow';

export type InboundOptions = Readonly<{
  arena: Arena;
  memory: FastMemory;
  flows: FlowTable;
  sas: FastSas;
  order: OrderKeeper;
  coalescer: Coalescer;
  now: () => number;
}>;

const REFUSALS = [
  SaNumber.REPLAYED,
  SaNumber.TOO_OLD,
  SaNumber.INTEGRITY_FAILED,
  SaNumber.BAD_LENGTH,
  SaNumber.BAD_PADDING,
] as const;
type Refusal = (typeof REFUSALS)[number];

export class FastInbound {
  readonly #options: InboundOptions;
  readonly #arena: Arena;
  readonly #glance = new Glance();
  readonly #key = new FlowKey();
  readonly #flow = new Flow();

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#arena = options.arena;
  }

  /** The SA that an ESP packet names. */
  saOf(at: number, length: number): FastSa | undefined {
    return length < ESP_HEADER ? undefined : this.#options.sas.withSpi(this.#arena.view.getUint32(at));
  }

  /** ESP of an SA, from its peer, at `at`; `tos` is the outer packet's, `outerLength` its whole length. */
  take(sa: FastSa, at: number, length: number, tos: number, outerLength: number): Taken {
    const { cipher, window } = sa;
    const { coalescer, order } = this.#options;
    const body = length - ESP_HEADER - cipher.ivLength - cipher.icvLength;
    if (body < 2 || body % cipher.blockLength !== 0) return this.#refuse(sa, SaNumber.BAD_LENGTH);
    const sequence = sa.sequenceOf(this.#arena.view.getUint32(at + 4));
    if (sequence < 0) return this.#refuse(sa, SaNumber.TOO_OLD);
    const refused = window.check(sequence);
    if (refused !== undefined) return this.#late(sa, refused, sequence);
    const { numbers } = sa.slot;
    const isAtLimit = (numbers[SaNumber.IN_BYTES] ?? 0) + body > (numbers[SaNumber.IN_LIMIT] ?? 0);
    if (isAtLimit || !order.isHandled(sa.slowUntil)) return this.leave(sa);
    const to = coalescer.lay(body);
    const opened = cipher.open(at, length, to, sequence);
    if (opened < 0) {
      coalescer.leave();
      return this.#isLate(sa, sequence) ? 'slow' : this.#refuse(sa, SaNumber.INTEGRITY_FAILED);
    }
    if (!this.#isKnown(sa, to, opened)) {
      coalescer.leave();
      return 'slow'; // and not remembered as come: the software plane opens it again
    }
    const behind = window.highest - sequence;
    const late = window.accept(sequence);
    if (late !== undefined) {
      coalescer.leave();
      return this.#refuse(sa, late === 'replayed' ? SaNumber.REPLAYED : SaNumber.TOO_OLD);
    }
    if (behind > 0) sa.late.count(behind, true);
    this.#note(to);
    if ((tos & 3) === ECN_CE) this.#markCongestion(to);
    this.#count(sa, behind < 0, outerLength);
    coalescer.add(this.#flow.device, to, this.#glance);
    return 'taken';
  }

  /** The software plane shall have a packet of an SA unopened: what comes behind it must not overtake it. */
  leave(sa: FastSa): 'slow' {
    sa.slowUntil = (this.#options.order.handed + 1) | 0;
    return 'slow';
  }

  flush(): void {
    this.#options.coalescer.flush();
  }

  /** Whether what was opened is a packet of a flow that goes straight into a device. */
  #isKnown(sa: FastSa, at: number, length: number): boolean {
    const { bytes } = this.#arena;
    const padding = bytes[at + length - 2] ?? 0;
    const nextHeader = bytes[at + length - 1] ?? 0;
    const inner = length - 2 - padding;
    if (inner < 0) return false;
    for (let i = 0; i < padding; i++) if (bytes[at + inner + i] !== i + 1) return false;
    const glance = this.#glance;
    const { order } = this.#options;
    const key = this.#key;
    const isUsual = glance.read(this.#arena, at, inner);
    if (!glance.hasAddresses || nextHeader !== (glance.family === 4 ? Protocol.IPIP : Protocol.IPV6)) return false;
    glance.writeKey(this.#arena, at, key);
    key.from = sa.config.slot;
    const isKnown =
      isUsual &&
      this.#find() &&
      (this.#flow.isFollowed === 0 || glance.isPlainSegment(this.#arena, at)) &&
      this.#flow.serial === sa.config.serial &&
      this.#flow.slot === sa.config.slot;
    if (isKnown && order.mayPass(key)) return true;
    if (!glance.isSyn) order.note(key);
    return false;
  }

  /** Notes a packet of a connection, and gives it the numbers that its receiver knows. */
  #note(at: number): void {
    const { flows, now } = this.#options;
    const flow = this.#flow;
    const glance = this.#glance;
    if (flow.place < 0) return;
    const { length, headerLength, payloadOffset } = glance;
    const acknowledged = flow.isFollowed === 0 ? 0 : this.#arena.view.getInt32(at + headerLength + 8);
    flows.note(flow, now(), length - headerLength, acknowledged, length > payloadOffset);
    if (flow.isFollowed === 0) return;
    shiftNumbers(this.#arena, at, glance, flow.sequenceBy, flow.acknowledgementBy, true);
  }

  #find(): boolean {
    const { flows } = this.#options;
    const { family, protocol, hasPorts, ports } = this.#glance;
    const key = this.#key;
    key.kind = flowKind(family, Direction.IN, protocol, false);
    key.ports = 0;
    if (flows.find(key, this.#flow)) return true;
    if (!hasPorts) return false;
    key.kind = flowKind(family, Direction.IN, protocol, true);
    key.ports = ports;
    return flows.find(key, this.#flow);
  }

  /** RFC 6040 section 4.2, as far as RFC 4301 section 5.1.2.1 goes: congestion on the way is told inside. */
  #markCongestion(at: number): void {
    const { view, bytes } = this.#arena;
    const glance = this.#glance;
    if ((glance.tos & 3) === 0) return;
    glance.tos |= ECN_CE;
    if (glance.family === 6) {
      view.setUint16(at, view.getUint16(at) | (ECN_CE << 4));
      return;
    }
    bytes[at + 1] = glance.tos;
    writeLength(this.#arena, at, 4, glance.length);
  }

  #count(sa: FastSa, isNewest: boolean, outerLength: number): void {
    const { memory, now } = this.#options;
    const { length } = this.#glance;
    const { clearPort, tunnelPort, outerPort } = this.#flow;
    sa.count(SaNumber.IN_PACKETS, 1);
    sa.count(SaNumber.IN_BYTES, length);
    // An old packet, where nobody checks for replays, shows no life: somebody may have kept it.
    if (isNewest || sa.config.replayWindow > 0) sa.slot.numbers[SaNumber.LAST_IN] = now();
    memory.countPort(outerPort, 'in', 1, outerLength);
    memory.countPort(tunnelPort, 'in', 1, length);
    memory.countPort(clearPort, 'out', 1, length);
  }

  #late(sa: FastSa, reason: 'replayed' | 'too-old', sequence: number): Taken {
    if (reason === 'replayed') return this.#refuse(sa, SaNumber.REPLAYED);
    if (this.#tells(sa, SaNumber.TOO_OLD)) return 'slow';
    const behind = sa.window.highest - sequence;
    const { numbers } = sa.slot;
    numbers[SaNumber.FURTHEST_BEHIND] = Math.max(numbers[SaNumber.FURTHEST_BEHIND] ?? 0, behind);
    sa.late.count(behind, false);
    sa.count(SaNumber.TOO_OLD, 1);
    return 'taken';
  }

  #isLate(sa: FastSa, sequence: number): boolean {
    if (!sa.config.esn || sa.window.size === 0) return false;
    const behind = sa.window.highest - (sequence - TWO_32);
    return behind >= sa.window.size && behind <= PLAUSIBLY_LATE;
  }

  #refuse(sa: FastSa, reason: Refusal): Taken {
    if (this.#tells(sa, reason)) return 'slow';
    sa.count(reason, 1);
    return 'taken';
  }

  #tells(sa: FastSa, reason: Refusal): boolean {
    const place = REFUSALS.indexOf(reason);
    const now = this.#options.now();
    if (now - (sa.refusedAt[place] ?? 0) < TELL_EVERY_MS) return false;
    sa.refusedAt[place] = now;
    return true;
  }
}
