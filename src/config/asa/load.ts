/** An ASA's configuration text to the model. */
import { type Line, readLines } from '../lines.ts';
import { loadLines } from '../load.ts';
import type { Loaded } from '../model.ts';
import { asa } from './dialect.ts';

/** Reads a configuration. `file` is its name in positions. */
export function loadAsa(text: string, file: string): Loaded {
  return loadLines(asa, readLines(text), file);
}

/** Reads a configuration given as lines; `file` names the place of those that do not say where they come from. */
export function loadAsaLines(lines: readonly Line[], file: string): Loaded {
  return loadLines(asa, lines, file);
}
