/**
 * The forwarding contract: what the gateway orders of a plane, and what a plane reports. A plane knows nothing of IKE
 * or BGP. Every plane passes `conformance.ts`. Packets are whole IP packets (no link-layer header).
 */
import type { Endpoint, Instant, IpAddress, Prefix, SecretKey } from '../base/index.ts';
import type { PlaneTap, TappedPacket, TapStatus } from './tap.ts';
import type {
  ConnectionEnd,
  PlaneTransitPolicy,
  TransitCounters,
  TransitEnd,
  TransitStatus,
} from './transit-contract.ts';
import type { PlaneWatch } from './walk.ts';

export type * from './tap.ts';
export type * from './transit-contract.ts';
export type * from './walk.ts';

/** Interface address with the length of its subnet. */
export type InterfaceAddress = Readonly<{ address: IpAddress; length: number }>;

/** An interface as the plane must treat it. `set-interface` with a known name changes it in place. */
export type PlaneInterface = Readonly<{
  name: string;
  vrf: string;
  kind: 'ethernet' | 'loopback' | 'tunnel' | 'vxlan';
  /** Administratively and by line protocol: packets pass. */
  up: boolean;
  /** Largest IP packet that may leave by it. */
  mtu: number;
  addresses: readonly InterfaceAddress[];
  /** Largest TCP MSS let through in SYN segments either way (IPv4 value; IPv6 is 20 less); 0 leaves them alone. */
  clampMss: number;
  /**
   * Trust in what is behind it: packets pass to a lower level, and back only as answers. Undefined: its packets pass
   * whatever the other interface says.
   */
  securityLevel?: number;
  /** What it is a clone of: captures there are captures here. */
  template?: string;
  /** For tunnels only. */
  tunnel?: PlaneTunnel;
  /** For `vxlan` only. */
  vxlan?: PlaneVxlan;
}>;

/** A layer-3 VNI as an interface of its tenant's VRF: gateways of routes by it are tunnel endpoints (RFC 7348). */
export type PlaneVxlan = Readonly<{
  /** VRF of the outer packets. */
  frontVrf: string;
  /** Our tunnel endpoint, an address of ours in that VRF. */
  source: IpAddress;
  vni: number;
  /** Ours: frames for us are addressed to it. */
  routerMac: Uint8Array;
}>;

/** An endpoint that an interface speaks to, by the VNI that it asks for, and hears. */
export type PlaneVxlanPeer = Readonly<{ vtep: IpAddress; vni: number; routerMac: Uint8Array }>;

/** What passes between interfaces that have a security level, beside what the levels themselves allow. */
export type SecurityPolicy = Readonly<{
  /** Between two interfaces of one level. */
  interInterface: boolean;
  /** In and out by one interface. */
  intraInterface: boolean;
  /** What came out of a tunnel obeys levels too; otherwise it passes to a higher one, though not to an equal one. */
  decryptedObeysLevels: boolean;
}>;

/** One line of an access list. */
export type PlaneFilterEntry = Readonly<{
  permit: boolean;
  /** IP protocol number; 0: any. */
  protocol: number;
  source: readonly Prefix[];
  destination: readonly Prefix[];
  sourcePorts?: Readonly<{ from: number; to: number }>;
  destinationPorts?: Readonly<{ from: number; to: number }>;
}>;

/**
 * An access list on an interface, or inward on all of them. It goes before security levels for what begins there;
 * answers pass. What came out of a tunnel is judged only where it obeys levels, and what is for ourselves never.
 */
export type PlaneFilter = Readonly<{
  /** Name of an interface, or of what it is a clone of. */
  interface?: string;
  direction: 'in' | 'out';
  entries: readonly PlaneFilterEntry[];
}>;

/** An IPsec tunnel interface, whose outer ends come from its child SA, or one with GRE. */
export type PlaneTunnel = Readonly<{
  frontVrf: string;
  df: 'copy' | 'set' | 'clear';
  /** 'before': inner packets are fragmented, then sealed; 'after': sealed, then the outer packet is fragmented. */
  fragmentation: 'before' | 'after';
  /** Where its packets leave by, for the outer MTU when the route does not say. */
  underlay?: string;
  /** How long what ICMP told of the path MTU is believed; absent: ten minutes. */
  pathMtuAgeMs?: number | 'never';
  /** Its packets go in GRE, and that in child SAs where it is protected. */
  gre?: PlaneGre;
}>;

