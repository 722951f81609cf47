/** Crypto maps: which inside and front VRF they can not have, and the tunnel interface that is told instead. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDiagnostic } from '../diagnostics.ts';
import { loadIosxe } from './load.ts';

/** The loopback is in one table, the port that the map stands on in another. */
function text({
  inside = '',
  front = 'INET',
  ivrf = '',
}: Readonly<{ inside?: string; front?: string; ivrf?: string }>) {
  const forwarding = (vrf: string): string => (vrf === '' ? '' : ` vrf forwarding ${vrf}\n`);
  const vrfs = ['INET', 'RED'].map((vrf) => `vrf definition ${vrf}\n address-family ipv4\n exit-address-family\n`);
  return `hostname asr
${vrfs.join('')}crypto ikev2 keyring KR
 peer one
  address 203.0.113.1
  pre-shared-key between-us
crypto ikev2 profile IKE
 match fvrf any
 match identity remote address 203.0.113.1 255.255.255.255
 authentication remote pre-share
 authentication local pre-share
 keyring local KR
${ivrf === '' ? '' : ` ivrf ${ivrf}\n`}crypto ipsec transform-set T esp-gcm 256
 mode tunnel
ip access-list extended LOOPBACKS
 permit ip host 10.255.0.2 host 10.255.0.1
crypto map CM 10 ipsec-isakmp
 set peer 203.0.113.1
 set transform-set T
 set pfs group21
 set ikev2-profile IKE
 match address LOOPBACKS
interface Loopback0
${forwarding(inside)} ip address 10.255.0.2 255.255.255.255
interface GigabitEthernet0/0/1
${forwarding(front)} ip address 203.0.113.2 255.255.255.0
 crypto map CM
`;
}

const found = (source: string) =>
  loadIosxe(source, 'asr.cfg').diagnostics.filter(({ severity }) => severity !== 'note');

test('the global table behind a named front VRF: refused with the reason, and the tunnel that does it', () => {
  const source = text({});
  const [one, ...others] = found(source);
  assert.deepEqual(others, []);
  assert.ok(one, 'a finding');
  assert.deepEqual([one.severity, one.code, one.position.line], ['error', 'crypto-map-vrf', 33]);
  assert.match(one.message, /can not protect 10\.255\.0\.2\/32, which is in the global table: its inside is VRF INET/);
  assert.match(formatDiagnostic(one, source), /\n {2}instead:\n {4}crypto ipsec profile CM-10\n/);
  assert.deepEqual(one.configuration, [
    'crypto ipsec profile CM-10',
    ' set transform-set T',
    ' set pfs group21',
    ' set ikev2-profile IKE',
    'interface Tunnel0',
    ' ip unnumbered Loopback0',
    ' tunnel source GigabitEthernet0/0/1',
    ' tunnel destination 203.0.113.1',
    ' tunnel mode ipsec ipv4',
    ' tunnel vrf INET',
    ' tunnel protection ipsec profile CM-10',
    'ip route 10.255.0.1 255.255.255.255 Tunnel0',
    'interface GigabitEthernet0/0/1',
    ' no crypto map CM',
  ]);
});

test('what is told instead is a configuration without a finding', () => {
  const source = text({});
  const lines = found(source)[0]?.configuration ?? [];
  assert.ok(lines.length > 0, 'lines');
  assert.deepEqual(found(`${source}${lines.join('\n')}\n`), []);
});

for (const [name, vrfs, inner] of [
  ['both in one VRF', { inside: 'INET' }, 'INET'],
  ['both global', { front: '' }, undefined],
  ['a named VRF behind another', { inside: 'RED', ivrf: 'RED' }, 'RED'],
  ['a named VRF behind the global table', { inside: 'RED', front: '', ivrf: 'RED' }, 'RED'],
] as const) {
  test(`${name}: possible on the platform, and done by a tunnel here`, () => {
    const [one, ...others] = found(text(vrfs));
    assert.deepEqual(others, []);
    assert.deepEqual([one?.severity, one?.code], ['warning', 'unsupported']);
    const forwarding = one?.configuration?.find((line) => line.startsWith(' vrf forwarding'));
    assert.equal(forwarding, inner === undefined ? undefined : ` vrf forwarding ${inner}`);
  });
}

test('what a crypto map names and nobody defines is told at the line that names it', () => {
  const source = text({ front: '' })
    .replace('match address LOOPBACKS', 'match address LOOPBACK')
    .replace(' crypto map CM\n', ' crypto map CMM\n');
  assert.deepEqual(
    found(source).map(({ code, message, suggestion }) => [code, message, suggestion]),
    [
      ['undefined-reference', 'access list `LOOPBACK` is not defined', 'LOOPBACKS'],
      ['undefined-reference', 'crypto map `CMM` is not defined', 'CM'],
    ],
  );
});
