import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, IpAddress, Prefix, toHex } from '../../base/index.ts';
import { AS_TRANS, type AsPath, asPathText, mergeAs4Path } from '../as-path.ts';
import { type PathAttributes, PLAIN } from '../path-attributes.ts';
import { encodeFrame, Framer, HEADER_LENGTH, KEEPALIVE, MAX_MESSAGE_LENGTH } from './framing.ts';
import { decodeNotification, decodeRouteRefresh, encodeNotification, encodeRouteRefresh } from './notification.ts';
import { type Capability, decodeOpen, encodeOpen, type Open } from './open.ts';
import { encodeAttributes } from './path-attributes.ts';
import { decodeUpdate, encodeAnnouncements, encodeEndOfRib, encodeWithdrawals } from './update.ts';

const bytes = (max: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: max });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const v4 = u32.map((value) => IpAddress.v4(value));
const v6 = fc.tuple(u32, u32, u32, u32).map(([a, b, c, d]) => IpAddress.v6(a, b, c, d || 1));
const prefix4 = fc.tuple(v4, fc.integer({ min: 0, max: 32 })).map(([a, length]) => new Prefix(a, length));
const prefix6 = fc.tuple(v6, fc.integer({ min: 0, max: 128 })).map(([a, length]) => new Prefix(a, length));
const asn = fc.integer({ min: 1, max: 0xffffffff });
const asPath: fc.Arbitrary<AsPath> = fc.array(
  fc.record({
    kind: fc.constantFrom('sequence' as const, 'set' as const),
    asns: fc.array(asn, { minLength: 1, maxLength: 6 }),
  }),
  { maxLength: 3 },
);
const attributes: fc.Arbitrary<PathAttributes> = fc.record({
  origin: fc.constantFrom('igp' as const, 'egp' as const, 'incomplete' as const),
  asPath,
  nextHop: v4,
  med: fc.option(u32, { nil: undefined }),
  localPreference: fc.option(u32, { nil: undefined }),
  atomicAggregate: fc.boolean(),
  aggregator: fc.option(fc.record({ asn, address: v4 }), { nil: undefined }),
  communities: fc.array(u32, { maxLength: 80 }),
  originatorId: fc.option(v4, { nil: undefined }),
  clusterList: fc.array(u32, { maxLength: 3 }),
  others: fc
    .option(fc.record({ type: fc.constantFrom(99, 200), flags: fc.constantFrom(0xc0, 0xe0, 0x80), body: bytes(300) }))
    .map((other) => (other === null ? [] : [other])),
});
const capability: fc.Arbitrary<Capability> = fc.oneof(
  fc.record({ kind: fc.constant('multiprotocol' as const), afi: fc.nat(0xffff), safi: fc.nat(255) }),
  fc.constant({ kind: 'route-refresh' as const }),
  fc.record({ kind: fc.constant('four-octet-as' as const), asn: u32 }),
  fc.record({ kind: fc.constant('unknown' as const), code: fc.integer({ min: 70, max: 255 }), body: bytes(60) }),
);
const open: fc.Arbitrary<Open> = fc.record({
  version: fc.constant(4),
  asn: fc.nat(0xffff),
  holdSeconds: fc.nat(0xffff),
  routerId: v4,
  capabilities: fc.array(capability, { maxLength: 8 }),
});

const body = (message: Uint8Array): Uint8Array => message.subarray(HEADER_LENGTH);
const internal = { fourOctetAs: true, internal: true };
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('OPEN survives the wire (RFC 4271 section 4.2, RFC 5492, RFC 9072)', () => {
  fc.assert(
    fc.property(open, (value) => {
      const decoded = decodeOpen(body(encodeOpen(value)));
      assert.ok(decoded.ok);
      assert.deepEqual(plain(decoded.value), plain(value));
    }),
    { numRuns: 100 },
  );
});

test('every truncation of an OPEN is a fault', () => {
  fc.assert(
    fc.property(open, fc.nat(400), (value, cut) => {
      const whole = body(encodeOpen(value));
      if (cut < whole.length) assert.equal(decodeOpen(whole.subarray(0, cut)).ok, false);
    }),
    { numRuns: 100 },
  );
});

