/**
 * The IKE peers of an IOS-XE router: static VTIs, and profiles whose peers get clones of a virtual template. A profile
 * says whom it is for by identity, front VRF and own address; the keyring, which key is whose.
 */
import { type IpAddress, Prefix, utf8 } from '../base/index.ts';
import type { IkeProfileModel, InterfaceModel, IpsecProfileModel, LocalIdentityModel } from '../config/index.ts';
import { type Identity, type IkePeer, type IkeSelection, proposalsFor } from '../ike/index.ts';
import { GRE_SELECTOR, type GreTunnel, greFamily, greTunnel } from './gre-plan.ts';
import { childPolicy, ikeProposal } from './ike-policy.ts';
import type { ModelIndex } from './model-index.ts';
import { PeerPlan } from './peer-plan.ts';
import { profileAuthentication } from './profile-authentication.ts';
import type { Trustpoints } from './trustpoints.ts';

/** Every peer, which tunnel it serves, and what keeps tunnels from starting. */
export function iosxePeers(index: ModelIndex, trustpoints: Trustpoints): PeerPlan {
  const plan = new PeerPlan();
  const { model } = index;
  for (const one of model.interfaces) {
    if (one.kind !== 'tunnel') continue;
    const gre = greFamily(one, model.dialect) === undefined ? undefined : greEnds(index, one);
    if (typeof gre === 'string') plan.unusable.set(one.name, gre);
    else if (gre !== undefined && !plan.addGre(gre)) continue;
    if (typeof gre === 'string' || gre?.plane.isProtected === false) continue;
    const peer = staticPeer(index, trustpoints, one, gre);
    plan.addStatic(one, peer);
    if (typeof peer !== 'string') noteTerms(plan, index, peer);
  }
  for (const profile of model.ikeProfiles) {
    if (profile.virtualTemplate === undefined) continue;
    const template = index.interface(`Virtual-Template${profile.virtualTemplate}`);
    if (template === undefined) continue;
    const peer = templatePeer(index, trustpoints, profile, template);
    plan.addTemplate(template, peer);
    if (typeof peer !== 'string') noteTerms(plan, index, peer);
  }
  return plan;
}

/** Which proposals are for which front VRF and own address. */
export function iosxeSelections(index: ModelIndex): readonly IkeSelection[] {
  return index.ikeSelections().map(({ frontVrf, localAddresses, proposals }) => ({
    ...(frontVrf.kind === 'any' ? {} : { vrf: frontVrf.vrf }),
    localAddresses,
    proposals: proposals
      .flatMap((name) => index.ikeProposal(name) ?? [])
      .flatMap((one) => {
        return ikeProposal({ ...one, prf: one.prf.length > 0 ? one.prf : one.integrity.flatMap(prfOf) });
      }),
  }));
}

/** The pseudorandom function of an integrity algorithm: a policy without one uses the same hash for both. */
function prfOf(integ: number): readonly number[] {
  const prf = PRF_OF[integ];
  return prf === undefined ? [] : [prf];
}

const PRF_OF: Readonly<Record<number, number>> = { 1: 1, 2: 2, 12: 5, 13: 6, 14: 7 };

/** The VRF that the outer packets of a tunnel are in: the global table, unless it says another. */
export function frontVrfOf({ tunnel }: InterfaceModel): string {
  return tunnel?.frontVrf ?? '';
}

/** The ends of a GRE tunnel, or what it lacks. */
function greEnds(index: ModelIndex, one: InterfaceModel): GreTunnel | string {
  const { tunnel } = one;
  if (one.shutdown) return 'shutdown';
  if (index.addresses(one).length === 0 && !one.ipv6Enabled) return 'it has no address';
  const destination = tunnel?.destination;
  if (destination === undefined) return 'tunnel destination is not configured';
  const family = greFamily(one, index.model.dialect);
  if (family !== destination.family) {
    return `tunnel mode gre ${family === 4 ? 'ip' : 'ipv6'} does not fit the destination ${destination}`;
  }
  const lack = vrfLack(index, one);
  if (lack !== undefined) return lack;
  const local = sourceOf(index, one, destination);
  return typeof local === 'string' ? local : greTunnel(one, frontVrfOf(one), local, destination);
}

