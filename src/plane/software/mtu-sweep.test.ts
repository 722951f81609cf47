/** Every inner size over every transform: what is predicted is what leaves, byte for byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Encr, Integ } from '../../crypto/index.ts';
import { outerLengths } from '../../esp/index.ts';
import { type Suite, TwinPlanes } from '../twin-planes.ts';
import { SoftwarePlane } from './software-plane.ts';

const INTEGRITY = [
  Integ.HMAC_SHA1_96,
  Integ.HMAC_SHA2_256_128,
  Integ.HMAC_SHA2_384_192,
  Integ.HMAC_SHA2_512_256,
] as const;
const AEAD: readonly Suite[] = [
  ...[128, 192, 256].map((keyBits) => ({ encr: Encr.AES_GCM_16, keyBits, integ: Integ.NONE })),
  { encr: Encr.CHACHA20_POLY1305, keyBits: 256, integ: Integ.NONE },
];
const SUITES: readonly Suite[] = [
  ...AEAD,
  ...[128, 192, 256].flatMap((keyBits) => INTEGRITY.map((integ) => ({ encr: Encr.AES_CBC, keyBits, integ }))),
];

/** IPv4 and UDP headers: the shortest packet that a host of the bench sends. */
const SHORTEST = 29;
const LONGEST = 1600;

for (const suite of SUITES) {
  for (const outer of [4, 6] as const) {
    for (const udpEncapsulation of [false, true]) {
      const { encr, keyBits, integ } = suite;
      const name = `encr ${encr}-${keyBits}, integ ${integ}, IPv${outer} outside${udpEncapsulation ? ', behind a NAT' : ''}`;
      test(`sizes ${SHORTEST} to ${LONGEST}: ${name}`, () => {
        for (const fragmentation of ['before', 'after'] as const) {
          const bench = new TwinPlanes((parts) => new SoftwarePlane(parts), {
            suite,
            outer,
            udpEncapsulation,
            tunnel: { fragmentation },
          });
          bench.install(1);
          const shape = { encr, integ, outerFamily: outer, udpEncapsulation };
          const sizes = { shape, pathMtu: 1500, interfaceMtu: 1500, fragmentation };
          // Sizes that pass in one piece are the same either way.
          const from = fragmentation === 'before' ? SHORTEST : 1350;
          for (let length = from; length <= LONGEST; length++) {
            bench.west.plane.receive('lan', bench.packet('west', 4, length), bench.now);
            const captured = bench.takeWire(bench.west).map((packet) => packet.length);
            assert.deepEqual(captured, outerLengths(length, sizes), `${length} bytes, fragmentation ${fragmentation}`);
          }
        }
      });
    }
  }
}
