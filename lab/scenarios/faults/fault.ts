/**
 * The stage of the fault scenarios: takes a healthy topology, breaks lines of its configurations, runs it, asks for the
 * diagnosis, makes each edit that it proposes in turn, and runs it again.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after } from '../../../src/base/index.ts';
import { type DeviceModel, formatDiagnostic, loadConfiguration } from '../../../src/config/index.ts';
import {
  applyEdit,
  type Diagnosis,
  type Edit,
  explainBgp,
  explainTunnel,
  type Fabric,
  formatDiagnosis,
} from '../../../src/explain/index.ts';
import {
  GatewayNode,
  gatewayDevices,
  isConverged,
  Lab,
  labEvidence,
  loadTopology,
  resolvePorts,
  whyNotConverged,
} from '../../../src/lab/index.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** One change of one line: `line` is what stands there without indentation, `within` the section's first line. */
export type Change = Readonly<{
  file: string;
  line: string;
  within?: string;
  /** What stands there instead, or after it; absent: the line goes. */
  to?: string;
  how: 'replace' | 'delete' | 'insert-after';
}>;

/** A line that the diagnosis must name. */
export type Named = Readonly<{ file: string; line: string; within?: string }>;

export type Question = Readonly<{ device: string; tunnel?: string; neighbor?: string }>;

export type Fault = Readonly<{
  /** Name of the folder. */
  name: string;
  /** What is broken, in words. */
  says: string;
  /** The healthy topology, from the repository's root. */
  topology: string;
  changes: readonly Change[];
  ask: Question;
  code: string;
  layer: Diagnosis['layer'];
  state?: Diagnosis['state'];
  lines: readonly Named[];
  /** The code with the asking device's configuration alone; absent: the same as with both. */
  alone?: string;
  /** Tunnels that are up all the same, as `device tunnel`; 'all': every other one. */
  healthy?: readonly string[];
  /** How long it runs before it is asked. */
  forMs?: number;
  /** What is done once it has run that long: a cable pulled, a mapping forgotten. It then runs as long again. */
  act?: (lab: Lab) => void;
  /** Edits can not mend what no configuration has broken. */
  mendable?: false;
  /** What must hold after an edit, when converging is not enough. */
  mended?: (lab: Lab) => void;
}>;

export type Texts = ReadonlyMap<string, string>;

export function replace(file: string, line: string, to: string, within?: string): Change {
  return { file, line, to, how: 'replace', ...(within === undefined ? {} : { within }) };
}

export function remove(file: string, line: string, within?: string): Change {
  return { file, line, how: 'delete', ...(within === undefined ? {} : { within }) };
}

export function insert(file: string, line: string, to: string, within?: string): Change {
  return { file, line, to, how: 'insert-after', ...(within === undefined ? {} : { within }) };
}

export function named(file: string, line: string, within?: string): Named {
  return { file, line, ...(within === undefined ? {} : { within }) };
}

/** The texts of a topology with its faults in them: file name (from its folder) to text. */
export function brokenTexts({ topology, changes }: Pick<Fault, 'topology' | 'changes'>): Texts {
  const folder = dirname(join(root, topology));
  const texts = new Map<string, string>();
  const read = (name: string): string => texts.get(name) ?? readFileSync(join(folder, name), 'utf8');
  const main = read('topology.yaml');
  texts.set('topology.yaml', main);
  for (const [, file] of main.matchAll(/startup-config: ([\w.-]+)/g))
    if (file !== undefined) texts.set(file, read(file));
  for (const change of changes) {
    const lines = read(change.file).split('\n');
    const at = indexOf(lines, change);
    const indent = (lines[at] ?? '').match(/^\s*/)?.[0] ?? '';
    const added = change.to === undefined ? [] : change.to.split('\n').map((line) => `${indent}${line}`);
    lines.splice(change.how === 'insert-after' ? at + 1 : at, change.how === 'insert-after' ? 0 : 1, ...added);
    texts.set(change.file, lines.join('\n'));
  }
  return texts;
}

/** Index of a line in its file, of the first such line in its section where one is given. */
export function indexOf(lines: readonly string[], { line, within, file }: Named): number {
  const from = within === undefined ? 0 : lines.findIndex((one) => one.trim() === within);
  assert.ok(from >= 0, `${file} has no section ${within}`);
  const at = lines.findIndex((one, i) => i >= from && one.trim() === line);
  assert.ok(at >= 0, `${file} has no line ${line}`);
  return at;
}

