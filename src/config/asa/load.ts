/** An ASA's configuration text to the model: lines, tree, rows, checks. Nothing throws; everything wrong is told. */
import { type Line, readLines } from '../lines.ts';
import type { Diagnostic, Loaded } from '../model.ts';
import { maskSecrets } from '../secrets.ts';
import { readTree, type Statement } from '../tree.ts';
import { Assembly, Place } from './assembly.ts';
import { checkModel } from './check.ts';
import { asaGrammar } from './grammar/index.ts';
import { asaRepair } from './repair.ts';
import type { AsaRow } from './row.ts';

/** Reads a configuration. `file` is its name in positions. */
export function loadAsa(text: string, file: string): Loaded {
  return loadAsaLines(readLines(text), file);
}

/** Reads a configuration given as lines; `file` names the place of those that do not say where they come from. */
export function loadAsaLines(lines: readonly Line[], file: string): Loaded {
  const repair = asaRepair(nameifsOf(lines));
  const { statements, diagnostics } = readTree(asaGrammar, lines, { file, root: 'config', repair });
  const builder = new Builder();
  builder.run(statements, builder.assembly, []);
  builder.assembly.finish();
  const isSaved = lines.some((line) => /^\s*(?:: Saved|ASA Version)\b/.test(line.raw));
  checkModel(builder.assembly.device, isSaved, (diagnostic) => builder.diagnostics.push(diagnostic));
  const all = [...diagnostics, ...builder.diagnostics].sort(
    (a, b) => a.position.line - b.position.line || a.position.column - b.position.column,
  );
  return { model: builder.assembly.device, diagnostics: all };
}

/** Every name that some line of the text gives to an interface, with or without damage of its own. */
export function nameifsOf(lines: readonly Line[]): Set<string> {
  const found = new Set<string>();
  for (const { tokens } of lines) {
    const [first, second] = tokens;
    if (first === undefined || !/^na/i.test(first.text)) continue;
    if (second !== undefined && 'nameif'.startsWith(first.text.toLowerCase())) found.add(second.text);
    else if (/^nameif./i.test(first.text)) found.add(first.text.slice('nameif'.length));
  }
  return found;
}

class Builder {
  readonly assembly = new Assembly();
  readonly diagnostics: Diagnostic[] = [];

  run(statements: readonly Statement<AsaRow>[], target: unknown, path: readonly string[]): void {
    for (const statement of statements) this.#perform(statement, target, path);
  }

  #perform(statement: Statement<AsaRow>, target: unknown, path: readonly string[]): void {
    const { match, line } = statement;
    const { row, negated, values, canonical } = match;
    const columns = new Map(
      match.bound.map((one) => [one.name, line.tokens[one.index]?.column ?? 1]).reverse() as [string, number][],
    );
    const report = (diagnostic: Diagnostic): void => {
      this.diagnostics.push(diagnostic);
    };
    const place = new Place(statement.position, canonical, columns, report);
    if (row.use === 'unsupported' && !negated) {
      const message =
        row.enters === undefined
          ? 'known, but not supported: the line has no effect'
          : 'known, but not supported: the whole section has no effect';
      place.warn('unsupported', message);
    }
    const inner = negated ? this.#undo(row, target, values, place) : row.set?.(target, values, place);
    if (place.failed || (row.use === 'used' && row.enters !== undefined && !negated && inner === undefined)) {
      this.#skip(statement.children);
      return;
    }
    this.#remember(row, negated, target, place);
    if (row.kept) this.#keep(row, negated, canonical, path, place);
    if (statement.children.length > 0) this.run(statement.children, inner, [...path, headerOf(row, values, canonical)]);
  }

  #undo(row: AsaRow, target: unknown, values: Readonly<Record<string, unknown>>, place: Place): undefined {
    row.unset?.(target, values, place);
    return undefined;
  }

  /** Notes where an attribute was written; forgets it when taken back. */
  #remember(row: AsaRow, negated: boolean, target: unknown, place: Place): void {
    if (row.attribute === undefined || !hasWritten(target)) return;
    if (!negated || row.negatable) target.written.attributes[row.attribute] = place.position;
    else delete target.written.attributes[row.attribute];
  }

  /** Keeps a line for `show running-config`; its `no` takes it away, or is itself what is to be kept. */
  #keep(row: AsaRow, negated: boolean, canonical: string, path: readonly string[], place: Place): void {
    const { kept } = this.assembly;
    const plain = negated ? canonical.slice('no '.length) : canonical;
    const isSame = (text: string): boolean => text === maskSecrets(plain) || text === maskSecrets(`no ${plain}`);
    const here = path.join('\n');
    const index = kept.findIndex((one) => one.path.join('\n') === here && isSame(one.text));
    const added = { path: [...path], text: maskSecrets(canonical), section: row.section, position: place.position };
    if (!negated) {
      if (index < 0) kept.push(added);
      else if (row.enters === undefined) kept.splice(index, 1, added);
      return;
    }
    if (index >= 0) kept.splice(index, 1);
    const under = `${here === '' ? '' : `${here}\n`}${plain}`;
    for (let i = kept.length - 1; i >= 0; i--) {
      const where = kept[i]?.path.join('\n') ?? '';
      if (row.enters !== undefined && (where === under || where.startsWith(`${under}\n`))) kept.splice(i, 1);
    }
    if (row.negatable && (index < 0 || row.use === 'used')) kept.push(added);
  }

  #skip(children: readonly Statement<AsaRow>[]): void {
    for (const { position, children: inner } of children) {
      const message = 'not used: the line that opens its section was refused';
      this.diagnostics.push({ severity: 'note', position, code: 'not-used', message });
      this.#skip(inner);
    }
  }
}

/** The line that opens a section, as it is printed. */
function headerOf(row: AsaRow, values: Readonly<Record<string, unknown>>, canonical: string): string {
  const printed = row.use === 'used' && row.print !== undefined;
  if (!printed) return canonical;
  if (row.pattern.startsWith('interface ')) {
    const isTemplate = String(values['name']).startsWith('Virtual-Template');
    return asaGrammar.render(row, isTemplate ? { ...values, type: 'tunnel' } : values, false);
  }
  if (row.pattern.startsWith('address-family')) return asaGrammar.render(row, { unicast: 'unicast' }, false);
  if (row.pattern.startsWith('route-map'))
    return asaGrammar.render(row, { action: 'permit', sequence: 10, ...values }, false);
  return asaGrammar.render(row, values, false);
}

function hasWritten(target: unknown): target is { written: { attributes: Record<string, unknown> } } {
  return typeof target === 'object' && target !== null && 'written' in target;
}
