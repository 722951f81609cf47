/**
 * A grammar is a table of rows. This is the machinery that reads one line by such a table: abbreviated keywords,
 * ambiguity, incompleteness, the place of the word that does not fit and what could have stood there. Nothing here
 * knows a dialect.
 */
import type { Line } from './lines.ts';
import type { Param, Parameters, ReadingFault } from './parameters.ts';
import { compile, type Element, mentions, parsePattern, renderPattern, type State } from './pattern.ts';

/** One command: what every dialect's rows have in common. */
export type Syntax = Readonly<{
  pattern: string;
  params: Parameters;
  /** One line of help. */
  help: string;
  /** Modes it lives in; `*` is every mode. */
  modes: readonly string[];
  /** Mode it enters. */
  enters?: string;
  /** Taken only when no other row fits, in this mode or an outer one. */
  lastResort?: boolean;
  /** Taken only when no other row of its own mode fits. */
  yields?: boolean;
  /** Its keywords are not abbreviated, so that rows nobody types do not make those that people type ambiguous. */
  exact?: boolean;
  /** Too wide to be what somebody meant by a mistyped line. */
  vague?: boolean;
  /** Leaves one mode, or all. */
  leaves?: 'one' | 'all';
}>;

/** What may stand at a place of a line: a keyword, or a parameter's shape. */
export type Expected = Readonly<{
  text: string;
  help: string;
  keyword: boolean;
  /** The parameter is a name of a thing of this kind, which whoever asks may know. */
  names?: 'interface' | 'nameif';
}>;

export type Bound = Readonly<{ name: string; value: unknown; index: number }>;

export type Match<R> = Readonly<{
  ok: true;
  row: R;
  negated: boolean;
  values: Readonly<Record<string, unknown>>;
  /** Every value with the index of its token. */
  bound: readonly Bound[];
  /** The line with full keywords, single blanks and masked secrets. */
  canonical: string;
}>;

export type Mismatch<R> = Readonly<{
  ok: false;
  kind: 'invalid' | 'incomplete' | 'ambiguous';
  /** Token that does not fit; the number of tokens when the line is too short. */
  index: number;
  expected: readonly Expected[];
  /** Rows that fit up to there. */
  rows: readonly R[];
  fault?: ReadingFault;
}>;

/** A step over one or more tokens; `name` is empty for a keyword. */
type Binding = Readonly<{ name: string; value: unknown; text: string; index: number; before: Binding | undefined }>;

/** One way to read the line so far. `rank` prefers exact keywords (0) to abbreviations (1) to parameters (2). */
type Thread<R> = Readonly<{ rule: Rule<R>; state: State; bound: Binding | undefined; rank: string }>;

type Rule<R> = Readonly<{ row: R; elements: readonly Element[]; start: State; order: number }>;

type Mode<R> = Readonly<{
  rules: readonly Rule<R>[];
  byFirst: ReadonlyMap<string, readonly Rule<R>[]>;
  free: readonly Rule<R>[];
}>;

/** A compiled table. */
export class Grammar<R extends Syntax> {
  readonly rows: readonly R[];
  readonly #rules: readonly Rule<R>[];
  readonly #modes = new Map<string, Mode<R>>();
  readonly #byRow = new Map<R, Rule<R>>();
  /** Lines that were read, by mode and text. */
  readonly #accepted = new Map<string, Map<string, Readonly<{ line: Line; match: Match<R> | undefined }>>>();
  #remembered = 0;

