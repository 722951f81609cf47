/** What holds for every row of every dialect: its examples are read without complaint and print back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDiagnostic } from './diagnostics.ts';
import type { Dialect } from './dialect.ts';
import { readLine, readLines } from './lines.ts';
import { loadLines } from './load.ts';
import { printWith } from './print.ts';
import type { Row, RowExample } from './row.ts';

/** Tests a dialect's whole grammar; `within` is what stands before a line of each mode. */
export function testRows(name: string, dialect: Dialect, within: Readonly<Record<string, readonly string[]>>): void {
  const { grammar } = dialect;
  for (const row of grammar.rows) {
    test(`${name} row: ${row.pattern.slice(0, 100)}`, () => {
      assert.ok(row.examples.length > 0);
      for (const example of row.examples) check(dialect, row, example, within[row.modes[0] ?? 'config'] ?? []);
    });
  }

  test(`every row and parameter of the ${name} grammar has a line of help`, () => {
    for (const row of grammar.rows) {
      assert.ok(row.help.length > 2 && !row.help.includes('\n'), row.pattern);
      for (const [key, param] of Object.entries(row.params)) assert.ok(param.help.length > 1, `${row.pattern} ${key}`);
    }
  });

  test(`every mode of the ${name} grammar can be entered`, () => {
    const entered = new Set(grammar.rows.map((row) => row.enters));
    for (const mode of grammar.modes) assert.ok(mode === 'config' || entered.has(mode), mode);
  });

  test(`an example of a row of the ${name} grammar is read by that row`, () => {
    for (const row of grammar.rows) {
      for (const example of row.examples) {
        const line = typeof example === 'string' ? example : example.line;
        const patterns = row.modes.map((mode) => {
          const match = grammar.match(mode === '*' ? 'config' : mode, readLine(line));
          return match.ok ? match.row.pattern : undefined;
        });
        assert.ok(patterns.includes(row.pattern), `${line}: read by ${patterns.join(' | ')}, not by ${row.pattern}`);
      }
    }
  });
}

function check(dialect: Dialect, row: Row, example: RowExample, usual: readonly string[]): void {
  const { line, within, prints, also } =
    typeof example === 'string' ? { line: example, within: undefined, prints: undefined, also: undefined } : example;
  const before = within ?? usual;
  const text = [...before, line, ...(also === undefined ? [] : [also])].join('\n');
  const { model, diagnostics } = loadLines(dialect, readLines(text), 'row.conf');
  const errors = diagnostics.filter((one) => one.severity === 'error');
  assert.deepEqual(
    errors.map((one) => formatDiagnostic(one, text)),
    [],
  );
  const isWarned = diagnostics.some((one) => one.code === 'unsupported' && one.position.line === before.length + 1);
  if (row.use === 'unsupported') assert.ok(isWarned || line.startsWith('no '), `a warning for: ${line}`);
  const wanted = prints ?? line;
  if (wanted === '' || row.leaves !== undefined || (row.use !== 'used' && !row.kept)) return;
  const printed = printWith(dialect, model, { secrets: 'plain', all: true }).split('\n');
  assert.ok(
    printed.some((one) => one.trim() === wanted),
    `${wanted}\nis not in\n${printed.join('\n')}`,
  );
}
