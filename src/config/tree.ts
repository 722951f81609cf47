/**
 * Lines to a tree of statements, walking the modes as the box's own loader does: indentation means nothing, and a
 * line that fits only an outer mode leaves the inner one.
 */
import type { Expected, Grammar, Match, Mismatch, Syntax } from './grammar.ts';
import { isUnder, joinTokens, type Line } from './lines.ts';
import type { Diagnostic, Position } from './model.ts';
import { nearestLine } from './nearest.ts';
import { firstSecret, MASK, maskSecrets } from './secrets.ts';

/** One understood line, with the lines of the mode it entered. */
export type Statement<R> = Readonly<{
  match: Match<R>;
  line: Line;
  mode: string;
  position: Position;
  children: readonly Statement<R>[];
}>;

export type Tree<R> = Readonly<{ statements: readonly Statement<R>[]; diagnostics: readonly Diagnostic[] }>;

/** Tries to mend a line: `fits` says whether a version of it can be read now. Undefined: beyond repair. */
export type Repair<R> = (line: Line, fits: (line: Line) => Match<R> | readonly Mismatch<R>[]) => Line | undefined;

type Frame<R> = {
  readonly mode: string;
  readonly children: Statement<R>[];
  readonly broken: boolean;
  /** The line that opened it. */
  readonly opener?: Line;
};

type Located<R> = Readonly<{ match: Match<R>; depth: number }>;
type Found<R> = Located<R> | Readonly<{ match: undefined; misses: readonly Mismatch<R>[] }>;

/** Reads all lines; nothing throws, everything that is wrong becomes a diagnostic. */
export function readTree<R extends Syntax>(
  grammar: Grammar<R>,
  lines: readonly Line[],
  options: Readonly<{ file: string; root: string; repair: Repair<R> }>,
): Tree<R> {
  return new TreeReader(grammar, options).read(lines);
}

class TreeReader<R extends Syntax> {
  readonly #grammar: Grammar<R>;
  readonly #file: string;
  readonly #repair: Repair<R>;
  readonly #root: Frame<R>;
  readonly #diagnostics: Diagnostic[] = [];
  #stack: Frame<R>[];
  #suggestions = 0;

  constructor(grammar: Grammar<R>, options: Readonly<{ file: string; root: string; repair: Repair<R> }>) {
    this.#grammar = grammar;
    this.#file = options.file;
    this.#repair = options.repair;
    this.#root = { mode: options.root, children: [], broken: false };
    this.#stack = [this.#root];
  }

