/**
 * The configuration model: what one device is to do, in our own words, the same for every dialect. Each named thing
 * keeps where it was written. Nothing here refers to another object by pointer: references are names, resolved late, so
 * that a dangling one can be reported by whoever needs it.
 */
import type { Family, IpAddress, Prefix, SecretKey } from '../base/index.ts';
import type { BgpModel } from './bgp-model.ts';
import type { CertificateMapModel, TunnelGroupMapModel } from './certificate-map-model.ts';
import type { CryptoMapModel } from './crypto-map-model.ts';
import type {
  AuthorizationPolicyModel,
  DpdModel,
  IkeProfileModel,
  IkeProposalModel,
  IkeSelectionModel,
  KeyringModel,
  VrfModel,
} from './ike-profile-model.ts';
import type {
  AccessGroupModel,
  ConnectionTimeoutsModel,
  ServicePolicyModel,
  TcpMapModel,
  TrafficClassModel,
  TransitPolicyModel,
} from './transit-model.ts';
import type { CertificateChainModel, TrustpointModel } from './trustpoint-model.ts';
import type { Position, Written } from './written.ts';

export type * from './bgp-model.ts';
export type * from './certificate-map-model.ts';
export type * from './crypto-map-model.ts';
export type * from './ike-profile-model.ts';
export type * from './transit-model.ts';
export type * from './written.ts';

/** A message about a line. `error`: the line is not used and nothing starts; `warning`: used or ignored, as it says. */
export type Diagnostic = Readonly<{
  severity: 'error' | 'warning' | 'note';
  position: Position;
  /** Stable word for tests and filters, such as `unknown-command`. */
  code: string;
  message: string;
  /** What would have been right here. */
  expected?: string;
  /** The nearest correct line. */
  suggestion?: string;
  /** Lines that do what was meant. */
  configuration?: readonly string[];
}>;

export type InterfaceModel = Readonly<{
  /** Canonical hardware name: `GigabitEthernet0/0`, `Loopback1`, `Tunnel1`, `Virtual-Template1`. */
  name: string;
  kind: 'ethernet' | 'loopback' | 'tunnel' | 'virtual-template';
  /** ASA's nameif: what other lines call it. */
  alias?: string;
  description?: string;
  securityLevel?: number;
  shutdown: boolean;
  addresses: readonly Readonly<{ address: IpAddress; length: number }>[];
  /** Interface (alias or name) whose addresses it borrows, by family. */
  unnumbered: Readonly<Partial<Record<Family, string>>>;
  ipv6Enabled: boolean;
  /** Largest IP packet; absent: the platform's own. */
  mtu?: number;
  vrf: string;
  /** TCP MSS clamp of SYNs that pass this very interface (`ip tcp adjust-mss`); absent: the device's. */
  clampMss?: number;
  /** 802.1Q tag of a subinterface. */
  vlan?: number;
  bandwidthKbps?: number;
  /** `bandwidth qos-reference`: what shares of a policy are reckoned from. */
  qosReferenceKbps?: number;
  /** IPsec policy of packets that leave by it (`crypto ipsec df-bit`, `fragmentation`). */
  df?: 'copy' | 'set' | 'clear';
  fragmentation?: 'before' | 'after';
  tunnel?: TunnelModel;
  /** Crypto map by name, which is not run. */
  cryptoMap?: string;
  written: Written;
}>;

export type TunnelModel = Readonly<{
  /** Interface (alias) that the outer packets leave from. */
  sourceInterface?: string;
  /** A source given as an address. */
  sourceAddress?: IpAddress;
  destination?: IpAddress;
  /** Outer family, `tunnel mode ipsec ipv4|ipv6`; undefined: not configured. */
  mode?: Family;
  /** Outer family of GRE, `tunnel mode gre ip|ipv6`; where neither is configured a router does GRE over IPv4. */
  greMode?: Family;
  gre?: GreModel;
  /** VRF of the outer packets; absent: the global table, or that of the source interface where a device has no such line. */
  frontVrf?: string;
  /** IKE profile of this tunnel's protection, before that of the IPsec profile. */
  ikeProfile?: string;
  /** Name of the IPsec profile. */
  profile?: string;
  /** `tunnel protection ipsec policy ACL`. */
  policyAccessList?: string;
}>;

