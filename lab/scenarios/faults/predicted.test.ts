/** `check` predicts the faults: of each folder's configurations it names a line that the diagnosis of the running lab names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Checker, type Source } from '../../../src/check/index.ts';
import { loadTopology, topologyPath } from '../../../src/lab/index.ts';
import { bgpTable } from './bgp-faults.ts';
import { brokenTexts, type Fault, indexOf, type Texts } from './fault.ts';
import { pathTable } from './path-faults.ts';
import { tunnelFaults } from './tunnel-faults.ts';
import type { Scenario } from './write.ts';

/** What no look at configurations can see, or can see otherwise only. */
const UNSEEN: Readonly<Record<string, string>> = {
  'replay-window': 'how far packets overtake one another is a matter of the path: its window is the default',
};

const all: readonly Scenario[] = [...tunnelFaults, ...bgpTable, ...pathTable];

for (const fault of all) {
  if (fault.changes.length === 0 || fault.lines.length === 0) continue;
  test(`${fault.name}: ${fault.says}`, () => {
    const texts = brokenTexts(fault as unknown as Fault);
    const wanted = fault.lines.map((one) => `${one.file}:${indexOf((texts.get(one.file) ?? '').split('\n'), one) + 1}`);
    const { places, said } = checked(texts);
    const isFound = wanted.some((place) => places.has(place));
    const reason = UNSEEN[fault.name];
    if (reason === undefined) assert.ok(isFound, `${wanted.join(' ')} is in none of\n${said}`);
    else assert.ok(!isFound, `${fault.name} is seen: it is no exception any more`);
  });
}

function checked(texts: Texts): Readonly<{ places: ReadonlySet<string>; said: string }> {
  const loaded = loadTopology('topology.yaml', (path) => texts.get(path));
  assert.ok(loaded.ok, 'the topology is read');
  const topology = loaded.value;
  const sources = topology.nodes.flatMap(({ name, spec }): Source[] =>
    spec.kind === 'asa' || spec.kind === 'iosxe'
      ? [{ name, file: spec.config.file, text: spec.config.text, dialect: spec.kind }]
      : [],
  );
  const isClosed = !topology.nodes.some(({ spec }) => spec.kind === 'nat');
  const { findings } = new Checker().check({ sources, isClosed, way: (a, b) => topologyPath(topology, a, b) });
  const healthy = new Set(['no-pfs', 'sha-1', 'weak-key', 'weak-group', 'not-quantum-ready', 'wildcard-key']);
  const others = findings.filter(({ rule }) => !healthy.has(rule));
  const places = others.flatMap(({ lines }) => lines.map(({ position: { file, line } }) => `${file}:${line}`));
  const said = others.map(
    ({ rule, message, lines }) => `${rule} ${lines[0]?.position.file}:${lines[0]?.position.line} ${message}`,
  );
  return { places: new Set(places), said: said.join('\n') };
}
