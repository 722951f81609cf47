/** `ping DESTINATION [size N] [repeat N] [timeout S] [df-bit] [source A]`. */
import { IpAddress } from '../../base/index.ts';
import type { PingRequest } from '../../gateway/index.ts';
import { type ExecResult, INCOMPLETE, invalid, type Row } from './row.ts';

export const pingCommands: readonly Row[] = [
  {
    pattern: 'ping ...',
    help: 'ping DESTINATION [size N] [repeat N] [df-bit] [source A]',
    run: (_, { rest }) => ping(rest),
  },
];

const PING_DEFAULTS = { count: 5, size: 100, df: false, timeoutMs: 2000, intervalMs: 10 } as const;

function ping(words: readonly string[]): ExecResult {
  const [target, ...options] = words;
  if (target === undefined) return INCOMPLETE;
  const destination = IpAddress.parse(target);
  if (destination === undefined) return invalid(`${target} is not an address`);
  let request: PingRequest = { destination, ...PING_DEFAULTS };
  for (let i = 0; i < options.length; i++) {
    const option = options[i]?.toLowerCase() ?? '';
    if ('df-bit'.startsWith(option)) {
      request = { ...request, df: true };
      continue;
    }
    const value = options[++i];
    if (value === undefined) return INCOMPLETE;
    if ('source'.startsWith(option) && option.length > 1) {
      const source = IpAddress.parse(value);
      if (source === undefined) return invalid(`${value} is not an address`);
      request = { ...request, source };
      continue;
    }
    const number = Number(value);
    if (!Number.isInteger(number) || number < 1 || number > 65_535) return invalid(value);
    if ('size'.startsWith(option)) request = { ...request, size: number };
    else if ('repeat'.startsWith(option)) request = { ...request, count: number };
    else if ('timeout'.startsWith(option)) request = { ...request, timeoutMs: number * 1000 };
    else return invalid(option);
  }
  return { kind: 'ping', request };
}
