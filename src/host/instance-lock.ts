/**
 * One gateway of a name at a time: a file that says which process holds the name. A process that was killed leaves its
 * file; the process number alone could be somebody else's by then, so that the time it started at is kept as well.
 */
import { closeSync, linkSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { pid } from 'node:process';
import { fail, ok, type Result } from '../base/index.ts';
import { reasonOf } from './files.ts';

export type InstanceLock = Readonly<{
  /** A killed run had left its lock behind. */
  wasLeft: boolean;
  release: () => void;
}>;

export type LockFault = Readonly<{ kind: 'held'; pid: number }> | Readonly<{ kind: 'failed'; text: string }>;

const TRIES = 5;

/** Takes the lock at `path`, or says who holds it. */
export function lockInstance(path: string): Result<InstanceLock, LockFault> {
  let wasLeft = false;
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      const descriptor = openSync(path, 'wx', 0o600);
      writeSync(descriptor, `${pid} ${startOf(pid) ?? '-'}\n`);
      closeSync(descriptor);
      return ok({ wasLeft, release: () => release(path) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        return fail({ kind: 'failed', text: `${path} can not be made: ${reasonOf(error)}` });
    }
    const text = read(path);
    if (text === undefined) continue;
    const holder = holderOf(text);
    if (holder !== undefined) return fail({ kind: 'held', pid: holder });
    wasLeft = takeAway(path, text) || wasLeft;
  }
  return fail({ kind: 'failed', text: `${path} can not be taken: others take it at the same time` });
}

/** The process that a lock names, if it is alive and the same. */
function holderOf(text: string): number | undefined {
  const [number = '', start = ''] = text.trim().split(' ');
  const holder = Number(number);
  if (!Number.isSafeInteger(holder) || holder <= 0 || holder === pid) return undefined;
  const startsAt = startOf(holder);
  return startsAt !== undefined && startsAt === start ? holder : undefined;
}

/** When a process started, in ticks since the machine did: field 22 of proc(5)'s stat. Undefined: there is none. */
function startOf(process: number): string | undefined {
  const stat = read(`/proc/${process}/stat`);
  // The name, in brackets, may hold anything; fields are counted behind it.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended: it only waits for its parent to notice.
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

/**
 * Takes a lock away that was left. Two who find it at once would take away each other's new one: whoever finds that he
 * moved something else than he read puts it back.
 */
function takeAway(path: string, left: string): boolean {
  const aside = `${path}.${pid}`;
  try {
    renameSync(path, aside);
    const isSame = read(aside) === left;
    if (!isSame) linkSync(aside, path);
    unlinkSync(aside);
    return isSame;
  } catch {
    return false;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function release(path: string): void {
  if (holderIsUs(path)) {
    try {
      unlinkSync(path);
    } catch {
      // It stays, names a process that has ended, and is taken over by the next one.
    }
  }
}

function holderIsUs(path: string): boolean {
  return read(path)?.startsWith(`${pid} `) === true;
}
