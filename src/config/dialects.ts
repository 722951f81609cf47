/** All dialects by name. */
import { asa } from './asa/dialect.ts';
import type { Dialect } from './dialect.ts';
import type { DeviceModel } from './model.ts';

const DIALECTS: Readonly<Partial<Record<DeviceModel['dialect'], Dialect>>> = { asa };

/** The dialect that a model was written in. */
export function dialectOf({ dialect }: Pick<DeviceModel, 'dialect'>): Dialect {
  return DIALECTS[dialect] ?? asa;
}
