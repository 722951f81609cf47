/** Modes and sections of an ASA's configuration, and the makers of its rows. */

import type { Draft } from '../draft.ts';
import type {
  BgpFamilyModel,
  BgpModel,
  CertificateMapModel,
  DeviceModel,
  EspProposalModel,
  GroupPolicyModel,
  IkePolicyModel,
  InterfaceModel,
  IpsecProfileModel,
  RouteMapModel,
  TcpMapModel,
  TrafficClassModel,
  TransitClassModel,
  TransitPolicyModel,
  TunnelGroupModel,
} from '../model.ts';
import { type Row, rowKinds } from '../row.ts';
import type { CertificateChainModel, CertificateModel, TrustpointModel } from '../trustpoint-model.ts';
import type { Assembly } from './assembly.ts';
import type { NetworkObject, ServiceObject } from './objects.ts';

/** One address family of the BGP process. */
export type BgpFamilyScope = Readonly<{ bgp: Draft<BgpModel>; family: Draft<BgpFamilyModel>; which: 4 | 6 }>;
export type BgpFamilyView = Readonly<{ bgp: BgpModel; family: BgpFamilyModel; which: 4 | 6 }>;

type Pair<T, V> = Readonly<{ target: T; view: V }>;

/** Each mode with what its lines change, and what they print from. */
export type AsaModes = Readonly<{
  config: Pair<Assembly, DeviceModel>;
  interface: Pair<Draft<InterfaceModel>, InterfaceModel>;
  'ikev2-policy': Pair<Draft<IkePolicyModel>, IkePolicyModel>;
  'ipsec-proposal': Pair<Draft<EspProposalModel>, EspProposalModel>;
  'ipsec-profile': Pair<Draft<IpsecProfileModel>, IpsecProfileModel>;
  'tunnel-group-general': Pair<Draft<TunnelGroupModel>, TunnelGroupModel>;
  'tunnel-group-ipsec': Pair<Draft<TunnelGroupModel>, TunnelGroupModel>;
  trustpoint: Pair<Draft<TrustpointModel>, TrustpointModel>;
  'certificate-chain': Pair<Draft<CertificateChainModel>, CertificateChainModel>;
  'certificate-data': Pair<Draft<CertificateModel>, CertificateModel>;
  'certificate-map': Pair<Draft<CertificateMapModel>, CertificateMapModel>;
  'group-policy': Pair<Draft<GroupPolicyModel>, GroupPolicyModel>;
  'router-bgp': Pair<Draft<BgpModel>, BgpModel>;
  'bgp-ipv4': Pair<BgpFamilyScope, BgpFamilyView>;
  'bgp-ipv6': Pair<BgpFamilyScope, BgpFamilyView>;
  'route-map': Pair<Draft<RouteMapModel['clauses'][number]>, RouteMapModel['clauses'][number]>;
  'object-network': Pair<NetworkObject, never>;
  'object-service': Pair<ServiceObject, never>;
  'object-group-network': Pair<NetworkObject, never>;
  'object-group-service': Pair<ServiceObject, never>;
  'ikev1-policy': Pair<unknown, never>;
  'class-map': Pair<Draft<TrafficClassModel>, TrafficClassModel>;
  'policy-map': Pair<Draft<TransitPolicyModel>, TransitPolicyModel>;
  'policy-map-class': Pair<Draft<TransitClassModel>, TransitClassModel>;
  'tcp-map': Pair<Draft<TcpMapModel>, TcpMapModel>;
  section: Pair<unknown, never>;
  '*': Pair<unknown, never>;
}>;

export type AsaMode = keyof AsaModes;

export type AsaRow = Row<AsaMode>;

/** Order of sections as `show running-config` prints them. */
export const SECTIONS = [
  'hostname',
  'names',
  'interface',
  'same-security',
  'object',
  'access-list',
  'logging',
  'mtu',
  'nat',
  'access-group',
  'prefix-list',
  'as-path',
  'community-list',
  'route-map',
  'router',
  'route',
  'management',
  'sysopt',
  'crypto-ipsec',
  'crypto-map',
  'crypto-ca',
  'crypto-isakmp',
  'crypto-ikev2-policy',
  'crypto-ikev2',
  'group-policy',
  'tunnel-group',
  'policy-map',
  'last',
] as const;

export const { used, harmless, unsupported } = rowKinds<AsaModes>();
