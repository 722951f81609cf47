import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAMILY, Fabric, hubsAndSpokes, ip, localRoute, type Node, neighbor, pfx, speaker, summary } from './fabric.ts';
import type { BgpNeighbor, NeighborFamily, PrefixList } from './policy.ts';

const HUB = '10.0.0.1';
const A = '10.0.0.2';
const B = '10.0.0.3';
const v4 = (change: Partial<NeighborFamily>): Partial<BgpNeighbor> => ({ families: { 4: { ...FAMILY, ...change } } });
const denying = (...prefixes: readonly string[]): PrefixList => ({
  name: 'DENY',
  entries: [
    ...prefixes.map((text, i) => ({ sequence: i, action: 'deny' as const, prefix: pfx(text) })),
    { sequence: 99, action: 'permit', prefix: pfx('0.0.0.0/0'), le: 32 },
  ],
});

type Trio = Readonly<{ fabric: Fabric; hub: Node; a: Node; b: Node }>;

/** A hub in AS 65000 with two spokes, external (65001, 65002) unless told otherwise. */
function trio({
  toA = {},
  toB = {},
  fromA = {},
  asns = [65001, 65002],
}: {
  toA?: Partial<BgpNeighbor>;
  toB?: Partial<BgpNeighbor>;
  fromA?: Partial<BgpNeighbor>;
  asns?: readonly [number, number];
} = {}): Trio {
  const fabric = new Fabric();
  const hub = fabric.add('hub', HUB, speaker(65000, HUB, [neighbor(A, asns[0], toA), neighbor(B, asns[1], toB)]));
  const a = fabric.add('a', A, speaker(asns[0], A, [neighbor(HUB, 65000, fromA)]));
  const b = fabric.add('b', B, speaker(asns[1], B, [neighbor(HUB, 65000)]));
  fabric.announce(a, localRoute('172.16.1.0/24'));
  fabric.announce(b, localRoute('172.16.2.0/24'));
  fabric.run(3000);
  return { fabric, hub, a, b };
}

const established = (fabric: Fabric, node: Node): readonly number[] =>
  node.bgp.snapshot(fabric.now).neighbors.map((found) => found.establishedCount);

test('routes cross an external hub with its next hop and its AS (RFC 4271 sections 5.1.2, 5.1.3)', () => {
  const { fabric, hub, a, b } = trio();
  assert.deepEqual(fabric.states(hub), ['Established', 'Established']);
  assert.deepEqual(summary(b.bgp.paths(pfx('172.16.1.0/24'))), [`> 172.16.1.0/24 ${HUB} [65000 65001]`]);
  assert.deepEqual(a.routes.get('172.16.2.0/24'), {
    prefix: pfx('172.16.2.0/24'),
    nextHops: [ip(HUB)],
    source: 'ebgp',
    metric: 0,
    from: ip(HUB),
  });
  // Split horizon: nobody hears its own route again.
  assert.deepEqual(summary(hub.bgp.advertised(ip(A))), [`> 172.16.2.0/24 ${HUB} [65000 65002]`]);
  assert.deepEqual(summary(hub.bgp.received(ip(A))), [`> 172.16.1.0/24 ${A} [65001]`]);
  const [toA] = hub.bgp.snapshot(fabric.now).neighbors;
  assert.deepEqual([toA?.prefixesReceived, toA?.prefixesSent], [1, 1]);
});

test('both ends dial at once and keep one connection, the same (RFC 4271 section 6.8)', () => {
  const { fabric, hub, a, b } = trio();
  fabric.run(60_000);
  for (const node of [hub, a, b]) assert.ok(established(fabric, node).every((count) => count === 1));
  assert.equal(hub.pipes.size, 2);
  assert.equal(a.pipes.size, 1);
});

test('collisions resolve whatever the delays, and the session then stays (RFC 4271 section 6.8)', () => {
  for (let seed = 0; seed < 150; seed++) {
    const fabric = new Fabric({ spreadMs: 120, seed, keepsLog: false });
    const a = fabric.add('a', A, speaker(65001, A, [neighbor(B, 65002)]));
    const b = fabric.add('b', B, speaker(65002, B, [neighbor(A, 65001)]));
    fabric.run(15_000);
    const counts = [...established(fabric, a), ...established(fabric, b)];
    fabric.run(40_000);
    assert.deepEqual([...fabric.states(a), ...fabric.states(b)], ['Established', 'Established'], `seed ${seed}`);
    assert.deepEqual([...established(fabric, a), ...established(fabric, b)], counts, `seed ${seed}`);
    assert.equal(a.pipes.size, 1, `seed ${seed}`);
  }
});

