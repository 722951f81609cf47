/** Where the line at hand stands while it is carried out, and how to speak about it. */
import type { Draft } from './draft.ts';
import type { Diagnostic, Position, Written } from './model.ts';

type Remark = Readonly<{ expected?: string; suggestion?: string; param?: string }>;

/** Where the line at hand stands, and how to speak about it. */
export class Place {
  readonly position: Position;
  readonly #columns: ReadonlyMap<string, number>;
  readonly #report: (diagnostic: Diagnostic) => void;
  /** The line with full keywords and masked secrets. */
  readonly canonical: string;
  /** An error was reported: the line is not used. */
  failed = false;

  constructor(
    position: Position,
    canonical: string,
    columns: ReadonlyMap<string, number>,
    report: (diagnostic: Diagnostic) => void,
  ) {
    this.canonical = canonical;
    this.position = position;
    this.#columns = columns;
    this.#report = report;
  }

  /** Position of a parameter's first word; of the line when it has none. */
  at(param: string | undefined): Position {
    const column = this.#columns.get(param ?? '');
    return column === undefined ? this.position : { ...this.position, column };
  }

  /** Reports an error; the caller returns without changing anything. */
  error(code: string, message: string, remark: Remark = {}): undefined {
    this.failed = true;
    this.#speak('error', code, message, remark);
    return undefined;
  }

  warn(code: string, message: string, remark: Remark = {}): void {
    this.#speak('warning', code, message, remark);
  }

  /** A `Written` that begins here. */
  written(): Draft<Written> {
    return { start: this.position, attributes: {} };
  }

  #speak(severity: Diagnostic['severity'], code: string, message: string, remark: Remark): void {
    const { param, ...rest } = remark;
    this.#report({ severity, position: this.at(param), code, message, ...rest });
  }
}
