/** From the model to what IKE needs: which peers there are, what each may use, and which tunnel each serves. */
import { type Family, Prefix } from '../base/index.ts';
import type {
  DeviceModel,
  EspProposalModel,
  IkePolicyModel,
  InterfaceModel,
  TunnelGroupModel,
} from '../config/index.ts';
import { isAead, isSupportedEncryption, isSupportedGroup, isSupportedInteg, isSupportedPrf } from '../crypto/index.ts';
import type { ChildPolicy, EspProposal, IkeConfig, IkePeer, IkeProposal, TrafficSelector } from '../ike/index.ts';
import type { TunnelBinding } from '../tunnel/index.ts';
import type { PeerSettings } from './contract.ts';
import { type Credentials, NO_CREDENTIALS } from './credentials.ts';
import type { ModelIndex } from './model-index.ts';
import { peerAuthentication } from './peer-authentication.ts';
import { withSettings } from './peer-settings.ts';
import { Trustpoints } from './trustpoints.ts';

export type IkePlan = Readonly<{
  config: IkeConfig;
  bindings: readonly TunnelBinding[];
  /** Tunnels that can not start, with the first reason. */
  unusable: ReadonlyMap<string, string>;
}>;

/** What the host adds that no line of a configuration can express. */
export type HostPart = Readonly<{
  credentials?: Credentials;
  forceEncapsulation?: boolean;
  peerSettings?: readonly PeerSettings[];
}>;

/** Everything IKE runs by, from one model. */
export function ikePlan(
  index: ModelIndex,
  { credentials = NO_CREDENTIALS, forceEncapsulation = false, peerSettings = [] }: HostPart = {},
): IkePlan {
  const { model } = index;
  const trustpoints = new Trustpoints(model, credentials);
  const peers: IkePeer[] = [];
  const bindings: TunnelBinding[] = [];
  const unusable = new Map<string, string>();
  /** Tunnels by their outer ends: two between the same ends could not be told apart. */
  const byEnds = new Map<string, string>();
  for (const one of model.interfaces) {
    if (one.kind !== 'tunnel') continue;
    const peer = staticPeer(index, trustpoints, one);
    if (typeof peer === 'string') {
      unusable.set(one.name, peer);
      continue;
    }
    const ends = `${peer.local} to ${peer.remote}`;
    const twin = byEnds.get(ends);
    if (twin !== undefined) {
      unusable.set(one.name, `${twin} has the same source and destination (${ends})`);
      continue;
    }
    byEnds.set(ends, one.name);
    peers.push(peer);
    bindings.push({ kind: 'static', peer: peer.name, tunnel: one.name });
  }
  for (const group of model.tunnelGroups) {
    const template = templateOf(index, group);
    if (template === undefined) continue;
    const peer = templatePeer(index, trustpoints, group, template);
    if (typeof peer === 'string') {
      unusable.set(template.name, peer);
      continue;
    }
    peers.push(peer);
    bindings.push({ kind: 'access', peer: peer.name, template: template.name });
  }
  const addresses = model.ikeEnabled.flatMap(({ interface: name }) => {
    const found = index.interface(name);
    return found === undefined || found.shutdown ? [] : index.addresses(found).map(({ address }) => address);
  });
  const config: IkeConfig = {
    addresses,
    proposals: [...model.ikePolicies].sort((a, b) => a.priority - b.priority).flatMap(ikeProposal),
    peers: peers.map((peer) => withSettings(peer, peerSettings)),
    cookieThreshold: cookieThreshold(model),
    maxHalfOpen: model.maxHalfOpen,
    ...(cookieThreshold(model) >= model.maxHalfOpen ? {} : { cookieRate: COOKIE_RATE }),
    ...(model.maxIkeSas === undefined ? {} : { maxSas: model.maxIkeSas }),
    ...(model.ikeFragmentation === undefined ? {} : { fragmentation: model.ikeFragmentation }),
    natKeepaliveMs: model.natKeepaliveMs ?? 0,
    ...(forceEncapsulation ? { forceEncapsulation } : {}),
  };
  return { config, bindings, unusable };
}

/** Half-open IKE SAs past which everyone has to show a cookie; as many as may be means never. */
export function cookieThreshold({ cookieChallengeCount, cookieChallengePercent, maxHalfOpen }: DeviceModel): number {
  return cookieChallengeCount ?? Math.floor((cookieChallengePercent / 100) * maxHalfOpen);
}

