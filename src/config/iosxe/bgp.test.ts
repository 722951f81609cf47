/** BGP of IOS-XE: peer groups, VRFs, listen ranges, and what holds without being said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromUtf8 } from '../../base/index.ts';
import { loadIosxe } from './load.ts';
import { printIosxe } from './print.ts';
import { decodeType7 } from './type-7.ts';

function load(text: string) {
  const { model, diagnostics } = loadIosxe(text, 'r.cfg');
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error'),
    [],
  );
  assert.ok(model.bgp !== undefined);
  return model.bgp;
}

function printed(text: string): string[] {
  const lines = printIosxe(loadIosxe(text, 'r.cfg').model, { secrets: 'plain' }).split('\n');
  const start = lines.findIndex((line) => line.startsWith('router bgp'));
  return lines.slice(start, lines.indexOf('!', start));
}

const GROUPED = [
  'router bgp 65000',
  ' bgp log-neighbor-changes',
  ' neighbor SPOKES peer-group',
  ' neighbor SPOKES remote-as 65001',
  ' neighbor SPOKES password cisco',
  ' neighbor SPOKES timers 5 15',
  ' neighbor 10.0.0.1 peer-group SPOKES',
  ' neighbor 10.0.0.2 peer-group SPOKES',
  ' neighbor 10.0.0.2 timers 20 60',
  ' !',
  ' address-family ipv4',
  '  neighbor SPOKES activate',
  '  neighbor SPOKES route-map IN in',
  '  neighbor SPOKES next-hop-self',
  '  neighbor 10.0.0.2 route-map OTHER in',
  '  no neighbor 10.0.0.2 next-hop-self',
  ' exit-address-family',
];

test('a neighbour has what its group says, unless its own lines say otherwise', () => {
  const { neighbors } = load(GROUPED.join('\n'));
  const [one, two] = neighbors;
  assert.deepEqual([one?.remoteAsn, one?.timers?.holdMs, one?.families[4]?.routeMapIn], [65001, 15_000, 'IN']);
  assert.deepEqual([two?.remoteAsn, two?.timers?.holdMs, two?.families[4]?.routeMapIn], [65001, 60_000, 'OTHER']);
  assert.deepEqual([one?.families[4]?.nextHopSelf, two?.families[4]?.nextHopSelf], [true, false]);
  assert.equal(fromUtf8(two?.password?.reveal() ?? new Uint8Array()), 'cisco');
});

test('lines of a group are printed once, and those of its members where they differ', () => {
  assert.deepEqual(
    printed(GROUPED.join('\n')).filter((line) => line !== ' !'),
    [
      'router bgp 65000',
      ' bgp log-neighbor-changes',
      ' neighbor SPOKES peer-group',
      ' neighbor SPOKES remote-as 65001',
      ' neighbor SPOKES password cisco',
      ' neighbor SPOKES timers 5 15',
      ' neighbor 10.0.0.1 peer-group SPOKES',
      ' neighbor 10.0.0.2 peer-group SPOKES',
      ' neighbor 10.0.0.2 timers 20 60',
      ' address-family ipv4',
      '  neighbor SPOKES activate',
      '  neighbor SPOKES next-hop-self',
      '  neighbor SPOKES route-map IN in',
      '  no neighbor 10.0.0.2 next-hop-self',
      '  neighbor 10.0.0.2 route-map OTHER in',
      ' exit-address-family',
    ],
  );
});

test('a listen range is all that its group says', () => {
  const { listenRanges, listenLimit } = load(
    [
      'router bgp 65000',
      ' bgp listen range 10.0.0.0/8 peer-group SPOKES',
      ' bgp listen limit 500',
      ' neighbor SPOKES peer-group',
      ' neighbor SPOKES remote-as 65001 alternate-as 65002 65003',
      ' neighbor SPOKES update-source Loopback0',
    ].join('\n'),
  );
  assert.equal(listenLimit, 500);
  assert.deepEqual(
    listenRanges?.map((one) => [String(one.prefix), one.peerGroup, one.alternateAsns, one.peer.remoteAsn]),
    [['10.0.0.0/8', 'SPOKES', [65002, 65003], 65001]],
  );
  assert.equal(listenRanges?.[0]?.peer.updateSource, 'Loopback0');
});

test('IPv4 is exchanged without being told, unless the process says otherwise before', () => {
  const on = load('router bgp 1\n neighbor 10.0.0.1 remote-as 2\n');
  assert.equal(on.neighbors[0]?.families[4]?.activate, true);
  const off = load('router bgp 1\n no bgp default ipv4-unicast\n neighbor 10.0.0.1 remote-as 2\n');
  assert.equal(off.neighbors[0]?.families[4], undefined);
});

test('lines of the process itself are about IPv4 of the global table', () => {
  const bgp = load(
    'router bgp 1\n neighbor 10.0.0.1 remote-as 2\n neighbor 10.0.0.1 route-map M out\n network 10.0.0.0\n redistribute static\n',
  );
  assert.equal(bgp.neighbors[0]?.families[4]?.routeMapOut, 'M');
  assert.deepEqual(
    bgp.families[4]?.networks.map(({ prefix }) => String(prefix)),
    ['10.0.0.0/8'],
  );
});

test('neighbours of a VRF belong to its table', () => {
  const bgp = load(
    [
      'router bgp 65000',
      ' neighbor 10.0.0.1 remote-as 65001',
      ' address-family ipv4 vrf RED',
      '  bgp router-id 10.9.9.9',
      '  neighbor 10.0.0.1 remote-as 65002',
      '  neighbor 10.0.0.1 update-source Tunnel10',
      '  network 10.1.0.0 mask 255.255.0.0',
      ' exit-address-family',
    ].join('\n'),
  );
  assert.equal(bgp.neighbors[0]?.remoteAsn, 65001);
  const [red] = bgp.vrfs ?? [];
  assert.deepEqual([red?.vrf, String(red?.routerId), red?.neighbors[0]?.remoteAsn], ['RED', '10.9.9.9', 65002]);
  assert.equal(red?.neighbors[0]?.families[4]?.activate, true);
  assert.equal(red?.neighbors[0]?.updateSource, 'Tunnel10');
});

test('lines of families that are not read change nothing of IPv4', () => {
  const bgp = load(
    [
      'router bgp 65000',
      ' no bgp default ipv4-unicast',
      ' neighbor 10.0.0.1 remote-as 65001',
      ' address-family vpnv4',
      '  neighbor 10.0.0.1 activate',
      '  neighbor 10.0.0.1 send-community both',
      ' exit-address-family',
    ].join('\n'),
  );
  assert.deepEqual(bgp.neighbors[0]?.families, {});
});

test('a password of type 7 is read, and nothing that merely looks like one', () => {
  assert.equal(decodeType7('070C285F4D06'), 'cisco');
  assert.equal(decodeType7('cisco'), undefined);
  assert.equal(decodeType7('99AA'), undefined);
  const bgp = load('router bgp 1\n neighbor 10.0.0.1 remote-as 2\n neighbor 10.0.0.1 password 7 070C285F4D06\n');
  assert.equal(fromUtf8(bgp.neighbors[0]?.password?.reveal() ?? new Uint8Array()), 'cisco');
  const wrong = loadIosxe('router bgp 1\n neighbor 10.0.0.1 remote-as 2\n neighbor 10.0.0.1 password 7 xyz\n', 'r');
  assert.deepEqual(
    wrong.diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code),
    ['unreadable-secret'],
  );
});

test('a neighbour without an AS, and a group that is not there, are errors with their place', () => {
  const { diagnostics } = loadIosxe(
    'router bgp 1\n neighbor 10.0.0.1 activate\n neighbor GONE password x\n neighbor 10.0.0.2 peer-group GONE\n',
    'r',
  );
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error').map(({ code, position }) => [code, position.line]),
    [
      ['missing-remote-as', 2],
      ['undefined-reference', 3],
      ['undefined-reference', 4],
    ],
  );
});
