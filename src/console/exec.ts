/**
 * The engine of exec commands: finds the row of the table that a line means, by unique abbreviation, runs it and
 * applies the pipe behind it.
 */
import { type ExecDevice, type ExecResult, INCOMPLETE, invalid, rows, text, type Words } from './commands/index.ts';

export type { ExecDevice, ExecResult } from './commands/index.ts';

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
  if (fits === words.length) return INCOMPLETE;
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

/** Applies `| include`, `exclude`, `begin`, `section`, `count`, `grep` to text output. */
function piped(result: ExecResult, filters: readonly string[]): ExecResult {
  if (filters.length === 0 || result.kind !== 'text') return result;
  // Everything after the first keyword is the pattern, further bars included: they are alternation.
  const [keyword = '', ...rest] = filters.join('|').trim().split(/\s+/);
  const inverted = keyword === 'grep' && rest[0] === '-v';
  const source = (inverted ? rest.slice(1) : rest).join(' ');
  if (source === '') return INCOMPLETE;
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
