/** Configurations as evidence: what `explain` knows where nothing runs. */
import { formatDiagnostic, loadConfiguration } from '../config/index.ts';
import type { DeviceEvidence, Fabric } from '../explain/index.ts';
import { readText } from '../host/index.ts';

/** The devices by hostname; a configuration that has errors still tells what it can. */
export function readFabric(paths: readonly string[], complain: (text: string) => void): Fabric | undefined {
  const fabric = new Map<string, DeviceEvidence>();
  for (const path of paths) {
    const text = readText(path);
    if (!text.ok) {
      complain(text.error);
      return undefined;
    }
    const { model, diagnostics } = loadConfiguration(text.value, path);
    for (const one of diagnostics) if (one.severity !== 'note') complain(formatDiagnostic(one, text.value));
    const other = fabric.get(model.hostname)?.configuration.file;
    if (other !== undefined) {
      complain(`${path} and ${other} are both of a device ${model.hostname}`);
      return undefined;
    }
    const configuration = { file: path, text: text.value };
    fabric.set(model.hostname, { name: model.hostname, model, configuration });
  }
  return fabric;
}