/** The peer of a static VTI, or the first thing it lacks. */
function staticPeer(index: ModelIndex, trustpoints: Trustpoints, one: InterfaceModel): IkePeer | string {
  const { model } = index;
  const { tunnel } = one;
  if (one.alias === undefined && model.dialect === 'asa') return 'nameif is not configured';
  if (one.shutdown) return 'shutdown';
  if (tunnel === undefined) return 'no tunnel lines are configured';
  const { destination, profile: profileName, mode, sourceInterface } = tunnel;
  if (index.addresses(one).length === 0) return 'it has no address';
  if (destination === undefined) return 'tunnel destination is not configured';
  if (mode === undefined) return 'tunnel mode is not configured';
  if (mode !== destination.family) return `tunnel mode ipsec ipv${mode} does not fit the destination ${destination}`;
  if (profileName === undefined) return 'tunnel protection is not configured';
  const source = sourceInterface === undefined ? undefined : index.interface(sourceInterface);
  if (source === undefined) return `its source interface ${sourceInterface ?? ''} is not configured`;
  const local = tunnel.sourceAddress ?? index.sourceAddress(source, destination.family);
  if (local === undefined)
    return `its source interface ${sourceInterface ?? ''} has no IPv${destination.family} address`;
  if (!model.ikeEnabled.some(({ interface: name }) => index.interface(name) === source)) {
    return `IKEv2 is not enabled on ${sourceInterface ?? ''} (crypto ikev2 enable)`;
  }
  const child = childPolicy(index, one, profileName);
  if (typeof child === 'string') return child;
  const profile = index.profile(profileName);
  const group = index.group(destination.toString()) ?? index.group(DEFAULT_GROUP);
  if (group === undefined) return `no tunnel-group ${destination}`;
  if (!allowsIkev2(model, group)) return 'its group-policy does not allow ikev2';
  const authentication = peerAuthentication(group, trustpoints, { model, profile });
  if (typeof authentication === 'string') return authentication;
  if (model.ikePolicies.length === 0) return 'no crypto ikev2 policy is configured';
  if (model.ikePolicies.flatMap(ikeProposal).length === 0)
    return 'no crypto ikev2 policy has algorithms that are supported';
  return {
    ...groupSettings(index, group, one),
    ...authentication,
    name: one.name,
    group: destination.toString(),
    isDefault: false,
    remote: destination,
    local,
    initiate: !(profile?.responderOnly ?? false),
    child,
  };
}

/** The class of peers that a tunnel-group with a virtual template admits, or what it lacks. */
function templatePeer(
  index: ModelIndex,
  trustpoints: Trustpoints,
  group: TunnelGroupModel,
  template: InterfaceModel,
): IkePeer | string {
  const profileName = template.tunnel?.profile;
  if (profileName === undefined) return 'tunnel protection is not configured';
  const child = childPolicy(index, template, profileName);
  if (typeof child === 'string') return child;
  if (!allowsIkev2(index.model, group)) return `the group-policy of tunnel-group ${group.name} does not allow ikev2`;
  const profile = index.profile(profileName);
  const authentication = peerAuthentication(group, trustpoints, { model: index.model, profile });
  if (typeof authentication === 'string') return authentication;
  return {
    ...groupSettings(index, group, template),
    ...authentication,
    name: `tunnel-group ${group.name}`,
    group: group.name,
    isDefault: group.name === DEFAULT_GROUP,
    initiate: false,
    child,
  };
}

function templateOf(index: ModelIndex, group: TunnelGroupModel): InterfaceModel | undefined {
  if (group.virtualTemplate === undefined) return undefined;
  return index.interface(`Virtual-Template${group.virtualTemplate}`);
}

function groupSettings(
  index: ModelIndex,
  group: TunnelGroupModel,
  one: InterfaceModel,
): Omit<IkePeer, 'name' | 'group' | 'isDefault' | 'initiate' | 'child' | 'remote' | 'local'> {
  const { model } = index;
  const { keepalive } = group;
  const own = index.addresses(one).filter(({ address }) => !address.isLinkLocal);
  return {
    ...(model.ikeIdentity.kind === 'key-id'
      ? { localIdentity: { type: 'key-id' as const, data: new TextEncoder().encode(model.ikeIdentity.text) } }
      : {}),
    ...(model.ikeIdentity.kind === 'hostname'
      ? { localIdentity: { type: 'fqdn' as const, name: model.hostname } }
      : {}),
    validateIdentity: group.validateIdentity === 'required' ? 'required' : 'none',
    ikeLifetimeMs: DEFAULT_IKE_LIFETIME_MS,
    ...(keepalive === undefined
      ? {}
      : {
          liveness: {
            idleMs: keepalive.thresholdMs,
            retryMs: keepalive.retryMs,
            tries: LIVENESS_TRIES,
            mode: 'periodic' as const,
          },
        }),
    sendRoutes: group.routeSetInterface ? own.map(({ address }) => Prefix.host(address)) : [],
    acceptRoutes: group.routeAcceptAny,
  };
}

