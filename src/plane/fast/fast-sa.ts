/** A child SA as the fast path has it, and the orders by which it comes to know of one. */
import { inferSequence, LatenessHistogram, ReplayWindow } from '../../esp/index.ts';
import type { FastMemory, SaSlot } from './fast-memory.ts';

/** One end, as text and number: orders cross from thread to thread. */
export type FastEnd = Readonly<{ address: string; port: number }>;

/** Keys of one direction; the salt of an AEAD stands at the end of `key`. */
export type FastKeys = Readonly<{
  encr: number;
  keyBits: number;
  integ: number;
  key: Uint8Array;
  integKey: Uint8Array;
}>;

export type FastSaConfig = Readonly<{
  slot: number;
  /** Of this description: a flow that was judged by another one does not hold. */
  serial: number;
  inboundSpi: number;
  outboundSpi: number;
  esn: boolean;
  replayWindow: number;
  inbound: FastKeys;
  outbound: FastKeys;
  local: FastEnd;
  remote: FastEnd;
  udpEncapsulation: boolean;
  /** Device of the VRF of its outer packets, in the machine; '' for none. */
  vrf: string;
}>;

export type FastOrder = Readonly<{ kind: 'set-sa'; sa: FastSaConfig } | { kind: 'forget-sa'; slot: number }>;

/** Sizes of a cipher with its integrity check. */
export type CipherShape = Readonly<{ ivLength: number; icvLength: number; blockLength: number }>;

/** Both directions of one SA, on places of the arena. A cipher may write up to 64 bytes more than it says. */
export type PacketCipher = CipherShape &
  Readonly<{
    /** SPI and sequence number stand at `esp`; IV, ciphertext and ICV are written behind them. */
    seal: (esp: number, from: number, length: number, sequence: number) => void;
    /** From SPI to ICV; gives the length of the plaintext at `to`, or -1 when the ICV is wrong. */
    open: (esp: number, length: number, to: number, sequence: number) => number;
    /** Forgets the keys. */
    end: () => void;
  }>;

export type MakeCipher = (config: FastSaConfig) => PacketCipher | undefined;

const LAST_SEQUENCE = 0xffff_ffff;
const LAST_EXTENDED_SEQUENCE = 2 ** 48 - 1;
/** As the software plane has it where nothing is checked for replays. */
const INFERENCE_WINDOW = 64;

export class FastSa {
  readonly config: FastSaConfig;
  readonly slot: SaSlot;
  readonly cipher: PacketCipher;
  readonly window: ReplayWindow;
  readonly late: LatenessHistogram;
  readonly lastSequence: number;
  /** Family of the outer packets. */
  readonly outerFamily: 4 | 6;
  /** Packets handed to the main thread up to and with the last one that nothing was known of but its SA. */
  slowUntil = 0;
  /** When one was handed over because it was refused, by reason, so that it is told of; at most one in a while. */
  readonly refusedAt = new Float64Array(5).fill(-Infinity);

  constructor(config: FastSaConfig, memory: FastMemory, cipher: PacketCipher) {
    this.config = config;
    this.cipher = cipher;
    this.slot = memory.slot(config.slot);
    this.window = new ReplayWindow(config.replayWindow, 0, this.slot.inbound);
    this.late = new LatenessHistogram(this.slot.inbound.lateness);
    this.lastSequence = config.esn ? LAST_EXTENDED_SEQUENCE : LAST_SEQUENCE;
    this.outerFamily = config.remote.address.includes(':') ? 6 : 4;
  }

  /** Length of the ESP packet around an inner packet. */
  sealedLength(inner: number): number {
    const { ivLength, icvLength } = this.cipher;
    return 8 + ivLength + this.paddedLength(inner) + icvLength;
  }

  /** Inner packet, padding and the trailer's two bytes: a multiple of the cipher's block and of four. */
  paddedLength(inner: number): number {
    const block = Math.max(this.cipher.blockLength, 4);
    return Math.ceil((inner + 2) / block) * block;
  }

  /** The whole sequence number of a packet that carries `low`; -1 where there is none. */
  sequenceOf(low: number): number {
    if (!this.config.esn) return low;
    return inferSequence(low, this.window.highest, this.window.size || INFERENCE_WINDOW) ?? -1;
  }

  /** Adds to one of the fast path's own numbers. */
  count(place: number, by: number): void {
    const { numbers } = this.slot;
    numbers[place] = (numbers[place] ?? 0) + by;
  }
}

/** The SAs that a fast path has, by slot and by inbound SPI. */
export class FastSas {
  readonly #memory: FastMemory;
  readonly #makeCipher: MakeCipher;
  readonly #bySlot = new Map<number, FastSa>();
  readonly #bySpi = new Map<number, FastSa>();

  constructor(memory: FastMemory, makeCipher: MakeCipher) {
    this.#memory = memory;
    this.#makeCipher = makeCipher;
  }

  get size(): number {
    return this.#bySlot.size;
  }

  /** Obeys; gives the SA that is new or differs. */
  obey(order: FastOrder): FastSa | undefined {
    const slot = order.kind === 'set-sa' ? order.sa.slot : order.slot;
    const known = this.#bySlot.get(slot);
    if (known !== undefined) {
      this.#bySlot.delete(slot);
      if (this.#bySpi.get(known.config.inboundSpi) === known) this.#bySpi.delete(known.config.inboundSpi);
      known.cipher.end();
    }
    if (order.kind === 'forget-sa') return undefined;
    const cipher = this.#makeCipher(order.sa);
    if (cipher === undefined) return undefined;
    const sa = new FastSa(order.sa, this.#memory, cipher);
    this.#bySlot.set(slot, sa);
    this.#bySpi.set(order.sa.inboundSpi, sa);
    return sa;
  }

  inSlot(slot: number): FastSa | undefined {
    return this.#bySlot.get(slot);
  }

  withSpi(spi: number): FastSa | undefined {
    return this.#bySpi.get(spi);
  }

  all(): Iterable<FastSa> {
    return this.#bySlot.values();
  }

  clear(): void {
    for (const slot of [...this.#bySlot.keys()]) this.obey({ kind: 'forget-sa', slot });
  }
}
