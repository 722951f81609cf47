/** Devices of a lab as a console sees them. */
import { type DeviceModel, printAsa } from '../config/index.ts';
import {
  type ConsoleDevice,
  type ExecRequest,
  PingText,
  type RequestOutput,
  TracerouteText,
} from '../console/index.ts';
import type { GatewaySnapshot } from '../gateway/index.ts';
import { captureFile, GatewayNode, LAB_EPOCH_MS, type Lab } from '../lab/index.ts';
import type { SaveFile } from './save-file.ts';

/** All gateways of a lab by name, in the topology's order. Without `saveFile` they write no files. */
export function labDevices(lab: Lab, saveFile?: SaveFile): ReadonlyMap<string, ConsoleDevice> {
  return new Map(lab.nodes(GatewayNode).map((node) => [node.name, labDevice(lab, node, saveFile)]));
}

export function labDevice(lab: Lab, node: GatewayNode, saveFile?: SaveFile): ConsoleDevice {
  const startup = node.model;
  return {
    name: node.name,
    epochMs: LAB_EPOCH_MS,
    snapshot: () => snapshotOf(node, lab),
    bgpPaths: (what) => node.bgpPaths(what),
    captures: () => node.captures(),
    captured: (name) => node.captured(name),
    isOn: () => lab.isOn(node.name),
    model: () => node.model,
    configText: () => configText(lab, node, startup),
    configure: (model) => node.configure(model, lab.now),
    perform: (request, output) => perform(lab, node, request, output, saveFile),
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

function perform(
  lab: Lab,
  node: GatewayNode,
  request: ExecRequest,
  output: RequestOutput,
  saveFile: SaveFile | undefined,
): () => void {
  switch (request.kind) {
    case 'operator':
      node.operator(request.request, lab.now);
      output.done();
      return () => undefined;
    case 'export':
      output.write(exportCapture(lab, node, request, saveFile));
      output.done();
      return () => undefined;
    case 'ping': {
      const text = new PingText(request.request);
      return run(lab, node, text, output, (done, probe) => node.ping(request.request, lab.now, done, probe));
    }
    case 'traceroute': {
      const text = new TracerouteText(request.request);
      return run(lab, node, text, output, (done, probe) => node.traceroute(request.request, lab.now, done, probe));
    }
    default:
      return request satisfies never;
  }
}

/** Runs probes and prints each as it ends; gives what stops it. */
function run<P>(
  lab: Lab,
  node: GatewayNode,
  text: Readonly<{ head: () => string; probe: (probe: P) => string; end: () => string }>,
  output: RequestOutput,
  start: (done: () => void, probe: (probe: P) => void) => number,
): () => void {
  output.write(text.head());
  const done = (): void => {
    output.write(text.end());
    output.done();
  };
  const id = start(done, (probe) => output.write(text.probe(probe)));
  return () => {
    // A device that was switched off meanwhile tells nobody the end of a run.
    if (lab.isOn(node.name)) node.operator({ kind: 'cancel', id }, lab.now);
    else done();
  };
}

function exportCapture(
  lab: Lab,
  node: GatewayNode,
  { capture, file }: Extract<ExecRequest, { kind: 'export' }>,
  saveFile: SaveFile | undefined,
): string {
  if (saveFile === undefined) return 'ERROR: no files are written from here\n';
  const packets = node.captured(capture) ?? [];
  const { interfaces } = snapshotOf(node, lab);
  const nameOf = (name: string): string => interfaces.find((one) => one.name === name)?.alias ?? name;
  const saved = saveFile(file, captureFile(packets, nameOf));
  return saved.ok ? `${packets.length} packets copied to ${saved.value}\n` : `ERROR: ${saved.error}\n`;
}

function snapshotOf(node: GatewayNode, lab: Lab): GatewaySnapshot {
  const snapshot = node.snapshot(lab.now);
  if (snapshot === undefined) throw new Error(`${node.name} was never switched on`);
  return snapshot;
}