/** How a GRE tunnel is; absent fields are as the platform has them. */
export type GreModel = Readonly<{
  key?: number;
  checksum?: boolean;
  sequence?: boolean;
  /** Period, and unanswered ones after which the line is down. */
  keepalive?: Readonly<{ periodMs: number; retries: number }>;
  ttl?: number;
  /** Type of service outside. */
  tos?: number;
  pathMtuDiscovery?: Readonly<{ maxAgeMs?: number | 'never'; leastMtu?: number }>;
}>;

/** `crypto ikev2 policy`: transform ids are IANA's. */
export type IkePolicyModel = Readonly<{
  priority: number;
  encryption: readonly Readonly<{ encr: number; keyBits: number }>[];
  integrity: readonly number[];
  prf: readonly number[];
  groups: readonly number[];
  /** Undefined: none (never expires). */
  lifetimeMs?: number;
  written: Written;
}>;

export type EspProposalModel = Readonly<{
  name: string;
  encryption: readonly Readonly<{ encr: number; keyBits: number }>[];
  integrity: readonly number[];
  /** Absent: tunnel. */
  mode?: 'tunnel' | 'transport';
  /** Extended sequence numbers; absent: not wanted. */
  esn?: boolean;
  written: Written;
}>;

export type IpsecProfileModel = Readonly<{
  name: string;
  /** ESP proposals by name, in order of preference. */
  proposals: readonly string[];
  pfsGroup?: number;
  lifetimeMs?: number;
  /** 'unlimited' or kilobytes times 1000, as bytes. */
  lifetimeBytes?: number | 'unlimited';
  responderOnly: boolean;
  /** Routes to what the peer's selectors name, for as long as its child SAs are there. */
  reverseRoute?: boolean;
  /** Certificate that we show where the tunnel-group names none. */
  trustpoint?: Readonly<{ name: string; chain: boolean }>;
  /** IKE profile by name. */
  ikeProfile?: string;
  /** Packets; 0 switches the check off; absent: the device's. */
  replayWindow?: number;
  df?: 'copy' | 'set' | 'clear';
  written: Written;
}>;

export type TunnelGroupModel = Readonly<{
  name: string;
  type: string;
  groupPolicy?: string;
  localKey?: SecretKey;
  remoteKey?: SecretKey;
  /** Trustpoint whose certificate we prove. */
  localTrustpoint?: string;
  /** The peer may prove a certificate that leads to one of our trustpoints. */
  remoteCertificate?: boolean;
  /** Send the authorities above our certificate, too. */
  sendChain?: boolean;
  /** `ikev2 rsa-sig-hash`: the old signature of RSA. */
  rsaSigHash?: 'sha1';
  validateIdentity: 'required' | 'certificate' | 'none';
  /** Dead peer detection; undefined: switched off. */
  keepalive?: Readonly<{ thresholdMs: number; retryMs: number }>;
  /** Number of the virtual template. */
  virtualTemplate?: number;
  /** `ikev2 route set interface`. */
  routeSetInterface: boolean;
  /** `ikev2 mobike-rrc`: return routability check, RFC 4555 section 3.7. */
  mobikeReturnRoutability?: boolean;
  /** `ikev2 route accept any`; on by default (semantics section 5). */
  routeAcceptAny: boolean;
  written: Written;
}>;

export type GroupPolicyModel = Readonly<{
  name: string;
  internal: boolean;
  from?: string;
  tunnelProtocols?: readonly string[];
  attributes: Readonly<Record<string, string>>;
  written: Written;
}>;

export type StaticRouteModel = Readonly<{
  /** Interface alias or name; absent: the one toward the gateway. */
  interface?: string;
  prefix: Prefix;
  gateway?: IpAddress;
  nullRoute: boolean;
  distance: number;
  vrf: string;
  name?: string;
  tag?: number;
  /** Kept while its interface is down. */
  permanent?: boolean;
  written: Written;
}>;

export type AccessListEntryModel = Readonly<{
  action: 'permit' | 'deny';
  /** IP protocol number; 0: any. */
  protocol: number;
  source: readonly Prefix[];
  destination: readonly Prefix[];
  sourcePorts?: Readonly<{ from: number; to: number }>;
  destinationPorts?: Readonly<{ from: number; to: number }>;
  inactive: boolean;
  /** Where entries are numbered. */
  sequence?: number;
  /** Notes that stand before it. */
  remarks?: readonly string[];
  /** The entry as written after the list's name, where objects stood for the addresses above. */
  text?: string;
  written: Written;
}>;

