import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelOf } from '../gateway/model.fixture.ts';
import type { MachineFacts } from '../host/index.ts';
import { checksText } from './doctor.ts';
import { type Check, type Intended, judge, worst } from './doctor-verdicts.ts';

const FINE: MachineFacts = {
  platform: 'linux',
  kernel: '6.1.0',
  node: '22.4.1',
  capabilities: ['CAP_NET_BIND_SERVICE', 'CAP_NET_ADMIN', 'CAP_NET_RAW'],
  ports: [500, 4500].flatMap((port) => [
    { port, family: 4 as const, holders: [] },
    { port, family: 6 as const, holders: [] },
  ]),
  kernelIpsec: false,
  curves: { library: 'OpenSSL 3.0.19', text: 'OpenSSL 3.0.19' },
  forwarding: { 4: true, 6: true },
  reversePathFilter: 0,
  links: [
    { name: 'lo', up: true, mtu: 65_536, addresses: ['127.0.0.1'], reversePathFilter: 0 },
    { name: 'eth0', up: true, mtu: 1500, addresses: ['198.51.100.2'], reversePathFilter: 0 },
    { name: 'eth1', up: true, mtu: 1500, addresses: ['10.1.1.1'], reversePathFilter: 0 },
  ],
  leftRoutes: 0,
  wallClockMs: 1_790_000_000_000,
  openFiles: 1024,
};

const intended: Intended = {
  model: modelOf(`hostname spoke1
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 198.51.100.2 255.255.255.0
 no shutdown
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.1.1.1 255.255.255.0
 no shutdown
`),
  host: {},
};

test('VRFs of a configuration need a kernel that has VRF devices', () => {
  const { model } = intended;
  const one = model.interfaces[1];
  assert.ok(one !== undefined, 'inside');
  const inVrf: Intended = { ...intended, model: { ...model, interfaces: [{ ...one, vrf: 'RED' }] } };
  const verdictOf = (vrfDevices: boolean | undefined, what = inVrf): string | undefined =>
    judge({ ...FINE, ...(vrfDevices === undefined ? {} : { vrfDevices }) }, what).find(({ name }) => name === 'vrf')
      ?.verdict;
  assert.equal(verdictOf(false), 'failed');
  assert.equal(verdictOf(true), 'ok');
  assert.equal(verdictOf(undefined), undefined, 'nobody knows');
  assert.equal(verdictOf(false, intended), undefined, 'nothing is in a VRF');
});

test('a machine that has everything is all right', () => {
  const checks = judge(FINE, intended);
  assert.equal(worst(checks), 'ok', checksText(checks));
  assert.equal(worst(judge(FINE)), 'ok');
});

