import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromUtf8 } from '../../../src/base/index.ts';
import { HostNode } from '../../../src/lab/index.ts';
import { ask, assertPings, converge, openScenario, snapshot } from '../scenario.ts';

const TOPOLOGY = 'examples/asa-to-asr/topology.yaml';

test('an ASA and an ASR whose outer packets are in a VRF come up, and their LANs reach each other', () => {
  const scenario = openScenario(TOPOLOGY);
  assert.deepEqual(
    scenario.said.filter((line) => /\b(?:error|incomplete|undefined)/.test(line)),
    [],
  );
  converge(scenario, 10_000);
  assertPings(scenario);
  assert.match(ask(scenario, 'asa-xfw01', 'show bgp summary'), /172\.16\.10\.2 +4 +65002 /);
  assert.match(ask(scenario, 'asa-xfw01', 'show crypto ikev2 sa'), /AES-GCM, keysize: 256.*DH Grp:21/s);
  assert.match(ask(scenario, 'asr-wan01', 'show ip bgp summary'), /172\.16\.10\.1 +4 +65001 /);
  for (const device of ['asa-xfw01', 'asr-wan01'])
    assert.doesNotMatch(ask(scenario, device, 'show running-config'), /my_strong|bgp_password/);
});

test('the ASR keeps what is outside apart from what is inside', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario, 10_000);
  const tables = new Map(
    snapshot(scenario, 'asr-wan01').routes.map(({ vrf, routes }) => [vrf, routes.map(({ prefix }) => String(prefix))]),
  );
  assert.ok(tables.get('')?.includes('10.10.0.0/24'), 'learnt over the tunnel');
  assert.ok(tables.get('INET')?.includes('203.0.113.0/24'));
  assert.ok(!tables.get('')?.includes('203.0.113.0/24'));
  assert.ok(!tables.get('INET')?.includes('10.10.0.0/24'));
});

test('a log host is where the routes lead: the router needs no name of an interface for it', () => {
  const scenario = openScenario(TOPOLOGY);
  const received: string[] = [];
  scenario.lab.node('site', HostNode).onUdp(514, (payload) => received.push(fromUtf8(payload)));
  converge(scenario, 10_000);
  assertPings(scenario);
  assert.ok(
    received.some((text) => /%BGP-5-ADJCHANGE: neighbor 172\.16\.10\.1 Up/.test(text)),
    received.join('\n'),
  );
});
