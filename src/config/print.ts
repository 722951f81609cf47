/** The model as `show running-config` shows it, printed by the rows of its dialect's grammar. */
import type { Dialect } from './dialect.ts';
import type { Grammar } from './grammar.ts';
import { canonicalInterface } from './interface-name.ts';
import type { DeviceModel, KeptLine } from './model.ts';
import type { Printed, Row } from './row.ts';

export type PrintOptions = Readonly<{ secrets?: 'mask' | 'plain'; all?: boolean }>;

/** One command of the top level with what it encloses. */
type Block = Readonly<{ section: string; lines: readonly string[] }>;

/** The whole configuration, in the order of the device's own. */
export function printWith(dialect: Dialect, model: DeviceModel, options: PrintOptions = {}): string {
  return dialect.frame(layOut(dialect, blocksOf(dialect, model, options)), model).join('\n');
}

/**
 * `show running-config` with a filter such as `interface Tunnel1` or `crypto ikev2`; words may be abbreviated, and
 * `all` shows defaults as well. Text of no lines when nothing fits.
 */
export function showRunningWith(dialect: Dialect, model: DeviceModel, filterWords: readonly string[]): string {
  const all = 'all' === filterWords[0]?.toLowerCase();
  const wanted = all ? filterWords.slice(1) : filterWords;
  if (wanted.length === 0) return printWith(dialect, model, { all });
  const blocks = select(blocksOf(dialect, model, { all }), canonicalFilter(wanted, model));
  return blocks.length === 0 ? '' : `${layOut(dialect, blocks).join('\n')}\n`;
}

/** Turns a hardware interface's short name, or its nameif, into the name that its section bears. */
function canonicalFilter(wanted: readonly string[], model: DeviceModel): readonly string[] {
  const [first, second, third] = wanted;
  if (first === undefined || second === undefined || !'interface'.startsWith(first.toLowerCase())) return wanted;
  if (first.length < 3) return wanted;
  const named = model.interfaces.find((one) => one.alias === second);
  const hardware = canonicalInterface(second, third);
  return [first, named?.name ?? (hardware.ok ? hardware.value : second)];
}

/** Blocks whose first line begins with the words. An exact word beats an abbreviation: `route` is not `route-map`. */
function select(blocks: readonly Block[], wanted: readonly string[]): readonly Block[] {
  let left = blocks.map((block) => ({ block, words: (block.lines[0] ?? '').split(' ') }));
  // IPv6 twins stand beside their elders: `prefix-list` shows `ipv6 prefix-list` too.
  left = left.map((one) =>
    one.words[0] === 'ipv6' && wanted[0]?.toLowerCase() !== 'ipv6' ? { ...one, words: one.words.slice(1) } : one,
  );
  for (const [index, word] of wanted.entries()) {
    const lower = word.toLowerCase();
    const at = (one: { words: readonly string[] }): string => one.words[index]?.toLowerCase() ?? '';
    const exact = left.filter((one) => at(one) === lower);
    left = exact.length > 0 ? exact : left.filter((one) => at(one).startsWith(lower));
  }
  return left.map((one) => one.block);
}

function layOut({ setApart }: Dialect, blocks: readonly Block[]): string[] {
  const out: string[] = [];
  for (const [index, block] of blocks.entries()) {
    const next = blocks[index + 1];
    out.push(...block.lines);
    const apart = setApart.has(block.section) || (next !== undefined && setApart.has(next.section));
    if (apart && (block.lines.length > 1 || block.section !== next?.section)) out.push('!');
  }
  return out;
}

/** All top-level commands, section by section. */
function blocksOf(dialect: Dialect, model: DeviceModel, options: PrintOptions): readonly Block[] {
  const { grammar, sections } = dialect;
  const printer = new Printer(grammar, options, model.kept ?? []);
  const rows = grammar.rowsOf('config');
  const blocks = new Map<string, Block[]>(sections.map((section) => [section, []]));
  for (const section of sections) {
    const own = rows.filter((row) => row.section === section && !row.modes.includes('*'));
    for (const lines of printer.print(own, model, 0, [])) blocks.get(section)?.push({ section, lines });
  }
  let remarks = 0;
  for (const line of model.kept ?? []) {
    if (line.path.length > 0) continue;
    const section = sections.find((one) => one === line.section) ?? 'last';
    const block = { section, lines: [line.text, ...printer.keptUnder([line.text], 1)] };
    // Remarks stand before the entries they are about.
    if (section === 'access-list') blocks.get(section)?.splice(remarks++, 0, block);
    else blocks.get(section)?.push(block);
  }
  return [...blocks.values()].flat();
}

class Printer {
  readonly #grammar: Grammar<Row>;
  readonly #showSecrets: boolean;
  readonly #all: boolean;
  readonly #kept = new Map<string, KeptLine[]>();

  constructor(grammar: Grammar<Row>, options: PrintOptions, kept: readonly KeptLine[]) {
    this.#grammar = grammar;
    this.#showSecrets = options.secrets === 'plain';
    this.#all = options.all === true;
    for (const line of kept) {
      const key = line.path.join('\n');
      this.#kept.set(key, [...(this.#kept.get(key) ?? []), line]);
    }
  }

  /** Each command with what it encloses; neighbouring rows of a group go key by key. */
  print(rows: readonly Row[], view: unknown, depth: number, path: readonly string[]): readonly (readonly string[])[] {
    const out: (readonly string[])[] = [];
    for (let index = 0; index < rows.length; ) {
      const { group } = rows[index] ?? {};
      const end = group === undefined ? index + 1 : rows.findIndex((row, i) => i >= index && row.group !== group);
      const run = rows.slice(index, end < 0 ? rows.length : end);
      const byKey = new Map<string, (readonly string[])[]>();
      for (const row of run) {
        for (const printed of row.use === 'used' ? (row.print?.(view, this.#all) ?? []) : []) {
          const key = group === undefined ? '' : (printed.key ?? '');
          const lines = byKey.get(key) ?? [];
          const block = this.#block(row, printed, depth, path);
          if (block.length > 0) lines.push(block);
          byKey.set(key, lines);
        }
      }
      for (const lines of byKey.values()) out.push(...lines);
      index += run.length;
    }
    return out;
  }

  /** Kept lines of a section, with their own sections below them. */
  keptUnder(path: readonly string[], depth: number): string[] {
    return (this.#kept.get(path.join('\n')) ?? []).flatMap((line) => [
      `${' '.repeat(depth)}${line.text}`,
      ...this.keptUnder([...path, line.text], depth + 1),
      ...(line.closes === undefined ? [] : [`${' '.repeat(depth)}${line.closes}`]),
    ]);
  }

  #block(row: Row, printed: Printed<Record<string, unknown>>, depth: number, path: readonly string[]): string[] {
    const indent = ' '.repeat(depth);
    const command =
      printed.line ?? this.#grammar.render(row, printed.values, this.#showSecrets, printed.negated === true);
    const text = printed.negated === true ? `no ${command}` : command;
    if (row.enters === undefined || printed.view === undefined)
      return printed.isHeader === true ? [] : [`${indent}${text}`];
    const inner = [...path, text];
    const rows = this.#grammar.rowsOf(row.enters).filter((one) => !one.modes.includes('*'));
    const body = this.print(rows, printed.view, depth + 1, inner).flat();
    const under = this.keptUnder(inner, depth + 1);
    if (printed.isHeader === true && body.length + under.length === 0) return [];
    const closing = row.closes === undefined ? [] : [`${indent}${row.closes}`];
    return [`${indent}${text}`, ...body, ...under, ...closing];
  }
}
