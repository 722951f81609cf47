/** A screen for tests: as much of a terminal as the console uses, with a real one's pending wrap. */
import { cellsOf } from './cells.ts';

export class Screen {
  readonly columns: number;
  #rows: string[][] = [[]];
  #row = 0;
  #column = 0;
  #isPending = false;
  /** How many bells rang. */
  bells = 0;

  constructor(columns: number) {
    this.columns = columns;
  }

  /** What stands on it, a line each, without blanks at the ends. */
  get lines(): readonly string[] {
    return this.#rows.map((row) => row.join('').trimEnd());
  }

  get cursor(): Readonly<{ row: number; column: number }> {
    return { row: this.#row, column: this.#column };
  }

  write(text: string): void {
    let sequence = '';
    for (const char of text) {
      if (sequence === '' && char !== '\u001b') {
        this.#take(char);
        continue;
      }
      sequence += char;
      if (!/^[A-Za-z]$/.test(char)) continue;
      this.#take(sequence);
      sequence = '';
    }
  }

  #take(part: string): void {
    if (part.startsWith('\u001b[')) this.#control(part.slice(2, -1), part.at(-1) ?? '');
    else if (part === '\r') this.#move(this.#row, 0);
    else if (part === '\n') this.#move(this.#row + 1, this.#column);
    else if (part === '\u0007') this.bells++;
    else this.#print(part);
  }

  #print(char: string): void {
    const cells = cellsOf(char);
    const row = (): string[] => {
      this.#rows[this.#row] ??= [];
      return this.#rows[this.#row] ?? [];
    };
    if (cells === 0) {
      const at = this.#isPending ? this.#column : this.#column - 1;
      row()[at] = `${row()[at] ?? ''}${char}`;
      return;
    }
    if (this.#isPending || this.#column + cells > this.columns) this.#move(this.#row + 1, 0);
    while (row().length < this.#column) row().push(' ');
    row()[this.#column] = char;
    if (cells === 2) row()[this.#column + 1] = '';
    const next = this.#column + cells;
    this.#isPending = next >= this.columns;
    this.#column = this.#isPending ? this.columns - 1 : next;
  }

  #control(given: string, final: string): void {
    const count = Number(given === '' ? 1 : given);
    if (final === 'A') this.#move(Math.max(0, this.#row - count), this.#column);
    else if (final === 'B') this.#move(Math.min(this.#rows.length - 1, this.#row + count), this.#column);
    else if (final === 'C') this.#move(this.#row, Math.min(this.columns - 1, this.#column + count));
    else if (final === 'D') this.#move(this.#row, Math.max(0, this.#column - count));
    else if (final === 'H') this.#move(0, 0);
    else if (final === 'K') this.#rows[this.#row]?.splice(this.#column);
    else if (final === 'J' && given === '2') this.#rows = this.#rows.map(() => []);
    else if (final === 'J') {
      this.#rows[this.#row]?.splice(this.#column);
      this.#rows.splice(this.#row + 1);
    }
  }

  #move(row: number, column: number): void {
    this.#row = row;
    this.#column = column;
    this.#isPending = false;
    while (this.#rows.length <= row) this.#rows.push([]);
  }
}
