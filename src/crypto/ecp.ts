/** ECP groups 19 to 21, RFC 5903: public values are x | y without a point format octet, the secret is x alone. */
import { createECDH } from 'node:crypto';
import { fail, ok, type Random } from '../base/index.ts';
import { fromNumber, leftPad, toNumber } from './big-endian.ts';
import type { KeyShare } from './key-share.ts';
import type { Curve } from './keys.ts';
import { fieldLength, type NativeCurves, nativeFor, nodeName } from './native-curves.ts';
import { Ke } from './registry.ts';

/** `order` is n of RFC 5903 section 3. */
type Group = Readonly<{ curve: Curve; order: bigint }>;

const GROUPS: ReadonlyMap<number, Group> = new Map([
  [Ke.ECP_256, { curve: 'P-256', order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n }],
  [
    Ke.ECP_384,
    {
      curve: 'P-384',
      order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    },
  ],
  [
    Ke.ECP_521,
    {
      curve: 'P-521',
      order: BigInt(`0x1ff${'f'.repeat(63)}a51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`),
    },
  ],
]);

const UNCOMPRESSED = 0x04;

/** Length of a public value; undefined for a group that is not here. */
export function ecpLength(group: number): number | undefined {
  const known = GROUPS.get(group);
  return known === undefined ? undefined : 2 * fieldLength(known.curve);
}

export function createEcpShare(id: number, random: Random): KeyShare {
  const group = GROUPS.get(id);
  if (group === undefined) throw new Error(`no key exchange method ${id}`);
  const scalar = privateScalar(group, random);
  const native = nativeFor(group.curve);
  return native === undefined ? byNode(id, group.curve, scalar) : byLibrary(native, id, group.curve, scalar);
}

function byNode(group: number, curve: Curve, scalar: Uint8Array): KeyShare {
  const length = fieldLength(curve);
  const ecdh = createECDH(nodeName(curve));
  ecdh.setPrivateKey(scalar);
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

function byLibrary(native: NativeCurves, group: number, curve: Curve, scalar: Uint8Array): KeyShare {
  return {
    group,
    publicValue: native.multiplyBase(curve, scalar),
    computeSecret(peerPublic) {
      if (peerPublic.length !== 2 * fieldLength(curve)) return fail('invalid-public-value');
      const secret = native.multiply(curve, scalar, peerPublic);
      return secret === undefined ? fail('invalid-public-value') : ok(secret);
    },
  };
}

/** A number from 1 to n - 1: 64 bits more than needed, reduced, so that the bias is below 2^-64 (FIPS 186-4 B.4.1). */
function privateScalar({ curve, order }: Group, random: Random): Uint8Array {
  const length = fieldLength(curve);
  return fromNumber((toNumber(random(length + 8)) % (order - 1n)) + 1n, length);
}
