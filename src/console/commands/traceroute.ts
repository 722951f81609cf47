/** `traceroute DESTINATION [source A|IFNAME] [numeric] [timeout S] [probe N] [ttl MIN MAX] [port N] [use-icmp]`. */
import { IpAddress } from '../../base/index.ts';
import type { GatewaySnapshot, TracerouteRequest } from '../../gateway/index.ts';
import { sourceAddress } from './arguments.ts';
import { flagOption, numberOption, type Option, optionsAfter, readOptions, wholeNumber } from './options.ts';
import { INCOMPLETE, invalid, type Row, type RowResult } from './row.ts';

export type AskedTraceroute = TracerouteRequest & Readonly<{ sourceWord?: string }>;

export const TRACEROUTE_DEFAULTS = {
  method: 'udp',
  probes: 3,
  minTtl: 1,
  maxTtl: 30,
  timeoutMs: 3000,
  port: 33_434,
} as const;

export const tracerouteOptions: readonly Option<AskedTraceroute>[] = [
  flagOption('numeric', 'Print addresses only', (asked) => asked),
  numberOption('port', 'UDP port of the first packet', [1, 65_535], (asked, port) => ({ ...asked, port })),
  numberOption('probe', 'Packets for each hop', [1, 65_535], (asked, probes) => ({ ...asked, probes })),
  {
    word: 'source',
    help: 'Where the packets come from',
    values: [{ shape: 'A.B.C.D|X:X::X|WORD', help: 'Address or interface of this device' }],
    apply: (asked, [sourceWord = '']) => ({ ...asked, sourceWord }),
  },
  numberOption('timeout', 'Seconds to wait for an answer', [1, 3600], (asked, seconds) => ({
    ...asked,
    timeoutMs: seconds * 1000,
  })),
  {
    word: 'ttl',
    help: 'First and last hop',
    values: [
      { shape: '<1-255>', help: 'Least time to live' },
      { shape: '<1-255>', help: 'Greatest time to live' },
    ],
    apply: (asked, [least, most]) => {
      const [minTtl, maxTtl] = [wholeNumber(least, 1, 255), wholeNumber(most, 1, 255)];
      if (minTtl === undefined || maxTtl === undefined || minTtl > maxTtl) return `ttl ${least} ${most}`;
      return { ...asked, minTtl, maxTtl };
    },
  },
  flagOption('use-icmp', 'Send echo requests instead of UDP', (asked) => ({ ...asked, method: 'icmp' })),
];

export const tracerouteCommands: readonly Row[] = [
  {
    pattern: 'traceroute ...',
    help: 'Name the routers on the way to a host',
    follows: ([target, ...rest]) =>
      target === undefined
        ? [{ text: 'A.B.C.D|X:X::X', help: 'Address of the host', keyword: false }]
        : optionsAfter(rest, tracerouteOptions),
    run: (device, { rest }) => traceroute(device.snapshot(), rest),
  },
];

function traceroute(snapshot: GatewaySnapshot, [target, ...rest]: readonly string[]): RowResult {
  if (target === undefined) return INCOMPLETE;
  const destination = IpAddress.parse(target);
  if (destination === undefined) return invalid(`${target} is not an address`);
  const read = readOptions<AskedTraceroute>(rest, tracerouteOptions, { destination, ...TRACEROUTE_DEFAULTS });
  if (!read.ok) return read.result;
  const { sourceWord, ...request } = read.value;
  if (sourceWord === undefined) return { kind: 'traceroute', request };
  const source = sourceAddress(snapshot, sourceWord, destination.family);
  return source instanceof IpAddress ? { kind: 'traceroute', request: { ...request, source } } : source;
}
