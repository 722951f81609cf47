/** Pages of lines are drawn from the grammar. `WHEELWRIGHT_GOLDENS=write` with these tests draws them anew. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Grammar } from './grammar.ts';
import type { Row } from './row.ts';

const WIDTH = 120;

const INTRODUCTION = `Every line that Wheelwright knows, mode by mode, drawn from the grammar that reads it. Keywords may be abbreviated as
long as they are unique; most lines may be taken back with \`no\`; indentation means nothing. \`<1-5>\` is a number within
bounds, \`{a|b}\` a choice, \`[a]\` may be missing, \`…\` may be repeated. Everything else is an error, with the nearest
line there is.`;

const HEADINGS: Readonly<Record<Row['use'], string>> = {
  used: '',
  harmless: 'Accepted, without effect here:',
  unsupported: 'Known and not supported, which is a warning:',
};

/** Holds a page of `docs/` to the grammar. */
export function testReference(name: string, title: string, grammar: Grammar<Row>): void {
  const page = new URL(`../../docs/${name}`, import.meta.url);
  test(`docs/${name} tells every row of the grammar`, () => {
    const sections = [...grammar.modes, '*'].map((mode) => section(grammar, mode));
    const drawn = `${[`# ${title}`, INTRODUCTION, ...sections].join('\n\n')}\n`;
    if (process.env['WHEELWRIGHT_GOLDENS'] === 'write') writeFileSync(page, drawn);
    assert.ok(readFileSync(page, 'utf8') === drawn, `docs/${name} is not what the grammar says: draw it anew`);
  });
}

/** The pattern with the shapes of its parameters. */
function syntax({ pattern, params }: Row): string {
  return pattern
    .replaceAll(' / ', ' ')
    .replaceAll('...', '…')
    .replaceAll(/<([\w-]+)>/g, (whole, name: string) => params[name]?.shape ?? whole);
}

/** Lines of at most WIDTH characters, broken at blanks and, within a long choice, at bars. */
function wrap(text: string, indent: string): string {
  const lines = [''];
  for (const word of text.split(/(?<=\|)| /)) {
    const last = lines.at(-1) ?? '';
    const joined = last === '' || last.endsWith('|') ? last + word : `${last} ${word}`;
    if (joined.length > WIDTH) lines.push(indent + word);
    else lines[lines.length - 1] = joined;
  }
  return lines.join('\n');
}

function section(grammar: Grammar<Row>, mode: string): string {
  const rows = grammar.rows.filter(({ modes }) => modes.includes(mode));
  const entrances = grammar.rows.filter(({ enters }) => enters === mode).map((row) => `\`${syntax(row)}\``);
  const title = mode === 'config' ? 'Configuration' : mode === '*' ? 'In every mode' : mode;
  const parts = (['used', 'harmless', 'unsupported'] as const).flatMap((use) => {
    const items = rows.filter((row) => row.use === use).map((row) => wrap(`- \`${syntax(row)}\`: ${row.help}`, '  '));
    return items.length === 0 ? [] : [...(HEADINGS[use] === '' ? [] : [HEADINGS[use]]), items.join('\n')];
  });
  const entered = entrances.length === 0 ? [] : [wrap(`Entered by ${entrances.join(' or ')}.`, '')];
  return [`## ${title}`, ...entered, ...parts].join('\n\n');
}
