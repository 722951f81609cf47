/** An ASA's configuration text to the model. */
import { readLines } from '../lines.ts';
import { loadLines } from '../load.ts';
import type { Loaded } from '../model.ts';
import { asa } from './dialect.ts';

/** Reads a configuration. `file` is its name in positions. */
export function loadAsa(text: string, file: string): Loaded {
  return loadLines(asa, readLines(text), file);
}
