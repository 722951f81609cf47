/** What `wheelwright check` is to look at: files, folders with everything in them, and topologies with their devices. */
import { readdirSync, statSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { fromUtf8 } from '../base/index.ts';
import type { Finding, Source } from '../check/index.ts';
import { loadConfiguration } from '../config/index.ts';
import type { WayBetween } from '../explain/index.ts';
import { readBytes, readText } from '../host/index.ts';
import { loadTopology, resolvePorts, topologyPath } from '../lab/index.ts';
import { formatDiagnostic } from '../yaml/index.ts';

/** Devices that belong together: those of a topology, or all files that were named by themselves. */
export type CheckSet = Readonly<{
  key: string;
  sources: readonly Source[];
  way?: WayBetween;
  isClosed: boolean;
  /** What was wrong with files before their lines were looked at. */
  findings: readonly Finding[];
}>;

/** A configuration is text of a size that a device could hold. */
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_LINE = 64 * 1024;
const MOST_FILES = 20_000;

/** Undefined: something that was named can not be read; it has been complained about. */
export function readCheckSets(
  paths: readonly string[],
  complain: (line: string) => void,
): readonly CheckSet[] | undefined {
  const sets: CheckSet[] = [];
  const loose: Source[] = [];
  const findings: Finding[] = [];
  let failed = false;
  const addFile = (file: string, isNamed: boolean): void => {
    const read = readConfiguration(file);
    if (typeof read === 'string') {
      if (isNamed && read.startsWith('!')) {
        complain(read.slice(1));
        failed = true;
      } else findings.push(ofFile(file, read.replace(/^!/, '')));
    } else loose.push(read);
  };
  for (const path of paths) {
    const files = filesBelow(path);
    if (files === undefined) {
      addFile(path, true);
      continue;
    }
    const topologies = files.filter((file) => /\.ya?ml$/i.test(file) && isTopology(file));
    const used = new Set<string>();
    for (const file of topologies) {
      const set = topologySet(file, () => undefined);
      if (set === undefined) findings.push(ofFile(file, 'it is no topology that can be read'));
      else {
        sets.push(set);
        for (const source of set.sources) used.add(normalize(source.file));
      }
    }
    for (const file of files) {
      if (/\.(ya?ml|md|json|ts|js|pcapng|html|sh)$/i.test(file) || used.has(normalize(file))) continue;
      addFile(file, false);
    }
  }
  const single = paths.filter((path) => /\.ya?ml$/i.test(path) && filesBelow(path) === undefined);
  for (const path of single) {
    const at = loose.findIndex(({ file }) => file === path);
    if (at >= 0) loose.splice(at, 1);
    const set = topologySet(path, complain);
    if (set === undefined) failed = true;
    else sets.push(set);
  }
  if (failed) return undefined;
  if (loose.length > 0 || findings.length > 0) sets.push({ key: 'files', sources: loose, isClosed: false, findings });
  if (sets.length === 0) {
    complain(`there is no configuration in ${paths.join(', ')}`);
    return undefined;
  }
  return sets;
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** All files below a folder, sorted; undefined: it is none. */
function filesBelow(path: string): readonly string[] | undefined {
  if (!isFolder(path)) return undefined;
  const found: string[] = [];
  const ahead = [path];
  for (let folder = ahead.pop(); folder !== undefined && found.length < MOST_FILES; folder = ahead.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const inside = join(folder, entry.name);
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      if (entry.isDirectory()) ahead.push(inside);
      else if (entry.isFile()) found.push(inside);
    }
  }
  return found.sort();
}

function isTopology(file: string): boolean {
  const text = readText(file);
  return text.ok && /^topology:/m.test(text.value);
}

/** A configuration, or a sentence why it is none; with `!` before it when it could not be read at all. */
function readConfiguration(file: string): Source | string {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MOST_BYTES) return `it has ${(size / 1e6).toFixed(0)} MB, which no configuration has`;
  const bytes = readBytes(file);
  if (!bytes.ok) return `!${bytes.error}`;
  const head = bytes.value.subarray(0, 8192);
  if (head.includes(0)) return 'it is no text';
  const text = fromUtf8(bytes.value) ?? Buffer.from(bytes.value).toString('latin1');
  let longest = 0;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    const to = end < 0 ? text.length : end;
    longest = Math.max(longest, to - from);
    from = to + 1;
  }
  if (longest > MOST_LINE) return `it has a line of ${longest} characters, which no configuration has`;
  return { file, text };
}

function ofFile(file: string, message: string): Finding {
  const position = { file, line: 1, column: 1 };
  const lines = [{ device: file, position, text: '' }];
  return { rule: 'unreadable-file', severity: 'warning', message, lines, edits: [], related: [] };
}

function topologySet(file: string, complain: (line: string) => void): CheckSet | undefined {
  const loaded = loadTopology(file, (name) => {
    const text = readText(name);
    return text.ok ? text.value : undefined;
  });
  if (!loaded.ok) {
    for (const fault of loaded.error) complain(formatDiagnostic(fault));
    return undefined;
  }
  const sources: Source[] = [];
  for (const { name, spec } of loaded.value.nodes) {
    if (spec.kind !== 'asa' && spec.kind !== 'iosxe') continue;
    sources.push({ name, file: spec.config.file, text: spec.config.text, dialect: spec.kind });
  }
  const isClosed = !loaded.value.nodes.some(({ spec }) => spec.kind === 'nat');
  const models = new Map(
    sources.map(({ name = '', file: own, text, dialect }) => [name, loadConfiguration(text, own, dialect).model]),
  );
  const { topology } = resolvePorts(loaded.value, models);
  return { key: file, sources, isClosed, way: (from, to) => topologyPath(topology, from, to), findings: [] };
}
