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

/** What each of the two has been seen to begin with. */
const begun = new Set<string>();

const asaText = (lines: Readonly<{ ike: string; esp: string; profile: string }>): string =>
  gatewayText(1, [2])
    .replace(/router bgp[\s\S]*/, '')
    .replace(/ encryption aes-256\n[^!]*/, lines.ike)
    .replace(/ protocol esp encryption aes-gcm\n/, lines.esp)
    .replace('crypto ipsec profile VTI\n', `crypto ipsec profile VTI\n${lines.profile}`);

for (const [i, ike] of IKE_SUITES.entries()) {
  const esp = ESP_SUITES[i % ESP_SUITES.length];
  if (esp === undefined) continue;
  // An odd number of ciphers takes turns with an even number of those who begin.
  const asaBegins = i % 2 === 0;
  const first = asaBegins ? 'the ASA' : 'the router';
  test(`${first} begins, IKE ${ike.name}, ESP ${esp.name}`, () => {
    for (const what of [`${ike.encr} ${ike.keyBits}`, `hash ${ike.hash}`, `group ${ike.group}`, `PFS ${esp.pfs}`])
      begun.add(`${first}: ${what}`);
    begun.add(`ESP ${esp.name}`);
    const life = ' set security-association lifetime seconds 120\n';
    const pfs = esp.pfs === undefined ? '' : ` set pfs group${esp.pfs}\n`;
    const asa = asaText({
      ike: ike.asa,
      esp: esp.asa,
      profile: `${asaBegins ? '' : ' responder-only\n'}${life}${pfs}`,
    });
    const ipsec = `${asaBegins ? ' responder-only\n' : ''}${life}${pfs}`;
    const router = routerText(2, [1], { front: 'INET', proposal: ike.ios, transform: esp.ios, ipsec });
    const fabric = new Fabric({ texts: [asa, router], topology: mixedTopology(['asa', 'iosxe']) });
    fabric.run(100);
    fabric.until('the tunnel is up', () => fabric.isUp('gw1', 'Tunnel2') && fabric.isUp('gw2', 'Tunnel1'));
    const [sa] = fabric.snapshot('gw2').ike.sas;
    assert.ok(sa, 'an IKE SA');
    assert.equal(sa.role, asaBegins ? 'responder' : 'initiator');
    assert.deepEqual([sa.encr, sa.keyBits, sa.group], [ike.encr, ike.keyBits, ike.group]);
    const [child] = sa.children;
    assert.deepEqual([child?.encr, child?.keyBits], [esp.encr, esp.keyBits]);
    assert.equal(pings(fabric, 'gw1', '172.16.12.2'), 'reply');
    assert.equal(pings(fabric, 'gw2', '172.16.12.1'), 'reply');
    // The first child SA comes of IKE_AUTH, without a key exchange of its own: PFS shows when it is replaced.
    const spis = fabric.spis('gw2', 'Tunnel1');
    fabric.run(125_000);
    const [after] = fabric.snapshot('gw2').ike.sas;
    assert.ok(
      after?.children.every(({ inboundSpi }) => !spis.includes(inboundSpi)),
      'it was replaced',
    );
    assert.deepEqual([after?.children.length, after?.children[0]?.group], [1, esp.pfs ?? 0]);
    assert.equal(pings(fabric, 'gw1', '172.16.12.2'), 'reply', 'after the rekey');
    assert.equal(fabric.node('gw1').counters().drops['unknown-spi'] ?? 0, 0);
  });
}

test('every cipher, hash and group was begun with by each of the two, and every suite of ESP was used', () => {
  for (const first of ['the ASA', 'the router']) {
    for (const { encr, keyBits, hash, group } of IKE_SUITES)
      for (const what of [`${encr} ${keyBits}`, `hash ${hash}`, `group ${group}`, `PFS ${group}`])
        assert.ok(begun.has(`${first}: ${what}`), `${first}: ${what}`);
  }
  for (const { name } of ESP_SUITES) assert.ok(begun.has(`ESP ${name}`), name);
});

for (const asaBegins of [true, false]) {
  test(`${asaBegins ? 'an ASA' : 'a router'} begins, and rekeys of child SAs and IKE SAs pass unnoticed`, () => {
    const profile = asaBegins ? '' : ' responder-only\n';
    const suite = {
      ike: ' encryption aes-gcm-256\n integrity null\n group 19\n prf sha512\n',
      esp: ' protocol esp encryption aes-gcm\n',
    };
    const router = routerText(2, [1], {
      proposal: ' encryption aes-gcm-256\n prf sha512\n group 19\n',
      transform: 'esp-gcm 128',
      ipsec: asaBegins ? ' responder-only\n' : '',
    });
    const fabric = new Fabric({
      texts: [asaText({ ...suite, profile }), router],
      topology: mixedTopology(['asa', 'iosxe']),
    });
    fabric.run(100);
    fabric.until('the tunnel is up', () => fabric.isUp('gw1', 'Tunnel2') && fabric.isUp('gw2', 'Tunnel1'));
    // IKE SAs live for a day on both, child SAs for an hour on the router.
    for (let hour = 0; hour < 25; hour += 5) {
      fabric.run(5 * 3_600_000);
      assert.equal(pings(fabric, 'gw1', '172.16.12.2'), 'reply', `after ${hour + 5} hours`);
    }
    assert.equal(fabric.snapshot('gw1').ike.statistics?.sessions, 1, 'one session all the time');
    assert.equal(fabric.node('gw1').counters().drops['unknown-spi'] ?? 0, 0);
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
