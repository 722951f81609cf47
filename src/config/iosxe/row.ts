/** Modes and sections of an IOS-XE router's configuration, and the makers of its rows. */
import type { Draft } from '../draft.ts';
import type {
  AuthorizationPolicyModel,
  DeviceModel,
  EspProposalModel,
  IkeProfileModel,
  IkeProposalModel,
  IkeSelectionModel,
  InterfaceModel,
  IpsecProfileModel,
  KeyringModel,
  VrfModel,
} from '../model.ts';
import { type Row, rowKinds } from '../row.ts';
import type { Assembly } from './assembly.ts';

type Pair<T, V> = Readonly<{ target: T; view: V }>;
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
  section: Pair<unknown, never>;
  '*': Pair<unknown, never>;
}>;

export type IosxeMode = keyof IosxeModes;
export type IosxeRow = Row<IosxeMode>;

/** Order of sections as `show running-config` prints them. */
export const SECTIONS = [
  'version',
  'service',
  'hostname',
  'vrf',
  'logging-buffered',
  'aaa',
  'key-chain',
  'ikev2-authorization',
  'ikev2-proposal',
  'ikev2-policy',
  'ikev2-keyring',
  'ikev2-profile',
  'ikev2',
  'isakmp',
  'ipsec',
  'interface',
  'router',
  'route',
  'as-path',
  'community-list',
  'access-list',
  'prefix-list',
  'logging',
  'route-map',
  'last',
] as const;

export const { used, harmless, unsupported } = rowKinds<IosxeModes>();
