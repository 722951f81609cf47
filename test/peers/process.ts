/** Programs that tests run: to their end with a time limit, or beside the test until it is over. Ended by their pid. */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

const RUN_LIMIT_MS = 30_000;
const STOP_GRACE_MS = 3_000;
const KEPT_OUTPUT = 2_000_000;

export type RunOptions = Readonly<{ input?: string; env?: Readonly<Record<string, string>>; limitMs?: number }>;

/** How a program ended; 127 stands for one that could not be started or was killed. */
export type Outcome = Readonly<{ status: number; stdout: string; stderr: string }>;

/** Runs a program to its end, whatever its exit status. */
export function outcomeOf(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...options.env };
    const limits = { timeout: options.limitMs ?? RUN_LIMIT_MS, maxBuffer: 64 << 20 };
    const child = execFile(command, [...args], { env, ...limits }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
      resolve({ status, stdout, stderr: status === 127 ? `${stderr}${error?.message ?? ''}` : stderr });
    });
    // A program that does not read to the end of its input is no fault of the test.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}

/** Runs a program that must succeed, and gives what it printed. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await outcomeOf(command, args, options);
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')}: exit ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** A program that runs beside the test. What it prints is kept. */
export class Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly #name: string;
  #output = '';
  #isOver = false;

  constructor(name: string, command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#name = name;
    this.child = spawn(command, [...args], { env: { ...process.env, ...env } });
    this.child.stdin.on('error', () => {});
    this.child.on('error', (error) => {
      this.#isOver = true;
      this.#keep(`${error.message}\n`);
    });
    this.child.on('exit', () => {
      this.#isOver = true;
    });
    this.child.stdout.on('data', (data: Buffer) => this.#keep(data.toString()));
    this.child.stderr.on('data', (data: Buffer) => this.#keep(data.toString()));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get output(): string {
    return this.#output;
  }

  /** True while it runs; fails, with what it printed, when it has ended. */
  runs(): true {
    if (this.#isOver) throw new Error(`${this.#name} has ended:\n${this.#output}`);
    return true;
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#isOver) this.child.kill(signal);
  }

  /** Asks it to end, waits, and kills it if it does not. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#isOver) return;
    const exit = once(this.child, 'exit');
    // One that is stopped would not hear of it.
    this.child.kill('SIGCONT');
    this.child.kill(signal);
    const grace = new AbortController();
    const late = setTimeout(STOP_GRACE_MS, 'late', { signal: grace.signal }).catch(() => 'ended');
    if ((await Promise.race([exit, late])) === 'late') {
      this.child.kill('SIGKILL');
      await exit;
    }
    grace.abort();
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-KEPT_OUTPUT);
  }
}
