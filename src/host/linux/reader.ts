/** The main thread's side of the reader: what it reads from, what it has read, and never more than memory is for. */
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { fail, ok, type Result, type SecretKey } from '../../base/index.ts';
import { type FastMemory, type FastOrder, handled } from '../../plane/index.ts';
import type { SystemFault } from '../system.ts';
import { systemFault } from './errno.ts';
import type { Libc } from './libc.ts';
import { unpackBatch } from './packet-batch.ts';
import {
  type Descriptor,
  type FastData,
  MOST_OUTSTANDING,
  type ReaderData,
  type ReaderOrder,
  type ReaderReport,
  readerCounters,
  SHARED_BYTES,
  type Source,
  sharedCounters,
  sharedWords,
  Word,
} from './reader-protocol.ts';
import { EventFlag } from './socket-numbers.ts';

export type ReaderListener = Readonly<{
  /** Packets of one batch in order, each with the id of the source it came from. */
  packets: (walk: (each: (id: number, packet: Uint8Array) => void) => void) => void;
  /** A descriptor that has nothing to give any more; it is still open. */
  gone: (id: number, errno: number) => void;
  cookies: (challenges: number, refused: number, lost: number) => void;
  failed: (fault: SystemFault) => void;
}>;

type FastOptions = Omit<FastData, 'memory'> & Readonly<{ memory: FastMemory }>;

/** How long to wait for the reader to let go of a descriptor; it takes about as long as one round does. */
const LONGEST_WAIT_MS = 5000;

export class Reader {
  readonly #libc: Libc;
  readonly #listener: ReaderListener;
  readonly #wakeFd: number;
  readonly #shared = new SharedArrayBuffer(SHARED_BYTES);
  readonly #words = sharedWords(this.#shared);
  readonly #worker: Worker;
  readonly #sources = new Map<number, Descriptor>();
  readonly #memory: FastMemory | undefined;
  /** Orders to the fast path that the reader has not got yet. */
  #fastOrders: FastOrder[] = [];
  /** Sources that the reader has been told of. */
  readonly #told = new Set<number>();
  #secrets: readonly Readonly<{ version: number; key: SecretKey }>[] = [];
  #state: 'starting' | 'running' | 'failed' | 'closed' = 'starting';
  #lastId = 0;
  #sequence = 0;
  // At the end of the process Node waits for the thread, which would sit in `poll` for up to a second.
  readonly #atExit = (): void => this.#end();

