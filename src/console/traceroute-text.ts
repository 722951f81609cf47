/** What `traceroute` prints: its head at once, a line for each hop, a column for each probe as it ends. */
import type { IpAddress } from '../base/index.ts';
import type { TracerouteProbe, TracerouteRequest } from '../gateway/index.ts';

const MARKS = {
  timeout: ' * ',
  unreachable: ' !H',
  prohibited: ' !A',
  'too-big': ' !F',
  'no-route': ' !N',
  reply: '',
  'ttl-exceeded': '',
} as const;

export class TracerouteText {
  readonly #destination: IpAddress;
  #hop: number | undefined;
  /** Who last answered on this line. */
  #last: IpAddress | undefined;

  constructor({ destination }: Pick<TracerouteRequest, 'destination'>) {
    this.#destination = destination;
  }

  head(): string {
    return `\nType escape sequence to abort.\nTracing the route to ${this.#destination}\n\n`;
  }

  /** A hop that answers from several addresses names each where it changes. */
  probe({ hop, result, from, rttMs }: TracerouteProbe): string {
    const isFirst = hop !== this.#hop;
    const line = isFirst ? `${this.#hop === undefined ? '' : '\n'}${String(hop).padStart(2)} ` : '';
    if (isFirst) this.#last = undefined;
    this.#hop = hop;
    const isNew = from !== undefined && this.#last?.equals(from) !== true;
    if (from !== undefined) this.#last = from;
    const name = isNew ? ` ${from}` : '';
    const time = rttMs === undefined ? '' : ` ${Math.round(rttMs)} msec`;
    return `${line}${name}${time}${MARKS[result]}`;
  }

  end(): string {
    return this.#hop === undefined ? '' : '\n';
  }
}

/** All of it at once; probes in the order they were sent. */
export function tracerouteText(destination: IpAddress, probes: readonly TracerouteProbe[]): string {
  const text = new TracerouteText({ destination });
  return `${text.head()}${probes.map((probe) => text.probe(probe)).join('')}${text.end()}`;
}
