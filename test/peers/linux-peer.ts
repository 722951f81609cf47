/** The test's side of `linux-driver.ts`: orders to a `System` in a namespace, and what it reported. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Namespace } from './namespaces.ts';
import type { Running } from './process.ts';
import { until } from './until.ts';

const DRIVER = fileURLToPath(new URL('./linux-driver.ts', import.meta.url));

export type Answer = Readonly<{ ok: boolean; value?: unknown; error?: Readonly<Record<string, string>> }>;
export type Report = Readonly<{
  kind: string;
  packets?: readonly string[];
  device?: string;
  name?: string;
  link?: Readonly<{
    name: string;
    up: boolean;
    mtu: number;
    addresses: readonly { address: string; length: number }[];
  }>;
  fault?: Readonly<Record<string, string>>;
}>;

export class LinuxPeer {
  readonly process: Running;
  readonly events: Report[] = [];
  readonly #waiting = new Map<number, (answer: unknown) => void>();
  #opened: Answer | undefined;
  #last = 0;

  private constructor(running: Running) {
    this.process = running;
    createInterface({ input: running.child.stdout }).on('line', (line) => {
      const told = JSON.parse(line);
      if (told.opened !== undefined) this.#opened = told.opened;
      else if (told.event !== undefined) this.events.push(told.event);
      else if (told.id !== undefined) this.#waiting.get(told.id)?.(told.answer);
    });
  }

  /** `through`: a program with its arguments that starts the driver, such as one that takes capabilities away. */
  static start(at: Namespace, through: readonly string[] = []): LinuxPeer {
    const [command = '', ...args] = [...through, process.execPath, '--import', 'tsx', DRIVER];
    return new LinuxPeer(at.spawn(command, args));
  }

  opened(): Promise<Answer> {
    return until('the system to open', () => this.#opened);
  }

  order(order: string, ...given: readonly unknown[]): Promise<unknown> {
    const id = ++this.#last;
    this.process.runs();
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error(`${order}: the driver has ended:\n${this.process.output}`));
      this.process.child.once('exit', ended);
      this.#waiting.set(id, (answer) => {
        this.#waiting.delete(id);
        this.process.child.off('exit', ended);
        resolve(answer);
      });
      this.process.child.stdin.write(`${JSON.stringify({ id, order, arguments: given })}\n`);
    });
  }

  /** An order that answers a `Result`. */
  async result(order: string, ...given: readonly unknown[]): Promise<Answer> {
    return (await this.order(order, ...given)) as Answer;
  }

  async succeeds(order: string, ...given: readonly unknown[]): Promise<unknown> {
    const answer = await this.result(order, ...given);
    if (!answer.ok) throw new Error(`${order}: ${answer.error?.['text']}`);
    return answer.value;
  }

  /** The first report that fits, those of the past included. */
  report(what: string, fits: (report: Report) => boolean): Promise<Report> {
    return until(what, () => this.events.find(fits));
  }

  /** The first packet of a kind of report that fits, as bytes. */
  packet(what: string, kind: 'outer' | 'inner', fits: (packet: Uint8Array) => boolean): Promise<Uint8Array> {
    return until(what, () => {
      const packets = this.events.filter((event) => event.kind === kind).flatMap(({ packets }) => packets ?? []);
      return packets.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))).find(fits);
    });
  }
}
