/** Paths and destinations: what the three RIBs share. */
import type { IpAddress } from '../base/index.ts';
import type { BgpRoute, EvpnRoute } from './events.ts';
import type { BgpFamily, Nlri } from './evpn.ts';
import type { PathAttributes } from './path-attributes.ts';

/** The neighbour behind a path, as far as decisions look at it. */
export type PathSource = {
  readonly address: IpAddress;
  /** eBGP. */
  external: boolean;
  /** BGP identifier from its OPEN. */
  routerId: IpAddress;
  /** Route reflection client, RFC 4456, by family. */
  isClient: Readonly<Partial<Record<BgpFamily, boolean>>>;
};

/** A next hop that the gateway resolves for us; `metric` is undefined while it is unreachable. */
export type NextHop = { readonly address: IpAddress; metric: number | undefined; readonly paths: Set<Path> };

/** One way to one prefix. Never changed: news about it makes a new path. */
export type Path = Readonly<{
  destination: Destination;
  /** Undefined: our own. */
  source: PathSource | undefined;
  received: PathAttributes;
  /** After inbound policy; undefined: denied. */
  attributes: PathAttributes | undefined;
  weight: number;
  /** Undefined for our own routes. */
  hop: NextHop | undefined;
}>;

/** All that is known of one prefix, in one speaker. */
export type Destination = {
  readonly prefix: Nlri;
  readonly paths: Path[];
  best: Path | undefined;
  multipath: readonly Path[];
  installed: BgpRoute | EvpnRoute | undefined;
  /** Of an EVPN route: the path that `installed` tells of. */
  installedFrom?: Path;
  /** Version of the table in which its best path last changed. */
  version?: number;
};
