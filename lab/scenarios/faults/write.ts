/** The folders of the scenarios: each has the files that are broken and takes the rest from the healthy topology. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BgpFault } from './bgp-faults.ts';
import { brokenTexts, type Fault } from './fault.ts';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../..');

export type Scenario = Fault | BgpFault;

/** Files of a scenario's folder by path from here; none where the fault is not in any file. */
export function folderOf(fault: Scenario): ReadonlyMap<string, string> {
  if (fault.changes.length === 0) return new Map();
  const healthy = dirname(join(root, fault.topology));
  const files = new Map<string, string>();
  let topology = '';
  for (const [name, text] of brokenTexts(fault)) {
    if (name === 'topology.yaml') topology = text;
    else if (text !== readFileSync(join(healthy, name), 'utf8')) files.set(`${fault.name}/${name}`, text);
  }
  const elsewhere = relative(join(here, fault.name), healthy);
  const pointed = topology.replaceAll(/startup-config: ([\w.-]+)/g, (all, name: string) =>
    files.has(`${fault.name}/${name}`) ? all : `startup-config: ${elsewhere}/${name}`,
  );
  const what = `${fault.says[0]?.toUpperCase()}${fault.says.slice(1)}.`;
  const titled = pointed.replace(/^(#.*\n)*name: .*/, `# ${what}\nname: ${fault.name}`);
  files.set(`${fault.name}/topology.yaml`, titled.split('\n').map(wrapped).join('\n'));
  return files;
}

/** The page that lists all scenarios. */
export function readme(faults: readonly Scenario[]): string {
  const rows = faults.map((fault) => {
    const { device } = fault.ask;
    const question = `explain ${questionOf(fault.ask)}`;
    const name = fault.changes.length === 0 ? fault.name : `[${fault.name}](${fault.name}/topology.yaml)`;
    return `| ${name} | ${fault.says} | \`${device}: ${question}\` | ${fault.layer} | \`${fault.code}\` |`;
  });
  return [
    '# Faults, and what the diagnosis says of them',
    '',
    'Each folder has a topology with a fault in it; the files that are not broken come from the healthy ones. To see one:',
    '',
    '```sh',
    'wheelwright lab run lab/scenarios/faults/ike-group/topology.yaml --virtual-time --timeout 12s \\',
    "  --exec 'spoke1: explain tunnel Tunnel1'",
    '```',
    '',
    'The run ends with status 1, as it does not converge: that is the point. `*faults.test.ts` hold each row: the code,',
    'exactly the lines that were broken or contradict one another, that every proposed edit brings the fabric up, that',
    'nothing healthy is blamed, also from the other side, and what is said with one configuration alone. The table is',
    'in `*-faults.ts`; `WRITE_SCENARIOS=1` with the test writes the folders and this page anew.',
    '',
    '| scenario | what is broken | question | layer | code |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function questionOf(ask: Scenario['ask']): string {
  if ('destination' in ask && ask.destination !== undefined) return `route ${ask.destination}`;
  return ask.neighbor === undefined ? `tunnel ${ask.tunnel}` : `bgp ${ask.neighbor}`;
}

const LINE_WIDTH = 120;

/** A node that is too long for a line, one field a line: as the formatter would have it. */
function wrapped(line: string): string {
  const [, indent, name, fields] = line.match(/^(\s+)([\w-]+): \{ (.*) \}$/) ?? [];
  if (line.length <= LINE_WIDTH || indent === undefined || fields === undefined) return line;
  const short = `${indent}  { ${fields} }`;
  if (short.length <= LINE_WIDTH) return `${indent}${name}:\n${short}`;
  const parts = fields.split(/, (?=[\w-]+: )/).map((field) => `${indent}    ${field},`);
  return [`${indent}${name}:`, `${indent}  {`, ...parts, `${indent}  }`].join('\n');
}

/** Writes everything. */
export function writeAll(faults: readonly Scenario[]): void {
  for (const fault of faults) {
    for (const [path, text] of folderOf(fault)) {
      mkdirSync(join(here, dirname(path)), { recursive: true });
      writeFileSync(join(here, path), text);
    }
  }
  writeFileSync(join(here, 'README.md'), readme(faults));
}

/** What a file of ours has in it now; undefined: it is not there. */
export function written(path: string): string | undefined {
  try {
    return readFileSync(join(here, path), 'utf8');
  } catch {
    return undefined;
  }
}
