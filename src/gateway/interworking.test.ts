/** An ASA and an IOS-XE router with one another: each as initiator, every suite of both, hubs of either platform. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fabric } from './fabric.fixture.ts';
import { ESP_SUITES, IKE_SUITES, mixedTopology } from './interworking.fixture.ts';
import { routerHubText, routerText } from './iosxe.fixture.ts';
import { gatewayText, hubText, ip, spokeText } from './model.fixture.ts';

/** Pings from a gateway itself. */
function pings(fabric: Fabric, from: string, to: string, vrf?: string): string {
  let result: string | undefined;
  const request = { destination: ip(to), count: 1, size: 100, df: false, timeoutMs: 2000, intervalMs: 100 };
  fabric.node(from).ping(vrf === undefined ? request : { ...request, vrf }, fabric.lab.now, ([first]) => {
    result = first?.result;
  });
  fabric.run(2_500);
  return result ?? 'none';
}

const count = Math.max(IKE_SUITES.length, ESP_SUITES.length);
for (let i = 0; i < count; i++) {
  const ike = IKE_SUITES[i % IKE_SUITES.length];
  const esp = ESP_SUITES[i % ESP_SUITES.length];
  if (ike === undefined || esp === undefined) continue;
  const first = i % 2 === 0 ? 'the ASA' : 'the router';
  test(`${first} begins, IKE ${ike.name}, ESP ${esp.name}`, () => {
    const asa = gatewayText(1, [2])
      .replace(/ encryption aes-256\n[^!]*/, ike.asa)
      .replace(/ protocol esp encryption aes-gcm\n/, esp.asa)
      .replace('crypto ipsec profile VTI\n', `crypto ipsec profile VTI\n${i % 2 === 0 ? '' : ' responder-only\n'}`);
    const ipsec = `${i % 2 === 0 ? ' responder-only\n' : ''}${esp.pfs}`;
    const router = routerText(2, [1], { front: 'INET', proposal: ike.ios, transform: esp.ios, ipsec });
    const fabric = new Fabric({ texts: [asa, router], topology: mixedTopology(['asa', 'iosxe']) });
    fabric.run(100);
    fabric.until('the tunnel is up', () => fabric.isUp('gw1', 'Tunnel2') && fabric.isUp('gw2', 'Tunnel1'));
    const [sa] = fabric.snapshot('gw2').ike.sas;
    assert.ok(sa);
    assert.equal(sa.role, i % 2 === 0 ? 'responder' : 'initiator');
    assert.deepEqual([sa.encr, sa.keyBits, sa.group], [ike.encr, ike.keyBits, ike.group]);
    const [child] = sa.children;
    assert.deepEqual([child?.encr, child?.keyBits], [esp.encr, esp.keyBits]);
    assert.equal(pings(fabric, 'gw1', '172.16.12.2'), 'reply');
    assert.equal(pings(fabric, 'gw2', '172.16.12.1'), 'reply');
    // The shorter lifetime of the two, the router's hour, has passed twice.
    fabric.run(2 * 3_600_000);
    assert.equal(pings(fabric, 'gw1', '172.16.12.2'), 'reply', 'after rekeys');
    assert.equal(fabric.snapshot('gw1').ike.statistics?.sessions, 1);
    const drops = fabric.node('gw1').counters().drops;
    assert.equal(drops['unknown-spi'] ?? 0, 0);
  });
}

test('an ASA as hub clones its template for routers', () => {
  const spokes = [2, 3].map(
    (n) =>
      `${routerText(n, [1], { front: 'INET', transform: 'esp-gcm 128', inner: 'RED' }).replace(
        / ip address 172[^\n]*\n/,
        ` ip address 172.16.1${n}.${n} 255.255.255.0\n`,
      )}ip route vrf RED 172.16.0.1 255.255.255.255 Tunnel1\n`,
  );
  const hub = hubText([2, 3]).replace(' group 31\n', ' group 19\n');
  const fabric = new Fabric({ texts: [hub, ...spokes], topology: mixedTopology(['asa', 'iosxe', 'iosxe']) });
  fabric.run(100);
  for (const n of [2, 3]) {
    fabric.until('a clone', () => fabric.ways('gw1', `172.16.1${n}.${n}/32`).length === 1);
    assert.match(fabric.ways('gw1', `172.16.1${n}.${n}/32`)[0] ?? '', /^Virtual-Access/);
    // The router told its subnet, too.
    assert.deepEqual(fabric.ways('gw1', `10.1.${n}.0/24`), fabric.ways('gw1', `172.16.1${n}.${n}/32`));
    assert.equal(pings(fabric, 'gw1', `172.16.1${n}.${n}`), 'reply');
  }
});

for (const front of ['', 'INET']) {
  test(`a router as hub clones its template for ASAs, front VRF ${front || 'global'}`, () => {
    const spokes = [2, 3].map((n) => spokeText(n).replace(' group 31\n', ' group 19\n'));
    const hub = routerHubText(1, [2, 3], { front, inner: 'RED', transform: 'esp-gcm 128' });
    const fabric = new Fabric({ texts: [hub, ...spokes], topology: mixedTopology(['iosxe', 'asa', 'asa']) });
    fabric.run(100);
    for (const n of [2, 3]) {
      fabric.until('a clone', () => fabric.routeIn('gw1', 'RED', `172.16.1${n}.${n}/32`) !== undefined);
      const way = fabric.routeIn('gw1', 'RED', `172.16.1${n}.${n}/32`)?.resolved[0]?.interface;
      assert.match(way ?? '', /^Virtual-Access/);
      assert.equal(fabric.interface('gw1', way ?? '').vrf, 'RED');
      assert.equal(pings(fabric, `gw${n}`, '172.16.0.1'), 'reply');
      assert.equal(pings(fabric, 'gw1', `172.16.1${n}.${n}`, 'RED'), 'reply');
      assert.equal(pings(fabric, 'gw1', `172.16.1${n}.${n}`), 'no-route', 'not in the global table');
    }
  });
}
