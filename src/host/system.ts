/**
 * What the driver of one gateway needs of the operating system, as values and orders. `linux/` gives it on a real
 * machine, tests give one in memory. Packets are whole IP packets without a link-layer header.
 */

import type { Endpoint, IpAddress, Prefix, Result, SecretKey } from '../base/index.ts';
import type { FastLink } from '../plane/index.ts';

/** What the system refused: the call, its error by name (`EADDRINUSE`), one sentence for people, and the way out. */
export type SystemFault = Readonly<{ call: string; code: string; text: string; remedy?: string }>;

/** An interface of the kernel. */
export type SystemLink = Readonly<{
  index: number;
  name: string;
  /** Administratively up and with carrier. */
  up: boolean;
  mtu: number;
  addresses: readonly Readonly<{ address: IpAddress; length: number }>[];
  /** Name of the interface that it is a part of: a VRF device, a bridge, a bond. */
  master?: string;
  /** It is a VRF device: its routing table, and whether a gateway made it. */
  vrf?: Readonly<{ table: number; ours: boolean }>;
}>;

export type SystemRoute = Readonly<{
  prefix: Prefix;
  /** Of the kernel's routing table; 254 is `main`. */
  table: number;
  metric: number;
  /** None: a blackhole. */
  nextHops: readonly Readonly<{ link: string; gateway?: IpAddress }>[];
  /** Without next hops: the sender is told that there is no way, instead of nothing. */
  unreachable?: boolean;
}>;

/** What a TCP connection over the kernel's stack is told and reports; the shapes are those of `tcp/contract.ts`. */
export type KernelTcpOpen = Readonly<{
  connection: number;
  local: IpAddress;
  remote: Endpoint;
  ttl?: number;
  /** RFC 5082: segments with less are not heard. */
  minTtl?: number;
}>;

export type SystemEvent =
  /**
   * Packets to addresses listened on: IKE and ESP (UDP 500, 4500, protocol 50), and ICMP errors and echo replies. `vrf`
   * is the VRF device that they came in by; without one they are of no VRF.
   */
  | Readonly<{ kind: 'outer'; packets: readonly Uint8Array[]; vrf?: string }>
  /** Packets that the kernel routed into a TUN device. */
  | Readonly<{ kind: 'inner'; device: string; packets: readonly Uint8Array[] }>
  /** An interface appeared or differs from what was last told. */
  | Readonly<{ kind: 'link'; link: SystemLink }>
  | Readonly<{ kind: 'link-gone'; name: string }>
  /**
   * Cookies demanded in the gateway's stead since this was last told (`demandCookies`), and first messages of strangers
   * that were lost before they could be read; once a second at most.
   */
  | Readonly<{ kind: 'cookies-answered'; challenges: number; refused: number; lost: number }>
  /** Something that worked does not any more, such as a socket or the reader. */
  | Readonly<{ kind: 'failed'; fault: SystemFault }>;

/**
 * Handed to the driver once, then used by it alone. Every order answers at once; what can not be done is a fault, never
 * a throw. Everything that was made is undone by `close`, and by the kernel itself when the process is killed, except
 * routes: those are found again by their protocol number (`routes`).
 */
