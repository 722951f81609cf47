/** The RIB against rows, and against a twin that works everything out from nothing each time. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { at, IpAddress, Prefix } from '../base/index.ts';
import type { RouteCandidate, RouteNextHop, RouteSource } from './contract.ts';
import { Distance } from './distance.ts';
import { Rib, type RibChanges } from './rib.ts';
import { interfaceRoutes, staticRoute } from './static.ts';

function ip(text: string): IpAddress {
  return IpAddress.parse(text) ?? assert.fail(text);
}

function prefix(text: string): Prefix {
  return Prefix.parse(text) ?? assert.fail(text);
}

function bgp(text: string, ...gateways: string[]): RouteCandidate {
  const nextHops = gateways.map((gateway) => ({ gateway: ip(gateway) }));
  return {
    prefix: prefix(text),
    source: 'bgp',
    owner: 'bgp',
    distance: Distance.ebgp,
    metric: 0,
    nextHops,
    bgpKind: 'ebgp',
  };
}

/** inside 10.1.1.1/24, outside 192.0.2.1/30 with the default route, VTI 172.16.1.2/32. */
function office(): Rib {
  const rib = new Rib('');
  for (const [name, address, length] of [
    ['inside', '10.1.1.1', 24],
    ['outside', '192.0.2.1', 30],
    ['VTI', '172.16.1.2', 32],
  ] as const) {
    for (const candidate of interfaceRoutes(name, ip(address), length)) rib.add(candidate);
    rib.setInterface(name, { up: true });
  }
  rib.add(staticRoute({ prefix: prefix('0.0.0.0/0'), owner: 'default', gateway: ip('192.0.2.2') }));
  rib.flush(at(0));
  return rib;
}

function table(rib: Rib): string[] {
  return [...rib.routes()].map((route) => {
    const ways = route.resolved.map((hop) =>
      hop.gateway === undefined ? hop.interface : `${hop.interface}>${hop.gateway}`,
    );
    return `${route.prefix} ${route.candidate.source} ${ways.join(' ')}`.trimEnd();
  });
}

function names(changes: RibChanges): { set: string[]; removed: string[] } {
  const of = (kind: 'set' | 'remove'): string[] =>
    changes.fib
      .filter((change) => change.kind === kind)
      .map((change) => change.prefix.toString())
      .sort();
  return { set: of('set'), removed: of('remove') };
}

test('interfaces bring connected and local routes; the default resolves through them', () => {
  assert.deepEqual(table(office()), [
    '0.0.0.0/0 static outside>192.0.2.2',
    '10.1.1.0/24 connected inside',
    '10.1.1.1/32 local inside',
    '172.16.1.2/32 connected VTI',
    '192.0.2.0/30 connected outside',
    '192.0.2.1/32 local outside',
  ]);
});

test('the smaller distance wins, then the smaller metric; the next one steps in', () => {
  const rib = office();
  const route = { prefix: prefix('10.9.0.0/16'), gateway: ip('10.1.1.9') };
  rib.add(bgp('10.9.0.0/16', '192.0.2.2'));
  rib.add(staticRoute({ ...route, owner: 'floating', distance: 250 }));
  rib.flush(at(1));
  assert.equal(rib.lookup(ip('10.9.1.1'))?.candidate.source, 'bgp');
  rib.add(staticRoute({ ...route, owner: 'far', metric: 5 }));
  rib.add(staticRoute({ ...route, owner: 'near', metric: 2 }));
  rib.flush(at(2));
  assert.equal(rib.lookup(ip('10.9.1.1'))?.candidate.owner, 'near');
  assert.deepEqual(
    rib.candidates(prefix('10.9.0.0/16')).map((one) => one.owner),
    ['near', 'far', 'bgp', 'floating'],
  );
  for (const owner of ['near', 'far']) rib.removeAll('static', owner);
  rib.remove(prefix('10.9.0.0/16'), 'bgp', 'bgp');
  rib.flush(at(3));
  assert.equal(rib.lookup(ip('10.9.1.1'))?.candidate.owner, 'floating');
});

test('distance 255 is never used', () => {
  const rib = office();
  rib.add(staticRoute({ prefix: prefix('10.9.0.0/16'), owner: 'x', interface: 'inside', distance: 255 }));
  assert.deepEqual(rib.flush(at(1)).fib, []);
});