/** GRE between two ends: RFC 2784, RFC 2890. */
export type PlaneGre = Readonly<{
  /** An address of ours in the front VRF, and the other end. */
  source: IpAddress;
  destination: IpAddress;
  key?: number;
  /** Whether we send them; a checksum that came is always verified, the order of packets only where we send numbers. */
  checksum: boolean;
  sequence: boolean;
  ttl: number;
  /** Type of service outside; absent: that of the packet inside. */
  tos?: number;
  /** The DF of the packet inside is copied, and ICMP errors about it are believed; absent: neither. */
  pathMtuDiscovery?: Readonly<{ maxAgeMs: number | 'never'; leastMtu: number }>;
  /** GRE passes in child SAs of this interface alone: in clear it is neither sent nor taken. */
  isProtected: boolean;
}>;

/** One way out of a route. `gateway` absent: the destination itself is on the link. */
export type PlaneNextHop = Readonly<{ interface: string; gateway?: IpAddress }>;

export type PlaneSelector = Readonly<{
  protocol: number;
  startPort: number;
  endPort: number;
  start: IpAddress;
  end: IpAddress;
}>;

/** A pair of ESP SAs. `id` is the inbound SPI, unique in the gateway. */
export type PlaneChildSa = Readonly<{
  id: number;
  interface: string;
  outboundSpi: number;
  encr: number;
  keyBits: number;
  integ: number;
  esn: boolean;
  mode: 'tunnel' | 'transport';
  inboundKey: SecretKey;
  outboundKey: SecretKey;
  inboundIntegKey?: SecretKey;
  outboundIntegKey?: SecretKey;
  localSelectors: readonly PlaneSelector[];
  remoteSelectors: readonly PlaneSelector[];
  local: Endpoint;
  remote: Endpoint;
  udpEncapsulation: boolean;
  /** Packets; 0: no replay check. */
  replayWindow: number;
  softBytes?: number;
  hardBytes?: number;
  startOutbound: 'now' | 'after-inbound';
  /** SAs with the same number are counted together, for as long as there is one of them. */
  account?: number;
}>;

export type PlaneCommand =
  | Readonly<{ kind: 'set-interface'; interface: PlaneInterface }>
  | Readonly<{ kind: 'remove-interface'; name: string }>
  | Readonly<{ kind: 'set-vxlan-peer'; interface: string; peer: PlaneVxlanPeer }>
  | Readonly<{ kind: 'remove-vxlan-peer'; interface: string; vtep: IpAddress }>
  /** Until it is given nothing in it is allowed, and what came out of tunnels passes to higher levels. */
  | Readonly<{ kind: 'set-security-policy'; policy: SecurityPolicy }>
  /** All there are from now on. */
  | Readonly<{ kind: 'set-filters'; filters: readonly PlaneFilter[] }>
  /**
   * How TCP in transit is treated from now on, connections that begin, that is. With one, TCP passes as part of a
   * connection alone; without one it is not touched.
   */
  | Readonly<{ kind: 'set-transit-policy'; policy: PlaneTransitPolicy | undefined }>
  /** Forgets connections in transit: all of them, or those of an address. */
  | Readonly<{ kind: 'clear-connections'; address?: IpAddress }>
  /** We have offered this inbound SPI: packets that come before its SA wait for it for a moment, a few of them. */
  | Readonly<{ kind: 'expect-child-sa'; id: number }>
  | Readonly<{ kind: 'install-child-sa'; sa: PlaneChildSa }>
  /** Outbound stops at once; inbound goes on for `lingerMs`. */
  | Readonly<{ kind: 'remove-child-sa'; id: number; lingerMs: number }>
  | Readonly<{ kind: 'move-child-sa'; id: number; local: Endpoint; remote: Endpoint; udpEncapsulation: boolean }>
  /** `nextHops` share flows by hash (equal cost); none: packets are dropped (null route). */
  | Readonly<{ kind: 'set-route'; vrf: string; prefix: Prefix; nextHops: readonly PlaneNextHop[] }>
  | Readonly<{ kind: 'remove-route'; vrf: string; prefix: Prefix }>
  /** Sends a packet of our own by the FIB (no TTL decrement), or by `interface` when given. */
  | Readonly<{ kind: 'inject'; vrf: string; packet: Uint8Array; interface?: string; gateway?: IpAddress }>
  /** TCP ports, of ours or of the other end, whose segments are punted where others go to the host (`toHost`). */
  | Readonly<{ kind: 'set-punted-ports'; tcp: readonly number[] }>
  /** Captures packets from now on; a capture of that name is changed and keeps what it holds. */
  | Readonly<{ kind: 'set-tap'; tap: PlaneTap }>
  /** Asks the other end of GRE to send a packet back: `gre-keepalive` tells that it came. */
  | Readonly<{ kind: 'send-gre-keepalive'; interface: string }>
  /** Ends a capture, or empties its buffer. */
  | Readonly<{ kind: 'remove-tap' | 'clear-tap'; name: string }>;

