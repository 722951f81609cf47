/** Connections in transit: what a plane is to do with them, and what it knows of them. */
import type { Endpoint, Instant } from '../base/index.ts';
import type { PlaneFilterEntry } from './contract.ts';

/** How the TCP header of a segment in transit is cleaned. */
export type PlaneTcpNormalisation = Readonly<{
  /** By option kind; later entries go before earlier ones, and what none speaks of stays. */
  options: readonly Readonly<{ from: number; to: number; treatment: 'allow' | 'clear' | 'drop' }>[];
  urgentFlag: 'allow' | 'clear';
  reservedBits: 'allow' | 'clear' | 'drop';
  /** Segments whose checksum is wrong are dropped; otherwise they pass, as wrong as before. */
  verifiesChecksum: boolean;
}>;

/** After how long a connection without packets is forgotten; 0: never. */
export type PlaneTimeouts = Readonly<{ idleMs: number; halfClosedMs: number; embryonicMs: number }>;

/**
 * What is done with some of the TCP connections in transit. Of several rules that fit the first packet of one, the
 * first that says something of a kind counts; kinds are the connection itself and its normalisation.
 */
export type PlaneTransitRule = Readonly<{
  /** Unique: its counters live as long as a rule of this name. */
  name: string;
  /** Connections that come in or leave by it (or by a clone of it); absent: those that come in by any. */
  interface?: string;
  /** The first entry that fits decides; connections that none fits are not of this rule. */
  matches: readonly PlaneFilterEntry[];
  connection?: Readonly<{
    /** Initial sequence numbers of both ends are made anew; not said: they are. */
    randomSequenceNumbers?: boolean;
    timeouts: PlaneTimeouts;
    /** How many connections, and how many that were not answered yet, there may be at once. */
    maxConnections?: number;
    maxEmbryonic?: number;
  }>;
  normalisation?: PlaneTcpNormalisation;
}>;

/** What is done with TCP that passes between interfaces; rules of interfaces come first. */
export type PlaneTransitPolicy = Readonly<{
  rules: readonly PlaneTransitRule[];
  /** For connections that no rule speaks of: their sequence numbers are made anew. */
  normalisation: PlaneTcpNormalisation;
  timeouts: PlaneTimeouts;
}>;

/** One end of a connection in transit. */
export type TransitEnd = Readonly<{ interface: string; endpoint: Endpoint }>;

/** Why a connection in transit was forgotten. */
export type ConnectionEnd =
  | 'fins'
  /** By whom it was ended: who began it, or who answered. */
  | 'reset-by-initiator'
  | 'reset-by-responder'
  | 'idle'
  | 'half-closed'
  | 'embryonic'
  | 'cleared'
  /** Another one took its place: the table was full. */
  | 'evicted';

/** A connection in transit as it stands. */
export type TransitConnection = Readonly<{
  /** The how manieth of this plane, from 1. */
  number: number;
  protocol: number;
  /** Whoever sent its first packet. */
  initiator: TransitEnd;
  responder: TransitEnd;
  openedAt: Instant;
  lastPacketAt: Instant;
  expiresAt: Instant;
  /** Of IP payload, both ways. */
  bytes: number;
  /** TCP only. */
  tcp?: Readonly<{
    answered: boolean;
    established: boolean;
    /** Which ends have sent data, and which have ended. */
    data: Readonly<{ initiator: boolean; responder: boolean }>;
    fin: Readonly<{ initiator: boolean; responder: boolean }>;
    randomised: boolean;
  }>;
}>;

/** What a rule for TCP in transit has done; `''` is what no rule spoke of. */
export type TransitCounters = Readonly<{
  rule: string;
  /** Connections there were, are, and are without an answer. */
  connections: number;
  current: number;
  embryonic: number;
  randomised: number;
  optionsCleared: number;
  /** Of them those that sign segments (RFC 2385, RFC 5925). */
  signaturesCleared: number;
  optionDrops: number;
  urgentCleared: number;
  reservedCleared: number;
  reservedDrops: number;
  checksumDrops: number;
  limitDrops: number;
}>;

/** Connections in transit that are known, oldest first; of many, the first alone are listed. */
export type TransitStatus = Readonly<{
  inUse: number;
  mostUsed: number;
  connections: readonly TransitConnection[];
}>;
