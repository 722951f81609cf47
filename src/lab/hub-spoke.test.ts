import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prefix } from '../base/index.ts';
import { formatDiagnostic } from '../yaml/index.ts';
import { generateHubSpoke, type HubSpokeOptions } from './hub-spoke.ts';
import { planHubSpoke } from './hub-spoke-plan.ts';
import type { Topology } from './topology.ts';
import { loadTopology } from './topology-reader.ts';

function read(options: HubSpokeOptions): { topology: Topology; files: ReadonlyMap<string, string> } {
  const { files } = generateHubSpoke(options);
  const loaded = loadTopology('topology.yaml', (path) => files.get(path));
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.error.map(formatDiagnostic).join('\n'));
  return { topology: loaded.value, files };
}

test('two hubs and two spokes have the addresses of the example', () => {
  const { topology, files } = read({ hubs: 2, spokes: 2 });
  assert.deepEqual([...files.keys()], ['topology.yaml', 'hub1.cfg', 'hub2.cfg', 'spoke1.cfg', 'spoke2.cfg']);
  const spoke = files.get('spoke1.cfg') ?? '';
  for (const line of [
    ' ip address 172.16.1.5 255.255.255.254',
    ' tunnel destination 10.0.0.253',
    ' ip address 172.16.1.7 255.255.255.254',
    ' tunnel destination 10.0.0.254',
    'route VTI 172.16.1.253 255.255.255.255 172.16.1.253 1',
    'route VTI2 172.16.1.254 255.255.255.255 172.16.1.254 1',
    'router bgp 65001',
    ' timers bgp 5 15 0',
    '  neighbor 172.16.1.253 remote-as 65000',
    'tunnel-group 10.0.0.254 type ipsec-l2l',
    '  network 10.1.1.0 mask 255.255.255.0',
  ]) {
    assert.ok(spoke.split('\n').includes(line), line);
  }
  const hub = files.get('hub2.cfg') ?? '';
  for (const line of [
    'interface virtual-Template 1 type tunnel',
    '  neighbor 172.16.1.7 remote-as 65001',
    '  neighbor 10.250.0.1 next-hop-self',
  ]) {
    assert.ok(hub.split('\n').includes(line), line);
  }
  assert.deepEqual(
    topology.pings.map(({ from, to }) => `${from} ${to}`),
    ['lan-spoke1 10.250.0.10', 'lan-spoke2 10.250.0.10', 'lan-spoke1 10.1.2.10'],
  );
});

test('eight hubs and 4000 spokes fit: no address or AS number is given twice', () => {
  const { hubs, spokes } = planHubSpoke({ hubs: 8, spokes: 4000 });
  const once = (values: readonly (string | number)[]): void => assert.equal(new Set(values).size, values.length);
  once([...hubs, ...spokes].map(({ outside }) => outside));
  once(spokes.map(({ asn }) => asn));
  once(spokes.map(({ lan }) => lan));
  const tunnels = spokes.flatMap((spoke) => spoke.tunnels);
  assert.equal(tunnels.length, 32_000);
  const pairs = [...tunnels.map((address) => `${address}/31`), ...hubs.map(({ vti }) => `${vti}/31`)].map((text) => {
    const prefix = Prefix.parse(text);
    assert.ok(prefix, text);
    return prefix.toString();
  });
  once(pairs.slice(0, tunnels.length));
  const used = new Set(pairs.slice(0, tunnels.length));
  for (const pair of pairs.slice(tunnels.length)) assert.ok(!used.has(pair), pair);
  const tooHigh = tunnels.filter((address) => !address.startsWith('172.'));
  assert.deepEqual(tooHigh, []);
});

test('502 gateways: slower timers, a wider segment, hosts for the first spokes alone', () => {
  const { topology, files } = read({ hubs: 2, spokes: 500 });
  assert.equal(topology.nodes.filter(({ spec }) => spec.kind === 'asa').length, 502);
  assert.equal(topology.nodes.filter(({ spec }) => spec.kind === 'host').length, 21);
  assert.ok(topology.links.length > 1000);
  assert.match(files.get('spoke500.cfg') ?? '', /timers bgp 10 30 0/);
  assert.match(files.get('spoke500.cfg') ?? '', / ip address 10\.0\.2\.100 255\.255\.0\.0/);
  assert.equal((files.get('hub1.cfg')?.match(/ebgp-multihop 2/g) ?? []).length, 500);
});

test('hubs may tell a default route alone', () => {
  const { files } = read({ hubs: 1, spokes: 3, hubRoutes: 'default', hosts: 0, timers: { keepalive: 1, hold: 3 } });
  assert.match(files.get('hub1.cfg') ?? '', /neighbor 172\.16\.1\.5 prefix-list DEFAULT_ONLY out/);
  assert.match(files.get('spoke3.cfg') ?? '', /timers bgp 1 3 0/);
});

test('counts out of range are a mistake of the caller', () => {
  for (const [hubs, spokes] of [
    [0, 1],
    [9, 1],
    [1, 0],
    [1, 4001],
    [1.5, 1],
  ] as const) {
    assert.throws(() => generateHubSpoke({ hubs, spokes }), RangeError);
  }
});
