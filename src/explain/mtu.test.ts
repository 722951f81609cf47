import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfiguration } from '../config/index.ts';
import type { DeviceEvidence, Fabric } from './evidence.ts';
import { explainMtu, type MtuPath } from './mtu.ts';
import { mtuText } from './mtu-text.ts';

type Shape = Readonly<{ clamp?: string; ipMtu?: string; transform?: string; proposal?: string }>;

function asaText({ clamp = '', proposal = ' protocol esp encryption aes-gcm-256' }: Shape): string {
  return `hostname ASA
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 203.0.113.1 255.255.255.0
 no shutdown
${clamp}crypto ipsec ikev2 ipsec-proposal P
${proposal}
crypto ipsec profile VTI
 set ikev2 ipsec-proposal P
crypto ikev2 enable outside
interface Tunnel11
 nameif asr
 ip address 172.16.0.1 255.255.255.252
 tunnel source interface outside
 tunnel destination 198.51.100.1
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile VTI
tunnel-group 198.51.100.1 type ipsec-l2l
tunnel-group 198.51.100.1 ipsec-attributes
 ikev2 remote-authentication pre-shared-key k
 ikev2 local-authentication pre-shared-key k
`;
}

function asrText({ ipMtu = '', transform = 'esp-gcm 256' }: Shape): string {
  return `hostname ASR
interface GigabitEthernet0/0/4
 ip address 198.51.100.1 255.255.255.0
crypto ikev2 keyring KR
 peer asa
  address 203.0.113.1
  pre-shared-key k
crypto ikev2 profile IKE
 match identity remote any
 authentication remote pre-share
 authentication local pre-share
 keyring local KR
crypto ipsec transform-set T ${transform}
 mode tunnel
crypto ipsec profile VTI
 set transform-set T
 set ikev2-profile IKE
interface Tunnel11
 ip address 172.16.0.2 255.255.255.252
${ipMtu} tunnel source GigabitEthernet0/0/4
 tunnel destination 203.0.113.1
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile VTI
`;
}

function fabricOf(shape: Shape = {}): Fabric {
  const texts = { ASA: asaText(shape), ASR: asrText(shape) };
  return new Map(
    Object.entries(texts).map(([name, text]): [string, DeviceEvidence] => {
      const { model } = loadConfiguration(text, `${name}.cfg`);
      return [name, { name, model, configuration: { file: `${name}.cfg`, text } }];
    }),
  );
}

function pathOf(device: string, way: Readonly<{ mtu: number; nat: boolean }>, shape: Shape = {}): MtuPath {
  const [found, ...others] = explainMtu(fabricOf(shape), { device, way: () => way }).paths;
  assert.ok(found !== undefined && others.length === 0);
  return found;
}

const NAT = { mtu: 1500, nat: true };
const OPEN = { mtu: 1500, nat: false };

test('AES-GCM-256 between ASA and ASR: the numbers that both print, behind a NAT and without', () => {
  for (const [way, mtu, overhead, asa] of [
    [NAT, 1438, 62, '63(44)'],
    [OPEN, 1446, 54, '55(36)'],
  ] as const) {
    const asr = pathOf('ASR', way);
    assert.deepEqual([asr.plaintextMtu, asr.overhead, asr.tunnelMtu, asr.peer], [mtu, overhead, mtu, 'ASA']);
    const { worst, fixed } = pathOf('ASA', way).asaOverhead;
    assert.equal(`${worst}(${fixed})`, asa);
    assert.equal(pathOf('ASA', way).tunnelMtu, mtu - 1);
    assert.equal(asr.agreedMtu, mtu - 1);
  }
});

test('1388 and 1348 with VXLAN inside, 1400 and 1360 for GRE', () => {
  const asr = pathOf('ASR', NAT);
  assert.deepEqual(asr.inside, [
    { overlay: 'ip', bytes: 0, mtu: 1438, mss: 1398 },
    { overlay: 'gre', bytes: 24, mtu: 1414, mss: 1374 },
    { overlay: 'gre-key', bytes: 28, mtu: 1410, mss: 1370 },
    { overlay: 'vxlan', bytes: 50, mtu: 1388, mss: 1348 },
  ]);
  assert.match(asr.notes.join('\n'), /`ip mtu 1400` and `ip tcp adjust-mss 1360`/);
});

