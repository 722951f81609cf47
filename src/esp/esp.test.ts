import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import cbcVectors from '../../test/vectors/aes-cbc-esp.json' with { type: 'json' };
import gcmVectors from '../../test/vectors/aes-gcm-esp.json' with { type: 'json' };
import chachaVectors from '../../test/vectors/chacha20-poly1305.json' with { type: 'json' };
import packetVectors from '../../test/vectors/esp-packets.json' with { type: 'json' };
import { concat, EMPTY, fromHex, readU32, SecretKey, seededRandom, toHex } from '../base/index.ts';
import {
  createProtector,
  Encr,
  encryptionKeyLength,
  Integ,
  icvLength,
  integKeyLength,
  type Protector,
} from '../crypto/index.ts';
import { InboundEsp, type OpenedEsp } from './inbound-esp.ts';
import { OutboundEsp } from './outbound-esp.ts';

const bytes = (hex: string): Uint8Array => fromHex(hex) ?? assert.fail(`not hexadecimal: ${hex}`);
const random = seededRandom(1, 'esp');
const TWO_32 = 2 ** 32;

function sealed(out: OutboundEsp, inner: Uint8Array, nextHeader = 4): Uint8Array {
  const packet = out.seal(inner, nextHeader);
  return packet === 'sequence-exhausted' ? assert.fail(packet) : packet;
}

function opened(inbound: InboundEsp, packet: Uint8Array): OpenedEsp {
  const result = inbound.open(packet);
  return result.ok ? result.value : assert.fail(result.error);
}

function dropOf(inbound: InboundEsp, packet: Uint8Array): string {
  const result = inbound.open(packet);
  return result.ok ? assert.fail('was opened') : result.error;
}

for (const row of cbcVectors.cases) {
  test(`ESP with AES-CBC builds the published packet of RFC 3602 ${row.name}`, () => {
    const key = new SecretKey(bytes(row.key));
    const [integ, integKey] = [Integ.HMAC_SHA1_96, new SecretKey(random(20))];
    const cbc = createProtector({ encr: Encr.AES_CBC, keyBits: 128, key, integ, integKey });
    const protector: Protector = { ...cbc, makeIv: () => bytes(row.iv) };
    const out = new OutboundEsp({ spi: row.spi, protector, esn: false, random, sequence: row.sequence - 1 });
    const packet = sealed(out, bytes(row.inner), row.nextHeader);
    assert.equal(toHex(packet.subarray(0, packet.length - icvLength(integ))), row.packet);
    const inbound = new InboundEsp({ spi: row.spi, protector, esn: false, replayWindow: 64 });
    assert.deepEqual(opened(inbound, packet), { inner: bytes(row.inner), nextHeader: row.nextHeader });
  });
}

const aeadRows = [
  ...gcmVectors.cases.map((row) => ({ ...row, encr: Encr.AES_GCM_16, title: `AES-GCM, McGrew-Viega ${row.name}` })),
  ...chachaVectors.cases
    .filter((row) => row.name === 'RFC 7634 appendix A')
    .map((row) => ({ ...row, encr: Encr.CHACHA20_POLY1305, title: row.name })),
];

