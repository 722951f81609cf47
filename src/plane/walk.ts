/**
 * A packet walk: what a plane would do with a packet, told step by step by a twin of the plane. The twin is the same
 * code with the same state, so that it decides the same; nothing that it does is seen by the plane that it is a twin of.
 */
import type { IpAddress } from '../base/index.ts';
import type { DropReason, PlaneNextHop } from './contract.ts';

/** One decision about a packet, in the order in which they are taken. Lengths are those of whole IP packets. */
export type PlaneNote =
  /** Came in by an interface, real or of a tunnel. */
  | Readonly<{ kind: 'input'; interface: string; vrf: string; bytes: number }>
  /** What the FIB says; `next` absent: nothing, or (with `isNull`) to drop it. `isOuter`: of the packet around another. */
  | Readonly<{
      kind: 'route';
      vrf: string;
      destination: IpAddress;
      next?: PlaneNextHop;
      choices: number;
      isNull: boolean;
      isOuter: boolean;
    }>
  /** An access list was asked; `entry` counts its lines that are in use from 0, absent: none fits. */
  | Readonly<{
      kind: 'access-list';
      interface: string;
      direction: 'in' | 'out';
      permits: boolean;
      isEverywhere: boolean;
      entry?: number;
    }>
  /** Whether it may pass between two interfaces, by their levels and what is known of connections. */
  | Readonly<{
      kind: 'passage';
      from: string;
      to: string;
      permits: boolean;
      levels?: readonly [number, number];
      /** It is part of a connection that is known, or that it begins. */
      isTracked: boolean;
    }>
  /** Its TCP options or numbers are changed on the way. */
  | Readonly<{ kind: 'mss'; limit: number }>
  /** The child SA whose selectors fit; `limit`: what it takes in one piece, `asked`: child SAs that were looked at. */
  | Readonly<{ kind: 'child-sa'; interface: string; id: number; limit: number; pathMtu: number; asked: number }>
  | Readonly<{ kind: 'cut'; interface: string; pieces: number; limit: number }>
  | Readonly<{
      kind: 'sealed';
      interface: string;
      id: number;
      outboundSpi: number;
      mode: 'tunnel' | 'transport';
      udpEncapsulation: boolean;
      inner: number;
      outer: number;
      df: boolean;
      local: IpAddress;
      remote: IpAddress;
    }>
  | Readonly<{
      kind: 'wrapped';
      /** GRE or VXLAN around it. */
      by: 'gre' | 'vxlan';
      interface: string;
      inner: number;
      outer: number;
      local: IpAddress;
      remote: IpAddress;
    }>
  | Readonly<{ kind: 'opened'; interface: string; id: number; inner: number }>
  | Readonly<{ kind: 'transmit'; interface: string; nextHop: IpAddress; bytes: number }>
  /** It is for ourselves: the gateway takes it, answers it, or the machine around gets it. */
  | Readonly<{ kind: 'delivered'; interface: string; to: 'gateway' | 'answer' | 'machine' }>
  | Readonly<{ kind: 'drop'; reason: DropReason; interface?: string }>
  /** Its source is told, or would be: errors are limited. */
  | Readonly<{ kind: 'told'; error: 'unreachable' | 'too-big' | 'time-exceeded'; mtu: number }>;

/** Who watches a twin: its notes, and the packets that it would send. */
export type PlaneWatch = Readonly<{
  note: (note: PlaneNote) => void;
  transmit: (interfaceName: string, nextHop: IpAddress, packet: Uint8Array) => void;
}>;
