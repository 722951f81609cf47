/** From a topology file to a lab that is ready to run: everything is read and checked before anything starts. */
import { type DeviceModel, type Diagnostic, formatDiagnostic, loadConfiguration } from '../config/index.ts';
import { syslog } from '../console/index.ts';
import type { GatewayLogEvent } from '../gateway/index.ts';
import { chooseCurves, readText } from '../host/index.ts';
import { DecryptionTables, gatewayDevices, Lab, loadTopology, resolvePorts } from '../lab/index.ts';
import { formatDiagnostic as formatTopologyFault } from '../yaml/index.ts';

export type OpenedLab = Readonly<{ lab: Lab; keys: DecryptionTables; models: ReadonlyMap<string, DeviceModel> }>;

/**
 * Opens a lab, or says (to `complain`, a line at a time) why it can not be. Warnings go there as well. `onLog` hears what
 * happens on every device.
 */
export function openLab(
  path: string,
  seed: number,
  complain: (text: string) => void,
  onLog: (device: string, event: GatewayLogEvent) => void = () => undefined,
): OpenedLab | undefined {
  const read = (name: string): string | undefined => {
    const text = readText(name);
    return text.ok ? text.value : undefined;
  };
  const topology = loadTopology(path, read);
  if (!topology.ok) {
    for (const fault of topology.error) complain(formatTopologyFault(fault));
    return undefined;
  }
  const models = new Map<string, DeviceModel>();
  let errors = 0;
  for (const { name, spec } of topology.value.nodes) {
    if (spec.kind !== 'asa' && spec.kind !== 'iosxe') continue;
    const { model, diagnostics } = loadConfiguration(spec.config.text, spec.config.file, spec.kind);
    for (const diagnostic of diagnostics) complain(formatDiagnostic(diagnostic, spec.config.text));
    errors += diagnostics.filter(isError).length;
    models.set(name, model);
  }
  if (errors > 0) {
    complain(`${errors} ${errors === 1 ? 'error' : 'errors'}; nothing was started`);
    return undefined;
  }
  const ports = resolvePorts(topology.value, models);
  for (const fault of ports.diagnostics) complain(formatTopologyFault(fault));
  if (ports.diagnostics.length > 0) return undefined;
  // The same bytes by either, the sooner the better.
  chooseCurves();
  const keys = new DecryptionTables();
  const device = gatewayDevices(models, { keys, onLog, syslog: syslog.syslogDatagrams });
  return { lab: new Lab(ports.topology, { seed, device }), keys, models };
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}
