/** One configuration as the rules see it: read once, looked up often. */
import {
  type DeviceModel,
  type Diagnostic,
  type DialectName,
  loadConfiguration,
  maskSecrets,
  type Position,
  type Written,
} from '../config/index.ts';
import { type DeviceEvidence, placeOf, type SourceLine } from '../explain/index.ts';
import { ModelIndex } from '../gateway/index.ts';
import type { Finding } from './rule.ts';

/** A file that is to be checked. */
export type Source = Readonly<{
  file: string;
  text: string;
  /** As a topology calls it; absent: its hostname. */
  name?: string;
  dialect?: DialectName;
}>;

const LINE_END = /\r\n|[\n\r\u2028\u2029]/;

export class DeviceView implements DeviceEvidence {
  readonly source: Source;
  readonly name: string;
  readonly model: DeviceModel;
  readonly diagnostics: readonly Diagnostic[];
  readonly configuration: Readonly<{ file: string; text: string }>;
  /** What the rules of one device said of it. */
  findings: readonly Finding[] | undefined;
  #index: ModelIndex | undefined;
  #lineCount: number | undefined;
  #lines: readonly string[] | undefined;

  constructor(source: Source) {
    const { model, diagnostics } = loadConfiguration(source.text, source.file, source.dialect);
    this.source = source;
    this.model = model;
    this.diagnostics = diagnostics;
    this.name = source.name ?? model.hostname;
    this.configuration = { file: source.file, text: source.text };
  }

  get index(): ModelIndex {
    this.#index ??= new ModelIndex(this.model);
    return this.#index;
  }

  get lines(): readonly string[] {
    this.#lines ??= this.configuration.text.split(LINE_END);
    return this.#lines;
  }

  get lineCount(): number {
    this.#lineCount ??= (this.configuration.text.match(/\n/g)?.length ?? 0) + 1;
    return this.#lineCount;
  }

  /** A line at a place; keys and passwords in it are masked. */
  lineAt(position: Position): SourceLine {
    const raw = this.lines[position.line - 1] ?? '';
    return { device: this.name, position, text: maskSecrets(raw.trimEnd()) };
  }

  /** The line of an attribute, or the one that opened its object. */
  lineOf(written: Written, attribute?: string): SourceLine {
    return this.lineAt(attribute === undefined ? written.start : placeOf(written, attribute));
  }
}
