/** Looks things up in one model by the names that its lines use. */
import type { Family, IpAddress } from '../base/index.ts';
import {
  type AuthorizationPolicyModel,
  type DeviceModel,
  type EspProposalModel,
  type IkeProfileModel,
  type IkeProposalModel,
  type IkeSelectionModel,
  type InterfaceModel,
  type IpsecProfileModel,
  iosxeDefaults,
  type TunnelGroupModel,
} from '../config/index.ts';
import type { CertificateRule } from '../ike/index.ts';

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
    // What exists without being configured gives way to what is.
    const isIosxe = model.dialect === 'iosxe';
    const profiles = [...(isIosxe ? [iosxeDefaults.defaultIpsecProfile()] : []), ...model.ipsecProfiles];
    const proposals = [...(isIosxe ? [iosxeDefaults.defaultEspProposal()] : []), ...model.espProposals];
    this.#profiles = new Map(profiles.map((one) => [one.name, one]));
    this.#proposals = new Map(proposals.map((one) => [one.name, one]));
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

  /** An IKE proposal by name, `default` included. */
  ikeProposal(name: string): IkeProposalModel | undefined {
    const found = this.model.ikeProposals.find((one) => one.name === name);
    return found ?? (name === iosxeDefaults.DEFAULT ? iosxeDefaults.defaultIkeProposal() : undefined);
  }

  /** Which IKE proposals are for whom: what the operator says, or the platform's own. */
  ikeSelections(): readonly IkeSelectionModel[] {
    const { ikeSelections } = this.model;
    return ikeSelections.length > 0 ? ikeSelections : [iosxeDefaults.defaultIkeSelection()];
  }

  /** What an IKE profile tells its peers and believes of them; undefined: nothing. */
  authorization({ authorization }: IkeProfileModel): AuthorizationPolicyModel | undefined {
    if (authorization === undefined) return undefined;
    const found = this.model.authorizationPolicies.find(({ name }) => name === authorization.policy);
    const isDefault = authorization.policy === iosxeDefaults.DEFAULT;
    return found ?? (isDefault ? iosxeDefaults.defaultAuthorizationPolicy() : undefined);
  }

  /** What certificate maps ask for; `sequence` is one entry alone. */
  certificateRules(names: readonly string[], sequence?: number): readonly CertificateRule[] {
    return (this.model.certificateMaps ?? [])
      .filter((one) => names.includes(one.name) && (sequence === undefined || one.sequence === sequence))
      .map(({ conditions }) => conditions);
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
