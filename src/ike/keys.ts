/** Keys of IKE and child SAs, RFC 7296 sections 2.13, 2.14, 2.17 and 2.18. */
import { concat, EMPTY, SecretKey, Writer } from '../base/index.ts';
import {
  createProtector,
  encryptionKeyLength,
  integKeyLength,
  isAead,
  type Protector,
  prfLength,
  prf as prfOf,
  prfPlus,
} from '../crypto/index.ts';

/** Cipher of one SA; `integ` is 0 for ciphers that authenticate by themselves. */
export type CipherSuite = Readonly<{ encr: number; keyBits: number; integ: number }>;

/** The seven keys of section 2.14; SK_ai and SK_ar are absent when the cipher authenticates by itself. */
export type IkeKeys = Readonly<{
  skD: SecretKey;
  skAi?: SecretKey;
  skAr?: SecretKey;
  skEi: SecretKey;
  skEr: SecretKey;
  skPi: SecretKey;
  skPr: SecretKey;
}>;

export type IkeKeyInput = CipherSuite &
  Readonly<{
    prf: number;
    ni: Uint8Array;
    nr: Uint8Array;
    spiI: bigint;
    spiR: bigint;
    sharedSecret: Uint8Array;
    /** SK_d and PRF of the IKE SA that is rekeyed, section 2.18; `oldPrf` absent: the same PRF as the new one's. */
    oldSkD?: SecretKey;
    oldPrf?: number;
  }>;

/** Eight bytes of an IKE SPI, as keys, hashes and proposals need them. */
export function spiBytes(spi: bigint): Uint8Array {
  return new Writer(8).u64(spi).finish();
}

/** SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr). */
export function deriveIkeKeys(input: IkeKeyInput): IkeKeys {
  const { prf, encr, keyBits, ni, nr } = input;
  const prfBytes = prfLength(prf);
  const integBytes = isAead(encr) ? 0 : integKeyLength(input.integ);
  const encrBytes = encryptionKeyLength(encr, keyBits);
  const seed = concat(ni, nr, spiBytes(input.spiI), spiBytes(input.spiR));
  const take = cutter(prfPlus(prf, skeyseed(input), seed, 3 * prfBytes + 2 * integBytes + 2 * encrBytes));
  const skD = take(prfBytes);
  const integKeys = integBytes === 0 ? {} : { skAi: take(integBytes), skAr: take(integBytes) };
  const skEi = take(encrBytes);
  const skEr = take(encrBytes);
  return { skD, ...integKeys, skEi, skEr, skPi: take(prfBytes), skPr: take(prfBytes) };
}

/** Seals and opens the messages of the original initiator and of the original responder. */
export function protectorsOf(keys: IkeKeys, suite: CipherSuite): { initiator: Protector; responder: Protector } {
  return {
    initiator: protectorOf(keys.skEi, keys.skAi, suite),
    responder: protectorOf(keys.skEr, keys.skAr, suite),
  };
}

export type ChildKeyInput = CipherSuite &
  Readonly<{
    prf: number;
    skD: SecretKey;
    /** Nonces of the exchange that makes the child SA, its initiator's first. */
    ni: Uint8Array;
    nr: Uint8Array;
    /** Of a fresh key exchange in CREATE_CHILD_SA; absent without one. */
    sharedSecret?: Uint8Array;
  }>;

/** Keys by the direction of traffic: `initiator` is who began the exchange that made this child SA. */
export type ChildKeys = Readonly<{
  initiatorKey: SecretKey;
  responderKey: SecretKey;
  initiatorIntegKey?: SecretKey;
  responderIntegKey?: SecretKey;
}>;

/**
 * KEYMAT = prf+(SK_d, [g^ir (new) |] Ni | Nr), section 2.17: the SA that carries traffic from initiator to responder
 * takes its keys first, and within an SA encryption comes before integrity.
 */
export function deriveChildKeys(input: ChildKeyInput): ChildKeys {
  const { prf, skD, ni, nr, encr, keyBits } = input;
  const integBytes = isAead(encr) ? 0 : integKeyLength(input.integ);
  const encrBytes = encryptionKeyLength(encr, keyBits);
  const seed = concat(input.sharedSecret ?? EMPTY, ni, nr);
  const take = cutter(prfPlus(prf, skD.reveal(), seed, 2 * (encrBytes + integBytes)));
  const initiatorKey = take(encrBytes);
  if (integBytes === 0) return { initiatorKey, responderKey: take(encrBytes) };
  const initiatorIntegKey = take(integBytes);
  const responderKey = take(encrBytes);
  return { initiatorKey, initiatorIntegKey, responderKey, responderIntegKey: take(integBytes) };
}

/**
 * SKEYSEED = prf(Ni | Nr, g^ir), or prf(SK_d (old), g^ir (new) | Ni | Nr) with the old SA's PRF when an IKE SA is
 * rekeyed (section 2.18).
 */
export function skeyseed(input: IkeKeyInput): Uint8Array {
  const { prf, ni, nr, sharedSecret, oldSkD, oldPrf = prf } = input;
  if (oldSkD === undefined) return prfOf(prf, concat(ni, nr), sharedSecret);
  return prfOf(oldPrf, oldSkD.reveal(), sharedSecret, ni, nr);
}

function protectorOf(key: SecretKey, integKey: SecretKey | undefined, suite: CipherSuite): Protector {
  return createProtector({ ...suite, key, ...(integKey === undefined ? {} : { integKey }) });
}

function cutter(material: Uint8Array): (length: number) => SecretKey {
  let offset = 0;
  return (length) => {
    offset += length;
    return new SecretKey(material.slice(offset - length, offset));
  };
}
