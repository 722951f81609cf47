/** Routes as every protocol offers them to the RIB, and as the RIB gives them to the plane. */
import type { Instant, IpAddress, Prefix } from '../base/index.ts';

export type RouteSource = 'connected' | 'local' | 'static' | 'vpn' | 'bgp';

/** A next hop as offered: by interface, by gateway (resolved by the RIB), or both. */
export type RouteNextHop = Readonly<{ interface?: string; gateway?: IpAddress }>;

/** One candidate. `owner` tells apart candidates of one source (an interface, a session, a configuration line). */
export type RouteCandidate = Readonly<{
  prefix: Prefix;
  source: RouteSource;
  owner: string;
  /** Administrative distance, 0 to 255; 255 is never used. */
  distance: number;
  metric: number;
  /** None: a null route. */
  nextHops: readonly RouteNextHop[];
  tag?: number;
  /** For bgp: which kind, for `show route`. */
  bgpKind?: 'ebgp' | 'ibgp';
}>;

/** A route as installed, with its flat next hops. */
export type InstalledRoute = Readonly<{
  prefix: Prefix;
  candidate: RouteCandidate;
  /** Recursion done: each has an interface; `gateway` is the address on that link, absent for on-link destinations. */
  resolved: readonly Readonly<{ interface: string; gateway?: IpAddress }>[];
  since: Instant;
}>;

export type FibChange =
  | Readonly<{ kind: 'set'; prefix: Prefix; nextHops: readonly Readonly<{ interface: string; gateway?: IpAddress }>[] }>
  | Readonly<{ kind: 'remove'; prefix: Prefix }>;
