/** All dialects by name: reading a configuration in the one it is written in, and printing it again. */

import { asa } from './asa/dialect.ts';
import type { Dialect } from './dialect.ts';
import { firstOf } from './dialect-guess.ts';
import { nameForeignLines } from './foreign-lines.ts';
import { iosxe } from './iosxe/dialect.ts';
import { readLines } from './lines.ts';
import { loadLines } from './load.ts';
import type { DeviceModel, Loaded } from './model.ts';
import { type PrintOptions, printWith, showRunningWith } from './print.ts';

export type DialectName = DeviceModel['dialect'];

const DIALECTS: Readonly<Record<DialectName, Dialect>> = { asa, iosxe };
const OTHERS: Readonly<Record<DialectName, Dialect>> = { asa: iosxe, iosxe: asa };

/** The dialect that a model was written in. */
export function dialectOf({ dialect }: Pick<DeviceModel, 'dialect'>): Dialect {
  return DIALECTS[dialect];
}

/**
 * Reads a configuration of either dialect: the one that is given, else the one that its lines are of. `file` is its name
 * in positions. Lines of the other dialect are named as such.
 */
export function loadConfiguration(text: string, file: string, dialect?: DialectName): Loaded {
  const lines = readLines(text);
  const name = dialect ?? firstOf(lines, asa, iosxe).name;
  const { model, diagnostics } = loadLines(DIALECTS[name], lines, file);
  return { model, diagnostics: nameForeignLines(diagnostics, lines, DIALECTS[name], OTHERS[name]) };
}

/** The whole configuration in its own dialect. */
export function printConfiguration(model: DeviceModel, options: PrintOptions = {}): string {
  return printWith(dialectOf(model), model, options);
}

/**
 * `show running-config` with a filter such as `interface Tunnel1` or `crypto ikev2`; words may be abbreviated, and
 * `all` shows defaults as well. Text of no lines when nothing fits.
 */
export function showRunning(model: DeviceModel, filterWords: readonly string[]): string {
  return showRunningWith(dialectOf(model), model, filterWords);
}
