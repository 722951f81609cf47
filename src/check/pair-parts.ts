/** What one end of a tunnel offers and proves: IKE suites, keys and its name, from ASA's groups or IOS-XE's profiles. */
import type { IpAddress, SecretKey } from '../base/index.ts';
import type {
  IkePolicyModel,
  IkeProfileModel,
  IkeSelectionModel,
  InterfaceModel,
  IpsecProfileModel,
  Written,
} from '../config/index.ts';
import type { DeviceView } from './device-view.ts';

/** Choices for an IKE SA with where they were written; those of a platform itself are at line 0. */
export type Suite = Pick<IkePolicyModel, 'encryption' | 'integrity' | 'prf' | 'groups' | 'written'>;
export type Suites = readonly Suite[];

export type KeyInUse = Readonly<{ key: SecretKey; written: Written; attribute: 'localKey' | 'remoteKey' }>;

export type Authentication = Readonly<{
  ikeProfile?: IkeProfileModel;
  localKey?: KeyInUse;
  remoteKey?: KeyInUse;
  identity?: string;
}>;

/** IKE choices of a device toward a peer, from the address that it speaks from. */
export function suitesOf({ model, index }: DeviceView, tunnel: InterfaceModel, local: IpAddress | undefined): Suites {
  if (model.dialect === 'asa') return model.ikePolicies;
  const vrf = tunnel.tunnel?.frontVrf ?? '';
  let best: IkeSelectionModel | undefined;
  for (const one of index.ikeSelections()) {
    if (!isFor(one, vrf, local)) continue;
    if (best === undefined || weight(one) > weight(best)) best = one;
  }
  const names = best?.proposals ?? [];
  return names.flatMap((name) => index.ikeProposal(name) ?? []).map((one) => ({ ...one, prf: prfsOf(one) }));
}

function isFor(one: IkeSelectionModel, vrf: string, local: IpAddress | undefined): boolean {
  if (one.frontVrf.kind === 'vrf' && one.frontVrf.vrf !== vrf) return false;
  return one.localAddresses.length === 0 || local === undefined || one.localAddresses.some((own) => own.equals(local));
}

function weight({ frontVrf, localAddresses }: IkeSelectionModel): number {
  return (localAddresses.length > 0 ? 2 : 0) + (frontVrf.kind === 'vrf' ? 1 : 0);
}

/** A proposal without a pseudorandom function takes that of its integrity. */
function prfsOf({ prf, integrity }: Readonly<{ prf: readonly number[]; integrity: readonly number[] }>): number[] {
  return prf.length > 0 ? [...prf] : integrity.flatMap((id) => PRF_OF[id] ?? []);
}

const PRF_OF: Readonly<Record<number, number>> = { 1: 1, 2: 2, 12: 5, 13: 6, 14: 7 };
const DEFAULT_GROUP = 'DefaultL2LGroup';

/** Keys and name that an end uses toward an address. */
export function authenticationOf(
  device: DeviceView,
  tunnel: InterfaceModel,
  profile: IpsecProfileModel | undefined,
  remote: IpAddress | undefined,
): Authentication {
  return device.model.dialect === 'asa'
    ? asaAuthentication(device, remote)
    : iosxeAuthentication(device, tunnel, profile, remote);
}

function asaAuthentication({ model, index }: DeviceView, remote: IpAddress | undefined): Authentication {
  const group = (remote === undefined ? undefined : index.group(remote.toString())) ?? index.group(DEFAULT_GROUP);
  const { ikeIdentity, hostname } = model;
  const identity =
    ikeIdentity.kind === 'key-id' ? ikeIdentity.text : ikeIdentity.kind === 'hostname' ? hostname : undefined;
  const named = identity === undefined ? {} : { identity };
  return group === undefined ? named : { ...keysOf(group, group.written), ...named };
}

function iosxeAuthentication(
  { model }: DeviceView,
  { kind, name, tunnel }: InterfaceModel,
  profile: IpsecProfileModel | undefined,
  remote: IpAddress | undefined,
): Authentication {
  const wanted = tunnel?.ikeProfile ?? profile?.ikeProfile;
  const ikeProfile = model.ikeProfiles.find((one) =>
    kind === 'virtual-template'
      ? `Virtual-Template${one.virtualTemplate}` === name
      : wanted === undefined
        ? one.remoteIdentities.some(
            (rule) => rule.kind === 'address' && remote !== undefined && rule.prefix.contains(remote),
          )
        : one.name === wanted,
  );
  if (ikeProfile === undefined) return {};
  const { localIdentity, keyring } = ikeProfile;
  const identity = localIdentity !== undefined && 'text' in localIdentity ? { identity: localIdentity.text } : {};
  const own = keysOf(ikeProfile, ikeProfile.written);
  if (own.localKey !== undefined || own.remoteKey !== undefined) return { ikeProfile, ...own, ...identity };
  const peers = model.keyrings.find((one) => one.name === keyring)?.peers ?? [];
  const fitting = peers.filter(({ address }) => remote !== undefined && address?.contains(remote) === true);
  const [best] = fitting.sort((a, b) => (b.address?.length ?? 0) - (a.address?.length ?? 0));
  return { ikeProfile, ...(best === undefined ? {} : keysOf(best, best.written)), ...identity };
}

function keysOf(
  { localKey, remoteKey }: Readonly<{ localKey?: SecretKey; remoteKey?: SecretKey }>,
  written: Written,
): Pick<Authentication, 'localKey' | 'remoteKey'> {
  return {
    ...(localKey === undefined ? {} : { localKey: { key: localKey, written, attribute: 'localKey' as const } }),
    ...(remoteKey === undefined ? {} : { remoteKey: { key: remoteKey, written, attribute: 'remoteKey' as const } }),
  };
}