test('equal cost of one source is united, without repetition', () => {
  const rib = office();
  for (const gateway of ['192.0.2.2', '10.1.1.9', '10.1.1.9']) {
    rib.add(staticRoute({ prefix: prefix('10.9.0.0/16'), owner: gateway, gateway: ip(gateway) }));
  }
  rib.add(staticRoute({ prefix: prefix('10.9.0.0/16'), owner: 'again', interface: 'inside', gateway: ip('10.1.1.9') }));
  rib.flush(at(1));
  assert.equal(
    table(rib).find((line) => line.startsWith('10.9')),
    '10.9.0.0/16 static inside>10.1.1.9 outside>192.0.2.2',
  );
});

test('an interface with a gateway is on-link by the operator’s word (ASA: route VTI A/32 via A)', () => {
  const rib = office();
  rib.add(
    staticRoute({ prefix: prefix('172.16.1.253/32'), owner: 'l', interface: 'VTI', gateway: ip('172.16.1.253') }),
  );
  rib.add(bgp('10.50.0.0/16', '172.16.1.253'));
  rib.flush(at(1));
  assert.deepEqual(
    rib.resolve(ip('10.50.1.1'))?.map((hop) => `${hop.interface} ${hop.gateway}`),
    ['VTI 172.16.1.253'],
  );
  rib.setInterface('VTI', { up: false });
  const changes = rib.flush(at(2));
  assert.deepEqual(names(changes), { set: ['10.50.0.0/16'], removed: ['172.16.1.2/32', '172.16.1.253/32'] });
  assert.equal(rib.lookup(ip('10.50.1.1'))?.resolved[0]?.interface, 'outside', 'by the default route now');
});

test('a route never resolves through itself, before or after it is there', () => {
  const rib = office();
  rib.add(bgp('172.16.0.0/16', '172.16.1.1'));
  for (let i = 0; i < 3; i++) {
    rib.flush(at(i));
    assert.equal(rib.lookup(ip('172.16.9.9'))?.prefix.toString(), '0.0.0.0/0');
    rib.setInterface('inside', { up: i % 2 === 1 });
  }
  rib.add(staticRoute({ prefix: prefix('172.16.1.1/32'), owner: 'l', interface: 'VTI' }));
  rib.flush(at(9));
  assert.equal(rib.lookup(ip('172.16.9.9'))?.resolved[0]?.interface, 'VTI', 'a longer route makes it sound');
});

test('routes that go by one another end, and stand again when the ground is back', () => {
  const rib = office();
  rib.remove(prefix('0.0.0.0/0'), 'static', 'default');
  rib.add(bgp('10.20.0.0/16', '10.30.0.1'));
  rib.add(bgp('10.30.0.0/16', '10.20.0.1'));
  rib.flush(at(1));
  assert.equal(rib.lookup(ip('10.20.0.1')), undefined);
  rib.add(staticRoute({ prefix: prefix('10.30.0.1/32'), owner: 'l', gateway: ip('192.0.2.2') }));
  rib.flush(at(2));
  assert.equal(rib.lookup(ip('10.20.9.9'))?.resolved[0]?.gateway?.toString(), '192.0.2.2');
  assert.equal(rib.lookup(ip('10.30.9.9'))?.resolved[0]?.gateway?.toString(), '192.0.2.2');
  rib.removeAll('static', 'l');
  rib.flush(at(3));
  assert.equal(rib.lookup(ip('10.20.9.9')), undefined);
  assert.equal(rib.lookup(ip('10.30.9.9')), undefined);
});

test('a next hop that is our own address, or that a null route swallows, is no way out', () => {
  const rib = office();
  rib.add(bgp('10.20.0.0/16', '10.1.1.1'));
  rib.add(bgp('10.21.0.0/16', '10.40.0.1'));
  rib.add(staticRoute({ prefix: prefix('10.40.0.0/16'), owner: 'null' }));
  rib.flush(at(1));
  assert.equal(rib.lookup(ip('10.20.0.5'))?.prefix.toString(), '0.0.0.0/0');
  assert.equal(rib.lookup(ip('10.21.0.5'))?.prefix.toString(), '0.0.0.0/0');
  assert.deepEqual(rib.resolve(ip('10.40.0.5')), []);
  const v6 = new Rib('').resolve(ip('2001:db8::1'));
  assert.equal(v6, undefined);
});