export type System = Readonly<{
  /** Interfaces there are now, those of ours included. */
  links: () => readonly SystemLink[];
  /** Opens UDP 500, UDP 4500 and raw ESP on an own address, in a VRF by its device. */
  listen: (address: IpAddress, vrf?: string) => Result<void, SystemFault>;
  unlisten: (address: IpAddress, vrf?: string) => void;
  /**
   * Sends a whole IP packet by the kernel's routing, that of a VRF by its device; full buffers and unreachable networks
   * are counted, as on a wire.
   */
  sendOuter: (packet: Uint8Array, vrf?: string) => void;
  /**
   * A flood: whatever reads the sockets of `listen` demands cookies of strangers by itself (`StatelessCookies` of
   * `ike`, before anything reaches the driver) with these secrets, the newest first; without any it stops.
   */
  demandCookies?: (secrets: readonly Readonly<{ version: number; key: SecretKey }>[]) => void;
  openTun: (name: string, mtu: number) => Result<void, SystemFault>;
  /** Makes a VRF device whose routes stand in `table`; it is marked as made by a gateway (`SystemLink.vrf`). */
  openVrf: (name: string, table: number) => Result<void, SystemFault>;
  /** Deletes one that was made so; what is in it is in no VRF afterwards. */
  closeVrf: (name: string) => Result<void, SystemFault>;
  /**
   * Puts an interface into a VRF by its device, or out of all. The kernel forgets the routes by it, and takes it down
   * and up: the addresses that it had are there afterwards all the same.
   */
  setVrf: (link: string, vrf: string | undefined) => Result<void, SystemFault>;
  /** Brings MTU and addresses to what is given; the device stays up. */
  setTun: (
    name: string,
    mtu: number,
    addresses: readonly Readonly<{ address: IpAddress; length: number }>[],
  ) => Result<void, SystemFault>;
  closeTun: (name: string) => void;
  /** Hands a packet to the kernel as if it came in by a TUN device. */
  sendInner: (name: string, packet: Uint8Array) => void;
  /** Routes under our protocol number, those of an earlier run included. */
  routes: () => Result<readonly SystemRoute[], SystemFault>;
  /** Adds the route, or replaces the one of the same prefix, table and metric. */
  setRoute: (route: SystemRoute) => Result<void, SystemFault>;
  removeRoute: (route: Pick<SystemRoute, 'prefix' | 'table' | 'metric'>) => Result<void, SystemFault>;
  addAddress: (link: string, address: IpAddress, length: number) => Result<void, SystemFault>;
  removeAddress: (link: string, address: IpAddress, length: number) => Result<void, SystemFault>;
  /**
   * TCP over the kernel's stack, for BGP with neighbours on the machine's own networks: one for each VRF device, with
   * numbers of its own for what it accepts.
   */
  tcp: (vrf?: string) => SystemTcp;
  counters: () => Readonly<Record<string, number>>;
  close: () => void;
  /** Where packets are carried beside the plane as well, because that was asked for and this machine can. */
  fast?: FastAccess | undefined;
}>;

/** A fast path (`FastLink` of the plane); devices are named as the kernel calls them. */
export type FastAccess = FastLink;

/** `fast`: packets shall be carried beside the plane, where the machine can; with the clock that planes are told by. */
export type SystemOptions = Readonly<{ fast?: Readonly<{ now: () => number }> }>;

export type SystemTcp = Readonly<{
  /** Results come as events: `connected` or `closed`. */
  connect: (open: KernelTcpOpen) => void;
  listen: (port: number, ttl: number | undefined) => Result<void, SystemFault>;
  unlisten: (port: number) => void;
  /** TTL of what we send, and least TTL of what is heard, on connections that a remote address opens. */
  setTtl: (remote: IpAddress, ttl: Readonly<{ ttl: number; minTtl?: number }> | undefined) => void;
  /** RFC 2385 key for a remote address; undefined takes it away. */
  setMd5Key: (remote: IpAddress, key: SecretKey | undefined) => Result<void, SystemFault>;
  write: (connection: number, data: Uint8Array) => void;
  close: (connection: number) => void;
  abort: (connection: number) => void;
}>;

export type SystemTcpEvent =
  | Readonly<{ kind: 'accepted' | 'connected'; connection: number; local: Endpoint; remote: Endpoint }>
  | Readonly<{ kind: 'data'; connection: number; data: Uint8Array }>
  | Readonly<{ kind: 'end' | 'drained'; connection: number }>
  | Readonly<{
      kind: 'closed';
      connection: number;
      reason: 'finished' | 'refused' | 'reset' | 'timed-out' | 'aborted' | 'unreachable';
    }>
  /** What an operator should know, such as that a neighbour's signatures are wrong (`md5-invalid`). */
  | Readonly<{ kind: 'notice'; code: string; text: string; remote?: IpAddress }>;

/** Opens the system; both listeners are called from the event loop, never from within an order. */
export type OpenSystem = (
  listeners: Readonly<{
    event: (event: SystemEvent) => void;
    /** `vrf`: of the TCP of a VRF device. */
    tcp: (event: SystemTcpEvent, vrf?: string) => void;
  }>,
  options?: SystemOptions,
) => Result<System, SystemFault>;
