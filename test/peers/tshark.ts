/**
 * The real tshark reads what the lab wrote. Its configuration is a folder with nothing in it but the exported key files,
 * so no preference of the user's decides what a test sees.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

/** A capture file and the folder that `--keys` wrote. */
export type Capture = Readonly<{ file: string; keys: string }>;

/** One frame: the values of each field asked for, in the order of their occurrence. */
export type Frame = readonly (readonly string[])[];

const PREFERENCES = [
  'esp.enable_encryption_decode:TRUE',
  'esp.enable_authentication_check:TRUE',
  // A guess at NULL encryption would show a plain text that no key has opened.
  'esp.enable_null_encryption_decode_heuristic:FALSE',
  'esp.do_esp_sequence_analysis:TRUE',
  'ip.check_checksum:TRUE',
  'tcp.check_checksum:TRUE',
  'udp.check_checksum:TRUE',
].flatMap((preference) => ['-o', preference]);

const INSTALL = 'apt-get install --no-install-recommends tshark';

/** Fails, saying what to do, when a program of the package is not there: a peer test is never skipped in silence. */
export function requireTshark(): void {
  for (const program of ['tshark', 'capinfos']) {
    const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
    assert.equal(error, undefined, `${program} can not be run; the peer tests need it (${INSTALL})`);
  }
}

/** The values of `fields` in every frame that `filter` lets through. */
export function framesOf(capture: Capture, filter: string, fields: readonly string[]): readonly Frame[] {
  const columns = fields.flatMap((field) => ['-e', field]);
  const format = ['-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a', '-E', 'aggregator=|'];
  const text = run('tshark', [...arguments_(capture, filter), ...format, ...columns], capture.keys);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t').map((cell) => (cell === '' ? [] : cell.split('|'))));
}

/** The full text of every frame that `filter` lets through. */
export function textOf(capture: Capture, filter: string): string {
  return run('tshark', [...arguments_(capture, filter), '-V'], capture.keys);
}

/** What capinfos says of the file itself, by the names of its lines. */
export function fileFacts({ file, keys }: Capture): ReadonlyMap<string, string> {
  const facts = new Map<string, string>();
  for (const line of run('capinfos', [file], keys).split('\n')) {
    const match = /^\s*([^:=]+?)\s*[:=]\s+(.*)$/.exec(line);
    if (match !== null) facts.set(match[1] ?? '', match[2] ?? '');
  }
  return facts;
}

function arguments_({ file }: Capture, filter: string): string[] {
  return ['-n', '-r', file, ...PREFERENCES, ...(filter === '' ? [] : ['-Y', filter])];
}

/** Runs a program of the package; whatever it complains of (a row it can not read, a cut-off file) is a failure. */
function run(program: string, args: readonly string[], config: string): string {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC', HOME: config, WIRESHARK_CONFIG_DIR: config };
  const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8', maxBuffer: 1 << 28 });
  const complaints = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Running as user "root"'));
  assert.deepEqual(complaints, [], `${program} complains`);
  assert.equal(status, 0, `${program} ends well`);
  return stdout;
}
