/** The overlay's lines: what they name must exist, and a BDI must be of the tenant whose VNI it stands for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfiguration } from '../dialects.ts';

const TEXT = `hostname R1
vrf definition BLU
 rd 65001:50001
vrf definition RED
 rd 65001:50002
bridge-domain 101
 member vni 50001
bridge-domain 102
 member GigabitEthernet2 service-instance 10
 member vni 50002
interface Loopback0
 ip address 10.255.0.1 255.255.255.255
interface GigabitEthernet1
 ip address 10.0.0.1 255.255.255.0
interface BDI101
 vrf forwarding BLU
interface BDI102
 vrf forwarding RED
interface nve1
 source-interface Loopback0
 host-reachability protocol bgp
 member vni 50001 vrf BLU
 member vni 50002 vrf RED
`;

function load(text: string) {
  const { model, diagnostics } = loadConfiguration(text, 'r1.cfg', 'iosxe');
  const found = diagnostics.map(({ position, code, suggestion }) => [position.line, code, suggestion]);
  return { model, found };
}

test('VNIs are in bridge domains, and ports of these are kept and mean nothing', () => {
  const { model, found } = load(TEXT);
  assert.deepEqual(found, []);
  assert.deepEqual(
    model.bridgeDomains?.map(({ number, vnis }) => [number, vnis]),
    [
      [101, [50_001]],
      [102, [50_002]],
    ],
  );
  const without = load(`${TEXT}bridge-domain 102\n no member vni 50002\nno bridge-domain 101\n`).model;
  assert.deepEqual(
    without.bridgeDomains?.map(({ number, vnis }) => [number, vnis]),
    [[102, []]],
  );
});

const mistakes = [
  ['a VRF that is not there', 'vni 50002 vrf RED', 'vni 50002 vrf RDE', 23, 'undefined-reference', 'RED'],
  [
    'a loopback that is not there',
    'source-interface Loopback0',
    'source-interface Loopback1',
    20,
    'undefined-interface',
    'Loopback0',
  ],
  [
    "a BDI in another tenant's VRF",
    'BDI102\n vrf forwarding RED',
    'BDI102\n vrf forwarding BLU',
    18,
    'contradiction',
    'vrf forwarding RED',
  ],
] as const;

for (const [name, from, to, line, code, suggestion] of mistakes)
  test(`${name} is told with its line and what was meant`, () => {
    assert.ok(TEXT.includes(from), from);
    assert.deepEqual(load(TEXT.replace(from, to)).found, [[line, code, suggestion]]);
  });
