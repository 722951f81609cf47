/**
 * One line editor for every duplex stream: bytes go in, text to write comes out, and what the operator wants (a line, help,
 * a completion) is told when it is asked for. What is typed ahead waits until the next prompt.
 */
import { cellsOf, type Place, placeAfter, widthOf } from './cells.ts';
import { History } from './history.ts';
import { type Key, KeyDecoder } from './keys.ts';

/** What the operator asks for. `before` is the line up to the cursor. */
export type LineEvent =
  | Readonly<{ kind: 'line'; line: string }>
  | Readonly<{ kind: 'help' | 'complete'; before: string }>
  /** Control-C, Control-Z: the line is gone. */
  | Readonly<{ kind: 'interrupt' | 'leave' }>
  /** Control-D on an empty line. */
  | Readonly<{ kind: 'end-of-input' }>
  /** A line of more than `LONGEST_LINE` characters was refused. */
  | Readonly<{ kind: 'too-long' }>;

export const LONGEST_LINE = 4096;

/** Keys that wait for a prompt; what comes beyond is lost, with a bell. */
const MOST_WAITING = 200_000;

const BELL = '\u0007';
const CLEAR_BELOW = '\u001b[J';

export class LineEditor {
  readonly history = new History();
  readonly #write: (text: string) => void;
  readonly #decoder = new KeyDecoder();
  #columns: number;
  #rows: number;
  #waiting: Key[] = [];
  #isActive = false;
  #prompt = '';
  /** The line by cells: a character with the marks that join it. */
  #cells: string[] = [];
  #cursor = 0;
  /** Where the terminal's cursor is, from the prompt's first cell. */
  #place: Place = { row: 0, column: 0 };
  #killed = '';
  #isTooLong = false;
  #isQuoting = false;
  #isPasting = false;

  constructor(write: (text: string) => void, columns: number, rows: number) {
    this.#write = write;
    this.#columns = Math.max(1, columns);
    this.#rows = Math.max(1, rows);
  }

  /** Whether a prompt is shown and keys edit the line behind it. */
  get isActive(): boolean {
    return this.#isActive;
  }

  get columns(): number {
    return this.#columns;
  }

  get rows(): number {
    return this.#rows;
  }

  /** The line being typed. */
  get line(): string {
    return this.#cells.join('');
  }

  /** Takes bytes as they come; `next` tells what they mean. */
  handle(bytes: Uint8Array): void {
    const keys = this.#decoder.decode(bytes);
    const room = MOST_WAITING - this.#waiting.length;
    for (const key of keys.slice(0, room)) this.#waiting.push(key);
    if (keys.length > room) this.#write(BELL);
  }

  /** Starts a line behind `prompt`, at the left of the screen; text typed before is edited on. */
  prompt(prompt: string): void {
    this.#prompt = prompt;
    this.#isActive = true;
    this.#drawAll();
  }

