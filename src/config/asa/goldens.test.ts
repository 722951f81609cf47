/**
 * Goldens: `name.conf` beside `name.model.json` (secrets masked, places left out) and `name.show` (as printed, with
 * all diagnostics before it). WHEELWRIGHT_GOLDENS=write rewrites them.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatDiagnostic } from '../diagnostics.ts';
import type { DeviceModel } from '../model.ts';
import { loadAsa } from './load.ts';
import { printAsa } from './print.ts';

const FOLDER = join(import.meta.dirname, 'goldens');
const isWriting = process.env['WHEELWRIGHT_GOLDENS'] === 'write';

/** The model as JSON without places. */
export function plainModel(model: DeviceModel): unknown {
  return JSON.parse(
    JSON.stringify(model, (key, value) => (key === 'written' || key === 'position' ? undefined : value)),
  );
}

function compare(name: string, text: string): void {
  const path = join(FOLDER, name);
  if (isWriting) writeFileSync(path, text);
  const stored = readFileSync(path, 'utf8');
  const said = `${name} differs; WHEELWRIGHT_GOLDENS=write rewrites it`;
  // How JSON is laid out is the formatter's business.
  if (name.endsWith('.json')) assert.deepEqual(JSON.parse(text), JSON.parse(stored), said);
  else assert.equal(text, stored, said);
}

const names = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.conf'))
  .map((name) => name.slice(0, -'.conf'.length));

test('there are goldens', () => assert.ok(names.length >= 5));

for (const name of names) {
  test(`golden ${name}: model, print and diagnostics`, () => {
    const text = readFileSync(join(FOLDER, `${name}.conf`), 'utf8');
    const { model, diagnostics } = loadAsa(text, `${name}.conf`);
    compare(`${name}.model.json`, `${JSON.stringify(plainModel(model), undefined, 1)}\n`);
    const said = diagnostics.map((one) => `${formatDiagnostic(one, text)}\n`).join('');
    compare(`${name}.show`, `${said}${printAsa(model)}`);
  });

  test(`golden ${name}: prints to text that loads to the same model`, () => {
    const { model } = loadAsa(readFileSync(join(FOLDER, `${name}.conf`), 'utf8'), name);
    const printed = printAsa(model, { secrets: 'plain' });
    const again = loadAsa(printed, name);
    assert.deepEqual(again.model.tunnelGroups.map(keysOf), model.tunnelGroups.map(keysOf));
    const sorted = (one: DeviceModel): unknown => ({ ...one, kept: one.kept?.map((line) => line.text).sort() });
    const bare = (one: DeviceModel): unknown => plainModel(sorted(one) as DeviceModel);
    assert.deepEqual(bare(again.model), bare(model));
    assert.equal(printAsa(again.model, { secrets: 'plain' }), printed);
  });
}

function keysOf(group: DeviceModel['tunnelGroups'][number]): unknown {
  return [group.name, group.localKey?.reveal(), group.remoteKey?.reveal()];
}

for (const name of ['seed-spoke', 'seed-spoke-remote-as']) {
  test(`the printed spoke configuration (${name}) loads with repairs alone`, () => {
    const text = readFileSync(join(FOLDER, `${name}.conf`), 'utf8');
    const { model, diagnostics } = loadAsa(text, name);
    const loud = diagnostics.filter((one) => one.severity !== 'note');
    assert.ok(loud.length >= 2);
    assert.ok(loud.every((one) => one.severity === 'warning' && one.code === 'repaired'));
    assert.deepEqual(
      model.staticRoutes.map((one) => `${one.interface} ${one.prefix} ${one.gateway} ${one.distance}`),
      ['VTI 172.16.1.253/32 172.16.1.253 1', 'VTI2 172.16.1.254/32 172.16.1.254 1'],
    );
    assert.deepEqual(
      model.bgp?.neighbors.map((one) => [String(one.address), one.remoteAsn, one.families[4]?.activate]),
      [['172.16.1.253', 65000, true]],
    );
  });
}