function staticPeer(
  index: ModelIndex,
  trustpoints: Trustpoints,
  one: InterfaceModel,
  gre: GreTunnel | undefined,
): IkePeer | string {
  const { tunnel } = one;
  if (one.shutdown) return 'shutdown';
  if (tunnel === undefined) return 'no tunnel lines are configured';
  const { destination, mode, profile: profileName } = tunnel;
  if (index.addresses(one).length === 0 && !one.ipv6Enabled) return 'it has no address';
  if (destination === undefined) return 'tunnel destination is not configured';
  if (gre === undefined && mode !== destination.family)
    return `tunnel mode ipsec ipv${mode} does not fit the destination ${destination}`;
  if (profileName === undefined) return 'tunnel protection is not configured';
  const lack = vrfLack(index, one);
  if (lack !== undefined) return lack;
  const local = sourceOf(index, one, destination);
  if (typeof local === 'string') return local;
  const selectors =
    gre === undefined
      ? undefined
      : {
          localSelectors: [{ ...GRE_SELECTOR, start: local, end: local }],
          remoteSelectors: [{ ...GRE_SELECTOR, start: destination, end: destination }],
        };
  const child = childPolicy(index, one, profileName, selectors);
  if (typeof child === 'string') return child;
  const ipsec = index.profile(profileName);
  const profile = profileOf(index, one, ipsec, destination);
  if (typeof profile === 'string') return profile;
  const unfit = mismatch(index, one, profile, local);
  if (unfit !== undefined) return unfit;
  const authentication = profileAuthentication(index, profile, trustpoints, destination);
  if (typeof authentication === 'string') return authentication;
  const vrf = frontVrfOf(one);
  const path = { local: { address: local, port: 500 }, remote: { address: destination, port: 500 }, vrf };
  const own: Pick<IkePeer, 'vrf'> = vrf === '' ? {} : { vrf };
  if (proposalsFor({ ...NO_CONFIG, selections: iosxeSelections(index) }, path).length === 0) {
    return `no crypto ikev2 policy with a usable proposal is for front VRF ${vrfText(vrf)} and address ${local}`;
  }
  return {
    ...profileSettings(index, profile, one),
    ...authentication,
    ...own,
    name: one.name,
    remote: destination,
    local,
    initiate: !(ipsec?.responderOnly ?? false),
    child,
  };
}

/** The class of peers that a profile with a virtual template admits, or what it lacks. */
function templatePeer(
  index: ModelIndex,
  trustpoints: Trustpoints,
  profile: IkeProfileModel,
  template: InterfaceModel,
): IkePeer | string {
  const { tunnel } = template;
  if (tunnel?.profile === undefined) return 'tunnel protection is not configured';
  const lack = vrfLack(index, template);
  if (lack !== undefined) return lack;
  const child = childPolicy(index, template, tunnel.profile);
  if (typeof child === 'string') return child;
  const unfit = mismatch(index, template, profile, undefined);
  if (unfit !== undefined) return unfit;
  const authentication = profileAuthentication(index, profile, trustpoints, undefined);
  if (typeof authentication === 'string') return authentication;
  const vrf = frontVrfOf(template);
  const localAddresses = addressesOf(index, profile);
  return {
    ...profileSettings(index, profile, template),
    ...authentication,
    ...(vrf === '' ? {} : { vrf }),
    ...(localAddresses.length === 0 ? {} : { localAddresses }),
    name: `profile ${profile.name}`,
    initiate: false,
    child,
  };
}

/** A VRF that is named and not defined. */
function vrfLack(index: ModelIndex, one: InterfaceModel): string | undefined {
  for (const [vrf, line] of [
    [one.vrf, 'vrf forwarding'],
    [frontVrfOf(one), 'tunnel vrf'],
  ] as const) {
    if (vrf !== '' && !index.model.vrfs.some(({ name }) => name === vrf)) return `VRF ${vrf} of ${line} is not defined`;
  }
  return undefined;
}

