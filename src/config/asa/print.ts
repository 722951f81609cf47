/** An ASA's running configuration. */
import type { DeviceModel } from '../model.ts';
import { type PrintOptions, printWith, showRunningWith } from '../print.ts';
import { asa } from './dialect.ts';

/** The whole configuration, in the order of an ASA's own. */
export function printAsa(model: DeviceModel, options: PrintOptions = {}): string {
  return printWith(asa, model, options);
}

/**
 * `show running-config` with a filter such as `interface Tunnel1` or `crypto ikev2`; words may be abbreviated, and
 * `all` shows defaults as well. Text of no lines when nothing fits.
 */
export function showRunning(model: DeviceModel, filterWords: readonly string[]): string {
  return showRunningWith(asa, model, filterWords);
}
