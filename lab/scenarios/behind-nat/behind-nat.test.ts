import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after } from '../../../src/base/index.ts';
import { NatNode } from '../../../src/lab/index.ts';
import { ask, assertPings, converge, openScenario, snapshot } from '../scenario.ts';

const TOPOLOGY = 'lab/scenarios/behind-nat/topology.yaml';

test('two spokes behind one address come up over UDP port 4500', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  assertPings(scenario);
  const sas = snapshot(scenario, 'hub').ike.sas;
  assert.equal(sas.length, 2);
  for (const { path, natRemote, natLocal } of sas) {
    assert.equal(path.remote.address.toString(), '10.0.0.9');
    assert.equal(path.local.port, 4500);
    assert.deepEqual([natLocal, natRemote], [false, true]);
  }
  assert.match(ask(scenario, 'spoke1', 'show crypto ipsec sa'), /NAT-T-Encaps/);
});

test('a NAT that forgets gives other ports, and the hub follows', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  const { lab } = scenario;
  const ports = (): number[] => snapshot(scenario, 'hub').ike.sas.map(({ path }) => path.remote.port);
  const before = ports();
  lab.node('nat', NatNode).forget();
  lab.run({ until: after(lab.now, 40_000) });
  assert.notDeepEqual(ports(), before);
  converge(scenario);
  assertPings(scenario);
});
