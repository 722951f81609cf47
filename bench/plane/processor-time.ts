/** What work costs: processor time of processes with all their threads, of the whole machine, and memory. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** What Linux counts in on every machine that Node runs on (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;

/** Fields of /proc/PID/stat after the name, which may hold anything but ends with the last parenthesis. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;
/** Fields of the first line of /proc/stat: what is not work. */
const IDLE = 3;
const IO_WAIT = 4;
const STEAL = 7;

/** User and system time of these processes so far, in seconds. */
export function processSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + secondsIn(`/proc/${pid}/stat`), 0);
}

/** The same of each thread of a process, by its number. */
export function threadSeconds(pid: number): ReadonlyMap<number, number> {
  const threads = readdirSync(`/proc/${pid}/task`).map(Number);
  return new Map(
    threads.flatMap((thread) => {
      const path = `/proc/${pid}/task/${thread}/stat`;
      // It may end while they are read.
      return existsSync(path) ? [[thread, secondsIn(path)] as const] : [];
    }),
  );
}

/** What all processors have done so far, load and interrupts included, in seconds. */
export function machineSeconds(): number {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n');
  const fields = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const busy = fields.filter((_, i) => i !== IDLE && i !== IO_WAIT && i !== STEAL);
  return busy.reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_SECOND;
}

/** Resident memory of the process that has most, in megabytes. */
export function residentMegabytes(pids: readonly number[]): number | undefined {
  const sizes = pids.map((pid) => {
    const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return (Number(found?.[1] ?? 0) * 1024) / 1e6;
  });
  return sizes.length === 0 ? undefined : Math.max(...sizes);
}

function secondsIn(path: string): number {
  const stat = readFileSync(path, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) / TICKS_PER_SECOND;
}
