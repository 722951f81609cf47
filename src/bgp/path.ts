/** Paths and destinations: what the three RIBs share. */
import type { IpAddress, Prefix } from '../base/index.ts';
import type { BgpRoute } from './events.ts';
import type { PathAttributes } from './path-attributes.ts';

/** The neighbour behind a path, as far as decisions look at it. */
export type PathSource = {
  readonly address: IpAddress;
  /** eBGP. */
  external: boolean;
  /** BGP identifier from its OPEN. */
  routerId: IpAddress;
  /** Route reflection client, RFC 4456, by the family's digit. */
  isClient: Readonly<Partial<Record<4 | 6, boolean>>>;
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
  readonly prefix: Prefix;
  readonly paths: Path[];
  best: Path | undefined;
  multipath: readonly Path[];
  installed: BgpRoute | undefined;
  /** Version of the table in which its best path last changed. */
  version?: number;
};
