/**
 * Hubs of one platform with spokes of the other: what stands through rekeys, what comes back when a spoke dies and
 * returns, and when the hub itself is restarted.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fabric } from './fabric.fixture.ts';
import { mixedTopology } from './interworking.fixture.ts';
import { routerHubText, routerText } from './iosxe.fixture.ts';
import { hubText, ip, spokeText } from './model.fixture.ts';

const SPOKES = [2, 3] as const;
const DPD = ' dpd 10 2 periodic\n';

/** An ASA with routers, which call again when it does not answer. */
function asaHub(): Fabric {
  const spokes = SPOKES.map(
    (n) =>
      `${routerText(n, [1], { front: 'INET', transform: 'esp-gcm 128', inner: 'RED', profile: DPD }).replace(
        / ip address 172[^\n]*\n/,
        ` ip address 172.16.1${n}.${n} 255.255.255.0\n`,
      )}ip route vrf RED 172.16.0.1 255.255.255.255 Tunnel1\n`,
  );
  const hub = hubText([...SPOKES]).replace(' group 31\n', ' group 19\n');
  return new Fabric({ texts: [hub, ...spokes], topology: mixedTopology(['asa', 'iosxe', 'iosxe']) });
}

/** A router with ASAs. */
function routerHub(): Fabric {
  const spokes = SPOKES.map((n) => spokeText(n).replace(' group 31\n', ' group 19\n'));
  const hub = routerHubText(1, [...SPOKES], { front: 'INET', inner: 'RED', transform: 'esp-gcm 128', profile: DPD });
  return new Fabric({ texts: [hub, ...spokes], topology: mixedTopology(['iosxe', 'asa', 'asa']) });
}

for (const { name, open, vrf } of [
  { name: 'an ASA with routers as spokes', open: asaHub, vrf: '' },
  { name: 'a router with ASAs as spokes', open: routerHub, vrf: 'RED' },
]) {
  const clone = (fabric: Fabric, n: number): string | undefined =>
    fabric.routeIn('gw1', vrf, `172.16.1${n}.${n}/32`)?.resolved[0]?.interface;
  const all = (fabric: Fabric): boolean => SPOKES.every((n) => clone(fabric, n)?.startsWith('Virtual-Access') === true);
  const reaches = (fabric: Fabric, n: number): string => {
    let result: string | undefined;
    const request = { destination: ip(`172.16.1${n}.${n}`), count: 1, size: 100, df: false, timeoutMs: 2000 };
    fabric.node('gw1').ping({ ...request, intervalMs: 100, vrf }, fabric.lab.now, ([first]) => {
      result = first?.result;
    });
    fabric.run(2_500);
    return result ?? 'none';
  };

  test(`${name}: rekeys of child SAs and IKE SAs for a day leave clones and routes as they are`, () => {
    const fabric = open();
    fabric.run(100);
    fabric.until('clones', () => all(fabric));
    const before = SPOKES.map((n) => clone(fabric, n));
    const since = SPOKES.map((n) => fabric.interface('gw1', clone(fabric, n) ?? '').since);
    fabric.run(25 * 3_600_000);
    assert.deepEqual(
      SPOKES.map((n) => clone(fabric, n)),
      before,
    );
    assert.deepEqual(
      SPOKES.map((n) => fabric.interface('gw1', clone(fabric, n) ?? '').since),
      since,
      'they were up all the time',
    );
    for (const n of SPOKES) assert.equal(reaches(fabric, n), 'reply');
    assert.equal(fabric.snapshot('gw1').ike.statistics?.sessions, 2);
  });

  test(`${name}: a spoke that dies takes its clone and its routes along, and has them again when it is back`, () => {
    const fabric = open();
    fabric.run(100);
    fabric.until('clones', () => all(fabric));
    const other = clone(fabric, 3);
    fabric.lab.powerOff('gw2');
    fabric.until('it counts as dead', () => clone(fabric, 2) === undefined, 60_000);
    assert.equal(fabric.routeIn('gw1', vrf, '10.1.2.0/24'), undefined);
    assert.equal(clone(fabric, 3), other, 'nothing happened to the other');
    assert.equal(reaches(fabric, 3), 'reply');
    fabric.lab.powerOn('gw2');
    fabric.until('it is back', () => all(fabric), 120_000);
    assert.equal(reaches(fabric, 2), 'reply');
    assert.equal(clone(fabric, 3), other);
  });

  test(`${name}: the hub restarts, and every spoke is back within two minutes`, () => {
    const fabric = open();
    fabric.run(100);
    fabric.until('clones', () => all(fabric));
    fabric.lab.powerOff('gw1');
    fabric.run(5_000);
    fabric.lab.powerOn('gw1');
    fabric.run(100);
    fabric.until('all are back', () => all(fabric), 120_000);
    for (const n of SPOKES) assert.equal(reaches(fabric, n), 'reply');
    assert.equal(fabric.snapshot('gw1').ike.statistics?.sessions, 2);
  });
}
