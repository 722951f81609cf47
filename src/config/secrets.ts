/**
 * Keeps keys and passwords out of everything we print. A line that was not understood may still hold a secret, so
 * this looks at words alone, allows for typing mistakes in the keyword, and rather hides too much.
 */
import { editDistance } from './edit-distance.ts';
import { readLine, type Token } from './lines.ts';

export const MASK = '*****';

/** Keywords that a secret follows: typing mistakes that still count as the word, and the least it is cut to. */
const BEFORE_SECRET: readonly Readonly<{ word: string; slack: number; least: number }>[] = [
  { word: 'pre-shared-key', slack: 5, least: 4 },
  { word: 'password', slack: 2, least: 4 },
  { word: 'passwd', slack: 2, least: 4 },
  { word: 'key-string', slack: 3, least: 5 },
  { word: 'authentication-key', slack: 3, least: 16 },
  { word: 'message-digest-key', slack: 3, least: 12 },
  { word: 'remote-authentication', slack: 5, least: 8 },
  { word: 'local-authentication', slack: 5, least: 7 },
  { word: 'secret', slack: 1, least: 5 },
  { word: 'key', slack: 1, least: 3 },
];

/** What may follow `remote-authentication` without being a secret. */
const METHODS = ['pre-shared-key', 'certificate', 'eap', 'query-identity'];

/** Words that merely look like one of them. */
const HARMLESS = new Set([
  'keepalive',
  'keyring',
  'keys',
  'ike',
  'ikev1',
  'ikev2',
  'eq',
  'set',
  'any',
  'esp',
  'no',
  'bgp',
  'password-encryption',
  'password-recovery',
]);

/** Index of the first token that may be a secret; the number of tokens when none is. */
export function firstSecret(tokens: readonly Token[]): number {
  for (const [index, token] of tokens.entries()) {
    if (!introducesSecret(token.text.toLowerCase())) continue;
    // The key of a GRE tunnel is a number on every packet, not a secret.
    if (tokens[index - 1]?.text.toLowerCase() === 'tunnel') continue;
    // `key chain NAME` and `crypto key generate` are no keys themselves.
    if (token.text === 'key' && (tokens[index + 1]?.text === 'chain' || tokens[index - 1]?.text === 'crypto')) continue;
    // A key of a key chain is named by a number; what it is stands below it.
    if (token.text === 'key' && index === 0 && tokens.length === 2 && /^\d{1,3}$/.test(tokens[1]?.text ?? '')) continue;
    // `pre-shared-keyK`: the secret is a part of this very word.
    if (runsIntoSecret(token.text.toLowerCase())) return index;
    const next = tokens[index + 1]?.text.toLowerCase() ?? '';
    if (
      token.text.toLowerCase().endsWith('authentication') &&
      METHODS.some((word) => near(next, word, Math.floor(word.length / 4)))
    )
      continue;
    return index + 1;
  }
  // A community of SNMP opens the device as a password does.
  const first = tokens[0]?.text.toLowerCase() ?? '';
  if (first.startsWith('snmp') || near(first, 'snmp-server', 2)) return Math.min(1, tokens.length);
  return tokens.length;
}

/** Replaces every word that may be a secret by stars. The words before it keep their columns. */
export function maskSecrets(line: string): string {
  const { tokens } = readLine(line);
  const from = firstSecret(tokens);
  const start = tokens[from];
  return start === undefined ? line : `${line.slice(0, start.column - 1)}${MASK}`;
}

function introducesSecret(word: string): boolean {
  if (HARMLESS.has(word)) return false;
  return BEFORE_SECRET.some(
    (one) =>
      near(word, one.word, one.slack) ||
      (one.word.length > 5 && word.endsWith(one.word)) ||
      (word.length >= one.least && one.word.startsWith(word)) ||
      runsInto(word, one.word),
  );
}

function runsIntoSecret(word: string): boolean {
  if (BEFORE_SECRET.some((one) => one.word === word)) return false;
  return BEFORE_SECRET.some((one) => runsInto(word, one.word) && !near(word, one.word, Math.min(one.slack, 2)));
}

function runsInto(word: string, keyword: string): boolean {
  return keyword.length > 3 && word.length > keyword.length && word.startsWith(keyword);
}

function near(word: string, keyword: string, slack: number): boolean {
  return Math.abs(word.length - keyword.length) <= slack && editDistance(word, keyword, slack) <= slack;
}
