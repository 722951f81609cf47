/** Arguments of the benchmark. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPlan } from './plan.ts';

test('quick is shorter than full', () => {
  const [quick, full] = [readPlan(['--quick'], '/r'), readPlan([], '/r')];
  assert.ok(typeof quick !== 'string' && typeof full !== 'string', 'they are plans');
  assert.ok(quick.tcp.seconds * quick.tcp.rounds < full.tcp.seconds * full.tcp.rounds, 'quick is not quick');
  assert.equal(full.results, '/r');
  assert.equal(full.hostile.perSecond, Number.POSITIVE_INFINITY);
});

test('what is chosen is all that is measured', () => {
  const plan = readPlan(
    ['--subjects', 'fast,veth', '--suites', 'aes-256-gcm', '--measures', 'udp', '--rounds', '7', '--no-results'],
    '/r',
  );
  assert.ok(typeof plan !== 'string', 'it is a plan');
  assert.deepEqual(plan.subjects, ['fast', 'veth']);
  assert.deepEqual(plan.suites, ['aes-256-gcm']);
  assert.deepEqual(plan.measures, ['udp']);
  assert.equal(plan.udp.rounds, 7);
  assert.equal(plan.results, undefined);
});

for (const args of [
  ['--subjects', 'slow'],
  ['--seconds', '0'],
  ['--rounds', 'x'],
  ['--unknown'],
  ['word'],
  ['--help'],
]) {
  test(`${args.join(' ')} is answered with what there is`, () => {
    assert.match(String(readPlan(args, '/r')), /npm run bench:plane -- \[options\]/);
  });
}
