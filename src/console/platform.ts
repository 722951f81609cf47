/** Whose console a device has: that of the dialect in which it is configured. */
import type { DeviceModel } from '../config/index.ts';

export type Platform = DeviceModel['dialect'];

/** The platform of a device that is asked; one that has a model at hand need not make a snapshot for it. */
export function platformOf(
  device: Readonly<{
    snapshot: () => Readonly<{ model: Readonly<{ dialect: Platform }> }>;
    model?: () => Readonly<{ dialect: Platform }>;
  }>,
): Platform {
  return (device.model?.() ?? device.snapshot().model).dialect;
}
