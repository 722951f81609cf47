import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, IpAddress, Prefix } from '../base/index.ts';
import type { Cause } from '../ike/index.ts';
import type { InstalledRoute, RibChanges, RouteSource } from '../routing/index.ts';
import type { EventDetails } from './event.ts';
import { Reasons } from './reasons.ts';
import { RouteNews, type RouteTeller } from './route-news.ts';

type Told = Readonly<{ code: string; subject: string; cause?: Cause; details: EventDetails }>;

function teller(reasons = new Reasons()): RouteTeller & { told: Told[] } {
  const told: Told[] = [];
  return { told, reasons, alias: () => undefined, log: (_, code, __, more) => told.push({ code, ...more }) };
}

function route(source: RouteSource, n: number, gateway = '172.16.1.1', owner = 'o'): InstalledRoute {
  const prefix = Prefix.parse(`10.${n >> 8}.${n & 255}.0/24`);
  const hop = IpAddress.parse(gateway);
  assert.ok(prefix && hop);
  const candidate = { prefix, source, owner, distance: 20, metric: 0, nextHops: [{ gateway: hop }] };
  return { prefix, candidate, resolved: [{ interface: 'Tunnel1', gateway: hop }], since: at(0) };
}

function changes(installed: readonly InstalledRoute[], withdrawn: readonly InstalledRoute[] = []): RibChanges {
  return { fib: [], tracked: [], installed, withdrawn };
}

test('a table of a thousand routes is told in nine events: eight of its routes, and how many more there were', () => {
  const news = new RouteNews();
  const to = teller();
  const routes = Array.from({ length: 1000 }, (_, n) => route('bgp', n));
  for (let i = 0; i < 1000; i += 100) news.tell('', changes(routes.slice(i, i + 100)), to, at(i));
  assert.equal(to.told.length, 8);
  assert.equal(news.wakeAt(), 1000);
  news.tick(to, at(999));
  assert.equal(to.told.length, 8);
  news.tick(to, at(1000));
  assert.deepEqual(to.told[8]?.details, { kind: 'routes', source: 'bgp', installed: 992, withdrawn: 0 });
  assert.equal(news.wakeAt(), undefined);
  news.tell('', changes([], routes.slice(0, 1)), to, at(5000));
  assert.equal(to.told[9]?.code, 'route-withdrawn');
});

test('what one second did not tell is told when the next one begins', () => {
  const news = new RouteNews();
  const to = teller();
  news.tell('', changes(Array.from({ length: 10 }, (_, n) => route('bgp', n))), to, at(0));
  news.tell('', changes([route('bgp', 10)]), to, at(1500));
  assert.deepEqual(
    to.told.slice(8).map(({ code }) => code),
    ['routes-changed', 'route-installed'],
  );
});

test('connected and local routes go with their interface, which is told', () => {
  const to = teller();
  new RouteNews().tell('', changes([route('connected', 1), route('local', 2)]), to, at(0));
  assert.deepEqual(to.told, []);
});

const rows: readonly Readonly<{
  name: string;
  source: RouteSource;
  owner?: string;
  happens: (reasons: Reasons) => void;
  codes: readonly string[];
}>[] = [
  {
    name: 'the line that it left by',
    source: 'static',
    happens: (reasons) =>
      reasons.during({ code: 'carrier-lost', text: '' }, () => reasons.lineChanged('Tunnel1', false)),
    codes: ['line-down', 'carrier-lost'],
  },
  {
    name: 'the IKE session that told it',
    source: 'vpn',
    owner: 'ike 7',
    happens: (reasons) => reasons.sessionEnded('ike 7', 'spokes', { code: 'peer-deleted', text: '' }),
    codes: ['ike-sa-down', 'peer-deleted'],
  },
  { name: 'the peer that tells it no more', source: 'vpn', happens: () => undefined, codes: ['peer-withdrew'] },
  {
    name: 'the BGP session',
    source: 'bgp',
    happens: (reasons) => {
      reasons.noticed('172.16.1.1', 'notification-received', 'received 6/2');
      reasons.neighborEnded('172.16.1.1', 'BGP Notification received');
    },
    codes: ['bgp-neighbor-down', 'notification-received'],
  },
  {
    name: 'BGP that has a session still',
    source: 'bgp',
    happens: (reasons) => {
      reasons.neighborEnded('172.16.1.1', 'User reset');
      reasons.neighborBegan('172.16.1.1');
    },
    codes: ['bgp-withdrew'],
  },
  {
    name: 'an operator',
    source: 'static',
    happens: (reasons) => reasons.begin({ code: 'configuration-changed', text: '' }),
    codes: ['configuration-changed'],
  },
  {
    name: 'nothing that is known',
    source: 'static',
    happens: (reasons) => {
      reasons.lineChanged('Tunnel1', false);
      reasons.lineChanged('Tunnel1', true);
    },
    codes: [],
  },
];

for (const { name, source, owner, happens, codes } of rows) {
  test(`a ${source} route is withdrawn because of ${name}`, () => {
    const reasons = new Reasons();
    happens(reasons);
    const to = teller(reasons);
    new RouteNews().tell('', changes([], [route(source, 1, '172.16.1.1', owner)]), to, at(0));
    const found: string[] = [];
    for (let cause = to.told[0]?.cause; cause !== undefined; cause = cause.because) found.push(cause.code);
    assert.deepEqual(found, codes);
  });
}

test('a BGP session ends because of the line that led to the neighbour, until that is configured no more', () => {
  const reasons = new Reasons();
  reasons.neighborBehind('172.16.1.1', 'Tunnel1');
  reasons.lineChanged('Tunnel1', false);
  const cause = reasons.neighborEnded('172.16.1.1', 'Interface flap');
  assert.deepEqual([cause.code, cause.because?.code], ['interface-flap', 'line-down']);
  reasons.retainNeighbors(new Set());
  assert.equal(reasons.neighborDown('172.16.1.1'), undefined);
  assert.deepEqual(reasons.neighborEnded('172.16.1.1', 'Interface flap').because, undefined);
});
