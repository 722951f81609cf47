import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fabric } from './fabric.fixture.ts';
import { gatewayText } from './model.fixture.ts';

/** Gateway 1 with tunnels to 2 and 3, which have none between them. */
function star(): Fabric {
  return new Fabric({ texts: [gatewayText(1, [2, 3]), gatewayText(2, [1]), gatewayText(3, [1])] }).converge();
}

const third = (fabric: Fabric): unknown => ({
  here: fabric.standing('gw1', 'Tunnel3', '172.16.13.3'),
  there: fabric.standing('gw3', 'Tunnel1', '172.16.13.1'),
  route: fabric.route('gw1', '10.1.3.0/24'),
});

test('the same configuration again changes nothing and sends nothing', () => {
  const fabric = star();
  const { lab } = fabric;
  const sent = (): number[] => lab.links.map(({ name }) => fabric.frames(name));
  const before = { frames: sent(), snapshot: fabric.snapshot('gw1'), logs: fabric.codes('gw1').length };
  fabric.configure('gw1', fabric.text('gw1'));
  assert.deepEqual(sent(), before.frames);
  const { model: _, now: __, ...now } = fabric.snapshot('gw1');
  const { model: ___, now: ____, ...then } = before.snapshot;
  assert.deepEqual(now, then);
  assert.equal(fabric.codes('gw1').length, before.logs);
});

type Row = Readonly<{
  name: string;
  changes: readonly (readonly [device: string, from: string, to: string])[];
  /** What holds soon after; the tunnel to gateway 3 must have stayed. */
  outcome: (fabric: Fabric) => boolean;
}>;

const rows: readonly Row[] = [
  {
    name: 'another destination',
    changes: [['gw1', 'tunnel destination 10.0.0.2', 'tunnel destination 10.0.0.77']],
    outcome: (fabric) => !fabric.isUp('gw1', 'Tunnel2') && !fabric.isUp('gw2', 'Tunnel1'),
  },
  {
    name: 'another profile with another proposal',
    changes: [
      [
        'gw1',
        'crypto ikev2 enable outside',
        'crypto ipsec ikev2 ipsec-proposal Q\n protocol esp encryption aes-gcm-256\n' +
          'crypto ipsec profile OTHER\n set ikev2 ipsec-proposal Q\n' +
          'crypto ikev2 enable outside',
      ],
      [
        'gw1',
        'tunnel destination 10.0.0.2\n tunnel mode ipsec ipv4\n tunnel protection ipsec profile VTI',
        'tunnel destination 10.0.0.2\n tunnel mode ipsec ipv4\n tunnel protection ipsec profile OTHER',
      ],
    ],
    outcome: (fabric) => !fabric.isUp('gw1', 'Tunnel2'),
  },
  {
    name: 'another tunnel address',
    changes: [['gw1', 'ip address 172.16.12.1', 'ip address 172.16.12.11']],
    outcome: (fabric) =>
      fabric.isUp('gw1', 'Tunnel2') &&
      fabric.route('gw1', '172.16.12.11/32') !== undefined &&
      fabric.route('gw1', '172.16.12.1/32') === undefined &&
      fabric.neighbor('gw1', '172.16.12.2').state !== 'Established',
  },
  {
    name: 'another pre-shared key',
    changes: [
      [
        'gw1',
        'remote-authentication pre-shared-key between-1-2\n ikev2 local-authentication pre-shared-key between-1-2',
        'remote-authentication pre-shared-key wrong\n ikev2 local-authentication pre-shared-key wrong',
      ],
    ],
    outcome: (fabric) => !fabric.isUp('gw1', 'Tunnel2') && !fabric.isUp('gw2', 'Tunnel1'),
  },
  {
    name: 'the tunnel shut down',
    changes: [['gw1', ' nameif to2\n', ' nameif to2\n shutdown\n']],
    outcome: (fabric) =>
      !fabric.isUp('gw1', 'Tunnel2') &&
      !fabric.isUp('gw2', 'Tunnel1') &&
      fabric.interface('gw1', 'Tunnel2').tunnel?.downReason === 'shutdown' &&
      fabric.route('gw1', '10.1.2.0/24') === undefined,
  },
  {
    name: 'the tunnel taken away',
    changes: [
      [
        'gw1',
        'interface Tunnel2\n nameif to2\n ip address 172.16.12.1 255.255.255.0\n tunnel source interface outside\n' +
          ' tunnel destination 10.0.0.2\n tunnel mode ipsec ipv4\n tunnel protection ipsec profile VTI\n',
        '',
      ],
    ],
    outcome: (fabric) =>
      !fabric.isUp('gw2', 'Tunnel1') &&
      fabric.snapshot('gw1').interfaces.every(({ name }) => name !== 'Tunnel2') &&
      fabric.spis('gw1', 'Tunnel2').length === 0 &&
      fabric.route('gw1', '172.16.12.0/24') === undefined,
  },
  {
    name: 'the neighbour taken away',
    changes: [
      ['gw1', '  neighbor 172.16.12.2 remote-as 65002\n', ''],
      ['gw1', '  neighbor 172.16.12.2 activate\n', ''],
    ],
    outcome: (fabric) => {
      const { state, lastReset } = fabric.neighbor('gw2', '172.16.12.1');
      return state !== 'Established' && lastReset !== undefined && fabric.isUp('gw1', 'Tunnel2');
    },
  },
  {
    name: 'the neighbour shut down',
    changes: [
      [
        'gw1',
        'neighbor 172.16.12.2 remote-as 65002\n',
        'neighbor 172.16.12.2 remote-as 65002\n  neighbor 172.16.12.2 shutdown\n',
      ],
    ],
    outcome: (fabric) =>
      fabric.neighbor('gw2', '172.16.12.1').state !== 'Established' &&
      fabric.route('gw2', '10.1.1.0/24') === undefined &&
      fabric.isUp('gw1', 'Tunnel2'),
  },
];

