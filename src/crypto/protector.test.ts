import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import cbcVectors from '../../test/vectors/aes-cbc.json' with { type: 'json' };
import gcmVectors from '../../test/vectors/aes-gcm-esp.json' with { type: 'json' };
import chachaVectors from '../../test/vectors/chacha20-poly1305.json' with { type: 'json' };
import { concat, EMPTY, fromHex, SecretKey, seededRandom, toHex } from '../base/index.ts';
import { prf } from './prf.ts';
import { createProtector, type Protector } from './protector.ts';
import {
  Encr,
  encryptionKeyLength,
  Integ,
  icvLength,
  integKeyLength,
  isAead,
  isSupportedEncryption,
  isSupportedInteg,
  Prf,
} from './registry.ts';

const bytes = (hex: string): Uint8Array => fromHex(hex) ?? assert.fail(`not hexadecimal: ${hex}`);
const SHA256_KEY = new SecretKey(new Uint8Array(32).fill(0x0b));

for (const row of cbcVectors.cases) {
  test(`AES-CBC gives the published ciphertext of ${row.name}, with the HMAC after it`, () => {
    const key = new SecretKey(bytes(row.key));
    const keyBits = 8 * key.length;
    const integ = Integ.HMAC_SHA2_256_128;
    const protector = createProtector({ encr: Encr.AES_CBC, keyBits, key, integ, integKey: SHA256_KEY });
    const [iv, aad, suffix] = [bytes(row.iv), Uint8Array.of(1, 2, 3), Uint8Array.of(4)];
    const icv = prf(Prf.HMAC_SHA2_256, SHA256_KEY.reveal(), aad, iv, bytes(row.ciphertext), suffix).subarray(0, 16);
    const sealed = protector.seal(iv, aad, bytes(row.plaintext), suffix);
    assert.equal(toHex(sealed), row.ciphertext + toHex(icv));
    assert.equal(toHex(protector.open(iv, aad, sealed, suffix) ?? assert.fail()), row.plaintext);
  });
}

const aeadRows = [
  ...gcmVectors.cases.map((row) => ({ ...row, encr: Encr.AES_GCM_16, title: `AES-GCM, McGrew-Viega ${row.name}` })),
  ...chachaVectors.cases.map((row) => ({ ...row, encr: Encr.CHACHA20_POLY1305, title: row.name })),
];

for (const row of aeadRows) {
  test(`AEAD gives the published ciphertext and tag of ${row.title}`, () => {
    const nonce = bytes(row.nonce);
    const [salt, iv, aad] = [nonce.subarray(0, 4), nonce.subarray(4), bytes(row.aad)];
    const key = new SecretKey(concat(bytes(row.key), salt));
    const protector = createProtector({ encr: row.encr, keyBits: 4 * row.key.length, key, integ: Integ.NONE });
    const sealed = protector.seal(iv, aad, bytes(row.plaintext));
    assert.equal(toHex(sealed), row.ciphertext + row.tag);
    assert.equal(toHex(protector.open(iv, aad, sealed) ?? assert.fail()), row.plaintext);
  });
}

const SUITES = [
  { encr: Encr.AES_GCM_16, keyBits: 128, integ: Integ.NONE },
  { encr: Encr.AES_GCM_16, keyBits: 256, integ: Integ.NONE },
  { encr: Encr.CHACHA20_POLY1305, keyBits: 0, integ: Integ.NONE },
  { encr: Encr.AES_CBC, keyBits: 128, integ: Integ.HMAC_SHA1_96 },
  { encr: Encr.AES_CBC, keyBits: 192, integ: Integ.HMAC_SHA2_256_128 },
  { encr: Encr.AES_CBC, keyBits: 256, integ: Integ.HMAC_SHA2_384_192 },
  { encr: Encr.AES_CBC, keyBits: 256, integ: Integ.HMAC_SHA2_512_256 },
] as const;

const random = seededRandom(1, 'protector');

function makeProtector({ encr, keyBits, integ }: (typeof SUITES)[number], keys = random): Protector {
  const key = new SecretKey(keys(encryptionKeyLength(encr, keyBits)));
  const integKey = new SecretKey(keys(integKeyLength(integ)));
  return createProtector({ encr, keyBits, key, integ, integKey });
}

