import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, IpAddress, Prefix, Reader, toHex, Writer } from '../base/index.ts';
import { decodeEvpn, EvpnPrefix, encodeEvpn, overlayAttribute, overlayCommunities, rdBytes, rdText } from './evpn.ts';
import { FAMILY, Fabric, ip, type Node, neighbor, pfx, speaker } from './fabric.ts';
import { PLAIN } from './path-attributes.ts';
import type { LocalEvpnRoute, NeighborFamily } from './policy.ts';
import { HEADER_LENGTH } from './wire/framing.ts';
import { encodeAttributes } from './wire/path-attributes.ts';
import { decodeUpdate, encodeAnnouncements, encodeWithdrawals } from './wire/update.ts';

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u16 = fc.nat(0xffff);
const administrator = fc.oneof(
  fc.tuple(u16, u32).map(([a, b]) => `${a}:${b}`),
  fc.tuple(u32, u16).map(([a, b]) => `${IpAddress.v4(a)}:${b}`),
  fc.tuple(fc.integer({ min: 0x10000, max: 0xffffffff }), u16).map(([a, b]) => `${a}:${b}`),
);
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 });
const prefix = fc.oneof(
  fc.tuple(u32, fc.nat(32)).map(([a, length]) => new Prefix(IpAddress.v4(a), length)),
  fc.tuple(u32, u32, u32, u32, fc.nat(128)).map(([a, b, c, d, length]) => new Prefix(IpAddress.v6(a, b, c, d), length)),
);
const route = fc
  .tuple(administrator, u32, prefix, fc.nat(0xffffff), fc.boolean(), u32)
  .map(([rd, tag, of, label, hasGateway, g]) => {
    const gateway = of.family === 4 ? IpAddress.v4(g) : IpAddress.v6(g, 0, 0, 1);
    const esi = hasGateway ? '0'.repeat(20) : `01${'ab'.repeat(9)}`;
    return new EvpnPrefix(rd, tag, of, hasGateway ? { label, gateway } : { label, esi });
  });
const shown = ({ rd, ethernetTag, prefix: of, fields }: EvpnPrefix): unknown =>
  JSON.parse(JSON.stringify({ rd, ethernetTag, of, fields }));
const context = { fourOctetAs: true, internal: true };

test('route distinguishers and route targets are one to one with their text (RFC 4364 section 4.2)', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (bytes) => {
      assert.equal(toHex(rdBytes(rdText(bytes)) ?? new Uint8Array()), toHex(bytes));
    }),
  );
  fc.assert(
    fc.property(fc.array(administrator, { maxLength: 9 }), fc.boolean(), mac, (routeTargets, isVxlan, routerMac) => {
      const read = overlayCommunities([overlayAttribute({ routeTargets, isVxlan, routerMac })]);
      assert.deepEqual(read, { routeTargets, isVxlan, routerMac });
    }),
  );
  for (const text of ['', '1', '1:', ':1', 'x:1', '1:2:3', '1.2.3.4:65536', '70000:65536', '4294967296:1', '1.2.3:4'])
    assert.equal(rdBytes(text), undefined, text);
});

test('a prefix route looks as RFC 9136 section 3.1 draws it', () => {
  const w = new Writer(64);
  encodeEvpn(w, new EvpnPrefix('65000:7', 0, pfx('10.1.2.0/24'), { label: 50_001 }));
  const rest = ['05', '22', '0000fde800000007', '00'.repeat(10), '00000000', '18', '0a010200', '00000000', '00c351'];
  assert.equal(toHex(w.finish()), rest.join(''));
});

