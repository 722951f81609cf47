/** Options behind a command, in any order: a word, and what belongs to it. */
import type { Expected } from '../../config/index.ts';
import { ambiguous, INCOMPLETE, invalid, type RowResult } from './row.ts';

/** One option. `apply` takes its values and gives the request with them in it, or says what is wrong. */
export type Option<R> = Readonly<{
  word: string;
  help: string;
  values: readonly Readonly<{ shape: string; help: string }>[];
  apply: (request: R, values: readonly string[]) => R | string;
}>;

export type OptionsRead<R> = Readonly<{ ok: true; value: R }> | Readonly<{ ok: false; result: RowResult }>;

/** Reads words as options; unique abbreviations will do. */
export function readOptions<R>(words: readonly string[], options: readonly Option<R>[], start: R): OptionsRead<R> {
  let value = start;
  let at = 0;
  while (at < words.length) {
    const word = words[at++] ?? '';
    const option = optionOf(word, options);
    if (option === undefined) return { ok: false, result: invalid(word) };
    if (option === 'ambiguous') return { ok: false, result: ambiguous(word) };
    const values = words.slice(at, at + option.values.length);
    if (values.length < option.values.length) return { ok: false, result: INCOMPLETE };
    at += values.length;
    const next = option.apply(value, values);
    if (typeof next === 'string') return { ok: false, result: invalid(next) };
    value = next;
  }
  return { ok: true, value };
}

/** What may follow words that were typed, for `?` and Tab. */
export function optionsAfter<R>(typed: readonly string[], options: readonly Option<R>[]): readonly Expected[] {
  let at = 0;
  while (at < typed.length) {
    const option = optionOf(typed[at++] ?? '', options);
    if (option === undefined || option === 'ambiguous') return [];
    const next = option.values[typed.length - at];
    if (next !== undefined) return [{ text: next.shape, help: next.help, keyword: false }];
    at += option.values.length;
  }
  return [...options.map(({ word, help }) => ({ text: word, help, keyword: true })), END];
}

export const END: Expected = { text: '<cr>', help: 'end of the line', keyword: false };

/** The one option that a word is or begins. */
function optionOf<R>(word: string, options: readonly Option<R>[]): Option<R> | 'ambiguous' | undefined {
  const lower = word.toLowerCase();
  const exact = options.find((option) => option.word === lower);
  if (exact !== undefined || lower === '') return exact;
  const near = options.filter((option) => option.word.startsWith(lower));
  return near.length > 1 ? 'ambiguous' : near[0];
}

/** A whole number within bounds, or undefined. */
export function wholeNumber(word: string | undefined, least: number, most: number): number | undefined {
  if (word === undefined || !/^\d{1,10}$/.test(word)) return undefined;
  const value = Number(word);
  return value >= least && value <= most ? value : undefined;
}

/** An option with one whole number. */
export function numberOption<R>(
  word: string,
  help: string,
  [least, most]: readonly [number, number],
  apply: (request: R, value: number) => R,
): Option<R> {
  return {
    word,
    help,
    values: [{ shape: `<${least}-${most}>`, help }],
    apply: (request, [given]) => {
      const value = wholeNumber(given, least, most);
      return value === undefined ? `${word} ${given}` : apply(request, value);
    },
  };
}

/** An option that is a word alone. */
export function flagOption<R>(word: string, help: string, apply: (request: R) => R): Option<R> {
  return { word, help, values: [], apply };
}
