/** What an IKE policy, an ESP proposal and a tunnel's selectors come to in every dialect. */
import { type Family, Prefix } from '../base/index.ts';
import type { EspProposalModel, InterfaceModel } from '../config/index.ts';
import { isAead, isSupportedEncryption, isSupportedGroup, isSupportedInteg, isSupportedPrf } from '../crypto/index.ts';
import type { ChildPolicy, EspProposal, IkeProposal, TrafficSelector } from '../ike/index.ts';
import type { ModelIndex } from './model-index.ts';

/** Choices as a dialect writes them. */
type IkeChoices = Readonly<{
  encryption: IkeProposal['encryption'];
  integrity: readonly number[];
  prf: readonly number[];
  groups: readonly number[];
}>;

/** A policy's choices as far as this implementation has them; nothing where that leaves too little to agree on. */
export function ikeProposal(policy: IkeChoices, lifetime: Pick<IkeProposal, 'lifetimeMs'> = {}): IkeProposal[] {
  const encryption = policy.encryption.filter(({ encr, keyBits }) => isSupportedEncryption(encr, keyBits));
  const integrity = policy.integrity.filter(isSupportedInteg);
  const prf = policy.prf.filter(isSupportedPrf);
  const groups = policy.groups.filter(isSupportedGroup);
  const guarded = encryption.filter(({ encr }) => isAead(encr) || integrity.length > 0);
  if (guarded.length === 0 || prf.length === 0 || groups.length === 0) return [];
  return [{ encryption: guarded, integrity, prf, groups, ...lifetime }];
}

/** The same for ESP. */
function espProposal(proposal: EspProposalModel): EspProposal[] {
  const encryption = proposal.encryption.filter(({ encr, keyBits }) => isSupportedEncryption(encr, keyBits));
  const integrity = proposal.integrity.filter(isSupportedInteg);
  const guarded = encryption.filter(({ encr }) => isAead(encr) || integrity.length > 0);
  return guarded.length === 0 ? [] : [{ encryption: guarded, integrity, esn: [proposal.esn === true] }];
}

/** How the child SAs of a tunnel are made, or what they lack. `only`: what they carry, whatever else is configured. */
export function childPolicy(
  index: ModelIndex,
  one: InterfaceModel,
  profileName: string,
  only?: Selectors,
): ChildPolicy | string {
  const { model } = index;
  const profile = index.profile(profileName);
  if (profile === undefined) return `IPsec profile ${profileName} is not configured`;
  const proposals = profile.proposals.flatMap((name) => index.proposal(name) ?? []).flatMap(espProposal);
  if (proposals.length === 0)
    return `IPsec profile ${profileName} has no usable ${index.model.dialect === 'asa' ? 'ikev2 ipsec-proposal' : 'transform-set'}`;
  const bytes = profile.lifetimeBytes ?? model.childLifetimeBytes;
  const selectors = only ?? tunnelSelectors(index, one);
  if (typeof selectors === 'string') return selectors;
  const { pfsGroup } = profile;
  // Without it rekeying would be weaker than what was asked for.
  if (pfsGroup !== undefined && !isSupportedGroup(pfsGroup)) return `group ${pfsGroup} of set pfs is not supported`;
  const isTransport = profile.proposals.some((name) => index.proposal(name)?.mode === 'transport');
  return {
    proposals,
    ...(pfsGroup === undefined ? {} : { pfsGroup }),
    mode: isTransport && joinsHosts(selectors) ? 'transport' : 'tunnel',
    ...selectors,
    lifetimeMs: profile.lifetimeMs ?? model.childLifetimeMs,
    ...(bytes === 'unlimited' ? {} : { lifetimeBytes: bytes }),
    replayWindow: profile.replayWindow ?? model.replayWindow,
  };
}

type Selectors = Pick<ChildPolicy, 'localSelectors' | 'remoteSelectors'>;

/**
 * Transport mode has no inner addresses, so it is for packets between the two ends alone (RFC 4301 section 4.1). What
 * carries more is made in tunnel mode, whatever its transform set says.
 */
function joinsHosts({ localSelectors, remoteSelectors }: Selectors): boolean {
  return [...localSelectors, ...remoteSelectors].every(({ start, end }) => start.equals(end));
}

/** What the tunnel's child SAs carry: everything, or what the permit entries of its policy access list name. */
function tunnelSelectors(index: ModelIndex, one: InterfaceModel): Selectors | string {
  const name = one.tunnel?.policyAccessList;
  if (name === undefined) {
    const all = anySelectors(index, one);
    return { localSelectors: all, remoteSelectors: all };
  }
  const entries = index.model.accessLists.find((list) => list.name === name)?.entries ?? [];
  const permits = entries.filter(({ action, inactive }) => action === 'permit' && !inactive);
  if (permits.length === 0) return `access-list ${name} of its tunnel protection has no permit entry`;
  return {
    localSelectors: permits.flatMap(({ protocol, source, sourcePorts }) =>
      source.map((prefix) => selector(prefix, protocol, sourcePorts)),
    ),
    remoteSelectors: permits.flatMap(({ protocol, destination, destinationPorts }) =>
      destination.map((prefix) => selector(prefix, protocol, destinationPorts)),
    ),
  };
}

function selector(
  prefix: Prefix,
  protocol: number,
  ports: Readonly<{ from: number; to: number }> | undefined,
): TrafficSelector {
  return {
    protocol,
    startPort: ports?.from ?? 0,
    endPort: ports?.to ?? 65_535,
    start: prefix.address,
    end: prefix.last,
  };
}

/** All addresses of each family that the tunnel carries: those it has addresses of; a template takes both. */
function anySelectors(index: ModelIndex, one: InterfaceModel): TrafficSelector[] {
  const own = index.addresses(one);
  const has = (family: Family): boolean =>
    one.kind === 'virtual-template' ||
    own.some(({ address }) => address.family === family) ||
    (family === 6 && one.ipv6Enabled);
  return ([4, 6] as const).filter(has).map((family) => {
    return selector(Prefix.all(family), 0, undefined);
  });
}
