/** What the collection of IKE SAs is told, and what it orders: the whole surface between IKE and the gateway. */
import type { Instant, IpAddress, Prefix, SecretKey } from '../base/index.ts';
import type { KeyShare } from '../crypto/index.ts';
import type { Identity, IkeConfig, IkePath, TrafficSelector } from './policy.ts';
import type { CookieSecret } from './stateless-cookies.ts';

/** Facts handed to `Ike.handle`. */
export type IkeEvent =
  | Readonly<{ kind: 'configure'; config: IkeConfig }>
  /** An IKE message, the non-ESP marker already taken off. */
  | Readonly<{ kind: 'datagram'; path: IkePath; message: Uint8Array }>
  /** A path to the peer exists (again) or went away; a peer that shall be initiated waits for it. */
  /** `local`: our address on the interface that the route leads out by, where an IKE SA that can move shall be. */
  | Readonly<{ kind: 'peer-reachable'; peer: string; reachable: boolean; local?: IpAddress }>
  /** The plane saw the byte or sequence limit of a child SA come near (soft) or be reached (hard). */
  | Readonly<{ kind: 'child-limit'; spi: number; limit: 'soft' | 'hard' }>
  /** ESP came from another address or port than expected and was authentic (NAT rebinding). */
  | Readonly<{ kind: 'peer-moved'; spi: number; path: IkePath }>
  /** Operator: delete IKE SAs (all, or of one remote address) with their children; always-on peers come back. */
  | Readonly<{ kind: 'clear'; what: 'ike' | 'child'; remote?: IpAddress }>
  /** Operator: replace IKE SAs or child SAs (all, or of one remote address) now, as at the end of their lifetime. */
  | Readonly<{ kind: 'rekey'; what: 'ike' | 'child'; remote?: IpAddress }>
  /**
   * Those in front of us answered so many first requests with a cookie, of which some had shown a bad one; `lost` are
   * those that came faster than anybody could read: a flood, even if few of it reach us.
   */
  | Readonly<{ kind: 'cookies-answered'; challenges: number; refused: number; lost: number }>
  | Readonly<{ kind: 'tick' }>;

/** Keys and parameters of one child SA, ready for the plane. SPIs are 32-bit unsigned. */
export type ChildSa = Readonly<{
  peer: string;
  /** Stable number of the IKE SA it lives under (survives IKE rekey). */
  session: number;
  inboundSpi: number;
  outboundSpi: number;
  encr: number;
  keyBits: number;
  /** 0 for AEAD ciphers. */
  integ: number;
  /** Diffie-Hellman group that gave its keys; 0 when they came from the IKE SA's. */
  group: number;
  esn: boolean;
  mode: 'tunnel' | 'transport';
  /** Cipher key; for AEAD the 4-byte salt follows it (RFC 4106 section 8.1, RFC 7634 section 2). */
  inboundKey: SecretKey;
  outboundKey: SecretKey;
  /** Integrity keys; absent for AEAD. */
  inboundIntegKey?: SecretKey;
  outboundIntegKey?: SecretKey;
  localSelectors: readonly TrafficSelector[];
  remoteSelectors: readonly TrafficSelector[];
  path: IkePath;
  /** ESP in UDP, RFC 3948: the ports are the path's. */
  udpEncapsulation: boolean;
  replayWindow: number;
  lifetimeMs: number;
  softBytes?: number;
  hardBytes?: number;
  /** SPI (inbound) of the child SA that this one replaces. */
  replaces?: number;
  /**
   * 'now' when the peer certainly has the SA; 'after-inbound' when it may not yet (we answered a rekey): then the
   * plane goes on sending on the old SA until the first authentic packet arrives on this one, or the old one is removed.
   */
  startOutbound: 'now' | 'after-inbound';
  role: 'initiator' | 'responder';
}>;

/** Why something happened, innermost cause last. Words are stable; tests and diagnosis compare `code`. */
export type Cause = Readonly<{
  code: string;
  text: string;
  because?: Cause;
  /** The peer told us so; absent: we found it ourselves. */
  from?: 'peer';
}>;

