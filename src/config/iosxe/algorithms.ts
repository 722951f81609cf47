/** IOS-XE's names of algorithms and IANA's transform ids, "IKEv2 Parameters", both ways. */
import { type Cipher, coder } from '../algorithm-words.ts';
import { words } from '../parameters.ts';

const CIPHERS = {
  'aes-cbc-128': { encr: 12, keyBits: 128 },
  'aes-cbc-192': { encr: 12, keyBits: 192 },
  'aes-cbc-256': { encr: 12, keyBits: 256 },
  'aes-gcm-128': { encr: 20, keyBits: 128 },
  'aes-gcm-256': { encr: 20, keyBits: 256 },
  '3des': { encr: 3, keyBits: 0 },
  des: { encr: 2, keyBits: 0 },
} as const satisfies Record<string, Cipher>;

export const IKE_ENCRYPTION = {
  'aes-cbc-128': 'AES-CBC, 128-bit key',
  'aes-cbc-192': 'AES-CBC, 192-bit key',
  'aes-cbc-256': 'AES-CBC, 256-bit key',
  'aes-gcm-128': 'AES-GCM, 128-bit key',
  'aes-gcm-256': 'AES-GCM, 256-bit key',
  '3des': 'Triple DES (not supported)',
  des: 'DES (not supported)',
} as const;
export type IkeCipherWord = keyof typeof IKE_ENCRYPTION;

export const HASHES = {
  sha1: 'HMAC-SHA1',
  sha256: 'HMAC-SHA2-256',
  sha384: 'HMAC-SHA2-384',
  sha512: 'HMAC-SHA2-512',
  md5: 'HMAC-MD5 (not supported)',
} as const;

export const GROUPS = {
  '14': 'MODP 2048',
  '15': 'MODP 3072',
  '16': 'MODP 4096',
  '19': 'ECP 256',
  '20': 'ECP 384',
  '21': 'ECP 521',
  '1': 'MODP 768 (not supported)',
  '2': 'MODP 1024 (not supported)',
  '5': 'MODP 1536 (not supported)',
  '24': 'MODP 2048 with 256-bit subgroup (not supported)',
} as const;

export const integrityIds = coder({ sha1: 2, sha256: 12, sha384: 13, sha512: 14, md5: 1 });
export const prfIds = coder({ sha1: 2, sha256: 5, sha384: 6, sha512: 7, md5: 1 });
/** Words of a transform set that stand for integrity. */
export const ESP_HMACS = {
  'esp-sha-hmac': 'HMAC-SHA1-96',
  'esp-sha256-hmac': 'HMAC-SHA2-256-128',
  'esp-sha384-hmac': 'HMAC-SHA2-384-192',
  'esp-sha512-hmac': 'HMAC-SHA2-512-256',
  'esp-md5-hmac': 'HMAC-MD5-96 (not supported)',
} as const;
export const espHmacIds = coder({
  'esp-sha-hmac': 2,
  'esp-sha256-hmac': 12,
  'esp-sha384-hmac': 13,
  'esp-sha512-hmac': 14,
  'esp-md5-hmac': 1,
});
export const ESP_CIPHERS = {
  'esp-aes': 'AES-CBC; 128-bit key unless a size follows',
  'esp-gcm': 'AES-GCM; 128-bit key unless a size follows',
  'esp-gmac': 'AES-GMAC (not supported)',
  'esp-3des': 'Triple DES (not supported)',
  'esp-des': 'DES (not supported)',
  'esp-null': 'no encryption (not supported)',
} as const;
export type EspCipherWord = keyof typeof ESP_CIPHERS;

const ESP: Readonly<Record<EspCipherWord, number>> = {
  'esp-aes': 12,
  'esp-gcm': 20,
  'esp-gmac': 21,
  'esp-3des': 3,
  'esp-des': 2,
  'esp-null': 11,
};

const NOT_OFFERED = new Set<string>(['des', '3des', 'md5', '1', '2', '5', '24']);
const ESP_NOT_OFFERED = new Set<string>(['esp-gmac', 'esp-3des', 'esp-des', 'esp-null', 'esp-md5-hmac']);

/** Words of the list that are read but not offered. */
export function notOffered(words: readonly string[]): string[] {
  return words.filter((word) => NOT_OFFERED.has(word) || ESP_NOT_OFFERED.has(word));
}

export function cipherOf(word: IkeCipherWord): Cipher {
  return CIPHERS[word];
}

export function cipherWord(cipher: Cipher): IkeCipherWord {
  const found = (Object.entries(CIPHERS) as [IkeCipherWord, Cipher][]).find(
    ([, one]) => one.encr === cipher.encr && one.keyBits === cipher.keyBits,
  );
  return found?.[0] ?? 'aes-cbc-256';
}

/** A transform set's cipher; `size` is what follows `esp-aes` or `esp-gcm`. */
export function espCipherOf(word: EspCipherWord, size: number | undefined): Cipher {
  const isSized = word === 'esp-aes' || word === 'esp-gcm' || word === 'esp-gmac';
  return { encr: ESP[word], keyBits: isSized ? (size ?? 128) : 0 };
}

export function espCipherWord(cipher: Cipher): Readonly<{ word: EspCipherWord; size?: number }> {
  const word = (Object.keys(ESP) as EspCipherWord[]).find((one) => ESP[one] === cipher.encr) ?? 'esp-aes';
  // A GCM size is always printed, that of CBC only when it is not 128.
  return cipher.keyBits === 0 || (word === 'esp-aes' && cipher.keyBits === 128)
    ? { word }
    : { word, size: cipher.keyBits };
}

/** Groups of PFS, `set pfs`. */
export const PFS = words(
  'Group',
  'group14',
  'group15',
  'group16',
  'group19',
  'group20',
  'group21',
  'group24',
  'group1',
  'group2',
  'group5',
);

/** Without a group: what `set pfs` alone means. */
export const PFS_GROUP = 14;