  private constructor(libc: Libc, wakeFd: number, listener: ReaderListener, fast: FastOptions | undefined) {
    this.#libc = libc;
    this.#wakeFd = wakeFd;
    this.#listener = listener;
    this.#memory = fast?.memory;
    this.#worker = startWorker({
      wakeFd,
      shared: this.#shared,
      ...(fast === undefined ? {} : { fast: { ...fast, memory: fast.memory.buffer } }),
    });
    this.#worker.on('message', (report: ReaderReport) => this.#take(report));
    this.#worker.on('error', (error: unknown) => this.#fail(error instanceof Error ? error.message : String(error)));
    this.#worker.on('exit', () => this.#fail('it ended by itself'));
    process.on('exit', this.#atExit);
  }

  /** `fast`: there shall be a fast path, which has to be possible here. */
  static open(libc: Libc, listener: ReaderListener, fast?: FastOptions): Result<Reader, SystemFault> {
    const wakeFd = libc.eventfd(0, EventFlag.NONBLOCK | EventFlag.CLOEXEC);
    if (wakeFd < 0) return fail(systemFault('eventfd', wakeFd, 'make what wakes the reader'));
    return ok(new Reader(libc, wakeFd, listener, fast));
  }

  /** Reads from these too; answers their ids. */
  add(descriptors: readonly Descriptor[]): readonly number[] {
    const added = descriptors.map((descriptor): Source => ({ id: ++this.#lastId, descriptor }));
    for (const { id, descriptor } of added) this.#sources.set(id, descriptor);
    if (this.#state === 'running') this.#order(added, []);
    return added.map(({ id }) => id);
  }

  /** Lets go of sources and closes their descriptors, for certain when it returns. */
  remove(ids: readonly number[]): void {
    const known = ids.filter((id) => this.#sources.has(id));
    const told = known.filter((id) => this.#told.delete(id));
    if (told.length > 0 && this.#state === 'running') {
      this.#order([], told);
      if (!this.#awaitObedience()) return;
    }
    for (const id of known) {
      const descriptor = this.#sources.get(id);
      this.#sources.delete(id);
      if (descriptor !== undefined) this.#libc.close(descriptor.fd);
    }
  }

  /** Has the reader demand cookies of strangers; without secrets it stops. */
  demandCookies(secrets: readonly Readonly<{ version: number; key: SecretKey }>[]): void {
    this.#secrets = secrets;
    if (this.#state === 'running') this.#order([], []);
  }

  /** Has the fast path know of an SA, or forget it; soon, with others. */
  orderFast(order: FastOrder): void {
    this.#fastOrders.push(order);
    if (this.#fastOrders.length > 1) return;
    queueMicrotask(() => {
      if (this.#state === 'running' && this.#fastOrders.length > 0) this.#order([], []);
    });
  }

  counters(): Readonly<Record<string, number>> {
    const values = sharedCounters(this.#shared);
    return Object.fromEntries(readerCounters.map((name, i) => [name, values[i] ?? 0]));
  }

  close(): void {
    this.remove([...this.#sources.keys()]);
    this.#state = 'closed';
    process.off('exit', this.#atExit);
    this.#end();
    // The thread may still be about to read it once more: it is closed when the thread is gone.
    this.#worker.once('exit', () => this.#libc.close(this.#wakeFd));
  }

  #take(report: ReaderReport): void {
    switch (report.kind) {
      case 'ready':
        if (this.#state !== 'starting') return;
        this.#state = 'running';
        this.#order(
          [...this.#sources].map(([id, descriptor]) => ({ id, descriptor })),
          [],
        );
        return;
      case 'packets':
        this.#consume(report);
        return;
      case 'cookies-answered':
        if (this.#state === 'running') this.#listener.cookies(report.challenges, report.refused, report.lost);
        return;
      case 'gone':
        if (this.#told.delete(report.id)) this.#listener.gone(report.id, report.errno);
        return;
      default:
        report satisfies never;
    }
  }

  #consume(report: Extract<ReaderReport, { kind: 'packets' }>): void {
    try {
      if (this.#state === 'running') this.#listener.packets((each) => unpackBatch(report, each));
    } finally {
      if (this.#memory !== undefined) handled(this.#memory, report.index.byteLength / 8);
      Atomics.add(this.#words, Word.CONSUMED, report.weight);
      const left = (Atomics.load(this.#words, Word.POSTED) - Atomics.load(this.#words, Word.CONSUMED)) | 0;
      if (left < MOST_OUTSTANDING / 2 && Atomics.exchange(this.#words, Word.STALLED, 0) === 1) this.#wake();
    }
  }

  #order(add: readonly Source[], remove: readonly number[]): void {
    for (const { id } of add) this.#told.add(id);
    this.#sequence = (this.#sequence + 1) | 0;
    const fast = this.#fastOrders.splice(0);
    const secrets = this.#secrets.map(({ version, key }) => ({ version, key: key.reveal() }));
    this.#worker.postMessage({ sequence: this.#sequence, add, remove, secrets, fast } satisfies ReaderOrder);
    this.#wake();
  }

  #awaitObedience(): boolean {
    for (;;) {
      const seen = Atomics.load(this.#words, Word.ACKNOWLEDGED);
      if (seen === this.#sequence) return true;
      if (Atomics.wait(this.#words, Word.ACKNOWLEDGED, seen, LONGEST_WAIT_MS) !== 'timed-out') continue;
      this.#fail('it does not answer');
      return false;
    }
  }

  #end(): void {
    Atomics.store(this.#words, Word.END, 1);
    this.#wake();
  }

  #wake(): void {
    this.#libc.write(this.#wakeFd, ONE, 8);
  }

  #fail(reason: string): void {
    if (this.#state === 'closed' || this.#state === 'failed') return;
    this.#state = 'failed';
    this.#listener.failed({
      call: 'worker',
      code: 'EIO',
      text: `Nothing is received any more, because the thread that reads packets failed: ${reason}.`,
      remedy: 'Start the gateway anew.',
    });
  }
}

const ONE = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);

/** Bundled, the thread has a file of its own beside this one; from sources it needs what reads TypeScript first. */
function startWorker(workerData: ReaderData): Worker {
  const options = { name: 'wheelwright-reader', workerData };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./reader.mjs', import.meta.url), options);
  const reader = JSON.stringify(new URL('./reader-worker.ts', import.meta.url).href);
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const start = `import(${loader}).then((loader) => { loader.register(); return import(${reader}); });`;
  return new Worker(start, { ...options, eval: true });
}
