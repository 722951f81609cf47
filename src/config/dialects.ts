/** All dialects by name. */
import { asa } from './asa/dialect.ts';
import type { Dialect } from './dialect.ts';
import { iosxe } from './iosxe/dialect.ts';
import type { DeviceModel } from './model.ts';

const DIALECTS: Readonly<Record<DeviceModel['dialect'], Dialect>> = { asa, iosxe };

/** The dialect that a model was written in. */
export function dialectOf({ dialect }: Pick<DeviceModel, 'dialect'>): Dialect {
  return DIALECTS[dialect];
}
