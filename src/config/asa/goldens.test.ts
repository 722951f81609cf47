/** Goldens of whole configurations. WHEELWRIGHT_GOLDENS=write rewrites them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { testGoldens } from '../goldens.fixture.ts';
import { asa } from './dialect.ts';
import { loadAsa } from './load.ts';

const FOLDER = join(import.meta.dirname, 'goldens');

testGoldens(asa, FOLDER);

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
