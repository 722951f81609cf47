/** The receiving half of an ESP SA, RFC 4303 section 3.4. */
import { EMPTY, fail, ok, type Result, readU32, writeU32 } from '../base/index.ts';
import type { Protector } from '../crypto/index.ts';
import { inferSequence } from './extended-sequence.ts';
import { type Lateness, LatenessHistogram } from './lateness.ts';
import { HEADER_LENGTH, TRAILER_LENGTH, TWO_32 } from './packet.ts';
import { type ReplayMemory, ReplayWindow } from './replay-window.ts';

/** Why an ESP packet is dropped; the same words are the counters that operators see. */
export type EspDrop = 'bad-length' | 'replayed' | 'too-old' | 'integrity-failed' | 'bad-padding';

/** What was inside. Next header 59 is a dummy packet (section 2.6), which the caller drops. */
export type OpenedEsp = Readonly<{ inner: Uint8Array; nextHeader: number }>;

export type InboundEspOptions = Readonly<{
  spi: number;
  protector: Protector;
  /** Extended (64-bit) sequence numbers, as negotiated. */
  esn: boolean;
  /** Packets, 64 to 1024; 0: no replay check. */
  replayWindow: number;
  /** Highest number accepted so far, none at or below which is taken again: 0 for a new SA. */
  highest?: number;
  /** Where another thread opens packets of this SA as well. */
  memory?: InboundMemory;
}>;

/** What those who open packets of one SA share: the window, how late packets came, and how late the latest. */
export type InboundMemory = ReplayMemory & Readonly<{ lateness: Float64Array; furthestBehind: Float64Array }>;

/** Window by which high bits are inferred where the replay check is off. */
const INFERENCE_WINDOW = 64;

/** With ESN, what fails and may have come this much too late is taken for late, not for one of four billion ahead. */
const PLAUSIBLY_LATE = 2 ** 20;

export class InboundEsp {
  readonly spi: number;
  readonly #protector: Protector;
  readonly #esn: boolean;
  readonly #window: ReplayWindow;
  readonly #late: LatenessHistogram;
  readonly #furthestBehind: Float64Array;
  /** AAD of AEAD with ESN (SPI, high, low); its middle is the suffix that CBC appends to what the ICV covers. */
  readonly #extended = new Uint8Array(12);

  constructor({ spi, protector, esn, replayWindow, highest = 0, memory }: InboundEspOptions) {
    this.spi = spi;
    this.#protector = protector;
    this.#esn = esn;
    this.#window = new ReplayWindow(replayWindow, highest, memory);
    this.#late = new LatenessHistogram(memory?.lateness);
    this.#furthestBehind = memory?.furthestBehind ?? new Float64Array(1);
    writeU32(this.#extended, 0, spi);
  }

  /** Highest authentic sequence number so far. */
  get highest(): number {
    return this.#window.highest;
  }

  /**
   * How far behind the newest number the latest of the packets was that were dropped as too old: a window of more than
   * this would have kept them all. They were not authenticated, so it is a hint for operators and nothing else.
   */
  get furthestBehind(): number {
    return this.#furthestBehind[0] ?? 0;
  }

  /** How late packets came, those that were dropped for it included; undefined while all came in order. */
  get lateness(): Lateness | undefined {
    return this.#late.lateness();
  }

  /** Newest packet is bit 0 of the first word; one 32-bit word for each 32 packets of window. */
  replayBitmap(): number[] {
    return this.#window.bitmap();
  }

  /** Opens one packet, SPI to ICV, that was addressed to this SA. `inner` shares no memory with it. */
  open(esp: Uint8Array): Result<OpenedEsp, EspDrop> {
    const { ivLength, icvLength, blockLength } = this.#protector;
    const start = HEADER_LENGTH + ivLength;
    const length = esp.length - start - icvLength;
    if (length < TRAILER_LENGTH || length % blockLength !== 0) return fail('bad-length');
    const sequence = this.#sequenceOf(readU32(esp, 4));
    if (sequence === undefined) return fail('too-old');
    // Section 3.4.3: check the replay window before the ICV, move it after.
    const refused = this.#window.check(sequence);
    if (refused === 'too-old') this.#tooOld(this.#window.highest - sequence);
    if (refused !== undefined) return fail(refused);
    const plaintext = this.#decrypt(esp, start, sequence);
    if (plaintext === undefined) return fail(this.#isLate(sequence) ? 'too-old' : 'integrity-failed');
    const behind = this.#window.highest - sequence;
    const taken = this.#window.accept(sequence);
    if (taken !== undefined) return fail(taken);
    if (behind > 0) this.#late.count(behind, true);
    return removeTrailer(plaintext);
  }

  #tooOld(behind: number): void {
    this.#furthestBehind[0] = Math.max(this.furthestBehind, behind);
    this.#late.count(behind, false);
  }

  /**
   * RFC 4303 appendix A2.2 takes a number below the window for one of the next subspace, for which its ICV is wrong. It
   * is counted as what a window without ESN would have called it, equally unauthenticated.
   */
  #isLate(sequence: number): boolean {
    if (!this.#esn || this.#window.size === 0) return false;
    const behind = this.#window.highest - (sequence - TWO_32);
    if (behind < this.#window.size || behind > PLAUSIBLY_LATE) return false;
    this.#tooOld(behind);
    return true;
  }

  #sequenceOf(low: number): number | undefined {
    if (!this.#esn) return low;
    return inferSequence(low, this.#window.highest, this.#window.size || INFERENCE_WINDOW);
  }

  #decrypt(esp: Uint8Array, start: number, sequence: number): Uint8Array | undefined {
    const protector = this.#protector;
    const header = esp.subarray(0, HEADER_LENGTH);
    const iv = esp.subarray(HEADER_LENGTH, start);
    const sealed = esp.subarray(start);
    if (!this.#esn) return protector.open(iv, header, sealed);
    const extended = this.#extended;
    extended.set(header.subarray(0, 4));
    writeU32(extended, 4, Math.floor(sequence / TWO_32));
    writeU32(extended, 8, sequence);
    return protector.aead
      ? protector.open(iv, extended, sealed, EMPTY)
      : protector.open(iv, header, sealed, extended.subarray(4, 8));
  }
}

/** Section 2.4: padding must be 1, 2, 3…; we check it although the ICV covers it, as the section asks of receivers. */
function removeTrailer(plaintext: Uint8Array): Result<OpenedEsp, 'bad-padding'> {
  const padLength = plaintext[plaintext.length - 2] ?? 0;
  const nextHeader = plaintext[plaintext.length - 1] ?? 0;
  const end = plaintext.length - TRAILER_LENGTH - padLength;
  if (end < 0) return fail('bad-padding');
  for (let i = 0; i < padLength; i++) {
    if (plaintext[end + i] !== i + 1) return fail('bad-padding');
  }
  return ok({ inner: plaintext.subarray(0, end), nextHeader });
}
