/** Authentication payload, RFC 7296 section 3.8. */
import { fail, ok, Reader, type Result, type Writer } from '../../base/index.ts';
import { PayloadType, type WireFault } from './message.ts';

export type Authentication = Readonly<{ method: number; data: Uint8Array }>;

export function decodeAuth(body: Uint8Array): Result<Authentication, WireFault> {
  const r = new Reader(body);
  const method = r.u8();
  r.u24(); // RESERVED
  const data = r.rest();
  if (r.short) return fail({ kind: 'short', payload: PayloadType.AUTH });
  if (data.length === 0) return fail({ kind: 'bad-length', payload: PayloadType.AUTH });
  return ok({ method, data });
}

export function encodeAuth(w: Writer, auth: Authentication): void {
  w.u8(auth.method).u24(0).bytes(auth.data);
}
