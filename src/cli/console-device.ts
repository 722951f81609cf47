/** A running device as a console sees it, whether it runs in a lab or on this machine. */
import {
  type ConsoleDevice,
  type ExecRequest,
  PingText,
  type RequestOutput,
  TracerouteText,
} from '../console/index.ts';
import type { GatewaySnapshot, OperatedDevice } from '../gateway/index.ts';
import { captureFile } from '../lab/index.ts';
import type { SaveFile } from './save-file.ts';

/** What a console is told that differs by where the device runs. Without `saveFile` it writes no files. */
export type ConsoleSurroundings = Pick<ConsoleDevice, 'configText' | 'save'> &
  Readonly<{
    /** Wall-clock time of the driver's `at(0)`, in milliseconds since 1970. */
    epochMs: number;
    saveFile?: SaveFile;
  }>;

export function consoleDevice(device: OperatedDevice, around: ConsoleSurroundings): ConsoleDevice {
  const { epochMs, configText, save, saveFile } = around;
  return {
    name: device.name,
    epochMs,
    snapshot: () => snapshotOf(device),
    bgpPaths: (what) => device.bgpPaths(what),
    evpnPaths: () => device.evpnPaths(),
    captures: () => device.captures(),
    captured: (name) => device.captured(name),
    planeTwin: (watch) => device.planeTwin?.(watch),
    isOn: () => device.isOn(),
    model: () => device.model(),
    configText,
    configure: (model) => device.configure(model),
    perform: (request, output) => perform(device, request, output, saveFile),
    save,
  };
}

function perform(
  device: OperatedDevice,
  request: ExecRequest,
  output: RequestOutput,
  saveFile: SaveFile | undefined,
): () => void {
  switch (request.kind) {
    case 'operator':
      device.operator(request.request);
      output.done();
      return () => undefined;
    case 'export':
      output.write(exportCapture(device, request, saveFile));
      output.done();
      return () => undefined;
    case 'ping': {
      const text = new PingText(request.request);
      return run(device, text, output, (done, probe) => device.ping(request.request, done, probe));
    }
    case 'traceroute': {
      const text = new TracerouteText(request.request);
      return run(device, text, output, (done, probe) => device.traceroute(request.request, done, probe));
    }
    default:
      return request satisfies never;
  }
}

/** Runs probes and prints each as it ends; gives what stops it. */
function run<P>(
  device: OperatedDevice,
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
    if (device.isOn()) device.operator({ kind: 'cancel', id });
    else done();
  };
}

function exportCapture(
  device: OperatedDevice,
  { capture, file }: Extract<ExecRequest, { kind: 'export' }>,
  saveFile: SaveFile | undefined,
): string {
  if (saveFile === undefined) return 'ERROR: no files are written from here\n';
  const packets = device.captured(capture) ?? [];
  const { interfaces } = snapshotOf(device);
  const nameOf = (name: string): string => interfaces.find((one) => one.name === name)?.alias ?? name;
  const saved = saveFile(file, captureFile(packets, nameOf));
  return saved.ok ? `${packets.length} packets copied to ${saved.value}\n` : `ERROR: ${saved.error}\n`;
}

function snapshotOf(device: OperatedDevice): GatewaySnapshot {
  const snapshot = device.snapshot();
  if (snapshot === undefined) throw new Error(`${device.name} was never switched on`);
  return snapshot;
}
