/** Every fault of routing and BGP is named by its lines, and each edit that is proposed mends it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { after } from '../../../src/base/index.ts';
import { type Diagnosis, explainRoute, type Fabric, formatDiagnosis } from '../../../src/explain/index.ts';
import { labEvidence } from '../../../src/lab/index.ts';
import { type BgpFault, type BgpQuestion, bgpTable } from './bgp-faults.ts';
import {
  aloneWith,
  asked,
  brokenTexts,
  edited,
  type Fault,
  indexOf,
  type Named,
  run,
  type Stage,
  type Texts,
} from './fault.ts';
import { pathTable } from './path-faults.ts';
import { tunnelFaults } from './tunnel-faults.ts';

const TOPOLOGIES = [
  'lab/scenarios/faults/healthy/topology.yaml',
  'lab/scenarios/faults/ibgp/topology.yaml',
  'examples/hub-and-spoke/topology.yaml',
];

for (const topology of TOPOLOGIES) {
  test(`${topology}: every session and every LAN explains as up, and no line is blamed`, () => {
    const fault = { topology, changes: [] };
    const { fabric } = run(fault as unknown as Fault, brokenTexts(fault), 'converged');
    for (const question of sessionsOf(fabric)) {
      assertUp(answer(fabric, question));
      assertUp(answer(aloneWith(fabric, question.device), question));
      assert.deepEqual(answer(withoutSnapshots(fabric), question).lines, []);
    }
    // The hubs of the example are one AS, and do not tell one another of their LANs.
    for (const device of fabric.size > 3 ? ['spoke1', 'spoke2'] : fabric.keys()) {
      for (const destination of ['10.250.0.10', '10.1.1.10', '10.1.2.0/24', '2001:db8:1:2::10']) {
        assertUp(answer(fabric, { device, destination }));
        assertUp(answer(aloneWith(fabric, device), { device, destination }));
        assert.deepEqual(answer(withoutSnapshots(fabric), { device, destination }).lines, []);
      }
    }
  });
}

const below = tunnelFaults.filter(
  ({ topology, ask, state }) => topology === TOPOLOGIES[0] && ask.tunnel === 'Tunnel1' && (state ?? 'down') === 'down',
);

for (const fault of below) {
  test(`${fault.name}: BGP and routes are down for what the tunnel is down for`, () => {
    const { fabric, lab } = run(fault, brokenTexts(fault), 'asked');
    const wanted = asked(fabric, fault.ask);
    if (lab === undefined) return; // refused configurations run nothing
    const questions = [
      { device: 'spoke1', neighbor: '172.16.1.253' },
      { device: 'hub', neighbor: '172.16.1.5' },
      { device: 'spoke1', destination: '10.250.0.10' },
      { device: 'hub', destination: '10.1.1.10' },
    ];
    for (const question of questions) {
      const found = answer(fabric, question);
      assert.deepEqual([found.code, places(found)], [wanted.code, places(wanted)], formatDiagnosis(found));
      const alone = answer(aloneWith(fabric, question.device), question);
      // With one side alone two of its own lines may contradict one another; the tunnel is then told the same of.
      const lines = [...places(wanted), ...places(asked(aloneWith(fabric, 'spoke1'), fault.ask))];
      const others = places(alone).filter((place) => !lines.includes(place));
      assert.deepEqual(others, [], formatDiagnosis(alone));
    }
  });
}

for (const fault of [...bgpTable, ...pathTable]) test(`${fault.name}: ${fault.says}`, (t) => check(t, fault));

function check(t: TestContext, fault: BgpFault): void {
  const texts = brokenTexts(fault);
  const { fabric, said } = run(fault as unknown as Fault, texts, 'asked');
  const found = answer(fabric, fault.ask);
  const text = formatDiagnosis(found);
  assert.deepEqual([found.code, found.layer, found.state], [fault.code, fault.layer, fault.state ?? 'down'], text);
  assert.deepEqual(places(found), namedPlaces(texts, fault.lines), text);

  assert.doesNotMatch(`${text}${JSON.stringify(found)}`, /hub-and-spoke|spoke-and-hub/, 'a password is shown');

  for (const question of fault.also ?? []) {
    const other = answer(fabric, question);
    assert.deepEqual([other.code, places(other)], [found.code, places(found)], formatDiagnosis(other));
  }
  for (const question of fault.healthySessions ?? []) assertUp(answer(fabric, question));

  const alone = answer(aloneWith(fabric, fault.ask.device), fault.ask);
  assert.equal(alone.code, fault.alone ?? fault.code, formatDiagnosis(alone));
  assert.deepEqual(
    alone.lines.filter(({ device }) => device !== fault.ask.device),
    [],
  );
  const innocent = fault.lines.every(({ file }) => file !== `${fault.ask.device}.cfg`);
  if (innocent && alone.state !== 'up') assert.notEqual(alone.missing, undefined, formatDiagnosis(alone));

  // From the configurations alone, nothing that runs: it may not be found, and no other line is blamed.
  const lines = namedPlaces(texts, fault.lines);
  for (const question of [fault.ask, ...(fault.also ?? [])]) {
    const still = answer(withoutSnapshots(fabric), question);
    assert.deepEqual(
      places(still).filter((place) => !lines.includes(place)),
      [],
      formatDiagnosis(still),
    );
  }

  if (fault.mendable !== false) assert.ok(found.edits.length > 0, `no edit is proposed:\n${text}`);
  for (const edit of found.edits) mend(fault, edited(texts, edit), found);
  const named = found.lines.map(({ position: p }) => `${p.file}:${p.line}`).join(' ');
  const told = said.length === 0 ? '' : ` | ${said.length} messages of the loader`;
  t.diagnostic(`${fault.name} | ${found.layer} | ${found.code} | ${named} | ${found.edits.length} edits proven${told}`);
}

/** Runs edited texts until they converge. The same fault may be there the other way round: then that is mended as well. */
function mend(fault: BgpFault, first: Texts, { code }: Diagnosis): void {
  const questions = [fault.ask, ...(fault.also ?? []), ...(fault.healthySessions ?? [])];
  let texts = first;
  for (let round = 0; ; round++) {
    const { fabric, lab, problems } = runAgain(fault, texts);
    const left = questions.map((question) => answer(fabric, question)).filter(isWrong);
    const [same] = left.find((one) => one.code === code)?.edits ?? [];
    if (same === undefined || round === 2) {
      for (const one of left) assertUp(one, problems.join('\n'));
      assert.deepEqual(problems, []);
      if (lab !== undefined) fault.mended?.(lab);
      return;
    }
    texts = edited(texts, same);
  }
}

