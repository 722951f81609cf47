import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after } from '../../../src/base/index.ts';
import { ask, assertPings, converge, openScenario, pingOnce } from '../scenario.ts';

const TOPOLOGY = 'lab/scenarios/ipv6-outside/topology.yaml';

test('a tunnel over IPv6 carries both families, with BGP under a password', () => {
  const scenario = openScenario(TOPOLOGY);
  assert.deepEqual(scenario.said, []);
  converge(scenario);
  assertPings(scenario);
  assert.match(ask(scenario, 'spoke', 'show crypto ikev2 sa'), /2001:db8::1\/500/);
  assert.match(ask(scenario, 'hub', 'show crypto ipsec sa'), /current_peer: 2001:db8::1\n/);
  assert.match(ask(scenario, 'hub', 'show ipv6 route'), /^B +2001:db8:1:1::\/64/m);
});

test('IPv6 over IPv6: a full-size packet is answered with the MTU that fits', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  assertPings(scenario);
  const refused = pingOnce(scenario, 'lan', '2001:db8:250::10', 1500);
  assert.equal(refused.result, 'too-big');
  assert.equal(pingOnce(scenario, 'lan', '2001:db8:250::10', refused.mtu ?? 0).result, 'reply');
});

test('child SAs are rekeyed with PFS and nothing is lost', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  assertPings(scenario);
  const { lab } = scenario;
  lab.run({ until: after(lab.now, 9 * 3_600_000) });
  assert.match(ask(scenario, 'hub', 'show crypto ipsec sa'), /PFS Group 31/);
  assertPings(scenario);
});
