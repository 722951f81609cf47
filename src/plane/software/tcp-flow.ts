/**
 * One TCP connection in transit, and what is done to its segments on their way, in place: other sequence numbers
 * (RFC 6528 says why a host that guesses badly wants them), options cleared to no-operations, flags.
 * Both ends see one consistent stream: what is added to the sequence numbers of one way is taken from the
 * acknowledgements of the other, SACK blocks (RFC 2018) and segments quoted by ICMP errors included.
 */
import { type Random, readU32, writeU32 } from '../../base/index.ts';
import {
  type Covered,
  type IpHeader,
  internetChecksum,
  patchByte,
  patchU16,
  patchU32,
  pseudoHeaderSum,
} from '../../ip/index.ts';
import type { DropReason } from '../contract.ts';
import { ALLOW, DROP, type Treatment } from './transit-policy.ts';

/** From who sent the first segment, or to it. */
export type Way = 'outward' | 'homeward';

const HEADER = 20;
const SEQUENCE_AT = 4;
const ACKNOWLEDGEMENT_AT = 8;
const LENGTH_AT = 12;
const FLAGS_AT = 13;
const CHECKSUM_AT = 16;
const URGENT_AT = 18;

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const URG = 0x20;
/** RFC 9293 section 3.1: of the octet with the data offset. */
const RESERVED = 0x0f;

const OPTION_END = 0;
const OPTION_NOP = 1;
const OPTION_SACK = 5;
/** RFC 7323. */
const OPTION_TIMESTAMP = 8;
/** RFC 2385, RFC 5925. */
const SIGNATURES: ReadonlySet<number> = new Set([19, 29]);

/** What is known of one end; numbers are its own. */
type Half = { readonly offset: number; acknowledged: number | undefined; hasData: boolean };

export class TcpFlow {
  readonly treatment: Treatment;
  readonly near: Half;
  readonly far: Half;
  /** The number after that of the first SYN. */
  #afterSyn: number | undefined;
  #isEstablished = false;

  constructor(treatment: Treatment, random: Random) {
    this.treatment = treatment;
    const half = (): Half => ({
      offset: treatment.randomises ? readU32(random(4), 0) : 0,
      acknowledged: undefined,
      hasData: false,
    });
    this.near = half();
    this.far = half();
  }

  /** The far end has answered, and the near one acknowledged it. */
  get isEstablished(): boolean {
    return this.#isEstablished;
  }

  /**
   * Whether a RST of the far end is to be believed. It bears the very number that the near end waits for (RFC 5961
   * section 3), or acknowledges its SYN: whoever only guesses ends no connection.
   */
  believesReset({ payloadOffset: start, totalLength }: IpHeader, packet: Uint8Array): boolean {
    if (start + HEADER > totalLength) return false;
    const awaited = this.near.acknowledged;
    if (awaited !== undefined) return (readU32(packet, start + SEQUENCE_AT) + this.far.offset) >>> 0 === awaited;
    const acknowledged = readU32(packet, start + ACKNOWLEDGEMENT_AT);
    return hasFlag(packet, start, ACK) && (acknowledged - this.near.offset) >>> 0 === this.#afterSyn;
  }

  /** What is added to the numbers of segments of one way: to sequence and acknowledgement numbers. */
  shifts(way: Way): Readonly<{ sequence: number; acknowledgement: number }> {
    const [sender, receiver] = way === 'outward' ? [this.near, this.far] : [this.far, this.near];
    return { sequence: sender.offset, acknowledgement: -receiver.offset };
  }

  /** Somebody has passed segments of one way by these shifts alone; the last one acknowledged this, as it arrived. */
  noteCarried(way: Way, acknowledged: number, hasData: boolean): void {
    const sender = way === 'outward' ? this.near : this.far;
    if (hasData) sender.hasData = true;
    sender.acknowledged = acknowledged >>> 0;
    if (way === 'outward') this.#isEstablished = true;
  }

  /** Whether plain segments, with a timestamp at most, are passed with other numbers and nothing else. */
  get leavesPlainSegments(): boolean {
    const { options, verifiesChecksum } = this.treatment.cleaning;
    return !verifiesChecksum && options[OPTION_TIMESTAMP] === ALLOW;
  }

  /** Changes a segment on its way; says why it has to be dropped instead. Later fragments pass as they are. */
  pass(way: Way, header: IpHeader, packet: Uint8Array): DropReason | undefined {
    if (header.fragmentOffset > 0) return undefined;
    const { payloadOffset: start, totalLength: end } = header;
    const dataAt = start + ((packet[start + LENGTH_AT] ?? 0) >> 4) * 4;
    if (start + HEADER > end || dataAt < start + HEADER || dataAt > end) return 'malformed';
    const { cleaning, cleaned } = this.treatment;
    if (cleaning.verifiesChecksum && !header.moreFragments && !isRight(header, packet)) {
      cleaned.checksumDrops++;
      return 'bad-checksum';
    }
    const [sender, receiver] = way === 'outward' ? [this.near, this.far] : [this.far, this.near];
    const refused = this.#clean(packet, start, dataAt, receiver.offset);
    if (refused !== undefined) return refused;
    this.#note(way, sender, packet, start, end > dataAt);
    const covered = { start, checksumAt: start + CHECKSUM_AT };
    if (sender.offset !== 0) shift(packet, start + SEQUENCE_AT, sender.offset, covered);
    if (receiver.offset !== 0 && hasFlag(packet, start, ACK))
      shift(packet, start + ACKNOWLEDGEMENT_AT, -receiver.offset, covered);
    return undefined;
  }

