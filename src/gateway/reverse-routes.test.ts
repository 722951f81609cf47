import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fabric } from './fabric.fixture.ts';
import { hubText, spokeText } from './model.fixture.ts';

/** A spoke that tells nothing over IKEv2 but narrows what its tunnel carries: a policy-based peer. */
const silentSpoke = spokeText(2)
  .replace(' ikev2 route set interface\n', '')
  .replace(
    'tunnel protection ipsec profile VTI',
    'tunnel protection ipsec profile VTI\n tunnel protection ipsec policy SITE',
  )
  .replace(
    'router bgp',
    `access-list SITE extended permit ip 10.1.2.0 255.255.255.0 10.1.1.0 255.255.255.0
access-list SITE extended permit ip host 172.16.12.2 host 172.16.0.1
router bgp`,
  );

const profile = (line: string): readonly [string, string] => [
  'crypto ipsec profile VTI\n',
  `crypto ipsec profile VTI\n ${line}\n`,
];

test('reverse-route: what the selectors of a spoke name is reached by its clone, through rekeys, until it ends', () => {
  const fabric = new Fabric({ texts: [hubText([2]).replace(...profile('reverse-route')), silentSpoke] });
  fabric.converge(60_000);
  const clone = fabric.ways('gw1', '10.1.2.0/24');
  assert.equal(clone.length, 1);
  assert.match(clone[0] ?? '', /^Virtual-Access/);
  assert.deepEqual(fabric.ways('gw1', '172.16.12.2/32'), clone);
  fabric.run(8 * 3_600_000);
  assert.deepEqual(fabric.ways('gw1', '172.16.12.2/32'), clone, 'after a rekey');
  fabric.edit('gw1', [' virtual-template 1\n', '']);
  assert.equal(fabric.route('gw1', '172.16.12.2/32'), undefined);
});

test('without it the hub has no route to a spoke that tells none', () => {
  const fabric = new Fabric({ texts: [hubText([2]), silentSpoke] });
  fabric.run(30_000);
  assert.equal(fabric.route('gw1', '172.16.12.2/32'), undefined);
});

test('a spoke whose selectors are everything is given no default route', () => {
  const fabric = new Fabric({ texts: [hubText([2]).replace(...profile('set reverse-route')), spokeText(2)] });
  fabric.converge(60_000);
  assert.equal(fabric.route('gw1', '0.0.0.0/0'), undefined);
});