  /** Works off keys until the operator asks for something; undefined when there is nothing more or no prompt. */
  next(): LineEvent | undefined {
    let at = 0;
    let event: LineEvent | undefined;
    while (this.#isActive && event === undefined && at < this.#waiting.length) {
      const key = this.#waiting[at++];
      if (key === undefined) break;
      if (key.kind === 'paste') this.#isPasting = key.on;
      else if (key.kind === 'key') event = this.#press(key.name);
      else {
        const rest = this.#type(key.text);
        if (rest === undefined) continue;
        if (rest !== '') this.#waiting[--at] = { kind: 'text', text: rest };
        event = { kind: 'help', before: this.#before() };
      }
    }
    if (at > 0) this.#waiting = this.#waiting.slice(at);
    return event;
  }

  /** Takes the next key as it is, while something else than a line is asked for. */
  key(): Key | undefined {
    const key = this.#waiting.shift();
    if (key?.kind !== 'text') return key;
    const [first = '', ...rest] = key.text;
    if (rest.length > 0) this.#waiting.unshift({ kind: 'text', text: rest.join('') });
    return { kind: 'text', text: first };
  }

  /**
   * Whole lines that wait and need no editing, such as those of a paste: as many as `accept` says, from the first on.
   * Nothing of them was written yet.
   */
  takeLines(accept: (lines: readonly string[]) => number): readonly string[] {
    const found: Readonly<{ line: string; end: number; isPasting: boolean }>[] = [];
    let line = '';
    let isPasting = this.#isPasting;
    for (const [index, key] of this.#waiting.entries()) {
      if (key.kind === 'paste') isPasting = key.on;
      else if (key.kind === 'text' && (isPasting || !key.text.includes('?'))) line += key.text;
      else if (key.kind === 'key' && key.name === 'enter' && line.length <= LONGEST_LINE) {
        found.push({ line, end: index + 1, isPasting });
        line = '';
      } else break;
    }
    const taken = found.slice(0, accept(found.map((one) => one.line)));
    const last = taken.at(-1);
    if (last === undefined) return [];
    this.#waiting = this.#waiting.slice(last.end);
    this.#isPasting = last.isPasting;
    for (const one of taken) this.history.add(one.line);
    return taken.map((one) => one.line);
  }

  /** Whether Control-C was pressed; it and what was typed before it are gone then. */
  interrupted(): boolean {
    const at = this.#waiting.findLastIndex((key) => key.kind === 'key' && key.name === 'C-c');
    if (at >= 0) this.#waiting = this.#waiting.slice(at + 1);
    return at >= 0;
  }

  /** Puts text in at the cursor, as if typed. */
  insert(text: string): void {
    this.#insert(text);
  }

  /** Leaves the line on the screen, `mark` behind it, and keeps it for the next prompt. */
  suspend(mark: string): void {
    this.#moveTo(this.#placeOf(this.#cells.length));
    this.#write(`${mark}\r\n`);
    this.#isActive = false;
  }

  /** Writes whole lines where the prompt stood and draws it anew: what happens meanwhile. */
  above(text: string): void {
    this.#moveTo({ row: 0, column: 0 });
    this.#write(`\r${CLEAR_BELOW}${text}`);
    this.#drawAll();
  }

  resize(columns: number, rows: number): void {
    this.#columns = Math.max(1, columns);
    this.#rows = Math.max(1, rows);
    if (!this.#isActive) return;
    // The terminal has wrapped the old lines at its new width already, or soon will.
    this.#place = this.#placeOf(this.#cursor);
    this.above('');
  }

  /** Gives the line up without a word. */
  stop(): void {
    this.#isActive = false;
    this.#clear();
  }

  /** Types text up to a question mark; gives what stands behind it, or undefined when there is none. */
  #type(text: string): string | undefined {
    const asks = this.#isPasting ? -1 : text.indexOf('?', this.#isQuoting ? 1 : 0);
    this.#isQuoting = false;
    if (asks < 0) {
      this.#insert(text);
      return undefined;
    }
    this.#insert(text.slice(0, asks));
    return text.slice(asks + 1);
  }

  #press(name: string): LineEvent | undefined {
    this.#isQuoting = false;
    switch (name) {
      case 'enter':
        return this.#enter();
      case 'tab':
        return { kind: 'complete', before: this.#before() };
      case 'C-c':
        this.#leave('^C');
        return { kind: 'interrupt' };
      case 'C-z':
        this.#leave('^Z');
        return { kind: 'leave' };
      case 'C-d':
        if (this.#cells.length > 0 || this.#isTooLong) break;
        this.#leave('');
        return { kind: 'end-of-input' };
      case 'C-v':
        this.#isQuoting = true;
        return undefined;
      case 'C-l':
        this.#write('\u001b[H\u001b[2J');
        this.#drawAll();
        return undefined;
      case 'C-r':
        this.suspend('');
        this.prompt(this.#prompt);
        return undefined;
      default:
        break;
    }
    this.#edit(name);
    return undefined;
  }

  #edit(name: string): void {
    const [end, cursor] = [this.#cells.length, this.#cursor];
    const edits: Readonly<Record<string, () => void>> = {
      left: () => this.#go(cursor - 1),
      'C-b': () => this.#go(cursor - 1),
      right: () => this.#go(cursor + 1),
      'C-f': () => this.#go(cursor + 1),
      home: () => this.#go(0),
      'C-a': () => this.#go(0),
      end: () => this.#go(end),
      'C-e': () => this.#go(end),
      'M-b': () => this.#go(this.#wordBefore()),
      'M-f': () => this.#go(this.#wordAfter()),
      backspace: () => this.#remove(cursor - 1, cursor),
      delete: () => this.#remove(cursor, cursor + 1),
      'C-d': () => this.#remove(cursor, cursor + 1),
      'C-k': () => this.#kill(cursor, end),
      'C-u': () => this.#kill(0, end),
      'C-x': () => this.#kill(0, cursor),
      'C-w': () => this.#kill(this.#wordBefore(/\s/), cursor),
      'M-backspace': () => this.#kill(this.#wordBefore(), cursor),
      'M-d': () => this.#kill(cursor, this.#wordAfter()),
      'C-y': () => this.#insert(this.#killed),
      'C-t': () => this.#transpose(),
      up: () => this.#replace(this.history.older(this.line)),
      'C-p': () => this.#replace(this.history.older(this.line)),
      down: () => this.#replace(this.history.newer()),
      'C-n': () => this.#replace(this.history.newer()),
    };
    if (Object.hasOwn(edits, name)) edits[name]?.();
  }

  #enter(): LineEvent {
    const line = this.line;
    const isTooLong = this.#isTooLong;
    this.#leave('');
    if (isTooLong) return { kind: 'too-long' };
    this.history.add(line);
    return { kind: 'line', line };
  }

  /** Ends the line on the screen and forgets it. */
  #leave(mark: string): void {
    this.#moveTo(this.#placeOf(this.#cells.length));
    this.#write(`${mark}\r\n`);
    this.stop();
  }

  #clear(): void {
    this.#cells = [];
    this.#cursor = 0;
    this.#isTooLong = false;
    this.#isQuoting = false;
    this.#place = { row: 0, column: 0 };
  }

