/** `wheelwright explain`: diagnosis of configurations alone, of both ends or of one; nothing runs. */
import { formatDiagnostic, loadConfiguration } from '../config/index.ts';
import {
  type DeviceEvidence,
  type Diagnosis,
  explainBgp,
  explainRoute,
  explainTunnel,
  type Fabric,
  formatDiagnosis,
} from '../explain/index.ts';
import { readText } from '../host/index.ts';

const QUESTIONS = { tunnel: explainTunnel, bgp: explainBgp, route: explainRoute } as const;

/** Gives the exit status: 0 nothing speaks against it, 1 something does, 2 unreadable input. */
export function explain(
  what: string,
  device: string,
  name: string,
  paths: readonly string[],
  options: Readonly<{ json?: boolean }>,
): number {
  const complain = (text: string): void => void process.stderr.write(`${text}\n`);
  const question = Object.entries(QUESTIONS).find(([word]) => word === what)?.[1];
  if (question === undefined) {
    complain(`'${what}' can not be explained; tunnel, bgp and route can`);
    return 2;
  }
  const fabric = readFabric(paths, complain);
  if (fabric === undefined) return 2;
  if (!fabric.has(device)) {
    complain(`no configuration is of a device ${device}; there are ${[...fabric.keys()].join(', ')}`);
    return 2;
  }
  const diagnosis: Diagnosis = question(fabric, device, name);
  // Nothing runs here: where no rule finds a fault there is nothing more to look at.
  const isSound = diagnosis.state === 'up' || diagnosis.code === 'unexplained';
  if (isSound && options.json !== true) {
    process.stdout.write(`${device} ${name}: nothing in ${paths.join(', ')} speaks against it\n`);
    return 0;
  }
  process.stdout.write(
    options.json === true ? `${JSON.stringify(diagnosis, null, 2)}\n` : `${formatDiagnosis(diagnosis).trimEnd()}\n`,
  );
  return isSound ? 0 : 1;
}

/** The devices by hostname; a configuration that has errors still tells what it can. */
function readFabric(paths: readonly string[], complain: (text: string) => void): Fabric | undefined {
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
