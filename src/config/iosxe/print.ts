/** The running configuration of an IOS-XE router. */
import type { DeviceModel } from '../model.ts';
import { type PrintOptions, printWith } from '../print.ts';
import { iosxe } from './dialect.ts';

/** The whole configuration, in the order of a router's own. */
export function printIosxe(model: DeviceModel, options: PrintOptions = {}): string {
  return printWith(iosxe, model, options);
}
