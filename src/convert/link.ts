/**
 * One end of a tunnel, in words of no platform: what `read-link.ts` finds in a configuration, what the peer has the other
 * way round (`mirror`), and what `asa-end.ts`, `iosxe-end.ts` and `swanctl.ts` say in the words of one platform.
 */
import type { Family, IpAddress, Prefix, SecretKey } from '../base/index.ts';
import type { DpdModel, GreModel, LocalIdentityModel } from '../config/index.ts';

export type Cipher = Readonly<{ encr: number; keyBits: number }>;

/** Choices of an IKE SA that belong together; transform ids are IANA's. No integrity: the ciphers are AEADs (RFC 5282). */
export type IkeOffer = Readonly<{
  encryption: readonly Cipher[];
  integrity: readonly number[];
  prf: readonly number[];
  groups: readonly number[];
}>;

export type EspOffer = Readonly<{ encryption: readonly Cipher[]; integrity: readonly number[]; esn: boolean }>;

export type Identity = Exclude<LocalIdentityModel, { kind: 'dn' }>;

export type Interfacing = Readonly<{ address: IpAddress; length: number }>;

/** One device of a tunnel: where it is, and how it is called there and in BGP. */
export type End = Readonly<{
  name: string;
  /** Its own address outside; `seen` is that by which the other one knows it, behind a NAT another. */
  outer: IpAddress;
  seen: IpAddress;
  /** Of the network outside, where that is known. */
  outerLength?: number;
  gateway?: IpAddress;
  /** Tunnel addresses; one of 32 (128) bits is borrowed from a loopback. */
  inner: readonly Interfacing[];
  identity: Identity;
  key: SecretKey;
  /** Its addresses on networks behind it, where they are known. */
  lans?: readonly Interfacing[];
  /** Networks behind it, which the other one reaches by static routes. */
  networks: readonly Prefix[];
}>;

export type Session = Readonly<{
  own: IpAddress;
  peer: IpAddress;
  families: readonly Family[];
  password?: SecretKey;
  timers?: Timers;
  ebgpMultihop?: number;
  ttlSecurityHops?: number;
  disableConnectedCheck: boolean;
  sendCommunity: boolean;
}>;

export type Timers = Readonly<{ keepaliveMs: number; holdMs: number; minimumHoldMs: number }>;

export type Routing = Readonly<{
  asn: number;
  peerAsn: number;
  timers: Timers;
  sessions: readonly Session[];
}>;

export type Link = Readonly<{
  /** Tunnel interface, `Tunnel1`. */
  tunnel: string;
  own: End;
  peer: End;
  /** Family of the outer packets. */
  mode: Family;
  /** GRE inside IPsec. */
  gre?: GreModel;
  transport: boolean;
  /** The peer serves many by a template: it learns tunnel addresses by IKEv2 (semantics section 5). */
  peerIsHub: boolean;
  vrf: string;
  frontVrf: string;
  mtu?: number;
  clampMss?: number;
  ike: readonly IkeOffer[];
  ikeLifetimeMs?: number;
  esp: readonly EspOffer[];
  pfsGroup?: number;
  childLifetimeMs: number;
  childLifetimeBytes: number | 'unlimited';
  replayWindow: number;
  dpd?: DpdModel;
  routing?: Routing;
}>;

/** The same tunnel from its other end. What is said of both, such as algorithms, stays. VRFs are each device's own. */
export function mirror(
  link: Link,
  vrfs: Readonly<{ vrf: string; frontVrf: string }> = { vrf: '', frontVrf: '' },
): Link {
  const { routing } = link;
  return {
    ...link,
    ...vrfs,
    own: link.peer,
    peer: link.own,
    peerIsHub: false,
    ...(routing === undefined
      ? {}
      : {
          routing: {
            ...routing,
            asn: routing.peerAsn,
            peerAsn: routing.asn,
            sessions: routing.sessions.map((one) => ({ ...one, own: one.peer, peer: one.own })),
          },
        }),
  };
}
