/** One dialect: its grammar, and what is its own about reading and printing. The machinery around it is shared. */
import type { Assembly } from './assembly.ts';
import type { Draft } from './draft.ts';
import type { Grammar } from './grammar.ts';
import type { Line } from './lines.ts';
import type { DeviceModel, Diagnostic } from './model.ts';
import type { Row } from './row.ts';
import type { Repair } from './tree.ts';

export type Dialect = Readonly<{
  name: DeviceModel['dialect'];
  /** As messages call it: this file is read as ... */
  title: string;
  grammar: Grammar<Row>;
  assemble: () => Assembly;
  /** Mends lines that were damaged on their way, given all lines that there are. */
  repair: (lines: readonly Line[]) => Repair<Row>;
  /** Joins lines that are one command together, such as a text between two marks. */
  join?: (lines: readonly Line[]) => readonly Line[];
  /** Settles what depends on several lines, and reports contradictions and dangling references. */
  check: (
    model: Draft<DeviceModel>,
    lines: readonly Line[],
    file: string,
    report: (diagnostic: Diagnostic) => void,
  ) => void;
  /** Sections in the order in which they are printed; a row of none of them comes last. */
  sections: readonly string[];
  /** Sections whose blocks are set apart by a line with `!`. */
  setApart: ReadonlySet<string>;
  /** What a prompt calls each mode. */
  prompts: Readonly<Record<string, string>>;
  /** Puts head and foot around a whole configuration. */
  frame: (body: readonly string[], model: DeviceModel) => readonly string[];
}>;
