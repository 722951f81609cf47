/** One AUTH payload apart from any exchange: methods, what they sign, what they refuse (RFC 7296 section 2.15, RFC 7427). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, concat, SecretKey, utf8 } from '../base/index.ts';
import type { TestKeyType } from '../crypto/pki.fixture.ts';
import { type Claim, ownProof, verifyPeer } from './authentication.ts';
import { leaf, signs, trusting } from './certificates.fixture.ts';
import { IkeContext } from './context.ts';
import { identityPayload } from './identity.ts';
import { A, address, B, EPOCH_MS, key, peerTo } from './pair.fixture.ts';
import type { Identity } from './policy.ts';
import { AuthMethod, HashAlgorithm, type Payload } from './wire/message.ts';

/** What both ends need to prove and verify one AUTH payload, apart from any exchange. */
function bench(peerHashes: readonly number[]) {
  const context = new IkeContext(
    { random: (length) => new Uint8Array(length), lastInbound: () => undefined, wallClock: () => EPOCH_MS },
    at(0),
  );
  const end = { address: address(A), port: 500 };
  const path = { local: end, remote: { address: address(B), port: 500 } };
  const begin = { role: 'initiator', session: 1, localSpi: 1n, remoteSpi: 2n, path, peer: undefined } as const;
  const sa = context.add({ ...begin, stage: { kind: 'established' } });
  sa.suite = { encr: 20, keyBits: 128, integ: 0, prf: 5, group: 31 };
  sa.peerHashes = peerHashes;
  return { context, sa };
}

const { IDENTITY, SHA1, SHA2_256, SHA2_384, SHA2_512 } = HashAlgorithm;
const ALL = [SHA2_256, SHA2_384, SHA2_512, IDENTITY];

const choices: readonly Readonly<{
  type: TestKeyType;
  hashes: readonly number[];
  method: number;
  algorithm?: string;
}>[] = [
  { type: 'rsa', hashes: [], method: AuthMethod.RSA_SIGNATURE },
  { type: 'P-256', hashes: [], method: AuthMethod.ECDSA_256 },
  { type: 'P-384', hashes: [], method: AuthMethod.ECDSA_384 },
  { type: 'P-521', hashes: [], method: AuthMethod.ECDSA_521 },
  { type: 'rsa', hashes: ALL, method: AuthMethod.DIGITAL_SIGNATURE },
  { type: 'rsa', hashes: [SHA2_512], method: AuthMethod.DIGITAL_SIGNATURE },
  { type: 'P-384', hashes: [SHA2_256], method: AuthMethod.DIGITAL_SIGNATURE },
  { type: 'ed25519', hashes: [IDENTITY], method: AuthMethod.DIGITAL_SIGNATURE },
];

for (const { type, hashes, method } of choices) {
  test(`a key ${type} signs by method ${method} for a peer with hashes ${hashes.join(' ') || 'of none'}`, () => {
    const { context, sa } = bench(hashes);
    const issued = leaf('a', type);
    const identity: Identity = { type: 'der-asn1-dn', data: issued.certificate.subject };
    const idBody = identityPayload('idi', identity).body;
    const signed = { message: utf8('first message'), peerNonce: utf8('nonce'), idBody };
    const skP = new SecretKey(utf8('0123456789abcdef'));
    const peer = peerTo(B, { localSignature: signs(issued), trust: trusting() });
    const own = ownProof(sa, peer, signed);
    assert.ok(own.ok);
    assert.equal(own.value.method, method);
    const data = own.value.prove(skP);
    const claim = { identity, method, data, payloads: own.value.certificates, skP, role: 'initiator' } as const;
    assert.ok(verifyPeer(context, sa, peer, signed, claim).ok);
    // Every part of what is signed counts, and so does every byte of the signature.
    for (const change of [{ message: utf8('First message') }, { peerNonce: utf8('nonsense') }]) {
      assert.ok(!verifyPeer(context, sa, peer, { ...signed, ...change }, claim).ok);
    }
    assert.ok(!verifyPeer(context, sa, peer, signed, { ...claim, skP: new SecretKey(utf8('0123456789abcdeg')) }).ok);
    for (let i = 0; i < data.length; i += 7) {
      const changed = Uint8Array.from(data);
      changed[i] = (changed[i] ?? 0) ^ 0x20;
      assert.ok(!verifyPeer(context, sa, peer, signed, { ...claim, data: changed }).ok, `byte ${i}`);
      assert.ok(!verifyPeer(context, sa, peer, signed, { ...claim, data: data.subarray(0, i) }).ok, `${i} bytes`);
    }
    for (const other of [1, 9, 10, 11, 14, 3, 0, 255]) {
      if (other !== method)
        assert.ok(!verifyPeer(context, sa, peer, signed, { ...claim, method: other }).ok, `${other}`);
    }
  });
}

for (const [type, hashes] of [
  ['ed25519', []],
  ['ed25519', ALL.slice(0, 3)],
  ['rsa-pss', []],
  ['rsa', [SHA1]],
] as const) {
  test(`a key ${type} has no method for a peer with hashes ${hashes.join(' ') || 'of none'}`, () => {
    const { sa } = bench(hashes);
    const signed = { message: utf8('m'), peerNonce: utf8('n'), idBody: utf8('i') };
    const own = ownProof(sa, peerTo(B, { localSignature: signs(leaf('a', type)) }), signed);
    assert.ok(!own.ok && own.error.fault === 'unsupported-authentication');
  });
}

test('without a time of day no certificate is accepted', () => {
  const { context, sa } = bench(ALL);
  const blind = new IkeContext({ random: context.environment.random, lastInbound: () => undefined }, at(0));
  const issued = leaf('a');
  const identity: Identity = { type: 'der-asn1-dn', data: issued.certificate.subject };
  const signed = { message: utf8('m'), peerNonce: utf8('n'), idBody: identityPayload('idi', identity).body };
  const peer = peerTo(B, { localSignature: signs(issued), trust: trusting() });
  const own = ownProof(sa, peer, signed);
  assert.ok(own.ok);
  const skP = key('k');
  const { method, certificates: payloads } = own.value;
  const claim = { identity, method, data: own.value.prove(skP), payloads, skP, role: 'initiator' } as const;
  const verified = verifyPeer(blind, sa, peer, signed, claim);
  assert.ok(!verified.ok && verified.error.because?.code === 'no-wall-clock');
});

test('certificates of any bytes are refused by name and throw nothing', () => {
  const { context, sa } = bench(ALL);
  const peer = peerTo(B, { trust: trusting() });
  const identity: Identity = { type: 'key-id', data: utf8('x') };
  const signed = { message: utf8('m'), peerNonce: utf8('n'), idBody: utf8('i') };
  let seed = 1;
  for (let run = 0; run < 300; run++) {
    const { der } = leaf('a').certificate;
    const data = Uint8Array.from(der);
    for (let i = 0; i < 1 + (run % 5); i++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      data[seed % data.length] = seed >> 8;
    }
    const payloads: Payload[] = [
      { kind: 'cert', encoding: 4, data },
      { kind: 'cert', encoding: run % 7, data: data.subarray(run) },
    ];
    const claim: Claim = {
      identity,
      method: [1, 9, 10, 11, 14][run % 5] ?? 14,
      data: concat(Uint8Array.of(run & 255), data),
      payloads,
      skP: key('k'),
      role: 'initiator',
    };
    assert.equal(verifyPeer(context, sa, peer, signed, claim).ok, false);
  }
});
