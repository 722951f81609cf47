/** What `ping` prints (show-output A11). */
import type { PingProbe, PingRequest } from '../gateway/index.ts';

const MARKS = {
  reply: '!',
  timeout: '.',
  unreachable: 'U',
  'no-route': '?',
  'too-big': 'M',
  'ttl-exceeded': '&',
} as const;

/** Probes in the order of their numbers. */
export function pingText({ destination, size, count, timeoutMs }: PingRequest, probes: readonly PingProbe[]): string {
  const sorted = [...probes].sort((a, b) => a.sequence - b.sequence);
  const times = sorted.flatMap(({ rttMs }) => (rttMs === undefined ? [] : [rttMs]));
  const replies = sorted.filter(({ result }) => result === 'reply').length;
  const percent = count === 0 ? 0 : Math.floor((100 * replies) / count);
  const trip =
    times.length === 0
      ? ''
      : `, round-trip min/avg/max = ${Math.round(Math.min(...times))}/${Math.round(mean(times))}/${Math.round(Math.max(...times))} ms`;
  return [
    'Type escape sequence to abort.',
    `Sending ${count}, ${size}-byte ICMP Echos to ${destination}, timeout is ${timeoutMs / 1000} seconds:`,
    sorted.map(({ result }) => MARKS[result]).join(''),
    `Success rate is ${percent} percent (${replies}/${count})${trip}`,
    '',
  ].join('\n');
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
