/** One configuration as the rules see it: read once, looked up often. */
import {
  type BgpNeighborModel,
  type DeviceModel,
  type Diagnostic,
  type DialectName,
  type InterfaceModel,
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

/** A neighbour with the table that its session is in, and its address as text. */
export type Session = Readonly<{ neighbor: BgpNeighborModel; vrf: string; key: string }>;

const PLAIN = new Set<string>();
const MOST_PLAIN = 50_000;

/** A line as it may be shown. Those without anything to hide are many times the same in many devices. */
function shown(raw: string): string {
  const line = raw.trimEnd();
  if (PLAIN.has(line)) return line;
  const masked = maskSecrets(line);
  if (masked !== line) return masked;
  if (PLAIN.size >= MOST_PLAIN) PLAIN.clear();
  PLAIN.add(line);
  return line;
}

export class DeviceView implements DeviceEvidence {
  readonly source: Source;
  readonly name: string;
  readonly model: DeviceModel;
  readonly diagnostics: readonly Diagnostic[];
  readonly configuration: Readonly<{ file: string; text: string }>;
  /** What the rules of one device said of it. */
  findings: readonly Finding[] | undefined;
  #index: ModelIndex | undefined;
  #addresses: readonly (readonly [string, InterfaceModel])[] | undefined;
  #sessions: readonly Session[] | undefined;
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

  /** Its addresses as text, each with the interface that has it. */
  get addresses(): readonly (readonly [string, InterfaceModel])[] {
    this.#addresses ??= this.model.interfaces.flatMap((one) =>
      one.addresses
        .filter(({ address }) => !address.isLinkLocal)
        .map(({ address }) => [address.toString(), one] as const),
    );
    return this.#addresses;
  }

  /** Every neighbour of every table. */
  get sessions(): readonly Session[] {
    const { bgp } = this.model;
    this.#sessions ??= [
      ...(bgp?.neighbors ?? []).map((neighbor) => ({ neighbor, vrf: '', key: neighbor.address.toString() })),
      ...(bgp?.vrfs ?? []).flatMap(({ vrf, neighbors }) =>
        neighbors.map((neighbor) => ({ neighbor, vrf, key: neighbor.address.toString() })),
      ),
    ];
    return this.#sessions;
  }

  /** What other devices are next to it by: as long as it is the same, so are they. */
  get shape(): string {
    const ends = this.model.interfaces.map(({ name, tunnel }) => `${name} ${tunnel?.destination ?? ''}`);
    const own = this.addresses.map(([address]) => address);
    return [this.name, ...ends, ...own, ...this.sessions.map(({ key }) => key)].join('\n');
  }

  get lineCount(): number {
    this.#lineCount ??= (this.configuration.text.match(/\n/g)?.length ?? 0) + 1;
    return this.#lineCount;
  }

  /** A line at a place; keys and passwords in it are masked. */
  lineAt(position: Position): SourceLine {
    return { device: this.name, position, text: shown(this.lines[position.line - 1] ?? '') };
  }

  /** The first line from a place on that begins with some words, for what the model keeps no place of. */
  lineWith(words: string, from: Position): SourceLine {
    const at = this.lines.findIndex((line, i) => i + 1 >= from.line && line.trim().startsWith(words));
    if (at < 0) return this.lineAt(from);
    const column = (this.lines[at] ?? '').search(/\S/) + 1;
    return this.lineAt({ file: this.source.file, line: at + 1, column });
  }

  /** The line of an attribute, or the one that opened its object. */
  lineOf(written: Written, attribute?: string): SourceLine {
    return this.lineAt(attribute === undefined ? written.start : placeOf(written, attribute));
  }
}
