/**
 * IKEv2 as profiles, keyrings and selections: the model of dialects in which a peer is found by its identity and the
 * VRF that it comes in by, rather than by a group named after it.
 */
import type { Family, IpAddress, Prefix, SecretKey } from '../base/index.ts';
import type { Written } from './written.ts';

/** A routing table of its own, for the families that were switched on in it. */
export type VrfModel = Readonly<{
  name: string;
  description?: string;
  /** Route distinguisher as written. */
  rd?: string;
  families: readonly Family[];
  /** Extended communities as written (`65000:1`). `stitching` ones are those of EVPN. */
  routeTargets: readonly Readonly<{ direction: 'import' | 'export'; target: string; stitching: boolean }>[];
  written: Written;
}>;

/** Choices for an IKE SA under a name; transform ids are IANA's. */
export type IkeProposalModel = Readonly<{
  name: string;
  encryption: readonly Readonly<{ encr: number; keyBits: number }>[];
  integrity: readonly number[];
  /** Empty: those of `integrity`. */
  prf: readonly number[];
  groups: readonly number[];
  written: Written;
}>;

/** Which proposals hold for which front VRF and own address; the most specific match is used. */
export type IkeSelectionModel = Readonly<{
  name: string;
  frontVrf: FrontVrfMatch;
  /** None: every own address. */
  localAddresses: readonly IpAddress[];
  /** Names, in order of preference. */
  proposals: readonly string[];
  written: Written;
}>;

/** A VRF by name ('' is the global table), or any. */
export type FrontVrfMatch = Readonly<{ kind: 'any' } | { kind: 'vrf'; vrf: string }>;

/** What an identity of the peer may be. A domain matches every name that ends with it after a dot (an at sign). */
export type IdentityMatch =
  | Readonly<{ kind: 'address'; prefix: Prefix }>
  | Readonly<{ kind: 'fqdn' | 'email'; name: string; domain: boolean }>
  | Readonly<{ kind: 'key-id'; text: string }>
  | Readonly<{ kind: 'any' }>;

export type KeyringModel = Readonly<{
  name: string;
  peers: readonly Readonly<{
    name: string;
    description?: string;
    address?: Prefix;
    hostname?: string;
    identities: readonly IdentityMatch[];
    localKey?: SecretKey;
    remoteKey?: SecretKey;
    /** Post-quantum preshared key, RFC 8784. */
    ppk?: Readonly<{ id: string; key: SecretKey; required: boolean }>;
    written: Written;
  }>[];
  written: Written;
}>;

export type LocalIdentityModel =
  | Readonly<{ kind: 'address'; address: IpAddress }>
  | Readonly<{ kind: 'fqdn' | 'email' | 'key-id'; text: string }>
  | Readonly<{ kind: 'dn' }>;

export type IkeAuthenticationMethod = 'pre-share' | 'rsa-sig' | 'ecdsa-sig' | 'eap';

/** How peers of one kind are recognised, authenticated and served. */
export type IkeProfileModel = Readonly<{
  name: string;
  description?: string;
  /** Absent: the global table alone. */
  frontVrf?: FrontVrfMatch;
  localAddresses: readonly Readonly<{ address: IpAddress } | { interface: string }>[];
  remoteIdentities: readonly IdentityMatch[];
  certificateMaps: readonly string[];
  localIdentity?: LocalIdentityModel;
  localAuthentication?: IkeAuthenticationMethod;
  remoteAuthentications: readonly IkeAuthenticationMethod[];
  /** Keys written in the profile itself. */
  localKey?: SecretKey;
  remoteKey?: SecretKey;
  keyring?: string;
  trustpoints: readonly Readonly<{ name: string; use?: 'sign' | 'verify' }>[];
  dpd?: DpdModel;
  lifetimeMs: number;
  /** Inner VRF of crypto-map users; a tunnel interface's own VRF wins. */
  innerVrf?: string;
  /** Number of the virtual template that its peers get clones of. */
  virtualTemplate?: number;
  /** Authorization policy by name, of `aaa authorization group|user psk|cert list LIST NAME`. */
  authorization?: Readonly<{ list: string; policy: string }>;
  configExchange: Readonly<{ request: boolean; setAccept: boolean; setSend: boolean }>;
  natKeepaliveMs?: number;
  forceEncapsulation: boolean;
  initialContactForce: boolean;
  shutdown: boolean;
  written: Written;
}>;

export type DpdModel = Readonly<{ idleMs: number; retryMs: number; mode: 'periodic' | 'on-demand' }>;

/** What a peer is told in configuration payloads, and what of its own is believed. */
export type AuthorizationPolicyModel = Readonly<{
  name: string;
  /** `route set interface`: '' is the tunnel's own address, otherwise that interface's. */
  routeSetInterfaces: readonly string[];
  /** Standard access-lists whose permitted subnets are told. */
  routeSetAccessLists: readonly Readonly<{ family: Family; name: string }>[];
  routeSetRemote: readonly Prefix[];
  /** Absent: nothing is accepted. */
  routeAccept?: Readonly<{ distance: number; tag?: number }>;
  written: Written;
}>;
