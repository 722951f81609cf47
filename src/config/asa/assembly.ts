/** The model of an ASA while it is being put together. */
import { Assembly as Base } from '../assembly.ts';
import type { Draft } from '../draft.ts';
import type { BgpNeighborModel, InterfaceModel } from '../model.ts';
import type { Place } from '../place.ts';
import { emptyAsaModel } from './defaults.ts';
import { Objects } from './objects.ts';

export class Assembly extends Base {
  readonly objects = new Objects();

  constructor() {
    super(emptyAsaModel, 'ciscoasa');
  }

  override order(): void {
    const { device } = this;
    device.prefixLists.sort((a, b) => a.family - b.family);
    const rank = (one: (typeof device.staticRoutes)[number]): number =>
      one.prefix.family === 6 ? 2 : one.interface === 'Null0' ? 1 : 0;
    device.staticRoutes.sort((a, b) => rank(a) - rank(b));
    const home = (one: Draft<BgpNeighborModel>): number => (one.families[4] === undefined ? 1 : 0);
    device.bgp?.neighbors.sort((a, b) => home(a) - home(b));
  }

  override clear(): void {
    super.clear();
    this.objects.clear();
  }

  byAlias(alias: string): Draft<InterfaceModel> | undefined {
    return this.device.interfaces.find((one) => one.alias === alias);
  }

  /** Does it to the interface of this alias, now or when all lines are read. */
  withInterface(alias: string, place: Place, work: (target: Draft<InterfaceModel>) => void): void {
    const now = this.byAlias(alias);
    if (now !== undefined) {
      work(now);
      return;
    }
    this.later(() => {
      const found = this.byAlias(alias);
      if (found !== undefined) work(found);
      else place.warn('undefined-interface', `no interface has the nameif \`${alias}\``, { param: 'interface' });
    });
  }
}
