/**
 * The nearest correct line: a cheapest-path search through a row's pattern and the words of the line, where a
 * mistyped keyword, a missing word and a word too many each have their price.
 */
import { editDistance } from './edit-distance.ts';
import type { Grammar, Syntax } from './grammar.ts';
import type { Line } from './lines.ts';
import type { Param } from './parameters.ts';
import type { State } from './pattern.ts';

const WORST = 3;
const MISSING = 0.6;
const MISSING_KEYWORD = 1.2;
const EXTRA = 1.3;
const WRONG_VALUE = 0.95;
const UNLIKELY = 0.5;
/** Longer lines are not searched: the suggestion would help nobody. */
const MOST_TOKENS = 24;

export type Nearest = Readonly<{ text: string; cost: number }>;

type Step = Readonly<{ state: State; index: number; cost: number; words: readonly string[] }>;

/** The nearest line over all rows of a mode; undefined when nothing is near enough. */
export function nearestLine<R extends Syntax>(grammar: Grammar<R>, mode: string, line: Line): Nearest | undefined {
  if (line.tokens.length === 0 || line.tokens.length > MOST_TOKENS) return undefined;
  const negated = line.tokens[0]?.text.toLowerCase() === 'no';
  const limit = Math.min(WORST, 0.6 + 0.5 * line.tokens.length);
  let nearest: Nearest | undefined;
  const heads = line.tokens.slice(negated ? 1 : 0, negated ? 3 : 2).map((token) => token.text.toLowerCase());
  for (const row of grammar.rowsOf(mode)) {
    if (row.lastResort === true || row.vague === true || !beginsLike(row, grammar.startOf(row), heads)) continue;
    const found = search(grammar, row, line, negated, Math.min(limit, nearest?.cost ?? WORST));
    if (found !== undefined && (nearest === undefined || found.cost < nearest.cost)) nearest = found;
  }
  return nearest;
}

/** Whether one of the line's first words is like one that the row begins with. */
function beginsLike(row: Syntax, start: State, heads: readonly string[]): boolean {
  return start.edges.some((edge) => {
    const keywords = edge.kind === 'word' ? [edge.text] : Object.keys(row.params[edge.name]?.choices ?? {});
    return keywords.some((keyword) => heads.some((head) => mistyping(head, keyword.toLowerCase()) !== undefined));
  });
}

function search<R extends Syntax>(
  grammar: Grammar<R>,
  row: R,
  line: Line,
  negated: boolean,
  limit: number,
): Nearest | undefined {
  const start = { state: grammar.startOf(row), index: negated ? 1 : 0, cost: 0, words: negated ? ['no'] : [] };
  const open: Step[] = [start];
  const seen = new Map<State, Set<number>>();
  while (open.length > 0) {
    open.sort((x, y) => y.cost - x.cost);
    const step = open.pop();
    if (step === undefined) break;
    if (seen.get(step.state)?.has(step.index) === true) continue;
    seen.set(step.state, (seen.get(step.state) ?? new Set()).add(step.index));
    if (step.index === line.tokens.length && (step.state.final || (negated && step.state.stop)))
      return { text: step.words.join(' '), cost: step.cost };
    for (const next of follow(row, step, line)) if (next.cost <= limit) open.push(next);
  }
  return undefined;
}

function follow(row: Syntax, step: Step, line: Line): Step[] {
  const token = line.tokens[step.index];
  const next: Step[] = [];
  const go = (state: State, used: number, price: number, word: string | undefined): void => {
    const words = word === undefined ? step.words : [...step.words, word];
    next.push({ state, index: step.index + used, cost: step.cost + price, words });
  };
  for (const edge of step.state.edges) {
    const param = edge.kind === 'param' ? row.params[edge.name] : undefined;
    for (const keyword of edge.kind === 'word' ? [edge.text] : Object.keys(param?.choices ?? {})) {
      const price = token === undefined ? undefined : mistyping(token.text.toLowerCase(), keyword.toLowerCase());
      if (price !== undefined) go(edge.to, 1, price, keyword);
    }
    if (edge.kind === 'word') go(edge.to, 0, MISSING_KEYWORD, edge.text);
    else if (param !== undefined) {
      const used = token === undefined || param.choices !== undefined ? 0 : wordsRead(param, line, step.index);
      // Free text takes anything, and an address is rarely meant to be the name of an interface.
      const isUnlikely = param.kind === 'text' || (param.kind === 'nameif' && /^[\d.:/]+$/.test(token?.text ?? ''));
      const price = isUnlikely ? UNLIKELY : 0;
      if (used > 0) go(edge.to, used, price, wordsAt(line, step.index, used));
      else if (token !== undefined) go(edge.to, 1, param.choices === undefined ? WRONG_VALUE : EXTRA, `<${edge.name}>`);
      go(edge.to, 0, MISSING, `<${edge.name}>`);
    }
  }
  if (token !== undefined) go(step.state, 1, EXTRA, undefined);
  return next;
}

/** Price of reading `word` as `keyword`; undefined when they have too little in common. */
function mistyping(word: string, keyword: string): number | undefined {
  if (word === keyword) return 0;
  if (/^[a-z]/.test(word) && keyword.startsWith(word)) return 0.6 + 0.04 * (keyword.length - word.length);
  // Perhaps another word has run into it.
  if (keyword.length >= 4 && word.startsWith(keyword)) return 0.5;
  const most = Math.min(3, Math.floor(keyword.length / 2));
  const edits = editDistance(word, keyword, most);
  return edits > most ? undefined : 0.3 + 0.3 * edits;
}

function wordsRead(param: Param<unknown>, line: Line, index: number): number {
  const reading = param.read(line, index);
  return reading.ok ? reading.used : 0;
}

function wordsAt(line: Line, index: number, count: number): string {
  return line.tokens
    .slice(index, index + count)
    .map((token) => token.text)
    .join(' ');
}
