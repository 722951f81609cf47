/** `wheelwright peer-of` as its code is called: where keys go, and what it ends with. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, mock, test } from 'node:test';
import { type PeerOfOptions, peerOfFile } from './peer-of.ts';

const SPOKE = 'examples/hub-and-spoke/spoke1.cfg';
const KEY = 'hub1-to-spoke1';
const scratch = mkdtempSync(join(tmpdir(), 'peer-of-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

function run(path: string, options: Partial<PeerOfOptions> = {}): { status: number; out: string; err: string } {
  const said = { out: '', err: '' };
  const keep = (key: 'out' | 'err') => (text: string | Uint8Array) => {
    said[key] += String(text);
    return true;
  };
  const streams = [
    mock.method(process.stdout, 'write', keep('out')),
    mock.method(process.stderr, 'write', keep('err')),
  ];
  try {
    return { status: peerOfFile(path, { dialect: 'asa', tunnelAddress: [], lan: [], ...options }), ...said };
  } finally {
    for (const one of streams) one.mock.restore();
  }
}

test('keys are masked on the terminal unless they are asked for', () => {
  const shown = run(SPOKE, { tunnel: 'Tunnel1' });
  assert.equal(shown.status, 0, shown.err);
  assert.match(shown.out, /local-authentication pre-shared-key \*+/);
  assert.ok(!`${shown.out}${shown.err}`.includes(KEY), shown.out);
  assert.match(run(SPOKE, { tunnel: 'Tunnel1', showSecrets: true }).out, new RegExp(KEY));
});

test('a file holds them, for its owner alone, and none is written over', () => {
  const out = join(scratch, 'made');
  const first = run(SPOKE, { tunnel: 'Tunnel1', out });
  assert.equal(first.status, 0, first.err);
  const path = join(out, 'hub1.cfg');
  assert.equal(first.out, `${path}\n`);
  assert.match(readFileSync(path, 'utf8'), new RegExp(KEY));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const second = run(SPOKE, { tunnel: 'Tunnel1', out });
  assert.equal(second.status, 2);
  assert.match(second.err, /is there already/);
});

test('what can not be made is said, with what would do', () => {
  const several = run(SPOKE);
  assert.equal(several.status, 1);
  assert.match(several.err, /spoke1 has Tunnel1, Tunnel2; say which with --tunnel/);
  assert.equal(run(join(scratch, 'nowhere.cfg')).status, 2);
  const far = run('examples/gre-over-ipsec/r1.cfg', { dialect: 'iosxe' });
  assert.equal(far.status, 1);
  assert.match(far.err, /--outside/);
});

test('a hostname of any characters names a file below the folder', () => {
  const path = join(scratch, 'odd.cfg');
  const text = readFileSync(SPOKE, 'utf8').replace('hostname spoke1', 'hostname ../../odd');
  writeFileSync(path, text.replaceAll(/ {2}neighbor \S+ description .*\n/g, ''));
  const out = join(scratch, 'below');
  const made = run(path, { tunnel: 'Tunnel1', out });
  assert.equal(made.status, 0, made.err);
  assert.ok(made.out.startsWith(join(out, '')), made.out);
  assert.ok(!made.out.includes('..'), made.out);
});
