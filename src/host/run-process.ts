/** The process that a gateway runs in: its streams, its signals, its rights, and the service manager above it. */
import { chownSync, fstatSync } from 'node:fs';
import { fail, ok, type Result } from '../base/index.ts';
import { makeFolderFor, reasonOf } from './files.ts';
import { openLinux } from './linux/index.ts';
import { openLibc } from './linux/libc.ts';
import { openNotifier, type ServiceNotifier } from './linux/notify.ts';
import { accountOf, dropPrivileges, missingCapabilities } from './linux/privileges.ts';
import type { OpenSystem, SystemFault } from './system.ts';

export type RunSignal = 'reload' | 'stop';

/** What of the machine's memory the process has, in bytes. */
export type ProcessMemory = Readonly<{ residentBytes: number; heapUsedBytes: number; outsideHeapBytes: number }>;

export type RunProcess = Readonly<{
  open: OpenSystem;
  stdout: (text: string) => void;
  stderr: (text: string) => void;
  pid: number;
  memory: () => ProcessMemory;
  /** The journal of systemd reads the standard output. */
  isJournal: boolean;
  /** Makes a folder that only the user may enter who the gateway will be. */
  makeFolder: (path: string, user: string | undefined) => Result<void, string>;
  /** Gives up all rights but those needed, and becomes the user. */
  dropPrivileges: (user: string | undefined) => Result<void, SystemFault>;
  /** Tells the service manager how far it has come. */
  notify: (state: 'ready' | 'reloading' | 'stopping', status: string) => void;
  /** Hears signals from now on; gives what ends that. */
  onSignal: (listener: (signal: RunSignal) => void) => () => void;
  exit: (status: number) => void;
}>;

const SIGNALS = { SIGHUP: 'reload', SIGTERM: 'stop', SIGINT: 'stop' } as const;
/** As sysexits.h calls it: EX_SOFTWARE. */
const INTERNAL_FAULT = 70;
const OWN_USER_ONLY = 0o700;

/** This very process. */
export function runProcess(): RunProcess {
  const libc = openLibc();
  const notifier = libc.ok ? openNotifier(libc.value) : undefined;
  // A broken invariant of ours: what is told is a stack, what is left the next run takes over.
  process.once('uncaughtException', (error) => {
    process.stderr.write(`wheelwright: internal fault: ${error.stack ?? error.message}\n`);
    process.exit(INTERNAL_FAULT);
  });
  return {
    open: openLinux,
    // Most events have no line, and an empty one would cost a system call.
    stdout: (text) => {
      if (text !== '') process.stdout.write(text);
    },
    stderr: (text) => void process.stderr.write(text),
    pid: process.pid,
    memory: () => {
      const { rss, heapUsed, external } = process.memoryUsage();
      return { residentBytes: rss, heapUsedBytes: heapUsed, outsideHeapBytes: external };
    },
    isJournal: isJournal(process.env['JOURNAL_STREAM']),
    makeFolder,
    dropPrivileges: (user) => {
      if (!libc.ok) return libc;
      const left = dropPrivileges(libc.value, user === undefined ? {} : { user });
      if (!left.ok) return left;
      const missing = missingCapabilities(left.value);
      return missing === undefined ? ok(undefined) : fail(missing);
    },
    notify: (state, status) => tell(notifier, state, status),
    onSignal: (listener) => {
      const handlers = Object.entries(SIGNALS).map(([signal, meaning]) => {
        const handler = (): void => listener(meaning);
        process.on(signal, handler);
        return { signal, handler };
      });
      return () => {
        for (const { signal, handler } of handlers) process.off(signal, handler);
        notifier?.close();
      };
    },
    exit: (status) => process.exit(status),
  };
}

function tell(notifier: ServiceNotifier | undefined, state: 'ready' | 'reloading' | 'stopping', status: string): void {
  if (state === 'ready') {
    notifier?.ready(status);
    notifier?.startWatchdog();
  } else if (state === 'reloading') notifier?.reloading();
  else notifier?.stopping(status);
}

function makeFolder(path: string, user: string | undefined): Result<void, string> {
  const made = makeFolderFor(path, OWN_USER_ONLY);
  const account = user === undefined ? undefined : accountOf(user);
  if (!made.ok || account === undefined) return made;
  try {
    chownSync(path, account.user, account.group);
    return ok(undefined);
  } catch (error) {
    return fail(`${path} can not be given to the user ${user}: ${reasonOf(error)}`);
  }
}

/** systemd.exec(5): the variable names the device and inode of the stream that goes to the journal. */
function isJournal(stream: string | undefined): boolean {
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(1);
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