test('a withdrawn route goes everywhere', () => {
  const { fabric, a, b } = trio();
  fabric.withdraw(a, '172.16.1.0/24');
  fabric.run(500);
  assert.deepEqual(b.bgp.paths(pfx('172.16.1.0/24')), []);
  assert.equal(b.routes.has('172.16.1.0/24'), false);
});

test('a prefix that moves from one neighbour to another is withdrawn from the new one alone', () => {
  const { fabric, hub, a, b } = trio();
  fabric.announce(a, localRoute('172.20.0.0/16', { asPathPrepend: [65001] }));
  fabric.run(500);
  assert.ok(b.routes.has('172.20.0.0/16'));
  fabric.announce(b, localRoute('172.20.0.0/16'));
  fabric.run(500);
  assert.deepEqual(summary(hub.bgp.paths(pfx('172.20.0.0/16'))), [
    `> 172.20.0.0/16 ${B} [65002]`,
    `  172.20.0.0/16 ${A} [65001 65001]`,
  ]);
  // B had the hub's path and must not keep it: the hub now has the prefix from B itself.
  assert.deepEqual(
    b.bgp.received(ip(HUB)).map(({ prefix }) => String(prefix)),
    ['172.16.1.0/24'],
  );
  assert.deepEqual(
    a.bgp.received(ip(HUB)).map(({ prefix }) => String(prefix)),
    ['172.16.2.0/24', '172.20.0.0/16'],
  );
});

test('a local route beats a learned one and is not installed; the learned one comes back (weight)', () => {
  const { fabric, b } = trio();
  fabric.announce(b, localRoute('172.16.1.0/24'));
  fabric.run(500);
  assert.equal(b.routes.has('172.16.1.0/24'), false);
  const reasons = b.bgp.paths(pfx('172.16.1.0/24')).map(({ source, reason }) => `${source}: ${reason}`);
  assert.deepEqual(reasons, ['local: highest weight', 'ebgp: lower weight']);
  fabric.withdraw(b, '172.16.1.0/24');
  fabric.run(500);
  assert.equal(b.routes.has('172.16.1.0/24'), true);
});

test('iBGP does not pass on what iBGP said (RFC 4271 section 9.2)', () => {
  const { hub, b } = trio({ asns: [65000, 65000] });
  assert.ok(hub.routes.has('172.16.1.0/24'));
  assert.deepEqual(b.bgp.received(ip(HUB)), []);
});

test('a reflector passes a client on to all, next hop and local preference kept (RFC 4456)', () => {
  const { hub, b } = trio({ asns: [65000, 65000], toA: v4({ routeReflectorClient: true, nextHopSelf: true }) });
  assert.deepEqual(summary(b.bgp.paths(pfx('172.16.1.0/24'))), [`> 172.16.1.0/24 ${A} []`]);
  assert.equal(b.bgp.paths(pfx('172.16.1.0/24'))[0]?.localPreference, 100);
  // From a non-client to a client as well; and never back to the originator.
  assert.deepEqual(summary(hub.bgp.advertised(ip(A))), [`> 172.16.2.0/24 ${B} []`]);
});

test('external routes keep their next hop inside, unless next-hop-self', () => {
  const kept = trio({ asns: [65001, 65000] });
  assert.deepEqual(summary(kept.b.bgp.paths(pfx('172.16.1.0/24'))), [`> 172.16.1.0/24 ${A} [65001]`]);
  const self = trio({ asns: [65001, 65000], toB: v4({ nextHopSelf: true }) });
  assert.deepEqual(summary(self.b.bgp.paths(pfx('172.16.1.0/24'))), [`> 172.16.1.0/24 ${HUB} [65001]`]);
});

test('two sites of one AS refuse each other, unless allowas-in (RFC 4271 section 9.1.2)', () => {
  const refused = trio({ asns: [65001, 65001] });
  assert.deepEqual(refused.a.bgp.received(ip(HUB)), []);
  const allowed = trio({ asns: [65001, 65001], fromA: v4({ allowAsIn: 1 }) });
  assert.deepEqual(summary(allowed.a.bgp.paths(pfx('172.16.2.0/24'))), [`> 172.16.2.0/24 ${HUB} [65000 65001]`]);
});

