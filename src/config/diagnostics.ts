/** Diagnostics as text for people: the place, the message, the line with a caret, and what would have been right. */

import { readLine } from './lines.ts';
import type { Diagnostic } from './model.ts';
import { firstSecret, maskSecrets } from './secrets.ts';

/**
 * Several lines of text without a final newline. `sourceText` is the text of the diagnostic's file. Keys and passwords
 * show as stars.
 */
export function formatDiagnostic(diagnostic: Diagnostic, sourceText: string): string {
  const { file, line, column } = diagnostic.position;
  const out = [`${file}:${line}:${column}: ${diagnostic.severity}: ${diagnostic.message} [${diagnostic.code}]`];
  const raw = sourceText.split(/\r\n|[\n\r\u2028\u2029]/)[line - 1];
  if (raw !== undefined && raw.trim() !== '') out.push(...excerpt(raw, line, column));
  if (diagnostic.expected !== undefined) out.push(`  expected: ${diagnostic.expected}`);
  if (diagnostic.suggestion !== undefined) out.push(`  suggestion: ${maskSecrets(diagnostic.suggestion)}`);
  if (diagnostic.configuration !== undefined)
    out.push('  instead:', ...diagnostic.configuration.map((line) => `    ${maskSecrets(line)}`));
  return out.join('\n');
}

function excerpt(raw: string, line: number, column: number): string[] {
  const shown = maskSecrets(raw.trimEnd()).replaceAll(/(?!\t)\p{Cc}/gu, ' ');
  const { tokens } = readLine(raw);
  // A caret inside the masked part points at its start.
  const masked = tokens[firstSecret(tokens)]?.column ?? Number.POSITIVE_INFINITY;
  const at = Math.min(column, masked, shown.length + 2);
  const blank = shown.slice(0, at - 1).replaceAll(/[^\t]/g, ' ');
  const gutter = String(line).padStart(5);
  return [`${gutter} | ${shown}`, `${' '.repeat(gutter.length)} | ${blank.padEnd(at - 1)}^`];
}