for (const row of aeadRows) {
  const [nonce, aad, plaintext] = [bytes(row.nonce), bytes(row.aad), bytes(row.plaintext)];
  const esn = aad.length === 12;
  const [spi, low] = [readU32(aad, 0), readU32(aad, aad.length - 4)];
  const sequence = low + (esn ? TWO_32 * readU32(aad, 4) : 0);
  // Some cases have numbers that no SA of ours lives to see; the cipher's own tests hold those.
  if (sequence === 0 || sequence >= 2 ** 48) continue;

  test(`ESP with ${row.title} builds and opens the published packet`, () => {
    const key = new SecretKey(concat(bytes(row.key), nonce.subarray(0, 4)));
    const aead = createProtector({ encr: row.encr, keyBits: 4 * row.key.length, key, integ: Integ.NONE });
    const protector: Protector = { ...aead, makeIv: () => nonce.subarray(4) };
    const padLength = plaintext[plaintext.length - 2] ?? 0;
    const inner = plaintext.subarray(0, plaintext.length - 2 - padLength);
    const nextHeader = plaintext[plaintext.length - 1] ?? 0;
    const packet = concat(aad.subarray(0, 4), aad.subarray(aad.length - 4), nonce.subarray(4), bytes(row.ciphertext));
    const whole = concat(packet, bytes(row.tag));
    const out = new OutboundEsp({ spi, protector, esn, random, sequence: sequence - 1 });
    assert.equal(toHex(sealed(out, inner, nextHeader)), toHex(whole));
    const inbound = new InboundEsp({ spi, protector, esn, replayWindow: 64 });
    assert.deepEqual(opened(inbound, whole), { inner: inner.slice(), nextHeader });
    assert.equal(inbound.highest, sequence);
  });
}

for (const row of packetVectors.cases) {
  test(`ESP builds and opens the published packet ${row.name}, SPI to ICV`, () => {
    const whole = bytes(row.outer);
    const packet = whole.subarray((whole[0] ?? 0) >>> 4 === 4 ? 20 : 40);
    const [encr, keyBits, integ] = [row.encr, row.keyBits, row.integ];
    const integKey = integ === Integ.NONE ? undefined : new SecretKey(bytes(row.integKey));
    const suite = createProtector({ encr, keyBits, key: new SecretKey(bytes(row.key)), integ, integKey });
    const protector: Protector = { ...suite, makeIv: () => packet.slice(8, 8 + suite.ivLength) };
    const [spi, sequence] = [readU32(packet, 0), readU32(packet, 4)];
    const out = new OutboundEsp({ spi, protector, esn: false, random, sequence: sequence - 1 });
    assert.equal(toHex(sealed(out, bytes(row.inner), row.nextHeader)), toHex(packet));
    const inbound = new InboundEsp({ spi, protector, esn: false, replayWindow: 64 });
    assert.deepEqual(opened(inbound, packet), { inner: bytes(row.inner), nextHeader: row.nextHeader });
  });
}

const SUITES = [
  [Encr.AES_GCM_16, 256, Integ.NONE],
  [Encr.CHACHA20_POLY1305, 256, Integ.NONE],
  [Encr.AES_CBC, 128, Integ.HMAC_SHA1_96],
  [Encr.AES_CBC, 256, Integ.HMAC_SHA2_256_128],
  [Encr.AES_CBC, 256, Integ.HMAC_SHA2_384_192],
  [Encr.AES_CBC, 256, Integ.HMAC_SHA2_512_256],
] as const;

function makeProtector([encr, keyBits, integ]: (typeof SUITES)[number]): Protector {
  const key = new SecretKey(random(encryptionKeyLength(encr, keyBits)));
  const integKey = new SecretKey(random(integKeyLength(integ)));
  return createProtector({ encr, keyBits, key, integ, integKey });
}

