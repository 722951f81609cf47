/** On what it was measured: without it no figure means anything. */
import { cpus, release, totalmem } from 'node:os';
import { run } from '../../test/peers/process.ts';

export type MachineFacts = Readonly<{
  date: string;
  cores: number;
  processor: string;
  memoryGigabytes: number;
  kernel: string;
  /** The Node that the subjects ran on. */
  node: string;
  openssl: string;
  /** Processes that wanted to run before anything was measured: figures of a busy machine are worth nothing. */
  loadBefore: number;
  commit: string;
}>;

export async function machineFacts(node: string, loadBefore: number): Promise<MachineFacts> {
  const versions = await run(node, ['-p', 'JSON.stringify([process.versions.node, process.versions.openssl])']);
  const [version, openssl] = JSON.parse(versions) as [string, string];
  const commit = await run('git', ['-C', import.meta.dirname ?? '.', 'rev-parse', '--short', 'HEAD']).catch(
    () => 'unknown',
  );
  return {
    date: new Date().toISOString().slice(0, 10),
    cores: cpus().length,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: version,
    openssl,
    loadBefore,
    commit: commit.trim(),
  };
}
