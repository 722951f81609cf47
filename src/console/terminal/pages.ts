/** Output a page at a time: what waits at `<--- More --->`, and the messages that came meanwhile. */
import type { Key } from './keys.ts';
import { cutPage, wishOf } from './pager.ts';

/** Messages kept while pages are shown. */
const MOST_MESSAGES = 200;

export class Pages {
  /** Lines of a page; undefined: as many as the terminal has. */
  pager: number | undefined;
  readonly #write: (text: string) => void;
  readonly #terminal: Readonly<{ columns: number; rows: number }>;
  /** How the platform says that there is more. */
  readonly #more: () => string;
  #waiting: readonly string[] | undefined;
  #messages: readonly string[] = [];

  constructor(
    write: (text: string) => void,
    terminal: Readonly<{ columns: number; rows: number }>,
    more: () => string,
  ) {
    this.#write = write;
    this.#terminal = terminal;
    this.#more = more;
  }

  /** Lines wait until a key asks for them. */
  get isShowing(): boolean {
    return this.#waiting !== undefined;
  }

  /** Rows of a page; 0: all in one. */
  get rows(): number {
    return this.pager ?? Math.max(1, this.#terminal.rows - 1);
  }

  show(text: string): void {
    if (text === '') return;
    this.#waiting = text.replace(/\n$/, '').split('\n');
    this.#showPage(this.rows);
  }

  /** A key at `<--- More --->`. */
  turn(key: Key): void {
    const wish = wishOf(key, this.rows);
    if (wish === undefined) return;
    this.#write('\r\u001b[K');
    if (wish.kind === 'rows') this.#showPage(wish.count);
    else this.#end();
  }

  /** A message that is to be shown when the pages are over; of too many the newest stay. */
  keep(message: string): void {
    this.#messages = [...this.#messages, message].slice(-MOST_MESSAGES);
  }

  #showPage(rows: number): void {
    const lines = this.#waiting ?? [];
    const { page, rest } = this.rows === 0 ? { page: lines, rest: [] } : cutPage(lines, rows, this.#terminal.columns);
    this.#write(`${page.join('\n')}\n`);
    if (rest.length === 0) {
      this.#end();
      return;
    }
    this.#waiting = rest;
    this.#write(this.#more());
  }

  #end(): void {
    this.#waiting = undefined;
    const messages = this.#messages;
    this.#messages = [];
    this.#write(messages.map((line) => `${line}\n`).join(''));
  }
}