  /** Throws when a row's pattern and parameters disagree: that is a mistake of ours. */
  constructor(rows: readonly R[]) {
    this.rows = rows;
    this.#rules = rows.map((row, order) => {
      const elements = parsePattern(row.pattern);
      const unknown = mentions(elements).filter((name) => row.params[name] === undefined);
      if (unknown.length > 0) throw new Error(`no parameter ${unknown.join(', ')} for: ${row.pattern}`);
      return { row, elements, start: compile(elements), order };
    });
    for (const rule of this.#rules) this.#byRow.set(rule.row, rule);
  }

  /** Names of all modes that rows live in. */
  get modes(): readonly string[] {
    return [...new Set(this.rows.flatMap((row) => row.modes))].filter((mode) => mode !== '*');
  }

  /** Rows of a mode, in the table's order. */
  rowsOf(mode: string): readonly R[] {
    return this.#mode(mode).rules.map((rule) => rule.row);
  }

  /** Reads a line in one mode. */
  match(mode: string, line: Line): Match<R> | Mismatch<R> {
    const negated = line.tokens[0]?.text.toLowerCase() === 'no';
    const from = negated ? 1 : 0;
    const rules = this.#candidates(mode, line.tokens[from]?.text.toLowerCase());
    const found = this.#run(rules, line, from, negated);
    // The index by first word is only for speed: what was expected instead is asked of the whole mode.
    return found.ok || found.index > from ? found : this.#run(this.#mode(mode).rules, line, from, negated);
  }

  /**
   * The same as `match` for who only wants to know whether a line fits: a miss costs nothing more, and lines that many
   * devices have are read once.
   */
  accept(mode: string, line: Line): Match<R> | undefined {
    const known = this.#accepted.get(mode)?.get(line.raw);
    // Repairs give a line other words: what it looks like is not enough.
    if (known !== undefined && haveSameWords(known.line, line)) return known.match && unshared(known.match);
    const negated = line.tokens[0]?.text.toLowerCase() === 'no';
    const from = negated ? 1 : 0;
    const found = this.#run(
      this.#candidates(mode, line.tokens[from]?.text.toLowerCase()),
      line,
      from,
      negated,
      'match',
    );
    const match = found.ok ? found : undefined;
    this.#remember(mode, line, match);
    return match;
  }

  #remember(mode: string, line: Line, match: Match<R> | undefined): void {
    if (line.raw.length > LONGEST_REMEMBERED || (match !== undefined && hasSecret(match.row))) return;
    if (match === undefined && MAY_BE_SECRET.test(line.raw)) return;
    if (this.#remembered >= MOST_REMEMBERED) {
      this.#accepted.clear();
      this.#remembered = 0;
    }
    this.#remembered++;
    let ofMode = this.#accepted.get(mode);
    if (ofMode === undefined) {
      ofMode = new Map();
      this.#accepted.set(mode, ofMode);
    }
    ofMode.set(line.raw, { line, match: match && unshared(match) });
  }

  /** What may follow the tokens of `line`, for `?` and completion; empty when the line is wrong already. */
  expectedAfter(mode: string, line: Line): readonly Expected[] {
    const found = this.#run(
      this.#mode(mode).rules,
      line,
      line.tokens[0]?.text.toLowerCase() === 'no' ? 1 : 0,
      false,
      'expected',
    );
    return !found.ok && found.kind === 'incomplete' ? found.expected : [];
  }

  /** Writes a row with values; secrets as stars unless they are to be shown. */
  render(row: R, values: Readonly<Record<string, unknown>>, showSecrets: boolean, upToStop = false): string {
    const rule = this.#byRow.get(row);
    if (rule === undefined) return '';
    const write = (name: string): string | undefined => {
      const [param, value] = [row.params[name], values[name]];
      if (param === undefined || value === undefined) return undefined;
      return param.kind === 'secret' && !showSecrets ? '*****' : param.write(value);
    };
    return renderPattern(rule.elements, write, upToStop) ?? '';
  }

  /** First state of a row's pattern, for searches over the grammar. */
  startOf(row: R): State {
    return this.#byRow.get(row)?.start ?? { edges: [], final: false, stop: false };
  }

  #mode(name: string): Mode<R> {
    const known = this.#modes.get(name);
    if (known !== undefined) return known;
    const rules = this.#rules.filter(({ row }) => row.modes.includes(name) || row.modes.includes('*'));
    const byFirst = new Map<string, Rule<R>[]>();
    const free: Rule<R>[] = [];
    for (const rule of rules) {
      const firsts = firstWords(rule);
      if (firsts === undefined) free.push(rule);
      else for (const first of firsts) byFirst.set(first, [...(byFirst.get(first) ?? []), rule]);
    }
    const mode = { rules, byFirst, free };
    this.#modes.set(name, mode);
    return mode;
  }

  #candidates(modeName: string, first: string | undefined): readonly Rule<R>[] {
    const mode = this.#mode(modeName);
    if (first === undefined) return mode.rules;
    const exact = mode.byFirst.get(first);
    if (exact !== undefined) return mode.free.length > 0 ? [...exact, ...mode.free] : exact;
    const near = [...mode.byFirst].filter(([word]) => word.startsWith(first)).flatMap(([, rules]) => rules);
    return [...new Set(near), ...mode.free];
  }

  #run(
    rules: readonly Rule<R>[],
    line: Line,
    from: number,
    negated: boolean,
    asking: 'both' | 'match' | 'expected' = 'both',
  ): Match<R> | Mismatch<R> {
    const count = line.tokens.length;
    const buckets: Thread<R>[][] = Array.from({ length: count + 1 }, () => []);
    buckets[from] = rules.map((rule) => ({ rule, state: rule.start, bound: undefined, rank: '' }));
    let explain = (): Mismatch<R> => ({ ok: false, kind: 'invalid', index: from, expected: [], rows: [] });
    for (let index = from; index < count; index++) {
      const threads = buckets[index] ?? [];
      if (threads.length === 0) continue;
      explain = advance(threads, line, index, buckets);
    }
    const ended = buckets[count] ?? [];
    const complete =
      asking === 'expected' ? undefined : best(ended.filter(({ state }) => state.final || (negated && state.stop)));
    if (complete !== undefined) return toMatch(complete, negated);
    if (asking === 'match') return NO_MATCH;
    if (ended.length === 0) return explain();
    return { ok: false, kind: 'incomplete', index: count, expected: expectations(ended), rows: rowsOf(ended) };
  }
}

