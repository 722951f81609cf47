/** Every inner size over every transform: what is predicted is what leaves, byte for byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Encr, Integ } from '../../crypto/index.ts';
import { outerLengths, type TunnelSizes } from '../../esp/index.ts';
import { buildIp } from '../../ip/index.ts';
import { type Suite, type TwinOptions, TwinPlanes } from '../twin-planes.ts';
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

/** An IPv4 header and nothing else is the shortest packet there is. */
const SHORTEST = 20;
const LONGEST = 1600;

/** Sizes around which something is cut; below them both kinds of fragmentation are the same. */
const NEAR_THE_LIMIT = 1350;
const GRE_HEADER = { 4: 24, 6: 44 } as const;
const KEY = 4;

/** What is put around a packet, and how: a tunnel as it is, and GRE with and without a key in both modes. */
const SHAPES = [
  { what: 'tunnel mode' },
  { what: 'GRE in transport mode', mode: 'transport', gre: {} },
  { what: 'GRE with a key in tunnel mode', mode: 'tunnel', gre: { key: 7 } },
] as const;

function packetOf(bench: TwinPlanes, length: number): Uint8Array {
  const [source, destination] = [bench.address('west', 'host', 4), bench.address('east', 'host', 4)];
  return buildIp({ source, destination, protocol: EXPERIMENTAL }, new Uint8Array(length - SHORTEST));
}

/** RFC 3692: nobody gives it a meaning. */
const EXPERIMENTAL = 253;

function sweep(options: TwinOptions, sizes: TunnelSizes, from: number): void {
  const bench = new TwinPlanes((parts) => new SoftwarePlane(parts), options);
  if (options.gre?.isProtected !== false) bench.install(1);
  for (let length = from; length <= LONGEST; length++) {
    bench.west.plane.receive('lan', packetOf(bench, length), bench.now);
    const captured = bench.takeWire(bench.west).map((packet) => packet.length);
    const predicted = outerLengths(length, sizes);
    if (predicted.length !== captured.length || predicted.some((one, i) => one !== captured[i])) {
      assert.deepEqual(captured, predicted, `${length} bytes, fragmentation ${sizes.fragmentation}`);
    }
  }
}

for (const suite of SUITES) {
  for (const outer of [4, 6] as const) {
    for (const udpEncapsulation of [false, true]) {
      for (const { what, ...how } of SHAPES) {
        const { encr, keyBits, integ } = suite;
        const name = `encr ${encr}-${keyBits}, integ ${integ}, IPv${outer} outside${udpEncapsulation ? ', behind a NAT' : ''}`;
        test(`sizes ${SHORTEST} to ${LONGEST}: ${what}, ${name}`, () => {
          const shape = { encr, integ, outerFamily: outer, udpEncapsulation };
          const bytes = 'gre' in how ? GRE_HEADER[outer] + ('key' in how.gre ? KEY : 0) : 0;
          const gre = 'mode' in how ? { gre: { bytes, mode: how.mode } } : {};
          for (const fragmentation of ['before', 'after'] as const) {
            const sizes = { shape, pathMtu: 1500, interfaceMtu: 1500, fragmentation, ...gre };
            const options = { suite, outer, udpEncapsulation, tunnel: { fragmentation }, ...how };
            // Sizes that pass in one piece are the same either way.
            sweep(options, sizes, fragmentation === 'before' ? SHORTEST : NEAR_THE_LIMIT);
          }
        });
      }
    }
  }
}

for (const outer of [4, 6] as const) {
  for (const interfaceMtu of [1500, 1400]) {
    test(`sizes ${SHORTEST} to ${LONGEST}: GRE in clear, IPv${outer} outside, MTU ${interfaceMtu}`, () => {
      const shape = { encr: Encr.AES_GCM_16, integ: Integ.NONE, outerFamily: outer, udpEncapsulation: false };
      const gre = { bytes: GRE_HEADER[outer], mode: 'none' } as const;
      const options = { outer, gre: { isProtected: false }, tunnelMtu: interfaceMtu };
      sweep(options, { shape, pathMtu: 1500, interfaceMtu, fragmentation: 'before', gre }, SHORTEST);
    });
  }
}
