/** How the platform spells algorithms, durations and identities in its outputs (show-output, section 0 and A1). */
import { Encr, Integ, Prf } from '../../crypto/index.ts';
import type { Identity } from '../../ike/index.ts';

/** `AES-CBC`, `AES-GCM`, as in `show crypto ikev2 sa`. */
export function cipherName(encr: number): string {
  switch (encr) {
    case Encr.AES_CBC:
      return 'AES-CBC';
    case Encr.AES_GCM_16:
      return 'AES-GCM';
    case Encr.CHACHA20_POLY1305:
      return 'CHACHA20-POLY1305';
    default:
      return `ENCR-${encr}`;
  }
}

/** `SHA96`, `SHA256`, …; `N/A` for AEAD ciphers. */
export function hashName(integ: number): string {
  switch (integ) {
    case Integ.NONE:
      return 'N/A';
    case Integ.HMAC_SHA1_96:
      return 'SHA96';
    case Integ.HMAC_SHA2_256_128:
      return 'SHA256';
    case Integ.HMAC_SHA2_384_192:
      return 'SHA384';
    case Integ.HMAC_SHA2_512_256:
      return 'SHA512';
    default:
      return `INTEG-${integ}`;
  }
}

/** `SHA1`, `SHA256`, … of a PRF. */
export function prfName(prf: number): string {
  switch (prf) {
    case Prf.HMAC_SHA1:
      return 'SHA1';
    case Prf.HMAC_SHA2_256:
      return 'SHA256';
    case Prf.HMAC_SHA2_384:
      return 'SHA384';
    case Prf.HMAC_SHA2_512:
      return 'SHA512';
    default:
      return `PRF-${prf}`;
  }
}

/** `esp-aes-256 esp-sha-hmac`, as in `show crypto ipsec sa`. */
export function transformName(encr: number, keyBits: number, integ: number): string {
  const size = keyBits === 128 ? '' : `-${keyBits}`;
  if (encr === Encr.AES_GCM_16) return `esp-aes-gcm${size} esp-null-hmac`;
  if (encr === Encr.CHACHA20_POLY1305) return 'esp-chacha20-poly1305 esp-null-hmac';
  const hash =
    integ === Integ.HMAC_SHA1_96
      ? 'esp-sha-hmac'
      : integ === Integ.HMAC_SHA2_256_128
        ? 'esp-sha-256-hmac'
        : integ === Integ.HMAC_SHA2_384_192
          ? 'esp-sha-384-hmac'
          : 'esp-sha-512-hmac';
  return `esp-aes${size} ${hash}`;
}

/** `hh:mm:ss` below a day, `1d02h` below a week, `2w6d` below a year, then `1y10w`. */
export function upTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600) % 24;
  if (days < 1) return `${two(hours)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  if (days < 7) return `${days}d${two(hours)}h`;
  if (days < 365) return `${Math.floor(days / 7)}w${days % 7}d`;
  return `${Math.floor(days / 365)}y${Math.floor((days % 365) / 7)}w`;
}

/** What a peer calls itself, as text. */
export function identityName(identity: Identity | undefined): string {
  if (identity === undefined) return '';
  if ('address' in identity) return identity.address.toString();
  if ('name' in identity) return identity.name;
  return new TextDecoder().decode(identity.data);
}

/** Eight hexadecimal digits. */
export function spiHex(spi: number): string {
  return spi.toString(16).padStart(8, '0');
}

/** `0200.0aff.0001`. */
export function macName(mac: Uint8Array): string {
  const hex = Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 4)}.${hex.slice(4, 8)}.${hex.slice(8)}`;
}
