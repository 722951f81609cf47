import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, IpAddress, Prefix, toHex } from '../../../base/index.ts';
import { decodeAddress, encodeAddress } from './address.ts';
import { decodeLink, encodeLinkChange, encodeLinkGroup, encodeLinkQuery } from './link.ts';
import { decodeAttributes, decodeMessages, encodeMessage, errorOf, NativeWriter } from './message.ts';
import { MessageType, RouteType } from './numbers.ts';
import { decodeRoute, encodeRoute, encodeRouteKey, type RouteMessage } from './route.ts';

function bytes(hex: string): Uint8Array {
  const read = fromHex(hex);
  assert.ok(read !== undefined);
  return read;
}

function ip(text: string): IpAddress {
  const parsed = IpAddress.parse(text);
  assert.ok(parsed !== undefined);
  return parsed;
}

function prefix(text: string): Prefix {
  const parsed = Prefix.parse(text);
  assert.ok(parsed !== undefined);
  return parsed;
}

// Told by Linux 6.18 about interfaces and routes that `ip` had made, as the names say.
const links = [
  {
    name: 'lo, down',
    body: '00000403010000000800000000000000070003006c6f0000080004000000010005001000020000000500110000000000',
    link: { index: 1, name: 'lo', up: false, mtu: 65536 },
  },
  {
    name: 'lan1, up with carrier',
    body: '00000100020000004310010000000000090003006c616e310000000008000d00e803000008000400dc050000',
    link: { index: 2, name: 'lan1', up: true, mtu: 1500 },
  },
];

for (const { name, body, link } of links) {
  test(`reads a link of the kernel: ${name}`, () => assert.deepEqual(decodeLink(bytes(body)), link));
}

const addresses = [
  {
    name: '10.9.0.1/24',
    body: '0218800003000000080001000a090001080002000a090001090003006c616e3000000000080008008000000014000600ffffffffffffffffbeb61400beb61400',
    means: { index: 3, address: '10.9.0.1', length: 24, usable: true },
  },
  {
    name: '10.9.8.1 with the other end 10.9.8.2/32',
    body: '0220800003000000080001000a090802080002000a090801090003006c616e3000000000080008008000000014000600ffffffffffffffffbeb61400beb61400',
    means: { index: 3, address: '10.9.8.1', length: 32, usable: true },
  },
  {
    name: 'fd09::1/64 while its uniqueness is looked at',
    body: '0a40c0000300000014000100fd09000000000000000000000000000114000600ffffffffffffffffbfb61400bfb6140008000800c0000000',
    means: { index: 3, address: 'fd09::1', length: 64, usable: false },
  },
];

for (const { name, body, means } of addresses) {
  test(`reads an address of the kernel: ${name}`, () => {
    const read = decodeAddress(bytes(body));
    assert.deepEqual({ ...read, address: read?.address.toString() }, means);
  });
}

const routes = [
  {
    name: 'blackhole 10.21.0.0/16 table 1000 proto 119',
    body: '02100000fc7700060000000008000f00e8030000080001000a150000',
    means: { prefix: '10.21.0.0/16', table: 1000, metric: 0, protocol: 119, kind: 'blackhole', nextHops: [] },
  },
  {
    name: '10.20.0.0/16 by two next hops',
    body: '02100000fe7700010000000008000f00fe000000080001000a1400000800060014000000240009001000000003000000080005000a0900021000000003000000080005000a090003',
    means: {
      prefix: '10.20.0.0/16',
      table: 254,
      metric: 20,
      protocol: 119,
      kind: 'unicast',
      nextHops: [
        { index: 3, gateway: '10.9.0.2' },
        { index: 3, gateway: '10.9.0.3' },
      ],
    },
  },
  {
    name: 'fd22::/64 via fd09::2',
    body: '0a400000fe7700010000000008000f00fe00000014000100fd220000000000000000000000000000080006001400000014000500fd090000000000000000000000000002080004000300000024000c0000000000000000000000000000000000000000000000000000000000000000000500140000000000',
    means: {
      prefix: 'fd22::/64',
      table: 254,
      metric: 20,
      protocol: 119,
      kind: 'unicast',
      nextHops: [{ index: 3, gateway: 'fd09::2' }],
    },
  },
  {
    name: 'local 10.9.0.1, which is the kernel’s own',
    body: '02200000ff02fe020000000008000f00ff000000080001000a090001080007000a0900010800040003000000',
    means: { prefix: '10.9.0.1/32', table: 255, metric: 0, protocol: 2, kind: 'other', nextHops: [] },
  },
];

for (const { name, body, means } of routes) {
  test(`reads a route of the kernel: ${name}`, () => {
    assert.deepEqual(JSON.parse(JSON.stringify(decodeRoute(bytes(body)))), means);
  });

  test(`every shorter part of a route is read without harm: ${name}`, () => {
    for (let length = 0; length < body.length / 2; length++) decodeRoute(bytes(body).subarray(0, length));
  });
}

const v4 = fc.integer().map((word) => IpAddress.v4(word));
const v6 = fc
  .tuple(fc.integer(), fc.integer(), fc.integer(), fc.integer())
  .map(([a, b, c, d]) => IpAddress.v6(a, b, c, d));