const rows: readonly Readonly<{
  name: string;
  facts: Partial<MachineFacts>;
  host?: Intended['host'];
  check: string;
  verdict: Check['verdict'];
  says: RegExp;
  mends: RegExp;
}>[] = [
  {
    name: 'another system',
    facts: { platform: 'darwin' },
    check: 'system',
    verdict: 'failed',
    says: /this is darwin/,
    mends: /on Linux/,
  },
  {
    name: 'an old Node',
    facts: { node: '20.19.5' },
    check: 'node',
    verdict: 'failed',
    says: /older than 20\.20/,
    mends: /newer Node/,
  },
  {
    name: 'no koffi',
    facts: { nativeFault: { text: 'koffi is missing' } },
    check: 'native',
    verdict: 'failed',
    says: /koffi/,
    mends: /npm install/,
  },
  {
    name: 'no TUN device',
    facts: { tun: 'ENOENT' },
    check: 'tun',
    verdict: 'failed',
    says: /ENOENT/,
    mends: /mknod \/dev\/net\/tun/,
  },
  {
    name: 'no TUN driver',
    facts: { tun: 'ENODEV' },
    check: 'tun',
    verdict: 'failed',
    says: /ENODEV/,
    mends: /modprobe tun/,
  },
  {
    name: 'no capability',
    facts: { capabilities: ['CAP_NET_RAW'] },
    check: 'capabilities',
    verdict: 'failed',
    says: /no CAP_NET_ADMIN, CAP_NET_BIND_SERVICE/,
    mends: /AmbientCapabilities/,
  },
  {
    name: 'strongSwan on the port',
    facts: { ports: [{ port: 500, family: 4, code: 'EADDRINUSE', holders: ['charon-systemd (process 12)'] }] },
    check: 'udp-500',
    verdict: 'failed',
    says: /taken by charon-systemd \(process 12\)/,
    mends: /systemctl disable --now strongswan/,
  },
  {
    name: 'nobody knows who on the port',
    facts: { ports: [{ port: 4500, family: 6, code: 'EADDRINUSE', holders: [] }] },
    check: 'udp-4500',
    verdict: 'failed',
    says: /another program/,
    mends: /ss -ulpn 'sport = :4500'/,
  },
  {
    name: 'a port that is refused',
    facts: { ports: [{ port: 500, family: 4, code: 'EACCES', holders: [] }] },
    check: 'udp-500',
    verdict: 'failed',
    says: /EACCES/,
    mends: /CAP_NET_BIND_SERVICE/,
  },
  {
    name: 'no TCP MD5',
    facts: { tcpMd5: 'ENOPROTOOPT' },
    check: 'tcp-md5',
    verdict: 'warning',
    says: /BGP passwords/,
    mends: /CONFIG_TCP_MD5SIG/,
  },
  {
    name: 'no OpenSSL of the machine',
    facts: { curves: { text: "Node's OpenSSL 3.0.17 (libcrypto.so.3 is missing)" } },
    check: 'curves',
    verdict: 'warning',
    says: /Node's OpenSSL 3\.0\.17 \(libcrypto\.so\.3 is missing\): group 21/,
    mends: /libssl3/,
  },
  {
    name: 'no forwarding',
    facts: { forwarding: { 4: false } },
    check: 'forwarding-ipv4',
    verdict: 'warning',
    says: /net\.ipv4\.ip_forward is off/,
    mends: /^sysctl -w net\.ipv4\.ip_forward=1$/,
  },
  {
    name: 'strict reverse paths',
    facts: { reversePathFilter: 1 },
    check: 'reverse-path',
    verdict: 'warning',
    says: /eth0, eth1/,
    mends: /net\.ipv4\.conf\.all\.rp_filter=2 net\.ipv4\.conf\.eth0\.rp_filter=2/,
  },
  {
    name: 'a missing interface',
    facts: {},
    host: { interfaces: new Map([['outside', 'ens9']]) },
    check: 'interface-outside',
    verdict: 'failed',
    says: /no kernel interface ens9/,
    mends: /interfaces: \{outside: eth0\}/,
  },
  {
    name: 'a missing address',
    facts: { links: [{ name: 'eth5', up: true, mtu: 1500, addresses: [] }] },
    host: { interfaces: new Map([['outside', 'eth5']]) },
    check: 'interface-outside',
    verdict: 'failed',
    says: /outside is eth5, which has no 198\.51\.100\.2/,
    mends: /ip address add 198\.51\.100\.2\/24 dev eth5/,
  },
  {
    name: 'an interface that is down',
    facts: { links: [{ name: 'eth0', up: false, mtu: 1500, addresses: ['198.51.100.2'] }] },
    check: 'interface-outside',
    verdict: 'warning',
    says: /eth0, which is down/,
    mends: /ip link set eth0 up/,
  },
  {
    name: 'a small MTU',
    facts: { links: [{ name: 'eth0', up: true, mtu: 1400, addresses: ['198.51.100.2'] }] },
    check: 'mtu-eth0',
    verdict: 'warning',
    says: /1400 bytes/,
    mends: /ip link set eth0 mtu 1500/,
  },
  {
    name: 'routes that were left',
    facts: { leftRoutes: 3 },
    check: 'left-routes',
    verdict: 'warning',
    says: /3 routes/,
    mends: /ip route flush table all proto 119/,
  },
  {
    name: 'a clock that was never set',
    facts: { wallClockMs: 0 },
    check: 'clock',
    verdict: 'failed',
    says: /never set/,
    mends: /timedatectl/,
  },
  {
    name: 'few open files',
    facts: { openFiles: 64 },
    check: 'open-files',
    verdict: 'warning',
    says: /64 files/,
    mends: /ulimit -n \d+ \(systemd: LimitNOFILE=/,
  },
];

for (const { name, facts, host = {}, check, verdict, says, mends } of rows) {
  test(`${name} is ${verdict}, with the way out`, () => {
    const found = judge({ ...FINE, ...facts }, { ...intended, host }).find((one) => one.name === check);
    assert.equal(found?.verdict, verdict);
    assert.match(found?.text ?? '', says);
    assert.match(found?.remedy ?? '', mends);
  });
}

test('addresses that will be put there are not missed', () => {
  const links = [{ name: 'eth5', up: true, mtu: 1500, addresses: [] }];
  const host = { interfaces: new Map([['outside', 'eth5']]), addresses: 'apply' as const };
  const checks = judge({ ...FINE, links }, { ...intended, host });
  assert.equal(checks.find((one) => one.name === 'interface-outside')?.verdict, 'ok');
});