/** Orders and news that `Ike.handle` returns, in the order they must be performed. */
export type IkeEffect =
  /** `message` without non-ESP marker; the gateway adds it when `path.local.port` is 4500. */
  | Readonly<{ kind: 'send'; path: IkePath; message: Uint8Array }>
  /** One byte 0xff to the peer's port 4500, RFC 3948 section 2.3 (no marker). */
  | Readonly<{ kind: 'send-nat-keepalive'; path: IkePath }>
  /** `identity` is what the peer called itself. */
  | Readonly<{
      kind: 'ike-sa-up';
      session: number;
      peer: string;
      path: IkePath;
      role: 'initiator' | 'responder';
      identity?: Identity;
    }>
  | Readonly<{
      kind: 'ike-sa-down';
      session: number;
      peer: string;
      path: IkePath;
      cause: Cause;
      identity?: Identity;
    }>
  /** `role` is ours in the attempt. */
  | Readonly<{
      kind: 'ike-failed';
      peer: string | undefined;
      path: IkePath;
      cause: Cause;
      role: 'initiator' | 'responder';
    }>
  /** We have offered a child SA by this SPI: the peer may send by it before we have its answer (RFC 7296 section 1.2). */
  | Readonly<{ kind: 'expect-child-sa'; inboundSpi: number }>
  | Readonly<{ kind: 'install-child-sa'; sa: ChildSa }>
  /** Inbound decryption goes on for `lingerMs` so that packets under way are not lost. */
  | Readonly<{
      kind: 'remove-child-sa';
      peer: string;
      session: number;
      inboundSpi: number;
      lingerMs: number;
      cause: Cause;
    }>
  /** The peer told its tunnel address or subnets (RFC 7296 section 3.15); replaces what it told before. */
  | Readonly<{ kind: 'peer-routes'; session: number; peer: string; prefixes: readonly Prefix[] }>
  /** `initiatorSpi` and `responderSpi` are those of the IKE SA, 16 hexadecimal digits each. */
  | Readonly<{
      kind: 'path-changed';
      session: number;
      peer: string;
      path: IkePath;
      /** Whether ESP goes in UDP there. */
      udpEncapsulation: boolean;
      inboundSpis: readonly number[];
      initiatorSpi: string;
      responderSpi: string;
    }>
  /**
   * Load: whoever stands in front of us (`StatelessCookies`) demands cookies of strangers with these secrets, the
   * newest first. Comes again when they change; without any it stops.
   */
  | Readonly<{ kind: 'cookies-demanded'; secrets: readonly CookieSecret[] }>
  /** News for logs and diagnosis that order nothing: an exchange ended, a retransmission, a fault counted. */
  | Readonly<{ kind: 'notice'; peer?: string; path?: IkePath; code: string; text: string; cause?: Cause }>;

/** What IKE may ask while it handles an event. */
export type IkeEnvironment = Readonly<{
  random: (length: number) => Uint8Array;
  /** When the last authentic ESP packet arrived on an inbound SPI, as milliseconds of `Instant`; proof of life for DPD. */
  lastInbound: (inboundSpi: number) => number | undefined;
  /** When the last packet went out on the child SA with an inbound SPI; absent: nobody can tell. */
  lastOutbound?: (inboundSpi: number) => number | undefined;
  /** Wall-clock time as milliseconds since 1970, for the validity of certificates; absent: none can be accepted. */
  wallClock?: (now: Instant) => number;
  /** A fresh key share of a group, where some are made ahead; absent: each is made of `random` when it is needed. */
  keyShare?: (group: number) => KeyShare;
  /** Is told the keys of every SA as it comes to be, for decryption tables; absent: nobody is. */
  exportKeys?: (keys: ExportedIkeKeys) => void;
}>;

/** Keys of one IKE SA for a Wireshark `ikev2_decryption_table` row. SPIs are 8 bytes. */
export type ExportedIkeKeys = Readonly<{
  initiatorSpi: Uint8Array;
  responderSpi: Uint8Array;
  encr: number;
  keyBits: number;
  integ: number;
  skEi: SecretKey;
  skEr: SecretKey;
  skAi?: SecretKey;
  skAr?: SecretKey;
}>;
