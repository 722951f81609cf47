/** `wheelwright check`: reads files, folders and topologies, and says what is wrong with them before anything runs. */

import { basename, dirname } from 'node:path';
import { isoTime } from '../base/index.ts';
import {
  baselineText,
  Checker,
  type CheckInput,
  type CheckReport,
  type Finding,
  isAtLeast,
  jsonReport,
  junitReport,
  readBaseline,
  type Severity,
  sarifReport,
  textReport,
  withoutKnown,
} from '../check/index.ts';
import { readText, wallClock, watchFolders, writeTexts } from '../host/index.ts';
import { type CheckSet, isFolder, readCheckSets } from './check-files.ts';

export type CheckOptions = Readonly<{
  format: 'text' | 'json' | 'sarif' | 'junit';
  failOn: Severity;
  baseline?: string;
  writeBaseline?: string;
  watch?: boolean;
}>;

/** Gives the exit status: 0 nothing at or above `--fail-on`, 1 something, 2 unreadable input. */
export async function check(paths: readonly string[], options: CheckOptions, version: string): Promise<number> {
  const checkers = new Map<string, Checker>();
  const once = (): number => checkOnce(paths, options, version, checkers);
  if (options.watch !== true) return once();
  const folders = new Set(paths.map((path) => (isFolder(path) ? path : dirname(path))));
  const watching = watchFolders([...folders], () => {
    process.stdout.write(`
--- ${isoTime(wallClock())} ---
`);
    once();
  });
  if (!watching.ok) {
    process.stderr.write(`${watching.error}
`);
    return 2;
  }
  if (once() === 2) {
    watching.value();
    return 2;
  }
  // Until the process is told to stop.
  return new Promise(() => undefined);
}

function checkOnce(
  paths: readonly string[],
  options: CheckOptions,
  version: string,
  checkers: Map<string, Checker>,
): number {
  const complain = (line: string): void => void process.stderr.write(`${line}\n`);
  const known = baselineOf(options, complain);
  const sets = readCheckSets(paths, complain);
  if (known === undefined || sets === undefined) return 2;
  const reports = sets.map((set) => reportOf(set, checkers));
  const report: CheckReport = {
    findings: once(reports.flatMap(({ findings }) => findings)),
    devices: reports.flatMap(({ devices }) => devices),
    lines: reports.reduce((sum, { lines }) => sum + lines, 0),
  };
  if (options.writeBaseline !== undefined) {
    const file = options.writeBaseline;
    const written = writeTexts(dirname(file), new Map([[basename(file), baselineText(report.findings)]]));
    if (!written.ok) complain(written.error);
    return written.ok ? 0 : 2;
  }
  const findings = withoutKnown(report.findings, known);
  const failing = findings.filter(({ severity }) => isAtLeast(severity, options.failOn));
  process.stdout.write(printed(report, findings, new Set(failing), options, version));
  return failing.length > 0 ? 1 : 0;
}

function reportOf({ key, sources, way, isClosed, findings }: CheckSet, checkers: Map<string, Checker>): CheckReport {
  const checker = checkers.get(key) ?? new Checker();
  checkers.set(key, checker);
  const input: CheckInput = { sources, isClosed, ...(way === undefined ? {} : { way }) };
  const report = checker.check(input);
  return { ...report, findings: [...findings, ...report.findings] };
}

/** A file of two topologies says the same twice. */
function once(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ rule, message, lines }) => {
    const key = `${rule} ${message} ${lines.map(({ position: { file, line } }) => `${file}:${line}`).join(' ')}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function printed(
  report: CheckReport,
  findings: readonly Finding[],
  failing: ReadonlySet<Finding>,
  { format }: CheckOptions,
  version: string,
): string {
  switch (format) {
    case 'text':
      return textReport(report, findings);
    case 'json':
      return `${JSON.stringify(jsonReport(report, findings), null, 2)}\n`;
    case 'sarif':
      return `${JSON.stringify(sarifReport(findings, version), null, 2)}\n`;
    case 'junit':
      return junitReport(report, findings, failing);
    default:
      return format satisfies never;
  }
}

function baselineOf(
  { baseline }: CheckOptions,
  complain: (line: string) => void,
): ReadonlyMap<string, number> | undefined {
  if (baseline === undefined) return new Map();
  const text = readText(baseline);
  const read = text.ok ? readBaseline(text.value) : text;
  if (read.ok) return read.value;
  complain(text.ok ? `${baseline}: ${read.error}` : read.error);
  return undefined;
}
