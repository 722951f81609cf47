/** Gateways of IOS-XE with front and inner VRFs, with one another and with an ASA. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fabric } from './fabric.fixture.ts';
import { routerText } from './iosxe.fixture.ts';

/** Outside ports of a fabric in which some gateways are routers. */
function topology(count: number): string {
  const lines = ['topology:', '  nodes:', '    internet: { kind: bridge }'];
  for (let n = 1; n <= count; n++) lines.push(`    gw${n}: { kind: iosxe, startup-config: gw${n}.cfg }`);
  for (let n = 1; n <= count; n++)
    lines.push(`    lan${n}: { kind: host, addresses: [10.1.${n}.10/24], gateway: 10.1.${n}.1 }`);
  lines.push('  links:');
  for (let n = 1; n <= count; n++) {
    lines.push(`    - { name: outside${n}, endpoints: ["gw${n}:GigabitEthernet0/0/0", "internet:p${n}"], delay: 5ms }`);
    lines.push(`    - { name: inside${n}, endpoints: ["gw${n}:GigabitEthernet0/0/1", "lan${n}:e"] }`);
  }
  return `${lines.join('\n')}\n`;
}

const TABLES = ['', 'RED', 'INET'] as const;
for (const front of TABLES) {
  for (const inner of TABLES) {
    test(`two routers, front VRF ${front || 'global'}, inner VRF ${inner || 'global'}`, () => {
      const texts = [1, 2].map((n) => routerText(n, [3 - n], { front, inner }));
      const fabric = new Fabric({ texts, topology: topology(2) });
      fabric.run(100);
      fabric.until('the tunnel is up', () => fabric.isUp('gw1', 'Tunnel2') && fabric.isUp('gw2', 'Tunnel1'));
      fabric.until('the subnet is told', () => fabric.routeIn('gw1', inner, '10.1.2.0/24') !== undefined);
      fabric.run(100);
      assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'reply');
      assert.equal(fabric.interface('gw1', 'Tunnel2').mtu, 1446);
    });
  }
}

/** Routers whose tunnel joins their two outer addresses alone; `modes` are those of their transform sets. */
function joinedHosts(modes: readonly [string, string]): Fabric {
  const texts = modes.map((mode, i) => {
    const [n, m] = [i + 1, 2 - i];
    const text = routerText(n, [m], { front: 'INET' })
      .replace(' mode tunnel\n', ` mode ${mode}\n`)
      .replace(' tunnel protection', ' tunnel protection ipsec policy ipv4 ENDS\n tunnel protection');
    return `${text}ip access-list extended ENDS\n permit ip host 10.0.0.${n} host 10.0.0.${m}\n`;
  });
  const fabric = new Fabric({ texts, topology: topology(2) });
  fabric.run(100);
  fabric.until('the tunnel is up', () => fabric.isUp('gw1', 'Tunnel2') && fabric.isUp('gw2', 'Tunnel1'));
  return fabric;
}

for (const [modes, agreed] of [
  [['transport', 'transport'], 'transport'],
  [['transport', 'tunnel'], 'tunnel'],
  [['tunnel', 'transport'], 'tunnel'],
] as const) {
  test(`between hosts ${modes[0]} and ${modes[1]} mode come to ${agreed} mode (RFC 7296 section 1.3.1)`, () => {
    const fabric = joinedHosts(modes);
    const [child] = fabric.snapshot('gw1').ike.sas.flatMap(({ children }) => children);
    assert.equal(child?.mode, agreed);
    assert.equal(fabric.interface('gw1', 'Tunnel2').mtu, agreed === 'transport' ? 1466 : 1446);
  });
}

test('behind a NAT, forced or not, a router leaves exactly what fits: 1438 of 1500 bytes with AES-GCM', () => {
  const texts = [1, 2].map((n) => routerText(n, [3 - n], { front: 'INET', profile: ' nat force-encap\n' }));
  const fabric = new Fabric({ texts, topology: topology(2) });
  fabric.run(100);
  fabric.until('the tunnel is up', () => fabric.isUp('gw1', 'Tunnel2'));
  assert.equal(fabric.interface('gw1', 'Tunnel2').mtu, 1438);
});

test('replay window, df bit, MTU and MSS are those of the very profile and interface', () => {
  const ipsec = ' set security-association replay window-size 512\n set security-association dfbit clear\n';
  const texts = [1, 2].map((n) =>
    routerText(n, [3 - n], { front: 'INET', ipsec }).replace(
      ' tunnel source',
      ' ip mtu 1400\n ip tcp adjust-mss 1360\n tunnel source',
    ),
  );
  const fabric = new Fabric({ texts, topology: topology(2) });
  fabric.run(100);
  fabric.until('the tunnel is up', () => fabric.isUp('gw1', 'Tunnel2'));
  const { interfaces } = fabric.node('gw1');
  const tunnel = interfaces.get('Tunnel2');
  assert.deepEqual(
    [tunnel?.mtu, tunnel?.clampMss, tunnel?.tunnel?.df, tunnel?.tunnel?.frontVrf],
    [1400, 1360, 'clear', 'INET'],
  );
  assert.equal(interfaces.get('GigabitEthernet0/0/1')?.clampMss, 0);
  assert.equal(fabric.node('gw1').counters().childSas[0]?.replayBitmap.length, 512 / 32);
});