  #before(): string {
    return this.#cells.slice(0, this.#cursor).join('');
  }

  #insert(text: string): void {
    const added: string[] = [];
    for (const char of text) {
      const joins = cellsOf(char) === 0;
      const last = added.length - 1;
      if (!joins) added.push(char);
      else if (last >= 0) added[last] += char;
    }
    const room = LONGEST_LINE - this.#cells.length;
    if (added.length > room) {
      this.#isTooLong = true;
      this.#write(BELL);
      added.length = Math.max(0, room);
    }
    if (added.length === 0) return;
    const at = this.#cursor;
    this.#cells.splice(at, 0, ...added);
    this.#cursor += added.length;
    this.#drawFrom(at, false);
  }

  #remove(from: number, to: number): void {
    const [start, end] = [Math.max(0, from), Math.min(this.#cells.length, to)];
    if (start >= end) return;
    this.#cells.splice(start, end - start);
    this.#cursor = start;
    if (this.#cells.length === 0) this.#isTooLong = false;
    this.#drawFrom(start, true);
  }

  #kill(from: number, to: number): void {
    if (from >= to) return;
    this.#killed = this.#cells.slice(from, to).join('');
    this.#remove(from, to);
  }

  #transpose(): void {
    const at = Math.min(this.#cursor, this.#cells.length - 1);
    const [one, other] = [this.#cells[at - 1], this.#cells[at]];
    if (one === undefined || other === undefined) return;
    this.#cells.splice(at - 1, 2, other, one);
    this.#cursor = at + 1;
    this.#drawFrom(at - 1, true);
  }

  #replace(line: string | undefined): void {
    if (line === undefined) return;
    this.#cells = [];
    this.#cursor = 0;
    this.#isTooLong = false;
    this.#drawFrom(0, true);
    this.#insert(line);
  }

  #go(to: number): void {
    this.#cursor = Math.max(0, Math.min(this.#cells.length, to));
    this.#moveTo(this.#placeOf(this.#cursor));
  }

  #wordBefore(separator: RegExp = /[^\p{L}\p{N}]/u): number {
    let at = this.#cursor;
    while (at > 0 && separator.test(this.#cells[at - 1] ?? '')) at--;
    while (at > 0 && !separator.test(this.#cells[at - 1] ?? '')) at--;
    return at;
  }

  #wordAfter(): number {
    const separator = /[^\p{L}\p{N}]/u;
    let at = this.#cursor;
    while (at < this.#cells.length && separator.test(this.#cells[at] ?? '')) at++;
    while (at < this.#cells.length && !separator.test(this.#cells[at] ?? '')) at++;
    return at;
  }

  #drawAll(): void {
    this.#place = { row: 0, column: 0 };
    this.#put(this.#prompt + this.line);
    this.#moveTo(this.#placeOf(this.#cursor));
  }

  /** Draws the line from a cell on; `clears` when it may have become shorter. */
  #drawFrom(index: number, clears: boolean): void {
    this.#moveTo(this.#placeOf(index));
    const tail = this.#cells.slice(index).join('');
    // A wide character that does not fit leaves the last cell of its row as it was.
    if (clears || this.#cells.some((cell) => widthOf(cell) > 1)) this.#write(CLEAR_BELOW);
    this.#put(tail);
    this.#moveTo(this.#placeOf(this.#cursor));
  }

  /** Writes text from where the cursor is. */
  #put(text: string): void {
    if (text === '') return;
    this.#place = placeAfter(text, this.#columns, this.#place);
    // A full row leaves the terminal before the wrap: a blank takes it over to the next row.
    const wraps = this.#place.column === 0 && widthOf(text) > 0;
    this.#write(wraps ? `${text} \r` : text);
  }

  #placeOf(index: number): Place {
    return placeAfter(this.#prompt + this.#cells.slice(0, index).join(''), this.#columns);
  }

  #moveTo(to: Place): void {
    const from = this.#place;
    this.#place = to;
    const [down, right] = [to.row - from.row, to.column - from.column];
    if (down < 0) this.#write(`\u001b[${-down}A`);
    else if (down > 0) this.#write(`\u001b[${down}B`);
    if (right < 0) this.#write(`\u001b[${-right}D`);
    else if (right > 0) this.#write(`\u001b[${right}C`);
  }
}