test('the layers of the largest packet add up to what the path takes', () => {
  for (const device of ['ASA', 'ASR']) {
    for (const way of [NAT, OPEN]) {
      const { layers, tunnelMtu, rule } = pathOf(device, way);
      const sum = layers.reduce((total, { bytes }) => total + bytes, 0);
      assert.ok(sum <= 1500 && sum > 1496, `${sum}`);
      assert.equal(layers.find(({ layer }) => layer === 'payload')?.bytes, tunnelMtu);
      assert.equal(
        layers.some(({ layer }) => layer === 'udp'),
        way.nat,
      );
      assert.equal(rule, device === 'ASA' ? 'worst-case' : 'exact');
    }
  }
});

test('what is configured well needs no command, and what is not says what breaks', () => {
  const good = { clamp: 'sysopt connection tcpmss 1390\n', ipMtu: ' ip mtu 1437\n ip tcp adjust-mss 1397\n' };
  for (const device of ['ASA', 'ASR']) assert.deepEqual(pathOf(device, NAT, good).commands, []);
  assert.deepEqual(
    pathOf('ASR', NAT).commands.map(({ lines }) => lines),
    [
      ['interface Tunnel11', ' ip mtu 1437'],
      ['interface Tunnel11', ' ip tcp adjust-mss 1397'],
    ],
  );
  assert.match(pathOf('ASR', NAT).breaks.join('\n'), /the MSS stays as hosts announce it/);
  const large = pathOf('ASR', NAT, { ipMtu: ' ip mtu 1500\n' });
  assert.match(large.breaks.join('\n'), /an interface MTU of 1500 offers more than the 1438 that fit/);
  const narrow = pathOf('ASA', { mtu: 1400, nat: true });
  assert.deepEqual(narrow.commands[0]?.lines, ['mtu outside 1400']);
  assert.equal(narrow.tunnelMtu, 1337);
  assert.match(narrow.breaks.join('\n'), /the outer interface has 1500 and the way 1400/);
});

test('the commands that are proposed mend what breaks', () => {
  const asr = pathOf('ASR', NAT);
  const lines = asr.commands.flatMap((one) => one.lines.filter((line) => line.startsWith(' ')));
  const asa = pathOf('ASA', NAT, { clamp: 'sysopt connection tcpmss 0\n' });
  const [clamp] = asa.commands.flatMap((one) => one.lines);
  const shape = { ipMtu: `${lines.join('\n')}\n`, clamp: `${clamp}\n` };
  for (const device of ['ASA', 'ASR']) {
    const mended = pathOf(device, NAT, shape);
    assert.deepEqual(mended.commands, []);
    assert.ok(mended.breaks.every((one) => !one.startsWith('TCP')));
  }
});

test('configurations alone: both cases; without a common proposal: nothing to say', () => {
  const { paths } = explainMtu(fabricOf());
  assert.deepEqual(
    paths.map(({ device, udpEncapsulation, from }) => [device, udpEncapsulation, from]),
    [
      ['ASA', false, 'configuration'],
      ['ASA', true, 'configuration'],
      ['ASR', false, 'configuration'],
      ['ASR', true, 'configuration'],
    ],
  );
  const apart = explainMtu(fabricOf({ transform: 'esp-gcm 128' }));
  assert.deepEqual(apart.paths, []);
  assert.deepEqual(apart.unknown, [
    'ASA Tunnel11: its two ends have no ESP proposal in common',
    'ASR Tunnel11: its two ends have no ESP proposal in common',
  ]);
});

test('as text', () => {
  const text = mtuText(explainMtu(fabricOf(), { way: () => NAT }));
  assert.match(text, /^ASA Tunnel11 -> ASR: aes-gcm-256, tunnel mode, IPv4 outside, behind a NAT$/m);
  assert.match(text, /^ {2}path mtu 1500, ipsec overhead 63\(44\), media mtu 1500$/m);
  assert.match(text, /^ {2}plaintext mtu 1438, 62 bytes of overhead; Tunnel transport MTU 1438 bytes$/m);
  assert.match(text, /^ {2}VXLAN {12}50 {2}1388 {2}1348$/m);
});
