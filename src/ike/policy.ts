/**
 * What the operator decides about IKEv2, in the RFC's words and without dialect. Pure values and functions of values;
 * the collection of IKE SAs (`ike.ts`) is configured with one `IkeConfig`.
 */
import type { Endpoint, IpAddress, Prefix, SecretKey } from '../base/index.ts';
import type { LocalCredential, TrustAnchor } from '../crypto/index.ts';

/** Identification payload value, RFC 7296 section 3.5. */
export type Identity =
  | Readonly<{ type: 'ipv4' | 'ipv6'; address: IpAddress }>
  | Readonly<{ type: 'fqdn' | 'rfc822'; name: string }>
  | Readonly<{ type: 'der-asn1-dn' | 'der-asn1-gn' | 'key-id'; data: Uint8Array }>;

/**
 * What a peer's identity has to be like. A domain stands for all names that end with it after a dot, or after the at
 * sign of a mail address.
 */
export type IdentityRule =
  | Readonly<{ kind: 'address'; prefix: Prefix }>
  | Readonly<{ kind: 'fqdn' | 'email'; name: string; domain: boolean }>
  | Readonly<{ kind: 'key-id'; text: string }>
  | Readonly<{ kind: 'any' }>;

/** What a certificate has to say in one of its fields. Names are as RFC 4514 writes them. */
export type CertificateCondition = Readonly<{
  field:
    | 'subject'
    | 'issuer'
    | 'alternative-name'
    | 'unstructured-name'
    | 'any-name'
    | 'serial'
    | 'key-usage'
    | 'valid-from'
    | 'valid-until';
  /** This attribute of the name alone, such as `ou`; absent: all of it. */
  attribute?: string;
  relation: 'equals' | 'differs' | 'contains' | 'lacks' | 'before' | 'from';
  value: string;
}>;

/** All of the conditions have to hold. */
export type CertificateRule = readonly CertificateCondition[];

/** One traffic selector, RFC 7296 section 3.13.1. `protocol` 0 is any; ports 0 to 65535 is any. Ends are inclusive. */
export type TrafficSelector = Readonly<{
  protocol: number;
  startPort: number;
  endPort: number;
  start: IpAddress;
  end: IpAddress;
}>;

/** Choices for the IKE SA, most wanted first in each list; transform ids are IANA's (`crypto` registries). */
export type IkeProposal = Readonly<{
  encryption: readonly Readonly<{ encr: number; keyBits: number }>[];
  /** Ignored for AEAD ciphers, which are offered in a proposal of their own without an integrity transform. */
  integrity: readonly number[];
  prf: readonly number[];
  groups: readonly number[];
  /** Lifetime of an IKE SA that comes of this proposal; absent: the peer's `ikeLifetimeMs`. */
  lifetimeMs?: number | 'unlimited';
}>;

/** Choices for a child SA. `group` is used by CREATE_CHILD_SA alone (PFS). */
export type EspProposal = Readonly<{
  encryption: readonly Readonly<{ encr: number; keyBits: number }>[];
  integrity: readonly number[];
  esn: readonly boolean[];
}>;

/** How child SAs of one peer are made. */
export type ChildPolicy = Readonly<{
  proposals: readonly EspProposal[];
  /** Diffie-Hellman group for rekeys and further children; none means no PFS. */
  pfsGroup?: number;
  mode: 'tunnel' | 'transport';
  localSelectors: readonly TrafficSelector[];
  remoteSelectors: readonly TrafficSelector[];
  /** Hard lifetime. The soft limit is derived: hard - max(30 s, 10 %) with jitter. */
  lifetimeMs: number;
  /** Hard volume limit; the soft limit is 95 % of it. None means unlimited. */
  lifetimeBytes?: number;
  /** Anti-replay window in packets; 0 switches the check off. */
  replayWindow: number;
}>;

/** Dead peer detection: after `idleMs` without proof of life ask every `retryMs`, `tries` times, then give up. */
export type Liveness = Readonly<{ idleMs: number; retryMs: number; tries: number; mode: 'periodic' | 'on-demand' }>;

/**
 * Postquantum preshared key, RFC 8784: mixed into the keys of the IKE SA, so that a recorded exchange stays closed to
 * who can solve the key exchange one day. `id` tells the peer which key is meant; `type` is how the RFC names ids:
 * 'fixed' for a name both ends were given, 'opaque' for one that only means something to who made it.
 */
