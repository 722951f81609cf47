/** Curve25519 for IKEv2, RFC 8031: X25519 of RFC 7748, public values and secret of 32 bytes. */
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { fail, ok, type Random } from '../base/index.ts';
import { plain } from './hash.ts';
import type { KeyShare } from './key-share.ts';

/** Length of a public value and of the secret. */
export const CURVE25519_LENGTH = 32;

export function createCurve25519Share(group: number, random: Random): KeyShare {
  const privateKey = importPrivate(random(CURVE25519_LENGTH));
  const { x = '' } = privateKey.export({ format: 'jwk' });
  return {
    group,
    publicValue: Uint8Array.from(Buffer.from(x, 'base64url')),
    computeSecret(peerPublic) {
      if (peerPublic.length !== CURVE25519_LENGTH) return fail('invalid-public-value');
      const publicKey = importPublic(peerPublic);
      try {
        const secret = plain(diffieHellman({ privateKey, publicKey }));
        // RFC 8031 section 5 and RFC 7748 section 6.1: a point of small order gives all zeros.
        return secret.every((byte) => byte === 0) ? fail('invalid-public-value') : ok(secret);
      } catch {
        return fail('invalid-public-value');
      }
    },
  };
}

/** JWK is the quickest way in. Node reads `d` alone here, but wants to see an `x`. */
function importPrivate(scalar: Uint8Array): KeyObject {
  const key = { kty: 'OKP', crv: 'X25519', d: base64url(scalar), x: base64url(scalar) };
  return createPrivateKey({ key, format: 'jwk' });
}

function importPublic(value: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: base64url(value) }, format: 'jwk' });
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
