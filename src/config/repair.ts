/**
 * Mending what web pages do to a configuration: words that have run together (`routeVTI`, `remote-as65000`,
 * `noshutdown`). A cut is made only where a known keyword ends and the rest makes sense, and it is always reported.
 */
import type { Match, Mismatch } from './grammar.ts';
import { type Line, splitToken } from './lines.ts';
import type { Param } from './parameters.ts';
import type { Row } from './row.ts';
import type { Repair } from './tree.ts';

const MOST_CUTS = 3;

/** A repair that knows every nameif of the text, also those that stand further down. */
export function splitRepair(nameifs: ReadonlySet<string>): Repair<Row> {
  const mend = (
    line: Line,
    fits: (line: Line) => Match<Row> | readonly Mismatch<Row>[],
    cuts: number,
  ): Line | undefined => {
    const found = fits(line);
    if (isMatch(found)) return line;
    if (cuts === MOST_CUTS) return undefined;
    for (const { index, length } of cutsOf(line, found)) {
      const cut = splitToken(line, index, length);
      const mended = mend(cut, fits, cuts + 1);
      const match = mended === undefined ? undefined : fits(mended);
      if (
        mended !== undefined &&
        match !== undefined &&
        isMatch(match) &&
        makesSense(match, mended, index + 1, nameifs)
      )
        return mended;
    }
    return undefined;
  };
  return (line, fits) => mend(line, fits, 0);
}

/** Every place where a keyword that could stand there is followed directly by something else; longest keyword first. */
function cutsOf(line: Line, misses: readonly Mismatch<Row>[]): { index: number; length: number }[] {
  const cuts = misses.flatMap(({ index, expected }) => {
    const word = line.tokens[index]?.text.toLowerCase() ?? '';
    const keywords = [...expected.filter((one) => one.keyword).map((one) => one.text.toLowerCase())];
    if (index === 0) keywords.push('no');
    return keywords
      .filter((keyword) => keyword.length > 1 && word.length > keyword.length && word.startsWith(keyword))
      .map((keyword) => ({ index, length: keyword.length }));
  });
  const unique = new Map(cuts.map((cut) => [`${cut.index}:${cut.length}`, cut]));
  return [...unique.values()].sort((a, b) => b.index - a.index || b.length - a.length);
}

/** Whether what follows the cut is more than a name that anything could be. */
function makesSense(match: Match<Row>, line: Line, index: number, nameifs: ReadonlySet<string>): boolean {
  const word = line.tokens[index]?.text ?? '';
  const bound = match.bound.find((one) => one.index === index);
  const param: Param<unknown> | undefined = bound === undefined ? undefined : match.row.params[bound.name];
  if (param === undefined || param.choices !== undefined) return true;
  if (param.kind === 'nameif') return nameifs.has(word) || match.row.attribute === 'alias';
  // A name of the operator's choice: capitals and digits tell it from the rest of a mistyped keyword.
  if (param.kind === 'name' || param.kind === 'text') return /^[A-Z0-9]/.test(word);
  return true;
}

function isMatch(found: Match<Row> | readonly Mismatch<Row>[]): found is Match<Row> {
  return 'ok' in found;
}
