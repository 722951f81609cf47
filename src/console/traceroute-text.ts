/** What `traceroute` prints: a line for each hop, a column for each probe. */
import type { IpAddress } from '../base/index.ts';

/** How one probe ended. Hops count from 1. */
export type TracerouteProbe = Readonly<{
  hop: number;
  result: 'reply' | 'ttl-exceeded' | 'timeout' | 'unreachable' | 'prohibited' | 'too-big' | 'no-route';
  from?: IpAddress;
  rttMs?: number;
}>;

const MARKS = {
  timeout: ' * ',
  unreachable: ' !H',
  prohibited: ' !A',
  'too-big': ' !F',
  'no-route': ' !N',
  reply: '',
  'ttl-exceeded': '',
} as const;

/** Probes in the order they were sent. A hop that answers from several addresses names each where it changes. */
export function tracerouteText(destination: IpAddress, probes: readonly TracerouteProbe[]): string {
  const hops = new Map<number, TracerouteProbe[]>();
  for (const probe of probes) hops.set(probe.hop, [...(hops.get(probe.hop) ?? []), probe]);
  const rows = [...hops].sort(([a], [b]) => a - b).map(([hop, own]) => `${String(hop).padStart(2)}  ${hopText(own)}`);
  return ['', 'Type escape sequence to abort.', `Tracing the route to ${destination}`, '', ...rows, ''].join('\n');
}

function hopText(probes: readonly TracerouteProbe[]): string {
  let last: IpAddress | undefined;
  const cells = probes.map(({ result, from, rttMs }) => {
    const isNew = from !== undefined && last?.equals(from) !== true;
    if (from !== undefined) last = from;
    const name = isNew ? ` ${from}` : '';
    const time = rttMs === undefined ? '' : ` ${Math.round(rttMs)} msec`;
    return `${name}${time}${MARKS[result]}`;
  });
  return cells.join('').trim();
}
