/**
 * Exec commands: one table of patterns, matched by unique abbreviation. A row's words are keywords, `<name>` stands for
 * one argument and a trailing `...` for the rest of the line. Output is text drawn from one snapshot.
 */
import { IpAddress } from '../base/index.ts';
import type { BgpPathSnapshot } from '../bgp/index.ts';
import { showRunning } from '../config/index.ts';
import type { GatewaySnapshot, OperatorRequest, PingRequest } from '../gateway/index.ts';
import { showBgp, showBgpNeighbors, showBgpSummary } from './show/bgp.ts';
import { showCryptoIkev2Sa } from './show/crypto-ikev2-sa.ts';
import { showCryptoIpsecSa } from './show/crypto-ipsec-sa.ts';
import { showInterface, showInterfaceIpBrief } from './show/interface.ts';
import { showLogging } from './show/logging.ts';
import { showRoute } from './show/route.ts';

/** The device that is asked. */
export type ExecDevice = Readonly<{
  snapshot: () => GatewaySnapshot;
  bgpPaths: (
    what: Readonly<{ kind: 'all' } | { kind: 'received' | 'advertised'; neighbor: IpAddress }>,
  ) => readonly BgpPathSnapshot[];
}>;

export type ExecResult =
  | Readonly<{ kind: 'text'; text: string }>
  | Readonly<{ kind: 'error'; text: string }>
  /** The driver runs the probes and prints what `pingText` makes of them. */
  | Readonly<{ kind: 'ping'; request: PingRequest }>
  | Readonly<{ kind: 'operator'; request: OperatorRequest }>;

type Row = Readonly<{
  pattern: string;
  help: string;
  run: (device: ExecDevice, words: Words) => ExecResult;
}>;

/** Arguments of a matched line. */
type Words = Readonly<{ arguments: Readonly<Record<string, string>>; rest: readonly string[] }>;

const text = (value: string): ExecResult => ({ kind: 'text', text: value });
const invalid = (what: string): ExecResult => ({ kind: 'error', text: `ERROR: % Invalid input detected: ${what}\n` });

const rows: readonly Row[] = [
  {
    pattern: 'show crypto ikev2 sa',
    help: 'IKE SAs and their child SAs',
    run: (device) => text(showCryptoIkev2Sa(device.snapshot(), false)),
  },
  {
    pattern: 'show crypto ikev2 sa detail',
    help: 'with identities, message ids and liveness',
    run: (device) => text(showCryptoIkev2Sa(device.snapshot(), true)),
  },
  {
    pattern: 'show crypto ipsec sa',
    help: 'IPsec SAs with their counters',
    run: (device) => text(showCryptoIpsecSa(device.snapshot(), undefined)),
  },
  {
    pattern: 'show crypto ipsec sa peer <address>',
    help: 'those with one peer',
    run: (device, { arguments: given }) =>
      withAddress(given['address'], (peer) => text(showCryptoIpsecSa(device.snapshot(), peer))),
  },
  {
    pattern: 'show bgp',
    help: 'the BGP table',
    run: (device) => text(showBgp(device.snapshot(), device.bgpPaths({ kind: 'all' }))),
  },
  {
    pattern: 'show bgp summary',
    help: 'neighbours and their state',
    run: (device) => text(showBgpSummary(device.snapshot())),
  },
  {
    pattern: 'show bgp neighbors',
    help: 'neighbours in detail',
    run: (device) => text(showBgpNeighbors(device.snapshot(), undefined)),
  },
  {
    pattern: 'show bgp neighbors <address>',
    help: 'one neighbour in detail',
    run: (device, { arguments: given }) =>
      withAddress(given['address'], (peer) => text(showBgpNeighbors(device.snapshot(), peer))),
  },
  ...(['advertised', 'received'] as const).map(
    (kind): Row => ({
      pattern: `show bgp neighbors <address> ${kind === 'received' ? 'routes' : 'advertised-routes'}`,
      help: kind === 'received' ? 'paths learned from it' : 'paths told to it',
      run: (device, { arguments: given }) =>
        withAddress(given['address'], (neighbor) =>
          text(showBgp(device.snapshot(), device.bgpPaths({ kind, neighbor }))),
        ),
    }),
  ),
  { pattern: 'show route', help: 'the IPv4 routing table', run: (device) => text(showRoute(device.snapshot(), 4)) },
  {
    pattern: 'show ipv6 route',
    help: 'the IPv6 routing table',
    run: (device) => text(showRoute(device.snapshot(), 6)),
  },
  {
    pattern: 'show interface',
    help: 'all interfaces',
    run: (device) => text(showInterface(device.snapshot(), undefined)),
  },
  {
    pattern: 'show interface ip brief',
    help: 'a line for each interface',
    run: (device) => text(showInterfaceIpBrief(device.snapshot())),
  },
  {
    pattern: 'show interface <name>',
    help: 'one interface',
    run: (device, { arguments: given }) => {
      const snapshot = device.snapshot();
      const name = interfaceName(snapshot, given['name'] ?? '');
      return name === undefined ? invalid(`no interface ${given['name']}`) : text(showInterface(snapshot, name));
    },
  },
  {
    pattern: 'show running-config ...',
    help: 'the configuration in force, or a section of it',
    run: (device, { rest }) => text(showRunning(device.snapshot().model, rest)),
  },
  { pattern: 'show logging', help: 'what happened', run: (device) => text(showLogging(device.snapshot())) },
  {
    pattern: 'ping ...',
    help: 'ping DESTINATION [size N] [repeat N] [df-bit] [source A]',
    run: (_, { rest }) => ping(rest),
  },
  {
    pattern: 'clear crypto ikev2 sa',
    help: 'delete all IKE SAs',
    run: () => ({ kind: 'operator', request: { kind: 'clear-ike' } }),
  },
  {
    pattern: 'clear crypto ipsec sa',
    help: 'delete all child SAs',
    run: () => ({ kind: 'operator', request: { kind: 'clear-child' } }),
  },
  {
    pattern: 'clear bgp <address>',
    help: 'reset a session',
    run: (_, { arguments: given }) =>
      withAddress(given['address'], (neighbor) => ({
        kind: 'operator',
        request: { kind: 'clear-bgp', neighbor, soft: false },
      })),
  },
];

