/** The sending half of an ESP SA, RFC 4303 section 3.3. */
import { type Random, writeU32 } from '../base/index.ts';
import type { Protector } from '../crypto/index.ts';
import { ALIGNMENT, HEADER_LENGTH, TRAILER_LENGTH, TWO_32 } from './packet.ts';

export type OutboundEspOptions = Readonly<{
  spi: number;
  protector: Protector;
  /** Extended (64-bit) sequence numbers, as negotiated. */
  esn: boolean;
  random: Random;
  /** Number of the last packet sent: 0 for a new SA. */
  sequence?: number;
}>;

/** RFC 4303 section 3.3.3: without ESN the counter must not cycle. */
const LAST_SEQUENCE = TWO_32 - 1;

/** With ESN we stop where the 48-bit counter that AEAD IVs are made from ends. */
const LAST_EXTENDED_SEQUENCE = 2 ** 48 - 1;

export class OutboundEsp {
  readonly spi: number;
  readonly #protector: Protector;
  readonly #random: Random;
  readonly #esn: boolean;
  readonly #last: number;
  readonly #alignment: number;
  /** AAD of AEAD with ESN (SPI, high, low); its middle is the suffix that CBC appends to what the ICV covers. */
  readonly #extended = new Uint8Array(12);
  #sequence: number;

  constructor({ spi, protector, esn, random, sequence = 0 }: OutboundEspOptions) {
    this.spi = spi;
    this.#protector = protector;
    this.#random = random;
    this.#esn = esn;
    this.#last = esn ? LAST_EXTENDED_SEQUENCE : LAST_SEQUENCE;
    this.#alignment = Math.max(ALIGNMENT, protector.blockLength);
    this.#sequence = sequence;
    writeU32(this.#extended, 0, spi);
  }

  /** Number of the last packet sent. */
  get sequence(): number {
    return this.#sequence;
  }

  /**
   * The ESP packet, SPI to ICV, around `inner`, behind room for what goes in front of it. The caller rekeys long before the
   * numbers run out.
   */
  seal(inner: Uint8Array, nextHeader: number, headroom = 0): Uint8Array | 'sequence-exhausted' {
    if (this.#sequence >= this.#last) return 'sequence-exhausted';
    const sequence = ++this.#sequence;
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
