/** Devices of a lab as a console sees them. */
import { type DeviceModel, printAsa } from '../config/index.ts';
import { type ConsoleDevice, type ExecRequest, PingText, type RequestOutput } from '../console/index.ts';
import type { GatewaySnapshot } from '../gateway/index.ts';
import { GatewayNode, LAB_EPOCH_MS, type Lab } from '../lab/index.ts';

/** All gateways of a lab by name, in the topology's order. */
export function labDevices(lab: Lab): ReadonlyMap<string, ConsoleDevice> {
  return new Map(lab.nodes(GatewayNode).map((node) => [node.name, labDevice(lab, node)]));
}

export function labDevice(lab: Lab, node: GatewayNode): ConsoleDevice {
  const startup = node.model;
  return {
    name: node.name,
    epochMs: LAB_EPOCH_MS,
    snapshot: () => snapshotOf(node, lab),
    bgpPaths: (what) => node.bgpPaths(what),
    isOn: () => lab.isOn(node.name),
    model: () => node.model,
    configText: () => configText(lab, node, startup),
    configure: (model) => node.configure(model, lab.now),
    perform: (request, output) => perform(lab, node, request, output),
    save: () =>
      'The lab keeps nothing: the startup configuration is the file of the topology, which stays as it is.\n' +
      "This configuration runs until the lab ends; 'show running-config' prints it.\n",
  };
}

/** The file's own text as long as that is what runs: findings can name its lines. */
function configText(lab: Lab, node: GatewayNode, startup: DeviceModel): Readonly<{ text: string; file: string }> {
  const spec = lab.topology.nodes.find(({ name }) => name === node.name)?.spec;
  if (node.model === startup && spec?.kind === 'asa') return spec.config;
  return { text: printAsa(node.model, { secrets: 'plain' }), file: 'running-config' };
}

function perform(lab: Lab, node: GatewayNode, request: ExecRequest, output: RequestOutput): () => void {
  if (request.kind === 'operator') {
    node.operator(request.request, lab.now);
    output.done();
    return () => undefined;
  }
  const text = new PingText(request.request);
  output.write(text.head());
  const done = (): void => {
    output.write(text.end());
    output.done();
  };
  const id = node.ping(request.request, lab.now, done, (probe) => output.write(text.probe(probe)));
  return () => {
    // A device that was switched off meanwhile tells nobody the end of a ping.
    if (lab.isOn(node.name)) node.operator({ kind: 'cancel', id }, lab.now);
    else done();
  };
}

function snapshotOf(node: GatewayNode, lab: Lab): GatewaySnapshot {
  const snapshot = node.snapshot(lab.now);
  if (snapshot === undefined) throw new Error(`${node.name} was never switched on`);
  return snapshot;
}
