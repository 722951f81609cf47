/**
 * What a lab consists of: the value of a topology file, containerlab's shape with links that have a character and middle
 * boxes. `topology-reader.ts` reads it, `topology-nodes.ts` the nodes of each kind.
 */
import type { IpAddress, Prefix } from '../base/index.ts';
import type { Position } from '../config/model.ts';
import type { Credentials } from '../gateway/index.ts';
import type { InterfaceAddress } from '../plane/contract.ts';

export type Topology = Readonly<{
  name: string;
  file: string;
  nodes: readonly TopologyNode[];
  links: readonly TopologyLink[];
  /** What the lab is to verify. */
  pings: readonly TopologyPing[];
}>;

export type TopologyNode = Readonly<{ name: string; position: Position; startupDelayMs: number; spec: NodeSpec }>;

export type NodeSpec = DeviceSpec | HostSpec | BridgeSpec | NatSpec | RouterSpec | FirewallSpec;

/** A gateway with a configuration of its dialect. */
export type DeviceSpec = Readonly<{
  kind: 'asa' | 'iosxe';
  /** As it is named in the topology file, and where it was found. */
  config: Readonly<{ file: string; text: string }>;
  /** Private keys, certificates and revocation lists that its trustpoints use. */
  credentials?: Credentials;
}>;

export type HostSpec = Readonly<{
  kind: 'host';
  addresses: readonly InterfaceAddress[];
  /** In order of preference, both families mixed: the first one present on the link is used. */
  gateways: readonly IpAddress[];
  mtu: number;
}>;

export type BridgeSpec = Readonly<{ kind: 'bridge' }>;

/** Network address and port translation (IPv4), ports `inside` and `outside`. */
export type NatSpec = Readonly<{
  kind: 'nat';
  inside: readonly InterfaceAddress[];
  outside: InterfaceAddress;
  gateway?: IpAddress;
  mtu: number;
  timeouts: Readonly<{ udpMs: number; icmpMs: number; tcpMs: number }>;
  /** Who may answer through a mapping: anybody, or only whom the inside spoke to (RFC 4787 section 5). */
  filtering: 'endpoint-independent' | 'address-and-port';
}>;

export type RouterSpec = Readonly<{
  kind: 'router';
  interfaces: readonly Readonly<{ name: string; addresses: readonly InterfaceAddress[]; mtu: number }>[];
  routes: readonly Readonly<{ prefix: Prefix; via: IpAddress }>[];
}>;

/** A bump in the wire: two ports, drops what a rule names. */
export type FirewallSpec = Readonly<{
  kind: 'firewall';
  rules: readonly FirewallRule[];
  /** TCP is treated as by an ASA that was told nothing: other sequence numbers, unknown options cleared. */
  normalises: boolean;
}>;

/** Matches by protocol and, for UDP and TCP, by either port; what is absent matches everything. */
export type FirewallRule = Readonly<{ protocol?: number; port?: number }>;

/** How a link treats what passes, the same in both directions. */
export type LinkProfile = Readonly<{
  delayMs: number;
  /** Added to the delay, evenly from 0 to this; it never changes the order. */
  jitterMs: number;
  /** Probabilities, 0 to 1. */
  loss: number;
  reorder: number;
  duplicate: number;
  /** Bits a second; 0: without limit. */
  rateBps: number;
  /** What may wait for a link with a rate. */
  queueBytes: number;
  mtu: number;
}>;

/** A cable: what a link is when its file says nothing. */
export const CABLE: LinkProfile = {
  delayMs: 0.1,
  jitterMs: 0,
  loss: 0,
  reorder: 0,
  duplicate: 0,
  rateBps: 0,
  queueBytes: 256_000,
  mtu: 1500,
};

export type TopologyEndpoint = Readonly<{ node: string; port: string; position: Position }>;

export type TopologyLink = Readonly<{
  name: string;
  ends: readonly [TopologyEndpoint, TopologyEndpoint];
  profile: LinkProfile;
  position: Position;
}>;

export type TopologyPing = Readonly<{
  from: string;
  to: IpAddress;
  count: number;
  size: number;
  df: boolean;
  position: Position;
}>;
