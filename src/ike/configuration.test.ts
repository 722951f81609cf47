import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, IpAddress, Prefix, toHex } from '../base/index.ts';
import { routeAck, routeReply, routeRequest, routeSet, toldRoutes } from './configuration.ts';
import { decodePayloads, encodePayloads } from './wire/codec.ts';

const v4 = fc.tuple(fc.integer(), fc.nat(32)).map(([a, length]) => new Prefix(IpAddress.v4(a), length));
const v6 = fc
  .tuple(fc.integer(), fc.integer(), fc.integer(), fc.integer(), fc.nat(128))
  .map(([a, b, c, d, length]) => new Prefix(IpAddress.v6(a, b, c, d), length));

test('subnets come back as they were told (RFC 7296 section 3.15.1)', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(v4, v6), { maxLength: 10 }), (prefixes) => {
      for (const payload of [routeReply(prefixes), routeSet(prefixes)]) {
        const { firstType, bytes } = encodePayloads([payload]);
        const decoded = decodePayloads(firstType, bytes);
        assert.ok(decoded.ok && decoded.value[0]?.kind === 'cp');
        const told = toldRoutes(decoded.value[0]);
        assert.deepEqual(told.prefixes.map(String), prefixes.map(String));
        assert.equal(told.malformed, 0);
      }
    }),
  );
});

const rows = [
  { prefix: '10.0.0.0/8', type: 13, value: '0a000000ff000000' },
  { prefix: '10.255.1.238/32', type: 13, value: '0aff01eeffffffff' },
  { prefix: '2001:db8::/32', type: 15, value: '20010db800000000000000000000000020' },
];

for (const row of rows) {
  test(`${row.prefix} is attribute ${row.type} (RFC 7296 section 3.15.1)`, () => {
    const prefix = Prefix.parse(row.prefix);
    assert.ok(prefix !== undefined);
    const payload = routeSet([prefix]);
    assert.equal(payload.type, 3);
    assert.deepEqual(
      payload.attributes.map(({ type, value }) => [type, toHex(value)]),
      [[row.type, row.value]],
    );
  });
}

const malformed = [
  { name: 'a mask with a hole', type: 13, value: '0a000000ff00ff00' },
  { name: 'seven bytes', type: 13, value: '0a000000ffffff' },
  { name: 'a prefix of 129 bits', type: 15, value: `${'00'.repeat(16)}81` },
  { name: 'sixteen bytes', type: 15, value: '00'.repeat(16) },
];

for (const row of malformed) {
  test(`a subnet is left out and counted: ${row.name}`, () => {
    const value = fromHex(row.value);
    assert.ok(value !== undefined);
    const told = toldRoutes({ kind: 'cp', type: 3, attributes: [{ type: row.type, value }] });
    assert.deepEqual(told, { prefixes: [], malformed: 1 });
  });
}

test('a request asks with empty attributes, which tell nothing', () => {
  const request = routeRequest();
  assert.deepEqual(
    request.attributes.map(({ type, value }) => [type, value.length]),
    [
      [13, 0],
      [15, 0],
    ],
  );
  assert.deepEqual(toldRoutes(request), { prefixes: [], malformed: 0 });
});

test('other attributes are ignored, and acknowledged neither', () => {
  const attributes = [
    { type: 28676, value: Uint8Array.of(1, 2, 3) },
    { type: 13, value: new Uint8Array(8) },
  ];
  const set = { kind: 'cp', type: 3, attributes } as const;
  assert.deepEqual(toldRoutes(set).prefixes.map(String), ['0.0.0.0/0']);
  assert.deepEqual(
    routeAck(set, true).attributes.map(({ type }) => type),
    [13],
  );
  assert.deepEqual(routeAck(set, false).attributes, []);
  assert.equal(routeAck(set, true).type, 4);
});
