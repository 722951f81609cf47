/** What a diagnosis says, how it reads as text, and how an edit that it proposes is made. */
import { fromUtf8, type SecretKey, utf8 } from '../base/index.ts';
import { maskSecrets, type Position } from '../config/index.ts';
import type { DeviceEvidence } from './evidence.ts';

/** Where on the way from two configurations to a packet that arrives; the first one that fails is named. */
export type Layer =
  | 'configuration'
  | 'reachability'
  | 'ike-sa-init'
  | 'ike-auth'
  | 'child-sa'
  | 'tunnel'
  | 'route'
  | 'tcp'
  | 'bgp'
  | 'path';

/** A line of a configuration; keys and passwords in `text` are masked. */
export type SourceLine = Readonly<{ device: string; position: Position; text: string }>;

/** One change of one place in a configuration. Several edits of a diagnosis are alternatives: any of them mends it. */
export type Edit = Readonly<{
  device: string;
  file: string;
  /** The line that is replaced, deleted or followed by `text`; 0 with 'insert-after': before the first. */
  line: number;
  column: number;
  action: 'replace' | 'insert-after' | 'delete';
  /** How many lines are replaced or deleted; one when absent. */
  count?: number;
  /** One or more whole lines; empty for 'delete'. */
  text: string;
  /** Keys that must not be printed: each stands where `text` has `*****`, in this order. */
  secrets?: readonly SecretKey[];
  why: string;
}>;

export type Subject = Readonly<{ device: string; tunnel?: string; neighbor?: string; destination?: string }>;

export type Diagnosis = Readonly<{
  subject: Subject;
  state: 'up' | 'down' | 'carries-nothing' | 'will-fail';
  /** The first layer that fails; when all is well, the last one that was looked at. */
  layer: Layer;
  /** Stable word. */
  code: string;
  /** One sentence. */
  claim: string;
  /** What was seen: the notify that came, the last exchange, the counter, the route that was looked for. */
  evidence: readonly string[];
  /** The configuration lines that disagree. */
  lines: readonly SourceLine[];
  /** The smallest edits, on either side: alternatives. */
  edits: readonly Edit[];
  /** With one configuration only: what the other side must have. */
  missing?: string;
}>;

const MASK = '*****';
const LINE_END = /\r\n|[\n\r\u2028\u2029]/;

/** The configuration line at a place. */
export function sourceLine({ name, configuration }: DeviceEvidence, position: Position): SourceLine {
  const raw = linesOf(configuration)[position.line - 1] ?? '';
  return { device: name, position, text: maskSecrets(raw.trimEnd()) };
}

const LINES = new WeakMap<DeviceEvidence['configuration'], readonly string[]>();

/** Lines of a text, cut once however many of them are shown. */
function linesOf(configuration: DeviceEvidence['configuration']): readonly string[] {
  const known = LINES.get(configuration);
  if (known !== undefined) return known;
  const lines = configuration.text.split(LINE_END);
  LINES.set(configuration, lines);
  return lines;
}

/** A proposed change of a place in a device's configuration. */
export function editAt(
  { name }: DeviceEvidence,
  { file, line, column }: Position,
  change: Pick<Edit, 'action' | 'text' | 'count' | 'secrets' | 'why'>,
): Edit {
  return { device: name, file, line, column, ...change };
}

/** The text with one edit made. */
export function applyEdit(text: string, { line, action, count = 1, text: wanted, secrets = [] }: Edit): string {
  let next = 0;
  const shown = wanted.replaceAll(MASK, () => fromUtf8(secrets[next++]?.reveal() ?? utf8(MASK)));
  const lines = text.split('\n');
  const added = action === 'delete' ? [] : shown.split('\n');
  lines.splice(action === 'insert-after' ? line : line - 1, action === 'insert-after' ? 0 : count, ...added);
  return lines.join('\n');
}

/** Several lines of text with a final newline. */
export function formatDiagnosis(diagnosis: Diagnosis): string {
  const { subject, state, layer, code, claim, evidence, lines, edits, missing } = diagnosis;
  const what = subject.destination ?? subject.neighbor ?? subject.tunnel ?? '';
  const out = [`${subject.device}${what === '' ? '' : ` ${what}`}: ${STATES[state]} (${layer}): ${claim} [${code}]`];
  for (const one of evidence) out.push(`  seen: ${one}`);
  for (const { device, position, text } of lines) {
    out.push(`  ${device}: ${position.file}:${position.line}:${position.column}`);
    out.push(...excerpt(text, position));
  }
  if (missing !== undefined) out.push(`  the other side must have: ${missing}`);
  for (const [i, edit] of edits.entries()) {
    out.push(`  ${i === 0 ? 'edit' : 'or  '}: ${editTitle(edit)}, ${edit.why}`);
    for (const line of edit.text === '' ? [] : edit.text.split('\n')) out.push(`      + ${maskSecrets(line)}`);
  }
  return `${out.join('\n')}\n`;
}

const STATES: Readonly<Record<Diagnosis['state'], string>> = {
  up: 'up',
  down: 'down',
  'carries-nothing': 'carries nothing',
  'will-fail': 'up, and will fail',
};

function editTitle({ device, file, line, action, count = 1 }: Edit): string {
  const verb = action === 'replace' ? 'replace' : action === 'delete' ? 'delete' : 'insert after';
  return `${device}: ${verb} ${file}:${line}${count === 1 ? '' : ` to ${line + count - 1}`}`;
}

function excerpt(text: string, { line, column }: Position): string[] {
  const shown = text.replaceAll(/(?!\t)\p{Cc}/gu, ' ');
  const blank = shown.slice(0, column - 1).replaceAll(/[^\t]/g, ' ');
  const gutter = String(line).padStart(7);
  return [`${gutter} | ${shown}`, `${' '.repeat(gutter.length)} | ${blank}^`];
}
