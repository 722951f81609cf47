/** Certificate and Certificate Request payloads, RFC 7296 sections 3.6 and 3.7: an encoding and its bytes, kept as they are. */
import { fail, ok, Reader, type Result, type Writer } from '../../base/index.ts';
import type { WireFault } from './message.ts';

export type Certificate = Readonly<{ encoding: number; data: Uint8Array }>;

export function decodeCertificate(body: Uint8Array, payload: number): Result<Certificate, WireFault> {
  const r = new Reader(body);
  const encoding = r.u8();
  const data = r.rest();
  return r.short ? fail({ kind: 'short', payload }) : ok({ encoding, data });
}

export function encodeCertificate(w: Writer, certificate: Certificate): void {
  w.u8(certificate.encoding).bytes(certificate.data);
}
