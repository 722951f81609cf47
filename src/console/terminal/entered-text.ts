/** What is said about a line of configuration that was typed, in the ASA's words; nothing when all is well. */
import { type Diagnostic, type Entered, maskSecrets, TERMINAL } from '../../config/index.ts';
import { caretText, MEANT } from '../reading.ts';

const AT_A_WORD = new Set(['unknown-command', 'invalid-word', 'out-of-range', 'wrong-mode']);

/** `indent` is how far the line stands from the left. Keys and passwords show as stars. */
export function enteredText({ line, ok, diagnostics }: Entered, indent: number): string {
  if (!ok) return refusal(line, diagnostics[0], indent);
  return diagnostics.map((one) => `${one.severity === 'warning' ? 'WARNING' : 'INFO'}: ${one.message}\n`).join('');
}

function refusal(line: string, diagnostic: Diagnostic | undefined, indent: number): string {
  if (diagnostic?.code === 'incomplete-command') return 'ERROR: % Incomplete command\n';
  if (diagnostic?.code === 'ambiguous-command') return `ERROR: % Ambiguous command:  "${maskSecrets(line.trim())}"\n`;
  if (diagnostic === undefined || !AT_A_WORD.has(diagnostic.code)) {
    const where = diagnostic === undefined || diagnostic.position.file === TERMINAL ? '' : `${place(diagnostic)}: `;
    return `ERROR: ${where}${diagnostic?.message ?? 'the line was refused'}\n`;
  }
  return caretText(indent + diagnostic.position.column, [
    ...(diagnostic.code === 'unknown-command' ? [] : [diagnostic.message]),
    ...(diagnostic.suggestion === undefined ? [] : [`${MEANT}${diagnostic.suggestion}`]),
  ]);
}

/** The line of the configuration that the refused one does not go with. */
function place({ position }: Diagnostic): string {
  return `${position.file}:${position.line}`;
}
