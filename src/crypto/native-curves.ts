/**
 * Elliptic curves by a library of the machine, where it is quicker than the one that Node brings. Node's OpenSSL is built
 * without its fast P-521, and its ECDH checks the order of a point besides the equation of the curve, which a curve of
 * cofactor 1 does not need (RFC 6989 section 2.3). What gains nothing stays with Node: X25519, MODP, RSA, ECDSA below P-521.
 *
 * The library is handed in by whoever drives the gateway, once for a process: nothing here loads one. Both give the same
 * bytes for the same private values, so a run under virtual time does not depend on which of them is there.
 */
import { createECDH } from 'node:crypto';
import { bytesEqual } from '../base/index.ts';
import type { Curve } from './keys.ts';

/** Points are x | y, each as long as the curve's field; scalars are as long, from 1 to n - 1. Nothing is kept of them. */
export type NativeCurves = Readonly<{
  /** Such as `OpenSSL 3.0.19`. */
  name: string;
  curves: readonly Curve[];
  /** scalar * G. */
  multiplyBase: (curve: Curve, scalar: Uint8Array) => Uint8Array;
  /** x of scalar * point; undefined: a coordinate is outside the field, or the point is not on the curve. */
  multiply: (curve: Curve, scalar: Uint8Array, point: Uint8Array) => Uint8Array | undefined;
  /** An ECDSA signature over a digest, as the DER sequence of RFC 3279 section 2.2.3. */
  sign: (curve: Curve, scalar: Uint8Array, digest: Uint8Array) => Uint8Array;
  verify: (curve: Curve, point: Uint8Array, digest: Uint8Array, signature: Uint8Array) => boolean;
}>;

const NODE_NAMES: Readonly<Record<Curve, string>> = {
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
};
const FIELD_LENGTHS: Readonly<Record<Curve, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 };

/** One choice for a process. */
let chosen: NativeCurves | undefined;

/**
 * From now on keys are exchanged by these; undefined: by Node alone, as at first. Gives the curves that are taken: those
 * where the library and Node come to the same result.
 */
export function useNativeCurves(native: NativeCurves | undefined): readonly Curve[] {
  const curves = native?.curves.filter((curve) => agrees(native, curve)) ?? [];
  chosen = native === undefined || curves.length === 0 ? undefined : { ...native, curves };
  return curves;
}

/** The library that is to be used for a curve, if any is. */
export function nativeFor(curve: Curve): NativeCurves | undefined {
  return chosen?.curves.includes(curve) === true ? chosen : undefined;
}

/** The length of a coordinate. */
export function fieldLength(curve: Curve): number {
  return FIELD_LENGTHS[curve];
}

/** What OpenSSL calls a curve. */
export function nodeName(curve: Curve): string {
  return NODE_NAMES[curve];
}

/** One public value and one secret, by both. */
function agrees(native: NativeCurves, curve: Curve): boolean {
  const length = fieldLength(curve);
  const scalar = new Uint8Array(length).fill(0x5a, 1);
  const node = createECDH(nodeName(curve));
  node.setPrivateKey(scalar);
  const point = node.getPublicKey();
  const ours = native.multiplyBase(curve, scalar);
  if (!bytesEqual(ours, point.subarray(1))) return false;
  const secret = native.multiply(curve, scalar, ours);
  return secret !== undefined && bytesEqual(secret, node.computeSecret(point));
}
