/** Nonce payload, RFC 7296 section 3.9: 16 to 256 bytes. */
import { fail, ok, type Result, type Writer } from '../../base/index.ts';
import { PayloadType, type WireFault } from './message.ts';

export function decodeNonce(body: Uint8Array): Result<Uint8Array, WireFault> {
  if (body.length < 16 || body.length > 256) return fail({ kind: 'bad-length', payload: PayloadType.NONCE });
  return ok(body);
}

export function encodeNonce(w: Writer, nonce: Uint8Array): void {
  w.bytes(nonce);
}
