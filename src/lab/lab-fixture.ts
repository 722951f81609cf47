/** Labs for tests: from a text, without gateways. */

import { formatDiagnostic } from '../yaml/index.ts';
import { Lab } from './lab.ts';
import type { Topology } from './topology.ts';
import { loadTopology } from './topology-reader.ts';

/** Reads a topology whose files are given; throws with all complaints. */
export function topologyOf(text: string, files: Readonly<Record<string, string>> = {}): Topology {
  const all: Readonly<Record<string, string>> = { ...files, 'lab.yaml': text };
  const loaded = loadTopology('lab.yaml', (path) => all[path]);
  if (!loaded.ok) throw new Error(loaded.error.map(formatDiagnostic).join('\n'));
  return loaded.value;
}

/** A lab without devices. */
export function labOf(text: string, seed = 1): Lab {
  const device = (): never => {
    throw new Error('no devices here');
  };
  return new Lab(topologyOf(text), { seed, device });
}
