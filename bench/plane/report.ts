/** What was measured as one Markdown text, which is what the terminal shows as well. */
import { HOSTILE_KINDS } from './hostile-kinds.ts';
import type { MachineFacts } from './machine-facts.ts';
import { LOADS, PAYLOADS, TCP_MEASURES } from './plan.ts';
import { ratiosOf, type Sample, spreadOf, valuesOf } from './statistics.ts';
import { SUITES } from './subject.ts';
import { type Verdict, verdictText } from './verdicts.ts';

export type Report = Readonly<{
  facts: MachineFacts;
  /** How it was run: `--quick`, and what was left out. */
  command: string;
  minutes: number;
  subjects: readonly Readonly<{ name: string; title: string; notes: readonly string[] }>[];
  /** What was not measured, or failed, and why. */
  remarks: readonly string[];
  samples: readonly Sample[];
  verdicts: readonly Verdict[];
}>;

const WIREGUARD = 'wireguard-go';
const LIBIPSEC = 'libipsec';
const NOTHING = '–';

export function markdown(report: Report): string {
  const { facts, samples } = report;
  const suites = SUITES.filter((suite) => samples.some((sample) => sample.suite === suite));
  const sections = [
    `# Forwarding planes, Node ${facts.node}`,
    `\`${report.command}\`, ${report.minutes.toFixed(0)} minutes, ${facts.date}, commit ${facts.commit}. ${machineText(facts)}`,
    `Load and gateways share these processors: read ratios, not figures. A ratio is of two runs of one round, which
follow one another; given is the median, and in parentheses the least and the most.`,
    list(report.subjects.map(({ name, title, notes }) => [`\`${name}\`: ${title}`, ...notes].join('; '))),
    ...verdictSection(report.verdicts),
    ...suites.flatMap((suite) => suiteSections(samples, suite)),
    ...(report.remarks.length === 0 ? [] : ['## Not measured', list(report.remarks)]),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** A benchmark of a part does not say of the rest that it was not measured, line for line. */
function verdictSection(verdicts: readonly Verdict[]): readonly string[] {
  const judged = verdicts.filter(({ spread }) => spread !== undefined);
  if (judged.length === 0) return [];
  const left = verdicts.length - judged.length;
  return ['## Verdicts', list([...judged.map(verdictText), ...(left === 0 ? [] : [`not measured: ${left} more`])])];
}

function machineText(facts: MachineFacts): string {
  const { cores, processor, memoryGigabytes, kernel, openssl, loadBefore } = facts;
  const machine = `${cores} cores of ${processor}, ${memoryGigabytes} GiB, Linux ${kernel}, OpenSSL ${openssl} in Node`;
  return `${machine}; load before: ${loadBefore.toFixed(1)}.`;
}

function suiteSections(samples: readonly Sample[], suite: string): readonly string[] {
  const subjects = [...new Set(samples.filter((one) => one.suite === suite).map(({ subject }) => subject))];
  const parts: readonly (readonly [string, string])[] = [
    ['TCP', tcpTable(samples, suite, subjects)],
    ...PAYLOADS.map(
      (payload) => [`UDP, ${payload} bytes of payload`, udpTable(samples, suite, subjects, payload)] as const,
    ),
    ['Round trip of an idle tunnel', pingTable(samples, suite, subjects)],
    ['Honest TCP beside a flood', hostileTable(samples, suite, subjects)],
  ];
  return parts.flatMap(([title, text]) => (text === '' ? [] : [`## ${suite}: ${title}`, text]));
}

function tcpTable(samples: readonly Sample[], suite: string, subjects: readonly string[]): string {
  const all = { suite, measures: TCP_MEASURES };
  const rows = subjects.map((subject) => [
    subject,
    ...TCP_MEASURES.map((measure) => middle(valuesOf(samples, { suite, measures: [measure] }, subject, 'mbps'), 0)),
    withEnds(ratiosOf(samples, all, subject, WIREGUARD, 'mbps')),
    withEnds(ratiosOf(samples, all, subject, LIBIPSEC, 'mbps')),
    middle(valuesOf(samples, all, subject, 'cpu'), 2),
    middle(valuesOf(samples, all, subject, 'machineCpu'), 2),
    middle(valuesOf(samples, all, subject, 'megabytes'), 0),
  ]);
  const streams = ['1 stream, Mbit/s', '1, back', '4 streams', '4, back'];
  const costs = ['CPU s/Gbit, both gateways', 'whole machine', 'MB, one gateway'];
  return table(['', ...streams, '× wireguard-go', '× libipsec', ...costs], rows);
}

function udpTable(samples: readonly Sample[], suite: string, subjects: readonly string[], payload: number): string {
  const rows = subjects.map((subject) => [
    subject,
    thousands(valuesOf(samples, { suite, measures: [`udp-${payload}-capacity`] }, subject, 'goodput')),
    ...LOADS.map((load) => {
      const which = { suite, measures: [`udp-${payload}-x${load}`] };
      const loss = spreadOf(valuesOf(samples, which, subject, 'loss'));
      const lost = loss === undefined ? '' : ` (${(loss.median * 100).toFixed(1)} % lost)`;
      return `${thousands(valuesOf(samples, which, subject, 'goodput'))}${lost}`;
    }),
    middle(valuesOf(samples, { suite, measures: [`udp-${payload}-x1`] }, subject, 'cpu'), 2),
  ]);
  return table(['', 'capacity, kpps', ...LOADS.map((load) => `at ${load} ×`), 'CPU s/Gbit at 1 ×'], rows);
}

function pingTable(samples: readonly Sample[], suite: string, subjects: readonly string[]): string {
  const which = { suite, measures: ['ping-idle'] };
  const rows = subjects.map((subject) => [
    subject,
    middle(valuesOf(samples, which, subject, 'microseconds'), 0),
    middle(valuesOf(samples, which, subject, 'microseconds99'), 0),
    withEnds(ratiosOf(samples, which, subject, WIREGUARD, 'microseconds')),
  ]);
  return table(['', 'median, µs', '99th of 100, µs', '× wireguard-go'], rows);
}

function hostileTable(samples: readonly Sample[], suite: string, subjects: readonly string[]): string {
  const measured = (kind: string): boolean => samples.some(({ measure }) => measure === `hostile-${kind}`);
  const kinds = Object.entries(HOSTILE_KINDS).filter(([kind]) => measured(kind));
  const rows = kinds.flatMap(([kind, what]) =>
    subjects.map((subject) => {
      const which = { suite, measures: [`hostile-${kind}`] };
      return [
        what,
        subject,
        thousands(valuesOf(samples, which, subject, 'flood')),
        middle(valuesOf(samples, { suite, measures: ['hostile-none'] }, subject, 'mbps'), 0),
        middle(valuesOf(samples, which, subject, 'control'), 0),
        middle(valuesOf(samples, which, subject, 'mbps'), 0),
        withEnds(valuesOf(samples, which, subject, 'share')),
      ];
    }),
  );
  const during = ['no flood, Mbit/s', 'flood dropped before', 'flood reaches it', 'share'];
  return table(['flood', '', 'flood, kpps', ...during], rows, 2);
}

/** Rows that have nothing to say beside their `names` first columns are left out, and a table without rows. */
function table(header: readonly string[], rows: readonly (readonly string[])[], names = 1): string {
  const kept = rows.filter((row) => row.slice(names).some((cell) => cell !== NOTHING));
  if (kept.length === 0) return '';
  const widths = header.map((name, i) => Math.max(name.length, 3, ...kept.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...kept.map(line)].join('\n');
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

function middle(numbers: readonly number[], digits: number): string {
  return spreadOf(numbers)?.median.toFixed(digits) ?? NOTHING;
}

function thousands(numbers: readonly number[]): string {
  return middle(
    numbers.map((number) => number / 1000),
    1,
  );
}

function withEnds(numbers: readonly number[]): string {
  const spread = spreadOf(numbers);
  if (spread === undefined) return NOTHING;
  return `${spread.median.toFixed(2)} (${spread.least.toFixed(2)}–${spread.most.toFixed(2)})`;
}
