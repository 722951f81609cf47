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
export { Arena } from './fast/arena.ts';
export { FastMemory, GlobalWord } from './fast/fast-memory.ts';
export { FAST_PATH_BYTES, FastPath, handled } from './fast/fast-path.ts';
export { type FastLink, FastPlane } from './fast/fast-plane.ts';
export type { FastKeys, FastOrder, FastSa, FastSaConfig, PacketCipher } from './fast/fast-sa.ts';
export type { SealedBatch } from './fast/sealed-batch.ts';
export { VNET_HEADER } from './fast/segmentation.ts';
export { SoftwarePlane } from './software/software-plane.ts';
export { TransitWire } from './software/transit-wire.ts';
export type * from './tap.ts';
