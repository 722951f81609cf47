/** The load's programs, bundled once so that each starts in little time, beside the product's bundle. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export type Programs = Readonly<{ sender: string; receiver: string; hostile: string }>;

export async function buildPrograms(folder: string): Promise<Programs> {
  const source = (name: string): string => fileURLToPath(new URL(`load/${name}.ts`, import.meta.url));
  await build({
    entryPoints: ['udp-sender', 'udp-receiver', 'hostile-sender'].map(source),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    external: ['koffi'],
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
  return {
    sender: join(folder, 'udp-sender.mjs'),
    receiver: join(folder, 'udp-receiver.mjs'),
    hostile: join(folder, 'hostile-sender.mjs'),
  };
}
