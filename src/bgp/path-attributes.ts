/** What a route says beside its prefix: RFC 4271 section 5, as an immutable value that many paths share. */
import { IpAddress } from '../base/index.ts';
import type { AsPath } from './as-path.ts';
import type { EvpnFields } from './evpn.ts';

export type Origin = 'igp' | 'egp' | 'incomplete';

/** An optional attribute that we carry but do not act on. */
export type OtherAttribute = Readonly<{ type: number; flags: number; body: Uint8Array }>;

export type PathAttributes = Readonly<{
  origin: Origin;
  asPath: AsPath;
  nextHop: IpAddress;
  med: number | undefined;
  localPreference: number | undefined;
  atomicAggregate: boolean;
  aggregator: Readonly<{ asn: number; address: IpAddress }> | undefined;
  communities: readonly number[];
  originatorId: IpAddress | undefined;
  /** Nearest cluster first, RFC 4456 section 8; cluster ids as 32-bit numbers. */
  clusterList: readonly number[];
  others: readonly OtherAttribute[];
  /** Of an EVPN route alone. */
  evpn?: EvpnFields;
}>;

/** Well-known communities, RFC 1997. */
export const COMMUNITY = { noExport: 0xffffff01, noAdvertise: 0xffffff02, noExportSubconfed: 0xffffff03 } as const;

export const NO_NUMBERS: readonly number[] = [];

/** Attributes of a route that says nothing special. */
export const PLAIN: PathAttributes = {
  origin: 'igp',
  asPath: [],
  nextHop: IpAddress.any(4),
  med: undefined,
  localPreference: undefined,
  atomicAggregate: false,
  aggregator: undefined,
  communities: NO_NUMBERS,
  originatorId: undefined,
  clusterList: NO_NUMBERS,
  others: [],
};
