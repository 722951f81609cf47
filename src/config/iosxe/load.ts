/** An IOS-XE router's configuration text to the model. */
import { readLines } from '../lines.ts';
import { loadLines } from '../load.ts';
import type { Loaded } from '../model.ts';
import { iosxe } from './dialect.ts';

/** Reads a configuration. `file` is its name in positions. */
export function loadIosxe(text: string, file: string): Loaded {
  return loadLines(iosxe, readLines(text), file);
}
