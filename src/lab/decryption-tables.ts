/**
 * Keys for Wireshark, in the format of its preference files `esp_sa` and `ikev2_decryption_table`. The names of
 * algorithms are Wireshark's own (4.0 and later) and must be matched letter by letter.
 */
import { type SecretKey, toHex } from '../base/index.ts';
import { Encr, Integ } from '../crypto/index.ts';
import type { ExportedIkeKeys } from '../ike/index.ts';
import type { PlaneChildSa } from '../plane/contract.ts';

const ESP_CIPHERS: Readonly<Record<number, string>> = {
  [Encr.AES_CBC]: 'AES-CBC [RFC3602]',
  [Encr.AES_GCM_16]: 'AES-GCM with 16 octet ICV [RFC4106]',
  [Encr.CHACHA20_POLY1305]: 'ChaCha20 with Poly1305 [RFC7634]',
};

/** ESP writes hyphens where IKE writes underscores. */
const ESP_INTEGRITY: Readonly<Record<number, string>> = {
  [Integ.NONE]: 'NULL',
  [Integ.HMAC_SHA1_96]: 'HMAC-SHA-1-96 [RFC2404]',
  [Integ.HMAC_SHA2_256_128]: 'HMAC-SHA-256-128 [RFC4868]',
  [Integ.HMAC_SHA2_384_192]: 'HMAC-SHA-384-192 [RFC4868]',
  [Integ.HMAC_SHA2_512_256]: 'HMAC-SHA-512-256 [RFC4868]',
};

const IKE_INTEGRITY: Readonly<Record<number, string>> = {
  [Integ.NONE]: 'NONE [RFC4306]',
  [Integ.HMAC_SHA1_96]: 'HMAC_SHA1_96 [RFC2404]',
  [Integ.HMAC_SHA2_256_128]: 'HMAC_SHA2_256_128 [RFC4868]',
  [Integ.HMAC_SHA2_384_192]: 'HMAC_SHA2_384_192 [RFC4868]',
  [Integ.HMAC_SHA2_512_256]: 'HMAC_SHA2_512_256 [RFC4868]',
};

/** One direction of a child SA. */
export type EspSaKeys = Readonly<{
  source: string;
  destination: string;
  family: 4 | 6;
  spi: number;
  encr: number;
  /** For AEAD with its salt, as Wireshark wants it. */
  key: SecretKey;
  integ: number;
  integKey?: SecretKey;
}>;

/**
 * A row of `esp_sa`; undefined when Wireshark has no name for an algorithm. The columns for extended sequence numbers
 * that later releases add are left out: 4.0 refuses them, and later ones fill in 32-bit.
 */
export function espSaRow({
  source,
  destination,
  family,
  spi,
  encr,
  key,
  integ,
  integKey,
}: EspSaKeys): string | undefined {
  const cipher = ESP_CIPHERS[encr];
  const authentication = ESP_INTEGRITY[integ];
  if (cipher === undefined || authentication === undefined) return undefined;
  const spiText = `0x${spi.toString(16).padStart(8, '0')}`;
  const authenticationKey = integKey === undefined ? '' : `0x${toHex(integKey.reveal())}`;
  const columns = [
    `IPv${family}`,
    source,
    destination,
    spiText,
    cipher,
    `0x${toHex(key.reveal())}`,
    authentication,
    authenticationKey,
  ];
  return columns.map((column) => `"${column}"`).join(',');
}

/** A row of `ikev2_decryption_table`; undefined when Wireshark has no name for an algorithm. */
export function ikeDecryptionRow(keys: ExportedIkeKeys): string | undefined {
  const cipher = ikeCipher(keys.encr, keys.keyBits);
  const integrity = IKE_INTEGRITY[keys.integ];
  if (cipher === undefined || integrity === undefined) return undefined;
  const hex = (key: SecretKey | undefined): string => (key === undefined ? '' : toHex(key.reveal()));
  const { initiatorSpi, responderSpi, skEi, skEr, skAi, skAr } = keys;
  const encryption = [toHex(initiatorSpi), toHex(responderSpi), hex(skEi), hex(skEr), `"${cipher}"`];
  return [...encryption, hex(skAi), hex(skAr), `"${integrity}"`].join(',');
}

function ikeCipher(encr: number, keyBits: number): string | undefined {
  if (encr === Encr.AES_CBC) return `AES-CBC-${keyBits} [RFC3602]`;
  if (encr === Encr.AES_GCM_16) return `AES-GCM-${keyBits} with 16 octet ICV [RFC5282]`;
  return undefined;
}

/** Collects the keys of a whole lab: both ends of an SA give the same rows, which are kept once. */
export class DecryptionTables {
  readonly #esp = new Set<string>();
  readonly #ike = new Set<string>();

  addIkeSa(keys: ExportedIkeKeys): void {
    const row = ikeDecryptionRow(keys);
    if (row !== undefined) this.#ike.add(row);
  }

  addChildSa(sa: PlaneChildSa): void {
    const { encr, integ, local, remote } = sa;
    const common = { encr, integ, family: local.address.family };
    const [here, there] = [local.address.toString(), remote.address.toString()];
    this.#addEsp({
      ...common,
      source: there,
      destination: here,
      spi: sa.id,
      key: sa.inboundKey,
      ...(sa.inboundIntegKey === undefined ? {} : { integKey: sa.inboundIntegKey }),
    });
    this.#addEsp({
      ...common,
      source: here,
      destination: there,
      spi: sa.outboundSpi,
      key: sa.outboundKey,
      ...(sa.outboundIntegKey === undefined ? {} : { integKey: sa.outboundIntegKey }),
    });
  }

  /** Text of the file `esp_sa`. */
  get espSa(): string {
    return lines(this.#esp);
  }

  /** Text of the file `ikev2_decryption_table`. */
  get ikev2DecryptionTable(): string {
    return lines(this.#ike);
  }

  #addEsp(keys: EspSaKeys): void {
    const row = espSaRow(keys);
    if (row !== undefined) this.#esp.add(row);
  }
}

function lines(rows: Iterable<string>): string {
  let text = '';
  for (const row of rows) text += `${row}\n`;
  return text;
}
