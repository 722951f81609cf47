/** `wheelwright check` as a user has it: exit statuses, formats, baselines, and folders with anything in them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buildCommand, root } from './command-fixture.ts';

const command = buildCommand();
after(command.remove);
const { run, scratch } = command;
const TOPOLOGY = 'examples/hub-and-spoke/topology.yaml';

test('a clean topology ends with 0, with notes asked for with 1', () => {
  const clean = run('check', TOPOLOGY);
  assert.equal(clean.status, 0, clean.stderr);
  assert.match(clean.stdout, /0 errors, 0 warnings, \d+ notes in 4 devices/);
  assert.doesNotMatch(clean.stdout, /pre-shared-key cisco/);
  assert.equal(run('check', TOPOLOGY, '--fail-on', 'note').status, 1);
});

test('a folder checks each topology in it by itself', () => {
  const { status, stdout } = run('check', 'examples/asa-to-asr');
  assert.equal(status, 0, stdout);
  assert.match(stdout, /0 errors, 0 warnings/);
});

test('all formats are what they say', () => {
  const json = JSON.parse(run('check', TOPOLOGY, '--format', 'json').stdout) as { devices: unknown[] };
  assert.equal(json.devices.length, 4);
  const sarif = JSON.parse(run('check', TOPOLOGY, '--format', 'sarif').stdout) as { version: string };
  assert.equal(sarif.version, '2.1.0');
  assert.match(run('check', TOPOLOGY, '--format', 'junit').stdout, /<testsuites tests="4" failures="0"/);
  assert.equal(run('check', TOPOLOGY, '--format', 'html').status, 2);
});

test('a baseline hides what it knows', () => {
  const file = join(scratch, 'baseline.json');
  assert.equal(run('check', TOPOLOGY, '--write-baseline', file).status, 0);
  const { status, stdout } = run('check', TOPOLOGY, '--baseline', file, '--fail-on', 'note');
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^0 errors, 0 warnings, 0 notes/);
  assert.equal(run('check', TOPOLOGY, '--baseline', join(scratch, 'none.json')).status, 2);
  assert.equal(run('check', TOPOLOGY, '--baseline', join(root, 'package.json')).status, 2);
});

test('what can not be read ends with 2', () => {
  assert.equal(run('check', join(scratch, 'nowhere.cfg')).status, 2);
  assert.equal(run('check', join(root, 'biome.jsonc'), join(scratch, 'nowhere')).status, 2);
});

test('a rule is explained by its id', () => {
  const { status, stdout } = run('explain', 'key-mismatch');
  assert.equal(status, 0);
  assert.match(stdout, /^key-mismatch: One end proves another pre-shared key/);
});

test('a folder of anything: binaries, 100 MB, a line of 1 MB, latin-1, CRLF, half of a file', () => {
  const folder = join(scratch, 'anything');
  mkdirSync(folder);
  const put = (name: string, bytes: Uint8Array | string): void => writeFileSync(join(folder, name), bytes);
  for (let i = 0; i < 20; i++)
    put(
      `binary${i}`,
      Uint8Array.from({ length: 5000 }, (_, at) => (at * 7 + i) & 255),
    );
  put('huge.cfg', Buffer.alloc(100_000_000, 'interface Tunnel1\n'));
  put('wide.cfg', `hostname wide\n${'x'.repeat(1_000_000)}\n`);
  put('latin1.cfg', Buffer.from('hostname caf\xe9\ninterface Loopback1\n description d\xe9j\xe0\n', 'latin1'));
  put('crlf.cfg', 'hostname crlf\r\ninterface Tunnel1\r\n nameif VTI\r\n');
  put('half.cfg', 'stination 10.0.0.1\n tunnel mode ipsec ipv4\ncrypto ikev2 policy 10\n encryp');
  const begun = performance.now();
  const { status, stdout, stderr } = run('check', folder);
  assert.ok(performance.now() - begun < 30_000, 'it ends in time');
  assert.equal(status, 1, stderr);
  for (const [file, why] of [
    ['binary0', 'it is no text'],
    ['huge.cfg', 'it has 100 MB, which no configuration has'],
    ['wide.cfg', 'it has a line of 1000000 characters, which no configuration has'],
  ] as const) {
    assert.ok(stdout.includes(`${join(folder, file)}:1:1: warning: ${why} [unreadable-file]`), file);
  }
  assert.match(stdout, /half\.cfg:1:1: error: unknown command `stination`/);
  assert.match(stdout, /half\.cfg:4:\d+: error: /);
  assert.doesNotMatch(stdout, /latin1\.cfg:\d+:\d+: error/);
});

test('--watch checks again when a file changes', async () => {
  const folder = join(scratch, 'watched');
  mkdirSync(folder);
  const file = join(folder, 'a.cfg');
  writeFileSync(file, 'hostname a\n');
  const child = spawn(process.execPath, [join(scratch, 'bundle/wheelwright.mjs'), 'check', folder, '--watch'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  const heard = (wanted: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${wanted} is not in ${said}`)), 20_000);
      const look = (): void => {
        if (!wanted.test(said)) return;
        clearTimeout(late);
        child.stdout.off('data', look);
        resolve();
      };
      child.stdout.on('data', look);
      look();
    });
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  try {
    await heard(/0 errors/);
    writeFileSync(file, 'hostname a\nnonsense\n');
    await heard(/unknown command `nonsense`/);
  } finally {
    child.kill();
  }
});
