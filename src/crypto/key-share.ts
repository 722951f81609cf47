/** Diffie-Hellman by IANA group number: one fresh private value, its public value, and the secret with a peer's. */
import type { Random, Result } from '../base/index.ts';
import { CURVE25519_LENGTH, createCurve25519Share } from './curve25519.ts';
import { createEcpShare, ecpLength } from './ecp.ts';
import { createModpShare, modpLength } from './modp.ts';
import { Ke } from './registry.ts';

/** Our half of one key exchange. Used once and dropped: the private value never leaves it. */
export type KeyShare = Readonly<{
  group: number;
  /** Key Exchange Data of our KE payload (RFC 7296 section 3.4). */
  publicValue: Uint8Array;
  /** g^ir of RFC 7296 section 2.14; refuses public values outside the group. */
  computeSecret: (peerPublic: Uint8Array) => Result<Uint8Array, 'invalid-public-value'>;
}>;

/** Draws a private value from `random`. `group` must be supported. */
export function createKeyShare(group: number, random: Random): KeyShare {
  if (group === Ke.CURVE25519) return createCurve25519Share(group, random);
  if (ecpLength(group) !== undefined) return createEcpShare(group, random);
  return createModpShare(group, random);
}

/** Length of a group's Key Exchange Data; undefined when we do not have the group. */
export function publicValueLength(group: number): number | undefined {
  if (group === Ke.CURVE25519) return CURVE25519_LENGTH;
  return ecpLength(group) ?? modpLength(group);
}
