// Runs the tests below the folders or files given, with Node's own runner and types stripped on the fly.
// Exit status is the runner's. Node 20 takes no glob patterns, so the files are found here.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const find = (path) =>
  !existsSync(path)
    ? []
    : statSync(path).isDirectory()
      ? readdirSync(path)
          .sort()
          .flatMap((name) => find(join(path, name)))
      : path.endsWith('.test.ts')
        ? [path]
        : [];

const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const files = process.argv
  .slice(2)
  .filter((argument) => !argument.startsWith('--'))
  .flatMap(find);
if (files.length === 0) {
  console.error('no test files found');
  process.exit(2);
}
const run = spawnSync(process.execPath, ['--import', 'tsx', '--test', ...options, ...files], { stdio: 'inherit' });
process.exit(run.status ?? 1);