/** The address that outer packets come from. Its interface has to be in the table where they are. */
function sourceOf(index: ModelIndex, one: InterfaceModel, destination: IpAddress): IpAddress | string {
  const { sourceInterface, sourceAddress } = one.tunnel ?? {};
  const vrf = frontVrfOf(one);
  if (sourceAddress !== undefined) {
    const owners = index.model.interfaces.filter((other) =>
      other.addresses.some(({ address }) => address.equals(sourceAddress)),
    );
    if (owners.some((owner) => owner.vrf === vrf)) return sourceAddress;
    const [owner] = owners;
    if (owner === undefined) return `no interface has its source address ${sourceAddress}`;
    return otherTable(owner, vrf);
  }
  if (sourceInterface === undefined) return 'tunnel source is not configured';
  const source = index.interface(sourceInterface);
  if (source === undefined) return `its source interface ${sourceInterface} is not configured`;
  if (source.vrf !== vrf) return otherTable(source, vrf);
  const address = index.sourceAddress(source, destination.family);
  return address ?? `its source interface ${sourceInterface} has no IPv${destination.family} address`;
}

function otherTable(source: InterfaceModel, frontVrf: string): string {
  const where = `its source interface ${source.name} is in VRF ${vrfText(source.vrf)}`;
  const line = source.vrf === '' ? 'no tunnel vrf' : `tunnel vrf ${source.vrf}`;
  return `${where}, its outer packets are in ${vrfText(frontVrf)} (${line})`;
}

function vrfText(vrf: string): string {
  return vrf === '' ? 'global' : vrf;
}

/** The IKE profile of a tunnel: its own, that of its IPsec profile, or the first one that fits the peer's address. */
function profileOf(
  index: ModelIndex,
  one: InterfaceModel,
  ipsec: IpsecProfileModel | undefined,
  destination: IpAddress,
): IkeProfileModel | string {
  const name = one.tunnel?.ikeProfile ?? ipsec?.ikeProfile;
  if (name !== undefined) {
    const found = index.model.ikeProfiles.find((profile) => profile.name === name);
    return found ?? `IKEv2 profile ${name} is not configured`;
  }
  const vrf = frontVrfOf(one);
  const fitting = index.model.ikeProfiles.find(
    (profile) =>
      servesVrf(profile, vrf) &&
      profile.remoteIdentities.some((rule) => rule.kind === 'address' && rule.prefix.contains(destination)),
  );
  return fitting ?? `no IKEv2 profile matches ${destination} in front VRF ${vrfText(vrf)} (set ikev2-profile)`;
}

function servesVrf({ frontVrf }: IkeProfileModel, vrf: string): boolean {
  return frontVrf?.kind === 'any' || (frontVrf?.vrf ?? '') === vrf;
}

/** What keeps a tunnel from using a profile. */
function mismatch(
  index: ModelIndex,
  one: InterfaceModel,
  profile: IkeProfileModel,
  local: IpAddress | undefined,
): string | undefined {
  const { name, frontVrf } = profile;
  const vrf = frontVrfOf(one);
  if (profile.shutdown) return `IKEv2 profile ${name} is shut down`;
  if (profile.remoteIdentities.length + profile.certificateMaps.length === 0) {
    return `IKEv2 profile ${name} has no match identity remote and no match certificate`;
  }
  if (!servesVrf(profile, vrf)) {
    const theirs = frontVrf?.kind === 'vrf' ? frontVrf.vrf : '';
    return `IKEv2 profile ${name} is for front VRF ${vrfText(theirs)}, the tunnel's is ${vrfText(vrf)} (match fvrf)`;
  }
  const wanted = addressesOf(index, profile);
  if (local !== undefined && profile.localAddresses.length > 0 && !wanted.some((address) => address.equals(local))) {
    return `IKEv2 profile ${name} is not for the source address ${local} (match address local)`;
  }
  return undefined;
}

function addressesOf(index: ModelIndex, { localAddresses }: IkeProfileModel): readonly IpAddress[] {
  return localAddresses.flatMap((one) => {
    if ('address' in one) return [one.address];
    const found = index.interface(one.interface);
    return found === undefined ? [] : index.addresses(found).map(({ address }) => address);
  });
}

