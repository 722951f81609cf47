import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, fromHex, IpAddress, toHex } from '../../base/index.ts';
import type { Identity, TrafficSelector } from '../policy.ts';
import { decodeHeader, decodeMessage, decodePayloads, encodeMessage, encodePayloads, readHeader } from './codec.ts';
import { encodeIdentity } from './identification.ts';
import { type IkeMessage, type Payload, PayloadType, type Proposal, type Transform } from './message.ts';

const u8 = fc.nat(255);
const u16 = fc.nat(65535);
const some = fc.uint8Array({ minLength: 1, maxLength: 40 });
const any = fc.uint8Array({ maxLength: 40 });
const v4 = fc.integer().map((value) => IpAddress.v4(value));
const v6 = fc
  .tuple(fc.integer(), fc.integer(), fc.integer(), fc.integer())
  .map(([a, b, c, d]) => IpAddress.v6(a, b, c, d));
const name = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });

const transform: fc.Arbitrary<Transform> = fc
  .record({
    type: u8,
    id: u16,
    keyBits: fc.option(u16, { nil: undefined }),
    short: fc.option(fc.uint8Array({ minLength: 2, maxLength: 2 }), { nil: undefined }),
    long: fc.option(any, { nil: undefined }),
  })
  .map(({ type, id, keyBits, short, long }) => {
    const attributes = [
      ...(short === undefined ? [] : [{ type: 0x8011, value: short }]),
      ...(long === undefined ? [] : [{ type: 0x0012, value: long }]),
    ];
    return {
      type,
      id,
      ...(keyBits === undefined ? {} : { keyBits }),
      ...(attributes.length === 0 ? {} : { attributes }),
    };
  });
const proposal: fc.Arbitrary<Proposal> = fc.record({
  number: u8,
  protocol: u8,
  spi: fc.uint8Array({ maxLength: 8 }),
  transforms: fc.array(transform, { maxLength: 5 }),
});
const identity: fc.Arbitrary<Identity> = fc.oneof(
  v4.map((address) => ({ type: 'ipv4' as const, address })),
  v6.map((address) => ({ type: 'ipv6' as const, address })),
  fc.record({ type: fc.constantFrom('fqdn' as const, 'rfc822' as const), name }),
  fc.record({ type: fc.constantFrom('der-asn1-dn' as const, 'der-asn1-gn' as const, 'key-id' as const), data: some }),
);
const selector: fc.Arbitrary<TrafficSelector> = fc
  .tuple(u8, u16, u16, fc.oneof(fc.tuple(v4, v4), fc.tuple(v6, v6)))
  .map(([protocol, x, y, [p, q]]) => ({
    protocol,
    startPort: Math.min(x, y),
    endPort: Math.max(x, y),
    start: p.compare(q) <= 0 ? p : q,
    end: p.compare(q) <= 0 ? q : p,
  }));
