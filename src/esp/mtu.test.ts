import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Family, SecretKey, seededRandom } from '../base/index.ts';
import { createProtector, Encr, encryptionKeyLength, Integ, integKeyLength } from '../crypto/index.ts';
import { asaOverhead, type EspShape, espOverhead, innerMtu, sealedLength, transportModeMtu } from './mtu.ts';
import { OutboundEsp } from './outbound-esp.ts';

const TRIPLE_DES = 3;
const MD5_96 = 1;
const GRE_HEADER = 24; // GRE and the outer IPv4 header that transport mode shares

/** Printed by real devices for a path MTU of 1500; pairs are without and with NAT traversal. */
const rows = [
  {
    name: 'AES-CBC + SHA1-96',
    encr: Encr.AES_CBC,
    integ: Integ.HMAC_SHA1_96,
    tunnel: [1438, 1422],
    transport: [1458, 1442],
    gre: [1434, 1418],
    v6: [1422, 1406],
    asa: ['74(44)', '82(52)'],
  },
  {
    name: 'AES-CBC + MD5-96',
    encr: Encr.AES_CBC,
    integ: MD5_96,
    tunnel: [1438, 1422],
    transport: [1458, 1442],
    gre: [1434, 1418],
    v6: [1422, 1406],
    asa: ['74(44)', '82(52)'],
  },
  {
    name: 'AES-CBC + SHA256-128',
    encr: Encr.AES_CBC,
    integ: Integ.HMAC_SHA2_256_128,
    tunnel: [1438, 1422],
    transport: [1458, 1442],
    gre: [1434, 1418],
    v6: [1406, 1406],
    asa: ['78(44)', '86(52)'],
  },
  {
    name: 'AES-CBC + SHA384-192',
    encr: Encr.AES_CBC,
    integ: Integ.HMAC_SHA2_384_192,
    tunnel: [1422, 1422],
    transport: [1442, 1442],
    gre: [1418, 1418],
    v6: [1406, 1390],
    asa: ['86(44)', '94(52)'],
  },
  {
    name: 'AES-CBC + SHA512-256',
    encr: Encr.AES_CBC,
    integ: Integ.HMAC_SHA2_512_256,
    tunnel: [1422, 1406],
    transport: [1442, 1426],
    gre: [1418, 1402],
    v6: [1390, 1390],
    asa: ['94(44)', '102(52)'],
  },
  {
    name: '3DES + SHA1-96',
    encr: TRIPLE_DES,
    integ: Integ.HMAC_SHA1_96,
    tunnel: [1446, 1438],
    transport: [1466, 1458],
    gre: [1442, 1434],
    v6: [1430, 1422],
    asa: ['58(36)', '66(44)'],
  },
  {
    name: 'AES-GCM-16',
    encr: Encr.AES_GCM_16,
    integ: Integ.NONE,
    tunnel: [1446, 1438],
    transport: [1466, 1458],
    gre: [1442, 1434],
    v6: [1426, 1418],
    asa: ['55(36)', '63(44)'],
  },
  {
    name: 'NULL + SHA1-96',
    encr: Encr.NULL,
    integ: Integ.HMAC_SHA1_96,
    tunnel: [1458, 1450],
    transport: [1478, 1470],
    gre: [1454, 1446],
    v6: [1438, 1430],
    asa: ['46(28)', '54(36)'],
  },
] as const;

for (const row of rows) {
  for (const [i, udpEncapsulation] of [false, true].entries()) {
    test(`sizes of ${row.name}${udpEncapsulation ? ' behind a NAT' : ''} are those that devices print`, () => {
      const v4: EspShape = { encr: row.encr, integ: row.integ, outerFamily: 4, udpEncapsulation };
      assert.equal(innerMtu(1500, v4), row.tunnel[i]);
      assert.equal(transportModeMtu(1500, v4), row.transport[i]);
      assert.equal(transportModeMtu(1500, v4) - GRE_HEADER, row.gre[i]);
      assert.equal(innerMtu(1500, { ...v4, outerFamily: 6 }), row.v6[i]);
      const { worst, fixed } = asaOverhead(v4);
      assert.equal(`${worst}(${fixed})`, row.asa[i]);
    });
  }
}

