/**
 * Text into lines and tokens. What web pages do to a configuration (typographic quotes and dashes, non-breaking and
 * zero-width blanks) is undone in the tokens; free text and secrets are read from the raw line. Columns always count
 * in the raw line, so a caret lands where the operator looks.
 */

/** One word of a line. `column` counts from 1 in the raw line; `raw` is the word as it stands there. */
export type Token = Readonly<{ text: string; raw: string; column: number }>;

export type Line = Readonly<{
  /** Counts from 1. */
  number: number;
  /** Where it came from, when not from the file that is being read. */
  file?: string;
  raw: string;
  /** Empty for comments and blank lines. */
  tokens: readonly Token[];
}>;

const ZERO_WIDTH = /[\u00ad\u200b-\u200d\u2060\ufeff]/g;
const WORD = /\S+/g;

/** Splits a text; comment lines (`!`, `:`) and blank ones come without tokens. */
export function readLines(text: string): Line[] {
  return text.split(/\r\n|[\n\r\u2028\u2029]/).map((raw, index) => readLine(raw, index + 1));
}

/** Reads one line. */
export function readLine(raw: string, number = 1): Line {
  const tokens: Token[] = [];
  for (const match of raw.matchAll(WORD)) {
    const text = normalise(match[0]);
    if (text !== '') tokens.push({ text, raw: match[0].replaceAll(ZERO_WIDTH, ''), column: match.index + 1 });
  }
  return { number, raw, tokens: isComment(tokens[0]?.text) ? [] : tokens };
}

/**
 * Whether a line is indented deeper than the one that opened the section. Indentation decides nothing where a section
 * knows its lines; in one that is not read it tells what is in it from a command of the same words.
 */
export function isUnder(line: Line, opener: Line | undefined): boolean {
  const [first, outer] = [line.tokens[0]?.column, opener?.tokens[0]?.column];
  return first !== undefined && outer !== undefined && first > outer;
}

/** The same line with one token cut in two after `length` characters. */
export function splitToken(line: Line, index: number, length: number): Line {
  const token = line.tokens[index];
  if (token === undefined) return line;
  const head = { text: token.text.slice(0, length), raw: token.raw.slice(0, length), column: token.column };
  const tail = { text: token.text.slice(length), raw: token.raw.slice(length), column: token.column + length };
  return { ...line, tokens: [...line.tokens.slice(0, index), head, tail, ...line.tokens.slice(index + 1)] };
}

/** The tokens with single blanks between: the line as a suggestion or a kept line shows it. */
export function joinTokens(tokens: readonly Token[]): string {
  return tokens.map((token) => token.text).join(' ');
}

/** `!` and `:` start a comment; the checksum at the end of a saved configuration says nothing to us either. */
function isComment(first: string | undefined): boolean {
  return first === undefined || first.startsWith('!') || first.startsWith(':') || first.startsWith('Cryptochecksum:');
}

function normalise(word: string): string {
  if (!/[^!-~]/.test(word)) return word;
  return word
    .replaceAll(ZERO_WIDTH, '')
    .replaceAll(/[\u2018\u2019\u201a\u201b\u2032]/g, "'")
    .replaceAll(/[\u201c-\u201f\u2033\u00ab\u00bb]/g, '"')
    .replaceAll(/[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/g, '-')
    .replaceAll('\u2026', '...');
}
