/**
 * What a running gateway may do: the three capabilities that it needs (capabilities(7)), and no others. Given up on the
 * main thread before any Worker is made.
 *
 * The kernel holds capabilities, and the promise to gain none, for each thread; a new thread begins with those of the
 * one that made it. So Workers that are made afterwards have no more than the main thread. Threads that Node has started
 * before, those of V8 and, once a file was read without waiting, those of libuv, keep what the process began with: they
 * run no code of ours that makes system calls of its own, and under a user that is not root they have lost everything,
 * as the C library changes the user of all threads and only this one asked to keep capabilities over that. The systemd
 * unit leaves none of them more from the start.
 */
import { readFileSync } from 'node:fs';
import { setgid, setgroups, setuid } from 'node:process';
import { fail, ok, type Result } from '../../base/index.ts';
import type { SystemFault } from '../system.ts';
import { Errno, systemFault } from './errno.ts';
import type { Libc } from './libc.ts';

/** By their numbers in `linux/capability.h`. */
const NEEDED = { CAP_NET_BIND_SERVICE: 10, CAP_NET_ADMIN: 12, CAP_NET_RAW: 13 } as const;

export type Capability = keyof typeof NEEDED;
const CAPABILITIES = Object.keys(NEEDED) as readonly Capability[];

/** What each is for, for people who lack it. */
export const CAPABILITY_USES: Readonly<Record<Capability, string>> = {
  CAP_NET_BIND_SERVICE: 'UDP port 500 and TCP port 179',
  CAP_NET_ADMIN: 'TUN devices, addresses and routes',
  CAP_NET_RAW: 'ESP and ICMP',
};

export type Privileges = Readonly<{
  /** Effective user. */
  user: number;
  present: readonly Capability[];
  missing: readonly Capability[];
  /** How many more capabilities there are than are needed. */
  others: number;
  noNewPrivileges: boolean;
}>;

const Prctl = { CAPBSET_DROP: 24, SET_KEEPCAPS: 8, SET_NO_NEW_PRIVS: 38, CAP_AMBIENT: 47 } as const;
const AMBIENT_CLEAR_ALL = 4;
const CAPABILITY_VERSION_3 = 0x20080522;

/** The capabilities of this thread; undefined where there is no `/proc`. */
export function readPrivileges(): Privileges | undefined {
  try {
    return parseStatus(readFileSync('/proc/thread-self/status', 'utf8'));
  } catch {
    return undefined;
  }
}

/** From the text of `/proc/PID/status`. */
export function parseStatus(text: string): Privileges | undefined {
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1];
  const effective = /^[0-9a-f]{1,16}$/.exec(field('CapEff') ?? '')?.[0];
  const user = field('Uid')?.split(/\s+/)[1];
  if (effective === undefined || user === undefined) return undefined;
  const set = BigInt(`0x${effective}`);
  const present = CAPABILITIES.filter((name) => (set & bitOf(name)) !== 0n);
  const others = set & ~CAPABILITIES.reduce((all, name) => all | bitOf(name), 0n);
  return {
    user: Number(user),
    present,
    missing: CAPABILITIES.filter((name) => !present.includes(name)),
    others: [...others.toString(2)].filter((bit) => bit === '1').length,
    noNewPrivileges: field('NoNewPrivs') === '1',
  };
}

/**
 * Gives up all but what is needed and there, for good; becomes `user` when one is named. What is missing is in the
 * answer: whether the gateway can do without is the caller's to judge.
 */
export function dropPrivileges(
  libc: Libc,
  { user }: Readonly<{ user?: string }> = {},
): Result<Privileges, SystemFault> {
  const before = readPrivileges();
  if (before === undefined) {
    return fail({ call: 'open', code: 'ENOENT', text: 'Can not tell the capabilities: /proc is not mounted.' });
  }
  // While there is CAP_SETPCAP: nothing that is started later can have more than what is needed.
  for (let number = 0; number < 64; number++) {
    if (CAPABILITIES.some((name) => NEEDED[name] === number)) continue;
    // Without that capability, or past the last one that the kernel knows, there is nothing to drop.
    libc.prctl(Prctl.CAPBSET_DROP, number, 0, 0, 0);
  }
  if (user !== undefined) {
    const changed = becomeUser(libc, user);
    if (!changed.ok) return changed;
  }
  const set = setCapabilities(libc, before.present);
  if (set < 0) return fail(systemFault('capset', set, 'give up the capabilities that are not needed'));
  libc.prctl(Prctl.CAP_AMBIENT, AMBIENT_CLEAR_ALL, 0, 0, 0);
  const promised = libc.prctl(Prctl.SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (promised < 0) return fail(systemFault('prctl', promised, 'promise to gain no privileges'));
  return ok(readPrivileges() ?? before);
}

/** The sentence about capabilities that are missing, with the way out; undefined when none is. */
export function missingCapabilities({ missing }: Privileges): SystemFault | undefined {
  if (missing.length === 0) return undefined;
  const uses = missing.map((name) => `${name} (for ${CAPABILITY_USES[name]})`).join(', ');
  return systemFault('capget', Errno.EPERM, `run without ${uses}`);
}

function becomeUser(libc: Libc, name: string): Result<void, SystemFault> {
  const account = accountOf(name);
  const doing = `run as user ${name}`;
  if (account === undefined) {
    return fail({
      call: 'setuid',
      code: 'ENOENT',
      text: `Can not ${doing}: /etc/passwd has no such user.`,
      remedy: `Make it ("useradd --system ${name}"), or name another one.`,
    });
  }
  const kept = libc.prctl(Prctl.SET_KEEPCAPS, 1, 0, 0, 0);
  if (kept < 0) return fail(systemFault('prctl', kept, doing));
  try {
    setgroups?.(account.groups);
    setgid?.(account.group);
    setuid?.(account.user);
  } catch (error) {
    const errno = error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? error.errno : 1;
    return fail(systemFault('setuid', errno, doing));
  }
  return ok(undefined);
}

export type Account = Readonly<{ user: number; group: number; groups: readonly number[] }>;

/** A user of this machine with its groups, from the files alone. */
export function accountOf(name: string): Account | undefined {
  const [, , user, group] = linesOf('/etc/passwd').find(([account]) => account === name) ?? [];
  if (user === undefined || group === undefined) return undefined;
  const others = linesOf('/etc/group')
    .filter(([, , , members]) => members?.split(',').includes(name))
    .map(([, , number]) => Number(number));
  return { user: Number(user), group: Number(group), groups: [...new Set([Number(group), ...others])] };
}

function linesOf(path: string): readonly (readonly string[])[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  } catch {
    return [];
  }
}

/** Makes these the effective and permitted ones, and none inheritable. */
function setCapabilities(libc: Libc, names: readonly Capability[]): number {
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint32(0, CAPABILITY_VERSION_3, true);
  // Twice effective, permitted and inheritable, 32 capabilities each; all of ours are among the first.
  const data = new Uint8Array(24);
  const view = new DataView(data.buffer);
  const set = names.reduce((all, name) => all | (1 << NEEDED[name]), 0);
  view.setUint32(0, set, true);
  view.setUint32(4, set, true);
  return libc.capset(header, data);
}

function bitOf(name: Capability): bigint {
  return 1n << BigInt(NEEDED[name]);
}