test('an OPEN with one parameter for each capability, as IOS writes it, is understood', () => {
  // AS 65001, hold time 180, 10.0.0.1; capabilities 128, 2, 65, 1 and 70.
  const parameters = ['02028000', '02020200', '020641040000fde9', '0206010400010001', '02024600'];
  const decoded = decodeOpen(fromHex(`04fde900b40a0000011c${parameters.join('')}`) ?? new Uint8Array());
  assert.ok(decoded.ok);
  assert.equal(decoded.value.holdSeconds, 180);
  assert.deepEqual(
    decoded.value.capabilities.map((found) => found.kind),
    ['unknown', 'route-refresh', 'four-octet-as', 'multiprotocol', 'unknown'],
  );
});

test('an UPDATE of IPv4 routes survives the wire (RFC 4271 section 4.3)', () => {
  fc.assert(
    fc.property(attributes, fc.array(prefix4, { minLength: 1, maxLength: 40 }), (value, prefixes) => {
      const block = encodeAttributes(value, value.nextHop, true);
      const [message, ...more] = encodeAnnouncements(4, block, value.nextHop, prefixes);
      assert.ok(message !== undefined && more.length === 0);
      const decoded = decodeUpdate(body(message), internal);
      assert.ok(decoded.ok);
      assert.deepEqual(plain(decoded.value.announced), plain([{ attributes: value, prefixes }]));
      assert.deepEqual(decoded.value.faults, []);
    }),
    { numRuns: 150 },
  );
});

test('an UPDATE of IPv6 routes survives the wire (RFC 4760, RFC 2545)', () => {
  fc.assert(
    fc.property(attributes, v6, fc.array(prefix6, { minLength: 1, maxLength: 30 }), (value, nextHop, prefixes) => {
      const [message] = encodeAnnouncements(6, encodeAttributes(value, undefined, true), nextHop, prefixes);
      assert.ok(message !== undefined);
      const decoded = decodeUpdate(body(message), internal);
      assert.ok(decoded.ok);
      assert.deepEqual(plain(decoded.value.announced), plain([{ attributes: { ...value, nextHop }, prefixes }]));
    }),
    { numRuns: 100 },
  );
});

test('withdrawals survive the wire in both families, in messages of legal length', () => {
  for (const [family, prefix] of [
    [4, prefix4],
    [6, prefix6],
  ] as const) {
    fc.assert(
      fc.property(fc.array(prefix, { minLength: 1, maxLength: 1500 }), (prefixes) => {
        const found: string[] = [];
        for (const message of encodeWithdrawals(family, prefixes)) {
          assert.ok(message.length <= MAX_MESSAGE_LENGTH);
          const decoded = decodeUpdate(body(message), internal);
          assert.ok(decoded.ok);
          found.push(...decoded.value.withdrawn.map(String));
        }
        assert.deepEqual(found, prefixes.map(String));
      }),
      { numRuns: 10 },
    );
  }
});

test('End-of-RIB is known for each family (RFC 4724 section 2)', () => {
  for (const family of [4, 6] as const) {
    const decoded = decodeUpdate(body(encodeEndOfRib(family)), internal);
    assert.ok(decoded.ok);
    assert.equal(decoded.value.endOfRib, family);
  }
});

test('many routes of equal attributes share messages of at most 4096 octets', () => {
  const prefixes = Array.from({ length: 2000 }, (_, i) => new Prefix(IpAddress.v4(0x0a000000 + i * 256), 24));
  const block = encodeAttributes({ ...PLAIN, nextHop: IpAddress.v4(1) }, IpAddress.v4(1), true);
  const messages = encodeAnnouncements(4, block, IpAddress.v4(1), prefixes);
  assert.equal(messages.length, 2);
  assert.ok(messages.every((message) => message.length <= MAX_MESSAGE_LENGTH));
});

test('an old speaker reads AS_TRANS, a new one behind it the true path (RFC 6793 section 4.2)', () => {
  const path: AsPath = [{ kind: 'sequence', asns: [65001, 4_200_000_001, 70_000] }];
  const value = { ...PLAIN, asPath: path, nextHop: IpAddress.v4(1) };
  const block = encodeAttributes(value, value.nextHop, false);
  const [message] = encodeAnnouncements(4, block, value.nextHop, [Prefix.all(4)]);
  assert.ok(message !== undefined);
  const decoded = decodeUpdate(body(message), { fourOctetAs: false, internal: false });
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value.announced[0]?.attributes.asPath, path);
  assert.match(toHex(message), /fde95ba05ba0/); // 65001 AS_TRANS AS_TRANS
});

