/** Numbered echo requests, one after another, while a test does something else. */
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import type { Namespace } from './namespaces.ts';
import type { Running } from './process.ts';
import { until } from './until.ts';

const SHOWN = 5;

export class ProbeStream {
  readonly #ping: Running;
  /** Answers seen, the number that the next one must have, and those that had another. */
  #answers = 0;
  #next = 1;
  readonly #wrong: string[] = [];

  constructor(namespace: Namespace, destination: string, source: string, intervalMs: number) {
    const interval = (intervalMs / 1000).toFixed(3);
    this.#ping = namespace.spawn('ping', ['-n', '-i', interval, '-I', source, destination]);
    createInterface({ input: this.#ping.child.stdout }).on('line', (line) => this.#read(line));
  }

  /** Waits until the first ones have come back. */
  async begin(): Promise<void> {
    await until('the first probes come back', () => this.#ping.runs() && this.#answers > 2);
  }

  /**
   * Ends the stream and gives how many came back; fails if a probe before the last answer was lost, came twice or out of
   * its order.
   */
  async end(): Promise<number> {
    const seen = this.#answers;
    await until('probes still come back', () => this.#answers > seen + 2);
    await this.#ping.stop('SIGINT');
    const { length } = this.#wrong;
    assert.deepEqual(this.#wrong.slice(0, SHOWN), [], `${length} times in ${this.#answers} the next probe was another`);
    return this.#answers;
  }

  #read(line: string): void {
    const number = /icmp_seq=(\d+) ttl/.exec(line)?.[1];
    if (number === undefined) return;
    this.#answers++;
    // ping counts its probes in 16 bits.
    if (Number(number) !== this.#next % 65_536) this.#wrong.push(`${number} in place of ${this.#next % 65_536}`);
    this.#next = Number(number) + 1;
  }
}
