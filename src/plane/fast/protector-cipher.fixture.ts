/** Node's own ciphers in the shape of the fast path's, for tests of all but the ciphers. */
import { type Random, SecretKey } from '../../base/index.ts';
import { createProtector, type Protector } from '../../crypto/index.ts';
import type { Arena } from './arena.ts';
import type { FastKeys, FastSaConfig, MakeCipher, PacketCipher } from './fast-sa.ts';

const HEADER = 8;

export function protectorCiphers(arena: Arena, random: Random): MakeCipher {
  return (config) => new ProtectorCipher(arena, random, config);
}

class ProtectorCipher implements PacketCipher {
  readonly ivLength: number;
  readonly icvLength: number;
  readonly blockLength: number;
  readonly #arena: Arena;
  readonly #random: Random;
  readonly #esn: boolean;
  readonly #sealing: Protector;
  readonly #opening: Protector;

  constructor(arena: Arena, random: Random, config: FastSaConfig) {
    this.#arena = arena;
    this.#random = random;
    this.#esn = config.esn;
    this.#sealing = protectorOf(config.outbound);
    this.#opening = protectorOf(config.inbound);
    const { ivLength, icvLength, blockLength } = this.#sealing;
    this.ivLength = ivLength;
    this.icvLength = icvLength;
    this.blockLength = blockLength;
  }

  seal(esp: number, from: number, length: number, sequence: number): void {
    const { bytes } = this.#arena;
    const iv = this.#sealing.makeIv(sequence, this.#random);
    bytes.set(iv, esp + HEADER);
    const [aad, suffix] = this.#covered(esp, sequence, this.#sealing);
    bytes.set(this.#sealing.seal(iv, aad, bytes.slice(from, from + length), suffix), esp + HEADER + iv.length);
  }

  open(esp: number, length: number, to: number, sequence: number): number {
    const { bytes } = this.#arena;
    const start = esp + HEADER + this.ivLength;
    const [aad, suffix] = this.#covered(esp, sequence, this.#opening);
    const plain = this.#opening.open(bytes.slice(esp + HEADER, start), aad, bytes.slice(start, esp + length), suffix);
    if (plain === undefined) return -1;
    bytes.set(plain, to);
    return plain.length;
  }

  end(): void {
    // Nothing is held outside the heap.
  }

  #covered(esp: number, sequence: number, { aead }: Protector): readonly [Uint8Array, Uint8Array] {
    const header = this.#arena.bytes.slice(esp, esp + HEADER);
    if (!this.#esn) return [header, new Uint8Array(0)];
    const extended = new Uint8Array(12);
    extended.set(header.subarray(0, 4));
    const view = new DataView(extended.buffer);
    view.setUint32(4, Math.floor(sequence / 0x1_0000_0000));
    view.setUint32(8, sequence % 0x1_0000_0000);
    return aead ? [extended, new Uint8Array(0)] : [header, extended.slice(4, 8)];
  }
}

function protectorOf({ encr, keyBits, integ, key, integKey }: FastKeys): Protector {
  const own = integKey.length > 0 ? { integKey: new SecretKey(integKey) } : {};
  return createProtector({ encr, keyBits, integ, key: new SecretKey(key), ...own });
}
