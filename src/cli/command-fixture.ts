/** The command line as a user has it: bundled by the project's own build (into a folder of its own) and run by Node. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Ended = Readonly<{ status: number | null; stdout: string; stderr: string }>;

export type BuiltCommand = Readonly<{
  /** Runs `wheelwright` with these arguments from the repository's root, to its end and without a terminal. */
  run: (...args: string[]) => Ended;
  /** A folder for the files of a test; gone with `remove`. */
  scratch: string;
  remove: () => void;
}>;

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export function buildCommand(): BuiltCommand {
  const scratch = mkdtempSync(join(tmpdir(), 'wheelwright-'));
  const bundle = join(scratch, 'bundle');
  const build = node(['scripts/build.mjs', bundle]);
  assert.equal(build.status, 0, build.stderr);
  return {
    run: (...args) => node([join(bundle, 'wheelwright.mjs'), ...args]),
    scratch,
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  };
}

function node(args: readonly string[]): Ended {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, timeout: 120_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  return { status, stdout, stderr };
}
