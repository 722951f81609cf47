/** A log file that lines are appended to. A full disk is told once, until it works again; the gateway goes on. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { reasonOf } from './files.ts';

export class LogFile {
  readonly #path: string;
  readonly #onFault: (text: string) => void;
  #descriptor: number | undefined;
  #isFailing = false;
  #lost = 0;

  constructor(path: string, onFault: (text: string) => void) {
    this.#path = path;
    this.#onFault = onFault;
  }

  append(text: string): void {
    try {
      this.#descriptor ??= openSync(this.#path, 'a', 0o640);
      if (this.#isFailing) this.#recovered(this.#descriptor);
      write(this.#descriptor, text);
    } catch (error) {
      this.#lost++;
      if (!this.#isFailing)
        this.#onFault(
          `The log file ${this.#path} can not be written: ${reasonOf(error)}; the gateway goes on without it`,
        );
      this.#isFailing = true;
      // Whatever stands there next time is tried anew.
      this.reopen();
    }
  }

  /** Writes to the file of that name from now on: it was rotated. */
  reopen(): void {
    if (this.#descriptor !== undefined) closeQuietly(this.#descriptor);
    this.#descriptor = undefined;
  }

  #recovered(descriptor: number): void {
    write(descriptor, `-- ${this.#lost} entries are missing: the file could not be written --\n`);
    this.#isFailing = false;
    this.#lost = 0;
    this.#onFault(`The log file ${this.#path} can be written again`);
  }
}

function write(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; ) from += writeSync(descriptor, bytes, from);
}

function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    return;
  }
}
