/** From the model to what IKE needs: which peers there are, what each may use, and which tunnel each serves. */
import type { IpAddress } from '../base/index.ts';
import type { DeviceModel } from '../config/index.ts';
import { GLOBAL_VRF, type IkeConfig } from '../ike/index.ts';
import type { TunnelBinding } from '../tunnel/index.ts';
import type { PeerSettings } from './contract.ts';
import { type Credentials, NO_CREDENTIALS } from './credentials.ts';
import type { GreTunnel } from './gre-plan.ts';
import { asaPeers, asaProposals } from './ike-config-asa.ts';
import { iosxePeers, iosxeSelections } from './ike-config-iosxe.ts';
import type { ModelIndex } from './model-index.ts';
import type { RouteTerms } from './peer-plan.ts';
import { withSettings } from './peer-settings.ts';
import { Trustpoints } from './trustpoints.ts';

export type IkePlan = Readonly<{
  config: IkeConfig;
  bindings: readonly TunnelBinding[];
  /** GRE tunnels that have both ends. */
  gre: readonly GreTunnel[];
  /** Tunnels that can not start, with the first reason. */
  unusable: ReadonlyMap<string, string>;
  /** Of routes that a peer tells, by its name; absent: those of the platform. */
  routeTerms: ReadonlyMap<string, RouteTerms>;
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
  const isAsa = model.dialect === 'asa';
  const trustpoints = new Trustpoints(model, credentials);
  const { peers, bindings, gre, unusable, routeTerms } = isAsa
    ? asaPeers(index, trustpoints)
    : iosxePeers(index, trustpoints);
  const addresses = isAsa ? new Map([[GLOBAL_VRF, enabledAddresses(index)]]) : addressesByVrf(index);
  const vrfAddresses = [...addresses].flatMap(([vrf, own]) => (vrf === GLOBAL_VRF ? [] : [{ vrf, addresses: own }]));
  const config: IkeConfig = {
    addresses: addresses.get(GLOBAL_VRF) ?? [],
    ...(vrfAddresses.length === 0 ? {} : { vrfAddresses }),
    proposals: isAsa ? asaProposals(model) : [],
    ...(isAsa ? {} : { selections: iosxeSelections(index) }),
    ...certificateGroups(index),
    peers: peers.map((peer) => withSettings(peer, peerSettings)),
    cookieThreshold: cookieThreshold(model),
    maxHalfOpen: model.maxHalfOpen,
    ...(cookieThreshold(model) >= model.maxHalfOpen ? {} : { cookieRate: COOKIE_RATE }),
    ...(model.maxIkeSas === undefined ? {} : { maxSas: model.maxIkeSas }),
    ...(model.ikeFragmentation === undefined ? {} : { fragmentation: model.ikeFragmentation }),
    natKeepaliveMs: model.natKeepaliveMs ?? 0,
    ...(forceEncapsulation ? { forceEncapsulation } : {}),
  };
  return { config, bindings, gre, unusable, routeTerms };
}

/** Tunnel-groups by certificate maps, where they are to choose. */
function certificateGroups(index: ModelIndex): Pick<IkeConfig, 'certificateGroups' | 'certificateDefault'> {
  const map = index.model.tunnelGroupMap;
  if (map === undefined) return {};
  const groups = map.rules.map(({ map: name, sequence, group }) => ({
    rules: index.certificateRules([name], sequence),
    group,
  }));
  return {
    ...(map.usesRules ? { certificateGroups: groups } : {}),
    ...(map.defaultGroup === undefined ? {} : { certificateDefault: map.defaultGroup }),
  };
}

/** Half-open IKE SAs past which everyone has to show a cookie; as many as may be means never. */
export function cookieThreshold({ cookieChallengeCount, cookieChallengePercent, maxHalfOpen }: DeviceModel): number {
  return cookieChallengeCount ?? Math.floor((cookieChallengePercent / 100) * maxHalfOpen);
}

/** An ASA answers where it was told to. */
function enabledAddresses(index: ModelIndex): IpAddress[] {
  return index.model.ikeEnabled.flatMap(({ interface: name }) => {
    const found = index.interface(name);
    return found === undefined || found.shutdown ? [] : index.addresses(found).map(({ address }) => address);
  });
}

/** A router answers at all its addresses but those of tunnels, once it has a profile by which it could. */
function addressesByVrf(index: ModelIndex): Map<string, IpAddress[]> {
  const byVrf = new Map<string, IpAddress[]>();
  if (index.model.ikeProfiles.length === 0) return byVrf;
  for (const one of index.model.interfaces) {
    if (one.shutdown || (one.kind !== 'ethernet' && one.kind !== 'loopback')) continue;
    const own = byVrf.get(one.vrf) ?? [];
    own.push(...index.addresses(one).map(({ address }) => address));
    byVrf.set(one.vrf, own);
  }
  return byVrf;
}

/** First requests in a second past which cookies are asked for: the key exchanges of so many keep one core busy. */
const COOKIE_RATE = 500;
