/** How IOS-XE spells algorithms, interfaces and figures in its outputs (show-output part B). */

import type { EspProposalModel } from '../../../config/index.ts';
import { Encr, Integ } from '../../../crypto/index.ts';
import type { AuthenticationKind } from '../../../ike/index.ts';
import { cipherName } from '../names.ts';

/** `none` for the global VRF, as beside an IKE SA. */
export function vrfWord(vrf: string | undefined): string {
  return vrf === undefined || vrf === '' ? 'none' : vrf;
}

/** `PSK`, `RSA`, …: how an end proved who it is; as long as it did not, there is nothing to say. */
export function signWord(kind: AuthenticationKind | undefined): string {
  return kind === undefined ? 'Unknown - 0' : kind.toUpperCase();
}

const SHORT: Readonly<Record<string, string>> = {
  GigabitEthernet: 'Gi',
  TenGigabitEthernet: 'Te',
  FastEthernet: 'Fa',
  Ethernet: 'Et',
  Loopback: 'Lo',
  Tunnel: 'Tu',
  'Port-channel': 'Po',
  'Virtual-Template': 'Vt',
  'Virtual-Access': 'Vi',
  Vlan: 'Vl',
};

/** `Gi0/0/1`, as in tables with little room. */
export function shortName(name: string): string {
  const [, letters = '', number = ''] = /^(\D+)(.*)$/.exec(name) ?? [];
  return `${SHORT[letters] ?? letters}${number}`;
}

/** `DH_GROUP_521_ECP/Group 21`. */
export function groupName(group: number): string {
  const name = GROUPS[group];
  return `${name === undefined ? 'DH_GROUP' : `DH_GROUP_${name}`}/Group ${group}`;
}

const GROUPS: Readonly<Record<number, string>> = {
  1: '768_MODP',
  2: '1024_MODP',
  5: '1536_MODP',
  14: '2048_MODP',
  15: '3072_MODP',
  16: '4096_MODP',
  19: '256_ECP',
  20: '384_ECP',
  21: '521_ECP',
  24: '2048_256_MODP',
};

/** IPv6 addresses stand in capitals on this platform. */
export function addressWord(address: string): string {
  return address.includes(':') ? address.toUpperCase() : address;
}

/** `AES-CBC-256`, as in a proposal. */
export function cipherText({ encr, keyBits }: EspProposalModel['encryption'][number]): string {
  return keyBits === 0 ? cipherName(encr) : `${cipherName(encr)}-${keyBits}`;
}

/** `esp-256-aes esp-sha256-hmac`, `esp-gcm 256`: a transform set. */
export function transformSetText({ encryption, integrity }: EspProposalModel): string {
  const ciphers = encryption.map(({ encr, keyBits }) => {
    if (encr === Encr.AES_GCM_16) return `esp-gcm${keyBits === 128 ? '' : ` ${keyBits}`}`;
    if (encr !== Encr.AES_CBC) return cipherName(encr);
    return keyBits === 128 ? 'esp-aes' : `esp-${keyBits}-aes`;
  });
  return [...ciphers, ...integrity.flatMap((integ) => HMACS[integ] ?? [])].join(' ');
}

const HMACS: Readonly<Record<number, string>> = {
  [Integ.HMAC_SHA1_96]: 'esp-sha-hmac',
  [Integ.HMAC_SHA2_256_128]: 'esp-sha256-hmac',
  [Integ.HMAC_SHA2_384_192]: 'esp-sha384-hmac',
  [Integ.HMAC_SHA2_512_256]: 'esp-sha512-hmac',
};

/** `1 week, 2 days, 3 hours, 4 minutes`. */
export function uptimeWords(seconds: number): string {
  let left = Math.floor(seconds / 60);
  const words: string[] = [];
  for (const [name, length] of UNITS) {
    const figure = Math.floor(left / length);
    left -= figure * length;
    if (figure > 0 || name === 'minute') words.push(`${figure} ${name}${figure === 1 ? '' : 's'}`);
  }
  return words.join(', ');
}

const UNITS = [
  ['year', 525_600],
  ['week', 10_080],
  ['day', 1440],
  ['hour', 60],
  ['minute', 1],
] as const;
