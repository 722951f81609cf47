/** Delete payload, RFC 7296 section 3.11: the sender's own inbound SPIs, or none for the IKE SA itself. */
import { fail, ok, Reader, type Result, type Writer } from '../../base/index.ts';
import { PayloadType, ProtocolId, type WireFault } from './message.ts';

export type Delete = Readonly<{ protocol: number; spis: readonly Uint8Array[] }>;

export function decodeDelete(body: Uint8Array): Result<Delete, WireFault> {
  const r = new Reader(body);
  const protocol = r.u8();
  const spiSize = r.u8();
  const count = r.u16();
  if (r.short) return bad('short');
  const isIke = protocol === ProtocolId.IKE;
  if (!isIke && protocol !== ProtocolId.AH && protocol !== ProtocolId.ESP) return bad('bad-payload', 'protocol');
  // Section 3.11: the SPI size is zero for IKE (the header holds the SPIs) and four for AH and ESP.
  if (isIke ? spiSize !== 0 || count !== 0 : spiSize !== 4) return bad('bad-payload', 'SPI size');
  if (r.left !== spiSize * count) return bad('bad-length');
  const spis: Uint8Array[] = [];
  for (let i = 0; i < count; i++) spis.push(r.bytes(spiSize));
  return ok({ protocol, spis });
}

export function encodeDelete(w: Writer, { protocol, spis }: Delete): void {
  w.u8(protocol)
    .u8(protocol === ProtocolId.IKE ? 0 : 4)
    .u16(spis.length);
  for (const spi of spis) w.bytes(spi);
}

function bad(kind: WireFault['kind'], detail?: string): Result<never, WireFault> {
  return fail({ kind, payload: PayloadType.DELETE, ...(detail === undefined ? {} : { detail }) });
}