test('UPDATEs of EVPN routes survive the wire', () => {
  fc.assert(
    fc.property(fc.array(route, { minLength: 1, maxLength: 20 }), fc.boolean(), (routes, isSix) => {
      const nextHop = isSix ? ip('2001:db8::1') : ip('192.0.2.1');
      const [message] = encodeAnnouncements('evpn', encodeAttributes(PLAIN, undefined, true), nextHop, routes);
      const decoded = decodeUpdate(message?.subarray(HEADER_LENGTH) ?? new Uint8Array(), context);
      assert.ok(decoded.ok);
      const [announced] = decoded.value.announced;
      assert.equal(String(announced?.attributes.nextHop), String(nextHop));
      const read = (announced?.prefixes ?? []).map((one) => (one instanceof EvpnPrefix ? shown(one) : one));
      assert.deepEqual(read, routes.map(shown));
      const [gone] = encodeWithdrawals('evpn', routes);
      const withdrawn = decodeUpdate(gone?.subarray(HEADER_LENGTH) ?? new Uint8Array(), context);
      assert.ok(withdrawn.ok);
      assert.deepEqual(withdrawn.value.withdrawn.map(String), routes.map(String));
    }),
  );
});

test('no bytes make the reader of routes throw, and none are read past their end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const decoded = decodeEvpn(new Reader(bytes));
      for (const one of decoded?.routes ?? []) assert.ok(one.prefix.length <= one.prefix.address.bits);
    }),
  );
  fc.assert(
    fc.property(route, fc.nat(100), fc.nat(255), (one, at, value) => {
      const w = new Writer(64);
      encodeEvpn(w, one);
      const bytes = w.finish();
      bytes[at % bytes.length] = value;
      decodeEvpn(new Reader(bytes));
    }),
  );
});

/** An UPDATE whose MP_REACH_NLRI holds these bytes behind the next hop. */
function updateOf(nlri: string): Uint8Array {
  const block = encodeAttributes(PLAIN, undefined, true);
  const body = fromHex(`001946${'04c0000201'}00${nlri}`) ?? new Uint8Array();
  const w = new Writer(64).u16(0).u16(block.length + body.length + 4);
  return w.u8(0x90).u8(14).u16(body.length).bytes(body).bytes(block).finish();
}
const GOOD = `0522${'0000fde800000007'}${'00'.repeat(14)}180a01020000000000${'00c351'}`;

test('a route that is none spoils its UPDATE, one of another type is left out and counted', () => {
  const good = decodeUpdate(updateOf(GOOD), context);
  assert.ok(good.ok);
  assert.deepEqual(
    good.value.announced.flatMap(({ prefixes }) => prefixes.map(String)),
    ['65000:7 [5][0][24][10.1.2.0]'],
  );

  const longer = GOOD.replace('180a0102', '210a0102');
  const overlaid = GOOD.replace('180a01020000000000', '180a01020001010101').replace(
    '000000000000000000',
    '010000000000000000',
  );
  for (const bad of [`${GOOD}0503000000`, longer, overlaid]) {
    const decoded = decodeUpdate(updateOf(bad), context);
    assert.ok(decoded.ok, bad);
    assert.deepEqual(decoded.value.announced, []);
    assert.deepEqual(
      decoded.value.faults.map(({ kind }) => kind),
      ['bad-evpn-route'],
    );
  }

  const unknown = decodeUpdate(updateOf(`0202aaaa${GOOD}0300`), context);
  assert.ok(unknown.ok);
  assert.equal(unknown.value.announced[0]?.prefixes.length, 1);
  assert.deepEqual(
    unknown.value.faults.map(({ kind }) => kind),
    Array(2).fill('unknown-evpn-route-type'),
  );

  const overrun = decodeUpdate(updateOf(`${GOOD}05ff00`), context);
  assert.ok(!overrun.ok);
  assert.equal(overrun.error.kind, 'bad-multiprotocol-attribute');
});

const A = '10.0.0.2';
const RR = '10.0.0.1';
const B = '10.0.0.3';
const C = '10.0.0.4';
const EVPN: NeighborFamily = { ...FAMILY, sendCommunity: true };
const CLIENT: NeighborFamily = { ...EVPN, routeReflectorClient: true };

function local(rd: string, of: string, vni: number, vtep: string): LocalEvpnRoute {
  return {
    nlri: new EvpnPrefix(rd, 0, pfx(of), { label: vni }),
    nextHop: ip(vtep),
    origin: 'incomplete',
    routeTargets: ['65000:7'],
    routerMac: Uint8Array.of(2, 0, 0, 0, 0, 9),
  };
}

