/** One grammar of all that can be typed at a prompt: exec commands, those of the session, those of whoever opened it. */
import { type Expected, Grammar, type Match, type Syntax } from '../../config/index.ts';
import type { Row, RowResult } from '../commands/index.ts';
import { execExpected, execSyntax } from '../exec.ts';
import type { Platform } from '../platform.ts';
import { type Misread, readCommand } from '../reading.ts';
import type { ConsoleDevice } from './console-device.ts';
import { type SessionSyntax, sessionCommands } from './session-commands.ts';

/** What such a command comes to: text, or a line to run on another device. */
export type ExtraResult =
  | Extract<RowResult, { kind: 'text' | 'complaint' }>
  | Readonly<{ kind: 'ask'; device: ConsoleDevice; line: string }>;

/** A command of whoever opened the session. */
export type ExtraSyntax = Syntax & Readonly<{ run: (values: Readonly<Record<string, unknown>>) => ExtraResult }>;

type Meaning =
  | Readonly<{ kind: 'exec'; row: Row }>
  | Readonly<{ kind: 'session'; row: SessionSyntax }>
  | Readonly<{ kind: 'extra'; row: ExtraSyntax }>;

/** A command with what it means. */
export type Command = Syntax & Readonly<{ meaning: Meaning }>;

export class SessionGrammar {
  readonly #grammar: Grammar<Command>;
  readonly #negatable: Grammar<Command>;

  constructor(platform: Platform, extra: readonly ExtraSyntax[]) {
    const commands = [
      ...execSyntax[platform].map((one): Command => ({ ...one, meaning: { kind: 'exec', row: one.row } })),
      ...sessionCommands(platform).map((row): Command => ({ ...row, meaning: { kind: 'session', row } })),
      ...extra.map((row): Command => ({ ...row, meaning: { kind: 'extra', row } })),
    ];
    this.#grammar = new Grammar(commands);
    this.#negatable = new Grammar(commands.filter(isNegatable));
  }

  read(mode: string, line: string): Match<Command> | Misread {
    return readCommand(isNegated(line) ? this.#negatable : this.#grammar, mode, line);
  }

  /** Whether a line is a command of whoever opened the session. */
  isExtra(mode: string, line: string): boolean {
    const found = this.read(mode, line);
    return found.ok && found.row.meaning.kind === 'extra';
  }

  expected(mode: string, typed: string): readonly Expected[] {
    const grammar = isNegated(typed) ? this.#negatable : this.#grammar;
    return execExpected(grammar, mode, typed, ({ meaning }) => (meaning.kind === 'exec' ? meaning.row : undefined));
  }

  /** Every command with its help. */
  help(mode: string): string {
    const rows = this.#grammar.rowsOf(mode);
    const width = Math.max(...rows.map(({ pattern }) => pattern.length));
    return `${rows.map(({ pattern, help }) => `  ${pattern.padEnd(width)}  ${help}`).join('\n')}\n`;
  }
}

function isNegatable({ meaning }: Command): boolean {
  if (meaning.kind === 'exec') return meaning.row.negated !== undefined;
  return meaning.kind === 'session' && meaning.row.negatable === true;
}

function isNegated(line: string): boolean {
  return /^\s*no(\s|$)/i.test(line);
}
