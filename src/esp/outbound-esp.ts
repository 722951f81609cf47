/** The sending half of an ESP SA, RFC 4303 section 3.3. */
import { type Random, writeU32 } from '../base/index.ts';
import type { Protector } from '../crypto/index.ts';
import { ALIGNMENT, HEADER_LENGTH, TRAILER_LENGTH, TWO_32 } from './packet.ts';
import type { Guard } from './replay-window.ts';

export type OutboundEspOptions = Readonly<{
  spi: number;
  protector: Protector;
  /** Extended (64-bit) sequence numbers, as negotiated. */
  esn: boolean;
  random: Random;
  /** Number of the last packet sent: 0 for a new SA. */
  sequence?: number;
  /** Where another thread seals packets of this SA as well. */
  memory?: OutboundMemory;
}>;

/** What those who seal packets of one SA share: the number of the last packet. */
export type OutboundMemory = Readonly<{ sequence: Float64Array; guard?: Guard }>;

/** RFC 4303 section 3.3.3: without ESN the counter must not cycle. */
const LAST_SEQUENCE = TWO_32 - 1;

/** With ESN we stop where the 48-bit counter that AEAD IVs are made from ends. */
const LAST_EXTENDED_SEQUENCE = 2 ** 48 - 1;

/** Takes `count` numbers in a row and gives the first of them; 0 when there are not as many below `last`. */
export function takeSequence({ sequence, guard }: OutboundMemory, count: number, last: number): number {
  guard?.enter();
  const first = (sequence[0] ?? 0) + 1;
  const isLeft = first + count - 1 <= last;
  if (isLeft) sequence[0] = first + count - 1;
  guard?.leave();
  return isLeft ? first : 0;
}

export class OutboundEsp {
  readonly spi: number;
  readonly #protector: Protector;
  readonly #random: Random;
  readonly #esn: boolean;
  readonly #last: number;
  readonly #alignment: number;
  /** AAD of AEAD with ESN (SPI, high, low); its middle is the suffix that CBC appends to what the ICV covers. */
  readonly #extended = new Uint8Array(12);
  readonly #memory: OutboundMemory;

  constructor({ spi, protector, esn, random, sequence = 0, memory }: OutboundEspOptions) {
    this.spi = spi;
    this.#protector = protector;
    this.#random = random;
    this.#esn = esn;
    this.#last = esn ? LAST_EXTENDED_SEQUENCE : LAST_SEQUENCE;
    this.#alignment = Math.max(ALIGNMENT, protector.blockLength);
    this.#memory = memory ?? { sequence: Float64Array.of(sequence) };
    writeU32(this.#extended, 0, spi);
  }

  /** Number of the last packet sent. */
  get sequence(): number {
    return this.#memory.sequence[0] ?? 0;
  }

  /**
   * The ESP packet, SPI to ICV, around `inner`, behind room for what goes in front of it. The caller rekeys long before the
   * numbers run out.
   */
  seal(inner: Uint8Array, nextHeader: number, headroom = 0): Uint8Array | 'sequence-exhausted' {
    const sequence = takeSequence(this.#memory, 1, this.#last);
    if (sequence === 0) return 'sequence-exhausted';
    const protector = this.#protector;
    const unpadded = inner.length + TRAILER_LENGTH;
    const length = Math.ceil(unpadded / this.#alignment) * this.#alignment;
    const ivAt = headroom + HEADER_LENGTH;
    const start = ivAt + protector.ivLength;
    const packet = new Uint8Array(start + length + protector.icvLength);
    writeU32(packet, headroom, this.spi);
    writeU32(packet, headroom + 4, sequence);
    const iv = protector.makeIv(sequence, this.#random);
    packet.set(iv, ivAt);
    packet.set(inner, start);
    writeTrailer(packet, start + inner.length, length - unpadded, nextHeader);
    // The cipher reads the plaintext where the ciphertext will be: one array for each packet.
    const plaintext = packet.subarray(start, start + length);
    if (!this.#esn) {
      protector.sealInto(packet, start, iv, packet.subarray(headroom, ivAt), plaintext);
    } else if (protector.aead) {
      protector.sealInto(packet, start, iv, this.#extend(sequence), plaintext);
    } else {
      const suffix = this.#extend(sequence).subarray(4, 8);
      protector.sealInto(packet, start, iv, packet.subarray(headroom, ivAt), plaintext, suffix);
    }
    return packet;
  }

  /** RFC 4106 section 5: SPI, then all 64 bits of the sequence number. */
  #extend(sequence: number): Uint8Array {
    writeU32(this.#extended, 4, Math.floor(sequence / TWO_32));
    writeU32(this.#extended, 8, sequence);
    return this.#extended;
  }
}

/** Padding 1, 2, 3… (section 2.4), its length and the next header. */
function writeTrailer(packet: Uint8Array, offset: number, padLength: number, nextHeader: number): void {
  for (let i = 0; i < padLength; i++) packet[offset + i] = i + 1;
  packet[offset + padLength] = padLength;
  packet[offset + padLength + 1] = nextHeader;
}