/** Converges, and then goes through what made the fault show. */
function runAgain(fault: BgpFault, texts: Texts): Stage {
  const stage = run(fault as unknown as Fault, texts, 'converged');
  const { lab } = stage;
  if (lab === undefined || fault.act === undefined) return stage;
  fault.act(lab);
  lab.run({ until: after(lab.now, fault.forMs ?? 5000) });
  return { ...stage, fabric: labEvidence(lab) };
}

/** A neighbor that the edit took away is not asked any more. */
function isWrong({ state, code }: Diagnosis): boolean {
  return state !== 'up' && code !== 'no-such-neighbor';
}

function answer(fabric: Fabric, question: BgpQuestion): Diagnosis {
  const { device, destination } = question;
  return destination === undefined ? asked(fabric, question) : explainRoute(fabric, device, destination);
}

function assertUp(found: Diagnosis, why = ''): void {
  assert.deepEqual([found.state, found.lines, found.edits], ['up', [], []], `${why}\n${formatDiagnosis(found)}`);
}

function withoutSnapshots(fabric: Fabric): Fabric {
  return new Map([...fabric].map(([key, { name, model, configuration }]) => [key, { name, model, configuration }]));
}

function sessionsOf(fabric: Fabric): readonly BgpQuestion[] {
  return [...fabric.values()].flatMap(({ name, model }) =>
    (model.bgp?.neighbors ?? []).map(({ address }) => ({ device: name, neighbor: address.toString() })),
  );
}

function places({ lines }: Diagnosis): readonly string[] {
  return lines.map(({ position }) => `${position.file}:${position.line}`).sort();
}

function namedPlaces(texts: Texts, lines: readonly Named[]): readonly string[] {
  return lines.map((one) => `${one.file}:${indexOf((texts.get(one.file) ?? '').split('\n'), one) + 1}`).sort();
}
