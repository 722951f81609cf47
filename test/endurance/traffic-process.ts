/** The test's side of `traffic.ts`. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Namespace } from '../peers/namespaces.ts';
import type { Running } from '../peers/process.ts';
import { until } from '../peers/until.ts';
import type { StreamCounts } from './numbered-stream.ts';

const PROGRAM = fileURLToPath(new URL('traffic.ts', import.meta.url));
/** Ahead of what is tested: it must not be what is late. */
const NICE = ['-n', '-13'] as const;

export type Told = Partial<StreamCounts> &
  Readonly<{
    at: number;
    sent?: number;
    refused?: number;
    droppedHere?: number;
    wrong?: number;
    isOver?: boolean;
    error?: string;
    listens?: boolean;
  }>;

export class Traffic {
  readonly #running: Running;
  #told: Told = { at: 0 };

  constructor(at: Namespace, role: 'probes' | 'send' | 'receive', ...words: readonly (string | number)[]) {
    const program = [process.execPath, '--import', 'tsx', PROGRAM, role, ...words.map(String)];
    this.#running = at.spawn('nice', [...NICE, ...program]);
    createInterface({ input: this.#running.child.stdout }).on('line', (line) => {
      this.#told = JSON.parse(line) as Told;
    });
  }

  /** What it last told. */
  get told(): Told {
    return this.#told;
  }

  runs(): true {
    return this.#running.runs();
  }

  untilReceiving(): Promise<unknown> {
    return until('a stream flows', () => this.runs() && (this.#told.received ?? 0) > 0, 60_000);
  }

  untilListening(): Promise<unknown> {
    return until('a receiver listens', () => this.runs() && (this.#told.at > 0 || undefined));
  }

  /** Sends no more; what it receives it goes on to count. */
  pause(): void {
    this.#running.child.stdin.write('stop\n');
  }

  /** What it told last, of a moment after this call. */
  async last(): Promise<Told> {
    const now = Date.now();
    return until('the last count', () => this.runs() && this.#told.at > now && this.#told);
  }

  stop(): Promise<void> {
    return this.#running.stop('SIGKILL');
  }
}
