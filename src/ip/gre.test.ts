import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildGre, greHeaderLength, parseGre } from './gre.ts';

const payload = new Uint8Array([0x45, 1, 2, 3, 4]);
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

const headers = [
  { name: 'plain', fields: { protocol: 0x0800 }, hex: '0000 0800' },
  { name: 'key', fields: { protocol: 0x86dd, key: 0xffff_fffe }, hex: '2000 86dd ffff fffe' },
  { name: 'sequence', fields: { protocol: 0x0800, sequence: 7 }, hex: '1000 0800 0000 0007' },
  { name: 'key and sequence', fields: { protocol: 0x0800, key: 100, sequence: 1 }, hex: '3000 0800 00000064 00000001' },
] as const;

for (const { name, fields, hex } of headers) {
  test(`GRE with ${name} is these bytes, both ways (RFC 2784 section 2.1, RFC 2890 section 2)`, () => {
    const packet = buildGre(fields, payload);
    assert.deepEqual(packet, Uint8Array.from([...bytesOf(hex), ...payload]));
    assert.equal(greHeaderLength(fields), packet.length - payload.length);
    assert.deepEqual(parseGre(packet), { ok: true, value: { ...fields, hasChecksum: false, payload } });
  });
}

test('the checksum covers header and payload; one wrong bit is found (RFC 2784 section 2.5)', () => {
  const packet = buildGre({ protocol: 0x0800, key: 9, checksum: true }, payload);
  assert.deepEqual(parseGre(packet), {
    ok: true,
    value: { protocol: 0x0800, key: 9, hasChecksum: true, payload },
  });
  for (let bit = 32; bit < packet.length * 8; bit++) {
    const damaged = packet.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
    assert.deepEqual(parseGre(damaged), { ok: false, error: 'bad-checksum' }, `bit ${bit}`);
  }
});

test('bits 1 and 4 to 5 are refused, bits 6 to 12 not looked at, version is 0 (RFC 2784 section 2.3)', () => {
  for (const [flags, error] of [
    [0x4000, 'bad-gre-flags'],
    [0x0800, 'bad-gre-flags'],
    [0x0400, 'bad-gre-flags'],
    [0x0001, 'bad-version'],
    [0x0007, 'bad-version'],
  ] as const) {
    assert.deepEqual(parseGre(Uint8Array.from([flags >> 8, flags & 255, 8, 0, ...payload])), { ok: false, error });
  }
  assert.ok(parseGre(Uint8Array.from([0x03, 0xf8, 8, 0, ...payload])).ok, 'reserved bits are ignored');
});

test('every shorter header is a fault, no bytes throw, and what is built is read as it was', () => {
  const full = buildGre({ protocol: 0x0800, key: 1, sequence: 2, checksum: true }, new Uint8Array());
  for (let length = 0; length < full.length; length++) {
    assert.deepEqual(parseGre(full.subarray(0, length)), { ok: false, error: 'truncated' });
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => typeof parseGre(bytes).ok === 'boolean'));
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
  const fields = fc.record(
    { protocol: fc.integer({ min: 0, max: 0xffff }), key: u32, sequence: u32, checksum: fc.boolean() },
    { requiredKeys: ['protocol'] },
  );
  fc.assert(
    fc.property(fields, fc.uint8Array({ maxLength: 50 }), ({ checksum, ...rest }, data) => {
      const read = parseGre(buildGre({ ...rest, ...(checksum === undefined ? {} : { checksum }) }, data));
      assert.deepEqual(read, { ok: true, value: { ...rest, hasChecksum: checksum === true, payload: data } });
    }),
  );
});
