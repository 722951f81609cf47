import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDiagnostic } from '../yaml/index.ts';
import { topologyOf } from './lab-fixture.ts';
import { parseDuration, parsePercent, parseRate, parseSize } from './quantities.ts';
import { loadTopology } from './topology-reader.ts';

const GOOD = `name: two
topology:
  kinds:
    host: { mtu: 1400 }
  nodes:
    hub1: { kind: cisco_asav, startup-config: configs/hub1.cfg, startup-delay: 10s }
    lan1: { kind: host, addresses: [10.1.1.10/24, "2001:db8:1::10/64"], gateway: 10.1.1.1, gateway6: "2001:db8:1::1" }
    internet: { kind: bridge }
    nat1:
      kind: nat
      inside: [192.168.1.1/24]
      outside: 203.0.113.5/24
      gateway: 203.0.113.1
      timeouts: { udp: 30s }
      filtering: address-and-port
    r1:
      kind: router
      interfaces: { a: [10.1.1.1/24], b: { addresses: [203.0.113.1/24], mtu: 1400 } }
      routes: [ { to: 0.0.0.0/0, via: 203.0.113.5 } ]
    fw: { kind: firewall, drop: [ { protocol: udp, port: 500 }, { protocol: esp } ] }
  links:
    - endpoints: ["hub1:GigabitEthernet0/0", "internet:p1"]
      delay: 10ms
      jitter: 2ms
      loss: 5%
      reorder: 2%
      duplicate: 1%
      rate: 100mbit
      queue: 64kB
      mtu: 9000
      name: uplink
    - endpoints: ["lan1:eth0", "r1:a"]
wheelwright:
  link: { delay: 3ms }
  pings:
    - { from: lan1, to: 10.250.0.10, count: 3 }
`;

test('a topology is read with its defaults, its configurations beside it', () => {
  const topology = topologyOf(GOOD, { 'configs/hub1.cfg': 'hostname hub1\n' });
  const spec = (name: string): unknown => topology.nodes.find((node) => node.name === name)?.spec;
  assert.deepEqual(spec('hub1'), { kind: 'asa', config: { file: 'configs/hub1.cfg', text: 'hostname hub1\n' } });
  assert.equal(topology.nodes[0]?.startupDelayMs, 10_000);
  const host = topology.nodes.find(({ name }) => name === 'lan1')?.spec;
  assert.ok(host?.kind === 'host');
  assert.equal(host.mtu, 1400);
  assert.deepEqual(host.gateways.map(String), ['10.1.1.1', '2001:db8:1::1']);
  const nat = topology.nodes.find(({ name }) => name === 'nat1')?.spec;
  assert.ok(nat?.kind === 'nat' && nat.filtering === 'address-and-port' && nat.timeouts.udpMs === 30_000);
  assert.deepEqual(spec('fw'), {
    kind: 'firewall',
    rules: [{ protocol: 17, port: 500 }, { protocol: 50 }],
    normalises: false,
  });
  const [uplink, lan] = topology.links;
  assert.equal(uplink?.name, 'uplink');
  assert.deepEqual(uplink?.profile, {
    delayMs: 10,
    jitterMs: 2,
    loss: 0.05,
    reorder: 0.02,
    duplicate: 0.01,
    rateBps: 1e8,
    queueBytes: 64_000,
    mtu: 9000,
  });
  assert.equal(lan?.name, 'lan1:eth0--r1:a');
  assert.equal(lan?.profile.delayMs, 3);
  assert.equal(topology.pings[0]?.to.toString(), '10.250.0.10');
});

test("a node's own field goes over its kind's, and that over the default (containerlab's order)", () => {
  const topology = topologyOf(`topology:
  defaults: { kind: host, addresses: [10.0.0.1/24], mtu: 1300, startup-delay: 1s }
  kinds:
    host: { mtu: 1400 }
  nodes:
    a: {}
    b: { mtu: 1450, startup-delay: 2s }
`);
  assert.deepEqual(
    topology.nodes.map(({ spec, startupDelayMs }) => [spec.kind === 'host' && spec.mtu, startupDelayMs]),
    [
      [1400, 1000],
      [1450, 2000],
    ],
  );
});

