/** Key Exchange payload, RFC 7296 section 3.4. `group` is an IANA "Key Exchange Method" transform id. */
import { fail, ok, Reader, type Result, type Writer } from '../../base/index.ts';
import { PayloadType, type WireFault } from './message.ts';

export type KeyExchange = Readonly<{ group: number; data: Uint8Array }>;

export function decodeKe(body: Uint8Array): Result<KeyExchange, WireFault> {
  const r = new Reader(body);
  const group = r.u16();
  r.u16(); // RESERVED
  const data = r.rest();
  if (r.short) return fail({ kind: 'short', payload: PayloadType.KE });
  if (data.length === 0) return fail({ kind: 'bad-length', payload: PayloadType.KE });
  return ok({ group, data });
}

export function encodeKe(w: Writer, ke: KeyExchange): void {
  w.u16(ke.group).u16(0).bytes(ke.data);
}
