// Bundles the command line into dist/ (or the folder given): one small entry, the rest loaded when a command needs it.
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const outdir = process.argv[2] ?? 'dist';
rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints: {
    wheelwright: 'src/cli/main.ts',
    bench: 'bench/main.ts',
    // A thread has a file of its own; `src/host/linux/reader.ts` looks for it by this name.
    reader: 'src/host/linux/reader-worker.ts',
  },
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  // Brings a binary of its own, which it finds from where it is installed.
  external: ['koffi'],
  splitting: true,
  minifySyntax: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
chmodSync(join(outdir, 'wheelwright.mjs'), 0o755);
