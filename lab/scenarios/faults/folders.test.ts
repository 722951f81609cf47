/** The folders and the page are what the table of faults says; `WRITE_SCENARIOS=1` writes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bgpTable } from './bgp-faults.ts';
import { pathTable } from './path-faults.ts';
import { tunnelFaults } from './tunnel-faults.ts';
import { folderOf, readme, type Scenario, writeAll, written } from './write.ts';

const faults: readonly Scenario[] = [...tunnelFaults, ...bgpTable, ...pathTable];

if (process.env['WRITE_SCENARIOS'] !== undefined) writeAll(faults);

test('names of scenarios are unique', () => {
  assert.equal(new Set(faults.map(({ name }) => name)).size, faults.length);
});

for (const fault of faults) {
  test(`the folder of ${fault.name} is up to date`, () => {
    for (const [path, text] of folderOf(fault)) assert.equal(written(path), text, path);
  });
}

test('the page is up to date', () => {
  assert.equal(written('README.md'), readme(faults));
});
