/** What `?` shows and what Tab completes, from what a grammar expects at a place. */
import type { DeviceModel, Expected } from '../../config/index.ts';

/** The word being typed, and whether it stands after a blank or at the start. */
export function lastWord(before: string): string {
  return /\S*$/.exec(before)?.[0] ?? '';
}

/** Words typed before the one being typed: what the grammar is asked about. */
export function settled(before: string): string {
  return before.slice(0, before.length - lastWord(before).length);
}

/** Those that the word being typed may become; shapes stay, for the word may be one. */
export function fitting(expected: readonly Expected[], word: string): readonly Expected[] {
  if (word === '') return expected;
  const begun = expected.filter(({ text, keyword }) => keyword && text.toLowerCase().startsWith(word.toLowerCase()));
  return begun.length > 0 ? begun : expected.filter(({ keyword, text }) => !keyword && text !== '<cr>');
}

/** A list of words with their help, in two columns, sorted as the ASA does: keywords first. */
export function helpLines(expected: readonly Expected[]): readonly string[] {
  const sorted = [...expected].sort((a, b) => Number(b.keyword) - Number(a.keyword) || (a.text < b.text ? -1 : 1));
  const width = Math.min(24, Math.max(0, ...sorted.map(({ text }) => text.length)));
  return sorted.map(({ text, help }) => `  ${text.padEnd(width)}  ${text === '<cr>' ? '' : help}`.trimEnd());
}

/** What Tab adds: the rest of the only word (with a blank), or as much as all of them share. */
export function completion(expected: readonly Expected[], word: string): string {
  const words = fitting(expected, word)
    .filter(({ keyword }) => keyword)
    .map(({ text }) => text);
  const [first] = words;
  if (first === undefined || word === '') return words.length === 1 && first !== undefined ? `${first} ` : '';
  if (words.length === 1) return `${first.slice(word.length)} `;
  let shared = first.length;
  for (const other of words) while (!other.startsWith(first.slice(0, shared))) shared--;
  return first.slice(word.length, shared);
}

/** What keywords that many commands share are about; the grammar has a line of help for each command only. */
const SUBJECTS: Readonly<Record<string, string>> = {
  show: 'Show running system information',
  clear: 'Reset functions',
  crypto: 'IKE and IPsec',
  ikev2: 'IKEv2',
  ipsec: 'IPsec',
  bgp: 'BGP',
  ip: 'IPv4',
  ipv6: 'IPv6',
  terminal: 'Parameters of this terminal',
  copy: 'Copy a configuration',
  router: 'A routing protocol',
  object: 'Named networks and services',
  'object-group': 'Groups of networks and services',
  'access-list': 'Access lists',
  'prefix-list': 'Prefix lists',
  'group-policy': 'Group policies',
  'tunnel-group': 'Peers and their keys',
  tunnel: 'Tunnel interface',
  neighbor: 'BGP neighbours',
  logging: 'Logging',
  sysopt: 'System options',
};

/** Help of shared keywords by their subject. */
export function bySubject(expected: readonly Expected[]): readonly Expected[] {
  return expected.map((one) => (one.keyword ? { ...one, help: SUBJECTS[one.text] ?? one.help } : one));
}

/** An ASA's help: in configuration, both kinds of commands under their heads. */
export function asaHelp(config: readonly Expected[], exec: readonly Expected[]): readonly string[] {
  if (config.length === 0 || exec.length === 0) return [...helpLines(config), ...helpLines(exec)];
  return ['configure mode commands/options:', ...helpLines(config), 'exec mode commands/options:', ...helpLines(exec)];
}

/** A router's: a head above everything there is; behind a word that is begun, the words it may become and no more. */
export function iosHelp(
  config: readonly Expected[],
  exec: readonly Expected[],
  before: string,
  columns: number,
): readonly string[] {
  const all = config.length > 0 ? config : exec;
  const words = all.filter(({ keyword }) => keyword).map(({ text }) => text);
  if (lastWord(before) !== '' && words.length > 0) return inColumns([...new Set(words)].sort(), columns);
  if (before.trim() !== '') return helpLines(all);
  return [config.length > 0 ? 'Configure commands:' : 'Exec commands:', ...helpLines(all)];
}

/** Names of the device's interfaces beside the shape of a name, for `?` and Tab. */
export function withNames(
  expected: readonly Expected[],
  device: Readonly<{ isOn: () => boolean; model: () => DeviceModel }>,
): readonly Expected[] {
  if (!device.isOn() || !expected.some(({ names }) => names !== undefined)) return expected;
  const { interfaces } = device.model();
  return expected.flatMap((one) => {
    if (one.names === undefined) return [one];
    const known = interfaces.flatMap(({ name, alias, description }): Expected[] => {
      const texts = [...(one.names === 'interface' ? [name] : []), ...(alias === undefined ? [] : [alias])];
      return texts.map((text) => ({ text, help: description ?? (text === alias ? name : 'Interface'), keyword: true }));
    });
    return [one, ...known];
  });
}

/** Words in as many columns as fit. */
export function inColumns(words: readonly string[], columns: number): readonly string[] {
  const width = Math.max(...words.map((word) => word.length)) + 2;
  const perLine = Math.max(1, Math.floor(columns / width));
  const lines: string[] = [];
  for (let i = 0; i < words.length; i += perLine)
    lines.push(
      words
        .slice(i, i + perLine)
        .map((word) => word.padEnd(width))
        .join('')
        .trimEnd(),
    );
  return lines;
}
