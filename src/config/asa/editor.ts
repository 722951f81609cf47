/**
 * Changing a configuration a line at a time, as `configure terminal` does. The editor holds every line that counts, with
 * where it came from; a line is taken only when the whole still reads, so that a rejected one changes nothing.
 */
import type { Expected, Match } from '../grammar.ts';
import { type Line, readLine, readLines } from '../lines.ts';
import type { DeviceModel, Diagnostic } from '../model.ts';
import { asaGrammar } from './grammar/index.ts';
import { loadAsaLines } from './load.ts';
import type { AsaRow } from './row.ts';

/** What became of one line. */
export type Entered = Readonly<{ line: string; ok: boolean; diagnostics: readonly Diagnostic[] }>;

/** A mode that was entered, and the line that did. */
type Frame = Readonly<{ mode: string; opener: Line | undefined }>;

/** How lines typed at a terminal are called in positions. */
export const TERMINAL = 'terminal';

const ROOT: Frame = { mode: 'config', opener: undefined };

export class AsaEditor {
  #lines: readonly Line[];
  #model: DeviceModel;
  /** Errors that the configuration had before; they do not count against a new line. */
  #known: ReadonlySet<string>;
  #stack: readonly Frame[] = [ROOT];
  #typed = 0;

  /** Starts from a configuration's text; `file` is its name in positions. */
  constructor(text: string, file: string) {
    this.#lines = readLines(text).map((line) => ({ ...line, file }));
    const loaded = loadAsaLines(this.#lines, file);
    this.#model = loaded.model;
    this.#known = new Set(errorsOf(loaded.diagnostics));
  }

  /** The configuration with everything that was taken so far. */
  get model(): DeviceModel {
    return this.#model;
  }

  /** The mode that the next line is read in: `config`, or that of a section. */
  get mode(): string {
    return this.#stack.at(-1)?.mode ?? ROOT.mode;
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
      const found = asaGrammar.expectedAfter(mode, line);
      if (found.length > 0) return found;
    }
    return [];
  }

  /** Whether the words begin some configuration line in the present mode or an outer one. */
  reads(typed: string): boolean {
    return this.#locate(readLine(typed)) !== undefined;
  }

  /**
   * Takes lines in their order. Each is taken or refused by itself, but many that are all right cost one reading: a
   * paste of a thousand lines is as quick as loading them.
   */
  enter(typed: readonly string[]): readonly Entered[] {
    const outcomes: Entered[] = [];
    let rest = typed;
    while (rest.length > 0) {
      const taken = this.#tryAll(rest);
      outcomes.push(...taken);
      rest = rest.slice(taken.length);
    }
    return outcomes;
  }

  /** Takes the longest run of lines that reads without a new error, or refuses the first one. */
  #tryAll(typed: readonly string[]): readonly Entered[] {
    for (let count = typed.length; ; ) {
      const before = this.#stack;
      const added = this.#withModes(typed.slice(0, count));
      const lines = [...this.#lines, ...added.lines];
      const { model, diagnostics } = loadAsaLines(lines, TERMINAL);
      const fresh = diagnostics.filter((one) => !this.#known.has(keyOf(one)));
      const wrong = fresh.filter(({ severity }) => severity === 'error');
      if (wrong.length === 0) {
        this.#lines = lines;
        this.#model = model;
        this.#typed += count;
        return typed.slice(0, count).map((line, i) => ({
          line,
          ok: true,
          diagnostics: fresh.filter((one) => added.numbers[i] === one.position.line && one.position.file === TERMINAL),
        }));
      }
      this.#stack = before;
      if (count === 1) {
        this.#typed++;
        return [{ line: typed[0] ?? '', ok: false, diagnostics: wrong }];
      }
      // Everything before the first line that is wrong is tried again without it; a fault elsewhere halves the run.
      const first = Math.min(...wrong.map(({ position }) => added.numbers.indexOf(position.line)));
      count = first > 0 ? first : Math.max(1, first === 0 ? 1 : Math.floor(count / 2));
    }
  }

  /** The typed lines with those that open the present section before them; follows the modes they enter and leave. */
  #withModes(typed: readonly string[]): Readonly<{ lines: Line[]; numbers: readonly number[] }> {
    const numbers = typed.map((_, i) => this.#typed + i + 1);
    const openers = this.#stack.flatMap(({ opener }) => opener ?? []);
    const lines = typed.map((text, i) => ({ ...readLine(text, numbers[i]), file: TERMINAL }));
    for (const line of lines) this.#follow(line);
    return { lines: [...openers, ...lines], numbers };
  }

  #follow(line: Line): void {
    const found = this.#locate(line);
    if (found === undefined) return;
    const { match, depth } = found;
    const { leaves, enters } = match.row;
    if (leaves !== undefined) this.#stack = this.#stack.slice(0, leaves === 'all' ? 1 : Math.max(1, depth));
    else {
      this.#stack = this.#stack.slice(0, depth + 1);
      if (enters !== undefined && !match.negated) this.#stack = [...this.#stack, { mode: enters, opener: line }];
    }
  }

  #locate(line: Line): Readonly<{ match: Match<AsaRow>; depth: number }> | undefined {
    if (line.tokens.length === 0) return undefined;
    for (let depth = this.#stack.length - 1; depth >= 0; depth--) {
      const match = asaGrammar.match(this.#stack[depth]?.mode ?? ROOT.mode, line);
      if (match.ok) return { match, depth };
    }
    return undefined;
  }
}

function errorsOf(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(keyOf);
}

function keyOf({ position, code, message }: Diagnostic): string {
  return `${position.file}:${position.line}:${position.column} ${code} ${message}`;
}
