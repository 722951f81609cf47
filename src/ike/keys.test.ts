import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, SecretKey, seededRandom, toHex } from '../base/index.ts';
import { Encr, Integ, Prf, prf, prfLength, prfPlus } from '../crypto/index.ts';
import { pskAuth, verifyPskAuth } from './auth.ts';
import { deriveChildKeys, deriveIkeKeys, type IkeKeyInput, protectorsOf, skeyseed, spiBytes } from './keys.ts';

type Vector = Readonly<{
  name: string;
  prf: number;
  gir: string;
  girNew?: string;
  ni: string;
  nr: string;
  spii: string;
  spir: string;
  skeyseed: string;
  dkm: string;
  dkmChild?: string;
  dkmChildDh?: string;
  skeyseedRekey?: string;
}>;
const { cases }: { cases: readonly Vector[] } = JSON.parse(
  readFileSync(new URL('../../test/vectors/ikev2-kdf.json', import.meta.url), 'utf8'),
);
const random = seededRandom(2, 'keys');

const suite = { encr: Encr.AES_CBC, keyBits: 128, integ: Integ.HMAC_SHA1_96 };

for (const vector of cases) {
  const nonces = { ni: hex(vector.ni), nr: hex(vector.nr) };
  const input: IkeKeyInput = {
    ...suite,
    ...nonces,
    prf: vector.prf,
    spiI: BigInt(`0x${vector.spii}`),
    spiR: BigInt(`0x${vector.spir}`),
    sharedSecret: hex(vector.gir),
  };

  test(`keys of an IKE SA as in published vector ${vector.name} (RFC 7296 section 2.14)`, () => {
    assert.equal(toHex(skeyseed(input)), vector.skeyseed);
    const keys = deriveIkeKeys(input);
    assert.ok(keys.skAi !== undefined && keys.skAr !== undefined);
    const inOrder = [keys.skD, keys.skAi, keys.skAr, keys.skEi, keys.skEr, keys.skPi, keys.skPr];
    const joined = inOrder.map((key) => toHex(key.reveal())).join('');
    const size = prfLength(vector.prf);
    assert.deepEqual(
      inOrder.map((key) => key.length),
      [size, 20, 20, 16, 16, size, size],
    );
    assert.ok(vector.dkm.length >= joined.length);
    assert.equal(joined, vector.dkm.slice(0, joined.length));
  });

  // Some publications hold the keys of the first IKE SA alone.
  const { girNew, dkmChild, dkmChildDh } = vector;
  if (girNew === undefined || dkmChild === undefined || dkmChildDh === undefined) continue;

  test(`keys of child SAs as in published vector ${vector.name} (RFC 7296 section 2.17)`, () => {
    const { skD } = deriveIkeKeys(input);
    for (const [sharedSecret, expected] of [
      [undefined, dkmChild],
      [hex(girNew), dkmChildDh],
    ] as const) {
      const exchange = sharedSecret === undefined ? {} : { sharedSecret };
      const child = deriveChildKeys({ ...suite, ...nonces, ...exchange, prf: vector.prf, skD });
      assert.ok(child.initiatorIntegKey !== undefined && child.responderIntegKey !== undefined);
      const inOrder = [child.initiatorKey, child.initiatorIntegKey, child.responderKey, child.responderIntegKey];
      const joined = inOrder.map((key) => toHex(key.reveal())).join('');
      assert.equal(joined, expected.slice(0, joined.length));
    }
  });

  test(`seed of a rekeyed IKE SA as in published vector ${vector.name} (RFC 7296 section 2.18)`, () => {
    const { skD } = deriveIkeKeys(input);
    const rekey = { ...input, sharedSecret: hex(girNew), oldSkD: skD };
    assert.equal(toHex(skeyseed(rekey)), vector.skeyseedRekey);
  });
}

test('AEAD keys hold the salt and there are no integrity keys (RFC 5282 section 7.1)', () => {
  const input: IkeKeyInput = {
    prf: Prf.HMAC_SHA2_256,
    encr: Encr.AES_GCM_16,
    keyBits: 256,
    integ: Integ.NONE,
    ni: random(32),
    nr: random(32),
    spiI: 1n,
    spiR: 2n,
    sharedSecret: random(32),
  };
  const keys = deriveIkeKeys(input);
  assert.equal(keys.skAi, undefined);
  assert.deepEqual(
    [keys.skD, keys.skEi, keys.skEr, keys.skPi, keys.skPr].map((key) => key.length),
    [32, 36, 36, 32, 32],
  );
  const { initiator, responder } = protectorsOf(keys, input);
  const iv = initiator.makeIv(1, random);
  const sealed = initiator.seal(iv, iv, random(5));
  assert.ok(initiator.open(iv, iv, sealed) !== undefined);
  assert.equal(responder.open(iv, iv, sealed), undefined);

  const child = deriveChildKeys({ ...input, skD: keys.skD });
  assert.deepEqual(Object.keys(child), ['initiatorKey', 'responderKey']);
  assert.equal(child.initiatorKey.length, 36);
});

test('a rekey seeds with the old PRF and expands with the new one (RFC 7296 section 2.18)', () => {
  const oldSkD = new SecretKey(random(20));
  const input: IkeKeyInput = {
    ...suite,
    prf: Prf.HMAC_SHA2_512,
    ni: random(32),
    nr: random(32),
    spiI: 3n,
    spiR: 4n,
    sharedSecret: random(32),
    oldSkD,
    oldPrf: Prf.HMAC_SHA1,
  };
  const seed = prf(Prf.HMAC_SHA1, oldSkD.reveal(), input.sharedSecret, input.ni, input.nr);
  assert.deepEqual(skeyseed(input), seed);
  const salt = Buffer.concat([input.ni, input.nr, spiBytes(3n), spiBytes(4n)]);
  assert.deepEqual(deriveIkeKeys(input).skD.reveal(), prfPlus(Prf.HMAC_SHA2_512, seed, salt, 64));
});

test('AUTH fits its key, message, nonce and identity alone (RFC 7296 section 2.15)', () => {
  const input = {
    prf: Prf.HMAC_SHA2_256,
    key: new SecretKey(random(12)),
    skP: new SecretKey(random(32)),
    message: random(200),
    peerNonce: random(32),
    idBody: random(8),
  };
  const auth = pskAuth(input);
  assert.equal(auth.length, 32);
  assert.ok(verifyPskAuth(input, auth));
  assert.ok(!verifyPskAuth(input, auth.subarray(1)));
  assert.ok(!verifyPskAuth({ ...input, key: new SecretKey(random(12)) }, auth));
  assert.ok(!verifyPskAuth({ ...input, skP: new SecretKey(random(32)) }, auth));
  for (const part of ['message', 'peerNonce', 'idBody'] as const) {
    const changed = input[part].slice();
    changed[0] = (changed[0] ?? 0) ^ 1;
    assert.ok(!verifyPskAuth({ ...input, [part]: changed }, auth), part);
  }
});

function hex(text: string): Uint8Array {
  const bytes = fromHex(text);
  assert.ok(bytes !== undefined);
  return bytes;
}