test('only differences are reported, and the age survives what changes nothing', () => {
  const rib = office();
  rib.add(bgp('10.50.0.0/16', '192.0.2.2'));
  rib.flush(at(5));
  rib.add(bgp('10.50.0.0/16', '192.0.2.2'));
  assert.equal(rib.isDirty, false);
  rib.remove(prefix('10.50.0.0/16'), 'bgp', 'bgp');
  rib.add(bgp('10.50.0.0/16', '192.0.2.2'));
  rib.setInterface('outside', { up: false });
  rib.setInterface('outside', { up: true });
  const quiet = rib.flush(at(6));
  assert.deepEqual([quiet.fib, quiet.installed, quiet.withdrawn], [[], [], []]);
  rib.add({ ...bgp('10.50.0.0/16', '192.0.2.2'), metric: 7 });
  const metric = rib.flush(at(7));
  assert.deepEqual([metric.fib.length, metric.installed.length], [0, 1], 'the plane need not hear of a metric');
  assert.equal(rib.lookup(ip('10.50.0.1'))?.since, 5);
  rib.add(bgp('10.50.0.0/16', '10.1.1.7'));
  assert.deepEqual(names(rib.flush(at(8))).set, ['10.50.0.0/16']);
  assert.equal(rib.lookup(ip('10.50.0.1'))?.since, 8);
});

test('tracked addresses are told the first time and when they change', () => {
  const rib = office();
  const told = (): string[] =>
    rib.flush(at(1)).tracked.map((one) => `${one.address} ${one.metric} ${one.connected} ${one.interface}`);
  rib.track(ip('10.1.1.9'));
  rib.track(ip('192.0.2.2'));
  rib.track(ip('8.8.8.8'));
  assert.deepEqual(told(), ['10.1.1.9 0 true inside', '192.0.2.2 0 true outside', '8.8.8.8 0 false outside']);
  assert.deepEqual(told(), []);
  rib.track(ip('10.1.1.9'));
  assert.deepEqual(told(), ['10.1.1.9 0 true inside'], 'the second tracker hears it too');
  rib.add(staticRoute({ prefix: prefix('8.8.8.0/24'), owner: 'l', gateway: ip('10.1.1.9'), metric: 4 }));
  assert.deepEqual(told(), ['8.8.8.8 4 false inside']);
  rib.setInterface('inside', { up: false });
  assert.deepEqual(told(), ['10.1.1.9 0 false outside', '8.8.8.8 4 false outside'], 'the default route');
  rib.setInterface('outside', { up: false });
  assert.deepEqual(told().sort(), [
    '10.1.1.9 undefined false undefined',
    '192.0.2.2 undefined false undefined',
    '8.8.8.8 undefined false undefined',
  ]);
  rib.untrack(ip('8.8.8.8'));
  rib.untrack(ip('192.0.2.2'));
  rib.untrack(ip('10.1.1.9'));
  rib.setInterface('inside', { up: true });
  assert.deepEqual(told(), ['10.1.1.9 0 true inside'], 'tracked twice, taken back once');
});

test('a thousand routes by two next hops share one array and follow at once', () => {
  const rib = office();
  for (let i = 0; i < 1_000; i++) rib.add(bgp(`20.${i >> 8}.${i & 255}.0/24`, '192.0.2.2', '10.1.1.9'));
  assert.equal(rib.flush(at(1)).fib.length, 1_000);
  const arrays = new Set(
    [...rib.routes()].filter((route) => route.candidate.source === 'bgp').map((one) => one.resolved),
  );
  assert.equal(arrays.size, 1);
  rib.setInterface('inside', { up: false });
  assert.equal(rib.flush(at(2)).fib.filter((change) => change.kind === 'set').length, 1_000);
  assert.equal(
    rib.lookup(ip('20.0.9.1'))?.resolved.length,
    1,
    '10.1.1.9 is reached by the default route now: the same way',
  );
});

// The twin -----------------------------------------------------------------------------------------------------------

type Change =
  | { kind: 'add'; candidate: RouteCandidate }
  | { kind: 'remove'; prefix: Prefix; source: RouteSource; owner: string }
  | { kind: 'removeAll'; source: RouteSource; owner: string }
  | { kind: 'interface'; name: string; up: boolean }
  | { kind: 'flush' };

/** All candidates in a list; the table is found by repeating until nothing moves. */
class Twin {
  candidates: RouteCandidate[] = [];
  up = new Set<string>();