  /** Gives a segment that `pass` has changed, or the beginning of one, the numbers of its sender again. */
  restore(sentBy: Way, segment: Uint8Array, start = 0, end = segment.length): void {
    const [sender, receiver] = sentBy === 'outward' ? [this.near, this.far] : [this.far, this.near];
    const covered = start + CHECKSUM_AT + 2 <= end ? { start, checksumAt: start + CHECKSUM_AT } : undefined;
    if (start + SEQUENCE_AT + 4 <= end) shift(segment, start + SEQUENCE_AT, -sender.offset, covered);
    if (start + HEADER <= end && hasFlag(segment, start, ACK))
      shift(segment, start + ACKNOWLEDGEMENT_AT, receiver.offset, covered);
  }

  #note(way: Way, sender: Half, packet: Uint8Array, start: number, hasData: boolean): void {
    const flags = packet[start + FLAGS_AT] ?? 0;
    if (hasData) sender.hasData = true;
    if (way === 'outward' && (flags & (SYN | ACK)) === SYN)
      this.#afterSyn = (readU32(packet, start + SEQUENCE_AT) + 1) >>> 0;
    if ((flags & ACK) === 0 || (flags & RST) !== 0) return;
    // As the segment arrived here: in numbers of who will send the RST, with what we have added to them.
    sender.acknowledged = readU32(packet, start + ACKNOWLEDGEMENT_AT);
    if (way === 'outward' && (flags & SYN) === 0) this.#isEstablished = true;
  }

  #clean(packet: Uint8Array, start: number, dataAt: number, offset: number): DropReason | undefined {
    const { cleaning, cleaned } = this.treatment;
    const covered = { start, checksumAt: start + CHECKSUM_AT };
    const flags = packet[start + FLAGS_AT] ?? 0;
    const length = packet[start + LENGTH_AT] ?? 0;
    if ((length & RESERVED) !== 0 && cleaning.reservedBits !== 'allow') {
      if (cleaning.reservedBits === 'drop') {
        cleaned.reservedDrops++;
        return 'tcp-reserved-bits';
      }
      patchByte(packet, start + LENGTH_AT, length & ~RESERVED, covered);
      cleaned.reservedCleared++;
    }
    if ((flags & URG) !== 0 && cleaning.urgentFlag === 'clear') {
      patchByte(packet, start + FLAGS_AT, flags & ~URG, covered);
      patchU16(packet, start + URGENT_AT, 0, covered);
      cleaned.urgentCleared++;
    }
    return dataAt === start + HEADER ? undefined : this.#cleanOptions(packet, start, dataAt, offset, covered);
  }

  #cleanOptions(
    packet: Uint8Array,
    start: number,
    end: number,
    offset: number,
    covered: Covered,
  ): DropReason | undefined {
    const { cleaning, cleaned } = this.treatment;
    for (let at = start + HEADER; at < end; ) {
      const kind = packet[at] ?? 0;
      if (kind === OPTION_END) return undefined;
      if (kind === OPTION_NOP) {
        at++;
        continue;
      }
      const length = at + 1 < end ? (packet[at + 1] ?? 0) : 0;
      // What stands behind it could be anything: nobody would see it the same way as we do.
      if (length < 2 || at + length > end) return 'malformed';
      const treatment = cleaning.options[kind] ?? ALLOW;
      if (treatment === DROP) {
        cleaned.optionDrops++;
        return 'tcp-option';
      }
      if (treatment !== ALLOW) {
        for (let i = at; i < at + length; i++) patchByte(packet, i, OPTION_NOP, covered);
        cleaned.optionsCleared++;
        if (SIGNATURES.has(kind)) cleaned.signaturesCleared++;
      } else if (kind === OPTION_SACK && offset !== 0) {
        for (let i = at + 2; i + 4 <= at + length; i += 4) shift(packet, i, -offset, covered);
      }
      at += length;
    }
    return undefined;
  }
}

/** Whether a segment begins a connection: SYN alone. */
export function isOpening(flags: number): boolean {
  return (flags & (SYN | ACK | RST | FIN)) === SYN;
}

function hasFlag(packet: Uint8Array, start: number, flag: number): boolean {
  return ((packet[start + FLAGS_AT] ?? 0) & flag) !== 0;
}

function shift(packet: Uint8Array, at: number, by: number, covered: Covered | undefined): void {
  const value = (readU32(packet, at) + by) >>> 0;
  if (covered === undefined) writeU32(packet, at, value);
  else patchU32(packet, at, value, covered);
}

function isRight(header: IpHeader, packet: Uint8Array): boolean {
  const { source, destination, protocol, payloadOffset: start, totalLength: end } = header;
  return internetChecksum(packet, pseudoHeaderSum(source, destination, protocol, end - start), start, end) === 0;
}
