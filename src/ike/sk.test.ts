import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SecretKey, seededRandom } from '../base/index.ts';
import { createProtector, Encr, encryptionKeyLength, Integ, integKeyLength, type Protector } from '../crypto/index.ts';
import { openMessage, sealMessage } from './sk.ts';
import { encodeMessage } from './wire/codec.ts';
import { ExchangeType, type IkeHeader, type Payload } from './wire/message.ts';

const random = seededRandom(1, 'sk');
const header: IkeHeader = {
  initiatorSpi: 0x0102030405060708n,
  responderSpi: 0x1112131415161718n,
  exchange: ExchangeType.INFORMATIONAL,
  fromInitiator: true,
  isResponse: false,
  messageId: 7,
};

const suites = [
  { name: 'AES-CBC-128 + SHA1', encr: Encr.AES_CBC, keyBits: 128, integ: Integ.HMAC_SHA1_96 },
  { name: 'AES-CBC-192 + SHA384', encr: Encr.AES_CBC, keyBits: 192, integ: Integ.HMAC_SHA2_384_192 },
  { name: 'AES-CBC-256 + SHA256', encr: Encr.AES_CBC, keyBits: 256, integ: Integ.HMAC_SHA2_256_128 },
  { name: 'AES-CBC-256 + SHA512', encr: Encr.AES_CBC, keyBits: 256, integ: Integ.HMAC_SHA2_512_256 },
  { name: 'AES-GCM-128', encr: Encr.AES_GCM_16, keyBits: 128, integ: Integ.NONE },
  { name: 'AES-GCM-256', encr: Encr.AES_GCM_16, keyBits: 256, integ: Integ.NONE },
  { name: 'ChaCha20-Poly1305', encr: Encr.CHACHA20_POLY1305, keyBits: 256, integ: Integ.NONE },
];

function protectorFor({ encr, keyBits, integ }: Omit<(typeof suites)[number], 'name'>): Protector {
  const key = new SecretKey(random(encryptionKeyLength(encr, keyBits)));
  if (integ === Integ.NONE) return createProtector({ encr, keyBits, key, integ });
  return createProtector({ encr, keyBits, key, integ, integKey: new SecretKey(random(integKeyLength(integ))) });
}

for (const suite of suites) {
  test(`${suite.name}: what is sealed opens, whatever its length (RFC 7296 section 3.14, RFC 5282)`, () => {
    const protector = protectorFor(suite);
    for (let length = 0; length < 40; length++) {
      const payloads: Payload[] = [{ kind: 'vendor', data: random(length) }];
      const opened = openMessage(sealMessage(header, payloads, { protector, counter: length }, random), protector);
      assert.ok(opened.ok);
      assert.deepEqual(opened.value.header, header);
      assert.deepEqual(opened.value.payloads.map(hexOf), payloads.map(hexOf));
    }
  });

  test(`${suite.name}: an empty message opens to no payloads (liveness check, RFC 7296 section 2.4)`, () => {
    const protector = protectorFor(suite);
    const opened = openMessage(sealMessage(header, [], { protector, counter: 1 }, random), protector);
    assert.ok(opened.ok);
    assert.deepEqual(opened.value.payloads, []);
  });

  test(`${suite.name}: every bit counts, and so does every byte of the length`, () => {
    const protector = protectorFor(suite);
    const sealed = sealMessage(header, [{ kind: 'vendor', data: random(9) }], { protector, counter: 3 }, random);
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const changed = sealed.slice();
      changed[bit >>> 3] = (changed[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      const opened = openMessage(changed, protector);
      assert.ok(!opened.ok, `bit ${bit}`);
      assert.notEqual(opened.error.authentic, true);
    }
    for (let length = 0; length < sealed.length; length++) {
      assert.ok(!openMessage(sealed.subarray(0, length), protector).ok, `prefix of ${length}`);
    }
  });

  test(`${suite.name}: no bytes make it throw`, () => {
    const protector = protectorFor(suite);
    const sealed = sealMessage(header, [], { protector, counter: 1 }, random);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), (tail) => {
        const bytes = new Uint8Array(32 + tail.length);
        bytes.set(sealed.subarray(0, 32));
        bytes.set(tail, 32);
        new DataView(bytes.buffer).setUint32(24, bytes.length);
        new DataView(bytes.buffer).setUint16(30, bytes.length - 28);
        assert.ok(!openMessage(bytes, protector).ok);
      }),
      { numRuns: 100 },
    );
  });
}

test('a message in clear is not taken for a protected one (RFC 7296 section 2.21.4)', () => {
  const clear = encodeMessage({ header, payloads: [{ kind: 'vendor', data: random(60) }] });
  const opened = openMessage(clear, protectorFor({ encr: Encr.AES_GCM_16, keyBits: 256, integ: Integ.NONE }));
  assert.ok(!opened.ok);
  assert.deepEqual(opened.error, { kind: 'not-encrypted', payload: 43 });
});

test('a fault within an authentic message says so', () => {
  const protector = protectorFor({ encr: Encr.AES_GCM_16, keyBits: 256, integ: Integ.NONE });
  const critical: Payload = { kind: 'unknown', type: 201, critical: true, body: random(3) };
  const opened = openMessage(sealMessage(header, [critical], { protector, counter: 1 }, random), protector);
  assert.deepEqual(opened, {
    ok: false,
    error: { kind: 'unsupported-critical-payload', payload: 201, authentic: true },
  });
});

test('a pad length beyond the plaintext is a fault of the peer (RFC 7296 section 3.14)', () => {
  const protector = protectorFor({ encr: Encr.AES_GCM_16, keyBits: 256, integ: Integ.NONE });
  const empty = sealMessage(header, [], { protector, counter: 1 }, random);
  const clear = empty.subarray(0, 32);
  const iv = protector.makeIv(2, random);
  const forged = new Uint8Array(empty.length);
  forged.set(clear);
  forged.set(iv, 32);
  forged.set(protector.seal(iv, clear, Uint8Array.of(200)), 32 + iv.length);
  const opened = openMessage(forged, protector);
  assert.deepEqual(opened, { ok: false, error: { kind: 'bad-padding', payload: 46, authentic: true } });
});

test('padding of any length up to 255 is accepted (RFC 7296 section 3.14)', () => {
  const protector = protectorFor({ encr: Encr.AES_CBC, keyBits: 128, integ: Integ.HMAC_SHA2_256_128 });
  const plaintext = new Uint8Array(256).fill(9);
  plaintext[255] = 255;
  const total = 28 + 4 + 16 + 256 + 16;
  const clear = sealMessage(header, [], { protector, counter: 1 }, random).slice(0, 32);
  const view = new DataView(clear.buffer);
  view.setUint32(24, total);
  view.setUint16(30, total - 28);
  const iv = protector.makeIv(2, random);
  const bytes = new Uint8Array(total);
  bytes.set(clear);
  bytes.set(iv, 32);
  bytes.set(protector.seal(iv, clear, plaintext), 48);
  const opened = openMessage(bytes, protector);
  assert.ok(opened.ok);
  assert.deepEqual(opened.value.payloads, []);
});

function hexOf(payload: Payload): string {
  return payload.kind === 'vendor' ? Buffer.from(payload.data).toString('hex') : payload.kind;
}