const MISTAKES: readonly (readonly [name: string, yaml: string, complaint: string])[] = [
  ['a file of no sections', 'name: x\n', 'lab.yaml:1:1: The file has no `topology` section.'],
  ['text that is not YAML', 'a: [1\n', 'lab.yaml:2:1: This is not YAML:'],
  [
    'a device without configuration',
    'topology:\n  nodes:\n    hub1: { kind: asa }\n',
    'lab.yaml:3:5: Device `hub1` has no `startup-config`.',
  ],
  [
    'a missing file',
    'topology:\n  nodes:\n    hub1: { kind: asa, startup-config: hub1.cfg }\n',
    'lab.yaml:3:40: The configuration `hub1.cfg` of `hub1` cannot be read.',
  ],
  [
    'an unknown kind',
    'topology:\n  nodes:\n    a: { kind: brigde }\n',
    'lab.yaml:3:16: Node `a` is of an unknown kind `brigde`. Did you mean `bridge`?',
  ],
  ['no kind', 'topology:\n  nodes:\n    a: {}\n', 'lab.yaml:3:5: Node `a` has no `kind`.'],
  [
    'a host without address',
    'topology:\n  nodes:\n    a: { kind: host }\n',
    'lab.yaml:3:5: Host `a` has no `addresses`.',
  ],
  [
    'a bad address',
    'topology:\n  nodes:\n    a: { kind: host, addresses: [10.1.1.300/24] }\n',
    'lab.yaml:3:34: An address of `a` must be an address with its length, not `10.1.1.300/24`.',
  ],
  [
    'an endpoint of an unknown node',
    'topology:\n  nodes:\n    spoke1: { kind: bridge }\n  links:\n    - endpoints: ["spok1:a", "spoke1:b"]\n',
    'lab.yaml:5:19: The endpoint `spok1:a` names a node `spok1` that does not exist. Did you mean `spoke1`?',
  ],
  [
    'one endpoint',
    'topology:\n  nodes:\n    a: { kind: bridge }\n  links:\n    - endpoints: ["a:1"]\n',
    'lab.yaml:5:18: A link needs two endpoints.',
  ],
  [
    'an endpoint without port',
    'topology:\n  nodes:\n    a: { kind: bridge }\n  links:\n    - endpoints: ["a", "a:1"]\n',
    'lab.yaml:5:19: An endpoint is written node:port, not `a`.',
  ],
  [
    'an endpoint used twice',
    'topology:\n  nodes:\n    a: { kind: bridge }\n    b: { kind: bridge }\n  links:\n' +
      '    - endpoints: ["a:1", "b:1"]\n    - endpoints: ["a:1", "b:2"]\n',
    'lab.yaml:7:19: `a:1` has a link already (line 6).',
  ],
  [
    'a percentage without sign',
    'topology:\n  nodes:\n    a: { kind: bridge }\n    b: { kind: bridge }\n  links:\n' +
      '    - endpoints: ["a:1", "b:1"]\n      loss: 0.05\n',
    'lab.yaml:7:13: `loss: 0.05` is not a percentage such as 5% or 0.1%, at most 100%.',
  ],
  [
    'a mistyped field',
    'topology:\n  nodes:\n    a: { kind: bridge }\n    b: { kind: bridge }\n  links:\n' +
      '    - endpoints: ["a:1", "b:1"]\n      dealy: 10ms\n',
    'lab.yaml:7:7: A link has no field `dealy`. Did you mean `delay`?',
  ],
  [
    'bridges in a loop',
    'topology:\n  nodes:\n    a: { kind: bridge }\n    b: { kind: bridge }\n  links:\n' +
      '    - endpoints: ["a:1", "b:1"]\n    - endpoints: ["a:2", "b:2"]\n',
    'lab.yaml:7:7: This link closes a loop of bridges around `a`.',
  ],
  [
    'an unknown router port',
    'topology:\n  nodes:\n    a: { kind: router, interfaces: { x: [10.0.0.1/24] } }\n    b: { kind: bridge }\n  links:\n' +
      '    - endpoints: ["a:y", "b:1"]\n',
    'lab.yaml:6:19: Router `a` has no interface `y`.',
  ],
  [
    'a ping from nowhere',
    'topology:\n  nodes:\n    a: { kind: bridge }\nwheelwright:\n  pings: [ { from: a, to: 10.0.0.1 } ]\n',
    'lab.yaml:5:20: A ping must come `from` a host or a device, and `a` is none.',
  ],
];

for (const [name, yaml, complaint] of MISTAKES) {
  test(`a topology with ${name} is refused with the place of the mistake`, () => {
    const loaded = loadTopology('lab.yaml', (path) => (path === 'lab.yaml' ? yaml : undefined));
    assert.ok(!loaded.ok);
    const lines = loaded.error.map(formatDiagnostic);
    assert.ok(
      lines.some((line) => line.startsWith(complaint)),
      lines.join('\n'),
    );
  });
}

test('a missing topology is one complaint', () => {
  const loaded = loadTopology('none.yaml', () => undefined);
  assert.ok(!loaded.ok && loaded.error.length === 1 && loaded.error[0]?.code === 'missing-file');
});

test('no text makes the reader throw', () => {
  const words = [
    'topology',
    'nodes',
    'links',
    'kind',
    ': ',
    '\n',
    '  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    'host',
    '"a:1"',
    '&x',
    '*x',
    '?',
    '!!',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 30 }), (parts) => {
      loadTopology('x', () => parts.join(''));
    }),
    { numRuns: 300 },
  );
});

test('quantities need their units', () => {
  assert.deepEqual(
    [parseDuration('10ms'), parseDuration('1.5s'), parseDuration('0'), parseDuration('10')],
    [10, 1500, 0, undefined],
  );
  assert.deepEqual([parsePercent('5%'), parsePercent('101%'), parsePercent('5')], [0.05, undefined, undefined]);
  assert.deepEqual([parseRate('100mbit'), parseRate('64 kbit'), parseRate('1GB')], [1e8, 64_000, undefined]);
  assert.deepEqual([parseSize('64kB'), parseSize('1MiB'), parseSize('constructor')], [64_000, 1_048_576, undefined]);
});
