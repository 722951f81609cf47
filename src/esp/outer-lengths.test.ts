import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Encr, Integ } from '../crypto/index.ts';
import { type EspShape, espLayers, sealedLength, tunnelMtu } from './mtu.ts';
import { outerLengths } from './outer-lengths.ts';

const GCM: EspShape = { encr: Encr.AES_GCM_16, integ: Integ.NONE, outerFamily: 4, udpEncapsulation: true };

test('the layers of a packet in the order of the wire', () => {
  assert.deepEqual(
    espLayers(1437, GCM).map(({ layer, bytes }) => `${layer} ${bytes}`),
    ['outer-ip 20', 'udp 8', 'esp-header 8', 'iv 8', 'payload 1437', 'padding 1', 'trailer 2', 'icv 16'],
  );
  for (const outerFamily of [4, 6] as const) {
    for (let length = 1; length <= 1600; length++) {
      const shape = { encr: Encr.AES_CBC, integ: Integ.HMAC_SHA2_512_256, outerFamily, udpEncapsulation: false };
      const sum = espLayers(length, shape).reduce((total, { bytes }) => total + bytes, 0);
      assert.equal(sum, sealedLength(length, shape));
    }
  }
});

test('each platform has a rule of its own', () => {
  assert.equal(tunnelMtu(1500, GCM, 'tunnel', 'exact'), 1438);
  assert.equal(tunnelMtu(1500, GCM, 'tunnel', 'worst-case'), 1437);
  assert.equal(tunnelMtu(1500, GCM, 'transport', 'exact'), 1458);
});

test('what is cut before it is sealed, and behind it', () => {
  const sizes = { shape: GCM, pathMtu: 1500, interfaceMtu: 1500 } as const;
  // 1438 less the header is 1418, of which 1416 are whole units: 1436 and 64 inside.
  assert.deepEqual(outerLengths(1480, { ...sizes, fragmentation: 'before' }), [1500, 128]);
  assert.deepEqual(outerLengths(1480, { ...sizes, fragmentation: 'after' }), [1500, 64]);
  const over6 = { ...sizes, shape: { ...GCM, outerFamily: 6 }, fragmentation: 'after' } as const;
  assert.deepEqual(outerLengths(1480, over6), [1496, 124]);
  // Too long for the interface even so: cut on both sides of ESP.
  assert.deepEqual(outerLengths(1600, { ...sizes, fragmentation: 'after' }), [1500, 84, 184]);
});
