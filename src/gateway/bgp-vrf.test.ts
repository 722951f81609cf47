/** BGP in several VRFs of one router, with the same addresses in each, and neighbours of listen ranges. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fabric } from './fabric.fixture.ts';
import { mixedTopology } from './interworking.fixture.ts';
import { routerHubText, routerText } from './iosxe.fixture.ts';
import { ip } from './model.fixture.ts';
import type { GatewaySnapshot } from './snapshot.ts';

const TOPOLOGY = mixedTopology(['iosxe', 'iosxe']);

/** Router `n` with a tunnel in each of two VRFs, both with the same addresses, over two front addresses. */
function twinText(n: number): string {
  const m = 3 - n;
  const base = routerText(n, [m], { inner: 'RED', front: 'INET' });
  const blue = `vrf definition BLUE
 address-family ipv4
 exit-address-family
!
interface Loopback9
 vrf forwarding INET
 ip address 10.0.9.${n} 255.255.255.255
!
interface Loopback7
 vrf forwarding BLUE
 ip address 10.7.${n}.1 255.255.255.255
!
ip route vrf INET 10.0.9.${m} 255.255.255.255 10.0.0.${m}
crypto ikev2 keyring KR
 peer other
  address 10.0.9.${m}
  pre-shared-key between-1-2
 !
!
interface Tunnel7
 vrf forwarding BLUE
 ip address 172.16.12.${n} 255.255.255.0
 tunnel source Loopback9
 tunnel destination 10.0.9.${m}
 tunnel mode ipsec ipv4
 tunnel vrf INET
 tunnel protection ipsec profile VTI
!
router bgp 6500${n}
 bgp router-id 10.255.0.${n}
 address-family ipv4 vrf RED
  neighbor 172.16.12.${m} remote-as 6500${m}
  neighbor 172.16.12.${m} password RedSecret
  neighbor 172.16.12.${m} activate
  network 10.1.${n}.0 mask 255.255.255.0
 exit-address-family
 address-family ipv4 vrf BLUE
  neighbor 172.16.12.${m} remote-as 6500${m}
  neighbor 172.16.12.${m} password BlueSecret
  neighbor 172.16.12.${m} activate
  redistribute connected
 exit-address-family
!
`;
  // What the peer tells over IKEv2 would hide what BGP does.
  return `${base.replace(/ route set remote[^\n]*\n/, '')}${blue}`;
}

function sessions(snapshot: GatewaySnapshot): readonly string[] {
  return (snapshot.bgpVrfs ?? []).flatMap(({ vrf, bgp }) =>
    bgp.neighbors.map(({ address, state }) => `${vrf} ${address} ${state}`),
  );
}

test('one neighbour address in two VRFs is two neighbours, with keys, routes and ends of their own', () => {
  const fabric = new Fabric({ texts: [twinText(1), twinText(2)], topology: TOPOLOGY });
  fabric.run(100);
  const both = ['RED 172.16.12.2 Established', 'BLUE 172.16.12.2 Established'];
  fabric.until('both sessions', () => sessions(fabric.snapshot('gw1')).join() === both.join());
  fabric.run(1_000);
  const route = fabric.routeIn('gw1', 'RED', '10.1.2.0/24');
  assert.equal(route?.candidate.source, 'bgp');
  assert.deepEqual(
    route.resolved.map((hop) => hop.interface),
    ['Tunnel2'],
  );
  assert.deepEqual(
    fabric.routeIn('gw1', 'BLUE', '10.7.2.1/32')?.resolved.map((hop) => hop.interface),
    ['Tunnel7'],
  );
  assert.equal(fabric.routeIn('gw1', 'BLUE', '10.1.2.0/24'), undefined);
  assert.equal(fabric.routeIn('gw1', '', '10.1.2.0/24'), undefined);
  assert.equal(fabric.routeIn('gw1', 'INET', '10.7.2.1/32'), undefined);
  assert.equal(fabric.ping('lan1', '10.1.2.10').result, 'reply');

  fabric.edit('gw1', ['  neighbor 172.16.12.2 password BlueSecret\n', '  neighbor 172.16.12.2 password Other\n']);
  fabric.run(200_000);
  assert.deepEqual(
    sessions(fabric.snapshot('gw1')).map((text) => /^RED .* Established$/.test(text)),
    [true, false],
  );
  assert.equal(fabric.routeIn('gw1', 'BLUE', '10.7.2.1/32'), undefined);
  assert.equal(fabric.routeIn('gw1', 'RED', '10.1.2.0/24')?.candidate.source, 'bgp');
  const down = fabric.snapshot('gw1').log.find(({ code }) => code === 'bgp-neighbor-down');
  assert.equal(down?.subject, '172.16.12.2 vpn vrf BLUE');
});

