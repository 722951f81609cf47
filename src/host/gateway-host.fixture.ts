/** Gateways on machines in memory, for tests. */
import { seededRandom } from '../base/index.ts';
import type { DeviceModel } from '../config/index.ts';
import type { GatewayLogEvent } from '../gateway/index.ts';
import { GatewayHost } from './gateway-host.ts';
import { MemoryMachine, type MemoryWorld } from './memory-system.fixture.ts';
import { DEFAULT_SETTINGS, type HostSettings } from './settings.ts';
import type { SystemFault } from './system.ts';

/** A gateway in memory, and what it said. */
export type Running = Readonly<{ host: GatewayHost; log: GatewayLogEvent[]; faults: SystemFault[] }>;

export function hostOf(
  world: MemoryWorld,
  machine: MemoryMachine,
  model: DeviceModel,
  settings: Partial<HostSettings> = {},
  seed = 1,
): Running {
  const log: GatewayLogEvent[] = [];
  const faults: SystemFault[] = [];
  const host = new GatewayHost({
    name: model.hostname,
    model,
    open: machine.open,
    settings: { ...DEFAULT_SETTINGS, ...settings },
    random: seededRandom(seed, model.hostname),
    clock: world.clock,
    wallClock: () => 1_700_000_000_000 + world.now,
    onLog: (event) => log.push(event),
    onFault: (fault) => faults.push(fault),
  });
  return { host, log, faults };
}

/** Gateway `n` of `gatewayText`, with a host behind it. */
export function machineOf(world: MemoryWorld, n: number): MemoryMachine {
  return new MemoryMachine(world, { eth0: [`10.0.0.${n}/24`], eth1: [`10.1.${n}.1/24`] }, [`10.1.${n}.10`]);
}
