/** The runs of honest load. Each gives its figures by name; the report knows what they are. */

import { setTimeout } from 'node:timers/promises';
import { type Bed, UDP_PORT } from './bed.ts';
import { HOSTS } from './network.ts';
import { machineSeconds, processSeconds, residentMegabytes } from './processor-time.ts';

export type Values = Readonly<Record<string, number>>;

/** What programs need beside the time that they are given: their start, and the last packets. */
const BESIDE_MS = 12_000;
/** So long nothing has arrived when a run's last packets have. */
const SETTLE_MS = 150;
const MOST_SETTLES = 20;
const FIRST_RATE = 5_000;
const FASTER = 1.5;
const STEP_SECONDS = 0.4;
const MOST_LOSS = 0.4;
const LEAST_OFFERED = 0.7;
const PINGS = 200;

/** Processor time that something takes, of the gateways and of the machine. */
async function costing<T>(
  bed: Bed,
  act: () => Promise<T>,
): Promise<Readonly<{ result: T; gateways: number; machine: number }>> {
  const { pids } = bed.started;
  const before = [processSeconds(pids), machineSeconds()] as const;
  const result = await act();
  return { result, gateways: processSeconds(pids) - before[0], machine: machineSeconds() - before[1] };
}

type Iperf = Readonly<{
  error?: string;
  end?: Readonly<{
    sum_received?: Readonly<{ bytes: number; bits_per_second: number }>;
    sum_sent?: Readonly<{ retransmits?: number }>;
  }>;
}>;

export type TcpRun = Readonly<{ streams: number; direction: 'forward' | 'reverse'; seconds: number }>;

/** Bulk TCP by iperf3, from the first LAN to the second, or back. */
export async function tcp(bed: Bed, { streams, direction, seconds }: TcpRun): Promise<Values> {
  const words = ['--client', HOSTS[1], '--time', String(seconds), '--parallel', String(streams), '--json'];
  const reverse = direction === 'reverse' ? ['--reverse'] : [];
  const limitMs = seconds * 1000 + BESIDE_MS;
  const run = () =>
    bed.network.lans[0].outcomeOf('iperf3', [...words, ...reverse, '--connect-timeout', '5000'], { limitMs });
  const { result, gateways, machine } = await costing(bed, run);
  const { error, end } = readJson<Iperf>(result.stdout);
  const received = end?.sum_received;
  if (received === undefined || error !== undefined) throw new Error(`iperf3: ${error ?? result.stderr}`);
  const gigabits = (received.bytes * 8) / 1e9;
  const resident = residentMegabytes(bed.started.pids);
  return {
    mbps: received.bits_per_second / 1e6,
    machineCpu: machine / gigabits,
    retransmits: end?.sum_sent?.retransmits ?? 0,
    // A plain cable has no process.
    ...(resident === undefined ? {} : { cpu: gateways / gigabits, megabytes: resident }),
  };
}

export type UdpRun = Readonly<{ payload: number; perSecond: number; seconds: number }>;

/** Datagrams of one size at a rate; `offered` and `goodput` are packets a second. */
export async function udp(bed: Bed, { payload, perSecond, seconds }: UdpRun): Promise<Values> {
  const words = [HOSTS[1], UDP_PORT, payload, Math.round(perSecond), seconds].map(String);
  const limitMs = seconds * 1000 + BESIDE_MS;
  const before = bed.received();
  const { result, gateways, machine } = await costing(bed, async () => {
    const printed = await bed.network.lans[0].run(process.execPath, [bed.programs.sender, ...words], { limitMs });
    await settled(bed);
    return readJson<{ sent: number; seconds: number }>(printed);
  });
  const arrived = bed.received() - before;
  const gigabits = (arrived * payload * 8) / 1e9;
  return {
    offered: result.sent / result.seconds,
    goodput: arrived / result.seconds,
    mbps: (gigabits * 1000) / result.seconds,
    loss: 1 - arrived / Math.max(result.sent, 1),
    ...(gigabits === 0 ? {} : { cpu: gateways / gigabits, machineCpu: machine / gigabits }),
  };
}

/** Waits until nothing arrives any more: what stands in queues would be counted with the next run. */
async function settled(bed: Bed): Promise<void> {
  for (let i = 0, before = -1; i < MOST_SETTLES && before !== bed.received(); i++) {
    before = bed.received();
    await setTimeout(SETTLE_MS);
  }
}

/**
 * The most packets a second that arrive: the rate grows until many are lost, or the sender can no more, and that twice in
 * a row, for anything may disturb one step.
 */
export async function udpCapacity(bed: Bed, payload: number): Promise<Values> {
  let best = 0;
  for (let perSecond = FIRST_RATE, failures = 0; failures < 2; perSecond *= FASTER) {
    const { goodput = 0, offered = 0, loss = 1 } = await udp(bed, { payload, perSecond, seconds: STEP_SECONDS });
    best = Math.max(best, goodput);
    failures = loss > MOST_LOSS || offered < perSecond * LEAST_OFFERED ? failures + 1 : 0;
  }
  return { goodput: best };
}

/** Round trips of an idle tunnel, a hundred a second. */
export async function ping(bed: Bed, seconds: number): Promise<Values> {
  const count = Math.min(PINGS, Math.round(seconds * 100));
  const printed = await bed.network.lans[0].run('ping', ['-n', '-i', '0.01', '-c', String(count), '-W', '1', HOSTS[1]]);
  const times = [...printed.matchAll(/time=([\d.]+) ms/g)].map((found) => Number(found[1])).toSorted((a, b) => a - b);
  const at = (part: number): number =>
    (times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN) * 1000;
  return { microseconds: at(0.5), microseconds99: at(0.99), lost: count - times.length };
}

function readJson<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Error(`no JSON: ${text.slice(0, 200)}`);
  }
}