function routesOf(address: fc.Arbitrary<IpAddress>): fc.Arbitrary<Omit<RouteMessage, 'kind'>> {
  const hop = fc.record({ index: fc.integer({ min: 1, max: 1 << 30 }), gateway: address }, { requiredKeys: ['index'] });
  return fc.record({
    prefix: fc.tuple(address, fc.nat(128)).map(([host, length]) => new Prefix(host, length)),
    table: fc.nat(0xffff),
    metric: fc.integer({ min: 1, max: 0x7fff_ffff }),
    protocol: fc.nat(255),
    nextHops: fc.array(hop, { maxLength: 4 }),
  });
}

test('routes read as they were written', () => {
  fc.assert(
    fc.property(fc.oneof(routesOf(v4), routesOf(v6)), (route) => {
      const kind = route.nextHops.length === 0 ? 'blackhole' : 'unicast';
      assert.equal(
        JSON.stringify(decodeRoute(encodeRoute(route))),
        JSON.stringify({ ...reordered(route), kind, ...hops(route) }),
      );
    }),
  );
});

/** In the order in which `decodeRoute` gives them. */
function reordered({ prefix, table, metric, protocol }: Omit<RouteMessage, 'kind'>): object {
  return { prefix, table, metric, protocol };
}
function hops({ nextHops }: Omit<RouteMessage, 'kind'>): object {
  return { nextHops: nextHops.map(({ index, gateway }) => (gateway === undefined ? { index } : { index, gateway })) };
}

test('an IPv4 route by an IPv6 gateway says the family (RFC 5549)', () => {
  const route = { prefix: prefix('0.0.0.0/0'), table: 254, metric: 5, protocol: 119 };
  const read = decodeRoute(encodeRoute({ ...route, nextHops: [{ index: 3, gateway: ip('fd09::9') }] }));
  assert.equal(read?.nextHops[0]?.gateway?.toString(), 'fd09::9');
});

test('a route to be removed is named by prefix, table, metric and protocol alone', () => {
  const body = encodeRouteKey({ prefix: prefix('10.1.0.0/16'), table: 254, metric: 7, protocol: 119 });
  assert.equal(body[7], RouteType.UNSPEC);
  const read = decodeRoute(body);
  assert.deepEqual([read?.prefix.toString(), read?.metric, read?.protocol], ['10.1.0.0/16', 7, 119]);
});

test('addresses read as they were written', () => {
  fc.assert(
    fc.property(fc.oneof(v4, v6), fc.nat(1 << 30), fc.boolean(), (address, index, noDad) => {
      const read = decodeAddress(encodeAddress(index, address, address.bits, noDad));
      assert.ok(read?.address.equals(address));
      assert.deepEqual([read?.index, read?.length, read?.usable], [index, address.bits, true]);
    }),
  );
});

test('a change of a link names what changes alone', () => {
  assert.equal(toHex(encodeLinkChange(7, { up: true })), '00000000070000000100000001000000');
  assert.equal(toHex(encodeLinkChange(7, { mtu: 1400 })), '000000000700000000000000000000000800040078050000');
  // IFLA_AF_SPEC { AF_INET6 { IFLA_INET6_ADDR_GEN_MODE: none } }
  assert.equal(
    toHex(encodeLinkChange(7, { noLinkLocal: true })),
    '0000000007000000000000000000000010001a800c000a800500080001000000',
  );
  assert.equal(toHex(encodeLinkGroup(0x7700_0005)), '0000000000000000000000000000000008001b0005000077');
  assert.equal(
    toHex(encodeLinkQuery('eth0')),
    '0000000000000000000000000000000009000300657468300000000008001d0008000000',
  );
});

test('messages are split as they were joined', () => {
  const message = fc.record({
    type: fc.nat(0xffff),
    flags: fc.nat(0xffff),
    sequence: fc.nat(0x7fff_ffff),
    body: fc.uint8Array({ maxLength: 60 }),
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), (messages) => {
      const joined = Uint8Array.from(messages.flatMap((one) => [...encodeMessage(one)]));
      assert.deepEqual(
        decodeMessages(joined).map((one) => ({ ...one, body: [...one.body] })),
        messages.map((one) => ({ ...one, body: [...one.body] })),
      );
    }),
  );
});

test('no bytes make a decoder throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
      for (const message of decodeMessages(random)) errorOf(message);
      decodeAttributes(random);
      decodeLink(random);
      decodeAddress(random);
      decodeRoute(random);
      // A header that is right leads further in.
      for (const domain of [2, 10]) decodeRoute(Uint8Array.of(domain, 24, 0, 0, 254, 119, 0, 1, 0, 0, 0, 0, ...random));
    }),
    { numRuns: 500 },
  );
});

test('a length that leads nowhere ends a list', () => {
  const good = encodeMessage({ type: MessageType.DONE, flags: 2, sequence: 5, body: new Uint8Array(4) });
  for (const length of [0, 15, 21, 0xffff_ffff]) {
    const bad = new NativeWriter().bytes(good).u32(length).u16(3).u16(2).u32(5).u32(0).u32(0).finish();
    assert.equal(decodeMessages(bad).length, 1, `length ${length}`);
  }
  assert.equal(errorOf({ type: MessageType.ERROR, flags: 0, sequence: 1, body: bytes('efffffff') }), 17);
});