/** Why a packet was dropped; the same words are the counters that operators see. */
export type DropReason =
  | 'malformed'
  | 'bad-checksum'
  | 'no-route'
  | 'null-route'
  | 'ttl-exceeded'
  | 'too-big'
  | 'interface-down'
  | 'unknown-interface'
  | 'no-sa'
  | 'unknown-spi'
  | 'replayed'
  | 'too-old'
  | 'integrity-failed'
  | 'bad-padding'
  | 'bad-length'
  | 'selector-mismatch'
  | 'unsupported-next-header'
  | 'hard-limit'
  | 'sequence-exhausted'
  | 'reassembly-timeout'
  | 'reassembly-overlap'
  | 'reassembly-limit'
  | 'unsupported-protocol'
  | 'not-ours'
  | 'multicast'
  | 'security-level'
  | 'access-list'
  | 'no-connection'
  | 'connection-limit'
  | 'tcp-option'
  | 'tcp-reserved-bits'
  | 'unknown-vni'
  | 'unknown-vtep'
  /** GRE between ends, or with a key, that no tunnel has; in clear where it has to be protected; not in its order. */
  | 'unknown-gre-tunnel'
  | 'unprotected'
  | 'out-of-order';

export type PlaneEvent =
  /** A packet for ourselves that the plane does not answer: IKE (UDP 500/4500 with marker), TCP, UDP, ICMP other than echo requests. */
  | Readonly<{ kind: 'punt'; vrf: string; interface: string; packet: Uint8Array }>
  | Readonly<{ kind: 'unknown-spi'; vrf: string; spi: number; sequence: number; local: Endpoint; remote: Endpoint }>
  /** ESP of a child SA was dropped as it came in; at most one in ten seconds for each SA and reason. */
  | Readonly<{
      kind: 'esp-dropped';
      id: number;
      reason: DropReason;
      sequence: number;
      local: IpAddress;
      remote: IpAddress;
      /** What was inside, where that was what did not fit. */
      inner?: Readonly<{ source: IpAddress; destination: IpAddress; protocol: number }>;
    }>
  /** A packet wanted a tunnel that has no SA; at most one a second for each interface. */
  | Readonly<{ kind: 'acquire'; interface: string }>
  /** First authentic packet on a child SA whose outbound waited for it; outbound has now switched over. */
  | Readonly<{ kind: 'child-sa-confirmed'; id: number }>
  | Readonly<{ kind: 'child-sa-limit'; id: number; limit: 'soft' | 'hard' }>
  /** Authentic ESP from another address or port than the SA's. */
  | Readonly<{ kind: 'peer-moved'; id: number; local: Endpoint; remote: Endpoint }>
  /** The answer to a keepalive of ours came back, so that the tunnel carries both ways. */
  | Readonly<{ kind: 'gre-keepalive'; interface: string }>
  /** The path MTU toward an SA's peer, or the other end of GRE, changed: largest inner packet is now `mtu`. */
  | Readonly<{
      kind: 'path-mtu';
      interface: string;
      /** Absent: it is about GRE in clear. */
      id?: number;
      pathMtu: number;
      mtu: number;
      /** The ICMP error that said so, if one did, and the path MTU until then. */
      told?: Readonly<{ from: IpAddress; suggested: number; before: number }>;
    }>
  /** A TCP connection in transit began or ended; of a flood not each is told. */
  | Readonly<{ kind: 'connection-built'; number: number; initiator: TransitEnd; responder: TransitEnd }>
  | Readonly<{
      kind: 'connection-ended';
      number: number;
      initiator: TransitEnd;
      responder: TransitEnd;
      durationMs: number;
      bytes: number;
      reason: ConnectionEnd;
    }>
  /** A packet in transit was refused; of a flood not each is told. */
  | Readonly<{
      kind: 'transit-denied';
      reason: 'access-list' | 'no-connection';
      protocol: number;
      source: Endpoint;
      destination: Endpoint;
      interface: string;
      toInterface: string;
      /** Of the list that refused it. */
      direction?: 'in' | 'out';
      /** TCP only. */
      flags?: number;
    }>;

/** Where a plane puts its output while it handles one input. */
export type PlaneSink = Readonly<{
  /** A finished IP packet leaves by a real interface toward `nextHop` (an address on that link). */
  transmit: (interfaceName: string, nextHop: IpAddress, packet: Uint8Array) => void;
  event: (event: PlaneEvent) => void;
  /**
   * Given where the plane stands in a machine that has real interfaces of its own: what came out of a tunnel and is for
   * ourselves, or leaves by a real interface, goes there as it is, as if it came in by that tunnel; TTL and MTU are the
   * machine's matter. Echo requests, ICMP errors, IKE and the punted ports stay with the plane. It may also be an ICMP
   * error about a packet that came from there, by the device that it was routed into.
   */
  toHost?: (interfaceName: string, packet: Uint8Array) => void;
}>;

