/** The model of an IOS-XE router while it is being put together. */
import { Assembly as Base } from '../assembly.ts';
import type { Draft } from '../draft.ts';
import type { InterfaceModel, Written } from '../model.ts';
import { settleGroups } from './bgp-groups.ts';
import { emptyIosxeModel } from './defaults.ts';

export class Assembly extends Base {
  constructor() {
    super(emptyIosxeModel, 'Router');
  }

  override order(): void {
    const { device } = this;
    if (device.bgp !== undefined) settleGroups(device.bgp);
    const kind = ({ type, family }: (typeof device.accessLists)[number]): number =>
      family === 6 ? 2 : type === 'extended' ? 1 : 0;
    device.accessLists.sort((a, b) => kind(a) - kind(b));
    device.prefixLists.sort((a, b) => a.family - b.family);
    device.staticRoutes.sort((a, b) => a.prefix.family - b.prefix.family);
  }

  /** A saved configuration says `shutdown` of what is down and nothing of what is up. */
  override interface(name: string, written: Draft<Written>): Draft<InterfaceModel> {
    const isNew = !this.device.interfaces.some((one) => one.name === name);
    const found = super.interface(name, written);
    if (isNew) found.shutdown = false;
    return found;
  }
}
