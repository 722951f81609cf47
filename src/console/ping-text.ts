/** What `ping` prints (show-output A11): its head at once, a mark for each probe, and the sum at the end. */
import type { PingProbe, PingRequest } from '../gateway/index.ts';

const MARKS = {
  reply: '!',
  damaged: '?',
  timeout: '.',
  unreachable: 'U',
  'no-route': '?',
  'too-big': 'M',
  'ttl-exceeded': '&',
} as const;

export class PingText {
  readonly #request: PingRequest;
  readonly #probes: PingProbe[] = [];
  /** Probes that came before one with a lower number. */
  readonly #early = new Map<number, PingProbe>();
  #next = 0;

  constructor(request: PingRequest) {
    this.#request = request;
  }

  head(): string {
    const { destination, size, count, timeoutMs } = this.#request;
    const sending = `Sending ${count}, ${size}-byte ICMP Echos to ${destination}, timeout is ${timeoutMs / 1000} seconds:`;
    return `Type escape sequence to abort.\n${sending}\n`;
  }

  /** Marks of this probe and of those that waited for it. */
  probe(probe: PingProbe): string {
    this.#probes.push(probe);
    this.#early.set(probe.sequence, probe);
    let marks = '';
    for (let one = this.#early.get(this.#next); one !== undefined; one = this.#early.get(this.#next)) {
      this.#early.delete(this.#next++);
      marks += MARKS[one.result];
    }
    return marks;
  }

  /** What is left of the marks, and the sum. */
  end(): string {
    const left = [...this.#early.values()].sort((a, b) => a.sequence - b.sequence);
    const times = this.#probes.flatMap(({ rttMs }) => (rttMs === undefined ? [] : [rttMs]));
    const replies = this.#probes.filter(({ result }) => result === 'reply').length;
    const count = this.#probes.length;
    const percent = count === 0 ? 0 : Math.floor((100 * replies) / count);
    const trip =
      times.length === 0
        ? ''
        : `, round-trip min/avg/max = ${Math.round(Math.min(...times))}/${Math.round(mean(times))}/${Math.round(Math.max(...times))} ms`;
    return `${left.map(({ result }) => MARKS[result]).join('')}\nSuccess rate is ${percent} percent (${replies}/${count})${trip}\n`;
  }
}

/** All of it at once. */
export function pingText(request: PingRequest, probes: readonly PingProbe[]): string {
  const text = new PingText(request);
  const marks = [...probes].sort((a, b) => a.sequence - b.sequence).map((probe) => text.probe(probe));
  return `${text.head()}${marks.join('')}${text.end()}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