/**
 * Packets that came 2^i to 2^(i+1) - 1 behind the newest one, by i; the last entry counts those still later. Those
 * `dropped` fell out of the replay window and were not authenticated.
 */
export type PlaneLateness = Readonly<{ kept: readonly number[]; dropped: readonly number[] }>;

export type ChildSaCounters = Readonly<{
  id: number;
  interface: string;
  inboundPackets: number;
  inboundBytes: number;
  outboundPackets: number;
  outboundBytes: number;
  replayed: number;
  integrityFailed: number;
  fragmentsCreated: number;
  /** Inner packets cut before sealing, and those that were too long and might not be cut. */
  packetsFragmented?: number;
  packetsTooBig?: number;
  /** ICMP errors with an MTU: sent to sources of inner packets, and received about the path. */
  mtuErrorsSent?: number;
  mtuErrorsReceived?: number;
  /** The same about packets that this SA can not have sent. */
  mtuErrorsRefused?: number;
  /** Packets of this very SA that were dropped, by reason. */
  inboundDrops?: Readonly<Partial<Record<DropReason, number>>>;
  outboundDrops?: Readonly<Partial<Record<DropReason, number>>>;
  /** How many packets behind the newest one the latest of those was that were dropped as too old. */
  furthestBehind?: number;
  /** How late its packets came; absent while all came in order. */
  lateness?: PlaneLateness;
  outboundSequence: number;
  highestInbound: number;
  /** Newest packet is bit 0 of the first word; one 32-bit word for each 32 packets of window. */
  replayBitmap: readonly number[];
  pathMtu: number;
  innerMtu: number;
  /** `Instant` of the last authentic inbound packet. */
  lastInbound?: number;
}>;

/** What a number of child SAs carried together. Bytes are those of inner packets. */
export type ChildSaTotals = Readonly<{
  childSas: number;
  inboundPackets: number;
  inboundBytes: number;
  outboundPackets: number;
  outboundBytes: number;
  replayed: number;
  integrityFailed: number;
  packetsFragmented: number;
  packetsTooBig: number;
  fragmentsCreated: number;
  mtuErrorsSent: number;
  mtuErrorsReceived: number;
  /** How late their packets came; absent while all came in order. */
  lateness?: PlaneLateness;
}>;

export type InterfaceCounters = Readonly<{
  name: string;
  inPackets: number;
  inBytes: number;
  outPackets: number;
  outBytes: number;
  drops: Readonly<Partial<Record<DropReason, number>>>;
}>;

export type PlaneCounters = Readonly<{
  childSas: readonly ChildSaCounters[];
  interfaces: readonly InterfaceCounters[];
  drops: Readonly<Partial<Record<DropReason, number>>>;
  /** All child SAs there ever were, those that are gone included. */
  childSaTotals?: ChildSaTotals;
  /** By account: the SAs it has and those it had. */
  accounts?: readonly Readonly<{ account: number; totals: ChildSaTotals }>[];
  /** Present where there is a policy for TCP in transit. */
  transit?: readonly TransitCounters[];
}>;

/** A forwarding plane: told by the gateway, fed by the driver, and without a clock or a socket of its own. */
export type Plane = Readonly<{
  command: (command: PlaneCommand, now: Instant) => void;
  /** A packet came in from the link of an interface. The array stays the caller's: it is not changed. */
  receive: (interfaceName: string, packet: Uint8Array, now: Instant) => void;
  /**
   * The machine around routed a packet into a device of ours: the tunnel of that name takes it, or, where there is none
   * because it is a template or a VNI, the tunnel or endpoint that the FIB chooses. TTL has been counted down already.
   */
  receiveFromHost: (vrf: string, device: string, packet: Uint8Array, now: Instant) => void;
  /** When `tick` is next needed. */
  wakeAt: () => Instant | undefined;
  tick: (now: Instant) => void;
  /** Every drop is in `drops` once, and once more in those of the interface where it happened, if it was at one. */
  counters: () => PlaneCounters;
  /** When the last authentic packet of a child SA came. */
  lastInbound: (id: number) => Instant | undefined;
  /** When the last packet went out on it. */
  lastOutbound: (id: number) => Instant | undefined;
  /** Connections in transit. */
  connections: (now: Instant) => TransitStatus;
  taps: () => readonly TapStatus[];
  /** What a capture holds, oldest first; undefined when there is none of that name. */
  tapped: (name: string) => readonly TappedPacket[] | undefined;
  /**
   * A twin in the state of this moment, whose every decision is told, for packet walks. Nothing passes between the two:
   * no counter, no sequence number and no connection of this one changes, and nothing leaves it.
   */
  twin?: (watch: PlaneWatch) => Plane;
}>;
