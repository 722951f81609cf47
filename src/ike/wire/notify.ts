/** Notify payload, RFC 7296 section 3.10. */
import { fail, ok, Reader, type Result, type Writer } from '../../base/index.ts';
import { PayloadType, type WireFault } from './message.ts';

export type Notify = Readonly<{ protocol: number; spi: Uint8Array; type: number; data: Uint8Array }>;

export function decodeNotify(body: Uint8Array): Result<Notify, WireFault> {
  const r = new Reader(body);
  const protocol = r.u8();
  const spiSize = r.u8();
  const type = r.u16();
  const spi = r.bytes(spiSize);
  const data = r.rest();
  if (r.short) return fail({ kind: 'short', payload: PayloadType.NOTIFY });
  return ok({ protocol, spi, type, data });
}

export function encodeNotify(w: Writer, notify: Notify): void {
  w.u8(notify.protocol).u8(notify.spi.length).u16(notify.type).bytes(notify.spi).bytes(notify.data);
}
