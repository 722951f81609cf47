/** OpenSSL called directly gives what Node's own interface to it gives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../base/index.ts';
import { Encr, encryptionKeyLength, Integ, integKeyLength } from '../../crypto/index.ts';
import { protectorCiphers } from '../../plane/fast/protector-cipher.fixture.ts';
import { Arena, type FastSaConfig, type PacketCipher } from '../../plane/index.ts';
import { bindEvp, EVP_SCRATCH, EvpCrypto } from './evp.ts';
import { openLibc } from './libc.ts';

const HMACS = [Integ.HMAC_SHA1_96, Integ.HMAC_SHA2_256_128, Integ.HMAC_SHA2_384_192, Integ.HMAC_SHA2_512_256];
const suites = [
  ...[128, 192, 256].map((keyBits) => ({ encr: Encr.AES_GCM_16, keyBits, integ: Integ.NONE })),
  { encr: Encr.CHACHA20_POLY1305, keyBits: 256, integ: Integ.NONE },
  ...[128, 192, 256].flatMap((keyBits) => HMACS.map((integ) => ({ encr: Encr.AES_CBC, keyBits, integ }))),
];
const PLAIN = EVP_SCRATCH;
const ESP = PLAIN + 4096;
const BACK = ESP + 4096;

function configOf(suite: (typeof suites)[number], esn: boolean): FastSaConfig {
  const { encr, keyBits, integ } = suite;
  const random = seededRandom(5, `${encr} ${keyBits} ${integ}`);
  const keys = { ...suite, key: random(encryptionKeyLength(encr, keyBits)), integKey: random(integKeyLength(integ)) };
  const end = { address: '192.0.2.1', port: 500 };
  return {
    slot: 0,
    serial: 1,
    inboundSpi: 7,
    outboundSpi: 7,
    esn,
    replayWindow: 64,
    // What it seals it can open: both directions have the same keys here.
    inbound: keys,
    outbound: keys,
    local: end,
    remote: end,
    udpEncapsulation: false,
    vrf: '',
  };
}

test('every suite seals and opens as Node does, in any order, and refuses every change', () => {
  const libc = openLibc();
  const evp = bindEvp();
  assert.ok(libc.ok && evp !== undefined, 'OpenSSL can be called');
  const buffer = new ArrayBuffer(BACK + 8192);
  const arena = new Arena(buffer);
  const crypto = new EvpCrypto(evp, arena, libc.value.addressOf(buffer), 0);
  const random = seededRandom(6, 'plain');
  for (const suite of suites) {
    for (const esn of [false, true]) {
      const config = configOf(suite, esn);
      const ours = crypto.cipherFor(config);
      const nodes = protectorCiphers(arena, random)(config);
      assert.ok(ours !== undefined && nodes !== undefined, JSON.stringify(suite));
      assert.deepEqual(
        [ours.ivLength, ours.icvLength, ours.blockLength],
        [nodes.ivLength, nodes.icvLength, nodes.blockLength],
      );
      for (const [i, length] of [16, 64, 1440, 16].entries()) {
        const sequence = (esn ? 0x1_0000_0000 : 0) + i + 1;
        const plain = random(length);
        const whole: number = 8 + ours.ivLength + length + ours.icvLength;
        const pairs: readonly (readonly [PacketCipher, PacketCipher])[] = [
          [ours, nodes],
          [nodes, ours],
          [ours, ours],
        ];
        for (const [sealer, opener] of pairs) {
          arena.bytes.set(plain, PLAIN);
          arena.view.setUint32(ESP, 7);
          arena.view.setUint32(ESP + 4, sequence % 0x1_0000_0000);
          sealer.seal(ESP, PLAIN, length, sequence);
          const sealed = arena.bytes.slice(ESP, ESP + whole);
          assert.equal(opener.open(ESP, whole, BACK, sequence), length);
          assert.deepEqual(arena.bytes.slice(BACK, BACK + length), plain);
          assert.deepEqual(arena.bytes.slice(ESP, ESP + whole), sealed, 'the packet stays as it is');
          for (const place of [0, 5, 9, 8 + ours.ivLength, whole - 1]) {
            // With ESN an AEAD covers the number that the caller inferred, not the half of it on the wire.
            if (place === 5 && esn && suite.integ === Integ.NONE) continue;
            arena.bytes[ESP + place] = (arena.bytes[ESP + place] ?? 0) ^ 0x10;
            assert.equal(opener.open(ESP, whole, BACK, sequence), -1, `byte ${place}`);
            arena.bytes[ESP + place] = (arena.bytes[ESP + place] ?? 0) ^ 0x10;
          }
          if (esn)
            assert.equal(opener.open(ESP, whole, BACK, sequence + 0x1_0000_0000), -1, 'the high half is covered');
          assert.equal(opener.open(ESP, whole, BACK, sequence), length, 'and what failed spoilt nothing');
        }
      }
      ours.end();
      nodes.end();
    }
  }
});

test('AEAD gives the very bytes that Node gives', () => {
  const libc = openLibc();
  const evp = bindEvp();
  assert.ok(libc.ok && evp !== undefined, 'OpenSSL can be called');
  const buffer = new ArrayBuffer(BACK + 8192);
  const arena = new Arena(buffer);
  const crypto = new EvpCrypto(evp, arena, libc.value.addressOf(buffer), 0);
  for (const suite of suites.slice(0, 4)) {
    const config = configOf(suite, false);
    const sealed = [crypto.cipherFor(config), protectorCiphers(arena, seededRandom(1, 'iv'))(config)].map((cipher) => {
      arena.bytes.fill(0x5a, PLAIN, PLAIN + 200);
      arena.bytes.fill(0, ESP, ESP + 400);
      arena.view.setUint32(ESP, 7);
      arena.view.setUint32(ESP + 4, 99);
      cipher?.seal(ESP, PLAIN, 200, 99);
      return arena.bytes.slice(ESP, ESP + 8 + 8 + 200 + 16);
    });
    assert.deepEqual(sealed[0], sealed[1]);
  }
});