function learned(node: Node): readonly string[] {
  const installed = new Map<string, string>();
  for (const effect of node.log) {
    if (effect.kind === 'withdraw-evpn-route') installed.delete(effect.nlri.toString());
    if (effect.kind !== 'install-evpn-route') continue;
    const { nlri, nextHop, fields, communities } = effect.route;
    const mac = communities.routerMac === undefined ? '' : toHex(communities.routerMac);
    installed.set(nlri.toString(), `${nlri} ${nextHop} ${fields.label} ${communities.routeTargets} ${mac}`);
  }
  return [...installed.values()].sort();
}

for (const asns of [
  [65000, 65000],
  [65001, 65002],
] as const) {
  test(`prefix routes pass ${asns[0] === asns[1] ? 'a route reflector' : 'autonomous systems'} with next hop and VNI as they are`, () => {
    const fabric = new Fabric();
    const neighbors = [
      neighbor(A, asns[0], { families: { evpn: CLIENT } }),
      neighbor(B, asns[1], { families: { 4: FAMILY, evpn: CLIENT } }),
      neighbor(C, 65009, { families: { 4: FAMILY } }),
    ];
    const reflector = fabric.add('rr', RR, speaker(65000, RR, neighbors));
    const a = fabric.add('a', A, speaker(asns[0], A, [neighbor(RR, 65000, { families: { evpn: EVPN } })]));
    const b = fabric.add('b', B, speaker(asns[1], B, [neighbor(RR, 65000, { families: { 4: FAMILY, evpn: EVPN } })]));
    const c = fabric.add('c', C, speaker(65009, C, [neighbor(RR, 65000)]));
    const announce = [
      local('65000:1', '10.1.0.0/24', 50_001, '172.16.0.1'),
      local('65000:2', '10.1.0.0/24', 50_002, '172.16.0.1'),
    ];
    fabric.tell(a, { kind: 'local-evpn-routes', announce, withdraw: [] });
    fabric.run(3000);
    assert.deepEqual(learned(b), [
      '65000:1 [5][0][24][10.1.0.0] 172.16.0.1 50001 65000:7 020000000009',
      '65000:2 [5][0][24][10.1.0.0] 172.16.0.1 50002 65000:7 020000000009',
    ]);
    assert.deepEqual(c.routes.size, 0);
    assert.deepEqual(learned(c), []);
    assert.equal(reflector.bgp.paths().length, 0);
    assert.equal(reflector.bgp.evpnPaths().length, 2);
    assert.deepEqual(b.bgp.snapshot(fabric.now).neighbors[0]?.families?.evpn, { received: 2, accepted: 2, sent: 0 });
    assert.equal(b.bgp.snapshot(fabric.now).prefixes, 0);

    // Another VNI is news, though the route has the same name.
    const changed = [local('65000:1', '10.1.0.0/24', 60_001, '172.16.0.1')];
    fabric.tell(a, {
      kind: 'local-evpn-routes',
      announce: changed,
      withdraw: announce.slice(1).map(({ nlri }) => nlri),
    });
    fabric.run(1000);
    assert.deepEqual(learned(b), ['65000:1 [5][0][24][10.1.0.0] 172.16.0.1 60001 65000:7 020000000009']);
    fabric.tell(a, { kind: 'deconfigure' });
    fabric.run(1000);
    assert.deepEqual(learned(b), []);
  });
}

test('without send-community extended the targets stay at home', () => {
  const fabric = new Fabric();
  const plain = { evpn: { ...EVPN, sendExtendedCommunity: false } };
  const a = fabric.add('a', A, speaker(65000, A, [neighbor(B, 65000, { families: plain })]));
  const b = fabric.add('b', B, speaker(65000, B, [neighbor(A, 65000, { families: plain })]));
  fabric.tell(a, { kind: 'local-evpn-routes', announce: [local('1:1', '10.0.0.0/8', 5, '172.16.0.1')], withdraw: [] });
  fabric.run(3000);
  assert.deepEqual(learned(b), ['1:1 [5][0][8][10.0.0.0] 172.16.0.1 5  ']);
});
