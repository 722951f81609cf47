import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const HUB = 'examples/hub-and-spoke/hub1.cfg';
const SPOKE = 'examples/hub-and-spoke/spoke1.cfg';
const folder = mkdtempSync(join(tmpdir(), 'explain-'));
after(() => rmSync(folder, { recursive: true }));

function run(...words: readonly string[]): Readonly<{ status: number | null; out: string; err: string }> {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'src/cli/main.ts', 'explain', ...words],
    { encoding: 'utf8' },
  );
  return { status, out: stdout, err: stderr };
}

test('two configurations that fit: nothing speaks against the tunnel', () => {
  const { status, out } = run('tunnel', 'spoke1', 'Tunnel1', SPOKE, HUB);
  assert.equal(out, `spoke1 Tunnel1: nothing in ${SPOKE}, ${HUB} speaks against it\n`);
  assert.equal(status, 0);
});

test('two that do not: the two lines, and an edit on either side', () => {
  const broken = join(folder, 'hub1.cfg');
  writeFileSync(broken, readFileSync(HUB, 'utf8').replace(' group 19\n', ' group 20\n'));
  const { status, out } = run('tunnel', 'spoke1', 'Tunnel1', SPOKE, broken);
  assert.equal(status, 1);
  assert.match(out, /ike-group-mismatch/);
  assert.match(out, /spoke1\.cfg:\d+:2\n +\d+ \| {2}group 19/);
  assert.match(out, /hub1\.cfg:\d+:2\n +\d+ \| {2}group 20/);
  const diagnosis = JSON.parse(run('tunnel', 'spoke1', 'Tunnel1', SPOKE, broken, '--json').out);
  assert.equal(diagnosis.code, 'ike-group-mismatch');
  assert.equal(diagnosis.edits.length, 2);
});

test('what can not be asked is said in one sentence', () => {
  for (const [words, sentence] of [
    [
      ['cable', 'spoke1', 'Tunnel1', SPOKE],
      /^'cable' can not be explained; tunnel, bgp, route, mtu, packet and rules of check can\n$/,
    ],
    [['tunnel', 'spoke9', 'Tunnel1', SPOKE], /^no configuration is of a device spoke9; there are spoke1\n$/],
    [
      ['tunnel', 'spoke1', 'Tunnel1', 'nowhere.cfg'],
      /^nowhere\.cfg can not be read: there is no such file or folder\n$/,
    ],
    [['tunnel', 'spoke1', 'Tunnel1', SPOKE, SPOKE], /are both of a device spoke1\n$/],
  ] as const) {
    const { status, err } = run(...words);
    assert.equal(status, 2);
    assert.match(err, sentence);
  }
});
