/** The IKE peers of an ASA: static VTIs and virtual templates, each by its tunnel-group. */
import { Prefix } from '../base/index.ts';
import type { DeviceModel, InterfaceModel, TunnelGroupModel } from '../config/index.ts';
import type { IkePeer, IkeProposal } from '../ike/index.ts';
import { childPolicy, ikeProposal } from './ike-policy.ts';
import type { ModelIndex } from './model-index.ts';
import { peerAuthentication } from './peer-authentication.ts';
import { PeerPlan } from './peer-plan.ts';
import type { Trustpoints } from './trustpoints.ts';

/** Every peer, which tunnel it serves, and what keeps tunnels from starting. */
export function asaPeers(index: ModelIndex, trustpoints: Trustpoints): PeerPlan {
  const plan = new PeerPlan();
  const { model } = index;
  for (const one of model.interfaces) {
    if (one.kind === 'tunnel') plan.addStatic(one, staticPeer(index, trustpoints, one));
  }
  for (const group of model.tunnelGroups) {
    const template = templateOf(index, group);
    if (template !== undefined) plan.addTemplate(template, templatePeer(index, trustpoints, group, template));
  }
  return plan;
}

/** All policies, in the order of their priorities. */
export function asaProposals({ ikePolicies }: DeviceModel): IkeProposal[] {
  return [...ikePolicies]
    .sort((a, b) => a.priority - b.priority)
    .flatMap((policy) => ikeProposal(policy, { lifetimeMs: policy.lifetimeMs ?? 'unlimited' }));
}

/** The peer of a static VTI, or the first thing it lacks. */
function staticPeer(index: ModelIndex, trustpoints: Trustpoints, one: InterfaceModel): IkePeer | string {
  const { model } = index;
  const { tunnel } = one;
  if (one.alias === undefined) return 'nameif is not configured';
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
  if (asaProposals(model).length === 0) return 'no crypto ikev2 policy has algorithms that are supported';
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
    ...(group.mobikeReturnRoutability === true ? { returnRoutability: true } : {}),
    sendRoutes: group.routeSetInterface ? own.map(({ address }) => Prefix.host(address)) : [],
    acceptRoutes: group.routeAcceptAny,
  };
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
const DEFAULT_GROUP = 'DefaultL2LGroup';
/** Each proposal has its own: this is for none. */
const DEFAULT_IKE_LIFETIME_MS = 86_400_000;
