import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfiguration } from '../config/index.ts';
import { transitPolicyOf } from './transit.ts';

const TEXT = `hostname fw
interface GigabitEthernet0/0
 nameif outside
 ip address 10.2.0.1 255.255.255.0
 no shutdown
access-list BGP extended deny tcp host 10.0.0.9 any eq bgp
access-list BGP extended permit tcp any any eq bgp
class-map CM_BGP
 match access-list BGP
class-map CM_WEB
 match port tcp range 80 88
tcp-map CLEAN
 tcp-options range 19 19 allow
 urgent-flag allow
 reserved-bits drop
 checksum-verification
policy-map P_ALL
 class CM_BGP
  set connection random-sequence-number disable
  set connection advanced-options CLEAN
 class class-default
  set connection conn-max 100 embryonic-conn-max 20
policy-map P_OUT
 class CM_WEB
  set connection timeout idle 0:10:00
service-policy P_ALL global
service-policy P_OUT interface outside
timeout conn 2:00:00 half-closed 0:05:00 udp 0:02:00
`;

test('policies of interfaces come first, classes in their order, with what was said of each', () => {
  const { model, diagnostics } = loadConfiguration(TEXT, 'fw.cfg', 'asa');
  assert.deepEqual(diagnostics, []);
  const policy = transitPolicyOf(model);
  assert.ok(policy, 'an ASA has one');
  assert.deepEqual(
    policy.rules.map(({ name, interface: at }) => [name, at]),
    [
      ['interface outside P_OUT CM_WEB', 'GigabitEthernet0/0'],
      ['global P_ALL CM_BGP', undefined],
      ['global P_ALL class-default', undefined],
    ],
  );
  const [web, bgp, rest] = policy.rules;
  assert.deepEqual(web?.matches[0]?.destinationPorts, { from: 80, to: 88 });
  assert.deepEqual(web?.connection?.timeouts, { idleMs: 600_000, halfClosedMs: 300_000, embryonicMs: 30_000 });
  assert.deepEqual(
    bgp?.matches.map(({ permit }) => permit),
    [false, true],
  );
  assert.equal(bgp?.connection?.randomSequenceNumbers, false);
  const { options, ...others } = bgp?.normalisation ?? { options: [] };
  assert.deepEqual(options.at(-1), { from: 19, to: 19, treatment: 'allow' });
  assert.deepEqual(others, { urgentFlag: 'allow', reservedBits: 'drop', verifiesChecksum: true });
  assert.deepEqual([rest?.connection?.maxConnections, rest?.connection?.maxEmbryonic], [100, 20]);
  assert.equal(policy.timeouts.idleMs, 7_200_000);
});

test('without a line all TCP is normalised by an ASA, and none by a router', () => {
  const asa = transitPolicyOf(loadConfiguration('hostname fw\n', 'fw.cfg', 'asa').model);
  assert.deepEqual(asa?.rules, []);
  assert.ok(
    asa.normalisation.options.some(({ from, to, treatment }) => from <= 19 && to >= 19 && treatment === 'clear'),
    'option 19',
  );
  assert.equal(transitPolicyOf(loadConfiguration('hostname r\n', 'r.cfg', 'iosxe').model), undefined);
});
