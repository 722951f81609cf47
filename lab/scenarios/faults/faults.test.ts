/** Every fault is named by its lines, each edit that is proposed brings the fabric up, and nothing healthy is blamed. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Fabric, formatDiagnosis } from '../../../src/explain/index.ts';
import {
  aloneWith,
  asked,
  brokenTexts,
  type Fault,
  indexOf,
  mend,
  type Named,
  type Question,
  run,
  type Texts,
  tunnelsOf,
} from './fault.ts';
import { tunnelFaults } from './tunnel-faults.ts';

const HEALTHY = [
  'lab/scenarios/faults/healthy/topology.yaml',
  'examples/hub-and-spoke/topology.yaml',
  'lab/scenarios/behind-nat/topology.yaml',
];

for (const topology of HEALTHY) {
  test(`${topology}: every tunnel explains as up, and no line is blamed`, () => {
    const fault = { topology, changes: [] };
    const { fabric } = run({ ...fault } as unknown as Fault, brokenTexts(fault), 'converged');
    for (const question of tunnelsOf(fabric)) {
      const found = asked(fabric, question);
      assert.deepEqual([found.state, found.lines, found.edits], ['up', [], []], formatDiagnosis(found));
      const alone = asked(aloneWith(fabric, question.device), question);
      assert.deepEqual([alone.state, alone.lines], ['up', []], formatDiagnosis(alone));
    }
  });
}

for (const fault of tunnelFaults) test(`${fault.name}: ${fault.says}`, (t) => check(t, fault));

function check(t: TestContext, fault: Fault): void {
  const texts = brokenTexts(fault);
  const { fabric, said } = run(fault, texts, 'asked');
  const found = asked(fabric, fault.ask);
  const text = formatDiagnosis(found);
  assert.deepEqual([found.code, found.layer, found.state], [fault.code, fault.layer, fault.state ?? 'down'], text);
  assert.deepEqual(
    found.lines.map(({ position }) => `${position.file}:${position.line}`).sort(),
    places(texts, fault.lines),
    text,
  );

  const sorted = tunnelsOf(fabric).filter(({ device, tunnel }) => fault.healthy?.includes(`${device} ${tunnel}`));
  assert.equal(sorted.length, fault.healthy?.length ?? 0);
  for (const question of sorted) {
    const other = asked(fabric, question);
    assert.deepEqual([other.state, other.lines], ['up', []], formatDiagnosis(other));
  }

  for (const question of otherSide(fabric, fault)) {
    const other = asked(fabric, question);
    const blamed = other.lines.map(({ position }) => `${position.file}:${position.line}`);
    // The hub's peer is served by the first of two tunnels to one place.
    if (fault.code !== 'tunnel-twin') assert.notEqual(other.state, 'up', formatDiagnosis(other));
    assert.deepEqual(
      blamed.filter((line) => !places(texts, fault.lines).includes(line)),
      [],
      formatDiagnosis(other),
    );
  }

  const alone = asked(aloneWith(fabric, fault.ask.device), fault.ask);
  assert.equal(alone.code, fault.alone ?? fault.code, formatDiagnosis(alone));
  const foreign = alone.lines.filter(({ device }) => device !== fault.ask.device);
  assert.deepEqual(foreign, []);

  const shown = [found, alone].map((one) => formatDiagnosis(one) + JSON.stringify(one)).join('');
  for (const key of keysOf(texts)) assert.ok(!shown.includes(key), `the key ${key} is shown`);

  if (fault.mendable !== false) assert.ok(found.edits.length > 0, `no edit is proposed:\n${text}`);
  for (const edit of found.edits) mend(fault, texts, edit);
  t.diagnostic(
    `${fault.name} | ${found.layer} | ${found.code} | ${found.lines.map(({ position: p }) => `${p.file}:${p.line}`).join(' ')} | ${found.edits.length} edits proven${said.length === 0 ? '' : ` | ${said.length} messages of the loader`}`,
  );
}

function places(texts: Texts, lines: readonly Named[]): readonly string[] {
  return lines.map((one) => `${one.file}:${indexOf((texts.get(one.file) ?? '').split('\n'), one) + 1}`).sort();
}

/** The same tunnel, asked at the hub that a spoke's leads to. */
function otherSide(fabric: Fabric, { ask }: Fault): readonly Question[] {
  const near = fabric.get(ask.device);
  const tunnel = near?.model.interfaces.find(({ name }) => name === ask.tunnel)?.tunnel;
  const hub = [...fabric.values()].find(({ model }) =>
    model.interfaces.some(({ addresses }) => addresses.some(({ address }) => tunnel?.destination?.equals(address))),
  );
  const outer = near?.model.interfaces.find(({ alias }) => alias === tunnel?.sourceInterface)?.addresses[0]?.address;
  return hub === undefined || outer === undefined ? [] : [{ device: hub.name, tunnel: outer.toString() }];
}

function keysOf(texts: Texts): readonly string[] {
  return [...texts.values()].flatMap((text) =>
    [...text.matchAll(/pre-shared-key (\S+)/g)].flatMap(([, key]) => (key === undefined ? [] : [key])),
  );
}