/** A policy's choices as far as this implementation has them; nothing where that leaves too little to agree on. */
function ikeProposal(policy: IkePolicyModel): IkeProposal[] {
  const encryption = policy.encryption.filter(({ encr, keyBits }) => isSupportedEncryption(encr, keyBits));
  const integrity = policy.integrity.filter(isSupportedInteg);
  const prf = policy.prf.filter(isSupportedPrf);
  const groups = policy.groups.filter(isSupportedGroup);
  const guarded = encryption.filter(({ encr }) => isAead(encr) || integrity.length > 0);
  if (guarded.length === 0 || prf.length === 0 || groups.length === 0) return [];
  return [{ encryption: guarded, integrity, prf, groups, lifetimeMs: policy.lifetimeMs ?? 'unlimited' }];
}

/** The same for ESP. */
function espProposal(proposal: EspProposalModel): EspProposal[] {
  const encryption = proposal.encryption.filter(({ encr, keyBits }) => isSupportedEncryption(encr, keyBits));
  const integrity = proposal.integrity.filter(isSupportedInteg);
  const guarded = encryption.filter(({ encr }) => isAead(encr) || integrity.length > 0);
  return guarded.length === 0 ? [] : [{ encryption: guarded, integrity, esn: [false] }];
}

function childPolicy(index: ModelIndex, one: InterfaceModel, profileName: string): ChildPolicy | string {
  const { model } = index;
  const profile = index.profile(profileName);
  if (profile === undefined) return `IPsec profile ${profileName} is not configured`;
  const proposals = profile.proposals.flatMap((name) => index.proposal(name) ?? []).flatMap(espProposal);
  if (proposals.length === 0) return `IPsec profile ${profileName} has no usable ikev2 ipsec-proposal`;
  const bytes = profile.lifetimeBytes ?? model.childLifetimeBytes;
  const selectors = tunnelSelectors(index, one);
  if (typeof selectors === 'string') return selectors;
  const { pfsGroup } = profile;
  // Without it rekeying would be weaker than what was asked for.
  if (pfsGroup !== undefined && !isSupportedGroup(pfsGroup)) return `group ${pfsGroup} of set pfs is not supported`;
  return {
    proposals,
    ...(pfsGroup === undefined ? {} : { pfsGroup }),
    mode: 'tunnel',
    ...selectors,
    lifetimeMs: profile.lifetimeMs ?? model.childLifetimeMs,
    ...(bytes === 'unlimited' ? {} : { lifetimeBytes: bytes }),
    replayWindow: model.replayWindow,
  };
}

type Selectors = Pick<ChildPolicy, 'localSelectors' | 'remoteSelectors'>;

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

/** Whether the group's policy, or what it inherits, lets IKEv2 in. Nothing said anywhere: it does. */
function allowsIkev2(model: DeviceModel, group: TunnelGroupModel): boolean {
  let name: string | undefined = group.groupPolicy ?? 'DfltGrpPolicy';
  for (let depth = 0; name !== undefined && depth < 4; depth++) {
    const policy = model.groupPolicies.find((one) => one.name === name);
    if (policy?.tunnelProtocols !== undefined) return policy.tunnelProtocols.includes('ikev2');
    name = policy?.from ?? (name === 'DfltGrpPolicy' ? undefined : 'DfltGrpPolicy');
  }
  return true;
}

/** Unanswered liveness checks before the peer counts as dead: the platform's number. */
const LIVENESS_TRIES = 3;
/** First requests in a second past which cookies are asked for: the key exchanges of so many keep one core busy. */
const COOKIE_RATE = 500;
const DEFAULT_GROUP = 'DefaultL2LGroup';
/** Each proposal has its own: this is for none. */
const DEFAULT_IKE_LIFETIME_MS = 86_400_000;
