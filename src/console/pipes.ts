/** What may stand behind a bar: filters of lines as the ASA has them, and `json` for the value itself. */
import type { Expected } from '../config/index.ts';
import { INCOMPLETE, invalid, type RowResult, refused, text } from './commands/index.ts';

const FILTERS = {
  include: 'Lines that match',
  exclude: 'Lines that do not match',
  begin: 'From the first line that matches',
  section: 'Lines that match, with what stands indented below them',
  count: 'Number of lines that match',
  grep: 'Lines that match; -v: that do not',
  json: 'The value that the text is drawn from',
} as const;

type Filter = keyof typeof FILTERS;

/** Applies what stands behind the first bar. Further bars belong to the pattern: they are alternation. */
export function piped(result: RowResult, filters: readonly string[]): RowResult {
  if (filters.length === 0 || result.kind !== 'text') return result;
  const [word = '', ...rest] = filters.join('|').trim().split(/\s+/);
  const filter = filterOf(word);
  if (word === '') return INCOMPLETE;
  if (filter === undefined) return invalid(`| ${word}`);
  if (filter === 'json') return asJson(result, rest);
  const inverted = filter === 'grep' && rest[0] === '-v';
  const source = (inverted ? rest.slice(1) : rest).join(' ');
  if (source === '') return INCOMPLETE;
  let expression: RegExp;
  try {
    expression = new RegExp(source);
  } catch {
    return invalid(`regular expression ${source}`);
  }
  const lines = result.text.replace(/\n$/, '').split('\n');
  const kept = filterLines(filter, lines, (line) => expression.test(line) !== inverted);
  return text(kept.length === 0 ? '' : `${kept.join('\n')}\n`);
}

/** What may stand behind the bar, for `?` and Tab. */
export function filtersAfter(typed: readonly string[]): readonly Expected[] {
  if (typed.length === 0) return Object.entries(FILTERS).map(([word, help]) => ({ text: word, help, keyword: true }));
  if (filterOf(typed[0] ?? '') === 'json') return [{ text: '<cr>', help: 'end of the line', keyword: false }];
  return [{ text: 'REGEX', help: 'Regular expression; a bar in it means `or`', keyword: false }];
}

/** Without ambiguity: the first of the filters that begins so. */
function filterOf(word: string): Filter | undefined {
  if (word === '') return undefined;
  return (Object.keys(FILTERS) as Filter[]).find((name) => name.startsWith(word.toLowerCase()));
}

function asJson({ value }: Extract<RowResult, { kind: 'text' }>, rest: readonly string[]): RowResult {
  if (rest.length > 0) return invalid(`| json ${rest.join(' ')}`);
  if (value === undefined) return refused('this command has text only');
  return text(`${JSON.stringify(value, null, 2)}\n`);
}

function filterLines(
  filter: Exclude<Filter, 'json'>,
  lines: readonly string[],
  hit: (line: string) => boolean,
): readonly string[] {
  switch (filter) {
    case 'include':
    case 'grep':
      return lines.filter(hit);
    case 'exclude':
      return lines.filter((line) => !hit(line));
    case 'count':
      return [`Number of lines which match regexp = ${lines.filter(hit).length}`];
    case 'begin': {
      const first = lines.findIndex(hit);
      return first < 0 ? [] : lines.slice(first);
    }
    case 'section': {
      let inside = false;
      return lines.filter((line) => {
        if (!line.startsWith(' ')) inside = hit(line);
        return inside || hit(line);
      });
    }
    default:
      return filter satisfies never;
  }
}
