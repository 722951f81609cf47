/** Modes and sections of an IOS-XE router's configuration, and the makers of its rows. */
import type { Draft } from '../draft.ts';
import type {
  AccessListModel,
  AuthorizationPolicyModel,
  BgpModel,
  BgpVrfModel,
  BridgeDomainModel,
  CertificateMapModel,
  CryptoMapModel,
  DeviceModel,
  EspProposalModel,
  IkeProfileModel,
  IkeProposalModel,
  IkeSelectionModel,
  InterfaceModel,
  IpsecProfileModel,
  KeyringModel,
  NveModel,
  RouteMapModel,
  VrfModel,
} from '../model.ts';
import { type Row, rowKinds } from '../row.ts';
import type { CertificateChainModel, CertificateModel, TrustpointModel } from '../trustpoint-model.ts';
import type { Assembly } from './assembly.ts';

type Pair<T, V> = Readonly<{ target: T; view: V }>;
/**
 * Where lines of BGP stand: the process itself, or a family of the global table or of a VRF. What they change belongs to
 * that table; lines of a family that stand in the process itself are about IPv4.
 */
export type BgpScope = Readonly<{
  bgp: Draft<BgpModel>;
  table: Draft<BgpModel> | Draft<BgpVrfModel>;
  /** VRF of the table, '' is the global one. */
  vrf: string;
  /** Absent in the process itself. */
  family?: 4 | 6;
}>;
export type BgpView = Readonly<{ bgp: BgpModel; table: BgpModel | BgpVrfModel; vrf: string; family?: 4 | 6 }>;

type Clause = RouteMapModel['clauses'][number];
type KeyringPeer = KeyringModel['peers'][number];

/** Each mode with what its lines change, and what they print from. */
export type IosxeModes = Readonly<{
  config: Pair<Assembly, DeviceModel>;
  vrf: Pair<Draft<VrfModel>, VrfModel>;
  'vrf-af': Pair<Draft<VrfModel>, VrfModel>;
  interface: Pair<Draft<InterfaceModel>, InterfaceModel>;
  'ikev2-proposal': Pair<Draft<IkeProposalModel>, IkeProposalModel>;
  'ikev2-policy': Pair<Draft<IkeSelectionModel>, IkeSelectionModel>;
  'ikev2-keyring': Pair<Draft<KeyringModel>, KeyringModel>;
  'ikev2-keyring-peer': Pair<Draft<KeyringPeer>, KeyringPeer>;
  'ikev2-profile': Pair<Draft<IkeProfileModel>, IkeProfileModel>;
  'ikev2-authorization': Pair<Draft<AuthorizationPolicyModel>, AuthorizationPolicyModel>;
  'transform-set': Pair<Draft<EspProposalModel>, EspProposalModel>;
  'ipsec-profile': Pair<Draft<IpsecProfileModel>, IpsecProfileModel>;
  'crypto-map': Pair<Draft<CryptoMapModel>, CryptoMapModel>;
  'route-map': Pair<Draft<Clause>, Clause>;
  trustpoint: Pair<Draft<TrustpointModel>, TrustpointModel>;
  'certificate-chain': Pair<Draft<CertificateChainModel>, CertificateChainModel>;
  'certificate-map': Pair<Draft<CertificateMapModel>, CertificateMapModel>;
  'certificate-data': Pair<Draft<CertificateModel>, CertificateModel>;
  'access-list-standard': Pair<Draft<AccessListModel>, AccessListModel>;
  'access-list-extended': Pair<Draft<AccessListModel>, AccessListModel>;
  'access-list-ipv6': Pair<Draft<AccessListModel>, AccessListModel>;
  'router-bgp': Pair<BgpScope, BgpView>;
  'bgp-ipv4': Pair<BgpScope, BgpView>;
  'bgp-ipv6': Pair<BgpScope, BgpView>;
  'bgp-evpn': Pair<BgpScope, BgpView>;
  'bgp-other': Pair<unknown, never>;
  nve: Pair<Draft<NveModel>, NveModel>;
  'router-ospf': Pair<unknown, never>;
  'key-chain': Pair<unknown, never>;
  'key-chain-key': Pair<unknown, never>;
  'bridge-domain': Pair<Draft<BridgeDomainModel>, BridgeDomainModel>;
  section: Pair<unknown, never>;
  '*': Pair<unknown, never>;
}>;

export type IosxeMode = keyof IosxeModes;
export type IosxeRow = Row<IosxeMode>;

/** Order of sections as `show running-config` prints them. */
export const SECTIONS = [
  'version',
  'service',
  'platform',
  'hostname',
  'vrf',
  'logging-buffered',
  'aaa',
  'management',
  'pki',
  'key-chain',
  'user',
  'redundancy',
  'track',
  'qos',
  'ikev2-authorization',
  'ikev2-proposal',
  'ikev2-policy',
  'ikev2-keyring',
  'ikev2-profile',
  'ikev2',
  'isakmp',
  'ipsec',
  'crypto-map',
  'interface',
  'router',
  'route',
  'as-path',
  'community-list',
  'access-list',
  'prefix-list',
  'logging',
  'route-map',
  'snmp',
  'control-plane',
  'banner',
  'line',
  'last',
] as const;

export const { used, harmless, unsupported } = rowKinds<IosxeModes>();