const spi4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const payload: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({ kind: fc.constant('sa' as const), proposals: fc.array(proposal, { minLength: 1, maxLength: 4 }) }),
  fc.record({ kind: fc.constant('ke' as const), group: u16, data: some }),
  fc
    .tuple(fc.constantFrom('idi' as const, 'idr' as const), identity)
    .map(([kind, id]) => ({ kind, identity: id, body: encodeIdentity(id) })),
  fc.record({ kind: fc.constantFrom('cert' as const, 'certreq' as const), encoding: u8, data: any }),
  fc.record({ kind: fc.constant('auth' as const), method: u8, data: some }),
  fc.record({ kind: fc.constant('nonce' as const), data: fc.uint8Array({ minLength: 16, maxLength: 256 }) }),
  fc.record({ kind: fc.constant('notify' as const), protocol: u8, spi: any, type: u16, data: any }),
  fc.record({ kind: fc.constant('delete' as const), protocol: fc.constantFrom(2, 3), spis: fc.array(spi4) }),
  fc.constant({ kind: 'delete' as const, protocol: 1, spis: [] }),
  fc.record({ kind: fc.constant('vendor' as const), data: any }),
  fc.record({
    kind: fc.constantFrom('tsi' as const, 'tsr' as const),
    selectors: fc.array(selector, { minLength: 1, maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant('cp' as const),
    type: u8,
    attributes: fc.array(fc.record({ type: fc.nat(0x7fff), value: any }), { maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('unknown' as const),
    // Beyond those that have a decoder of their own: SKF is 53.
    type: fc.integer({ min: 54, max: 255 }),
    critical: fc.constant(false),
    body: any,
  }),
);
const message: fc.Arbitrary<IkeMessage> = fc.record({
  header: fc.record({
    initiatorSpi: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
    responderSpi: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
    exchange: u8,
    fromInitiator: fc.boolean(),
    isResponse: fc.boolean(),
    messageId: fc.nat(0xffff_ffff),
  }),
  payloads: fc.array(payload, { maxLength: 6 }),
});

test('every payload comes back as it was (RFC 7296 section 3)', () => {
  fc.assert(
    fc.property(payload, (value) => {
      const { firstType, bytes } = encodePayloads([value]);
      const decoded = decodePayloads(firstType, bytes);
      assert.ok(decoded.ok, 'it is read');
      assert.deepEqual(plain(decoded.value), plain([value]));
    }),
    { numRuns: 500 },
  );
});

test('every message comes back as it was, and every shorter prefix is a fault', () => {
  fc.assert(
    fc.property(message, (value) => {
      const bytes = encodeMessage(value);
      const decoded = decodeMessage(bytes);
      assert.ok(decoded.ok, 'it is read');
      assert.deepEqual(plain(decoded.value), plain(value));
      for (let length = 0; length < bytes.length; length++) {
        const cut = bytes.slice(0, length);
        assert.ok(!decodeMessage(cut).ok, `first ${length} bytes`);
        if (length < 28) continue;
        // With the header's length made right it is still a fault: the chain of payloads does not end.
        new DataView(cut.buffer).setUint32(24, length);
        assert.ok(!decodeMessage(cut).ok, `prefix of ${length}`);
      }
    }),
    { numRuns: 60 },
  );
});

test('no bytes make the decoders throw, and what they accept they write back to the same value', () => {
  fc.assert(
    fc.property(u8, fc.uint8Array({ maxLength: 120 }), (type, bytes) => {
      const decoded = decodePayloads(type, bytes);
      if (!decoded.ok) return;
      const { firstType, bytes: again } = encodePayloads(decoded.value);
      const twice = decodePayloads(firstType, again);
      assert.ok(twice.ok, 'it is read again');
      assert.deepEqual(plain(twice.value), plain(decoded.value));
    }),
    { numRuns: 2000 },
  );
});

test('no change of a byte in a valid message makes the decoder throw', () => {
  fc.assert(
    fc.property(message, fc.nat(), u8, (value, place, byte) => {
      const bytes = encodeMessage(value);
      bytes[place % bytes.length] = byte;
      decodeMessage(bytes);
    }),
    { numRuns: 1000 },
  );
});

const capture: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../../../test/vectors/ike-sa-init-capture.json', import.meta.url), 'utf8'),
);

for (const name of ['request', 'response'] as const) {
  test(`a captured IKE_SA_INIT ${name} is read, and written back byte for byte`, () => {
    const bytes = hex(capture[name] ?? '');
    const decoded = decodeMessage(bytes);
    assert.ok(decoded.ok, 'it is read');
    const { header, payloads } = decoded.value;
    assert.equal(header.exchange, 34);
    assert.equal(header.initiatorSpi, 0xea684d21597afd36n);
    assert.equal(header.responderSpi, name === 'request' ? 0n : 0xd9fe2ab22dac23acn);
    assert.equal(header.fromInitiator, name === 'request');
    assert.equal(header.isResponse, name === 'response');
    assert.deepEqual(
      payloads.map((payload) => payload.kind),
      ['sa', 'ke', 'nonce', 'notify', 'notify', 'notify'],
    );
    const [sa, ke] = payloads;
    assert.ok(sa?.kind === 'sa' && ke?.kind === 'ke');
    assert.deepEqual(plain(sa.proposals), [
      {
        number: 1,
        protocol: 1,
        spi: '',
        transforms: [
          { type: 1, id: 15, keyBits: 128 },
          { type: 2, id: 5 },
          { type: 4, id: 19 },
        ],
      },
    ]);
    assert.equal(ke.group, 19);
    assert.equal(ke.data.length, 64);
    assert.equal(toHex(encodeMessage(decoded.value)), capture[name]);
    for (let length = 0; length < bytes.length; length++) assert.ok(!decodeMessage(bytes.subarray(0, length)).ok);
  });
}

const HEADER = `${'11'.repeat(8)}${'00'.repeat(8)}`;
const headerRows = [
  { name: 'nothing at all', bytes: '', error: 'short' },
  { name: '27 bytes', bytes: '00'.repeat(27), error: 'short' },
  { name: 'IKEv1', bytes: `${HEADER}21100208000000000000001c`, error: 'bad-version' },
  { name: 'major version 3', bytes: `${HEADER}21302208000000000000001c`, error: 'bad-version' },
  { name: 'a length beyond the datagram', bytes: `${HEADER}00202208000000000000001d`, error: 'short' },
  { name: 'a length below the header', bytes: `${HEADER}002022080000000000000000`, error: 'bad-length' },
  { name: 'bytes after the message', bytes: `${HEADER}00202208000000000000001c00`, error: 'bad-length' },
] as const;

for (const row of headerRows) {
  test(`a header is refused: ${row.name} (RFC 7296 section 3.1)`, () => {
    const decoded = decodeHeader(hex(row.bytes));
    assert.ok(!decoded.ok);
    assert.equal(decoded.error.kind, row.error);
  });
}

test('a minor version and reserved flags are ignored (RFC 7296 sections 2.5 and 3.1)', () => {
  const decoded = decodeHeader(hex(`${HEADER}0025223f000000070000001c`));
  assert.ok(decoded.ok, 'it is read');
  assert.equal(decoded.value.messageId, 7);
  assert.ok(decoded.value.fromInitiator && decoded.value.isResponse);
});

test('fields of another version can still be seen for the answer (RFC 7296 section 2.5)', () => {
  assert.equal(readHeader(hex(`${HEADER}21302208000000090000001c`))?.messageId, 9);
  assert.equal(readHeader(hex('00'.repeat(27))), undefined);
});

const payloadRows = [
  { name: 'KE without data (3.4)', type: 34, body: '000e0000', error: 'bad-length' },
  { name: 'a nonce of 15 bytes (3.9)', type: 40, body: '00'.repeat(15), error: 'bad-length' },
  { name: 'a nonce of 257 bytes (3.9)', type: 40, body: '00'.repeat(257), error: 'bad-length' },
  { name: 'an IPv4 identity of 5 bytes (3.5)', type: 35, body: '010000000102030405', error: 'bad-length' },
  { name: 'an identity of unknown type (3.5)', type: 36, body: 'c800000001', error: 'bad-payload' },
  { name: 'a name that is not UTF-8 (3.5)', type: 35, body: '02000000ff', error: 'bad-payload' },
  { name: 'an empty identity (3.5)', type: 35, body: '0b000000', error: 'bad-length' },
  { name: 'AUTH without data (3.8)', type: 39, body: '02000000', error: 'bad-length' },
  { name: 'a notify SPI beyond the payload (3.10)', type: 41, body: '03044009aabbcc', error: 'short' },
  { name: 'an IKE delete with SPIs (3.11)', type: 42, body: '0108000100000000000000', error: 'bad-payload' },
  { name: 'an ESP delete with 8-byte SPIs (3.11)', type: 42, body: '030800010000000000000000', error: 'bad-payload' },
  { name: 'a delete with fewer SPIs than counted (3.11)', type: 42, body: '0304000211223344', error: 'bad-length' },
  { name: 'no selectors (3.13)', type: 44, body: '00000000', error: 'bad-payload' },
  {
    name: 'a selector whose range runs backwards (3.13.1)',
    type: 44,
    body: '01000000070000100000ffff0a0000020a000001',
    error: 'bad-payload',
  },
  {
    name: 'a selector of the wrong length (3.13.1)',
    type: 45,
    body: '01000000070000110000ffff0a0000010a00000200',
    error: 'bad-length',
  },
  { name: 'an SA without proposals (3.3)', type: 33, body: '', error: 'short' },
  { name: 'a proposal with another last mark (3.3.1)', type: 33, body: '0100000801010000', error: 'bad-payload' },
  { name: 'a proposal that promises a transform (3.3.1)', type: 33, body: '0000000801010001', error: 'short' },
  {
    name: 'a transform that says more follow after the last (3.3.2)',
    type: 33,
    body: '0000001001010001030000080100000c',
    error: 'bad-payload',
  },
  { name: 'a configuration attribute beyond the payload (3.15)', type: 47, body: '01000000000d0008', error: 'short' },
  { name: 'an SK payload in clear (3.14)', type: 46, body: '00', error: 'unexpected-encrypted' },
] as const;

for (const row of payloadRows) {
  test(`a payload is refused: ${row.name}`, () => {
    const body = hex(row.body);
    const decoded = decodePayloads(
      row.type,
      concat(Uint8Array.of(0, 0, 0, 4 + body.length), body).map(fixLength(body)),
    );
    assert.ok(!decoded.ok);
    assert.equal(decoded.error.kind, row.error);
    assert.equal(decoded.error.payload, row.type);
  });
}

test('an unknown payload is kept, a critical one refused with its type (RFC 7296 section 2.5)', () => {
  const kept = decodePayloads(200, hex('00000006abcd'));
  assert.ok(kept.ok, 'it is kept');
  assert.deepEqual(plain(kept.value), [{ kind: 'unknown', type: 200, critical: false, body: 'abcd' }]);
  const refused = decodePayloads(200, hex('00800004'));
  assert.deepEqual(refused, { ok: false, error: { kind: 'unsupported-critical-payload', payload: 200 } });
});

test('the critical bit on a payload that we know is ignored (RFC 7296 section 2.5)', () => {
  const decoded = decodePayloads(PayloadType.VENDOR, hex('00800005aa'));
  assert.ok(decoded.ok, 'it is read');
});

test('a chain of more payloads than anybody sends is refused', () => {
  const chain = new Uint8Array(4 * 300);
  for (let i = 0; i < 300; i++) chain.set([i === 299 ? 0 : 43, 0, 0, 4], 4 * i);
  assert.ok(!decodePayloads(43, chain).ok);
  assert.ok(decodePayloads(43, chain.subarray(4 * 100)).ok);
});

test('selectors of unknown types are left out (RFC 7296 section 3.13)', () => {
  const body = '02000000' + '09000008000000aa' + '070000100000ffff0a0000000a0000ff';
  const decoded = decodePayloads(44, hex(`0000${(4 + body.length / 2).toString(16).padStart(4, '0')}${body}`));
  assert.ok(decoded.ok && decoded.value[0]?.kind === 'tsi');
  assert.equal(decoded.value[0].selectors.length, 1);
});

/** Writes the length of the generic header right for bodies longer than 251 bytes. */
function fixLength(body: Uint8Array): (byte: number, i: number) => number {
  return (byte, i) => (i === 2 ? (4 + body.length) >>> 8 : byte);
}

/** A value with bytes and addresses as text, so that views and copies compare alike. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, part: unknown) => {
      if (part instanceof Uint8Array) return toHex(part);
      return typeof part === 'bigint' ? part.toString() : part;
    }),
  );
}

function hex(text: string): Uint8Array {
  const bytes = fromHex(text);
  assert.ok(bytes !== undefined);
  return bytes;
}