test('a second hub takes over when the HoldTimer finds the first one dead', () => {
  const fabric = hubsAndSpokes(2, 3, { keepsLog: true });
  fabric.run(5000);
  const [hub0, hub1, a, b] = fabric.nodes;
  assert.ok(hub0 && hub1 && a && b);
  const prefix = '172.16.0.1/32'; // spoke 1's
  assert.deepEqual(a.routes.get(prefix)?.nextHops, [hub0.address]);
  fabric.cut(a, hub0);
  fabric.run(20_000);
  assert.deepEqual(a.routes.get(prefix)?.nextHops, [hub1.address]);
  assert.deepEqual(b.routes.get('172.16.0.0/32')?.nextHops, [hub1.address]);
  fabric.cut(a, hub0, false);
  fabric.run(20_000);
  assert.deepEqual(a.routes.get(prefix)?.nextHops, [hub0.address]);
});

test('equal paths are used side by side with maximum-paths', () => {
  const fabric = new Fabric();
  const config = (max: number): ReturnType<typeof speaker> =>
    speaker(65009, '10.0.0.9', [neighbor(A, 65001), neighbor(B, 65001)], { maximumPaths: { ebgp: max, ibgp: 1 } });
  const edge = fabric.add('edge', '10.0.0.9', config(2));
  for (const [name, address] of [
    ['a', A],
    ['b', B],
  ] as const) {
    fabric.announce(
      fabric.add(name, address, speaker(65001, address, [neighbor('10.0.0.9', 65009)])),
      localRoute('172.16.0.0/16'),
    );
  }
  fabric.run(3000);
  assert.deepEqual(edge.routes.get('172.16.0.0/16')?.nextHops.map(String), [A, B]);
  assert.deepEqual(
    edge.bgp.paths().map(({ multipath }) => multipath),
    [true, true],
  );
  fabric.tell(edge, { kind: 'configure', config: config(1) });
  fabric.run(200);
  assert.deepEqual(edge.routes.get('172.16.0.0/16')?.nextHops.map(String), [A]);
  assert.deepEqual(established(fabric, edge), [1, 1]);
});

test('a next hop that goes away takes its routes along, and brings them back', () => {
  const { fabric, b } = trio();
  fabric.tell(b, { kind: 'next-hop', address: ip(HUB), metric: undefined });
  fabric.run(200);
  assert.equal(b.routes.has('172.16.1.0/24'), false);
  assert.equal(b.bgp.paths(pfx('172.16.1.0/24'))[0]?.reason, 'next hop unreachable');
  fabric.tell(b, { kind: 'next-hop', address: ip(HUB), metric: 5 });
  fabric.run(200);
  assert.equal(b.routes.has('172.16.1.0/24'), true);
});

test('a changed outbound policy is told without touching a session', () => {
  const { fabric, hub, a, b } = trio();
  fabric.announce(a, localRoute('172.16.3.0/24'));
  fabric.run(500);
  const config = (out: NeighborFamily['out']): ReturnType<typeof speaker> =>
    speaker(65000, HUB, [neighbor(A, 65001), neighbor(B, 65002, v4({ out }))]);
  fabric.tell(hub, { kind: 'configure', config: config({ prefixList: denying('172.16.1.0/24') }) });
  fabric.run(500);
  assert.deepEqual(
    b.bgp.received(ip(HUB)).map(({ prefix }) => String(prefix)),
    ['172.16.3.0/24'],
  );
  const routeMap = {
    name: 'OUT',
    clauses: [{ sequence: 10, action: 'permit', match: [], set: [{ kind: 'metric', value: 77 }] }],
  } as const;
  fabric.tell(hub, { kind: 'configure', config: config({ routeMap }) });
  fabric.run(500);
  assert.deepEqual(
    b.bgp.received(ip(HUB)).map(({ med }) => med),
    [77, 77],
  );
  fabric.tell(hub, { kind: 'configure', config: config({}) });
  fabric.run(500);
  assert.deepEqual(
    b.bgp.received(ip(HUB)).map(({ med }) => med),
    [undefined, undefined],
  );
  assert.deepEqual(established(fabric, hub), [1, 1]);
});