const NO_MATCH = { ok: false, kind: 'invalid', index: 0, expected: [], rows: [] } as const;
const MOST_REMEMBERED = 20_000;
const LONGEST_REMEMBERED = 200;
/** What could not be read may be a mistyped key: it is not kept. */
const MAY_BE_SECRET = /key|pass|secret|auth|ppk|cert|community/i;

function hasSecret({ params }: Syntax): boolean {
  for (const name in params) if (params[name]?.kind === 'secret') return true;
  return false;
}

function haveSameWords(a: Line, b: Line): boolean {
  if (a.tokens.length !== b.tokens.length) return false;
  for (let i = 0; i < a.tokens.length; i++) if (a.tokens[i]?.text !== b.tokens[i]?.text) return false;
  return true;
}

/** A match whose lists are its own: who builds a model from them may add to them. */
function unshared<R>(match: Match<R>): Match<R> {
  let values: Record<string, unknown> | undefined;
  for (const name in match.values) {
    const value = match.values[name];
    if (!Array.isArray(value)) continue;
    values ??= { ...match.values };
    values[name] = [...value];
  }
  return values === undefined ? match : { ...match, values };
}

/** Takes all threads over one token; returns what would have to be said if none got past it, worked out on demand. */
function advance<R extends Syntax>(
  threads: readonly Thread<R>[],
  line: Line,
  index: number,
  buckets: Thread<R>[][],
): () => Mismatch<R> {
  const word = line.tokens[index]?.text.toLowerCase() ?? '';
  const exact: [Thread<R>, number][] = [];
  const abbreviated: [Thread<R>, number][] = [];
  const read: [Thread<R>, number][] = [];
  const meant = new Set<string>();
  let fault: ReadingFault | undefined;
  const isWord = word !== '' && word >= 'a' && word < '{';
  const keyword = (thread: Thread<R>, text: string, state: State, name: string, value: unknown): void => {
    // Most keywords begin with another letter: those need not be looked at further.
    const letter = text.charCodeAt(0);
    if ((letter < 91 && letter > 64 ? letter + 32 : letter) !== word.charCodeAt(0)) return;
    const lower = text.toLowerCase();
    const isExact = lower === word;
    if (!isExact && (thread.rule.row.exact === true || !isWord || !lower.startsWith(word))) return;
    const bound = { name, value, text, index, before: thread.bound };
    const next = { rule: thread.rule, state, bound, rank: `${thread.rank}${isExact ? 0 : 1}` };
    if (isExact) exact.push([next, 1]);
    else {
      meant.add(text);
      abbreviated.push([next, 1]);
    }
  };
  for (const thread of threads) {
    for (const edge of thread.state.edges) {
      if (edge.kind === 'word') {
        keyword(thread, edge.text, edge.to, '', undefined);
        continue;
      }
      const param = thread.rule.row.params[edge.name];
      if (param === undefined) continue;
      if (param.choices !== undefined) {
        for (const text in param.choices) keyword(thread, text, edge.to, edge.name, text);
        continue;
      }
      const reading = param.read(line, index);
      if (reading.ok) {
        const { value, used } = reading;
        const bound = { name: edge.name, value, text: written(param, value), index, before: thread.bound };
        read.push([{ rule: thread.rule, state: edge.to, bound, rank: `${thread.rank}2` }, used]);
      } else if (fault?.code !== 'out-of-range') fault = reading.fault;
    }
  }
  const ambiguous = exact.length === 0 && meant.size > 1;
  // A name never shadows the keyword it equals; a key or free text may.
  const free = exact.length === 0 ? read : read.filter(([thread]) => isFree(thread));
  for (const [thread, used] of [...exact, ...(exact.length > 0 || ambiguous ? [] : abbreviated), ...free])
    buckets[Math.min(index + used, buckets.length - 1)]?.push(thread);
  return () => {
    const expected: Expected[] = ambiguous
      ? [...meant].map((text) => ({ text, help: '', keyword: true }))
      : expectations(threads);
    const kind = ambiguous ? 'ambiguous' : 'invalid';
    return { ok: false, kind, index, expected, rows: rowsOf(threads), ...(fault === undefined ? {} : { fault }) };
  };
}

