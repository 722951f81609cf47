/** The fast path without its thread: packets are handed in where they stand in the arena, and leave by the options. */
import type { Arena } from './arena.ts';
import { COALESCER_BYTES, Coalescer } from './coalescer.ts';
import { FastInbound } from './fast-inbound.ts';
import { type FastMemory, GlobalWord } from './fast-memory.ts';
import { FastOutbound } from './fast-outbound.ts';
import { FastSas, type MakeCipher } from './fast-sa.ts';
import { FlowTable } from './flow-table.ts';
import { OrderKeeper } from './order-keeper.ts';
import { BATCH_BYTES, type SealedBatch } from './sealed-batch.ts';

export type FastPathOptions = Readonly<{
  memory: FastMemory;
  arena: Arena;
  /** Place of `FAST_PATH_BYTES` in the arena, even. */
  place: number;
  makeCipher: MakeCipher;
  /** Whether devices take super-packets of UDP. */
  takesUdp: boolean;
  send: (batch: SealedBatch) => void;
  write: (device: number, at: number, length: number) => void;
  /** A packet of a device for the software plane; `order.handed` is the caller's to count. */
  handOver: (device: number, at: number, length: number) => void;
  /** A packet of a device that was none. */
  refuse: () => void;
  /** Waits a little for the main thread to handle what was handed over. */
  catchUp: (handed: number) => void;
  /** In milliseconds, as the plane counts them. */
  now: () => number;
}>;

const SCRATCH = 512;
export const FAST_PATH_BYTES = SCRATCH + BATCH_BYTES + COALESCER_BYTES + 64;

export class FastPath {
  readonly sas: FastSas;
  readonly outbound: FastOutbound;
  readonly inbound: FastInbound;
  readonly order: OrderKeeper;

  constructor(options: FastPathOptions) {
    const { memory, arena, place, makeCipher, takesUdp, write, now } = options;
    const flows = new FlowTable(memory);
    this.sas = new FastSas(memory, makeCipher);
    this.order = new OrderKeeper(memory, options.catchUp);
    const shared = { arena, memory, flows, sas: this.sas, order: this.order, now };
    const batchAt = place + SCRATCH;
    const { send, handOver, refuse } = options;
    this.outbound = new FastOutbound({ ...shared, scratch: place, batchAt, send, handOver, refuse });
    const even = (batchAt + BATCH_BYTES + 1) & ~1;
    const coalescer = new Coalescer({ arena, place: even, takesUdp, write });
    this.inbound = new FastInbound({ ...shared, coalescer });
  }

  /** Sends and writes what was gathered. */
  flush(): void {
    this.outbound.flush();
    this.inbound.flush();
  }
}

/** The main thread has handled so many packets that were handed to it. */
export function handled({ words }: FastMemory, count: number): void {
  Atomics.add(words, GlobalWord.HANDLED, count);
  Atomics.notify(words, GlobalWord.HANDLED);
}
