/** Findings for other programs: JSON, SARIF 2.1.0 (OASIS), and JUnit's XML. Keys and passwords are masked in all. */
import { maskSecrets } from '../config/index.ts';
import type { Edit, SourceLine } from '../explain/index.ts';
import { fingerprint } from './baseline.ts';
import type { CheckReport } from './checker.ts';
import type { Finding } from './rule.ts';
import { RULES } from './rules/index.ts';
import { countOf } from './text-report.ts';

/** The value that `--format json` prints. */
export function jsonReport({ devices, lines }: CheckReport, findings: readonly Finding[]): unknown {
  return {
    devices: devices.map(({ name, model, source }) => ({ name, file: source.file, dialect: model.dialect })),
    lines,
    count: countOf(findings),
    findings: findings.map(({ rule, severity, message, lines: places, edits, related }) => ({
      rule,
      severity,
      message,
      lines: places.map(({ device, position, text }) => ({ device, ...position, text })),
      edits: edits.map(({ secrets: _, text, ...edit }) => ({ ...edit, text: masked(text) })),
      related,
    })),
  };
}

const LEVELS = { error: 'error', warning: 'warning', note: 'note' } as const;

export function sarifReport(findings: readonly Finding[], version: string): unknown {
  const used = RULES.filter(({ id }) => findings.some(({ rule }) => rule === id));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'wheelwright',
            version,
            rules: used.map(({ id, claim, explanation, severity, family }) => ({
              id,
              shortDescription: { text: claim },
              fullDescription: { text: explanation },
              defaultConfiguration: { level: LEVELS[severity] },
              properties: { family },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map((one) =>
          sarifResult(
            one,
            used.findIndex(({ id }) => id === one.rule),
          ),
        ),
      },
    ],
  };
}

function sarifResult(finding: Finding, ruleIndex: number): unknown {
  const { rule, severity, message, lines, edits } = finding;
  const [first, ...others] = lines.filter(({ position }) => position.line > 0);
  const fixes = edits.filter(
    ({ line, action, secrets }) => (line > 0 || action === 'insert-after') && secrets === undefined,
  );
  return {
    ruleId: rule,
    ...(ruleIndex < 0 ? {} : { ruleIndex }),
    level: LEVELS[severity],
    message: { text: message },
    locations: first === undefined ? [] : [sarifLocation(first)],
    ...(others.length === 0
      ? {}
      : { relatedLocations: others.map((one, id) => ({ id: id + 1, ...sarifLocation(one) })) }),
    ...(fixes.length === 0 ? {} : { fixes: fixes.map(sarifFix) }),
    partialFingerprints: { 'wheelwright/v1': fingerprint(finding) },
  };
}

function sarifLocation({ device, position: { file, line, column }, text }: SourceLine) {
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(file) },
      region: { startLine: line, startColumn: Math.max(1, column), snippet: { text } },
    },
    message: { text: device },
  };
}

function sarifFix({ file, line, action, count = 1, text, why }: Edit): unknown {
  const at = action === 'insert-after' ? line + 1 : line;
  const deletedRegion =
    action === 'insert-after'
      ? { startLine: at, startColumn: 1, endLine: at, endColumn: 1 }
      : { startLine: at, startColumn: 1, endLine: at + count, endColumn: 1 };
  const replacement =
    action === 'delete' ? { deletedRegion } : { deletedRegion, insertedContent: { text: `${masked(text)}\n` } };
  return {
    description: { text: why },
    artifactChanges: [{ artifactLocation: { uri: uriOf(file) }, replacements: [replacement] }],
  };
}

function uriOf(file: string): string {
  return encodeURI(file.replaceAll('\\', '/')).replaceAll('#', '%23').replaceAll('?', '%3F');
}

function masked(text: string): string {
  return text
    .split('\n')
    .map((line) => maskSecrets(line))
    .join('\n');
}

/** A test case for each device; each finding at `failing` or above is a failure of the device of its first line. */
export function junitReport(
  { devices }: CheckReport,
  findings: readonly Finding[],
  failing: ReadonlySet<Finding>,
): string {
  const byFile = new Map<string, Finding[]>();
  for (const one of findings) {
    const file = one.lines[0]?.position.file ?? '';
    const known = byFile.get(file);
    if (known === undefined) byFile.set(file, [one]);
    else known.push(one);
  }
  const stray = byFile.get('') ?? [];
  const cases = devices.map(({ name, source }, i) => {
    const own = [...(byFile.get(source.file) ?? []), ...(i === 0 ? stray : [])];
    const bad = own.filter((one) => failing.has(one));
    const rest = own.filter((one) => !failing.has(one));
    const body = [
      ...bad.map(
        (one) =>
          `      <failure type="${xml(one.rule)}" message="${xml(one.message)}">${xml(placesOf(one))}</failure>\n`,
      ),
      ...(rest.length === 0
        ? []
        : [
            `      <system-out>${xml(rest.map((one) => `${one.severity}: ${one.message} [${one.rule}]`).join('\n'))}</system-out>\n`,
          ]),
    ].join('');
    return `    <testcase classname="${xml(source.file)}" name="${xml(name)}">\n${body}    </testcase>\n`;
  });
  const failed = devices.filter(({ source }, i) =>
    [...(byFile.get(source.file) ?? []), ...(i === 0 ? stray : [])].some((one) => failing.has(one)),
  ).length;
  const counts = `tests="${devices.length}" failures="${failed}" errors="0" skipped="0"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts}>\n  <testsuite name="wheelwright check" ${counts}>\n${cases.join('')}  </testsuite>\n</testsuites>\n`;
}

function placesOf({ lines }: Finding): string {
  return lines
    .map(({ position: { file, line, column }, text }) => `${file}:${line}:${column}: ${text.trim()}`)
    .join('\n');
}

function xml(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