/** Runs one line. Never throws; what it can not read it names. */
export function exec(line: string, device: ExecDevice): ExecResult {
  const [command = '', ...filters] = line.split('|');
  const words = command
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return text('');
  const matched = rows.flatMap((row) => {
    const found = match(row.pattern.split(' '), words);
    return found === undefined ? [] : [{ row, found }];
  });
  // A keyword beats an argument at the same place: `show interface ip brief` before `show interface <name>`.
  const best = matched.sort((a, b) => b.found.keywords - a.found.keywords)[0];
  if (best === undefined) return refused(words);
  const rivals = matched.filter(({ found }) => found.keywords === best.found.keywords);
  const exactly = rivals.filter(({ found }) => found.exact === words.length);
  if (rivals.length > 1 && exactly.length !== 1) {
    return { kind: 'error', text: `ERROR: % Ambiguous command: "${command.trim()}"\n` };
  }
  const chosen = exactly[0] ?? best;
  return piped(chosen.row.run(device, chosen.found.words), filters);
}

/** Every command with its help, for `help`. */
export function execHelp(): string {
  const width = Math.max(...rows.map(({ pattern }) => pattern.length));
  return `${rows.map(({ pattern, help }) => `  ${pattern.padEnd(width)}  ${help}`).join('\n')}\n`;
}

type Match = Readonly<{ words: Words; keywords: number; exact: number }>;

function match(pattern: readonly string[], words: readonly string[]): Match | undefined {
  const given: Record<string, string> = {};
  let keywords = 0;
  let exact = 0;
  for (const [i, part] of pattern.entries()) {
    if (part === '...') return { words: { arguments: given, rest: words.slice(i) }, keywords, exact };
    const word = words[i];
    if (word === undefined) return undefined;
    if (part.startsWith('<')) given[part.slice(1, -1)] = word;
    else if (part.startsWith(word.toLowerCase())) {
      keywords++;
      if (part === word.toLowerCase()) exact++;
    } else return undefined;
  }
  return words.length === pattern.length ? { words: { arguments: given, rest: [] }, keywords, exact } : undefined;
}

