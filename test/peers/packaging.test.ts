/** The systemd unit, judged by systemd itself. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CAPABILITY_USES } from '../../src/host/linux/privileges.ts';
import { requirePrograms } from './namespaces.ts';
import { outcomeOf } from './process.ts';

const unit = readFileSync(new URL('../../packaging/wheelwright.service', import.meta.url), 'utf8');

test('systemd takes every line of the unit, and finds little to reproach', async (t) => {
  requirePrograms('systemd-analyze');
  const folder = mkdtempSync(join(tmpdir(), 'unit-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'wheelwright.service');
  // The program is not installed here; its path is all that differs.
  writeFileSync(path, unit.replace('ExecStart=wheelwright ', 'ExecStart=true '));
  const verified = await outcomeOf('systemd-analyze', ['verify', '--man=no', path]);
  assert.deepEqual(verified, { status: 0, stdout: '', stderr: '' });
  const judged = await outcomeOf('systemd-analyze', ['security', '--offline=yes', '--threshold=25', path]);
  assert.equal(judged.status, 0, judged.stdout.slice(-200));
});

test('the unit grants what the gateway keeps, and no more', () => {
  for (const setting of ['AmbientCapabilities', 'CapabilityBoundingSet']) {
    const granted = new RegExp(`^${setting}=(.*)$`, 'm').exec(unit)?.[1]?.split(' ');
    assert.deepEqual(granted?.sort(), Object.keys(CAPABILITY_USES).sort());
  }
});
