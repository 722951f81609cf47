/**
 * Algorithms in three languages: ours (IANA's ids), an ASA's words, and strongSwan's. The rows come from the registries of
 * `crypto`: one that is added there does not compile here until it has its words.
 */
import { Encr, Integ, Ke, Prf } from '../../src/crypto/index.ts';

/** One algorithm: what an ASA calls it for IKE and for ESP, in a proposal of strongSwan, and in `swanctl --list-algs`. */
export type Algorithm = Readonly<{
  label: string;
  id: number;
  keyBits: number;
  ike: string;
  esp: string;
  strongSwan: string;
  listed: string;
}>;

type Words = readonly [label: string, ike: string, esp: string, strongSwan: string, listed: string];

/** None: Cisco's language has no word for it, or it is not an algorithm by itself. */
const NO_WORDS = undefined;

const CIPHERS: Readonly<Record<keyof typeof Encr, Readonly<Record<number, Words>> | undefined>> = {
  NULL: NO_WORDS,
  AES_CBC: {
    128: ['AES-CBC-128', 'aes', 'aes', 'aes128', 'AES_CBC'],
    192: ['AES-CBC-192', 'aes-192', 'aes-192', 'aes192', 'AES_CBC'],
    256: ['AES-CBC-256', 'aes-256', 'aes-256', 'aes256', 'AES_CBC'],
  },
  AES_GCM_16: {
    128: ['AES-GCM-128', 'aes-gcm', 'aes-gcm', 'aes128gcm16', 'AES_GCM_16'],
    192: ['AES-GCM-192', 'aes-gcm-192', 'aes-gcm-192', 'aes192gcm16', 'AES_GCM_16'],
    256: ['AES-GCM-256', 'aes-gcm-256', 'aes-gcm-256', 'aes256gcm16', 'AES_GCM_16'],
  },
  CHACHA20_POLY1305: NO_WORDS,
};

const INTEGRITY: Readonly<Record<keyof typeof Integ, Words | undefined>> = {
  NONE: NO_WORDS,
  HMAC_SHA1_96: ['HMAC-SHA1-96', 'sha', 'sha-1', 'sha1', 'HMAC_SHA1_96'],
  HMAC_SHA2_256_128: ['HMAC-SHA2-256-128', 'sha256', 'sha-256', 'sha256', 'HMAC_SHA2_256_128'],
  HMAC_SHA2_384_192: ['HMAC-SHA2-384-192', 'sha384', 'sha-384', 'sha384', 'HMAC_SHA2_384_192'],
  HMAC_SHA2_512_256: ['HMAC-SHA2-512-256', 'sha512', 'sha-512', 'sha512', 'HMAC_SHA2_512_256'],
};

const PRFS: Readonly<Record<keyof typeof Prf, Words>> = {
  HMAC_SHA1: ['PRF-HMAC-SHA1', 'sha', '', 'prfsha1', 'PRF_HMAC_SHA1'],
  HMAC_SHA2_256: ['PRF-HMAC-SHA2-256', 'sha256', '', 'prfsha256', 'PRF_HMAC_SHA2_256'],
  HMAC_SHA2_384: ['PRF-HMAC-SHA2-384', 'sha384', '', 'prfsha384', 'PRF_HMAC_SHA2_384'],
  HMAC_SHA2_512: ['PRF-HMAC-SHA2-512', 'sha512', '', 'prfsha512', 'PRF_HMAC_SHA2_512'],
};

const GROUPS: Readonly<Record<keyof typeof Ke, Words>> = {
  MODP_2048: ['group 14, MODP-2048', '14', '14', 'modp2048', 'MODP_2048'],
  MODP_3072: ['group 15, MODP-3072', '15', '15', 'modp3072', 'MODP_3072'],
  MODP_4096: ['group 16, MODP-4096', '16', '16', 'modp4096', 'MODP_4096'],
  ECP_256: ['group 19, ECP-256', '19', '19', 'ecp256', 'ECP_256'],
  ECP_384: ['group 20, ECP-384', '20', '20', 'ecp384', 'ECP_384'],
  ECP_521: ['group 21, ECP-521', '21', '21', 'ecp521', 'ECP_521'],
  CURVE25519: ['group 31, Curve25519', '31', '31', 'curve25519', 'CURVE_25519'],
};

function rowsOf<K extends string>(
  registry: Readonly<Record<K, number>>,
  words: Readonly<Record<K, Words | undefined>>,
): Algorithm[] {
  return (Object.keys(registry) as K[]).flatMap((name) => {
    const known = words[name];
    return known === undefined ? [] : [algorithm(registry[name], 0, known)];
  });
}

function algorithm(id: number, keyBits: number, [label, ike, esp, strongSwan, listed]: Words): Algorithm {
  return { label, id, keyBits, ike, esp, strongSwan, listed };
}

export const ciphers: readonly Algorithm[] = (Object.keys(Encr) as (keyof typeof Encr)[]).flatMap((name) =>
  Object.entries(CIPHERS[name] ?? {}).map(([bits, words]) => algorithm(Encr[name], Number(bits), words)),
);
export const integrities = rowsOf(Integ, INTEGRITY);
export const prfs = rowsOf(Prf, PRFS);
export const groups = rowsOf(Ke, GROUPS);