  apply(change: Change): void {
    const isIts = (one: RouteCandidate, other: { source: RouteSource; owner: string }): boolean =>
      one.source === other.source && one.owner === other.owner;
    if (change.kind === 'add') {
      const { candidate } = change;
      this.candidates = this.candidates.filter(
        (one) => !(isIts(one, candidate) && one.prefix.equals(candidate.prefix)),
      );
      this.candidates.push(candidate);
    } else if (change.kind === 'remove') {
      this.candidates = this.candidates.filter((one) => !(isIts(one, change) && one.prefix.equals(change.prefix)));
    } else if (change.kind === 'removeAll') this.candidates = this.candidates.filter((one) => !isIts(one, change));
    else if (change.kind === 'interface') this.up[change.up ? 'add' : 'delete'](change.name);
  }

  table(): Map<string, string[]> {
    let current = new Map<string, string[]>();
    for (let round = 0; round < 20; round++) {
      const next = new Map<string, string[]>();
      for (const key of new Set(this.candidates.map((one) => one.prefix.toString()))) {
        const ways = this.#best(key, current);
        if (ways !== undefined) next.set(key, [...new Set(ways)].sort());
      }
      if (JSON.stringify([...next].sort()) === JSON.stringify([...current].sort())) return next;
      current = next;
    }
    return assert.fail('the universe has circles');
  }

  static lookup(table: ReadonlyMap<string, string[]>, address: IpAddress): [Prefix, string[]] | undefined {
    let best: [Prefix, string[]] | undefined;
    for (const [key, ways] of table) {
      const candidate = prefix(key);
      if (candidate.contains(address) && candidate.length > (best?.[0].length ?? -1)) best = [candidate, ways];
    }
    return best;
  }

  #best(key: string, table: ReadonlyMap<string, string[]>): string[] | undefined {
    const usable = this.candidates
      .filter((one) => one.prefix.toString() === key && one.distance < 255)
      .map((one) => ({ one, ways: this.#ways(one, table) }))
      .filter(({ ways }) => ways !== undefined);
    const rank = ['connected', 'local', 'static', 'vpn', 'bgp'];
    const cost = ({ one }: { one: RouteCandidate }): number =>
      one.distance * 1_000 + one.metric * 10 + rank.indexOf(one.source);
    const least = Math.min(...usable.map(cost));
    const winners = usable.filter((one) => cost(one) === least);
    return winners.length === 0 ? undefined : winners.flatMap(({ ways }) => ways ?? []);
  }

  #ways(candidate: RouteCandidate, table: ReadonlyMap<string, string[]>): string[] | undefined {
    if (candidate.nextHops.length === 0) return [];
    const ways = candidate.nextHops.flatMap((hop) => {
      if (hop.interface !== undefined) {
        return this.up.has(hop.interface)
          ? [hop.gateway === undefined ? hop.interface : `${hop.interface}>${hop.gateway}`]
          : [];
      }
      if (hop.gateway === undefined) return [];
      const found = Twin.lookup(table, hop.gateway);
      if (found === undefined || (candidate.prefix.contains(hop.gateway) && found[0].length <= candidate.prefix.length))
        return [];
      return found[1].map((way) => (way.includes('>') ? way : `${way}>${hop.gateway}`));
    });
    return ways.length === 0 ? undefined : ways;
  }
}

/** Three storeys, each resolving through the one below alone: whatever is chosen, there are no circles. */
const ground = fc.constantFrom('192.168.0.0/24', '192.168.1.0/24', '192.168.0.0/16', '192.168.1.128/25');
const first = fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '10.1.1.0/24', '10.1.1.1/32', '10.2.0.0/16');
const second = fc.constantFrom('172.16.0.0/12', '172.16.0.0/16', '172.16.1.0/24', '172.17.0.0/16', '172.16.1.1/32');
const link = fc.constantFrom('e0', 'e1', 'e2');
const groundHop = fc.record({ interface: link });
const firstHop = fc.oneof(
  fc.constantFrom('192.168.0.9', '192.168.1.9', '192.168.1.200', '192.168.7.7').map((text) => ({ gateway: ip(text) })),
  fc.record({ interface: link, gateway: fc.constant(ip('10.1.1.1')) }),
);
const secondHop = fc
  .constantFrom('10.1.1.1', '10.1.2.3', '10.2.0.1', '10.9.9.9')
  .map((text) => ({ gateway: ip(text) }));

function candidates(
  prefixes: fc.Arbitrary<string>,
  hop: fc.Arbitrary<RouteNextHop>,
  sources: readonly RouteSource[],
): fc.Arbitrary<RouteCandidate> {
  return fc.record({
    prefix: prefixes.map(prefix),
    source: fc.constantFrom(...sources),
    owner: fc.constantFrom('x', 'y', 'z'),
    distance: fc.constantFrom(1, 1, 20, 255),
    metric: fc.constantFrom(0, 0, 5),
    nextHops: fc.array(hop, { maxLength: 3 }),
  });
}

