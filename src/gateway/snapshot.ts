/** What a gateway shows of itself: one typed value, from which Cisco text, JSON and the dashboard are drawn. No secrets. */
import type { Instant, IpAddress, Prefix } from '../base/index.ts';
import type { BgpSnapshot } from '../bgp/index.ts';
import type { DeviceModel } from '../config/model.ts';
import type { IkeSnapshot } from '../ike/index.ts';
import type { PlaneCounters, TransitStatus } from '../plane/contract.ts';
import type { InstalledRoute } from '../routing/index.ts';
import type { TcpSnapshot } from '../tcp/index.ts';
import type { GatewayLogEvent } from './event.ts';
import type { OverlaySnapshot } from './overlay.ts';
import type { TrustpointStatus } from './trustpoints.ts';

export type { GatewayLogEvent } from './event.ts';

export type InterfaceSnapshot = Readonly<{
  /** Hardware name; a clone is `Virtual-Access1`. */
  name: string;
  alias?: string;
  description?: string;
  kind: 'ethernet' | 'loopback' | 'tunnel' | 'virtual-template' | 'virtual-access';
  adminUp: boolean;
  lineProtocol: boolean;
  addresses: readonly Readonly<{ address: IpAddress; length: number }>[];
  mtu: number;
  vrf: string;
  securityLevel: number;
  since?: Instant;
  tunnel?: Readonly<{
    sourceInterface?: string;
    source?: IpAddress;
    destination?: IpAddress;
    mode?: 4 | 6;
    /** How its packets go where that is in GRE, and the family outside. */
    gre?: Readonly<{
      family: 4 | 6;
      key?: number;
      checksum: boolean;
      sequence: boolean;
      ttl: number;
      keepalive?: Readonly<{ periodMs: number; retries: number }>;
      pathMtuDiscovery?: Readonly<{ maxAgeMs: number | 'never'; leastMtu: number }>;
      /** Bytes around a packet. */
      overhead: number;
    }>;
    profile?: string;
    /** IKE peer (`IkePeer.name`) that serves it. */
    peer?: string;
    session?: number;
    /** First reason why it is not up, in words. */
    downReason?: string;
    template?: string;
    /** Overhead as ASA prints it: worst case, and before the payload. */
    overhead?: Readonly<{ worst: number; fixed: number }>;
  }>;
}>;

export type BgpVrfSnapshot = Readonly<{
  /** '' is the global table. */
  vrf: string;
  bgp: BgpSnapshot;
  tcp: TcpSnapshot;
  /** Neighbours that came from a listen range, among those of `bgp`. */
  dynamic: readonly Readonly<{ address: IpAddress; range: Prefix | undefined }>[];
  ranges: readonly Readonly<{ prefix: Prefix; peerGroup: string }>[];
}>;

export type GatewaySnapshot = Readonly<{
  now: Instant;
  /** Wall-clock time at `now`, in milliseconds since 1970; absent: the gateway was given no clock. */
  wallClockMs?: number;
  /** When it was first configured. */
  startedAt?: Instant;
  hostname: string;
  model: DeviceModel;
  interfaces: readonly InterfaceSnapshot[];
  ike: IkeSnapshot;
  /** Present where the configuration has any. */
  trustpoints?: readonly TrustpointStatus[];
  routes: readonly Readonly<{ vrf: string; routes: readonly InstalledRoute[] }>[];
  /** Of the global table. */
  bgp?: BgpSnapshot;
  /** Present where there is a tunnel endpoint of VXLAN. */
  overlay?: OverlaySnapshot;
  /** BGP in every VRF, the global table included. */
  bgpVrfs?: readonly BgpVrfSnapshot[];
  tcp: TcpSnapshot;
  plane: PlaneCounters;
  /** Connections between others; present where the device follows them. */
  transit?: TransitStatus;
  log: readonly GatewayLogEvent[];
}>;
