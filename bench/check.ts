/**
 * `node --import tsx bench/check.ts [--devices N]`: how long a fabric takes to check, what of its injected faults is
 * found, and what one changed line costs. Times are those of one core (user and system time of this process).
 */
import { parseArgs } from 'node:util';
import { Checker, isAtLeast } from '../src/check/index.ts';
import { loadConfiguration } from '../src/config/index.ts';
import { cleanFabric, inject, KINDS } from './check-fabric.ts';

const { values } = parseArgs({
  options: { devices: { type: 'string', default: '1000' }, missed: { type: 'boolean' } },
});
const clean = cleanFabric(Number(values.devices));
const lines = clean.reduce((sum, { text }) => sum + text.split('\n').length, 0);

function timed<T>(run: () => T): Readonly<{ ms: number; value: T }> {
  const before = process.cpuUsage();
  const value = run();
  const { user, system } = process.cpuUsage(before);
  return { ms: (user + system) / 1000, value };
}

const checker = new Checker();
const first = timed(() => checker.check({ sources: clean }));
const complaints = first.value.findings.filter(({ severity }) => isAtLeast(severity, 'warning'));

const edits: number[] = [];
for (let i = 0; i < 10; i++) {
  const which = Math.floor((clean.length * (i + 0.5)) / 10);
  const edited = clean.map((one, at) => (at === which ? { ...one, text: `${one.text}! another line\n` } : one));
  checker.check({ sources: clean });
  edits.push(timed(() => checker.check({ sources: edited })).ms);
}
edits.sort((a, b) => a - b);

const { sources, injected } = inject(clean);
const broken = timed(() => new Checker().check({ sources }));
const places = new Set(
  broken.value.findings
    .filter(({ severity, rule }) => isAtLeast(severity, 'warning') || rule === 'tunnel-destination-unknown')
    .flatMap((one) => one.lines.map(({ position: { file, line } }) => `${file}:${line}`)),
);
const files = new Set([...places].map((place) => place.slice(0, place.lastIndexOf(':'))));
const missed = injected.filter(({ file, line }) => !(line === 0 ? files.has(file) : places.has(`${file}:${line}`)));
const parsed = timed(() => {
  for (const { file, text } of clean) loadConfiguration(text, file);
});

const rows: readonly (readonly [string, string])[] = [
  ['fabric', `${clean.length} devices, ${lines} lines, Node ${process.versions.node}`],
  ['checked', `${(first.ms / 1000).toFixed(2)} s`],
  ['findings of the clean fabric, notes left out', String(complaints.length)],
  ['checked with faults', `${(broken.ms / 1000).toFixed(2)} s`],
  [
    'faults injected',
    `${injected.length} of ${new Set(injected.map(({ kind }) => kind)).size} kinds (${KINDS.length} known)`,
  ],
  ['faults whose line is not named', String(missed.length)],
  ['one line edited, median of ten', `${(edits[5] ?? 0).toFixed(1)} ms`],
  ['reading alone', `${((lines / parsed.ms) * 1000).toFixed(0)} lines a second`],
];
const width = Math.max(...rows.map(([name]) => name.length));
for (const [name, value] of rows) process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
if (values.missed === true)
  for (const kind of new Set(missed.map((one) => one.kind))) process.stdout.write(`missed: ${kind}\n`);
for (const {
  rule,
  message,
  lines: [at],
} of complaints.slice(0, 10))
  process.stdout.write(`clean: ${at?.position.file}:${at?.position.line} ${message} [${rule}]\n`);
process.exitCode = complaints.length > 0 ? 1 : 0;