const candidate = fc.oneof(
  candidates(ground, groundHop, ['connected', 'static']),
  candidates(first, firstHop, ['static', 'vpn']),
  candidates(second, secondHop, ['bgp', 'static']),
);
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: candidate.map((one) => ({ kind: 'add' as const, candidate: one })) },
  {
    weight: 2,
    arbitrary: candidate.map(({ prefix, source, owner }) => ({ kind: 'remove' as const, prefix, source, owner })),
  },
  { weight: 1, arbitrary: candidate.map(({ source, owner }) => ({ kind: 'removeAll' as const, source, owner })) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('interface' as const), name: link, up: fc.boolean() }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'flush' as const }) },
);

function apply(rib: Rib, change: Change): void {
  if (change.kind === 'add') rib.add(change.candidate);
  else if (change.kind === 'remove') rib.remove(change.prefix, change.source, change.owner);
  else if (change.kind === 'removeAll') rib.removeAll(change.source, change.owner);
  else if (change.kind === 'interface') rib.setInterface(change.name, { up: change.up });
}

function flatten(hops: readonly RouteNextHop[]): string[] {
  return hops.map((hop) => (hop.gateway === undefined ? `${hop.interface}` : `${hop.interface}>${hop.gateway}`)).sort();
}

test('the RIB equals a twin that starts from nothing each time, and the plane that follows its changes agrees', () => {
  const probes = ['192.168.1.200', '10.1.1.1', '10.2.0.1', '172.16.1.1', '172.31.0.1'].map(ip);
  fc.assert(
    fc.property(fc.array(change, { minLength: 5, maxLength: 60 }), (changes) => {
      const rib = new Rib('');
      const twin = new Twin();
      const plane = new Map<string, string[]>();
      const heard = new Map<string, number | undefined>();
      for (const probe of probes) rib.track(probe);
      for (const [n, one] of [...changes, { kind: 'flush' } as const].entries()) {
        if (one.kind !== 'flush') {
          apply(rib, one);
          twin.apply(one);
          continue;
        }
        const { fib, tracked } = rib.flush(at(n));
        for (const entry of fib) {
          if (entry.kind === 'remove') assert.ok(plane.delete(entry.prefix.toString()));
          else plane.set(entry.prefix.toString(), flatten(entry.nextHops));
        }
        for (const { address, metric } of tracked) heard.set(address.toString(), metric);
        const expected = twin.table();
        const actual = new Map([...rib.routes()].map((route) => [route.prefix.toString(), flatten(route.resolved)]));
        assert.deepEqual([...actual].sort(), [...expected].sort());
        assert.deepEqual([...plane].sort(), [...expected].sort());
        assert.equal(rib.size, expected.size);
        for (const probe of probes) {
          const found = Twin.lookup(expected, probe);
          assert.equal(rib.lookup(probe)?.prefix.toString(), found?.[0].toString());
          assert.equal(heard.get(probe.toString()) !== undefined, found !== undefined && found[1].length > 0);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('circles of any kind end, and every way out is an interface that is up', () => {
  const gateway = fc
    .constantFrom('10.1.1.1', '10.2.0.1', '172.16.1.1', '172.17.0.1', '192.168.1.9')
    .map((text) => ({ gateway: ip(text) }));
  const anything = candidates(
    fc.oneof(fc.constant('0.0.0.0/0'), ground, first, second),
    fc.oneof(gateway, gateway, groundHop),
    ['static', 'vpn', 'bgp'],
  );
  const step = fc.oneof(
    { weight: 6, arbitrary: anything.map((one): Change => ({ kind: 'add', candidate: one })) },
    { weight: 2, arbitrary: change },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (changes) => {
      const rib = new Rib('');
      const up = new Map<string, boolean>();
      for (const [n, one] of changes.entries()) {
        apply(rib, one);
        if (one.kind === 'interface') up.set(one.name, one.up);
        if (n % 3 === 0) rib.flush(at(n));
      }
      rib.flush(at(99));
      assert.equal(rib.isDirty, false);
      for (const route of rib.routes()) for (const hop of route.resolved) assert.equal(up.get(hop.interface), true);
    }),
    { numRuns: 300 },
  );
});
