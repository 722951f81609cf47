/**
 * Where the time of a packet goes: `node --import tsx bench/plane/profile.ts [--plane software] [--payload 1372] [--rate PPS]
 * [--seconds N] [--functions N]`. One gateway seals, the other opens; the time of each is divided by the packets that passed.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { until } from '../../test/peers/until.ts';
import { installCommand } from '../../test/peers/wheelwright.ts';
import { Bed } from './bed.ts';
import { readThreadTime, stagesOf } from './cpu-profile.ts';
import { tcp, udp } from './measures.ts';
import { threadSeconds } from './processor-time.ts';
import { buildPrograms } from './programs.ts';
import { SUITES } from './subject.ts';
import { wheelwright } from './subjects/wheelwright.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    plane: { ...text, default: 'software' },
    payload: { ...text, default: '1372' },
    rate: { ...text, default: '20000' },
    seconds: { ...text, default: '5' },
    functions: { ...text, default: '40' },
    suite: { ...text, default: SUITES[0] },
    tcp: { type: 'boolean', default: false },
    node: { ...text, default: process.execPath },
  },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const command = installCommand();
process.once('exit', () => command.remove());
const folder = join(command.scratch, 'profiles');
mkdirSync(folder);
const subject = wheelwright({
  ...{ name: values.plane, title: values.plane, command, node: values.node, encapsulated: true },
  plane: values.plane === 'fast' ? 'fast' : 'software',
  nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=200'],
});
const suite = SUITES.find((one) => one === values.suite) ?? SUITES[0];
const bed = await Bed.open(subject, suite, await buildPrograms(join(command.scratch, 'bundle')));
const seconds = Number(values.seconds);
let packets = 0;
const { pids } = bed.started;
const before = pids.map(threadSeconds);
try {
  if (values.tcp) {
    const run = await tcp(bed, { streams: 1, direction: 'forward', seconds });
    process.stdout.write(`${JSON.stringify(run)}\n`);
    packets = ((run['mbps'] ?? 0) * 1e6 * seconds) / 8 / 1390;
  } else {
    const run = await udp(bed, { payload: Number(values.payload), perSecond: Number(values.rate), seconds });
    process.stdout.write(`${JSON.stringify(run)}\n`);
    packets = (run['goodput'] ?? 0) * seconds;
  }
  for (const [i, pid] of pids.entries()) printThreads(i, pid);
  for (const pid of pids) process.kill(pid, 'SIGTERM');
  await until('profiles are written', () => readdirSync(folder).length === 4);
} finally {
  await bed.close();
}
for (const name of readdirSync(folder).toSorted()) {
  const { isReader, functions } = readThreadTime(join(folder, name));
  process.stdout.write(`\n${name}: thread that ${isReader ? 'reads' : 'works'}, ${Math.round(packets)} packets\n\n`);
  for (const { stage, microseconds } of stagesOf(functions)) print(microseconds, stage);
  process.stdout.write('\n');
  for (const { microseconds, source, name: own } of functions.slice(0, Number(values.functions))) {
    print(microseconds, `${source} ${own}`);
  }
}
process.exit(0);

/** Processor time, which a profile does not tell from time when the thread wanted to run and others did. */
function printThreads(i: number, pid: number): void {
  const spent = [...threadSeconds(pid)].map(([thread, seconds]) => ({
    name: thread === pid ? 'main thread' : `thread ${thread}`,
    microseconds: (seconds - (before[i]?.get(thread) ?? 0)) * 1e6,
  }));
  process.stdout.write(`\ngateway ${i + 1}, which ${i === 0 ? 'seals' : 'opens'}, of a processor:\n`);
  for (const { name, microseconds } of spent.toSorted((a, b) => b.microseconds - a.microseconds).slice(0, 4)) {
    print(microseconds, name);
  }
}

function print(microseconds: number, what: string): void {
  process.stdout.write(`${(microseconds / packets).toFixed(2).padStart(9)} µs  ${what}\n`);
}
