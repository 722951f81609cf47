import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BgpConfig, BgpNeighbor } from '../bgp/index.ts';
import { bgpConfig, routeMap } from './bgp-config.ts';
import { gatewayText, ip, modelOf } from './model.fixture.ts';
import { ModelIndex } from './model-index.ts';

const TEXT = gatewayText(1, [2]);
const NEIGHBOR = '  neighbor 172.16.12.2 activate\n';

function configOf(text: string): BgpConfig {
  const config = bgpConfig(new ModelIndex(modelOf(text)));
  assert.ok(config);
  return config;
}

/** The neighbour with more lines about it. */
function neighborWith(lines: readonly string[], before = ''): BgpNeighbor {
  const more = lines.map((line) => `  neighbor 172.16.12.2 ${line}\n`).join('');
  const [one] = configOf(
    TEXT.replace('router bgp', `${before}router bgp`).replace(NEIGHBOR, NEIGHBOR + more),
  ).neighbors;
  assert.ok(one);
  return one;
}

test('without BGP lines there is no BGP', () => {
  assert.equal(bgpConfig(new ModelIndex(modelOf(TEXT.slice(0, TEXT.indexOf('router bgp'))))), undefined);
});

const routerIds = [
  { name: 'as configured', text: TEXT, id: '10.255.0.1' },
  {
    name: 'highest address of a loopback',
    text: `interface Loopback1\n nameif l1\n ip address 10.9.0.1 255.255.255.255\ninterface Loopback2\n nameif l2\n ip address 10.9.0.2 255.255.255.255\n!\n${TEXT}`,
    id: '10.9.0.2',
  },
  { name: 'highest address', text: TEXT, id: '172.16.12.1' },
  {
    name: 'not that of an interface shut down',
    text: TEXT.replace(' nameif to2\n', ' nameif to2\n shutdown\n'),
    id: '10.1.1.1',
  },
  {
    name: 'any number where there is no IPv4 address (RFC 6286)',
    text: TEXT.replaceAll(/ ip address .*\n/g, ''),
    id: '0.0.0.1',
  },
] as const;

for (const { name, text, id } of routerIds) {
  test(`router id: ${name}`, () => {
    const own = name === 'as configured' ? text : text.replace(/ bgp router-id .*\n/, '');
    assert.equal(configOf(own).routerId.toString(), id);
  });
}

test('timers: those of the neighbour, else those of the process', () => {
  const timers = ({ keepaliveMs, holdMs, minimumHoldMs }: BgpNeighbor): number[] => [
    keepaliveMs,
    holdMs,
    minimumHoldMs,
  ];
  assert.deepEqual(timers(neighborWith([])), [5000, 15_000, 0]);
  assert.deepEqual(timers(neighborWith(['timers 10 30 20'])), [10_000, 30_000, 20_000]);
});

test('update-source gives the local address, of the right family; without it there is none', () => {
  assert.equal(neighborWith([]).localAddress, undefined);
  assert.equal(neighborWith(['update-source inside']).localAddress?.toString(), '10.1.1.1');
});

test('neighbours: what the lines say', () => {
  const one = neighborWith([
    'ebgp-multihop 3',
    'description far',
    'password secret',
    'shutdown',
    'weight 77',
    'next-hop-self',
    'send-community',
    'maximum-prefix 100 80',
    'allowas-in 2',
  ]);
  assert.equal(one.ebgpMultihop, 3);
  assert.equal(one.description, 'far');
  assert.equal(one.password?.length, 6);
  assert.equal(one.shutdown, true);
  const { 4: ipv4, 6: ipv6 } = one.families;
  assert.equal(ipv6, undefined);
  assert.deepEqual([ipv4?.weight, ipv4?.nextHopSelf, ipv4?.sendCommunity, ipv4?.allowAsIn], [77, true, true, 2]);
  assert.deepEqual(ipv4?.maximumPrefix, { count: 100, warningPercent: 80, warningOnly: false });
});

