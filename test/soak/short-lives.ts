/** The hub-and-spoke example with SAs that live for minutes only: what the soak tests of rekeying share. */
import assert from 'node:assert/strict';
import { openScenario, type Scenario } from '../../lab/scenarios/scenario.ts';
import type { DeviceModel } from '../../src/config/index.ts';
import { GatewayNode, gatewayDevices, Lab } from '../../src/lab/index.ts';

const TOPOLOGY = 'examples/hub-and-spoke/topology.yaml';

/** By device, in seconds. */
export type Lifetimes = Readonly<Record<string, Readonly<{ childS: number; ikeS: number }>>>;

/** Either end is the first to rekey, now here, now there. */
export const UNEQUAL: Lifetimes = {
  hub1: { childS: 120, ikeS: 1800 },
  hub2: { childS: 600, ikeS: 300 },
  spoke1: { childS: 300, ikeS: 600 },
  spoke2: { childS: 120, ikeS: 300 },
};

const SHORT = { childS: 120, ikeS: 300 };

/** Both ends rekey at nearly the same time, and now and then at the same. */
export const EQUAL: Lifetimes = { hub1: SHORT, hub2: SHORT, spoke1: SHORT, spoke2: SHORT };

/** The example with the lifetimes of each device changed. */
export function openShortLived(lifetimes: Lifetimes, seed = 1): Scenario {
  const { lab: example, keys, said } = openScenario(TOPOLOGY);
  const models = new Map<string, DeviceModel>();
  for (const { name, model } of example.nodes(GatewayNode)) {
    const { childS, ikeS } = lifetimes[name] ?? {};
    assert.ok(childS !== undefined && ikeS !== undefined, name);
    const ikePolicies = model.ikePolicies.map((policy) => ({ ...policy, lifetimeMs: ikeS * 1000 }));
    models.set(name, { ...model, childLifetimeMs: childS * 1000, ikePolicies });
  }
  const lab = new Lab(example.topology, { seed, device: gatewayDevices(models) });
  return { lab, gateways: lab.nodes(GatewayNode), keys, said };
}
