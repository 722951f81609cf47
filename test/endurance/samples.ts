/** What a running gateway has of its machine, looked at from outside, and what it says of itself. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Namespace } from '../peers/namespaces.ts';
import { until } from '../peers/until.ts';
import type { Wheelwright } from '../peers/wheelwright.ts';

export type Sample = Readonly<{
  /** Milliseconds since the run began. */
  atMs: number;
  residentBytes: number;
  /** Absent when the gateway did not answer. */
  heapUsedBytes?: number;
  /** What was left when all garbage had been collected; not with each sample. */
  liveBytes?: number;
  outsideHeapBytes?: number;
  descriptors: number;
  threads: number;
  tunDevices: number;
  kernelRoutes: number;
  ikeSas?: number;
  childSas?: number;
  ikeRekeys?: readonly [byUs: number, byPeer: number];
  childRekeys?: readonly [byUs: number, byPeer: number];
  /** Datagrams that the kernel dropped before the gateway took them. */
  socketDrops: number;
}>;

type Status = Readonly<{ memory: Readonly<{ heapUsedBytes: number; outsideHeapBytes: number }> }>;
type Stats = Readonly<
  Record<'ikeRekeysInitiated' | 'ikeRekeysResponded' | 'childRekeysInitiated' | 'childRekeysResponded', number>
>;

export async function sampleOf(
  gateway: Wheelwright,
  at: Namespace,
  when: Pick<Sample, 'atMs' | 'liveBytes'>,
): Promise<Sample> {
  const { pid } = gateway;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const descriptors = readdirSync(`/proc/${pid}/fd`).length;
  const [devices, routes, snmp, own, sas, children, stats] = await Promise.all([
    at.ip('-o link show type tun'),
    at.ip('route show table all proto 119'),
    at.run('cat', ['/proc/net/snmp']),
    json<Status>(gateway, 'status'),
    json<Readonly<{ sas: readonly unknown[] }>>(gateway, 'show', 'crypto', 'ikev2', 'sa'),
    json<Readonly<{ total: number }>>(gateway, 'show', 'crypto', 'ipsec', 'sa', 'summary'),
    json<Stats>(gateway, 'show', 'crypto', 'ikev2', 'stats'),
  ]);
  return {
    ...when,
    residentBytes: numberIn(status, /^VmRSS:\s+(\d+) kB/m) * 1024,
    descriptors,
    threads: numberIn(status, /^Threads:\s+(\d+)/m),
    tunDevices: lineCount(devices),
    kernelRoutes: lineCount(routes),
    socketDrops: udpCounter(snmp, 'RcvbufErrors'),
    ...(own === undefined
      ? {}
      : { heapUsedBytes: own.memory.heapUsedBytes, outsideHeapBytes: own.memory.outsideHeapBytes }),
    ...(sas === undefined ? {} : { ikeSas: sas.sas.length }),
    ...(children === undefined ? {} : { childSas: children.total }),
    ...(stats === undefined
      ? {}
      : {
          ikeRekeys: [stats.ikeRekeysInitiated, stats.ikeRekeysResponded] as const,
          childRekeys: [stats.childRekeysInitiated, stats.childRekeysResponded] as const,
        }),
  };
}

/** Has a gateway that was started with `collecting.mjs` collect its garbage; gives the bytes that are left. */
export async function liveBytes(gateway: Wheelwright): Promise<number> {
  const told = () => [...gateway.log().matchAll(/^collected (\d+): (\d+) bytes$/gm)].at(-1);
  const before = told()?.[1];
  gateway.signal('SIGUSR2');
  await until('garbage is collected', () => gateway.runs() && told()?.[1] !== before);
  return Number(told()?.[2]);
}

async function json<T>(gateway: Wheelwright, ...words: readonly string[]): Promise<T | undefined> {
  const { status, stdout } = await gateway.outcomeOf(...words, '--json');
  return status === 0 ? (JSON.parse(stdout) as T) : undefined;
}

function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? Number.NaN);
}

function lineCount(text: string): number {
  return text.split('\n').filter((line) => line !== '').length;
}

function udpCounter(snmp: string, name: string): number {
  const [names = [], values = []] = snmp
    .split('\n')
    .flatMap((line) => (line.startsWith('Udp: ') ? [line.split(' ')] : []));
  return Number(values[names.indexOf(name)] ?? Number.NaN);
}
