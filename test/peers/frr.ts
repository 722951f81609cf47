/** FRR in a namespace: zebra and bgpd with sockets, settings and logs in that namespace's folder. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Namespace, requirePrograms } from './namespaces.ts';
import { type Running, run } from './process.ts';
import { until } from './until.ts';

const DAEMONS = '/usr/lib/frr';

/** What bgpd says of one neighbour, as far as tests ask. */
export type FrrNeighbor = Readonly<{
  bgpState: string;
  addressFamilyInfo?: Readonly<
    Record<string, Readonly<{ acceptedPrefixCounter?: number; sentPrefixCounter?: number }>>
  >;
}>;

export class Frr {
  readonly #folder: string;
  readonly #daemons: readonly Running[];

  private constructor(folder: string, daemons: readonly Running[]) {
    this.#folder = folder;
    this.#daemons = daemons;
  }

  /** Starts both with `bgpd`'s configuration; `zebra` installs its routes into the namespace. */
  static async start(namespace: Namespace, bgpd: string, zebra = ''): Promise<Frr> {
    requirePrograms(`${DAEMONS}/bgpd`, `${DAEMONS}/zebra`, 'vtysh');
    const folder = join(namespace.folder, 'frr');
    mkdirSync(folder);
    await run('chown', ['frr:frr', folder]);
    // The way to it, for zebra runs as its own user.
    for (const outer of [join(namespace.folder, '..'), namespace.folder]) chmodSync(outer, 0o755);
    const start = (name: string, text: string, options: readonly string[]): Running => {
      writeFileSync(join(folder, `${name}.conf`), text);
      const files = ['-f', join(folder, `${name}.conf`), '-i', join(folder, `${name}.pid`), '--vty_socket', folder];
      const log = ['--log', `file:${join(folder, `${name}.log`)}`];
      const socket = ['-z', join(folder, 'zserv.api'), '-P', '0'];
      return namespace.spawn(join(DAEMONS, name), [...files, ...log, ...socket, ...options]);
    };
    const first = start('zebra', zebra, ['-u', 'frr', '-g', 'frr']);
    await until('zebra starts', () => first.runs() && existsSync(join(folder, 'zserv.api')));
    // bgpd opens its log after it gave up root; it keeps root here, so its folder needs no more.
    const second = start('bgpd', bgpd, ['-S', '-u', 'root', '-g', 'root']);
    const frr = new Frr(folder, [first, second]);
    await until('bgpd starts', () => second.runs() && existsSync(join(folder, 'bgpd.vty')));
    return frr;
  }

  /** What vtysh prints to one command. */
  show(command: string): Promise<string> {
    return run('vtysh', ['--vty_socket', this.#folder, '-c', command]);
  }

  /** Commands in configuration mode. */
  async configure(...lines: readonly string[]): Promise<void> {
    const commands = ['configure terminal', ...lines].flatMap((line) => ['-c', line]);
    await run('vtysh', ['--vty_socket', this.#folder, ...commands]);
  }

  async neighbor(address: string): Promise<FrrNeighbor | undefined> {
    const all: unknown = JSON.parse(await this.show('show bgp neighbors json'));
    return (all as Readonly<Record<string, FrrNeighbor>>)[address];
  }

  async untilEstablished(address: string, patienceMs = 30_000): Promise<void> {
    const isUp = async () => (await this.neighbor(address))?.bgpState === 'Established';
    await until(`FRR's session with ${address}`, isUp, patienceMs);
  }

  async stop(): Promise<void> {
    for (const daemon of this.#daemons.toReversed()) await daemon.stop();
  }

  log(): string {
    return ['zebra', 'bgpd'].map((name) => readLog(join(this.#folder, `${name}.log`))).join('');
  }
}

function readLog(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
