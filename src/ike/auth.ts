/** Authentication with a shared key, RFC 7296 section 2.15. */
import { type SecretKey, utf8 } from '../base/index.ts';
import { prf as prfOf, timingSafeEqual } from '../crypto/index.ts';

const KEY_PAD = utf8('Key Pad for IKEv2');

/** What one side signs: its own first message, the other side's nonce and its own identity. */
export type AuthInput = Readonly<{
  prf: number;
  /** The pre-shared key. */
  key: SecretKey;
  /** SK_pi when the original initiator signs, else SK_pr. */
  skP: SecretKey;
  /** The signer's IKE_SA_INIT message byte for byte: the last request (with COOKIE, if asked for), or the response. */
  message: Uint8Array;
  /** Nonce data of the other side. */
  peerNonce: Uint8Array;
  /** Body of the signer's ID payload. */
  idBody: Uint8Array;
}>;

/** AUTH = prf(prf(shared key, "Key Pad for IKEv2"), message | nonce | prf(SK_p, ID body)). */
export function pskAuth({ prf, key, skP, message, peerNonce, idBody }: AuthInput): Uint8Array {
  const padded = prfOf(prf, key.reveal(), KEY_PAD);
  return prfOf(prf, padded, message, peerNonce, prfOf(prf, skP.reveal(), idBody));
}

/** Whether the peer knows the shared key; takes the same time wherever the values differ. */
export function verifyPskAuth(input: AuthInput, received: Uint8Array): boolean {
  const expected = pskAuth(input);
  return received.length === expected.length && timingSafeEqual(expected, received);
}