export type Ppk = Readonly<{
  id: Uint8Array;
  type: 'fixed' | 'opaque';
  key: SecretKey;
  /** Without it no IKE SA comes to be; otherwise a peer that does not have it is let in without. */
  required: boolean;
}>;

/** The keys of one of many peers that are served alike. */
export type KeyringEntry = Readonly<{
  name: string;
  /** Where it is: the longest prefix counts. */
  address?: Prefix;
  hostname?: string;
  identities: readonly IdentityRule[];
  localKey?: SecretKey;
  remoteKey?: SecretKey;
  ppk?: Ppk;
}>;

/** We prove who we are by a signature, RFC 7296 section 2.15. */
export type LocalSignature = Readonly<{
  credential: LocalCredential;
  /** Send the authorities above our certificate, too. */
  sendChain: boolean;
  /** Call ourselves by our address rather than by the certificate's subject. */
  identity?: 'address';
  /** RSA signatures by the old method with SHA-1 alone, whatever the peer has (`ikev2 rsa-sig-hash sha1`). */
  rsaHash?: 'sha1';
  /** How RSA signatures are padded where the peer leaves the choice (RFC 7427); absent: as PKCS #1 version 1.5 does. */
  rsaPadding?: 'pkcs1' | 'pss';
}>;

/** Whose certificates a peer may show. */
export type CertificateTrust = Readonly<{
  anchors: readonly TrustAnchor[];
  /** RSA keys below 2048 bits and signatures with SHA-1 will do. */
  permitWeak: boolean;
  /** Whether the certificate must contain the identity: always, if it has one of that kind, or not at all. */
  identity: 'required' | 'if-present' | 'any';
}>;

/** One peer, or one class of peers (a wildcard group on a hub). */
export type IkePeer = Readonly<{
  /** Unique name that effects and snapshots refer to, such as the tunnel-group's (plus the tunnel for a static VTI). */
  name: string;
  /** Name of the tunnel-group it comes from: compared with the peer's identity as text, then with its address. */
  group: string;
  /** Catches what no other group matches (`DefaultL2LGroup`). */
  isDefault: boolean;
  /** VRF of the outer packets; absent: the global table. */
  vrf?: string;
  /** Identities that it may have, of which one has to fit; absent: `group` says it. */
  identities?: readonly IdentityRule[];
  /** Or a certificate that one of these knows: either of the two makes it this peer. */
  certificateRules?: readonly CertificateRule[];
  /** Keys by who it turns out to be, in the place of `localKey`, `remoteKey` and `ppk` where an entry fits. */
  keyring?: readonly KeyringEntry[];
  /** Where the peer is, for a static tunnel; absent: we only respond. */
  remote?: IpAddress;
  /** Our address toward it; absent: whichever the peer speaks to. */
  local?: IpAddress;
  /** Only toward one of these addresses of ours. */
  localAddresses?: readonly IpAddress[];
  /** Bring it up at once and keep it up. */
  initiate: boolean;
  /** What we call ourselves; absent: the address in use. */
  localIdentity?: Identity;
  /** Whether the peer's identity must be the group's name or its address ('required'), or anything ('none'). */
  validateIdentity: 'required' | 'none';
  localKey?: SecretKey;
  /** Absent: no pre-shared key is accepted of it. */
  remoteKey?: SecretKey;
  /** How we prove who we are, in the place of `localKey`. */
  localSignature?: LocalSignature;
  /** Certificates are accepted of it; absent: none are. */
  trust?: CertificateTrust;
  ppk?: Ppk;
  /** Lifetime of its IKE SAs where the proposal agreed on has none of its own. */
  ikeLifetimeMs: number;
  /** Authenticate anew at least this often, by a new IKE SA made before the old one is deleted; absent: never. */
  reauthenticateMs?: number;
  /** Moving IKE SAs between addresses, RFC 4555: asked for as initiator, agreed to when asked (absent), or never. */
  mobike?: 'offer' | 'accept' | 'off';
  /** A peer that moved has to give back a cookie from the new address before its traffic is sent there. */
  returnRoutability?: boolean;
  liveness?: Liveness;
  child: ChildPolicy;
  /** Host or subnet routes told to the peer in configuration payloads (`route set`). */
  sendRoutes: readonly Prefix[];
  /** Whether subnets that the peer tells are reported (`route accept any`). */
  acceptRoutes: boolean;
  /** NAT keepalives toward it, in the place of those of all. */
  natKeepaliveMs?: number;
  /** Put ESP into UDP toward it, NAT or not (RFC 7296 section 2.23). */
  forceEncapsulation?: boolean;
  /** Ask for the first child SA by CREATE_CHILD_SA, with a key exchange of its own, if the peer can (RFC 6023). */
  childless?: boolean;
}>;

