import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDiagnosis } from '../../../src/explain/index.ts';
import { GatewayNode } from '../../../src/lab/index.ts';
import { asked, brokenTexts, edited, type Fault, run } from '../faults/fault.ts';

const QUESTION = { device: 'r1', neighbor: '10.1.2.2' };
const FAULT: Fault = {
  name: 'gateways',
  says: 'two gateways that were told nothing',
  topology: 'lab/scenarios/transit-gateways/topology.yaml',
  changes: [],
  ask: QUESTION,
  code: 'firewall-breaks-md5',
  layer: 'tcp',
  lines: [],
  forMs: 20_000,
};

test('one gateway after the other is named, and with both mended the session comes up', () => {
  let texts = brokenTexts(FAULT);
  for (const name of ['left', 'right']) {
    const { fabric } = run(FAULT, texts, 'asked');
    const diagnosis = asked(fabric, QUESTION);
    const text = formatDiagnosis(diagnosis);
    assert.equal(diagnosis.code, FAULT.code, text);
    assert.match(diagnosis.claim, new RegExp(`^${name} stands between r1 and r2`));
    const [edit] = diagnosis.edits;
    assert.ok(edit, text);
    texts = edited(texts, edit);
  }
  const { problems, fabric, lab } = run(FAULT, texts, 'converged');
  assert.deepEqual(problems, []);
  assert.equal(asked(fabric, QUESTION).state, 'up');
  assert.ok(lab, 'it runs');
  for (const name of ['left', 'right']) {
    const counters = lab.node(name, GatewayNode).snapshot(lab.now)?.plane.transit ?? [];
    assert.ok(
      counters.some(({ rule, connections }) => rule === 'global global_policy BGP_MD5' && connections > 0),
      `the session through ${name} is of the class`,
    );
  }
});
