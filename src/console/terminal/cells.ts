/** How many cells of a terminal characters take, and where on the screen a text of some width ends. */

/** Cells of one character: 0 for those that join the one before, 2 for wide ones. */
export function cellsOf(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/^(?:\p{Mn}|\p{Me}|\p{Cf})$/u.test(char)) return 0;
  return isWide(code) ? 2 : 1;
}

/** Cells of a text without line ends. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += cellsOf(char);
  return width;
}

export type Place = Readonly<{ row: number; column: number }>;

/**
 * Where the cursor stands after `text`, begun at `from`, on a screen of so many columns. A full row counts as left: the
 * editor takes the terminal out of its pending wrap.
 */
export function placeAfter(text: string, columns: number, from: Place = { row: 0, column: 0 }): Place {
  let { row, column } = from;
  for (const char of text) {
    const cells = cellsOf(char);
    if (column + cells > columns) {
      row++;
      column = 0;
    }
    column += cells;
    if (column === columns) {
      row++;
      column = 0;
    }
  }
  return { row, column };
}

/** East Asian wide and full-width blocks, and pictures. */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf && code !== 0x303f) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1f64f) ||
    (code >= 0x1f680 && code <= 0x1f9ff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}