for (const suite of SUITES) {
  for (const esn of [false, true]) {
    const protector = makeProtector(suite);
    const name = `${suite.join('/')}${esn ? ' with ESN' : ''}`;
    const outbound = (sequence = 0): OutboundEsp => new OutboundEsp({ spi: 7, protector, esn, random, sequence });
    const inbound = (replayWindow = 64): InboundEsp => new InboundEsp({ spi: 7, protector, esn, replayWindow });

    test(`ESP ${name} opens what it sealed; any flipped bit or missing byte is refused`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat({ max: 255 }), fc.nat(), (inner, nextHeader, where) => {
          const packet = sealed(outbound(where % 1000), inner, nextHeader);
          assert.deepEqual(opened(inbound(), packet), { inner, nextHeader });
          const flipped = packet.slice();
          const bit = where % (8 * packet.length);
          flipped[bit >>> 3] = (flipped[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
          assert.equal(inbound().open(flipped).ok, false);
          assert.equal(inbound().open(packet.subarray(0, where % packet.length)).ok, false);
        }),
        { numRuns: 40 },
      );
    });

    test(`ESP ${name}: no bytes make open throw`, () => {
      const side = inbound();
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 150 }), (packet) => {
          assert.equal(side.open(packet).ok, false);
        }),
        { numRuns: 60 },
      );
      assert.equal(side.highest, 0);
    });

    test(`ESP ${name} takes packets in any order, each once`, () => {
      const [out, side] = [outbound(), inbound()];
      const packets = Array.from({ length: 40 }, () => sealed(out, random(20)));
      const shuffled = packets.map((_, i) => packets[(i * 27) % 40] ?? assert.fail());
      for (const packet of shuffled) opened(side, packet);
      for (const packet of shuffled) assert.equal(dropOf(side, packet), 'replayed');
      assert.equal(out.sequence, 40);
      assert.equal(side.highest, 40);
      // Numbers 0 to 40: the window starts with 0 marked.
      assert.deepEqual(side.replayBitmap(), [0xffff_ffff, 0x1ff]);
    });
  }

  test(`ESP ${suite.join('/')} with ESN goes on across the 2^32 boundary, reordered (RFC 4303 appendix A)`, () => {
    const protector = makeProtector(suite);
    const before = TWO_32 - 40;
    const out = new OutboundEsp({ spi: 7, protector, esn: true, random, sequence: before });
    const side = new InboundEsp({ spi: 7, protector, esn: true, replayWindow: 64, highest: before });
    const packets = Array.from({ length: 80 }, () => sealed(out, random(20)));
    for (let i = 0; i < packets.length; i += 2) {
      opened(side, packets[i + 1] ?? assert.fail());
      opened(side, packets[i] ?? assert.fail());
    }
    assert.equal(side.highest, TWO_32 + 40);
    for (const packet of packets.slice(40)) assert.equal(dropOf(side, packet), 'replayed');
    // Below the window the low half is taken for the next subspace, where the ICV cannot match.
    assert.equal(side.open(packets[0] ?? assert.fail()).ok, false);
  });
}

const gcm = makeProtector(SUITES[0]);
const cbc = makeProtector(SUITES[3]);

test('sequence numbers end at 2^32 - 1 without ESN (RFC 4303 section 3.3.3)', () => {
  const out = new OutboundEsp({ spi: 7, protector: gcm, esn: false, random, sequence: TWO_32 - 2 });
  assert.equal(readU32(sealed(out, EMPTY), 4), TWO_32 - 1);
  assert.equal(out.seal(EMPTY, 4), 'sequence-exhausted');
  assert.equal(out.sequence, TWO_32 - 1);
});

test('with ESN they end where the counter of AEAD IVs does', () => {
  const out = new OutboundEsp({ spi: 7, protector: gcm, esn: true, random, sequence: 2 ** 48 - 2 });
  sealed(out, EMPTY);
  assert.equal(out.seal(EMPTY, 4), 'sequence-exhausted');
});

test('the replay check comes before the ICV, and only authentic packets move the window (section 3.4.3)', () => {
  const out = new OutboundEsp({ spi: 7, protector: cbc, esn: false, random });
  const side = new InboundEsp({ spi: 7, protector: cbc, esn: false, replayWindow: 64 });
  const first = sealed(out, random(30));
  opened(side, first);
  const damaged = first.slice();
  damaged[20] = (damaged[20] ?? 0) ^ 1;
  assert.equal(dropOf(side, damaged), 'replayed');
  const forged = first.slice();
  forged[4] = 0x7f; // a sequence number far ahead
  assert.equal(dropOf(side, forged), 'integrity-failed');
  assert.equal(side.highest, 1);
  opened(side, sealed(out, random(30)));
});