export type AccessListModel = Readonly<{
  name: string;
  type: 'standard' | 'extended';
  /** 6 for a list of IPv6, where those have names of their own. */
  family?: 6;
  entries: readonly AccessListEntryModel[];
  /** Notes after the last entry. */
  remarks?: readonly string[];
}>;

export type PrefixListModel = Readonly<{
  name: string;
  family: Family;
  entries: readonly Readonly<{
    sequence: number;
    action: 'permit' | 'deny';
    prefix: Prefix;
    ge?: number;
    le?: number;
    written: Written;
  }>[];
}>;

export type RouteMapModel = Readonly<{
  name: string;
  clauses: readonly Readonly<{
    sequence: number;
    action: 'permit' | 'deny';
    matchPrefixLists: readonly string[];
    /** Those among them that were written for IPv6. */
    matchIpv6PrefixLists?: readonly string[];
    matchAccessLists: readonly string[];
    matchNextHopPrefixLists: readonly string[];
    matchAsPathLists: readonly number[];
    matchCommunityLists: readonly string[];
    matchMetric?: number;
    matchTags: readonly number[];
    setLocalPreference?: number;
    setMetric?: number;
    setWeight?: number;
    setAsPathPrepend: readonly number[];
    setCommunities?: Readonly<{ communities: readonly number[]; additive: boolean }>;
    setNextHop?: IpAddress;
    setOrigin?: 'igp' | 'egp' | 'incomplete';
    written: Written;
  }>[];
}>;

/** The tunnel endpoint of VXLAN, with the layer-3 VNIs of tenants. */
export type NveModel = Readonly<{
  name: string;
  description?: string;
  /** Loopback whose address is the endpoint. */
  sourceInterface?: string;
  /** `host-reachability protocol bgp`. */
  reachedByBgp: boolean;
  shutdown: boolean;
  members: readonly Readonly<{ vni: number; vrf: string; written: Written }>[];
  written: Written;
}>;

/** A bridge domain with the VNIs in it; `interface BDI<number>` is the router's way into it. */
export type BridgeDomainModel = Readonly<{ number: number; vnis: readonly number[]; written: Written }>;

export type LoggingModel = Readonly<{
  enabled: boolean;
  timestamp: boolean;
  /** Absent: the platform's own form of date and time. */
  timestampFormat?: 'rfc5424';
  /** How messages say when it was, where the platform has a choice; absent: as it does by itself. */
  stamp?:
    | Readonly<{ kind: 'uptime' }>
    | Readonly<{ kind: 'datetime'; milliseconds: boolean; zone: boolean; year: boolean }>;
  /** Messages bear numbers. */
  sequenceNumbers?: boolean;
  /** `crypto logging session`, `crypto logging ikev2`: what is not said otherwise. */
  cryptoSessions?: boolean;
  ikeExchanges?: boolean;
  /** What messages call the device; absent: nothing. */
  deviceId?:
    | Readonly<{ kind: 'hostname' }>
    | Readonly<{ kind: 'interface'; interface: string }>
    | Readonly<{ kind: 'text'; text: string }>;
  bufferedLevel?: number;
  consoleLevel?: number;
  monitorLevel?: number;
  trapLevel?: number;
  /** Without an interface ('') a host is where the routes of its VRF lead. */
  hosts: readonly Readonly<{ interface: string; address: IpAddress; vrf?: string; written?: Written }>[];
}>;

/**
 * A line that is known and changes nothing here (harmless, unsupported, or already resolved such as objects), kept so
 * that the running configuration shows it again. Secrets in it are masked.
 */
export type KeptLine = Readonly<{
  /** Lines of the sections it stands in, outermost first, as printed. */
  path: readonly string[];
  text: string;
  /** Line that ends the section it opens, where it has one. */
  closes?: string;
  /** Section of the running configuration. */
  section: string;
  position: Position;
}>;

