/** The ASA's names of algorithms and IANA's transform ids, "IKEv2 Parameters", both ways. */
import { type Cipher, coder } from '../algorithm-words.ts';

const CIPHERS = {
  null: { encr: 11, keyBits: 0 },
  des: { encr: 2, keyBits: 0 },
  '3des': { encr: 3, keyBits: 0 },
  aes: { encr: 12, keyBits: 128 },
  'aes-192': { encr: 12, keyBits: 192 },
  'aes-256': { encr: 12, keyBits: 256 },
  'aes-gcm': { encr: 20, keyBits: 128 },
  'aes-gcm-192': { encr: 20, keyBits: 192 },
  'aes-gcm-256': { encr: 20, keyBits: 256 },
} as const satisfies Record<string, Cipher>;

const GMAC = {
  'aes-gmac': { encr: 21, keyBits: 128 },
  'aes-gmac-192': { encr: 21, keyBits: 192 },
  'aes-gmac-256': { encr: 21, keyBits: 256 },
} as const satisfies Record<string, Cipher>;

const INTEGRITY = { md5: 1, sha: 2, sha256: 12, sha384: 13, sha512: 14 } as const;
const PRF = { md5: 1, sha: 2, sha256: 5, sha384: 6, sha512: 7 } as const;
/** In proposals for ESP the digits stand apart. */
const ESP_INTEGRITY = { md5: 1, 'sha-1': 2, 'sha-256': 12, 'sha-384': 13, 'sha-512': 14 } as const;

export const IKE_ENCRYPTION = {
  aes: 'AES-CBC, 128-bit key',
  'aes-192': 'AES-CBC, 192-bit key',
  'aes-256': 'AES-CBC, 256-bit key',
  'aes-gcm': 'AES-GCM, 128-bit key',
  'aes-gcm-192': 'AES-GCM, 192-bit key',
  'aes-gcm-256': 'AES-GCM, 256-bit key',
  '3des': 'Triple DES (not supported)',
  des: 'DES (not supported)',
  null: 'no encryption (not supported)',
} as const;
export const ESP_ENCRYPTION = {
  ...IKE_ENCRYPTION,
  'aes-gmac': 'AES-GMAC, 128-bit key (not supported)',
  'aes-gmac-192': 'AES-GMAC, 192-bit key (not supported)',
  'aes-gmac-256': 'AES-GMAC, 256-bit key (not supported)',
} as const;
export const IKE_INTEGRITY = {
  sha: 'HMAC-SHA1-96',
  sha256: 'HMAC-SHA2-256-128',
  sha384: 'HMAC-SHA2-384-192',
  sha512: 'HMAC-SHA2-512-256',
  md5: 'HMAC-MD5-96 (not supported)',
  null: 'none, for AES-GCM',
} as const;
export const IKE_PRF = {
  sha: 'HMAC-SHA1',
  sha256: 'HMAC-SHA2-256',
  sha384: 'HMAC-SHA2-384',
  sha512: 'HMAC-SHA2-512',
  md5: 'HMAC-MD5 (not supported)',
} as const;
export const ESP_INTEGRITY_WORDS = {
  'sha-1': 'HMAC-SHA1-96',
  'sha-256': 'HMAC-SHA2-256-128',
  'sha-384': 'HMAC-SHA2-384-192',
  'sha-512': 'HMAC-SHA2-512-256',
  md5: 'HMAC-MD5-96 (not supported)',
  null: 'none, for AES-GCM',
} as const;
export const GROUPS = {
  '14': 'MODP 2048',
  '15': 'MODP 3072',
  '16': 'MODP 4096',
  '19': 'ECP 256',
  '20': 'ECP 384',
  '21': 'ECP 521',
  '31': 'Curve25519',
  '1': 'MODP 768 (not supported)',
  '2': 'MODP 1024 (not supported)',
  '5': 'MODP 1536 (not supported)',
  '24': 'MODP 2048 with 256-bit subgroup (not supported)',
} as const;

/** What stands in the old releases' configurations and is not offered by us. */
const NOT_OFFERED = new Set<string>([
  'des',
  '3des',
  'md5',
  'aes-gmac',
  'aes-gmac-192',
  'aes-gmac-256',
  '1',
  '2',
  '5',
  '24',
]);
export const DEFAULT_ENCRYPTION: Cipher = CIPHERS['aes-256'];
export const SHA1 = 2;
export const DEFAULT_GROUP = 14;

/** Words of the list that are read but not offered. */
export function notOffered(words: readonly string[]): string[] {
  return words.filter((word) => NOT_OFFERED.has(word));
}

export function cipherOf(word: string): Cipher {
  const all: Readonly<Record<string, Cipher>> = { ...CIPHERS, ...GMAC };
  return all[word] ?? DEFAULT_ENCRYPTION;
}

export function cipherName<W extends string>(cipher: Cipher): W {
  const all = Object.entries({ ...CIPHERS, ...GMAC });
  const found = all.find(([, one]) => one.encr === cipher.encr && one.keyBits === cipher.keyBits);
  return (found?.[0] ?? 'null') as W;
}

export const integrityIds = coder(INTEGRITY);
export const prfIds = coder(PRF);
export const espIntegrityIds = coder(ESP_INTEGRITY);
