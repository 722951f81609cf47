/** The test's side of `host-gateway.ts`: a gateway that makes its namespace the machine of its configuration. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { GatewayStatus } from '../../src/gateway/index.ts';
import type { ChildSaCounters } from '../../src/plane/contract.ts';
import type { Namespace } from './namespaces.ts';
import type { Running } from './process.ts';
import { until } from './until.ts';

const PROGRAM = fileURLToPath(new URL('host-gateway.ts', import.meta.url));

export type HostView = Readonly<{
  status: GatewayStatus;
  childSas: readonly ChildSaCounters[];
  drops: Readonly<Record<string, number>>;
  counters: Readonly<Record<string, number>>;
  /** Our own UDP port of each IKE SA: 4500 where ESP is carried in UDP. */
  ports: readonly number[];
}>;

type Started = Readonly<{ ok: boolean; error?: Readonly<{ code: string; text: string; remedy?: string }> }>;

export class HostProcess {
  readonly process: Running;
  readonly #path: string;
  readonly #lines: string[] = [];

  constructor(at: Namespace, text: string, settings: Readonly<Record<string, unknown>> = {}) {
    this.#path = join(at.folder, 'gateway.cfg');
    writeFileSync(this.#path, text);
    const args = ['--import', 'tsx', PROGRAM, this.#path, JSON.stringify(settings)];
    this.process = at.spawn(process.execPath, args);
    createInterface({ input: this.process.child.stdout }).on('line', (line) => this.#lines.push(line));
  }

  /** How the start went. */
  async started(): Promise<Started> {
    return (await this.#next()) as Started;
  }

  async view(order = 'view'): Promise<HostView> {
    this.process.child.stdin.write(`${order}\n`);
    return (await this.#next()) as HostView;
  }

  async reload(text: string): Promise<void> {
    writeFileSync(this.#path, text);
    await this.view('reload');
  }

  untilUp(tunnels = 1): Promise<HostView> {
    return until(`${tunnels} tunnels`, async () => {
      const view = await this.view();
      return view.status.tunnelsUp === tunnels ? view : undefined;
    });
  }

  async #next(): Promise<unknown> {
    const line = await until('an answer', () => this.#lines.shift() ?? (this.process.runs() && undefined));
    return JSON.parse(line);
  }
}
