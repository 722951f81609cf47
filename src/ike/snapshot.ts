/** What `Ike.snapshot` shows: plain values, no keys. */
import type { Instant, Prefix } from '../base/index.ts';
import type { Identity, IkePath, TrafficSelector } from './policy.ts';
import type { IkeStatistics } from './statistics.ts';

export type ChildSaSnapshot = Readonly<{
  inboundSpi: number;
  outboundSpi: number;
  encr: number;
  keyBits: number;
  integ: number;
  group: number;
  esn: boolean;
  mode: 'tunnel' | 'transport';
  localSelectors: readonly TrafficSelector[];
  remoteSelectors: readonly TrafficSelector[];
  since: Instant;
  softAt: Instant;
  hardAt: Instant;
  rekeying: boolean;
}>;

/** By a pre-shared key, or by a signature with a key of this kind. */
export type AuthenticationKind = 'psk' | 'rsa' | 'ecdsa' | 'eddsa';

export type IkeSaSnapshot = Readonly<{
  /** Stable number: survives rekeying. */
  session: number;
  peer: string;
  status: 'negotiating' | 'established' | 'rekeyed' | 'deleting';
  role: 'initiator' | 'responder';
  path: IkePath;
  /** 16 hexadecimal digits each. */
  localSpi: string;
  remoteSpi: string;
  /** How each end proved who it is. */
  authentication?: Readonly<{ local: AuthenticationKind; remote: AuthenticationKind }>;
  localIdentity?: Identity;
  remoteIdentity?: Identity;
  encr?: number;
  keyBits?: number;
  integ?: number;
  prf?: number;
  group?: number;
  since: Instant;
  /** When the session began, however often it was rekeyed since. */
  sessionSince?: Instant;
  /** 0: unlimited. */
  lifetimeMs: number;
  rekeyAt?: Instant;
  reauthenticateAt?: Instant;
  natLocal: boolean;
  natRemote: boolean;
  /** Both ends can move it to other addresses, RFC 4555. */
  mobike?: boolean;
  /** A postquantum preshared key is in its keys, RFC 8784. */
  quantumSafe?: boolean;
  /** Next message ids: ours to send, and expected from the peer. */
  localMessageId: number;
  remoteMessageId: number;
  peerRoutes: readonly Prefix[];
  /** Both ends cut large messages (RFC 7383): the largest IP packet that we send, and what of it is IP, UDP and marker. */
  fragmentation?: Readonly<{ mtu: number; overhead: number }>;
  children: readonly ChildSaSnapshot[];
}>;

export type IkeSnapshot = Readonly<{
  sas: readonly IkeSaSnapshot[];
  /** Faults by name, messages sent, received, resent, exchanges by kind: counter name to count. */
  counters: Readonly<Record<string, number>>;
  statistics?: IkeStatistics;
  /** Peers that wait for their next try, with the last cause in words. */
  waiting: readonly Readonly<{ peer: string; nextTryAt?: Instant; lastFailure?: string }>[];
}>;
