/** RIB and recursion: which route each prefix takes, and which interface each next hop means. */
export type * from './contract.ts';
export { Distance } from './distance.ts';
export { type ResolvedHop, Rib, type RibChanges, type TrackedChange } from './rib.ts';
export { interfaceRoutes, staticRoute } from './static.ts';