/** Everything one device is to do. */
export type DeviceModel = Readonly<{
  dialect: 'asa' | 'iosxe';
  hostname: string;
  interfaces: readonly InterfaceModel[];
  /** Interfaces (alias) on which IKEv2 is enabled, with where each was written. */
  ikeEnabled: readonly Readonly<{ interface: string; written: Written }>[];
  ikePolicies: readonly IkePolicyModel[];
  /** `crypto isakmp identity`. */
  ikeIdentity: Readonly<{ kind: 'auto' | 'address' | 'hostname' } | { kind: 'key-id'; text: string }>;
  /** `crypto isakmp nat-traversal`: keepalive; undefined: switched off. */
  natKeepaliveMs?: number;
  /** Percent of the limit of half-open SAs past which cookies are asked for; 0 always, 100 never. */
  cookieChallengePercent: number;
  /** The same as a number, which goes before the percentage. */
  cookieChallengeCount?: number;
  maxHalfOpen: number;
  /** Established IKE SAs at most; absent: as many as come. */
  maxIkeSas?: number;
  /** Large IKE messages are cut (RFC 7383) to fit IP packets of `mtu`; absent: they are not. */
  ikeFragmentation?: Readonly<{ mtu?: number }>;
  espProposals: readonly EspProposalModel[];
  ipsecProfiles: readonly IpsecProfileModel[];
  /** Global defaults of child SAs. */
  childLifetimeMs: number;
  childLifetimeBytes: number | 'unlimited';
  /** 0: no replay check. */
  replayWindow: number;
  /** Of outer packets, where neither IPsec profile nor interface says; absent: as the platform does. */
  df?: 'copy' | 'set' | 'clear';
  fragmentation?: 'before' | 'after';
  /** How long what ICMP told of a path MTU is believed; absent: as RFC 1191 has it. */
  pathMtuAgeMs?: number | 'never';
  vrfs: readonly VrfModel[];
  ikeProposals: readonly IkeProposalModel[];
  ikeSelections: readonly IkeSelectionModel[];
  keyrings: readonly KeyringModel[];
  ikeProfiles: readonly IkeProfileModel[];
  cryptoMaps?: readonly CryptoMapModel[];
  authorizationPolicies: readonly AuthorizationPolicyModel[];
  /** Dead peer detection where an IKE profile has none of its own. */
  dpd?: DpdModel;
  trustpoints?: readonly TrustpointModel[];
  certificateChains?: readonly CertificateChainModel[];
  certificateMaps?: readonly CertificateMapModel[];
  /** ASA's choice of tunnel-groups by certificates; absent: by organizational units alone. */
  tunnelGroupMap?: TunnelGroupMapModel;
  /** RSA keys below 2048 bits and signatures with SHA-1 will do. */
  permitWeakCrypto?: boolean;
  tunnelGroups: readonly TunnelGroupModel[];
  groupPolicies: readonly GroupPolicyModel[];
  staticRoutes: readonly StaticRouteModel[];
  accessLists: readonly AccessListModel[];
  prefixLists: readonly PrefixListModel[];
  routeMaps: readonly RouteMapModel[];
  asPathLists: readonly Readonly<{
    number: number;
    entries: readonly Readonly<{ action: 'permit' | 'deny'; expression: string }>[];
  }>[];
  communityLists: readonly Readonly<{
    name: string;
    entries: readonly Readonly<{ action: 'permit' | 'deny'; communities: readonly number[] }>[];
  }>[];
  bgp?: BgpModel;
  nve?: NveModel;
  bridgeDomains?: readonly BridgeDomainModel[];
  /** TCP MSS clamp in force, `sysopt connection tcpmss`; 0: off. ASA's default is 1380. */
  clampMss: number;
  sameSecurityPermit: Readonly<{ interInterface: boolean; intraInterface: boolean }>;
  /** `no sysopt connection permit-vpn`: security levels and access lists hold for what came out of a tunnel too. */
  decryptedObeysLevels?: boolean;
  accessGroups?: readonly AccessGroupModel[];
  trafficClasses?: readonly TrafficClassModel[];
  tcpMaps?: readonly TcpMapModel[];
  transitPolicies?: readonly TransitPolicyModel[];
  servicePolicies?: readonly ServicePolicyModel[];
  connectionTimeouts?: ConnectionTimeoutsModel;
  logging: LoggingModel;
  kept?: readonly KeptLine[];
}>;

/** What reading one configuration gives: always a model, with everything that was wrong beside it. */
export type Loaded = Readonly<{ model: DeviceModel; diagnostics: readonly Diagnostic[] }>;
