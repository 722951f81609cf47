/** MODP groups 14 to 16, RFC 3526. Generator 2; p is a safe prime. */
import { createDiffieHellman, getDiffieHellman } from 'node:crypto';
import { compareBytes, fail, ok, type Random } from '../base/index.ts';
import { leftPad } from './big-endian.ts';
import type { KeyShare } from './key-share.ts';
import { Ke } from './registry.ts';

/** `exponentLength`: the upper estimate of RFC 3526 section 8 (320, 420 and 480 bits), in whole bytes. */
type Group = Readonly<{ name: string; length: number; exponentLength: number }>;

const GROUPS: ReadonlyMap<number, Group> = new Map([
  [Ke.MODP_2048, { name: 'modp14', length: 256, exponentLength: 40 }],
  [Ke.MODP_3072, { name: 'modp15', length: 384, exponentLength: 53 }],
  [Ke.MODP_4096, { name: 'modp16', length: 512, exponentLength: 60 }],
]);

const GENERATOR = Uint8Array.of(2);
const ONE = Uint8Array.of(1);

/** Length of a public value; undefined for a group that is not here. */
export function modpLength(group: number): number | undefined {
  return GROUPS.get(group)?.length;
}

export function createModpShare(group: number, random: Random): KeyShare {
  const parameters = GROUPS.get(group);
  if (parameters === undefined) throw new Error(`no key exchange method ${group}`);
  const { length, exponentLength } = parameters;
  const prime = modpPrime(group);
  const dh = createDiffieHellman(prime, GENERATOR);
  const exponent = Uint8Array.from(random(exponentLength));
  // The top bit keeps the exponent from being small whatever the source yields.
  exponent[0] = (exponent[0] ?? 0) | 0x80;
  dh.setPrivateKey(exponent);
  const publicValue = leftPad(dh.generateKeys(), length);
  return {
    group,
    publicValue,
    computeSecret(peerPublic) {
      if (peerPublic.length !== length || !isInRange(peerPublic, prime)) return fail('invalid-public-value');
      try {
        return ok(leftPad(dh.computeSecret(peerPublic), length));
      } catch {
        return fail('invalid-public-value');
      }
    },
  };
}

/** The prime p of a group, in exactly the group's length. */
export function modpPrime(group: number): Uint8Array {
  const parameters = GROUPS.get(group);
  if (parameters === undefined) throw new Error(`no key exchange method ${group}`);
  let prime = primes.get(group);
  if (prime === undefined) {
    prime = leftPad(getDiffieHellman(parameters.name).getPrime(), parameters.length);
    primes.set(group, prime);
  }
  return prime;
}

const primes = new Map<number, Uint8Array>();

/** 1 < y < p - 1, RFC 6989 section 2.1. Both have the same length, and p is odd. */
function isInRange(value: Uint8Array, prime: Uint8Array): boolean {
  const last = prime.length - 1;
  const largest = prime.slice();
  largest[last] = (largest[last] ?? 0) - 1;
  return compareBytes(value, leftPad(ONE, value.length)) > 0 && compareBytes(value, largest) < 0;
}
