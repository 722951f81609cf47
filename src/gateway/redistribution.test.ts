import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '../base/index.ts';
import type { LocalRoute } from '../bgp/index.ts';
import { Rib, type RouteCandidate } from '../routing/index.ts';
import { gatewayText, ip, modelOf, prefix } from './model.fixture.ts';
import { Redistribution } from './redistribution.ts';

const TEXT = gatewayText(1, []);

/** A RIB with its redistribution: what changed since it was asked last. */
class Case {
  readonly rib = new Rib('');
  readonly redistribution = new Redistribution();
  readonly routes = new Map<string, LocalRoute>();

  constructor(lines: string, before = '') {
    this.rib.setInterface('inside', { up: true });
    this.rib.setInterface('outside', { up: true });
    this.configure(lines, before);
  }

  configure(lines: string, before = ''): void {
    const text = TEXT.replace('router bgp', `${before}router bgp`).replace(/ {2}network .*\n/, lines);
    this.redistribution.configure(modelOf(text));
  }

  add(text: string, source: RouteCandidate['source'], gateway?: string, tag?: number): void {
    const interfaceName = source === 'static' ? 'outside' : 'inside';
    const hop = gateway === undefined ? {} : { gateway: ip(gateway) };
    this.rib.add({
      prefix: prefix(text),
      source,
      owner: 'test',
      distance: 1,
      metric: 0,
      nextHops: [{ interface: interfaceName, ...hop }],
      ...(tag === undefined ? {} : { tag }),
    });
  }

  /** Announced and withdrawn, as text. */
  changes(): string[] {
    const { installed, withdrawn } = this.rib.flush(at(1));
    return this.look([...withdrawn, ...installed].map((route) => route.prefix.toString()));
  }

  look(prefixes: readonly string[]): string[] {
    const { announce, withdraw } = this.redistribution.evaluate(
      prefixes.map((text) => [prefix(text), this.rib.installed(prefix(text))] as const),
    );
    for (const route of announce) this.routes.set(route.prefix.toString(), route);
    return [...announce.map((route) => `+${route.prefix}`), ...withdraw.map((gone) => `-${gone}`)];
  }
}

test('network: announced with its route, not without, and only that very prefix', () => {
  const one = new Case('  network 10.1.1.0 mask 255.255.255.0\n');
  assert.deepEqual(one.changes(), []);
  one.add('10.1.0.0/16', 'static', '192.0.2.1');
  assert.deepEqual(one.changes(), []);
  one.add('10.1.1.0/24', 'connected');
  assert.deepEqual(one.changes(), ['+10.1.1.0/24']);
  assert.deepEqual(one.routes.get('10.1.1.0/24'), {
    prefix: prefix('10.1.1.0/24'),
    origin: 'igp',
    med: 0,
    weight: 32_768,
    communities: [],
    asPathPrepend: [],
  });
  assert.deepEqual(one.look(['10.1.1.0/24']), [], 'once');
  one.rib.setInterface('inside', { up: false });
  assert.deepEqual(one.changes(), ['-10.1.1.0/24']);
});

test('network of a static route keeps its gateway as next hop', () => {
  const one = new Case('  network 10.9.0.0 mask 255.255.255.0\n');
  one.add('10.9.0.0/24', 'static', '192.0.2.1');
  assert.deepEqual(one.changes(), ['+10.9.0.0/24']);
  assert.equal(one.routes.get('10.9.0.0/24')?.nextHop?.toString(), '192.0.2.1');
  one.rib.add({
    prefix: prefix('10.9.0.0/24'),
    source: 'static',
    owner: 'test',
    distance: 1,
    metric: 0,
    nextHops: [{ interface: 'outside', gateway: ip('192.0.2.7') }],
  });
  assert.deepEqual(one.changes(), ['+10.9.0.0/24'], 'told anew when it changes');
  assert.equal(one.routes.get('10.9.0.0/24')?.nextHop?.toString(), '192.0.2.7');
});

test('redistribute connected and static, each by itself; what BGP told and host addresses of ours never', () => {
  const fill = (one: Case): string[] => {
    one.add('10.1.1.0/24', 'connected');
    one.add('10.1.1.1/32', 'local');
    one.add('10.2.0.0/16', 'static', '192.0.2.1');
    one.add('172.16.1.5/32', 'vpn');
    one.add('10.3.0.0/16', 'bgp');
    return one.changes().sort();
  };
  assert.deepEqual(fill(new Case('  redistribute connected\n')), ['+10.1.1.0/24']);
  assert.deepEqual(fill(new Case('  redistribute static\n')), ['+10.2.0.0/16', '+172.16.1.5/32']);
  assert.deepEqual(fill(new Case('')), []);
});

test('redistribute with a metric and a route map: denied ones are left out, permitted ones changed', () => {
  const map = `prefix-list INNER seq 5 permit 10.0.0.0/8 le 32
route-map RM permit 10
 match ip address prefix-list INNER
 set metric 50
 set local-preference 300
`;
  const one = new Case('  redistribute static metric 9 route-map RM\n', map);
  one.add('10.2.0.0/16', 'static', '192.0.2.1');
  one.add('192.168.0.0/16', 'static', '192.0.2.1');
  assert.deepEqual(one.changes(), ['+10.2.0.0/16']);
  const route = one.routes.get('10.2.0.0/16');
  assert.deepEqual([route?.med, route?.localPreference, route?.origin], [50, 300, 'incomplete']);
  // Another map: what it denies is withdrawn.
  one.configure('  redistribute static metric 9 route-map RM\n', map.replace('permit 10.0.0.0/8', 'permit 11.0.0.0/8'));
  assert.deepEqual(one.redistribution.announced().map(String), ['10.2.0.0/16']);
  assert.deepEqual(one.look(['10.2.0.0/16']), ['-10.2.0.0/16']);
});

test('a network line goes over redistribution of the same route', () => {
  const one = new Case('  network 10.2.0.0 mask 255.255.0.0\n  redistribute static\n');
  one.add('10.2.0.0/16', 'static', '192.0.2.1');
  one.changes();
  assert.equal(one.routes.get('10.2.0.0/16')?.origin, 'igp');
});

test('lines taken away withdraw, and clear forgets', () => {
  const one = new Case('  redistribute connected\n');
  one.add('10.1.1.0/24', 'connected');
  one.changes();
  one.configure('');
  assert.deepEqual(one.look(one.redistribution.announced().map(String)), ['-10.1.1.0/24']);
  one.configure('  redistribute connected\n');
  assert.deepEqual(one.look(['10.1.1.0/24']), ['+10.1.1.0/24']);
  one.redistribution.clear();
  assert.deepEqual(one.look(['10.1.1.0/24']), ['+10.1.1.0/24'], 'BGP came back and knows nothing');
});

test('IPv6 has lines of its own', () => {
  const lines =
    '  redistribute connected\n exit-address-family\n address-family ipv6 unicast\n  network 2001:db8:1::/64\n';
  const one = new Case(lines);
  one.add('2001:db8:1::/64', 'connected');
  one.add('2001:db8:2::/64', 'connected');
  one.add('10.1.1.0/24', 'connected');
  assert.deepEqual(one.changes().sort(), ['+10.1.1.0/24', '+2001:db8:1::/64']);
});
