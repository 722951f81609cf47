/** GRE tunnels of two routers, in clear and protected, in the lab's time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fabric } from './fabric.fixture.ts';
import { mixedTopology } from './interworking.fixture.ts';
import { routerText } from './iosxe.fixture.ts';

type Lines = Readonly<{ gre?: string; mode?: 'tunnel' | 'transport'; protection?: boolean }>;

/** The routers of `routerText` with GRE between them, and routes to one another's LAN by it. */
function greText(n: 1 | 2, { gre = '', mode = 'transport', protection = false }: Lines = {}): string {
  const other = 3 - n;
  const text = routerText(n, [other])
    .replace(' tunnel mode ipsec ipv4\n', gre)
    .replace(' mode tunnel\n', ` mode ${mode}\n`)
    .replace(protection ? 'nothing' : ' tunnel protection ipsec profile VTI\n', '');
  return `${text}ip route 10.1.${other}.0 255.255.255.0 172.16.12.${other}\n`;
}

function pair(left: Lines = {}, right: Lines = left): Fabric {
  return new Fabric({ texts: [greText(1, left), greText(2, right)], topology: mixedTopology(['iosxe', 'iosxe']) });
}

const drops = (fabric: Fabric, name: string) => fabric.node(name).counters().drops;

test('GRE in clear comes up by itself and carries both ways', () => {
  const fabric = pair();
  fabric.run(200);
  assert.deepEqual([fabric.isUp('gw1', 'Tunnel2'), fabric.isUp('gw2', 'Tunnel1')], [true, true]);
  assert.equal(fabric.interface('gw1', 'Tunnel2').mtu, 1476);
  assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'reply');
  assert.equal(fabric.snapshot('gw1').plane.childSas.length, 0);
});

for (const mode of ['transport', 'tunnel'] as const) {
  test(`GRE protected in ${mode} mode: selectors are protocol 47 between the ends, and nothing goes in clear`, () => {
    const fabric = pair({ mode, protection: true }).converge();
    fabric.until('child SAs', () => fabric.spis('gw1', 'Tunnel2').length > 0);
    const [sa] = fabric.snapshot('gw1').ike.sas.flatMap(({ children }) => children);
    assert.equal(sa?.mode, mode);
    assert.deepEqual(
      sa.localSelectors.map(({ protocol, start, end }) => `${protocol} ${start} ${end}`),
      ['47 10.0.0.1 10.0.0.1'],
    );
    assert.equal(fabric.interface('gw1', 'Tunnel2').mtu, mode === 'transport' ? 1442 : 1422);
    assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'reply');
    assert.equal(fabric.ping('lan2', '10.1.1.10', 1400, true).result, 'reply');
    assert.equal(fabric.ping('lan1', '10.1.2.10', 1460, true).result, 'too-big');
    assert.deepEqual(drops(fabric, 'gw2'), {});
  });
}

test('keys have to be the same, and nobody is told', () => {
  const fabric = pair({ gre: ' tunnel key 7\n' }, { gre: ' tunnel key 8\n' });
  fabric.run(200);
  assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'timeout');
  assert.deepEqual(drops(fabric, 'gw2'), { 'unknown-gre-tunnel': 1 });
  fabric.edit('gw2', [' tunnel key 8\n', ' tunnel key 7\n']);
  assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'reply');
  assert.equal(fabric.interface('gw1', 'Tunnel2').mtu, 1472);
});

test('one side unprotected: what it sends in clear is dropped by the other', () => {
  const fabric = pair({ protection: true }, {});
  fabric.run(5000);
  assert.notEqual(fabric.ping('lan2', '10.1.1.10').result, 'reply');
  assert.equal(drops(fabric, 'gw1')['unprotected'], 1);
  assert.notEqual(fabric.ping('lan1', '10.1.2.10').result, 'reply');
  assert.equal(drops(fabric, 'gw1')['no-sa'], 1);
});

for (const protection of [false, true]) {
  test(`keepalives come back${protection ? ' protected' : ''}; unanswered ones take the line down, and it comes back`, () => {
    const fabric = pair({ gre: ' keepalive 2 3\n tunnel key 5\n', protection });
    fabric.run(20_000);
    assert.ok(fabric.isUp('gw1', 'Tunnel2'), 'it stays up while they come back');
    assert.deepEqual(drops(fabric, 'gw1'), protection ? { 'no-sa': drops(fabric, 'gw1')['no-sa'] } : {});
    fabric.lab.setLink('outside2', false);
    fabric.until('it is down', () => !fabric.isUp('gw1', 'Tunnel2'), 10_000);
    assert.equal(fabric.interface('gw1', 'Tunnel2').tunnel?.downReason, '3 keepalives were not answered');
    fabric.lab.setLink('outside2', true);
    const isUp = (): boolean => fabric.isUp('gw1', 'Tunnel2') && fabric.isUp('gw2', 'Tunnel1');
    fabric.until('it is up again', isUp, 90_000);
    fabric.run(3000); // static routes wait for a moment before they come back
    assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'reply');
  });
}

test('a route through the tunnel itself takes it down for a minute, and again while it stays', () => {
  const fabric = pair();
  fabric.run(200);
  fabric.configure('gw1', `${fabric.text('gw1')}ip route 10.0.0.2 255.255.255.255 Tunnel2\n`);
  fabric.run(1000);
  assert.equal(fabric.isUp('gw1', 'Tunnel2'), false);
  assert.equal(fabric.codes('gw1').filter((code) => code === 'recursive-routing').length, 1);
  fabric.run(61_000);
  assert.equal(fabric.codes('gw1').filter((code) => code === 'recursive-routing').length, 2);
  fabric.edit('gw1', ['ip route 10.0.0.2 255.255.255.255 Tunnel2\n', '']);
  fabric.run(61_000);
  assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'reply');
});

test('checksums and sequence numbers of RFC 2784 and 2890 pass between routers', () => {
  const fabric = pair({ gre: ' tunnel checksum\n tunnel sequence-datagrams\n tunnel key 1\n tunnel ttl 9\n' });
  fabric.run(200);
  for (let i = 0; i < 3; i++) assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'reply');
  assert.equal(fabric.interface('gw1', 'Tunnel2').mtu, 1500 - 20 - 16);
  assert.deepEqual(drops(fabric, 'gw2'), {});
});