/** Names the first word that fits no command, and the nearest command there is. */
function refused(words: readonly string[]): ExecResult {
  let fits = 0;
  for (const { pattern } of rows) {
    const parts = pattern.split(' ');
    let n = 0;
    while (n < words.length && n < parts.length && fitsPart(parts[n] ?? '', words[n] ?? '')) n++;
    fits = Math.max(fits, n);
  }
  if (fits === words.length) return { kind: 'error', text: 'ERROR: % Incomplete command\n' };
  const before = words.slice(0, fits).join(' ');
  const caret = `${' '.repeat(before.length + (fits > 0 ? 1 : 0))}^`;
  const near = nearest(words.join(''));
  const hint = near === undefined ? '' : `Did you mean: ${near}\n`;
  return {
    kind: 'error',
    text: `${words.join(' ')}\n${caret}\nERROR: % Invalid input detected at '^' marker.\n${hint}`,
  };
}

function fitsPart(part: string, word: string): boolean {
  return part === '...' || part.startsWith('<') || part.startsWith(word.toLowerCase());
}

/** A command whose letters are the given ones run together, such as `show bgpsummary`. */
function nearest(joined: string): string | undefined {
  return rows
    .map(({ pattern }) => pattern.replace(' ...', ''))
    .find((pattern) => pattern.replaceAll(' ', '') === joined);
}

function withAddress(word: string | undefined, run: (address: IpAddress) => ExecResult): ExecResult {
  const address = IpAddress.parse(word ?? '');
  return address === undefined ? invalid(`${word} is not an address`) : run(address);
}

/** `tu1`, `Tunnel 1` or a nameif to the interface's own name. */
function interfaceName({ interfaces }: GatewaySnapshot, word: string): string | undefined {
  const exact = interfaces.find(({ name, alias }) => alias === word || name.toLowerCase() === word.toLowerCase());
  if (exact !== undefined) return exact.name;
  const parts = /^([A-Za-z-]+)([\d/.]+)$/.exec(word);
  if (parts === null) return undefined;
  const [, letters = '', number = ''] = parts;
  const fits = interfaces.filter(
    ({ name }) => name.toLowerCase().startsWith(letters.toLowerCase()) && name.replace(/^\D+/, '') === number,
  );
  return fits.length === 1 ? fits[0]?.name : undefined;
}

const PING_DEFAULTS = { count: 5, size: 100, df: false, timeoutMs: 2000, intervalMs: 10 } as const;

function ping(words: readonly string[]): ExecResult {
  const [target, ...options] = words;
  if (target === undefined) return { kind: 'error', text: 'ERROR: % Incomplete command\n' };
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
    if (value === undefined) return { kind: 'error', text: 'ERROR: % Incomplete command\n' };
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

/** Applies `| include`, `exclude`, `begin`, `section`, `count`, `grep` to text output. */
function piped(result: ExecResult, filters: readonly string[]): ExecResult {
  if (filters.length === 0 || result.kind !== 'text') return result;
  // Everything after the first keyword is the pattern, further bars included: they are alternation.
  const [keyword = '', ...rest] = filters.join('|').trim().split(/\s+/);
  const inverted = keyword === 'grep' && rest[0] === '-v';
  const source = (inverted ? rest.slice(1) : rest).join(' ');
  if (source === '') return { kind: 'error', text: 'ERROR: % Incomplete command\n' };
  let expression: RegExp;
  try {
    expression = new RegExp(source);
  } catch {
    return invalid(`regular expression ${source}`);
  }
  const lines = result.text.replace(/\n$/, '').split('\n');
  const kept = filterLines(keyword, inverted, expression, lines);
  return kept === undefined ? invalid(`| ${keyword}`) : text(kept.length === 0 ? '' : `${kept.join('\n')}\n`);
}

function filterLines(
  keyword: string,
  inverted: boolean,
  expression: RegExp,
  lines: readonly string[],
): readonly string[] | undefined {
  const is = (name: string): boolean => keyword !== '' && name.startsWith(keyword);
  const hit = (line: string): boolean => expression.test(line) !== inverted;
  if (is('include') || is('grep')) return lines.filter(hit);
  if (is('exclude')) return lines.filter((line) => !hit(line));
  if (is('count')) return [`Number of lines which match regexp = ${lines.filter(hit).length}`];
  if (is('begin')) {
    const first = lines.findIndex(hit);
    return first < 0 ? [] : lines.slice(first);
  }
  if (!is('section')) return undefined;
  let inside = false;
  return lines.filter((line) => {
    if (!line.startsWith(' ')) inside = hit(line);
    return inside || hit(line);
  });
}
