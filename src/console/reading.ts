/**
 * Reads a command line by a grammar of the same kind as the configuration's, and says in the platform's words why it
 * can not: where the line stops to make sense, and which command was probably meant.
 */
import {
  type Grammar,
  type Line,
  type Match,
  type Mismatch,
  maskSecrets,
  nearestLine,
  readLine,
  type Syntax,
  splitToken,
} from '../config/index.ts';
import type { Complaint } from './complaint.ts';

/** Why a line can not be read. Columns count from 1. */
export type Misread = Readonly<{
  ok: false;
  kind: Mismatch<Syntax>['kind'];
  column: number;
  /** What is wrong with the word at the column, where there is something to say. */
  reason?: string;
  /** The nearest command there is. */
  suggestion?: string;
}>;

/** What stands before the command that was probably meant. */
export const MEANT = 'Did you mean: ';

/** Reads one command line. */
export function readCommand<R extends Syntax>(grammar: Grammar<R>, mode: string, raw: string): Match<R> | Misread {
  const line = readLine(raw);
  const found = grammar.match(mode, line);
  if (found.ok) return found;
  // Of a first word that is no command there is nothing more to say.
  const reason = found.index === 0 ? undefined : found.fault?.message;
  const suggestion = found.kind === 'invalid' ? suggest(grammar, mode, line) : undefined;
  return {
    ok: false,
    kind: found.kind,
    column: columnOf(line, found.index),
    ...(reason === undefined ? {} : { reason }),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** The complaint below the line; `indent` is how far the line itself stands from the left. */
export function misreadComplaint(misread: Misread, raw: string, indent: number): Complaint {
  switch (misread.kind) {
    case 'ambiguous':
      return { kind: 'ambiguous', line: raw.trim() };
    case 'incomplete':
      return { kind: 'incomplete' };
    case 'invalid':
      return {
        kind: 'marked',
        column: indent + misread.column,
        more: [
          ...(misread.reason === undefined ? [] : [misread.reason]),
          ...(misread.suggestion === undefined ? [] : [`${MEANT}${misread.suggestion}`]),
        ],
      };
    default:
      return misread.kind satisfies never;
  }
}

/** Words run together first (`show bgpsummary`), then words mistyped (`shwo route`). */
function suggest<R extends Syntax>(grammar: Grammar<R>, mode: string, line: Line): string | undefined {
  for (const [index, token] of line.tokens.entries()) {
    for (let length = token.text.length - 1; length >= 2; length--) {
      const found = grammar.match(mode, splitToken(line, index, length));
      const head = token.text.slice(0, length).toLowerCase();
      // The first half has to be a whole word of the command, or any name would fall to pieces.
      if (found.ok && found.canonical.toLowerCase().split(' ')[index] === head) return maskSecrets(found.canonical);
    }
  }
  const near = nearestLine(grammar, mode, line);
  return near === undefined ? undefined : maskSecrets(near.text);
}

function columnOf(line: Line, index: number): number {
  const token = line.tokens[index];
  if (token !== undefined) return token.column;
  const last = line.tokens.at(-1);
  return last === undefined ? 1 : last.column + last.raw.length + 1;
}