test('a changed inbound policy works on what was said before', () => {
  const { fabric, hub, a } = trio();
  const config = speaker(65000, HUB, [
    neighbor(A, 65001, v4({ in: { prefixList: denying('172.16.1.0/24') } })),
    neighbor(B, 65002),
  ]);
  fabric.tell(hub, { kind: 'configure', config });
  fabric.run(500);
  assert.equal(hub.routes.has('172.16.1.0/24'), false);
  assert.equal(hub.bgp.received(ip(A))[0]?.reason, 'denied by inbound policy');
  assert.deepEqual(hub.bgp.paths(pfx('172.16.1.0/24')), []);
  fabric.tell(hub, { kind: 'configure', config: speaker(65000, HUB, [neighbor(A, 65001), neighbor(B, 65002)]) });
  fabric.run(500);
  assert.equal(hub.routes.has('172.16.1.0/24'), true);
  assert.deepEqual(established(fabric, a), [1]);
});

test('only neighbours whose terms change are reset', () => {
  const { fabric, hub } = trio();
  const config = speaker(65000, HUB, [
    neighbor(A, 65001, { holdMs: 30_000 }),
    neighbor(B, 65002, { description: 'x' }),
  ]);
  fabric.tell(hub, { kind: 'configure', config });
  fabric.run(5000);
  assert.deepEqual(established(fabric, hub), [2, 1]);
});

test('default-originate sends a default of our own, whatever the table holds', () => {
  const { hub, a, b } = trio({ toA: v4({ defaultOriginate: true }) });
  assert.deepEqual(a.routes.get('0.0.0.0/0')?.nextHops, [ip(HUB)]);
  assert.equal(b.routes.has('0.0.0.0/0'), false);
  assert.equal(hub.bgp.advertised(ip(A)).length, 2);
});

test('no-export stays inside, and communities need send-community (RFC 1997)', () => {
  const only: PrefixList = { name: 'ONLY', entries: [{ sequence: 5, action: 'permit', prefix: pfx('172.16.8.0/24') }] };
  const routeMap = {
    name: 'OUT',
    clauses: [
      {
        sequence: 10,
        action: 'permit',
        match: [{ kind: 'prefix-list', lists: [only] }],
        set: [{ kind: 'community', communities: [0xffffff01], additive: true }],
      },
      { sequence: 20, action: 'permit', match: [], set: [] },
    ],
  } as const;
  const { fabric, hub, a, b } = trio({
    fromA: v4({ sendCommunity: true, out: { routeMap } }),
    toB: v4({ sendCommunity: true }),
  });
  fabric.announce(a, localRoute('172.16.8.0/24'), localRoute('172.16.9.0/24', { communities: [0xfde80001] }));
  fabric.run(500);
  assert.ok(hub.routes.has('172.16.8.0/24'));
  assert.equal(b.routes.has('172.16.8.0/24'), false);
  assert.deepEqual(b.bgp.paths(pfx('172.16.9.0/24'))[0]?.communities, [0xfde80001]);
});

test('MED goes to the neighbouring AS and no further (RFC 4271 section 5.1.4)', () => {
  const { fabric, hub, a, b } = trio();
  fabric.announce(a, localRoute('172.16.9.0/24', { med: 50 }));
  fabric.run(500);
  assert.equal(hub.routes.get('172.16.9.0/24')?.metric, 50);
  assert.equal(b.bgp.paths(pfx('172.16.9.0/24'))[0]?.med, undefined);
});

test('local-as shows in both directions, remove-private-as hides a private path', () => {
  const fabric = new Fabric();
  const toA = neighbor(A, 65001, { localAsn: 64999 });
  const hub = fabric.add('hub', HUB, speaker(7000, HUB, [toA, neighbor(B, 8000, v4({ removePrivateAs: true }))]));
  const a = fabric.add('a', A, speaker(65001, A, [neighbor(HUB, 64999)]));
  const b = fabric.add('b', B, speaker(8000, B, [neighbor(HUB, 7000)]));
  fabric.announce(a, localRoute('172.16.1.0/24'));
  fabric.announce(b, localRoute('172.16.2.0/24'));
  fabric.run(3000);
  assert.equal(hub.bgp.paths(pfx('172.16.1.0/24'))[0]?.asPath, '64999 65001');
  assert.equal(a.bgp.paths(pfx('172.16.2.0/24'))[0]?.asPath, '64999 7000 8000');
  assert.equal(b.bgp.paths(pfx('172.16.1.0/24'))[0]?.asPath, '7000');
});

