import assert from 'node:assert/strict';
import { test } from 'node:test';
import vector from '../../test/vectors/ike-auth-psk.json' with { type: 'json' };
import gcmVector from '../../test/vectors/ike-sk-gcm.json' with { type: 'json' };
import { EMPTY, fromHex, SecretKey, seededRandom, toHex } from '../base/index.ts';
import { createProtector, Encr, Integ, type Protector } from '../crypto/index.ts';
import { pskAuth, verifyPskAuth } from './auth.ts';
import { deriveChildKeys, deriveIkeKeys, type IkeKeyInput, protectorsOf, skeyseed } from './keys.ts';
import { openMessage, sealMessage } from './sk.ts';
import { decodeMessage, decodePayloads } from './wire/codec.ts';
import { type IkeMessage, type Payload, PayloadType } from './wire/message.ts';

const bytes = (hex: string): Uint8Array => fromHex(hex) ?? assert.fail(`not hexadecimal: ${hex}`);

const suite = { encr: vector.encr, keyBits: vector.keyBits, integ: vector.integ };
const input: IkeKeyInput = {
  ...suite,
  prf: vector.prf,
  ni: bytes(vector.ni),
  nr: bytes(vector.nr),
  spiI: BigInt(`0x${vector.spii}`),
  spiR: BigInt(`0x${vector.spir}`),
  sharedSecret: bytes(vector.gir),
};

function opened(message: string, protector: Protector): IkeMessage {
  const result = openMessage(bytes(message), protector);
  return result.ok ? result.value : assert.fail(result.error.kind);
}

function payloadsOf(firstType: number, body: string): readonly Payload[] {
  const result = decodePayloads(firstType, bytes(body));
  return result.ok ? result.value : assert.fail(result.error.kind);
}

const hexOf = (key: SecretKey | undefined): string => toHex(key?.reveal() ?? assert.fail('no key'));

test('the keys of a recorded handshake come of its nonces, SPIs and secret (RFC 7296 section 2.14)', () => {
  assert.equal(toHex(skeyseed(input)), vector.skeyseed);
  const keys = deriveIkeKeys(input);
  assert.equal(hexOf(keys.skD), vector.skD);
  assert.equal(hexOf(keys.skAi), vector.skAi);
  assert.equal(hexOf(keys.skAr), vector.skAr);
  assert.equal(hexOf(keys.skEi), vector.skEi);
  assert.equal(hexOf(keys.skEr), vector.skEr);
  assert.equal(hexOf(keys.skPi), vector.skPi);
  assert.equal(hexOf(keys.skPr), vector.skPr);
});

test('so do the keys of its first child SA (section 2.17)', () => {
  const child = deriveChildKeys({ ...input, skD: new SecretKey(bytes(vector.skD)), sharedSecret: EMPTY });
  assert.equal(hexOf(child.initiatorKey), vector.childInitiatorKey);
  assert.equal(hexOf(child.initiatorIntegKey), vector.childInitiatorIntegKey);
  assert.equal(hexOf(child.responderKey), vector.childResponderKey);
  assert.equal(hexOf(child.responderIntegKey), vector.childResponderIntegKey);
});

test('its AUTH is what the shared key signs (section 2.15)', () => {
  const signed = {
    prf: vector.prf,
    key: new SecretKey(bytes(vector.psk)),
    skP: new SecretKey(bytes(vector.skPi)),
    message: bytes(vector.initRequest),
    peerNonce: bytes(vector.nr),
    idBody: bytes(vector.idBody),
  };
  assert.equal(toHex(pskAuth(signed)), vector.auth);
  assert.ok(verifyPskAuth(signed, bytes(vector.auth)));
});

test('its IKE_SA_INIT request reads as the nonce and the SPI that went into the keys', () => {
  const message = decodeMessage(bytes(vector.initRequest));
  assert.ok(message.ok);
  assert.equal(message.value.header.initiatorSpi, input.spiI);
  const nonce = message.value.payloads.find((payload) => payload.kind === 'nonce');
  assert.equal(toHex(nonce?.data ?? assert.fail('no nonce')), vector.ni);
});

test('its IKE_AUTH request opens to identity, AUTH and the rest, and is sealed to the same bytes (section 3.14)', () => {
  const { initiator, responder } = protectorsOf(deriveIkeKeys(input), suite);
  const message = opened(vector.authRequest, initiator);
  assert.deepEqual(message.payloads, payloadsOf(PayloadType.IDI, vector.authPayloads));
  const auth = message.payloads.find((payload) => payload.kind === 'auth');
  assert.equal(toHex(auth?.data ?? assert.fail('no AUTH')), vector.auth);
  assert.equal(openMessage(bytes(vector.authRequest), responder).ok, false);

  const iv = bytes(vector.authRequest).slice(32, 48);
  const sealing = { protector: { ...initiator, makeIv: () => iv }, counter: 1 };
  assert.equal(toHex(sealMessage(message.header, message.payloads, sealing, seededRandom(1))), vector.authRequest);
});

test('a recorded message under AES-GCM opens, and is sealed to the same bytes (RFC 5282 section 3)', () => {
  const key = new SecretKey(bytes(gcmVector.key));
  const protector = createProtector({ encr: Encr.AES_GCM_16, keyBits: gcmVector.keyBits, key, integ: Integ.NONE });
  const message = opened(gcmVector.message, protector);
  assert.deepEqual(message.payloads, payloadsOf(gcmVector.firstPayload, gcmVector.payloads));
  const iv = bytes(gcmVector.message).slice(32, 40);
  const sealing = { protector: { ...protector, makeIv: () => iv }, counter: 1 };
  assert.equal(toHex(sealMessage(message.header, message.payloads, sealing, seededRandom(1))), gcmVector.message);
});
