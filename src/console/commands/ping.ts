/** `ping [IFNAME] DESTINATION [size N] [repeat N] [timeout S] [data HEX] [df-bit] [validate] [source A|IFNAME]`. */
import { IpAddress } from '../../base/index.ts';
import type { GatewaySnapshot, PingRequest } from '../../gateway/index.ts';
import { interfaceName, sourceAddress } from './arguments.ts';
import { flagOption, numberOption, type Option, optionsAfter, readOptions } from './options.ts';
import { INCOMPLETE, invalid, type Row, type RowResult } from './row.ts';

/** A source is kept as it was written: what an interface's address is depends on the destination. */
export type AskedPing = PingRequest & Readonly<{ sourceWord?: string }>;

export const PING_DEFAULTS = { count: 5, size: 100, df: false, timeoutMs: 2000, intervalMs: 10 } as const;
const MOST_PROBES = 2_147_483_647;

export const pingOptions: readonly Option<AskedPing>[] = [
  {
    word: 'data',
    help: 'What the packets are filled with',
    values: [{ shape: '<0x0-0xffff>', help: 'Pattern of 16 bits' }],
    apply: (asked, [given = '']) => {
      const digits = /^(?:0x)?([0-9a-f]{1,4})$/i.exec(given);
      return digits === null ? `data ${given}` : { ...asked, pattern: Number.parseInt(digits[1] ?? '', 16) };
    },
  },
  flagOption('df-bit', 'Routers may not cut the packets', (asked) => ({ ...asked, df: true })),
  numberOption('repeat', 'Number of packets', [1, MOST_PROBES], (asked, count) => ({ ...asked, count })),
  numberOption('size', 'Length of a packet, in bytes', [28, 65_535], (asked, size) => ({ ...asked, size })),
  {
    word: 'source',
    help: 'Where the packets come from',
    values: [{ shape: 'A.B.C.D|X:X::X|WORD', help: 'Address or interface of this device' }],
    apply: (asked, [sourceWord = '']) => ({ ...asked, sourceWord }),
  },
  numberOption('timeout', 'Seconds to wait for a reply', [1, 3600], (asked, seconds) => ({
    ...asked,
    timeoutMs: seconds * 1000,
  })),
  flagOption('validate', 'A reply must bring the data back', (asked) => ({ ...asked, validate: true })),
];

export const pingCommands: readonly Row[] = [
  {
    pattern: 'ping ...',
    help: 'Ask a host for echoes',
    follows: (typed) => {
      if (typed.length === 0) {
        return [
          { text: 'A.B.C.D|X:X::X', help: 'Address of the host', keyword: false },
          { text: 'WORD', help: 'Interface that the packets come from', keyword: false },
        ];
      }
      const named = isAddress(typed[0]) ? 1 : 2;
      if (typed.length < named) return [{ text: 'A.B.C.D|X:X::X', help: 'Address of the host', keyword: false }];
      return optionsAfter(typed.slice(named), pingOptions);
    },
    run: (device, { rest }) => ping(device.snapshot(), rest),
  },
];

function ping(snapshot: GatewaySnapshot, words: readonly string[]): RowResult {
  const [first, second] = words;
  if (first === undefined) return INCOMPLETE;
  const isDirect = isAddress(first);
  if (!isDirect && (second === undefined || interfaceName(snapshot, first) === undefined)) {
    return interfaceName(snapshot, first) === undefined ? invalid(`${first} is not an address`) : INCOMPLETE;
  }
  const target = isDirect ? first : second;
  const destination = IpAddress.parse(target ?? '');
  if (destination === undefined) return invalid(`${target} is not an address`);
  const asked: AskedPing = { destination, ...PING_DEFAULTS, ...(isDirect ? {} : { sourceWord: first }) };
  const read = readOptions(words.slice(isDirect ? 1 : 2), pingOptions, asked);
  if (!read.ok) return read.result;
  const { sourceWord, ...request } = read.value;
  if (sourceWord === undefined) return { kind: 'ping', request };
  const source = sourceAddress(snapshot, sourceWord, destination.family);
  return source instanceof IpAddress ? { kind: 'ping', request: { ...request, source } } : source;
}

function isAddress(word: string | undefined): boolean {
  return word !== undefined && IpAddress.parse(word) !== undefined;
}
