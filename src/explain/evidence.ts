/** What a diagnosis is made from: of each known device its configuration, and its snapshot if it runs. */
import type { IpAddress } from '../base/index.ts';
import type { BgpPathSnapshot } from '../bgp/index.ts';
import type { DeviceModel, InterfaceModel } from '../config/index.ts';
import { type GatewaySnapshot, type InterfaceSnapshot, ModelIndex } from '../gateway/index.ts';
import type { PacketWalker } from './packet-walk.ts';

export type DeviceEvidence = Readonly<{
  /** As the lab or the operator calls it. */
  name: string;
  model: DeviceModel;
  configuration: Readonly<{ file: string; text: string }>;
  /** Absent: it is made anew for each question. */
  index?: ModelIndex;
  /** Absent: the device is off, or only its configuration is known. */
  snapshot?: GatewaySnapshot;
  /** Walks packets from it, as far as its surroundings are known; undefined: it can not. */
  walker?: () => PacketWalker | undefined;
  /** The BGP table, or what one neighbour told or was told: asked for apart because there may be many. */
  bgpPaths?: (
    what: Readonly<{ kind: 'all' } | { kind: 'received' | 'advertised'; neighbor: IpAddress }>,
  ) => readonly BgpPathSnapshot[];
}>;

/** All devices that are known, by name; it may be one alone. */
export type Fabric = ReadonlyMap<string, DeviceEvidence>;

/** Looks names of a device up. */
export function indexOf({ index, model }: DeviceEvidence): ModelIndex {
  return index ?? new ModelIndex(model);
}

/** A configured interface, by hardware name or nameif, in either case. */
export function modelInterface({ model }: DeviceEvidence, name: string): InterfaceModel | undefined {
  const wanted = name.toLowerCase();
  return model.interfaces.find((one) => one.name.toLowerCase() === wanted || one.alias?.toLowerCase() === wanted);
}

/** An interface as it stands, by hardware name or nameif. */
export function interfaceState({ snapshot }: DeviceEvidence, name: string): InterfaceSnapshot | undefined {
  const wanted = name.toLowerCase();
  return snapshot?.interfaces.find((one) => one.name.toLowerCase() === wanted || one.alias?.toLowerCase() === wanted);
}
