/** Vendor ID payload, RFC 7296 section 3.12: any bytes. */
import { ok, type Result, type Writer } from '../../base/index.ts';
import type { WireFault } from './message.ts';

export function decodeVendor(body: Uint8Array): Result<Uint8Array, WireFault> {
  return ok(body);
}

export function encodeVendor(w: Writer, data: Uint8Array): void {
  w.bytes(data);
}
