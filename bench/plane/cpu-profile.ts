/**
 * Reads what Node's `--cpu-prof` wrote of a bundled gateway: how long the thread was in each source file, by the comments
 * with which the bundler says where each part comes from.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

type CallFrame = Readonly<{ functionName: string; url: string; lineNumber: number }>;
type Profile = Readonly<{
  nodes: readonly Readonly<{ id: number; callFrame: CallFrame }>[];
  samples: readonly number[];
  timeDeltas: readonly number[];
}>;

/** Microseconds of a thread itself in a function, callers and callees left out. */
export type SelfTime = Readonly<{ source: string; name: string; microseconds: number }>;

export type ThreadTime = Readonly<{
  /** Whether it is the thread that reads packets, and not the one that works on them. */
  isReader: boolean;
  functions: readonly SelfTime[];
}>;

export function readThreadTime(path: string): ThreadTime {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, 'utf8')) as Profile;
  const sums = new Map<number, number>();
  for (const [i, id] of samples.entries()) sums.set(id, (sums.get(id) ?? 0) + Math.max(0, timeDeltas[i + 1] ?? 0));
  const sources = new Sources();
  const byFunction = new Map<string, SelfTime>();
  for (const { id, callFrame } of nodes) {
    const microseconds = sums.get(id) ?? 0;
    if (microseconds === 0) continue;
    const { functionName: name } = callFrame;
    const source = sources.of(callFrame);
    const key = `${source} ${name}`;
    byFunction.set(key, { source, name, microseconds: microseconds + (byFunction.get(key)?.microseconds ?? 0) });
  }
  const functions = [...byFunction.values()].toSorted((a, b) => b.microseconds - a.microseconds);
  return { isReader: functions.some(({ source }) => source.endsWith('reader-loop.ts')), functions };
}

class Sources {
  readonly #lines = new Map<string, readonly string[]>();

  of({ url, lineNumber }: CallFrame): string {
    if (!url.startsWith('file:')) return url;
    const lines = this.#lines.get(url) ?? readFileSync(fileURLToPath(url), 'utf8').split('\n');
    this.#lines.set(url, lines);
    for (let i = Math.min(lineNumber, lines.length - 1); i >= 0; i--) {
      const found = /^\/\/ ((?:src|node_modules)\/\S+)$/.exec(lines[i] ?? '');
      if (found?.[1] !== undefined) return found[1];
    }
    return url;
  }
}
