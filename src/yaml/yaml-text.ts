/** A YAML file with positions: typed access to its fields, every complaint with line and column. */
import { isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { IpAddress } from '../base/index.ts';
import type { Diagnostic, Position } from '../config/model.ts';

/** A value in the file, with where it stands. */
export type Field = Readonly<{ value: unknown; position: Position }>;

/** One mapping of the file: its fields by name, remembering which were asked for. */
export type Fields = Readonly<{
  position: Position;
  entries: ReadonlyMap<string, Readonly<{ key: Position; field: Field }>>;
}>;

export class YamlText {
  readonly file: string;
  readonly diagnostics: Diagnostic[] = [];
  readonly #lines = new LineCounter();
  readonly #contents: unknown;

  constructor(file: string, text: string) {
    this.file = file;
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, uniqueKeys: true });
    for (const error of document.errors) {
      this.complain(this.#positionAt(error.pos[0]), 'yaml', `This is not YAML: ${firstLine(error.message)}.`);
    }
    this.#contents = document.contents;
  }

  get start(): Position {
    return { file: this.file, line: 1, column: 1 };
  }

  /** The whole file as one value. */
  get root(): Field {
    return { value: this.#contents, position: this.start };
  }

  complain(position: Position, code: string, message: string, expected?: string): void {
    this.diagnostics.push({
      severity: 'error',
      position,
      code,
      message,
      ...(expected === undefined ? {} : { expected }),
    });
  }

  /** The fields of a mapping; complains when it is something else. */
  fields(field: Field, what: string): Fields | undefined {
    if (!isMap(field.value)) {
      this.complain(field.position, 'not-a-mapping', `${what} must be a mapping of names to values.`);
      return undefined;
    }
    const entries = new Map<string, Readonly<{ key: Position; field: Field }>>();
    for (const pair of (field.value as YAMLMap).items) {
      const { name, key, value } = this.#pair(pair, field.position);
      entries.set(name, { key, field: value });
    }
    return { position: field.position, entries };
  }

  /** The items of a sequence, or the one value written without brackets. */
  items(field: Field): readonly Field[] {
    if (!isSeq(field.value)) return [field];
    return field.value.items.map((item) => this.#field(item, field.position));
  }

  /** Complains about fields that are not among the known ones. */
  refuseOthers(fields: Fields, known: readonly string[], what: string): void {
    for (const [name, { key }] of fields.entries) {
      if (known.includes(name)) continue;
      const near = nearest(name, known);
      const hint = near === undefined ? '' : ` Did you mean \`${near}\`?`;
      this.complain(key, 'unknown-field', `${what} has no field \`${name}\`.${hint}`, known.join(', '));
    }
  }

  /** Text of a scalar (numbers as they print). */
  text(field: Field | undefined): string | undefined {
    if (field === undefined) return undefined;
    const value = isScalar(field.value) ? field.value.value : field.value;
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return undefined;
  }

  boolean(fields: Fields, name: string): boolean {
    const field = fields.entries.get(name)?.field;
    const text = this.text(field);
    if (field === undefined || text === 'false') return false;
    if (text !== 'true') this.complain(field.position, 'bad-value', `\`${name}\` must be true or false.`);
    return text === 'true';
  }

  integer(fields: Fields, name: string, fallback: number, low: number, high: number): number {
    const whole = (text: string): number | undefined => {
      const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      return value >= low && value <= high ? value : undefined;
    };
    return this.quantity(fields, name, fallback, whole, `a whole number from ${low} to ${high}`);
  }

  address(field: Field | undefined, what: string): IpAddress | undefined {
    if (field === undefined) return undefined;
    const text = this.text(field);
    const address = text === undefined ? undefined : IpAddress.parse(text);
    if (address === undefined) {
      this.complain(field.position, 'bad-address', `${what} must be an IPv4 or IPv6 address, not \`${text ?? '?'}\`.`);
    }
    return address;
  }

  /** A scalar that `parse` reads; complains and gives `fallback` when it does not. */
  quantity(
    fields: Fields,
    name: string,
    fallback: number,
    parse: (text: string) => number | undefined,
    expected: string,
  ): number {
    const field = fields.entries.get(name)?.field;
    if (field === undefined) return fallback;
    const text = this.text(field) ?? '?';
    const value = parse(text);
    if (value !== undefined) return value;
    this.complain(field.position, 'bad-value', `\`${name}: ${text}\` is not ${expected}.`, expected);
    return fallback;
  }

  #pair(pair: Pair, around: Position): { name: string; key: Position; value: Field } {
    const key = this.#field(pair.key, around);
    return { name: this.text(key) ?? '', key: key.position, value: this.#field(pair.value, key.position) };
  }

  #field(value: unknown, around: Position): Field {
    const range = (value as { range?: readonly number[] } | null)?.range;
    return { value, position: range === undefined ? around : this.#positionAt(range[0] ?? 0) };
  }

  #positionAt(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

/** `file:line:column: sentence`, as compilers say it. */
export function formatDiagnostic({ position, message }: Diagnostic): string {
  return `${position.file}:${position.line}:${position.column}: ${message}`;
}

/** The known name closest to a mistyped one; undefined when none is close. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = 3;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), least);
    if (distance < least && distance < candidate.length) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? limit;
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/[.:]$/, '');
}