test('what fell out of the window is too old', () => {
  const out = new OutboundEsp({ spi: 7, protector: gcm, esn: false, random });
  const side = new InboundEsp({ spi: 7, protector: gcm, esn: false, replayWindow: 64 });
  const packets = Array.from({ length: 70 }, () => sealed(out, random(8)));
  opened(side, packets[69] ?? assert.fail());
  assert.equal(side.furthestBehind, 0);
  assert.equal(dropOf(side, packets[5] ?? assert.fail()), 'too-old');
  assert.equal(dropOf(side, packets[0] ?? assert.fail()), 'too-old');
  assert.equal(dropOf(side, packets[3] ?? assert.fail()), 'too-old');
  opened(side, packets[6] ?? assert.fail());
  // A window of one packet more would have taken number 1 after number 70.
  assert.equal(side.furthestBehind, 69);
});

test('window 0 opens a packet as often as it comes', () => {
  for (const esn of [false, true]) {
    const packet = sealed(new OutboundEsp({ spi: 7, protector: gcm, esn, random }), random(8));
    const side = new InboundEsp({ spi: 7, protector: gcm, esn, replayWindow: 0 });
    opened(side, packet);
    opened(side, packet);
    assert.deepEqual(side.replayBitmap(), []);
  }
});

test('lengths that no packet has are named before anything is computed', () => {
  const side = new InboundEsp({ spi: 7, protector: cbc, esn: false, replayWindow: 64 });
  for (const length of [0, 7, 8, 24, 39, 41, 55]) assert.equal(dropOf(side, new Uint8Array(length)), 'bad-length');
});

test('an authentic packet with other padding than 1, 2, 3… is refused (section 2.4)', () => {
  const plaintexts = ['45000102020104', '4500010304', '0504', 'ff04'];
  for (const [i, hex] of plaintexts.entries()) {
    const header = Uint8Array.of(0, 0, 0, 7, 0, 0, 0, i + 1);
    const iv = gcm.makeIv(i + 1, random);
    const packet = concat(header, iv, gcm.seal(iv, header, bytes(hex)));
    const side = new InboundEsp({ spi: 7, protector: gcm, esn: false, replayWindow: 64 });
    assert.equal(dropOf(side, packet), 'bad-padding');
    // It was authentic all the same: the window has moved.
    assert.equal(side.highest, i + 1);
  }
});

test('longer padding than needed is accepted (section 2.4: up to 255 bytes)', () => {
  const header = Uint8Array.of(0, 0, 0, 7, 0, 0, 0, 1);
  const iv = gcm.makeIv(1, random);
  const padding = Uint8Array.from({ length: 255 }, (_, i) => i + 1);
  const plaintext = concat(bytes('4500'), padding, Uint8Array.of(255, 4));
  const side = new InboundEsp({ spi: 7, protector: gcm, esn: false, replayWindow: 64 });
  const packet = concat(header, iv, gcm.seal(iv, header, plaintext));
  assert.deepEqual(opened(side, packet), { inner: bytes('4500'), nextHeader: 4 });
});

test('dummy packets come out as such (section 2.6: next header 59)', () => {
  const out = new OutboundEsp({ spi: 7, protector: gcm, esn: false, random });
  const side = new InboundEsp({ spi: 7, protector: gcm, esn: false, replayWindow: 64 });
  assert.deepEqual(opened(side, sealed(out, EMPTY, 59)), { inner: new Uint8Array(0), nextHeader: 59 });
});

test('two SAs that share nothing but the window size refuse each other', () => {
  const packet = sealed(new OutboundEsp({ spi: 7, protector: gcm, esn: false, random }), random(8));
  const other = new InboundEsp({ spi: 7, protector: makeProtector(SUITES[0]), esn: false, replayWindow: 64 });
  assert.equal(dropOf(other, packet), 'integrity-failed');
  const withEsn = new InboundEsp({ spi: 7, protector: gcm, esn: true, replayWindow: 64 });
  assert.equal(dropOf(withEsn, packet), 'integrity-failed');
});
