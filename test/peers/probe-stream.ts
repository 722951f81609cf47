/** Numbered echo requests, one after another, while a test does something else. */
import assert from 'node:assert/strict';
import type { Namespace } from './namespaces.ts';
import type { Running } from './process.ts';
import { until } from './until.ts';

export class ProbeStream {
  readonly #ping: Running;

  constructor(namespace: Namespace, destination: string, source: string, intervalMs: number) {
    const interval = (intervalMs / 1000).toFixed(3);
    this.#ping = namespace.spawn('ping', ['-n', '-i', interval, '-I', source, destination]);
  }

  /** Waits until the first ones have come back. */
  async begin(): Promise<void> {
    await until('the first probes come back', () => this.#ping.runs() && this.#numbers().length > 2);
  }

  /** Ends the stream; fails if a probe before the last answer was lost, came twice or out of its order. */
  async end(): Promise<void> {
    const seen = this.#numbers().length;
    await until('probes still come back', () => this.#numbers().length > seen + 2);
    await this.#ping.stop('SIGINT');
    const numbers = this.#numbers();
    const wrong = numbers.flatMap((number, i) => (number === i + 1 ? [] : [`${number} in place of ${i + 1}`]));
    assert.deepEqual(wrong.slice(0, 5), [], `of ${numbers.length} probes ${wrong.length} are not in their place`);
  }

  #numbers(): number[] {
    return [...this.#ping.output.matchAll(/icmp_seq=(\d+) ttl/g)].map((match) => Number(match[1]));
  }
}
