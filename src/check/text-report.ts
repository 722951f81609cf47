/** Findings as text for people: the message, every line concerned with a caret, and what mends it. */
import { maskSecrets } from '../config/index.ts';
import type { Edit, SourceLine } from '../explain/index.ts';
import type { CheckReport } from './checker.ts';
import type { Finding, Severity } from './rule.ts';

/** Several lines with a final newline; empty when there is nothing to say but the summary. */
export function textReport(report: CheckReport, findings: readonly Finding[]): string {
  const out = findings.map((one) => `${findingText(one)}\n`);
  return `${out.join('')}${summary(report, findings)}\n`;
}

function findingText({ rule, severity, message, lines, edits, related }: Finding): string {
  const [first] = lines;
  const place = first === undefined ? '' : `${placeText(first)}: `;
  const out = [`${place}${severity}: ${message} [${rule}]`];
  for (const [i, line] of lines.entries()) {
    if (i > 0) out.push(`  ${line.device}: ${placeText(line)}`);
    out.push(...excerpt(line));
  }
  for (const one of related) out.push(`  ${one}`);
  for (const [i, edit] of edits.entries())
    out.push(`  ${i === 0 ? 'edit' : 'or  '}: ${editText(edit)}`, ...added(edit));
  return out.join('\n');
}

function placeText({ position: { file, line, column } }: SourceLine): string {
  return line < 1 ? `${file} (as the platform has it by itself)` : `${file}:${line}:${column}`;
}

const WIDEST = 160;

/** The line with a caret; of a very long one the part around it. */
function excerpt({ position: { line, column }, text }: SourceLine): readonly string[] {
  if (text.trim() === '') return [];
  const clean = text.replaceAll(/(?!\t)\p{Cc}/gu, ' ');
  const from = column > WIDEST - 20 ? Math.min(column - 40, Math.max(0, clean.length - WIDEST)) : 0;
  const shown = `${from > 0 ? '…' : ''}${clean.slice(from, from + WIDEST)}${clean.length > from + WIDEST ? '…' : ''}`;
  const at = Math.min(column - from + (from > 0 ? 1 : 0), shown.length + 1);
  const blank = shown.slice(0, Math.max(0, at - 1)).replaceAll(/[^\t]/g, ' ');
  const gutter = String(line).padStart(7);
  return [`${gutter} | ${shown}`, `${' '.repeat(gutter.length)} | ${blank}^`];
}

function editText({ device, file, line, action, count = 1, why }: Edit): string {
  const verb = action === 'replace' ? 'replace' : action === 'delete' ? 'delete' : 'insert after';
  return `${device}: ${verb} ${file}:${line}${count === 1 ? '' : ` to ${line + count - 1}`}, ${why}`;
}

function added({ text }: Edit): readonly string[] {
  return text === '' ? [] : text.split('\n').map((line) => `      + ${maskSecrets(line)}`);
}

/** How many of each severity. */
export function countOf(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const count = { error: 0, warning: 0, note: 0 };
  for (const { severity } of findings) count[severity]++;
  return count;
}

function summary({ devices, lines }: CheckReport, findings: readonly Finding[]): string {
  const { error, warning, note } = countOf(findings);
  const many = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
  const read = `${many(devices.length, 'device')}, ${many(lines, 'line')}`;
  return `${many(error, 'error')}, ${many(warning, 'warning')}, ${many(note, 'note')} in ${read}`;
}