function written(param: Param<unknown>, value: unknown): string {
  if (param.kind === 'secret') return '*****';
  return param.many ? param.write([value]) : param.write(value);
}

function isFree<R extends Syntax>(thread: Thread<R>): boolean {
  const kind = thread.rule.row.params[thread.bound?.name ?? '']?.kind;
  return kind === 'secret' || kind === 'text';
}

/** The thread with the best rank, last resorts last; the table's order breaks ties. */
function best<R extends Syntax>(threads: readonly Thread<R>[]): Thread<R> | undefined {
  const resort = ({ rule }: Thread<R>): number => (rule.row.lastResort === true || rule.row.yields === true ? 1 : 0);
  const byRank = (x: Thread<R>, y: Thread<R>): number => (x.rank < y.rank ? -1 : x.rank > y.rank ? 1 : 0);
  return [...threads].sort((x, y) => resort(x) - resort(y) || byRank(x, y) || x.rule.order - y.rule.order)[0];
}

function toMatch<R extends Syntax>(thread: Thread<R>, negated: boolean): Match<R> {
  const steps: Binding[] = [];
  for (let one = thread.bound; one !== undefined; one = one.before) steps.unshift(one);
  const bound = steps.filter((step) => step.name !== '');
  const canonical = `${negated ? 'no ' : ''}${steps.map((step) => step.text).join(' ')}`;
  const values: Record<string, unknown> = {};
  const { row } = thread.rule;
  for (const { name, value } of bound) {
    if (row.params[name]?.many !== true) values[name] = value;
    else values[name] = [...((values[name] as readonly unknown[] | undefined) ?? []), value];
  }
  return { ok: true, row, negated, values, bound, canonical };
}

function expectations<R extends Syntax>(threads: readonly Thread<R>[]): Expected[] {
  const found = new Map<string, Expected>();
  const add = (text: string, help: string, keyword: boolean, names?: Expected['names']): void => {
    if (!found.has(text)) found.set(text, { text, help, keyword, ...(names === undefined ? {} : { names }) });
  };
  for (const { rule, state } of threads) {
    for (const edge of state.edges) {
      if (edge.kind === 'word') add(edge.text, rule.row.help, true);
      else expectParam(rule.row.params[edge.name], add);
    }
    if (state.final) add('<cr>', 'end of the line', false);
  }
  return [...found.values()];
}

function expectParam(
  param: Param<unknown> | undefined,
  add: (text: string, help: string, keyword: boolean, names?: Expected['names']) => void,
): void {
  const names = param?.kind === 'interface' || param?.kind === 'nameif' ? param.kind : undefined;
  if (param?.choices === undefined) add(param?.shape ?? '', param?.help ?? '', false, names);
  else for (const [text, help] of Object.entries(param.choices)) add(text, help, true);
}

function rowsOf<R>(threads: readonly Thread<R>[]): readonly R[] {
  return [...new Set(threads.map((thread) => thread.rule.row))];
}

/** Keywords a rule's lines begin with; undefined when they may begin with anything. */
function firstWords<R extends Syntax>(rule: Rule<R>): readonly string[] | undefined {
  const firsts: string[] = [];
  for (const edge of rule.start.edges) {
    const choices = edge.kind === 'param' ? rule.row.params[edge.name]?.choices : undefined;
    if (edge.kind === 'word') firsts.push(edge.text.toLowerCase());
    else if (choices !== undefined) firsts.push(...Object.keys(choices).map((one) => one.toLowerCase()));
    else return undefined;
  }
  return firsts;
}
