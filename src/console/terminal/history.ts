/** Lines typed before, bounded. Lines that hold a key or password can be listed (as stars) but not called back. */
import { maskSecrets } from '../../config/index.ts';

type Entry = Readonly<{ line: string; listed: string }>;

const MOST_LINES = 500;

export class History {
  readonly #entries: Entry[] = [];
  /** Lines that may be called back, oldest first. */
  readonly #recallable: string[] = [];
  /** Index into them; their number is the line being typed. */
  #at = 0;
  /** What was being typed when going up began. */
  #draft = '';

  add(line: string): void {
    if (line.trim() !== '' && this.#entries.at(-1)?.line !== line) {
      const listed = maskSecrets(line);
      this.#entries.push({ line, listed });
      if (this.#entries.length > MOST_LINES) this.#entries.shift();
      if (listed === line && this.#recallable.at(-1) !== line) this.#recallable.push(line);
      if (this.#recallable.length > MOST_LINES) this.#recallable.shift();
    }
    this.#at = this.#recallable.length;
    this.#draft = '';
  }

  /** All lines, oldest first, secrets as stars. */
  list(): readonly string[] {
    return this.#entries.map(({ listed }) => listed);
  }

  /** The line before the one shown, which is `current`; undefined when there is none. */
  older(current: string): string | undefined {
    if (this.#at === 0) return undefined;
    if (this.#at === this.#recallable.length) this.#draft = current;
    this.#at--;
    return this.#recallable[this.#at];
  }

  /** The line after the one shown; at last the one that was being typed. */
  newer(): string | undefined {
    if (this.#at === this.#recallable.length) return undefined;
    this.#at++;
    return this.#at === this.#recallable.length ? this.#draft : this.#recallable[this.#at];
  }
}
