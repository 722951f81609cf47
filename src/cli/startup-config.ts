/** The configuration file that a gateway runs: read at the start and at each reload, written by `write memory`. */
import { fail, ok, type Result } from '../base/index.ts';
import {
  type DeviceModel,
  type Diagnostic,
  formatDiagnostic,
  loadConfiguration,
  printConfiguration,
} from '../config/index.ts';
import { readText, replaceFile } from '../host/index.ts';

/** A file's configuration, with all that was found in it. With errors it must not be run. */
export type ReadConfig = Readonly<{
  model: DeviceModel;
  text: string;
  /** As compilers say it, several lines each. */
  findings: readonly string[];
  errors: number;
}>;

export class StartupConfig {
  readonly file: string;
  /** The file's text when we last read or wrote it. */
  #text: string | undefined;

  constructor(file: string) {
    this.file = file;
  }

  /** Reads the file; `adopt` what is to be run. */
  read(): Result<ReadConfig, string> {
    const text = readText(this.file);
    if (!text.ok) return text;
    const { model, diagnostics } = loadConfiguration(text.value, this.file);
    return ok({
      model,
      text: text.value,
      findings: diagnostics.map((one) => formatDiagnostic(one, text.value)),
      errors: diagnostics.filter(isError).length,
    });
  }

  /** This is what runs now. */
  adopt({ text }: ReadConfig): void {
    this.#text = text;
  }

  /**
   * Writes what runs into the file. When somebody else changed the file meanwhile, his text is kept beside it; when it
   * can not be written nothing is lost. Gives what to tell the operator.
   */
  save(model: DeviceModel): Result<string, string> {
    const text = printConfiguration(model, { secrets: 'plain' });
    const found = readText(this.file);
    let kept = '';
    if (found.ok && this.#text !== undefined && found.value !== this.#text) {
      const beside = `${this.file}.other`;
      const saved = replaceFile(beside, found.value);
      if (!saved.ok) return fail(`${this.file} was changed by somebody else, and ${saved.error}; nothing was written`);
      kept = `WARNING: ${this.file} was changed by somebody else since it was read; that text is now ${beside}\n`;
    }
    const written = replaceFile(this.file, text);
    if (!written.ok) return fail(`${written.error}; the file is as it was`);
    this.#text = text;
    return ok(`${kept}${text.length} bytes written to ${this.file}\n[OK]\n`);
  }
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}