  read(lines: readonly Line[]): Tree<R> {
    for (const line of lines) if (line.tokens.length > 0) this.#readLine(line);
    return { statements: this.#root.children, diagnostics: this.#diagnostics };
  }

  #readLine(line: Line): void {
    const found = this.#locate(line);
    if (found.match !== undefined) {
      this.#accept(found, line);
      return;
    }
    const plain = withoutRemark(line);
    const bare = plain === undefined ? undefined : this.#locate(plain);
    if (plain !== undefined && bare?.match !== undefined) {
      this.#accept(bare, plain);
      return;
    }
    const repaired = this.#repair(line, (version) => {
      const result = this.#locate(version);
      return result.match ?? result.misses;
    });
    const located = repaired === undefined ? undefined : this.#locate(repaired);
    if (repaired !== undefined && located?.match !== undefined) {
      this.#accept(located, repaired);
      this.#reportRepair(line, repaired);
      return;
    }
    this.#refuse(line, found.misses);
  }

  /** The innermost mode that reads the line; else why each mode does not, innermost first. */
  #locate(line: Line): Found<R> {
    let fallback: Located<R> | undefined;
    for (let depth = this.#stack.length - 1; depth >= 0; depth--) {
      const match = this.#grammar.accept(this.#stack[depth]?.mode ?? '', line);
      if (match === undefined) continue;
      if (match.row.lastResort !== true) return { match, depth };
      fallback ??= { match, depth };
      if (isUnder(line, this.#stack[depth]?.opener)) break;
    }
    if (fallback !== undefined) return fallback;
    // Only now is it worth knowing what would have fitted where.
    const misses = [...this.#stack].reverse().map(({ mode }) => this.#grammar.match(mode, line));
    return { match: undefined, misses: misses.filter((one) => !one.ok) };
  }

  #accept({ match, depth }: Located<R>, line: Line): void {
    this.#stack.length = depth + 1;
    const frame = this.#stack[depth] ?? this.#root;
    if (match.row.leaves !== undefined) {
      this.#stack.length = match.row.leaves === 'all' ? 1 : Math.max(1, depth);
      return;
    }
    const position = this.#position(line, 0);
    const children: Statement<R>[] = [];
    if (frame.broken) {
      const message = 'not used: the line that opens its section was refused';
      this.#diagnostics.push({ severity: 'note', position, code: 'not-used', message });
    } else frame.children.push({ match, line, mode: frame.mode, position, children });
    if (match.row.enters !== undefined && !match.negated)
      this.#stack.push({ mode: match.row.enters, children, broken: frame.broken, opener: line });
  }

  #reportRepair(line: Line, repaired: Line): void {
    const suggestion = maskSecrets(joinTokens(repaired.tokens));
    const index = repaired.tokens.findIndex((token, i) => token.text !== line.tokens[i]?.text);
    this.#diagnostics.push({
      severity: 'warning',
      position: this.#position(line, Math.max(0, index)),
      code: 'repaired',
      message: `words run together; read as \`${suggestion}\``,
      suggestion,
    });
  }

  #refuse(line: Line, misses: readonly Mismatch<R>[]): void {
    const furthest = misses.reduce((best, miss) => (isFurther(miss, best) ? miss : best), misses[0] ?? NOTHING);
    const elsewhere = furthest.index <= 1 && furthest.kind === 'invalid' ? this.#modeThatReads(line) : undefined;
    const position = this.#position(line, furthest.index);
    if (elsewhere !== undefined) {
      this.#diagnostics.push({
        severity: 'error',
        position: this.#position(line, 0),
        code: 'wrong-mode',
        message: `this command belongs under \`${elsewhere}\``,
        expected: `\`${elsewhere}\` above this line`,
      });
      return;
    }
    const suggestion = this.#suggest(line);
    this.#diagnostics.push({
      severity: 'error',
      position,
      code: codeOf(furthest),
      message: messageOf(furthest, line),
      ...(furthest.expected.length === 0
        ? {}
        : { expected: listExpected(furthest.expected, line.tokens[furthest.index]?.text ?? '') }),
      ...(suggestion === undefined ? {} : { suggestion }),
    });
    this.#enterBroken(furthest, misses);
  }

  /** After a refused section line its body is read for its own mistakes, but not used. */
  #enterBroken(furthest: Mismatch<R>, misses: readonly Mismatch<R>[]): void {
    const mode = furthest.rows[0]?.enters;
    if (mode === undefined || furthest.index === 0 || !furthest.rows.every((row) => row.enters === mode)) return;
    const depth = this.#stack.length - 1 - misses.indexOf(furthest as Mismatch<R>);
    this.#stack.length = Math.max(1, depth + 1);
    this.#stack.push({ mode, children: [], broken: true });
  }

  /** The section that the line would fit, by the line that opens it. */
  #modeThatReads(line: Line): string | undefined {
    const mode = this.#grammar.modes.find((one) => {
      const match = this.#grammar.match(one, line);
      return match.ok && match.row.lastResort !== true && match.row.vague !== true;
    });
    const opener = this.#grammar.rows.find((row) => row.enters !== undefined && row.enters === mode);
    return opener?.pattern.replaceAll(/ ?\[.*|\/ /g, '').trim();
  }

  #suggest(line: Line): string | undefined {
    if (++this.#suggestions > MOST_SUGGESTIONS) return undefined;
    const modes = [...new Set(this.#stack.map((frame) => frame.mode).reverse())];
    const found = modes.map((mode) => nearestLine(this.#grammar, mode, line)).filter((one) => one !== undefined);
    const best = found.reduce((a, b) => (b.cost < a.cost ? b : a), found[0] ?? { text: '', cost: 0 });
    return best.text === '' ? undefined : maskSecrets(best.text);
  }

  #position(line: Line, index: number): Position {
    const token = line.tokens[index];
    if (token !== undefined) return { file: line.file ?? this.#file, line: line.number, column: token.column };
    const last = line.tokens.at(-1);
    const column = last === undefined ? 1 : last.column + last.raw.length + 1;
    return { file: line.file ?? this.#file, line: line.number, column };
  }
}

/** Searches for suggestions in one text: a text that is wrong throughout is not a configuration. */
const MOST_SUGGESTIONS = 100;

const NOTHING = { ok: false, kind: 'invalid', index: 0, expected: [], rows: [] } as const;

/** The miss that says most: the one that read most words; of equals an ambiguous one. */
function isFurther(miss: Mismatch<unknown>, than: Mismatch<unknown>): boolean {
  if (miss.index !== than.index) return miss.index > than.index;
  return miss.kind === 'ambiguous' && than.kind !== 'ambiguous';
}

/** A remark at the end of a line, ` ! like this`, as pasted configurations have. */
function withoutRemark(line: Line): Line | undefined {
  const index = line.tokens.findIndex((token) => token.text.startsWith('!'));
  return index > 0 ? { ...line, tokens: line.tokens.slice(0, index) } : undefined;
}

function codeOf(miss: Mismatch<unknown>): string {
  if (miss.kind === 'incomplete') return 'incomplete-command';
  if (miss.kind === 'ambiguous') return 'ambiguous-command';
  if (miss.fault?.code === 'out-of-range') return 'out-of-range';
  return miss.index === 0 ? 'unknown-command' : 'invalid-word';
}

function messageOf(miss: Mismatch<unknown>, line: Line): string {
  if (miss.kind === 'incomplete') return 'the command is incomplete';
  const token = line.tokens[miss.index];
  const shown = miss.index >= firstSecret(line.tokens) ? MASK : (token?.text ?? '');
  const quoted = `\`${shown.length > 60 ? `${shown.slice(0, 60)}...` : shown}\``;
  if (miss.kind === 'ambiguous') return `${quoted} is short for more than one keyword`;
  const why = shown === MASK || miss.fault === undefined || miss.index === 0 ? '' : `: ${miss.fault.message}`;
  return miss.index === 0 ? `unknown command ${quoted}` : `${quoted} does not fit here${why}`;
}

/** At most a dozen of the words that could have stood there, those that begin like the one that does first. */
function listExpected(expected: readonly Expected[], found: string): string {
  const likeness = (word: string): number => [...word].findIndex((letter, i) => found[i]?.toLowerCase() !== letter);
  const words = expected.map((one) => (one.text === '<cr>' ? 'end of line' : one.text)).sort();
  if (words.length > 12) words.sort((a, b) => likeness(b) - likeness(a));
  const shown = words.slice(0, 12).join(', ');
  return words.length > 12 ? `${shown}, ... (${words.length} in all)` : shown;
}