export type Stage = Readonly<{
  lab: Lab | undefined;
  fabric: Fabric;
  said: readonly string[];
  problems: readonly string[];
}>;

/** Runs texts for a while. Configurations with errors do not start: then there is no lab, and the models alone are known. */
export function run(fault: Fault, texts: Texts, until: 'converged' | 'asked'): Stage {
  const read = (path: string): string | undefined => texts.get(path);
  const topology = loadTopology('topology.yaml', read);
  assert.ok(topology.ok, JSON.stringify(topology));
  const said: string[] = [];
  const models = new Map<string, DeviceModel>();
  const known: [string, Fabric extends ReadonlyMap<string, infer D> ? D : never][] = [];
  let errors = 0;
  for (const { name, spec } of topology.value.nodes) {
    if (spec.kind !== 'asa' && spec.kind !== 'iosxe') continue;
    const { model, diagnostics } = loadConfiguration(spec.config.text, spec.config.file, spec.kind);
    for (const one of diagnostics) said.push(formatDiagnostic(one, spec.config.text));
    errors += diagnostics.filter(({ severity }) => severity === 'error').length;
    models.set(name, model);
    known.push([name, { name, model, configuration: spec.config }]);
  }
  if (errors > 0) return { lab: undefined, fabric: new Map(known), said, problems: said };
  const ports = resolvePorts(topology.value, models);
  assert.deepEqual(ports.diagnostics, []);
  const lab = new Lab(ports.topology, { seed: 1, device: gatewayDevices(models) });
  const gateways = lab.nodes(GatewayNode);
  const forMs = fault.forMs ?? 12_000;
  let problems: readonly string[] = [];
  if (until === 'converged') {
    const reached = lab.run({ until: () => isConverged(gateways, lab.now), limit: after(lab.now, 60_000) });
    if (!reached) problems = [`at ${lab.now} ms:`, ...whyNotConverged(gateways, lab.now), ...said];
  } else {
    lab.run({ until: after(lab.now, forMs) });
    if (fault.act !== undefined) {
      fault.act(lab);
      lab.run({ until: after(lab.now, forMs) });
    }
  }
  return { lab, fabric: labEvidence(lab), said, problems };
}

export function asked(fabric: Fabric, { device, tunnel, neighbor }: Question): Diagnosis {
  if (neighbor !== undefined) return explainBgp(fabric, device, neighbor);
  return explainTunnel(fabric, device, tunnel ?? '');
}

/**
 * Makes an edit and runs the fabric until it converges. The same fault may be there toward other peers: their tunnels
 * are asked in turn, and their first edit is made as well.
 */
export function mend(fault: Fault, broken: Texts, edit: Edit): void {
  let texts = edited(broken, edit);
  let stage = run(fault, texts, 'converged');
  const first = asked(stage.fabric, fault.ask);
  assert.equal(first.state, 'up', `${formatDiagnosis(first)}${stage.problems.join('\n')}`);
  for (let rounds = 0; stage.problems.length > 0 && rounds < 3; rounds++) {
    const { fabric } = stage;
    const next = tunnelsOf(fabric)
      .map((question) => asked(fabric, question))
      .find(({ code }) => code === fault.code);
    const [same] = next?.edits ?? [];
    if (same === undefined) break;
    texts = edited(texts, same);
    stage = run(fault, texts, 'converged');
  }
  assert.deepEqual(stage.problems, []);
  if (stage.lab !== undefined) fault.mended?.(stage.lab);
}

/** The texts with an edit made. */
export function edited(texts: Texts, edit: Edit): Texts {
  const text = texts.get(edit.file);
  assert.ok(text !== undefined, `an edit of ${edit.file}`);
  return new Map([...texts, [edit.file, applyEdit(text, edit)]]);
}

/** The same evidence of one device alone. */
export function aloneWith(fabric: Fabric, device: string): Fabric {
  const found = fabric.get(device);
  assert.ok(found);
  return new Map([[device, found]]);
}

/** Every tunnel of a fabric: the static ones and the clones. */
export function tunnelsOf(fabric: Fabric): readonly Question[] {
  return [...fabric.values()].flatMap(({ name, model, snapshot }) =>
    [
      ...model.interfaces.filter(({ kind }) => kind === 'tunnel'),
      ...(snapshot?.interfaces.filter(({ kind }) => kind === 'virtual-access') ?? []),
    ].map((one) => ({ device: name, tunnel: one.name })),
  );
}