for (const suite of SUITES) {
  const protector = makeProtector(suite);
  const name = `${suite.encr}/${suite.keyBits}/${suite.integ}`;
  const text = fc.uint8Array({ maxLength: 100 }).map((array) => {
    return array.slice(0, array.length - (array.length % protector.blockLength));
  });

  test(`suite ${name} opens what it sealed, and nothing that differs in one bit`, () => {
    fc.assert(
      fc.property(text, fc.uint8Array({ maxLength: 16 }), fc.nat(), fc.nat(), (plaintext, aad, counter, where) => {
        const iv = protector.makeIv(counter, random);
        const sealed = protector.seal(iv, aad, plaintext);
        assert.deepEqual(protector.open(iv, aad, sealed), plaintext);
        const whole = concat(aad, iv, sealed);
        const bit = where % (8 * whole.length);
        whole[bit >>> 3] = (whole[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
        const parts = [whole.subarray(0, aad.length), whole.subarray(aad.length, aad.length + iv.length)] as const;
        assert.equal(protector.open(parts[1], parts[0], whole.subarray(aad.length + iv.length)), undefined);
      }),
      { numRuns: 60 },
    );
  });

  test(`suite ${name} never throws on bytes it did not seal`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 80 }), (iv, sealed) => {
        assert.equal(protector.open(iv, EMPTY, sealed), undefined);
      }),
      { numRuns: 60 },
    );
  });

  test(`suite ${name} writes in place what it returns otherwise`, () => {
    const iv = protector.makeIv(7, random);
    const plaintext = random(64);
    const out = new Uint8Array(3 + 64 + protector.icvLength);
    out.set(plaintext, 3);
    protector.sealInto(out, 3, iv, EMPTY, out.subarray(3, 3 + 64));
    assert.deepEqual(out.slice(3), protector.seal(iv, EMPTY, plaintext));
  });
}

test('AEAD IVs are the counter in eight bytes; CBC IVs come from the random source (RFC 3602 section 3)', () => {
  const [gcm, cbc] = [makeProtector(SUITES[0]), makeProtector(SUITES[3])];
  assert.equal(toHex(gcm.makeIv(1, random)), '0000000000000001');
  assert.equal(toHex(gcm.makeIv(2 ** 48 - 1, random)), '0000ffffffffffff');
  assert.equal(toHex(gcm.makeIv(2 ** 32, random)), '0000000100000000');
  assert.equal(cbc.makeIv(1, random).length, 16);
  assert.notDeepEqual(cbc.makeIv(1, random), cbc.makeIv(1, random));
});

test('the ICV of AES-CBC covers the suffix, which AEAD ignores', () => {
  const cbc = makeProtector(SUITES[4]);
  const iv = random(16);
  const sealed = cbc.seal(iv, EMPTY, random(32), Uint8Array.of(0, 0, 0, 1));
  assert.equal(cbc.open(iv, EMPTY, sealed, Uint8Array.of(0, 0, 0, 2)), undefined);
  assert.equal(cbc.open(iv, EMPTY, sealed), undefined);
});

test('key lengths follow the transforms, salt included (RFC 4106 section 8.1, RFC 7634 section 2)', () => {
  assert.equal(encryptionKeyLength(Encr.AES_CBC, 256), 32);
  assert.equal(encryptionKeyLength(Encr.AES_GCM_16, 128), 20);
  assert.equal(encryptionKeyLength(Encr.AES_GCM_16, 256), 36);
  assert.equal(encryptionKeyLength(Encr.CHACHA20_POLY1305, 0), 36);
  assert.equal(integKeyLength(Integ.NONE), 0);
  assert.equal(icvLength(Integ.NONE), 0);
  assert.equal(isAead(Encr.AES_GCM_16), true);
  assert.equal(isAead(Encr.AES_CBC), false);
});

test('only what we have is supported', () => {
  assert.equal(isSupportedEncryption(Encr.AES_GCM_16, 192), true);
  assert.equal(isSupportedEncryption(Encr.AES_GCM_16, 0), false);
  assert.equal(isSupportedEncryption(Encr.CHACHA20_POLY1305, 128), false);
  assert.equal(isSupportedEncryption(Encr.NULL, 0), false);
  assert.equal(isSupportedInteg(Integ.NONE), true);
  assert.equal(isSupportedInteg(1), false);
  const key = new SecretKey(new Uint8Array(16));
  assert.throws(() => createProtector({ encr: Encr.AES_CBC, keyBits: 128, key, integ: Integ.NONE }));
  assert.throws(() => createProtector({ encr: Encr.AES_GCM_16, keyBits: 128, key, integ: Integ.NONE }));
});

test('keys that have sealed and opened other packets before give the same bytes', () => {
  const packet = fc.record({ blocks: fc.nat(4), seed: fc.nat(), spoilt: fc.boolean() });
  for (const suite of SUITES) {
    const fresh = (): Protector => makeProtector(suite, seededRandom(2, 'keys'));
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 12 }), (packets) => {
        const [sender, receiver] = [fresh(), fresh()];
        for (const { blocks, seed, spoilt } of packets) {
          const own = seededRandom(seed, 'packet');
          const [iv, plaintext] = [own(sender.ivLength), own(16 * blocks)];
          const sealed = sender.seal(iv, EMPTY, plaintext);
          assert.deepEqual(sealed, fresh().seal(iv, EMPTY, plaintext));
          if (spoilt) {
            assert.equal(receiver.open(iv, EMPTY, sealed.with(-1, ~(sealed.at(-1) ?? 0))), undefined);
          } else assert.deepEqual(receiver.open(iv, EMPTY, sealed), plaintext);
        }
      }),
      { numRuns: 20 },
    );
  }
});
