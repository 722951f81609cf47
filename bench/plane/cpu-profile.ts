/**
 * Reads what Node's `--cpu-prof` wrote of a bundled gateway: how long each of its threads was in which stage of a packet's
 * way. Which source file a function is of is told by the comments that the bundler leaves.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

type CallFrame = Readonly<{ functionName: string; url: string; lineNumber: number }>;
type ProfileNode = Readonly<{ id: number; callFrame: CallFrame; children?: readonly number[] }>;
type Profile = Readonly<{
  nodes: readonly ProfileNode[];
  samples: readonly number[];
  timeDeltas: readonly number[];
}>;

/** Microseconds of a thread itself in a function, callers and callees left out. */
export type SelfTime = Readonly<{ stage: string; source: string; name: string; microseconds: number }>;

export type ThreadTime = Readonly<{
  /** Whether it is the thread that reads packets, and not the one that works on them. */
  isReader: boolean;
  functions: readonly SelfTime[];
}>;

const LIBC = 'src/host/linux/libc.ts';

/** The first that fits says which stage a source file, or a name without one, belongs to. */
const STAGES: readonly (readonly [RegExp, string])[] = [
  [/^src\/host\/linux\/libc\.ts/, 'system call'],
  [/^node:internal\/crypto\/|^node:crypto|^src\/crypto\//, 'cipher'],
  [/^\(garbage collector\)/, 'garbage collection'],
  [/^\(idle\)/, 'idle'],
  [/^src\/esp\//, 'ESP'],
  [/^src\/ip\/|^src\/base\//, 'headers and addresses'],
  [/^src\/plane\/fast\//, 'fast path'],
  [/^src\/plane\//, 'software plane'],
  [
    /reader|packet-batch|receive-arena|postMessage|^node:internal\/(worker|event_target|per_context)/,
    'between threads',
  ],
  [/^src\/host\/|^src\/gateway\/device\.ts/, 'driver'],
  [/^\(program\)/, 'outside JavaScript'],
];

export function readThreadTime(path: string): ThreadTime {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, 'utf8')) as Profile;
  const sums = new Map<number, number>();
  for (const [i, id] of samples.entries()) sums.set(id, (sums.get(id) ?? 0) + Math.max(0, timeDeltas[i + 1] ?? 0));
  const parents = new Map<number, ProfileNode>();
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node);
  const sources = new Sources();
  const byFunction = new Map<string, SelfTime>();
  for (const node of nodes) {
    const microseconds = sums.get(node.id) ?? 0;
    if (microseconds === 0) continue;
    const source = sources.of(node.callFrame);
    // Every call of the C library is one function here: who made it tells which one it is.
    let caller: ProfileNode | undefined = node;
    while (source === LIBC && caller !== undefined && sources.of(caller.callFrame) === LIBC)
      caller = parents.get(caller.id);
    const called = node.callFrame.functionName;
    const name = source === LIBC ? `by ${caller?.callFrame.functionName ?? ''}` : called;
    const key = `${source} ${name}`;
    const before = byFunction.get(key)?.microseconds ?? 0;
    byFunction.set(key, { stage: stageOf(source, called, name), source, name, microseconds: microseconds + before });
  }
  const functions = [...byFunction.values()].toSorted((a, b) => b.microseconds - a.microseconds);
  return { isReader: functions.some(({ source }) => source.endsWith('reader-loop.ts')), functions };
}

/** Time of each stage, most first. */
export function stagesOf(functions: readonly SelfTime[]): readonly Readonly<{ stage: string; microseconds: number }>[] {
  const sums = new Map<string, number>();
  for (const { stage, microseconds } of functions) sums.set(stage, (sums.get(stage) ?? 0) + microseconds);
  return [...sums]
    .map(([stage, microseconds]) => ({ stage, microseconds }))
    .toSorted((a, b) => b.microseconds - a.microseconds);
}

function stageOf(source: string, name: string, shown: string): string {
  // The reader's poll: it waits for a packet there.
  if (source === LIBC && shown === 'by round') return 'idle';
  const where = source === '' ? name : source;
  return STAGES.find(([pattern]) => pattern.test(where))?.[1] ?? 'start and control plane';
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
