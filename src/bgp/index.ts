/** BGP-4: RFC 4271, 4760 (multiprotocol), 6793 (4-octet AS), 5492, 2918, 4456, 7606. */
export { Bgp } from './bgp.ts';
export type * from './events.ts';
export { type BgpFamily, type EvpnFields, EvpnPrefix, type OverlayCommunities, rdBytes } from './evpn.ts';
export { applyRouteMap } from './local-policy.ts';
export { connectTtl, needsConnected } from './negotiation.ts';
export type * from './policy.ts';
