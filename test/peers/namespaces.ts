/**
 * Machines of a test: network namespaces joined by veth pairs. Nothing outside them is touched. All goes when `close` is
 * called, when the test process ends, and, should it be killed, when the next test opens namespaces of its own.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Outcome, outcomeOf, Running, type RunOptions, run } from './process.ts';

const PREFIX = 'wwpeer';

/** One end of a cable: the interface's name there, and its addresses with their lengths. */
export type End = Readonly<{ at: Namespace; name: string; addresses: readonly string[]; mtu?: number }>;

/** One machine. */
export class Namespace {
  readonly name: string;
  /** A folder of its own for sockets, settings and logs. */
  readonly folder: string;
  readonly #running: Running[] = [];

  constructor(name: string, folder: string) {
    this.name = name;
    this.folder = folder;
  }

  /** Runs a program in it that must succeed, and gives what it printed. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<string> {
    return run('ip', ['netns', 'exec', this.name, command, ...args], options);
  }

  /** Runs a program in it, whatever its exit status. */
  outcomeOf(command: string, args: readonly string[], options?: RunOptions): Promise<Outcome> {
    return outcomeOf('ip', ['netns', 'exec', this.name, command, ...args], options);
  }

  /** `ip` with the arguments of one line. */
  ip(line: string): Promise<string> {
    return run('ip', ['-n', this.name, ...line.split(' ')]);
  }

  /** Starts a program that runs until it is stopped, and no longer than this process. */
  spawn(command: string, args: readonly string[], env?: Readonly<Record<string, string>>): Running {
    // `ip` and `setpriv` become the program: the pid is its own.
    const words = ['netns', 'exec', this.name, 'setpriv', '--pdeathsig', 'KILL', command, ...args];
    const running = new Running(command, 'ip', words, env);
    this.#running.push(running);
    return running;
  }

  /** Sets kernel parameters, such as `net.ipv4.ip_forward=1`. */
  async sysctl(...settings: readonly string[]): Promise<void> {
    await this.run('sysctl', ['-q', '-w', ...settings]);
  }

  /** Forwards packets, as routers do. */
  async forward(): Promise<void> {
    await this.sysctl('net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  }

  /** Hides everything behind the addresses of `outside`; its side of the world sees one address (RFC 4787 by netfilter). */
  async masquerade(outside: string): Promise<void> {
    await this.forward();
    const rules = `table inet nat {
      chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        oifname "${outside}" masquerade
      }
    }`;
    await this.run('nft', ['-f', '-'], { input: rules });
  }

  /** Whether an echo request of `source` is answered, once or `count` times without loss. */
  async pings(destination: string, source?: string, count = 1): Promise<boolean> {
    const from = source === undefined ? [] : ['-I', source];
    const ping = ['-n', '-q', '-c', String(count), '-i', '0.05', '-W', '1', ...from, destination];
    return (await this.outcomeOf('ping', ping)).status === 0;
  }

  /** Ends the programs in it, the newest first. */
  async stop(): Promise<void> {
    for (const running of this.#running.toReversed()) await running.stop();
  }

  /** For the end of the process, when nothing can be waited for. */
  kill(): void {
    for (const running of this.#running) running.signal('SIGKILL');
  }
}

/** The machines of one test, and the cables between them. */
export class Namespaces {
  readonly #prefix: string;
  readonly #folder: string;
  readonly #all: Namespace[] = [];
  readonly #atExit = (): void => this.#abandon();

  /** `label` tells apart several sets in one process. */
  constructor(label: string) {
    requirePrograms('ip', 'setpriv', 'nft', 'ping', 'sysctl');
    sweep();
    this.#prefix = `${PREFIX}-${process.pid}-${label}`;
    this.#folder = mkdtempSync(join(tmpdir(), `${this.#prefix}-`));
    process.once('exit', this.#atExit);
  }

  /** A new machine with nothing but its loopback. */
  async add(name: string): Promise<Namespace> {
    const namespace = new Namespace(`${this.#prefix}-${name}`, join(this.#folder, name));
    mkdirSync(namespace.folder);
    await run('ip', ['netns', 'add', namespace.name]);
    this.#all.push(namespace);
    // Addresses are of use at once, and none but those given are there.
    await namespace.sysctl('net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0');
    await namespace.ip('link set lo up');
    return namespace;
  }

  /** One of those that were added. */
  named(name: string): Namespace {
    const found = this.#all.find((one) => one.name === `${this.#prefix}-${name}`);
    if (found === undefined) throw new Error(`no namespace ${name}`);
    return found;
  }

  /** A cable between two machines. */
  async cable(one: End, other: End): Promise<void> {
    await run('ip', [
      ...['-n', one.at.name, 'link', 'add', one.name, 'type', 'veth'],
      ...['peer', 'name', other.name, 'netns', other.at.name],
    ]);
    for (const end of [one, other]) {
      if (end.mtu !== undefined) await end.at.ip(`link set ${end.name} mtu ${end.mtu}`);
      for (const address of end.addresses) {
        await end.at.ip(`address add ${address} dev ${end.name}${address.includes(':') ? ' nodad' : ''}`);
      }
      await end.at.ip(`link set ${end.name} up`);
    }
  }

  /** Ends everything: programs, machines, cables, files. */
  async close(): Promise<void> {
    for (const namespace of this.#all.toReversed()) await namespace.stop();
    this.#abandon();
    process.off('exit', this.#atExit);
  }

  #abandon(): void {
    for (const namespace of this.#all.splice(0)) {
      namespace.kill();
      remove(namespace.name);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Fails, saying what to do, when a program is not there: a peer test is never skipped in silence. */
export function requirePrograms(...programs: readonly string[]): void {
  assert.equal(process.getuid?.(), 0, 'tests with real peers make network namespaces: run them as root');
  for (const program of programs) {
    const { status } = spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    assert.equal(status, 0, `${program} is not there; .ci/run installs the Debian packages that peer tests need`);
  }
}

/** Removes what a test left that was killed. */
function sweep(): void {
  const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  for (const line of stdout.split('\n')) {
    const name = line.split(' ')[0] ?? '';
    const pid = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) remove(name);
  }
}

/** Removes a namespace of ours with every process still in it: nobody else's are. */
function remove(name: string): void {
  const { stdout } = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' });
  for (const pid of stdout.split('\n').filter((line) => line !== '')) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has gone by itself.
    }
  }
  spawnSync('ip', ['netns', 'delete', name], { stdio: 'ignore' });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
