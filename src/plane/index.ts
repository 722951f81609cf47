/** Forwarding: the contract every plane keeps, its conformance suite, and the plane in plain TypeScript. RFC 1812, RFC 4301. */
export type {
  ChildSaCounters,
  DropReason,
  InterfaceAddress,
  InterfaceCounters,
  Plane,
  PlaneChildSa,
  PlaneCommand,
  PlaneCounters,
  PlaneEvent,
  PlaneInterface,
  PlaneNextHop,
  PlaneSelector,
  PlaneSink,
  PlaneTunnel,
  SecurityPolicy,
} from './contract.ts';
export { SoftwarePlane } from './software/software-plane.ts';
export type * from './tap.ts';