for (const { name, changes, outcome } of rows) {
  test(`${name}: only that peer notices, and taken back all is as before`, () => {
    const fabric = star();
    const before = third(fabric);
    const texts = new Map(changes.map(([device]) => [device, fabric.text(device)]));
    for (const device of texts.keys()) {
      fabric.edit(device, ...changes.filter(([one]) => one === device).map(([, from, to]) => [from, to] as const));
    }
    fabric.until(name, () => outcome(fabric), 1000);
    fabric.run(20_000);
    assert.ok(outcome(fabric), 'and it stays so');
    assert.deepEqual(third(fabric), before);
    for (const [device, text] of texts) fabric.configure(device, text);
    fabric.converge(60_000);
    assert.deepEqual(third(fabric), before);
    assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'reply');
  });
}

test('a tunnel and neighbour to a new gateway are added to those that run', () => {
  const one = gatewayText(1, [3]);
  const fabric = new Fabric({ texts: [one, gatewayText(2, [1]), gatewayText(3, [1])] });
  fabric.until('the tunnel to 3', () => fabric.route('gw1', '10.1.3.0/24') !== undefined);
  fabric.run(1000);
  const before = third(fabric);
  fabric.configure('gw1', gatewayText(1, [2, 3]));
  fabric.converge();
  assert.deepEqual(third(fabric), before);
  assert.equal(fabric.ping('lan2', '10.1.3.10').result, 'reply');
});

test('another route map for a neighbour: told anew without a reset', () => {
  const fabric = star();
  const before = third(fabric);
  const count = fabric.neighbor('gw2', '172.16.12.1').establishedCount;
  fabric.edit(
    'gw1',
    ['router bgp 65001', 'route-map FAR permit 10\n set as-path prepend 65001 65001\n!\nrouter bgp 65001'],
    ['  neighbor 172.16.12.2 activate', '  neighbor 172.16.12.2 activate\n  neighbor 172.16.12.2 route-map FAR out'],
  );
  const path = (): string | undefined =>
    fabric
      .node('gw2')
      .bgpPaths({ kind: 'all' })
      .find((one) => one.prefix.toString() === '10.1.1.0/24')?.asPath;
  fabric.until('the longer path', () => path() === '65001 65001 65001', 2000);
  fabric.edit('gw1', ['route-map FAR permit 10', 'route-map FAR deny 10']);
  fabric.until('no route', () => fabric.route('gw2', '10.1.1.0/24') === undefined, 2000);
  assert.equal(fabric.neighbor('gw2', '172.16.12.1').establishedCount, count);
  assert.deepEqual(third(fabric), before);
});

