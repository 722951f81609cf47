/**
 * The engine of exec commands: the table of `commands/` made a grammar, so that abbreviation, ambiguity and `?` are
 * those of the configuration; a line is read, its row runs, and the pipe behind it is applied.
 */
import { IpAddress } from '../base/index.ts';
import { type Expected, Grammar, type Match, parameters, readLine, type Syntax } from '../config/index.ts';
import { type ExecDevice, type ExecResult, type Row, rowsOf, said, type Words } from './commands/index.ts';
import { complaintText } from './complaint.ts';
import { filtersAfter, piped } from './pipes.ts';
import { type Platform, platformOf } from './platform.ts';
import { misreadComplaint, readCommand } from './reading.ts';

export type { ExecDevice, ExecResult } from './commands/index.ts';

/** A row of the table as the grammar takes it. */
export type ExecSyntax = Syntax & Readonly<{ row: Row }>;

/** Mode of the grammar in which every command lives; `PUBLIC` has those that need no `enable`. */
export const PRIVILEGED = 'privileged';
export const PUBLIC = 'user';

const REST = 'rest';

/** All exec commands of each platform, as rows of a grammar. */
export const execSyntax: Readonly<Record<Platform, readonly ExecSyntax[]>> = {
  asa: rowsOf.asa.map(toSyntax),
  iosxe: rowsOf.iosxe.map(toSyntax),
};

const grammars: Readonly<Record<Platform, Grammar<ExecSyntax>>> = {
  asa: new Grammar(execSyntax.asa),
  iosxe: new Grammar(execSyntax.iosxe),
};

/** Runs one line. Never throws; what it can not read it names. */
export function exec(line: string, device: ExecDevice): ExecResult {
  const [command = '', ...filters] = line.split('|');
  if (command.trim() === '') return { kind: 'text', text: '' };
  const platform = platformOf(device);
  const found = readCommand(grammars[platform], PRIVILEGED, command);
  if (found.ok && (!found.negated || found.row.row.negated !== undefined))
    return runExec(found.row.row, found, device, filters);
  const misread = found.ok ? ({ ok: false, kind: 'invalid', column: 1 } as const) : found;
  const shown = misread.kind === 'invalid' ? `${command.trimEnd()}\n` : '';
  return { kind: 'error', text: `${shown}${complaintText(platform, misreadComplaint(misread, command, 0))}` };
}

/** Runs a row that a line was read as; `filters` is what stood behind bars. */
export function runExec(row: Row, match: Match<Syntax>, device: ExecDevice, filters: readonly string[]): ExecResult {
  const run = match.negated ? (row.negated ?? row.run) : row.run;
  return said(platformOf(device), piped(run(device, wordsOf(match)), filters));
}

/** What may follow the words typed so far, where `grammar` holds exec commands among others. */
export function execExpected<R extends Syntax>(
  within: Grammar<R>,
  mode: string,
  typed: string,
  rowOf: (syntax: R) => Row | undefined,
): readonly Expected[] {
  const [command = '', ...filters] = typed.split('|');
  if (filters.length > 0) return filtersAfter(wordsIn(filters.join('|')));
  const line = readLine(command);
  const found = within.match(mode, line);
  const row = found.ok ? rowOf(found.row) : undefined;
  const rest = found.ok ? found.bound.find(({ name }) => name === REST) : undefined;
  if (row?.follows !== undefined) {
    const typedRest = rest === undefined ? [] : line.tokens.slice(rest.index).map((token) => token.text);
    const more = row.follows(typedRest);
    if (rest !== undefined) return more;
    return [...within.expectedAfter(mode, line).filter(({ text: shape }) => shape !== 'LINE'), ...more];
  }
  return within.expectedAfter(mode, line);
}

function toSyntax(row: Row): ExecSyntax {
  const pattern = row.pattern.replace(/ \.\.\.$/, ` [<${REST}>]`);
  const names = [...pattern.matchAll(/<([\w-]+)>/g)].map(([, name = '']) => name);
  const params = Object.fromEntries(names.map((name) => [name, row.params?.[name] ?? shapeOf(name, row)]));
  const modes = row.isPublic === true ? [PRIVILEGED, PUBLIC] : [PRIVILEGED];
  return { pattern, params, help: row.help, modes, row };
}

/** The shape of an argument that the row does not describe. */
function shapeOf(name: string, row: Row): parameters.Param<unknown> {
  if (name === REST) return parameters.text(row.help);
  if (name !== 'address') return parameters.name(name);
  return {
    ...parameters.address('IP address'),
    read: (line, index) => {
      const word = line.tokens[index]?.text ?? '';
      const value = IpAddress.parse(word);
      if (value !== undefined) return { ok: true, value, used: 1 };
      return { ok: false, fault: { code: 'malformed', message: `${word} is not an address` } };
    },
  };
}

function wordsOf({ row, values }: Match<Syntax>): Words {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) given[name] = row.params[name]?.write(value) ?? String(value);
  return { arguments: given, rest: wordsIn(given[REST] ?? '') };
}

function wordsIn(line: string): readonly string[] {
  return line.split(/\s+/).filter((word) => word !== '');
}
