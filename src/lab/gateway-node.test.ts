import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after, at, concat, IpAddress, Prefix, SecretKey, utf8 } from '../base/index.ts';
import { emptyModel } from '../config/index.ts';
import type { DeviceModel, InterfaceModel, Position, Written } from '../config/model.ts';
import type { PingProbe } from '../gateway/contract.ts';
import { DecryptionTables } from './decryption-tables.ts';
import { resolvePorts } from './device-ports.ts';
import { GatewayNode, gatewayDevices } from './gateway-node.ts';
import { HostNode } from './host-node.ts';
import { Lab } from './lab.ts';
import { topologyOf } from './lab-fixture.ts';
import { PcapngWriter } from './pcapng.ts';
import { isConverged, labStatus, tunnelReports, whyNotConverged } from './report.ts';

const position: Position = { file: 'test', line: 1, column: 1 };
const written: Written = { start: position, attributes: {} };
const ip = (text: string): IpAddress => IpAddress.parse(text) ?? IpAddress.any(4);

const TOPOLOGY = `
topology:
  nodes:
    left: { kind: asa, startup-config: x }
    right: { kind: asa, startup-config: x }
    a: { kind: host, addresses: [10.1.1.10/24], gateway: 10.1.1.1 }
    b: { kind: host, addresses: [10.1.2.10/24], gateway: 10.1.2.1 }
    internet: { kind: bridge }
  links:
    - { name: left, endpoints: ["left:outside", "internet:l"], delay: 5ms }
    - { name: right, endpoints: ["right:gi0/0", "internet:r"], delay: 5ms }
    - { endpoints: ["left:inside", "a:e"] }
    - { endpoints: ["right:inside", "b:e"] }
`;

/** A gateway with one static VTI to the other. */
function model(number: 1 | 2): DeviceModel {
  const other = number === 1 ? 2 : 1;
  const base = { shutdown: false, ipv6Enabled: false, unnumbered: {}, vrf: '', written } as const;
  const ethernet = (name: string, alias: string, address: string): InterfaceModel => ({
    ...base,
    name,
    alias,
    kind: 'ethernet',
    securityLevel: alias === 'inside' ? 100 : 0,
    addresses: [{ address: ip(address), length: 24 }],
  });
  const secret = new SecretKey(utf8('cisco'));
  return {
    ...emptyModel(`gw${number}`),
    interfaces: [
      ethernet('GigabitEthernet0/0', 'outside', `10.0.0.${number}`),
      ethernet('GigabitEthernet0/1', 'inside', `10.1.${number}.1`),
      {
        ...base,
        name: 'Tunnel1',
        alias: 'VTI',
        kind: 'tunnel',
        addresses: [{ address: ip(`172.16.0.${number}`), length: 30 }],
        tunnel: { sourceInterface: 'outside', destination: ip(`10.0.0.${other}`), mode: 4, profile: 'VTI' },
      },
    ],
    ikeEnabled: [{ interface: 'outside', written }],
    ikePolicies: [
      {
        priority: 10,
        encryption: [{ encr: 12, keyBits: 256 }],
        integrity: [13],
        prf: [6],
        groups: [19],
        lifetimeMs: 86_400_000,
        written,
      },
    ],
    ikeIdentity: { kind: 'auto' },
    natKeepaliveMs: 20_000,
    cookieChallengePercent: 50,
    maxHalfOpen: 1000,
    espProposals: [{ name: 'P', encryption: [{ encr: 12, keyBits: 128 }], integrity: [2], written }],
    ipsecProfiles: [{ name: 'VTI', proposals: ['P'], responderOnly: false, written }],
    childLifetimeMs: 28_800_000,
    childLifetimeBytes: 4_608_000_000,
    replayWindow: 64,
    tunnelGroups: [
      {
        name: `10.0.0.${other}`,
        type: 'ipsec-l2l',
        localKey: secret,
        remoteKey: secret,
        validateIdentity: 'required',
        keepalive: { thresholdMs: 10_000, retryMs: 2000 },
        routeSetInterface: false,
        routeAcceptAny: true,
        written,
      },
    ],
    groupPolicies: [],
    staticRoutes: [
      {
        interface: 'VTI',
        prefix: new Prefix(ip(`10.1.${other}.0`), 24),
        gateway: ip(`172.16.0.${other}`),
        nullRoute: false,
        distance: 1,
        vrf: '',
        written,
      },
    ],
    accessLists: [],
    prefixLists: [],
    routeMaps: [],
    asPathLists: [],
    communityLists: [],
    clampMss: 1380,
    sameSecurityPermit: { interInterface: true, intraInterface: true },
    logging: { enabled: false, timestamp: false, hosts: [] },
  };
}

