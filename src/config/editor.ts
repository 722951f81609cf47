/**
 * Changing a configuration a line at a time, as `configure terminal` does. The editor holds every line that counts, with
 * where it came from; a line is taken only when the whole still reads, so that a rejected one changes nothing.
 */
import type { Dialect } from './dialect.ts';
import type { Expected, Grammar, Match } from './grammar.ts';
import { isUnder, type Line, readLine, readLines } from './lines.ts';
import { loadLines } from './load.ts';
import type { DeviceModel, Diagnostic } from './model.ts';
import type { Row } from './row.ts';
import { readTree } from './tree.ts';

/** What became of one line. `mode` is the one it led to. */
export type Entered = Readonly<{ line: string; ok: boolean; diagnostics: readonly Diagnostic[]; mode: string }>;

/** A mode that was entered, and the line that did. */
type Frame = Readonly<{ mode: string; opener: Line | undefined }>;

type Located = Readonly<{ match: Match<Row>; depth: number }>;

/** How lines typed at a terminal are called in positions. */
export const TERMINAL = 'terminal';

const ROOT: Frame = { mode: 'config', opener: undefined };

export class ConfigEditor {
  #lines: readonly Line[];
  #model: DeviceModel;
  /** Errors that the configuration had before; they do not count against a new line. */
  #known: ReadonlySet<string>;
  #stack: readonly Frame[] = [ROOT];
  #typed = 0;
  readonly #dialect: Dialect;
  readonly #grammar: Grammar<Row>;

