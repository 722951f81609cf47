/** AES-GCM with a 16-byte ICV (RFC 4106, RFC 5282) and ChaCha20-Poly1305 (RFC 7634): nonce = salt | 8-byte IV. */
import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type DecipherGCM,
  type KeyObject,
} from 'node:crypto';
import { type SecretKey, writeU16, writeU32 } from '../base/index.ts';
import { plain } from './hash.ts';
import type { Protector } from './protector.ts';
import { Encr, SALT_LENGTH } from './registry.ts';

const IV_LENGTH = 8;
const ICV_LENGTH = 16;

export function createAead(encr: number, key: SecretKey): Protector {
  const bytes = key.reveal();
  const keyLength = bytes.length - SALT_LENGTH;
  const suite = selectSuite(encr, keyLength, createSecretKey(bytes.subarray(0, keyLength)));
  // One nonce buffer for all packets: Node copies it before it returns.
  const nonce = new Uint8Array(SALT_LENGTH + IV_LENGTH);
  nonce.set(bytes.subarray(keyLength));

  const sealInto: Protector['sealInto'] = (out, offset, iv, aad, plaintext) => {
    nonce.set(iv, SALT_LENGTH);
    const cipher = suite.encrypt(nonce);
    cipher.setAAD(aad);
    out.set(cipher.update(plaintext), offset);
    cipher.final();
    out.set(cipher.getAuthTag(), offset + plaintext.length);
  };

  return {
    aead: true,
    ivLength: IV_LENGTH,
    icvLength: ICV_LENGTH,
    blockLength: 1,
    makeIv(counter) {
      const iv = new Uint8Array(IV_LENGTH);
      writeU16(iv, 2, Math.floor(counter / 0x1_0000_0000) & 0xffff);
      writeU32(iv, 4, counter >>> 0);
      return iv;
    },
    seal(iv, aad, plaintext) {
      const out = new Uint8Array(plaintext.length + ICV_LENGTH);
      sealInto(out, 0, iv, aad, plaintext);
      return out;
    },
    sealInto,
    open(iv, aad, sealed) {
      const length = sealed.length - ICV_LENGTH;
      if (length < 0 || iv.length !== IV_LENGTH) return undefined;
      nonce.set(iv, SALT_LENGTH);
      const decipher = suite.decrypt(nonce);
      decipher.setAAD(aad);
      decipher.setAuthTag(sealed.subarray(length));
      const plaintext = decipher.update(sealed.subarray(0, length));
      try {
        decipher.final();
      } catch {
        return undefined;
      }
      return plain(plaintext);
    },
  };
}

type Suite = Readonly<{ encrypt: (nonce: Uint8Array) => CipherGCM; decrypt: (nonce: Uint8Array) => DecipherGCM }>;

function selectSuite(encr: number, keyLength: number, key: KeyObject): Suite {
  const options = { authTagLength: ICV_LENGTH };
  if (encr === Encr.CHACHA20_POLY1305) {
    return {
      encrypt: (nonce) => createCipheriv('chacha20-poly1305', key, nonce, options),
      decrypt: (nonce) => createDecipheriv('chacha20-poly1305', key, nonce, options),
    };
  }
  const name = keyLength === 16 ? 'aes-128-gcm' : keyLength === 24 ? 'aes-192-gcm' : 'aes-256-gcm';
  return {
    encrypt: (nonce) => createCipheriv(name, key, nonce, options),
    decrypt: (nonce) => createDecipheriv(name, key, nonce, options),
  };
}