test('BGP taken away and configured again: neighbours, networks and redistribution are all back', () => {
  const fabric = star();
  fabric.edit('gw1', [
    '  network 10.1.1.0 mask 255.255.255.0\n',
    '  network 10.1.1.0 mask 255.255.255.0\n  redistribute static\n',
  ]);
  fabric.edit('gw1', ['router bgp', 'route outside 192.0.2.0 255.255.255.0 10.0.0.99\nrouter bgp']);
  fabric.until('the static route', () => fabric.route('gw2', '192.0.2.0/24') !== undefined, 2000);
  const text = fabric.text('gw1');
  const spis = fabric.spis('gw1', 'Tunnel2');
  fabric.configure('gw1', text.slice(0, text.indexOf('router bgp')));
  fabric.until('sessions end', () => fabric.neighbor('gw2', '172.16.12.1').state !== 'Established', 1000);
  fabric.run(1000);
  assert.equal(fabric.snapshot('gw1').bgp, undefined);
  assert.equal(fabric.route('gw1', '10.1.2.0/24'), undefined);
  assert.equal(fabric.route('gw2', '10.1.1.0/24'), undefined);
  assert.equal(fabric.route('gw2', '192.0.2.0/24'), undefined);
  fabric.run(5000);
  fabric.configure('gw1', text);
  fabric.converge(60_000);
  fabric.until('all routes', () => fabric.route('gw2', '192.0.2.0/24') !== undefined, 2000);
  assert.notEqual(fabric.route('gw2', '10.1.3.0/24'), undefined);
  assert.notEqual(fabric.route('gw1', '10.1.2.0/24'), undefined);
  assert.deepEqual(fabric.spis('gw1', 'Tunnel2'), spis, 'the tunnels did not notice');
});

test('static routes come, change and go', () => {
  const fabric = star();
  const line = 'route to2 198.51.100.0 255.255.255.0 172.16.12.2 1\n';
  fabric.edit('gw1', ['router bgp', `${line}router bgp`]);
  assert.deepEqual(fabric.ways('gw1', '198.51.100.0/24'), ['Tunnel2']);
  fabric.edit('gw1', [line, 'route to3 198.51.100.0 255.255.255.0 172.16.13.3 1\n']);
  assert.deepEqual(fabric.ways('gw1', '198.51.100.0/24'), ['Tunnel3']);
  fabric.edit('gw1', [
    'route to3 198.51.100.0 255.255.255.0 172.16.13.3 1\n',
    `${line}route Null0 198.51.0.0 255.255.0.0 254\n`,
  ]);
  assert.deepEqual(fabric.ways('gw1', '198.51.100.0/24'), ['Tunnel2']);
  assert.deepEqual(fabric.route('gw1', '198.51.0.0/16')?.resolved, []);
  fabric.edit('gw1', [`${line}route Null0 198.51.0.0 255.255.0.0 254\n`, '']);
  assert.equal(fabric.route('gw1', '198.51.100.0/24'), undefined);
  assert.equal(fabric.route('gw1', '198.51.0.0/16'), undefined);
});

test('IKEv2 switched off on the outside: all tunnels go down here, and come back with it', () => {
  const fabric = star();
  fabric.edit('gw1', ['crypto ikev2 enable outside\n', '']);
  assert.ok(!fabric.isUp('gw1', 'Tunnel2') && !fabric.isUp('gw1', 'Tunnel3'));
  assert.match(fabric.interface('gw1', 'Tunnel2').tunnel?.downReason ?? '', /^IKEv2 is not enabled on outside/);
  fabric.until('the peers see it', () => !fabric.isUp('gw2', 'Tunnel1') && !fabric.isUp('gw3', 'Tunnel1'), 60_000);
  fabric.edit('gw1', ['interface Tunnel2', 'crypto ikev2 enable outside\ninterface Tunnel2']);
  fabric.converge(60_000);
});

test('the physical interface shut down: what goes by it ends, and returns with it', () => {
  const fabric = star();
  const text = fabric.text('gw1');
  fabric.edit('gw1', [
    ' ip address 10.0.0.1 255.255.255.0\n no shutdown',
    ' ip address 10.0.0.1 255.255.255.0\n shutdown',
  ]);
  assert.ok(!fabric.isUp('gw1', 'GigabitEthernet0/0') && !fabric.isUp('gw1', 'Tunnel2'));
  assert.equal(fabric.route('gw1', '10.0.0.0/24'), undefined);
  fabric.run(40_000);
  assert.ok(!fabric.isUp('gw2', 'Tunnel1'));
  fabric.configure('gw1', text);
  fabric.converge(90_000);
  assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'reply');
});

test('another outside address: tunnels are built anew from there', () => {
  const fabric = star();
  for (const device of ['gw2', 'gw3']) {
    const text = fabric.text(device).replaceAll('10.0.0.1 ', '10.0.0.9 ').replaceAll('10.0.0.1\n', '10.0.0.9\n');
    fabric.configure(device, text);
  }
  fabric.edit('gw1', ['ip address 10.0.0.1 ', 'ip address 10.0.0.9 ']);
  fabric.converge(60_000);
  assert.equal(fabric.interface('gw1', 'Tunnel2').tunnel?.source?.toString(), '10.0.0.9');
  assert.equal(fabric.ping('lan3', '10.1.2.10').result, 'reply');
});