test('a neighbour without remote-as is none yet, one not activated speaks no family', () => {
  const model = modelOf(TEXT);
  const { bgp } = model;
  const [first] = bgp?.neighbors ?? [];
  assert.ok(bgp && first);
  const { remoteAsn: _, ...unknown } = first;
  assert.deepEqual(bgpConfig(new ModelIndex({ ...model, bgp: { ...bgp, neighbors: [unknown] } }))?.neighbors, []);
  const [one] = configOf(TEXT.replace(NEIGHBOR, `  no ${NEIGHBOR.trimStart()}`)).neighbors;
  assert.deepEqual(one?.families, {});
});

test('policies are compiled: prefix lists, access lists, route maps with all they match and set', () => {
  const { in: inbound, out } = neighborWith(
    ['prefix-list SOME in', 'route-map OUT out'],
    `prefix-list SOME seq 5 deny 10.0.0.0/8 le 24
prefix-list SOME seq 10 permit 0.0.0.0/0 le 32
access-list NETS standard permit 192.0.2.0 255.255.255.0
as-path access-list 1 permit ^65002$
community-list standard GREEN permit 65000:1
route-map OUT permit 10
 match ip address NETS
 match as-path 1
 set local-preference 200
 set metric 7
 set as-path prepend 65001
route-map OUT deny 20
 match ip address prefix-list SOME
route-map OUT permit 30
 match community GREEN
 set community 65000:2 additive
 set origin igp
 set weight 9
`,
  ).families[4] ?? { in: {}, out: {} };
  assert.deepEqual(
    inbound.prefixList?.entries.map(({ sequence, action, prefix, le }) => [sequence, action, prefix.toString(), le]),
    [
      [5, 'deny', '10.0.0.0/8', 24],
      [10, 'permit', '0.0.0.0/0', 32],
    ],
  );
  assert.equal(inbound.routeMap, undefined);
  const clauses = out.routeMap?.clauses ?? [];
  assert.deepEqual(
    clauses.map(({ sequence, action, match, set }) => [
      sequence,
      action,
      match.map(({ kind }) => kind),
      set.map(({ kind }) => kind),
    ]),
    [
      [10, 'permit', ['prefix-list', 'as-path'], ['local-preference', 'metric', 'as-path-prepend']],
      [20, 'deny', ['prefix-list'], []],
      [30, 'permit', ['community'], ['weight', 'community', 'origin']],
    ],
  );
  const [first] = clauses[0]?.match ?? [];
  assert.ok(first?.kind === 'prefix-list');
  assert.deepEqual(
    first.lists.flatMap(({ entries }) => entries.map(({ prefix, le }) => [prefix.toString(), le])),
    [['192.0.2.0/24', 32]],
  );
});

test('a list or map that is not configured: the list permits all, the map nothing', () => {
  const model = modelOf(TEXT);
  assert.deepEqual(routeMap(model, 'NONE'), { name: 'NONE', clauses: [] });
  const { bgp } = model;
  const [one] = bgp?.neighbors ?? [];
  const family = one?.families[4];
  assert.ok(bgp && one && family);
  const neighbors = [{ ...one, families: { 4: { ...family, prefixListIn: 'NONE' } } }];
  const config = bgpConfig(new ModelIndex({ ...model, bgp: { ...bgp, neighbors } }));
  assert.deepEqual(config?.neighbors[0]?.families[4]?.in, { prefixList: { name: 'NONE', entries: [] } });
});

test('maximum paths: the greater of both families', () => {
  const paths = '  maximum-paths 3\n  maximum-paths ibgp 2\n  network';
  assert.deepEqual(configOf(TEXT.replace('  network', paths)).maximumPaths, { ebgp: 3, ibgp: 2 });
  assert.deepEqual(configOf(TEXT).maximumPaths, { ebgp: 1, ibgp: 1 });
  assert.equal(configOf(TEXT).neighbors[0]?.address.equals(ip('172.16.12.2')), true);
});