test('a clear of all tables, of one, and of the global one', () => {
  const fabric = new Fabric({ texts: [twinText(1), twinText(2)], topology: TOPOLOGY });
  fabric.run(100);
  const counts = (): readonly number[] =>
    (fabric.snapshot('gw1').bgpVrfs ?? []).flatMap(({ bgp }) => bgp.neighbors.map((one) => one.establishedCount));
  fabric.until('both sessions', () => counts().join() === '1,1');
  const clear = (more: Readonly<{ vrf?: string; neighbor?: ReturnType<typeof ip> }>): void => {
    fabric.node('gw1').operator({ kind: 'clear-bgp', soft: false, ...more }, fabric.lab.now);
    fabric.run(20_000);
  };
  clear({ neighbor: ip('172.16.12.2') });
  assert.deepEqual(counts(), [1, 1], 'there is none in the global table');
  clear({ vrf: 'RED', neighbor: ip('172.16.12.2') });
  assert.deepEqual(counts(), [2, 1]);
  clear({});
  assert.deepEqual(counts(), [3, 2]);
});

/** A hub whose neighbours come from a range. */
function rangeHub(limit: number): string {
  return `${routerHubText(1, [2, 3], { inner: 'RED', front: 'INET' })}router bgp 65001
 bgp router-id 10.255.0.1
 bgp listen limit ${limit}
 address-family ipv4 vrf RED
  bgp listen range 172.16.0.0/16 peer-group SPOKES
  neighbor SPOKES peer-group
  neighbor SPOKES remote-as 65002 alternate-as 65003
  neighbor SPOKES password Spokes
  neighbor SPOKES ebgp-multihop 2
  neighbor SPOKES update-source Loopback1
  neighbor SPOKES activate
  network 10.1.1.0 mask 255.255.255.0
 exit-address-family
!
`;
}

function rangeSpoke(n: number): string {
  const text = routerText(n, [1], { inner: 'RED', front: 'INET' })
    .replace(/ ip address 172[^\n]*\n/, ` ip address 172.16.1${n}.${n} 255.255.255.0\n`)
    .replace(/ route set remote[^\n]*\n/, '');
  return `${text}router bgp 6500${n}
 bgp router-id 10.255.0.${n}
 address-family ipv4 vrf RED
  neighbor 172.16.0.1 remote-as 65001
  neighbor 172.16.0.1 password Spokes
  neighbor 172.16.0.1 ebgp-multihop 2
  neighbor 172.16.0.1 activate
  network 10.1.${n}.0 mask 255.255.255.0
 exit-address-family
!
`;
}

const star = (limit: number): Fabric =>
  new Fabric({
    texts: [rangeHub(limit), rangeSpoke(2), rangeSpoke(3)],
    topology: mixedTopology(['iosxe', 'iosxe', 'iosxe']),
  });

const guests = (fabric: Fabric): string =>
  (fabric.snapshot('gw1').bgpVrfs ?? [])
    .flatMap(({ dynamic }) => dynamic.map(({ address, range }) => `${address} of ${range}`))
    .sort()
    .join();

test('spokes are neighbours while they are here, of either autonomous system that the group names', () => {
  const fabric = star(10);
  fabric.run(100);
  fabric.until('both spokes', () => guests(fabric) === '172.16.12.2 of 172.16.0.0/16,172.16.13.3 of 172.16.0.0/16');
  fabric.until('their routes', () =>
    [2, 3].every((n) => fabric.routeIn('gw1', 'RED', `10.1.${n}.0/24`)?.candidate.source === 'bgp'),
  );
  const asns = fabric.snapshot('gw1').bgpVrfs?.flatMap(({ bgp }) => bgp.neighbors.map(({ remoteAsn }) => remoteAsn));
  assert.deepEqual([...(asns ?? [])].sort(), [65002, 65003]);
  assert.equal(fabric.ping('lan2', '10.1.1.10').result, 'reply');
  fabric.edit('gw3', ['neighbor 172.16.0.1 remote-as 65001', 'neighbor 172.16.0.1 remote-as 65009']);
  fabric.until('it has left', () => guests(fabric) === '172.16.12.2 of 172.16.0.0/16');
  assert.equal(fabric.routeIn('gw1', 'RED', '10.1.3.0/24'), undefined);
  assert.equal(fabric.node('gw1').status().bgpWanted, 1);
});

test('one too many is refused, and told', () => {
  const fabric = star(1);
  fabric.run(60_000);
  assert.equal(guests(fabric).split(',').length, 1);
  assert.ok(fabric.codes('gw1').includes('listen-limit'));
});

test('a caller with another password is never a neighbour', () => {
  const fabric = star(10);
  fabric.run(0);
  fabric.edit('gw3', ['neighbor 172.16.0.1 password Spokes', 'neighbor 172.16.0.1 password Guessed']);
  fabric.run(60_000);
  assert.equal(guests(fabric), '172.16.12.2 of 172.16.0.0/16');
});
