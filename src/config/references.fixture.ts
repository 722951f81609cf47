/**
 * What holds for every reference of every dialect: a line that names what nobody defines is told with its place and the
 * nearest name that there is. Made from the grammar: each row whose parameters refer to something is tried.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dialect } from './dialect.ts';
import { readLine, readLines } from './lines.ts';
import { loadLines } from './load.ts';
import type { Reference } from './parameters.ts';
import type { Row } from './row.ts';

/** Lines that define something of a kind under a name. */
export type Definitions = Readonly<Partial<Record<Reference, (name: string) => readonly string[]>>>;

export type Names = Readonly<{ wanted: string; near: string }>;
const NAMES: Names = { wanted: 'Nowhere1', near: 'Nowhere2' };
/** Interfaces that are named by their hardware. */
export const HARDWARE: Names = { wanted: 'GigabitEthernet0/7', near: 'GigabitEthernet0/8' };

type Tried = Readonly<{ row: Row; kind: Reference; line: string; within: readonly string[]; also?: string }>;

/** Each row and parameter with an example in which the parameter has a value, put in the place of which is `wanted`. */
function triesOf(
  dialect: Dialect,
  within: Readonly<Record<string, readonly string[]>>,
  namesOf: (kind: Reference) => Names,
): Readonly<{ tries: readonly Tried[]; missing: readonly string[] }> {
  const { grammar } = dialect;
  const missing: string[] = [];
  const tries = grammar.rows.flatMap((row) =>
    Object.entries(row.params).flatMap(([key, param]) => {
      const kind = param.refers;
      if (kind === undefined || row.use !== 'used') return [];
      for (const example of row.examples) {
        const { line, within: own, also } = typeof example === 'string' ? { line: example } : example;
        const mode = row.modes[0] ?? 'config';
        const match = grammar.match(mode === '*' ? 'config' : mode, readLine(line));
        const value: unknown = match.ok ? match.values[key] : undefined;
        const [word] = Array.isArray(value) ? value : [value];
        if (typeof word !== 'string' || !line.includes(word)) continue;
        const at = line.lastIndexOf(word);
        const changed = line.slice(0, at) + namesOf(kind).wanted + line.slice(at + word.length);
        return [
          { row, kind, line: changed, within: own ?? within[mode] ?? [], ...(also === undefined ? {} : { also }) },
        ];
      }
      missing.push(`<${key}> of ${row.pattern}`);
      return [];
    }),
  );
  return { tries, missing };
}

export function testReferences(
  name: string,
  dialect: Dialect,
  within: Readonly<Record<string, readonly string[]>>,
  definitions: Definitions,
  namesOf: (kind: Reference) => Names = () => NAMES,
): void {
  const { tries, missing } = triesOf(dialect, within, namesOf);
  for (const { row, kind, line, within: before, also } of tries) {
    test(`${name}: ${line}: an undefined ${kind} is told, with the nearest there is`, () => {
      const define = definitions[kind];
      assert.ok(define !== undefined, `how to define a ${kind}`);
      const { wanted, near } = namesOf(kind);
      const load = (defined: string) => {
        const lines = [...define(defined), ...before, line, ...(also === undefined ? [] : [also])];
        const place = define(defined).length + before.length + 1;
        const { diagnostics } = loadLines(dialect, readLines(lines.join('\n')), 'file.cfg');
        return diagnostics.filter(
          ({ code, position, message }) =>
            /^undefined-/.test(code) && position.line === place && message.includes(`\`${wanted}\``),
        );
      };
      const [told, ...more] = load(near);
      assert.ok(told !== undefined, `${row.pattern}: nothing is told`);
      assert.deepEqual(more, []);
      assert.equal(told.position.file, 'file.cfg');
      assert.equal(told.suggestion, near);
      assert.deepEqual(load(wanted), [], 'nothing is told where it is defined');
    });
  }

  test(`${name}: every parameter that refers to something has a value in an example of its row`, () => {
    assert.deepEqual(missing, []);
  });

  test(`${name}: everything that can be defined is referred to by some row`, () => {
    const kinds = new Set(tries.map(({ kind }) => kind));
    assert.deepEqual([...kinds].sort(), Object.keys(definitions).sort());
  });
}
