/** Which dialect a text is of, read off the lines that only one grammar knows. */
import type { Dialect } from './dialect.ts';
import type { Line } from './lines.ts';

/** So many lines more that only one grammar knows leave no doubt. */
const ENOUGH = 8;

/** The dialect that more of the lines are of; the first when they are of both as much. */
export function firstOf(lines: readonly Line[], first: Dialect, second: Dialect): Dialect {
  const [one, other] = [new Walk(first), new Walk(second)];
  let lead = 0;
  for (const line of lines) {
    if (line.tokens.length === 0) continue;
    lead += one.weight(line) - other.weight(line);
    if (Math.abs(lead) >= ENOUGH) break;
  }
  return lead < 0 ? second : first;
}

/** The modes of one grammar while lines are read, without anything of what they mean. */
class Walk {
  readonly #dialect: Dialect;
  #stack: readonly string[] = ['config'];

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** 1 for a line that a mode reads, half of it where almost anything would be read, 0 for one that none does. */
  weight(line: Line): number {
    let fallback = 0;
    for (let depth = this.#stack.length - 1; depth >= 0; depth--) {
      const match = this.#dialect.grammar.accept(this.#stack[depth] ?? 'config', line);
      if (match === undefined) continue;
      const { row, negated } = match;
      if (row.lastResort === true) {
        fallback = 0.5;
        continue;
      }
      const outer = this.#stack.slice(0, depth + 1);
      if (row.leaves !== undefined)
        this.#stack = row.leaves === 'all' ? ['config'] : outer.slice(0, Math.max(1, depth));
      else this.#stack = row.enters === undefined || negated ? outer : [...outer, row.enters];
      return row.vague === true ? 0.5 : 1;
    }
    return fallback;
  }
}