const mergeRows = [
  { name: 'keeps what old speakers added in front', path: [65001, AS_TRANS], four: [70_000], is: '65001 70000' },
  { name: 'takes all when lengths agree', path: [AS_TRANS, AS_TRANS], four: [80_000, 70_000], is: '80000 70000' },
  { name: 'ignores a longer AS4_PATH', path: [AS_TRANS], four: [1, 2], is: `${AS_TRANS}` },
] as const;

for (const row of mergeRows) {
  test(`AS4_PATH merging ${row.name} (RFC 6793 section 4.2.3)`, () => {
    const sequence = (asns: readonly number[]): AsPath => [{ kind: 'sequence', asns }];
    assert.equal(asPathText(mergeAs4Path(sequence(row.path), sequence(row.four))), row.is);
  });
}

test('NOTIFICATION and ROUTE-REFRESH survive the wire (RFC 4271 section 4.5, RFC 2918)', () => {
  const notification = { code: 6, subcode: 7, data: Uint8Array.of(1, 2, 3) };
  assert.deepEqual(decodeNotification(body(encodeNotification(notification))), notification);
  assert.deepEqual(decodeRouteRefresh(body(encodeRouteRefresh({ afi: 2, safi: 1 }))), {
    ok: true,
    value: { afi: 2, safi: 1 },
  });
});

test('messages come out of the stream whole, however it was cut', () => {
  const update = encodeWithdrawals(4, [Prefix.all(4)])[0] ?? KEEPALIVE;
  const stream = Uint8Array.from([...KEEPALIVE, ...update, ...KEEPALIVE]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 20 }), (cuts) => {
      const framer = new Framer();
      const types: string[] = [];
      let from = 0;
      for (const cut of [...cuts, stream.length]) {
        framer.push(stream.subarray(from, from + cut));
        from += cut;
        for (let frame = framer.next(); frame !== undefined; frame = framer.next()) {
          assert.ok(frame.ok);
          types.push(frame.value.type);
        }
      }
      assert.deepEqual(types, ['keepalive', 'update', 'keepalive']);
    }),
    { numRuns: 60 },
  );
});

const headerRows = [
  { name: 'a wrong marker', hex: 'fffe', kind: 'connection-not-synchronized' },
  { name: 'a length below 19', hex: `${'ff'.repeat(16)}001204`, kind: 'bad-message-length' },
  { name: 'a length above 4096', hex: `${'ff'.repeat(16)}100102`, kind: 'bad-message-length' },
  { name: 'a KEEPALIVE with a body', hex: `${'ff'.repeat(16)}001404`, kind: 'bad-message-length' },
  { name: 'a short OPEN', hex: `${'ff'.repeat(16)}001c01`, kind: 'bad-message-length' },
  { name: 'an unknown type', hex: `${'ff'.repeat(16)}001309`, kind: 'bad-message-type' },
] as const;

for (const row of headerRows) {
  test(`framing faults ${row.name} (RFC 4271 section 6.1)`, () => {
    const framer = new Framer();
    framer.push(fromHex(row.hex) ?? new Uint8Array());
    const frame = framer.next();
    assert.ok(frame !== undefined && !frame.ok);
    assert.equal(frame.error.kind, row.kind);
  });
}

test('no bytes make a decoder throw', () => {
  fc.assert(
    fc.property(bytes(200), fc.boolean(), fc.boolean(), (noise, fourOctetAs, isInternal) => {
      const framer = new Framer();
      framer.push(noise);
      framer.next();
      framer.push(encodeFrame('update', noise));
      framer.next();
      decodeOpen(noise);
      decodeNotification(noise);
      decodeRouteRefresh(noise);
      decodeUpdate(noise, { fourOctetAs, internal: isInternal });
    }),
    { numRuns: 400 },
  );
});

test('a damaged UPDATE never throws, and a cut one is a fault', () => {
  fc.assert(
    fc.property(attributes, fc.nat(), fc.nat(255), fc.nat(), (value, where, what, cut) => {
      const block = encodeAttributes(value, value.nextHop, true);
      const message = encodeAnnouncements(4, block, value.nextHop, [new Prefix(value.nextHop, 24)])[0];
      assert.ok(message !== undefined);
      const whole = body(message);
      const shorter = decodeUpdate(whole.subarray(0, cut % whole.length), internal);
      // The one cut that is a whole message again lies between the attributes and the NLRI.
      if (shorter.ok) assert.deepEqual(shorter.value.announced, []);
      const damaged = whole.slice();
      damaged[where % damaged.length] = what;
      decodeUpdate(damaged, internal);
    }),
    { numRuns: 200 },
  );
});