/** Own addresses in a VRF other than the global table. */
export type VrfAddresses = Readonly<{ vrf: string; addresses: readonly IpAddress[] }>;

/** IKE proposals for some of the ways that a peer may come by. */
export type IkeSelection = Readonly<{
  /** '' is the global table; absent: any. */
  vrf?: string;
  /** None: every own address. */
  localAddresses: readonly IpAddress[];
  proposals: readonly IkeProposal[];
}>;

/** All that one gateway's IKE needs to know. Replacing it disturbs only the peers that differ. */
export type IkeConfig = Readonly<{
  /** Own addresses on which IKE answers (`crypto ikev2 enable`). */
  addresses: readonly IpAddress[];
  /** The same in other VRFs, where the same addresses may be other ones. */
  vrfAddresses?: readonly VrfAddresses[];
  /** In order of preference; all are offered. */
  proposals: readonly IkeProposal[];
  /** Proposals that hold in the place of `proposals` where one fits; the most specific one does. */
  selections?: readonly IkeSelection[];
  peers: readonly IkePeer[];
  /** Groups of peers by their certificates: the first rule that one fits says which, before its names do. */
  certificateGroups?: readonly Readonly<{ rules: readonly CertificateRule[]; group: string }>[];
  /** Group of those with a certificate that belong to no other. */
  certificateDefault?: string;
  /** Send COOKIE once this many IKE SAs are half open (0: always; `maxHalfOpen` or more: never for their number). */
  cookieThreshold: number;
  /** Send COOKIE while more IKE_SA_INIT requests than this come in a second; absent: however many come. */
  cookieRate?: number;
  /** At most this many half-open IKE SAs; more are ignored. */
  maxHalfOpen: number;
  /** At most this many sessions at a time, whoever begins them; absent: as many as come. */
  maxSas?: number;
  /** UDP keepalive from behind a NAT, RFC 3948 section 4; 0 switches NAT detection's keepalives off. */
  natKeepaliveMs: number;
  /** Put ESP into UDP with all peers, NAT or not, so that what only lets UDP through lets it through. */
  forceEncapsulation?: boolean;
  /**
   * Encrypted messages too large for one datagram are cut (RFC 7383); absent: neither said nor done. `mtu` is the
   * largest IP packet; absent: 576 for IPv4, 1280 for IPv6.
   */
  fragmentation?: Readonly<{ mtu?: number }>;
}>;

/** The two ends of an IKE SA as seen by us. Port 4500 on our side means non-ESP markers and UDP encapsulation. */
export type IkePath = Readonly<{
  local: Endpoint;
  remote: Endpoint;
  /** Where both addresses mean something; absent: the global table. */
  vrf?: string;
}>;

/** How the global table is called. */
export const GLOBAL_VRF = '';

export function vrfOf(of: Readonly<{ vrf?: string }>): string {
  return of.vrf ?? GLOBAL_VRF;
}

/** Own addresses in the VRF of a path. */
export function addressesIn(config: IkeConfig, of: Readonly<{ vrf?: string }>): readonly IpAddress[] {
  const vrf = vrfOf(of);
  if (vrf === GLOBAL_VRF) return config.addresses;
  return config.vrfAddresses?.find((one) => one.vrf === vrf)?.addresses ?? [];
}

/** Proposals for a path: those for its VRF and address before those for its VRF, and these before those for any. */
export function proposalsFor(config: IkeConfig, path: IkePath): readonly IkeProposal[] {
  let best: IkeSelection | undefined;
  let bestRank = 0;
  for (const one of config.selections ?? []) {
    const names = one.localAddresses.some((address) => address.equals(path.local.address));
    if (one.vrf !== undefined && one.vrf !== vrfOf(path)) continue;
    if (one.localAddresses.length > 0 && !names) continue;
    const rank = 1 + (one.vrf === undefined ? 0 : 2) + (names ? 1 : 0);
    if (rank <= bestRank) continue;
    best = one;
    bestRank = rank;
  }
  return best?.proposals ?? (config.selections === undefined ? config.proposals : []);
}
