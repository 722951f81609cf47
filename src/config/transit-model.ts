/** What is said about traffic that passes through the device: classes of it, policies, and lists on interfaces. */
import type { Written } from './written.ts';

/** What becomes of a TCP option, or of a segment that bears it. */
export type TcpOptionTreatment = 'allow' | 'clear' | 'drop';

/** A kind of traffic; several matches of one class are alternatives. */
export type TrafficClassModel = Readonly<{
  name: string;
  matches: readonly TrafficMatchModel[];
  written: Written;
}>;

export type TrafficMatchModel =
  | Readonly<{ kind: 'any' }>
  /** The ports of the protocols that an ASA inspects without being told which. */
  | Readonly<{ kind: 'default-inspection' }>
  | Readonly<{ kind: 'access-list'; accessList: string }>
  /** Destination ports of a connection's first packet. */
  | Readonly<{ kind: 'ports'; protocol: 'tcp' | 'udp'; from: number; to: number }>;

/** How TCP connections are cleaned. An empty one says what holds without any. */
export type TcpMapModel = Readonly<{
  name: string;
  /** By option kind, those of one line from first to last; later lines go before earlier ones. */
  options: readonly TcpOptionRule[];
  /** Absent: urgent flags are cleared, reserved bits stay, checksums are not looked at. */
  urgentFlag?: 'allow' | 'clear';
  reservedBits?: 'allow' | 'clear' | 'drop';
  verifiesChecksum?: boolean;
  written: Written;
}>;

export type TcpOptionRule = Readonly<{ from: number; to: number; treatment: TcpOptionTreatment }>;

/** What to do with each class; of several classes that fit a connection, the first one that says something counts. */
export type TransitPolicyModel = Readonly<{
  name: string;
  classes: readonly TransitClassModel[];
  written: Written;
}>;

export type TransitClassModel = Readonly<{
  /** Name of the class; `class-default` is all that no other fits. */
  trafficClass: string;
  /** `set connection random-sequence-number`: whether initial sequence numbers are made anew. */
  randomSequenceNumbers?: boolean;
  tcpMap?: string;
  /** How many connections, and how many that nobody answered yet, there may be at once; 0: any number. */
  maxConnections?: number;
  maxEmbryonic?: number;
  idleMs?: number;
  halfClosedMs?: number;
  embryonicMs?: number;
  written: Written;
}>;

/** How long connections in transit are kept without packets, where no policy says otherwise; 0: for ever. */
export type ConnectionTimeoutsModel = Readonly<{ idleMs: number; halfClosedMs?: number }>;

/** Where a policy holds: on an interface (by alias), which goes before the one without. */
export type ServicePolicyModel = Readonly<{ policy: string; interface?: string; written: Written }>;

/** An access list on an interface (by alias), or on all of them inward when there is none. */
export type AccessGroupModel = Readonly<{
  accessList: string;
  direction: 'in' | 'out';
  interface?: string;
  written: Written;
}>;
