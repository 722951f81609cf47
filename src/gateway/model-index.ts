/** Looks things up in one model by the names that its lines use. */
import type { Family, IpAddress } from '../base/index.ts';
import type {
  DeviceModel,
  EspProposalModel,
  InterfaceModel,
  IpsecProfileModel,
  TunnelGroupModel,
} from '../config/index.ts';

/** Looks up names of one model. */
export class ModelIndex {
  readonly model: DeviceModel;
  readonly #interfaces = new Map<string, InterfaceModel>();
  readonly #profiles: ReadonlyMap<string, IpsecProfileModel>;
  readonly #proposals: ReadonlyMap<string, EspProposalModel>;
  readonly #groups: ReadonlyMap<string, TunnelGroupModel>;

  constructor(model: DeviceModel) {
    this.model = model;
    for (const one of model.interfaces) this.#interfaces.set(one.name, one);
    for (const one of model.interfaces) if (one.alias !== undefined) this.#interfaces.set(one.alias, one);
    this.#profiles = new Map(model.ipsecProfiles.map((one) => [one.name, one]));
    this.#proposals = new Map(model.espProposals.map((one) => [one.name, one]));
    this.#groups = new Map(model.tunnelGroups.map((one) => [one.name, one]));
  }

  /** By alias (nameif) or hardware name. */
  interface(name: string | undefined): InterfaceModel | undefined {
    return name === undefined ? undefined : this.#interfaces.get(name);
  }

  profile(name: string): IpsecProfileModel | undefined {
    return this.#profiles.get(name);
  }

  proposal(name: string): EspProposalModel | undefined {
    return this.#proposals.get(name);
  }

  group(name: string): TunnelGroupModel | undefined {
    return this.#groups.get(name);
  }

  /** Own addresses of an interface, or those it borrows. */
  addresses(one: InterfaceModel): readonly Readonly<{ address: IpAddress; length: number }>[] {
    const borrowed = ([4, 6] as const).flatMap((family) => {
      const lender = one.unnumbered[family];
      const found = lender === undefined ? undefined : this.interface(lender);
      return (found?.addresses ?? [])
        .filter(({ address }) => address.family === family)
        .map(({ address }) => ({ address, length: address.bits }));
    });
    return [...one.addresses, ...borrowed];
  }

  /** The address that an interface's packets of one family come from. */
  sourceAddress(one: InterfaceModel, family: Family): IpAddress | undefined {
    return this.addresses(one).find(({ address }) => address.family === family && !address.isLinkLocal)?.address;
  }
}
