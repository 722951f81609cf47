/**
 * Goldens of a dialect: `name.conf` beside `name.model.json` (secrets masked, places left out) and `name.show` (as
 * printed, with all diagnostics before it). WHEELWRIGHT_GOLDENS=write rewrites them.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SecretKey } from '../base/index.ts';
import { formatDiagnostic } from './diagnostics.ts';
import type { Dialect } from './dialect.ts';
import { readLines } from './lines.ts';
import { loadLines } from './load.ts';
import type { DeviceModel } from './model.ts';
import { printWith } from './print.ts';

const isWriting = process.env['WHEELWRIGHT_GOLDENS'] === 'write';

/** The model as JSON without places. */
function plainModel(model: DeviceModel): unknown {
  return JSON.parse(JSON.stringify(model, withoutPlaces));
}

/** The same with secrets as they are, and kept lines in no order: their order tells nothing across sections. */
export function bareModel(model: DeviceModel): unknown {
  const secrets: string[] = [];
  const kept = (model.kept ?? []).map((one) => `${one.path.join(' / ')} / ${one.text}`).sort();
  revealAll({ ...model, kept: [] }, secrets);
  return [JSON.parse(JSON.stringify({ ...model, kept }, withoutPlaces)), secrets];
}

/** Secrets turn themselves into stars before a replacer sees them: they are gathered by hand. */
function revealAll(value: unknown, into: string[]): void {
  if (value instanceof SecretKey) into.push(value.reveal().join(' '));
  else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) revealAll(one, into);
}

function withoutPlaces(key: string, value: unknown): unknown {
  return key === 'written' || key === 'position' ? undefined : value;
}

/** Holds a dialect to all goldens of a folder. */
export function testGoldens(dialect: Dialect, folder: string): void {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.conf'))
    .map((name) => name.slice(0, -'.conf'.length));

  const compare = (name: string, text: string): void => {
    const path = join(folder, name);
    if (isWriting) writeFileSync(path, text);
    const stored = readFileSync(path, 'utf8');
    const said = `${name} differs; WHEELWRIGHT_GOLDENS=write rewrites it`;
    // How JSON is laid out is the formatter's business.
    if (name.endsWith('.json')) assert.deepEqual(JSON.parse(text), JSON.parse(stored), said);
    else assert.equal(text, stored, said);
  };

  test('there are goldens', () => assert.ok(names.length >= 5));

  for (const name of names) {
    const text = readFileSync(join(folder, `${name}.conf`), 'utf8');

    test(`golden ${name}: model, print and diagnostics`, () => {
      const { model, diagnostics } = loadLines(dialect, readLines(text), `${name}.conf`);
      compare(`${name}.model.json`, `${JSON.stringify(plainModel(model), undefined, 1)}\n`);
      const said = diagnostics.map((one) => `${formatDiagnostic(one, text)}\n`).join('');
      compare(`${name}.show`, `${said}${printWith(dialect, model)}`);
    });

    test(`golden ${name}: prints to text that loads to the same model`, () => {
      const { model } = loadLines(dialect, readLines(text), name);
      const printed = printWith(dialect, model, { secrets: 'plain' });
      const again = loadLines(dialect, readLines(printed), name);
      assert.deepEqual(bareModel(again.model), bareModel(model));
      assert.equal(printWith(dialect, again.model, { secrets: 'plain' }), printed);
    });
  }
}