test('too many prefixes end the session until it is cleared (RFC 4486)', () => {
  const { fabric, hub, a } = trio({ toA: v4({ maximumPrefix: { count: 3, warningPercent: 60, warningOnly: false } }) });
  fabric.announce(a, localRoute('172.16.3.0/24'));
  fabric.run(500);
  const codes = (): readonly string[] => hub.log.flatMap((effect) => (effect.kind === 'notice' ? [effect.code] : []));
  assert.ok(codes().includes('maximum-prefix'));
  fabric.announce(a, localRoute('172.16.4.0/24'), localRoute('172.16.5.0/24'));
  fabric.run(60_000);
  assert.ok(codes().includes('maximum-prefix-exceeded'));
  assert.equal(fabric.states(hub)[0], 'Idle');
  assert.equal(hub.bgp.snapshot(fabric.now).neighbors[0]?.maximumPrefixExceeded, true);
  fabric.withdraw(a, '172.16.4.0/24', '172.16.5.0/24');
  fabric.tell(hub, { kind: 'clear', neighbor: ip(A), soft: false });
  fabric.run(40_000);
  assert.equal(fabric.states(hub)[0], 'Established');
});

test('IPv6 routes cross an IPv4 session with a mapped next hop (RFC 4760, RFC 2545)', () => {
  const both: Partial<BgpNeighbor> = { families: { 4: FAMILY, 6: FAMILY } };
  const { fabric, hub, a } = trio({ toA: both, fromA: both });
  fabric.announce(a, localRoute('2001:db8:1::/48'));
  fabric.run(500);
  assert.deepEqual(summary(hub.bgp.paths(pfx('2001:db8:1::/48'))), [`> 2001:db8:1::/48 ::ffff:a00:2 [65001]`]);
});

test('an advertisement interval gathers what changes meanwhile (RFC 4271 section 9.2.1.1)', () => {
  const { fabric, hub, a, b } = trio({ toB: { advertisementIntervalMs: 10_000 } });
  fabric.run(20_000);
  fabric.announce(a, localRoute('172.16.7.0/24'));
  fabric.run(200);
  assert.ok(b.routes.has('172.16.7.0/24'));
  fabric.announce(a, localRoute('172.16.8.0/24'));
  fabric.run(5000);
  assert.equal(b.routes.has('172.16.8.0/24'), false);
  assert.ok(hub.routes.has('172.16.8.0/24'));
  fabric.run(6000);
  assert.ok(b.routes.has('172.16.8.0/24'));
});

test('a soft clear brings everything again and changes nothing', () => {
  const { fabric, hub, b } = trio();
  const before = summary(b.bgp.paths());
  const updates = b.bgp.snapshot(fabric.now).neighbors[0]?.updatesReceived ?? 0;
  fabric.tell(b, { kind: 'clear', soft: true });
  fabric.run(500);
  assert.deepEqual(summary(b.bgp.paths()), before);
  assert.ok((b.bgp.snapshot(fabric.now).neighbors[0]?.updatesReceived ?? 0) > updates);
  assert.deepEqual(established(fabric, hub), [1, 1]);
});

test('taking BGP away leaves nothing behind, and bringing it back works', () => {
  const { fabric, hub, a, b } = trio();
  fabric.tell(hub, { kind: 'deconfigure' });
  fabric.run(500);
  assert.equal(hub.routes.size, 0);
  assert.equal(a.routes.size, 0);
  assert.equal(hub.bgp.wakeAt(), undefined);
  const tracked = hub.log.filter((effect) => effect.kind === 'track-next-hop').length;
  assert.equal(hub.log.filter((effect) => effect.kind === 'untrack-next-hop').length, tracked);
  fabric.tell(hub, { kind: 'configure', config: speaker(65000, HUB, [neighbor(A, 65001), neighbor(B, 65002)]) });
  for (const address of [A, B]) {
    fabric.tell(hub, { kind: 'neighbor-reachable', neighbor: ip(address), reachable: true, connected: true });
  }
  fabric.run(10_000);
  assert.ok(b.routes.has('172.16.1.0/24'));
});

test('a transport that does not drain holds back further updates, not the session', () => {
  const { fabric, hub, a } = trio();
  // Rounds of 1,000 changing routes: more toward B than may wait for a transport that never says it drained.
  for (let round = 0; round < 80; round++) {
    const routes = Array.from({ length: 1000 }, (_, i) =>
      localRoute(`100.${64 + (i >> 8)}.${i & 255}.0/24`, { asPathPrepend: [i + 1, (round % 7) + 1] }),
    );
    fabric.announce(a, ...routes);
    fabric.run(60);
  }
  fabric.run(5000);
  const [toA, toB] = hub.bgp.snapshot(fabric.now).neighbors;
  assert.equal(toA?.state, 'Established');
  assert.equal(toB?.outQueue, 0);
  assert.equal(toB?.prefixesSent, 1001);
});