type Sample = readonly [name: string, pathMtu: number, mode: 'tunnel' | 'transport', shape: EspShape, mtu: number];

function shape(encr: number, integ: number, outerFamily: Family, udpEncapsulation: boolean): EspShape {
  return { encr, integ, outerFamily, udpEncapsulation };
}

const samples: readonly Sample[] = [
  ['aes-256/sha256', 1500, 'tunnel', shape(Encr.AES_CBC, Integ.HMAC_SHA2_256_128, 4, false), 1438],
  ['aes/sha1', 1500, 'tunnel', shape(Encr.AES_CBC, Integ.HMAC_SHA1_96, 4, false), 1438],
  ['gcm-256', 1500, 'tunnel', shape(Encr.AES_GCM_16, Integ.NONE, 4, false), 1446],
  ['gcm on a jumbo path', 9184, 'tunnel', shape(Encr.AES_GCM_16, Integ.NONE, 4, false), 9130],
  ['aes-256/sha1 behind a NAT', 1500, 'transport', shape(Encr.AES_CBC, Integ.HMAC_SHA1_96, 4, true), 1442],
  ['aes-256/sha256', 1500, 'transport', shape(Encr.AES_CBC, Integ.HMAC_SHA2_256_128, 4, false), 1458],
  ['aes/sha256 over IPv6', 1500, 'transport', shape(Encr.AES_CBC, Integ.HMAC_SHA2_256_128, 6, false), 1446],
  ['3des/md5 over IPv6', 1500, 'transport', shape(TRIPLE_DES, MD5_96, 6, false), 1470],
  ['gcm over IPv6 behind a NAT', 1480, 'transport', shape(Encr.AES_GCM_16, Integ.NONE, 6, true), 1438],
];

for (const [name, pathMtu, mode, espShape, mtu] of samples) {
  test(`sample ${name} (${mode}, path MTU ${pathMtu}) is reproduced`, () => {
    const compute = mode === 'tunnel' ? innerMtu : transportModeMtu;
    assert.equal(compute(pathMtu, espShape), mtu);
  });
}

test('an ASA tunnel interface has the path MTU less the worst overhead', () => {
  assert.equal(1500 - asaOverhead(shape(Encr.AES_GCM_16, Integ.NONE, 4, false)).worst, 1445);
});

const ours = fc.constantFrom(
  [Encr.AES_GCM_16, 256, Integ.NONE] as const,
  [Encr.CHACHA20_POLY1305, 256, Integ.NONE] as const,
  [Encr.AES_CBC, 256, Integ.HMAC_SHA1_96] as const,
  [Encr.AES_CBC, 128, Integ.HMAC_SHA2_256_128] as const,
  [Encr.AES_CBC, 256, Integ.HMAC_SHA2_512_256] as const,
);

test('the largest inner packet fits exactly: one byte more does not', () => {
  const pathMtu = fc.integer({ min: 256, max: 9216 });
  const family = fc.constantFrom<Family>(4, 6);
  fc.assert(
    fc.property(ours, pathMtu, family, fc.boolean(), ([encr, , integ], mtu, outerFamily, udpEncapsulation) => {
      const params = { encr, integ, outerFamily, udpEncapsulation };
      const inner = innerMtu(mtu, params);
      assert.ok(sealedLength(inner, params) <= mtu);
      assert.ok(sealedLength(inner + 1, params) > mtu);
      assert.ok(sealedLength(inner, params) >= inner + espOverhead(params));
    }),
  );
});

test('the computed length is that of the packets we seal', () => {
  const random = seededRandom(1, 'mtu');
  fc.assert(
    fc.property(ours, fc.nat({ max: 300 }), fc.boolean(), ([encr, keyBits, integ], innerLength, esn) => {
      const key = new SecretKey(random(encryptionKeyLength(encr, keyBits)));
      const integKey = new SecretKey(random(integKeyLength(integ)));
      const protector = createProtector({ encr, keyBits, key, integ, integKey });
      const packet = new OutboundEsp({ spi: 1, protector, esn, random }).seal(random(innerLength), 4);
      const params = { encr, integ, outerFamily: 4, udpEncapsulation: false } as const;
      assert.equal(packet.length, sealedLength(innerLength, params) - 20);
    }),
    { numRuns: 50 },
  );
});
