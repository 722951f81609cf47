/** A configuration text to the model: lines, tree, rows, checks. Nothing throws; everything wrong is told. */
import type { Assembly } from './assembly.ts';
import type { Dialect } from './dialect.ts';
import type { Grammar } from './grammar.ts';
import type { Line } from './lines.ts';
import type { Diagnostic, Loaded } from './model.ts';
import { Place } from './place.ts';
import type { Row } from './row.ts';
import { maskSecrets } from './secrets.ts';
import { readTree, type Statement } from './tree.ts';

/** Reads a configuration given as lines; `file` names the place of those that do not say where they come from. */
export function loadLines(dialect: Dialect, given: readonly Line[], file: string): Loaded {
  const lines = dialect.join?.(given) ?? given;
  const repair = dialect.repair(lines);
  const { statements, diagnostics } = readTree(dialect.grammar, lines, { file, root: 'config', repair });
  const builder = new Builder(dialect);
  builder.run(statements, builder.assembly, []);
  builder.assembly.finish();
  dialect.check(builder.assembly.device, lines, file, (diagnostic) => builder.diagnostics.push(diagnostic));
  const all = [...diagnostics, ...builder.diagnostics].sort(
    (a, b) => a.position.line - b.position.line || a.position.column - b.position.column,
  );
  return { model: builder.assembly.device, diagnostics: all };
}

class Builder {
  readonly assembly: Assembly;
  readonly diagnostics: Diagnostic[] = [];
  readonly #grammar: Grammar<Row>;

  constructor({ assemble, grammar }: Dialect) {
    this.assembly = assemble();
    this.#grammar = grammar;
  }

  run(statements: readonly Statement<Row>[], target: unknown, path: readonly string[]): void {
    for (const statement of statements) this.#perform(statement, target, path);
  }

  #perform(statement: Statement<Row>, target: unknown, path: readonly string[]): void {
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
    if (statement.children.length > 0)
      this.run(statement.children, inner, [...path, this.#header(row, values, canonical)]);
  }

  #undo(row: Row, target: unknown, values: Readonly<Record<string, unknown>>, place: Place): undefined {
    row.unset?.(target, values, place);
    return undefined;
  }

  /** Notes where an attribute was written; forgets it when taken back. */
  #remember(row: Row, negated: boolean, target: unknown, place: Place): void {
    if (row.attribute === undefined || !hasWritten(target)) return;
    if (!negated || row.negatable) target.written.attributes[row.attribute] = place.position;
    else delete target.written.attributes[row.attribute];
  }

  /** Keeps a line for `show running-config`; its `no` takes it away, or is itself what is to be kept. */
  #keep(row: Row, negated: boolean, canonical: string, path: readonly string[], place: Place): void {
    const { kept } = this.assembly;
    const plain = negated ? canonical.slice('no '.length) : canonical;
    const isSame = (text: string): boolean => text === maskSecrets(plain) || text === maskSecrets(`no ${plain}`);
    const here = path.join('\n');
    const index = kept.findIndex((one) => one.path.join('\n') === here && isSame(one.text));
    const added = {
      path: [...path],
      text: maskSecrets(canonical),
      ...(row.closes === undefined || negated ? {} : { closes: row.closes }),
      section: row.section,
      position: place.position,
    };
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

  #skip(children: readonly Statement<Row>[]): void {
    for (const { position, children: inner } of children) {
      const message = 'not used: the line that opens its section was refused';
      this.diagnostics.push({ severity: 'note', position, code: 'not-used', message });
      this.#skip(inner);
    }
  }

  /** The line that opens a section, as it is printed. */
  #header(row: Row, values: Readonly<Record<string, unknown>>, canonical: string): string {
    const isPrinted = row.use === 'used' && row.print !== undefined;
    return isPrinted ? this.#grammar.render(row, row.opener?.(values) ?? values, false) : canonical;
  }
}

function hasWritten(target: unknown): target is { written: { attributes: Record<string, unknown> } } {
  return typeof target === 'object' && target !== null && 'written' in target;
}
