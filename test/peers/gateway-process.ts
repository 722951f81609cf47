/** One of our gateways in a namespace, as tests drive it. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type {
  Answer,
  CredentialTexts,
  GatewayView,
  IkeSaView,
  Order,
  PingView,
  SettingsOrder,
} from './gateway-orders.ts';
import type { Namespace } from './namespaces.ts';
import type { Running } from './process.ts';
import { until } from './until.ts';

const PROGRAM = fileURLToPath(new URL('udp-gateway.ts', import.meta.url));
const ANSWER_LIMIT_MS = 20_000;

export type GatewayProcessOptions = Readonly<{
  /** How many times as fast as the real one its time passes. */
  rate?: number;
  /** Of every packet, each way. */
  delayMs?: number;
  /** It sends and hears nothing. */
  isDeaf?: boolean;
  /** File for all that it is given; its randomness has a fixed seed then. */
  record?: string;
}>;

export class GatewayProcess {
  readonly #running: Running;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #ids = 0;

  constructor(namespace: Namespace, { rate = 1, delayMs = 0, isDeaf = false, record }: GatewayProcessOptions = {}) {
    const options = [
      '--rate',
      String(rate),
      '--delay',
      String(delayMs),
      ...(isDeaf ? ['--deaf'] : []),
      ...(record === undefined ? [] : ['--record', record]),
    ];
    this.#running = namespace.spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...options]);
    const lines = createInterface({ input: this.#running.child.stdout });
    lines.on('line', (line) => {
      const { id, answer } = JSON.parse(line) as Readonly<{ id: number; answer: Answer }>;
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
  }

  async configure(text: string, credentials?: CredentialTexts): Promise<void> {
    await this.#ask({ kind: 'configure', text, ...(credentials === undefined ? {} : { credentials }) });
  }

  /** What no line of the configuration says about peers. */
  async settings(settings: readonly SettingsOrder[]): Promise<void> {
    await this.#ask({ kind: 'settings', settings });
  }

  async view(): Promise<GatewayView> {
    return (await this.#ask({ kind: 'view' })) as GatewayView;
  }

  async ping(destination: string, options: Partial<Extract<Order, { kind: 'ping' }>> = {}): Promise<PingView> {
    const order = { kind: 'ping', destination, count: 1, size: 100, timeoutMs: 1_000, ...options } as const;
    return (await this.#ask(order)) as PingView;
  }

  async clear(what: 'ike' | 'child', remote?: string): Promise<void> {
    await this.#ask({ kind: `clear-${what}`, ...(remote === undefined ? {} : { remote }) });
  }

  /** A clean stop: peers are told. */
  async shutdown(): Promise<void> {
    await this.#ask({ kind: 'shutdown' });
  }

  /** Waits until an IKE SA is up with at least one child SA that is not being replaced, and gives it. */
  untilUp(patienceMs?: number, isWanted: (sa: IkeSaView) => boolean = () => true): Promise<IkeSaView> {
    const found = async () =>
      (await this.view()).sas.find((sa) => sa.status === 'established' && sa.children.length > 0 && isWanted(sa));
    return until('an IKE SA with a child SA', found, patienceMs);
  }

  suspend(): void {
    this.#running.signal('SIGSTOP');
  }

  resume(): void {
    this.#running.signal('SIGCONT');
  }

  stop(signal?: NodeJS.Signals): Promise<void> {
    return this.#running.stop(signal);
  }

  log(): string {
    return this.#running.output.replace(/^\{"id".*\n/gm, '');
  }

  #ask(order: Order): Promise<Answer> {
    this.#running.runs();
    const id = ++this.#ids;
    this.#running.child.stdin.write(`${JSON.stringify({ id, order })}\n`);
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error(`no answer to ${order.kind}\n${this.log().slice(-2_000)}`));
      const late = setTimeout(fail, ANSWER_LIMIT_MS);
      this.#running.child.once('exit', fail);
      this.#waiting.set(id, (answer) => {
        clearTimeout(late);
        this.#running.child.off('exit', fail);
        resolve(answer);
      });
    });
  }
}