const MODELS = new Map([
  ['left', model(1)],
  ['right', model(2)],
]);

function open(seed: number): { lab: Lab; keys: DecryptionTables; gateways: readonly GatewayNode[] } {
  const { topology, diagnostics } = resolvePorts(topologyOf(TOPOLOGY, { x: '' }), MODELS);
  assert.deepEqual(diagnostics, []);
  const keys = new DecryptionTables();
  const lab = new Lab(topology, { seed, device: gatewayDevices(MODELS, { keys }) });
  return { lab, keys, gateways: lab.nodes(GatewayNode) };
}

function ping(lab: Lab): readonly PingProbe[] {
  let probes: readonly PingProbe[] | undefined;
  const request = { destination: ip('10.1.2.10'), count: 3, size: 1400, df: false, timeoutMs: 2000, intervalMs: 100 };
  lab.node('a', HostNode).ping(request, lab.now, (all) => {
    probes = all;
  });
  lab.run({ until: () => probes !== undefined });
  return probes ?? [];
}

test('two gateways bring their tunnel up and carry pings; the report says so', () => {
  const { lab, keys, gateways } = open(1);
  assert.ok(!isConverged(gateways, lab.now));
  assert.ok(
    lab.run({ until: () => isConverged(gateways, lab.now), limit: at(60_000) }),
    whyNotConverged(gateways, lab.now).join('\n'),
  );
  assert.deepEqual(labStatus(gateways), { gateways: 2, tunnelsUp: 2, tunnelsWanted: 2, bgpUp: 0, bgpWanted: 0 });
  assert.deepEqual(
    ping(lab).map(({ result }) => result),
    ['reply', 'reply', 'reply'],
  );
  const snapshot = gateways[0]?.snapshot(lab.now);
  assert.ok(snapshot);
  const [tunnel] = tunnelReports(snapshot);
  assert.deepEqual(
    [tunnel?.interface, tunnel?.peer, tunnel?.ike, tunnel?.lineProtocol],
    ['Tunnel1', '10.0.0.2', 'up', true],
  );
  // Both ends may initiate at once: then there are two IKE SAs for a moment.
  const rows = (text: string): number => text.trimEnd().split('\n').length;
  assert.ok(rows(keys.ikev2DecryptionTable) <= 2 && rows(keys.espSa) === 2 * rows(keys.ikev2DecryptionTable));
});

test('a gateway that was switched off comes back and the tunnel with it; until then it is told what is missing', () => {
  const { lab, gateways } = open(2);
  lab.run({ until: () => isConverged(gateways, lab.now), limit: at(60_000) });
  lab.powerOff('right');
  const [left] = gateways;
  assert.ok(left);
  assert.ok(
    lab.run({ until: () => left.status().tunnelsUp === 0, limit: after(lab.now, 300_000) }),
    'dead peer is detected',
  );
  assert.match(whyNotConverged([left], lab.now).join('\n'), /^left: Tunnel1 is down: /);
  lab.powerOn('right');
  assert.ok(lab.run({ until: () => isConverged(gateways, lab.now), limit: after(lab.now, 300_000) }));
  assert.equal(ping(lab).at(-1)?.result, 'reply');
});

test('a whole run with gateways repeats byte for byte, and differs with another seed', () => {
  const capture = (seed: number): Uint8Array => {
    const { lab, gateways } = open(seed);
    const parts: Uint8Array[] = [];
    lab.capture(new PcapngWriter((block) => parts.push(block)));
    lab.link('left').change({ loss: 0.1, jitterMs: 3 });
    lab.run({ until: () => isConverged(gateways, lab.now), limit: at(60_000) });
    ping(lab);
    return concat(...parts);
  };
  const [one, again, other] = [capture(3), capture(3), capture(4)];
  assert.equal(Buffer.compare(one, again), 0);
  assert.notEqual(Buffer.compare(one, other), 0);
});

test('endpoints may use nameif or abbreviations, and must exist in the configuration', () => {
  const { topology } = open(1).lab;
  assert.deepEqual(
    topology.links.map(({ ends }) => ends[0].port),
    ['GigabitEthernet0/0', 'GigabitEthernet0/0', 'GigabitEthernet0/1', 'GigabitEthernet0/1'],
  );
  const wrong = topologyOf(TOPOLOGY.replace('left:outside', 'left:Gi0/7').replace('right:inside', 'right:outside'), {
    x: '',
  });
  const { diagnostics } = resolvePorts(wrong, MODELS);
  assert.deepEqual(
    diagnostics.map(({ position: { line, column }, message }) => `${line}:${column} ${message}`),
    [
      '10:33 The configuration of `left` has no interface `Gi0/7`.',
      '13:21 `right:GigabitEthernet0/0` has a link already.',
    ],
  );
});
