/** What stands against making a peer, and what is worth knowing of one that was made. */
import type { Position } from '../config/index.ts';

export type Fault = Readonly<{
  /** Stable word for tests and filters. */
  code:
    | 'no-tunnel'
    | 'ambiguous'
    | 'incomplete'
    | 'no-key'
    | 'unknown-address'
    | 'unsupported'
    | 'not-expressible'
    | 'refused-by-grammar';
  message: string;
  /** Line of the given configuration. */
  position?: Position;
  /** What would do. */
  suggestion?: string;
}>;

/** Collects faults, and notes that stand against nothing. */
export class Report {
  readonly faults: Fault[] = [];
  readonly notes: string[] = [];

  fail(
    code: Fault['code'],
    message: string,
    more: Readonly<{ position?: Position; suggestion?: string }> = {},
  ): undefined {
    this.faults.push({ code, message, ...more });
    return undefined;
  }

  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }
}

/** As a person reads it: position, sentence, what would do. */
export function formatFault({ message, position, suggestion }: Fault): string {
  const where = position === undefined ? '' : `${position.file}:${position.line}:${position.column}: `;
  return `${where}${message}${suggestion === undefined ? '' : `; ${suggestion}`}`;
}
