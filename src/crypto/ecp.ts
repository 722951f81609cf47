/** ECP groups 19 to 21, RFC 5903: public values are x | y without a point format octet, the secret is x alone. */
import { createECDH } from 'node:crypto';
import { fail, ok, type Random } from '../base/index.ts';
import { fromNumber, leftPad, toNumber } from './big-endian.ts';
import type { KeyShare } from './key-share.ts';
import { Ke } from './registry.ts';

/** `order` is n of RFC 5903 section 3; `length` that of one coordinate. */
type Curve = Readonly<{ name: string; length: number; order: bigint }>;

const CURVES: ReadonlyMap<number, Curve> = new Map([
  [
    Ke.ECP_256,
    { name: 'prime256v1', length: 32, order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n },
  ],
  [
    Ke.ECP_384,
    {
      name: 'secp384r1',
      length: 48,
      order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    },
  ],
  [
    Ke.ECP_521,
    {
      name: 'secp521r1',
      length: 66,
      order: BigInt(`0x1ff${'f'.repeat(63)}a51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`),
    },
  ],
]);

const UNCOMPRESSED = 0x04;

/** Length of a public value; undefined for a group that is not here. */
export function ecpLength(group: number): number | undefined {
  const curve = CURVES.get(group);
  return curve === undefined ? undefined : 2 * curve.length;
}

export function createEcpShare(group: number, random: Random): KeyShare {
  const curve = CURVES.get(group);
  if (curve === undefined) throw new Error(`no key exchange method ${group}`);
  const { length } = curve;
  const ecdh = createECDH(curve.name);
  ecdh.setPrivateKey(privateScalar(curve, random));
  const publicValue = Uint8Array.from(ecdh.getPublicKey().subarray(1));
  return {
    group,
    publicValue,
    computeSecret(peerPublic) {
      if (peerPublic.length !== 2 * length) return fail('invalid-public-value');
      const point = new Uint8Array(1 + peerPublic.length);
      point[0] = UNCOMPRESSED;
      point.set(peerPublic, 1);
      try {
        // Node refuses coordinates outside the field and points off the curve: RFC 6989 section 2.3.
        return ok(leftPad(ecdh.computeSecret(point), length));
      } catch {
        return fail('invalid-public-value');
      }
    },
  };
}

/** A number from 1 to n - 1: 64 bits more than needed, reduced, so that the bias is below 2^-64 (FIPS 186-4 B.4.1). */
function privateScalar({ length, order }: Curve, random: Random): Uint8Array {
  return fromNumber((toNumber(random(length + 8)) % (order - 1n)) + 1n, length);
}
