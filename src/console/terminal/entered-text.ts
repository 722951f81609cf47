/** What is said about a line of configuration that was typed, in the platform's words; nothing when all is well. */
import { type Diagnostic, type Entered, TERMINAL } from '../../config/index.ts';
import { type Complaint, complaintText } from '../complaint.ts';
import type { Platform } from '../platform.ts';
import { MEANT } from '../reading.ts';

const AT_A_WORD = new Set(['unknown-command', 'invalid-word', 'out-of-range', 'wrong-mode']);

/** `indent` is how far the line stands from the left. Keys and passwords show as stars. */
export function enteredText(platform: Platform, { line, ok, diagnostics }: Entered, indent: number): string {
  if (!ok) return complaintText(platform, refusal(line, diagnostics[0], indent));
  return diagnostics.map((one) => `${MARKS[platform][one.severity]}${one.message}\n`).join('');
}

/** What stands before a remark about a line that was taken. */
const MARKS = {
  asa: { error: 'ERROR: ', warning: 'WARNING: ', note: 'INFO: ' },
  iosxe: { error: '% ', warning: '% Warning: ', note: '% ' },
} as const;

function refusal(line: string, diagnostic: Diagnostic | undefined, indent: number): Complaint {
  if (diagnostic?.code === 'incomplete-command') return { kind: 'incomplete' };
  if (diagnostic?.code === 'ambiguous-command') return { kind: 'ambiguous', line: line.trim() };
  if (diagnostic === undefined || !AT_A_WORD.has(diagnostic.code)) {
    const where = diagnostic === undefined || diagnostic.position.file === TERMINAL ? '' : `${place(diagnostic)}: `;
    return { kind: 'refused', text: `${where}${diagnostic?.message ?? 'the line was refused'}` };
  }
  return {
    kind: 'marked',
    column: indent + diagnostic.position.column,
    more: [
      ...(diagnostic.code === 'unknown-command' ? [] : [diagnostic.message]),
      ...(diagnostic.suggestion === undefined ? [] : [`${MEANT}${diagnostic.suggestion}`]),
    ],
  };
}

/** The line of the configuration that the refused one does not go with. */
function place({ position }: Diagnostic): string {
  return `${position.file}:${position.line}`;
}