  /** Starts from a configuration's text; `file` is its name in positions. */
  constructor(dialect: Dialect, text: string, file: string) {
    this.#dialect = dialect;
    this.#grammar = dialect.grammar;
    this.#lines = readLines(text).map((line) => ({ ...line, file }));
    const loaded = loadLines(this.#dialect, this.#lines, file);
    this.#model = loaded.model;
    this.#known = new Set(errorsOf(loaded.diagnostics));
  }

  /** The configuration with everything that was taken so far. */
  get model(): DeviceModel {
    return this.#model;
  }

  /** The mode that the next line is read in: `config`, or that of a section. */
  get mode(): string {
    return modeOf(this.#stack);
  }

  /** What a prompt calls a mode. */
  promptOf(mode: string): string {
    return this.#dialect.prompts[mode] ?? 'config';
  }

  /** Leaves all sections, as `end` and a new `configure terminal` do. */
  reset(): void {
    this.#stack = [ROOT];
  }

  /** Leaves one section; false when there was none to leave. */
  leave(): boolean {
    if (this.#stack.length === 1) return false;
    this.#stack = this.#stack.slice(0, -1);
    return true;
  }

  /** What may stand after the words typed so far, here and (for a line of an outer mode) further out. */
  expected(typed: string): readonly Expected[] {
    const line = readLine(typed);
    for (const { mode } of [...this.#stack].reverse()) {
      const found = this.#grammar.expectedAfter(mode, line);
      if (found.length > 0) return found;
    }
    return [];
  }

  /**
   * How many lines from the first on are plainly configuration, modes followed: up to one that no mode reads, that only
   * a row which reads almost anything would take, or that leaves configuration altogether.
   */
  countOwn(typed: readonly string[]): number {
    let stack = this.#stack;
    for (const [index, text] of typed.entries()) {
      const line = readLine(text);
      if (line.tokens.length === 0) continue;
      const found = locate(this.#grammar, stack, line);
      if (found === undefined) return index;
      const { leaves, lastResort, vague } = found.match.row;
      if (lastResort === true || vague === true) return index;
      if (leaves === 'all' || (leaves === 'one' && stack.length === 1)) return index;
      stack = follow(stack, line, found);
    }
    return typed.length;
  }

  /**
   * Takes lines in their order. Each is taken or refused by itself, but many that are all right cost one reading: a
   * paste of a thousand lines is as quick as loading them.
   */
  enter(typed: readonly string[]): readonly Entered[] {
    const outcomes: Entered[] = [];
    let rest = typed;
    while (rest.length > 0) {
      const { count, wrong } = this.#readable(rest);
      const taken = count > 0 ? this.#tryAll(rest.slice(0, count)) : [this.#refuse(rest[0] ?? '', wrong)];
      outcomes.push(...taken);
      rest = rest.slice(taken.length);
    }
    return outcomes;
  }

  /**
   * How many lines read by themselves, whatever they mean together; what is wrong with the next. That is quick to find
   * out, so that a thousand lines of nonsense do not cost a thousand readings of everything.
   */
  #readable(typed: readonly string[]): Readonly<{ count: number; wrong: readonly Diagnostic[] }> {
    const repair = this.#dialect.repair([...this.#lines, ...typed.map((text) => readLine(text))]);
    const options = { file: TERMINAL, root: ROOT.mode, repair };
    let stack = this.#stack;
    for (const [index, text] of typed.entries()) {
      const line = readLine(text, this.#typed + 1 + index);
      const found = locate(this.#grammar, stack, line);
      if (found !== undefined) stack = follow(stack, line, found);
      else if (line.tokens.length > 0) {
        const openers = stack.flatMap(({ opener }) => opener ?? []);
        const { diagnostics } = readTree(this.#grammar, [...openers, line], options);
        const wrong = diagnostics.filter(
          ({ severity, position }) => severity === 'error' && position.line === line.number,
        );
        if (wrong.length > 0) return { count: index, wrong };
      }
    }
    return { count: typed.length, wrong: [] };
  }

  /** Refuses a line. One that was to open a section closes the present one: what follows must not end up there. */
  #refuse(text: string, diagnostics: readonly Diagnostic[]): Entered {
    this.#typed++;
    const line = readLine(text);
    for (let depth = this.#stack.length - 1; depth >= 0; depth--) {
      const match = this.#grammar.match(this.#stack[depth]?.mode ?? ROOT.mode, line);
      const opens = match.ok
        ? match.row.enters !== undefined
        : match.index > 0 && match.rows.length > 0 && match.rows.every(({ enters }) => enters !== undefined);
      if (!opens) continue;
      this.#stack = this.#stack.slice(0, depth + 1);
      break;
    }
    return { line: text, ok: false, diagnostics, mode: this.mode };
  }

  /** Takes the longest run of lines that reads without a new error, or refuses the first one. */
  #tryAll(typed: readonly string[]): readonly Entered[] {
    for (let count = typed.length; ; ) {
      const added = this.#withModes(typed.slice(0, count));
      const lines = [...this.#lines, ...added.lines];
      const { model, diagnostics } = loadLines(this.#dialect, lines, TERMINAL);
      const fresh = diagnostics.filter((one) => !this.#known.has(keyOf(one)));
      const wrong = fresh.filter(({ severity }) => severity === 'error');
      if (wrong.length === 0) {
        this.#lines = lines;
        this.#model = model;
        this.#typed += count;
        this.#stack = added.stacks.at(-1) ?? this.#stack;
        return typed.slice(0, count).map((line, i) => ({
          line,
          ok: true,
          diagnostics: fresh.filter((one) => added.numbers[i] === one.position.line && one.position.file === TERMINAL),
          mode: modeOf(added.stacks[i] ?? this.#stack),
        }));
      }
      if (count === 1) return [this.#refuse(typed[0] ?? '', wrong)];
      // Everything before the first line that is wrong is tried again without it; a fault elsewhere halves the run.
      const places = wrong.map(({ position }) => (position.file === TERMINAL ? position.line : -1));
      const first = Math.min(...places.map((line) => added.numbers.indexOf(line)));
      count = first > 0 ? first : Math.max(1, first === 0 ? 1 : Math.floor(count / 2));
    }
  }

  /** The typed lines with those that open the present section before them, and the modes after each of them. */
  #withModes(
    typed: readonly string[],
  ): Readonly<{ lines: Line[]; numbers: readonly number[]; stacks: readonly (readonly Frame[])[] }> {
    const numbers = typed.map((_, i) => this.#typed + i + 1);
    const openers = this.#stack.flatMap(({ opener }) => opener ?? []);
    const lines = typed.map((text, i) => ({ ...readLine(text, numbers[i]), file: TERMINAL }));
    let stack = this.#stack;
    const stacks = lines.map((line) => {
      const found = locate(this.#grammar, stack, line);
      if (found !== undefined) stack = follow(stack, line, found);
      return stack;
    });
    return { lines: [...openers, ...lines], numbers, stacks };
  }
}

/** The modes after a line that was found to be one of them. */
function follow(stack: readonly Frame[], line: Line, { match, depth }: Located): readonly Frame[] {
  const { leaves, enters } = match.row;
  if (leaves !== undefined) return stack.slice(0, leaves === 'all' ? 1 : Math.max(1, depth));
  const outer = stack.slice(0, depth + 1);
  return enters === undefined || match.negated ? outer : [...outer, { mode: enters, opener: line }];
}

/** The innermost mode that reads the line; one that reads anything is the last resort. */
function locate(grammar: Grammar<Row>, stack: readonly Frame[], line: Line): Located | undefined {
  if (line.tokens.length === 0) return undefined;
  let fallback: Located | undefined;
  for (let depth = stack.length - 1; depth >= 0; depth--) {
    const match = grammar.match(stack[depth]?.mode ?? ROOT.mode, line);
    if (!match.ok) continue;
    if (match.row.lastResort !== true) return { match, depth };
    fallback ??= { match, depth };
    if (isUnder(line, stack[depth]?.opener)) break;
  }
  return fallback;
}

function modeOf(stack: readonly Frame[]): string {
  return stack.at(-1)?.mode ?? ROOT.mode;
}

function errorsOf(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(keyOf);
}

function keyOf({ position, code, message }: Diagnostic): string {
  return `${position.file}:${position.line}:${position.column} ${code} ${message}`;
}
