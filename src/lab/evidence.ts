/** What diagnosis gets of a lab: each device's configuration and, while it is on, its snapshot. */
import type { DeviceEvidence, Fabric } from '../explain/index.ts';
import { GatewayNode } from './gateway-node.ts';
import type { Lab } from './lab.ts';
import { PacketWalker } from './packet-walk.ts';

export function labEvidence(lab: Lab): Fabric {
  const configurations = new Map(
    lab.topology.nodes.flatMap(({ name, spec }) => ('config' in spec ? [[name, spec.config] as const] : [])),
  );
  const devices = lab.nodes(GatewayNode).map((node): readonly [string, DeviceEvidence] => {
    const { name, model } = node;
    const snapshot = lab.isOn(name) ? node.snapshot(lab.now) : undefined;
    const configuration = configurations.get(name) ?? { file: name, text: '' };
    if (snapshot === undefined) return [name, { name, model, configuration }];
    const bgpPaths = node.bgpPaths.bind(node);
    return [name, { name, model, configuration, snapshot, bgpPaths, walker: () => new PacketWalker(lab) }];
  });
  return new Map(devices);
}