type Settings = Pick<
  IkePeer,
  | 'group'
  | 'isDefault'
  | 'identities'
  | 'certificateRules'
  | 'localIdentity'
  | 'validateIdentity'
  | 'ikeLifetimeMs'
  | 'mobike'
  | 'liveness'
  | 'natKeepaliveMs'
  | 'forceEncapsulation'
  | 'sendRoutes'
  | 'acceptRoutes'
>;

function profileSettings(index: ModelIndex, profile: IkeProfileModel, one: InterfaceModel): Settings {
  const { name, remoteIdentities, certificateMaps, localIdentity, lifetimeMs, natKeepaliveMs, configExchange } =
    profile;
  const dpd = profile.dpd ?? index.model.dpd;
  const identity = localIdentity === undefined ? undefined : identityOf(localIdentity);
  const policy = index.authorization(profile);
  return {
    group: name,
    isDefault: false,
    identities: remoteIdentities,
    ...(certificateMaps.length === 0 ? {} : { certificateRules: index.certificateRules(certificateMaps) }),
    ...(identity === undefined ? {} : { localIdentity: identity }),
    validateIdentity: 'required',
    ikeLifetimeMs: lifetimeMs,
    mobike: 'off',
    ...(dpd === undefined ? {} : { liveness: { ...dpd, tries: LIVENESS_TRIES } }),
    ...(natKeepaliveMs === undefined ? {} : { natKeepaliveMs }),
    ...(profile.forceEncapsulation ? { forceEncapsulation: true } : {}),
    sendRoutes: configExchange.setSend ? toldRoutes(index, profile, one) : [],
    acceptRoutes: configExchange.setAccept && policy?.routeAccept !== undefined,
  };
}

/** Unanswered liveness checks before the peer counts as dead: the platform's number. */
const LIVENESS_TRIES = 5;

function identityOf(one: LocalIdentityModel): Identity | undefined {
  switch (one.kind) {
    case 'address':
      return { type: one.address.family === 4 ? 'ipv4' : 'ipv6', address: one.address };
    case 'fqdn':
      return { type: 'fqdn', name: one.text };
    case 'email':
      return { type: 'rfc822', name: one.text };
    case 'key-id':
      return { type: 'key-id', data: utf8(one.text) };
    case 'dn':
      return undefined; // the subject of the certificate, which is the name of who has one anyway
    default:
      return one satisfies never;
  }
}

/** What the peer is told of our side: addresses of interfaces, and subnets of access lists. */
function toldRoutes(index: ModelIndex, profile: IkeProfileModel, one: InterfaceModel): readonly Prefix[] {
  const policy = index.authorization(profile);
  if (policy === undefined) return [];
  const interfaces = policy.routeSetInterfaces.flatMap((name) => (name === '' ? [one] : (index.interface(name) ?? [])));
  const hosts = interfaces
    .flatMap((each) => index.addresses(each))
    .filter(({ address }) => !address.isLinkLocal)
    .map(({ address }) => Prefix.host(address));
  const subnets = policy.routeSetAccessLists.flatMap(({ name }) => {
    const entries = index.model.accessLists.find((list) => list.name === name)?.entries ?? [];
    return entries.filter(({ action, inactive }) => action === 'permit' && !inactive).flatMap(({ source }) => source);
  });
  return [...hosts, ...subnets, ...policy.routeSetRemote];
}

/** With what distance the routes stand that a peer tells. */
function noteTerms(plan: PeerPlan, index: ModelIndex, peer: IkePeer): void {
  const profile = index.model.ikeProfiles.find(({ name }) => name === peer.group);
  const terms = profile === undefined ? undefined : index.authorization(profile)?.routeAccept;
  if (terms !== undefined) plan.routeTerms.set(peer.name, terms);
}

const NO_CONFIG = { addresses: [], proposals: [], peers: [], cookieThreshold: 0, maxHalfOpen: 0, natKeepaliveMs: 0 };
