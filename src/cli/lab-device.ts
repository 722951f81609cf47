/** Devices of a lab as a console sees them. */
import { type DeviceModel, printConfiguration } from '../config/index.ts';
import type { ConsoleDevice } from '../console/index.ts';
import { operated } from '../gateway/index.ts';
import { GatewayNode, LAB_EPOCH_MS, type Lab } from '../lab/index.ts';
import { consoleDevice } from './console-device.ts';
import type { SaveFile } from './save-file.ts';

/** All gateways of a lab by name, in the topology's order. Without `saveFile` they write no files. */
export function labDevices(lab: Lab, saveFile?: SaveFile): ReadonlyMap<string, ConsoleDevice> {
  return new Map(lab.nodes(GatewayNode).map((node) => [node.name, labDevice(lab, node, saveFile)]));
}

export function labDevice(lab: Lab, node: GatewayNode, saveFile?: SaveFile): ConsoleDevice {
  const startup = node.model;
  const device = operated(node, { now: () => lab.now, isOn: () => lab.isOn(node.name) });
  return consoleDevice(device, {
    epochMs: LAB_EPOCH_MS,
    configText: () => configText(lab, node, startup),
    save: () =>
      'The lab keeps nothing: the startup configuration is the file of the topology, which stays as it is.\n' +
      "This configuration runs until the lab ends; 'show running-config' prints it.\n",
    ...(saveFile === undefined ? {} : { saveFile }),
  });
}

/** The file's own text as long as that is what runs: findings can name its lines. */
function configText(lab: Lab, node: GatewayNode, startup: DeviceModel): Readonly<{ text: string; file: string }> {
  const spec = lab.topology.nodes.find(({ name }) => name === node.name)?.spec;
  if (node.model === startup && (spec?.kind === 'asa' || spec?.kind === 'iosxe')) return spec.config;
  return { text: printConfiguration(node.model, { secrets: 'plain' }), file: 'running-config' };
}
