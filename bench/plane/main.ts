/**
 * `npm run bench:plane`: the gateway's planes beside what its users would pick instead, on this machine, in namespaces of
 * its own. README.md beside this file says how it is measured; `--help` what may be chosen.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requirePrograms } from '../../test/peers/namespaces.ts';
import { type BuiltCommand, installCommand } from '../../test/peers/wheelwright.ts';
import { Bed } from './bed.ts';
import { machineFacts } from './machine-facts.ts';
import { type Plan, readPlan, type SubjectName } from './plan.ts';
import { buildPrograms, type Programs } from './programs.ts';
import { markdown, type Report } from './report.ts';
import { type Notebook, runPlan } from './runs.ts';
import type { Sample } from './statistics.ts';
import { SUITES, type Subject, type Suite, Unavailable } from './subject.ts';
import { libipsec } from './subjects/libipsec.ts';
import { veth } from './subjects/veth.ts';
import { wheelwright } from './subjects/wheelwright.ts';
import { wireguard } from './subjects/wireguard.ts';
import { verdictsOf } from './verdicts.ts';
import { wireguardProgram } from './wireguard-package.ts';

const RESULTS = fileURLToPath(new URL('../results', import.meta.url));

const plan = readPlan(process.argv.slice(2), RESULTS);
if (typeof plan === 'string') {
  process.stderr.write(plan);
  process.exit(2);
}
requirePrograms('iperf3', 'ping', 'nft', 'dpkg-deb');
// What exits by itself ends its namespaces and programs; a signal has to make it exit.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const command = installCommand();
process.once('exit', () => command.remove());
const [load = 0] = loadavg();
const facts = await machineFacts(plan.node, load);
const programs = await buildPrograms(join(command.scratch, 'bundle'));
const remarks: string[] = [];
const samples: Sample[] = [];
const notes = new Map<string, readonly string[]>();
const notebook: Notebook = {
  samples,
  remark: (text) => {
    remarks.push(text);
    process.stderr.write(`! ${text}\n`);
  },
  tell: (text) => void process.stderr.write(`${text}\n`),
  calmSeconds: plan.calmSeconds,
  deadline: performance.now() + plan.limitMinutes * 60_000,
};
const subjects = subjectsOf(plan, command);
// The one with less to measure first: if time is over, the rest of the long one is missing and not all of the short one.
for (const suite of plan.suites.toReversed()) await runSuite(plan, suite, subjects, programs);

const report: Report = {
  facts,
  command: ['npm run bench:plane', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
  minutes: performance.now() / 60_000,
  subjects: subjects
    .filter(({ name }) => samples.some(({ subject }) => subject === name))
    .map(({ name, title }) => ({ name, title, notes: notes.get(name) ?? [] })),
  remarks,
  samples,
  verdicts: verdictsOf(samples, Number.parseInt(facts.node, 10)),
};
const text = markdown(report);
process.stdout.write(text);
if (plan.results !== undefined) {
  const path = join(plan.results, `plane-node${Number.parseInt(facts.node, 10)}`);
  mkdirSync(plan.results, { recursive: true });
  writeFileSync(`${path}.json`, `${JSON.stringify(report, undefined, 1)}\n`);
  writeFileSync(`${path}.md`, text);
  process.stdout.write(`\n${path}.md and .json\n`);
}
process.exit(0);

async function runSuite(chosen: Plan, suite: Suite, all: readonly Subject[], built: Programs): Promise<void> {
  const beds: Bed[] = [];
  try {
    for (const subject of all.filter(({ suites }) => suites.includes(suite))) {
      try {
        const bed = await Bed.open(subject, suite, built);
        beds.push(bed);
        notes.set(subject.name, [...(notes.get(subject.name) ?? []), ...(bed.started.notes ?? [])]);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        notebook.remark(`${subject.name}, ${suite}: ${error.message}`);
      }
    }
    await runPlan(chosen, beds, notebook, suite === SUITES[0]);
  } finally {
    for (const bed of beds.toReversed()) await bed.close();
  }
}

function subjectsOf({ subjects: names, node, wireguardGo }: Plan, built: BuiltCommand): readonly Subject[] {
  const ours = { command: built, node } as const;
  const all: Readonly<Record<SubjectName, Subject>> = {
    software: wheelwright({
      ...ours,
      name: 'software',
      title: 'Wheelwright, software plane',
      plane: 'software',
      encapsulated: true,
    }),
    fast: wheelwright({ ...ours, name: 'fast', title: 'Wheelwright, fast plane', plane: 'fast', encapsulated: true }),
    'fast-esp': wheelwright({
      ...ours,
      name: 'fast-esp',
      title: 'Wheelwright, fast plane, ESP without UDP',
      plane: 'fast',
      encapsulated: false,
    }),
    libipsec,
    'wireguard-go': wireguard(wireguardGo ?? wireguardProgram),
    veth,
  };
  return names.map((name) => all[name]);
}
