/** Configuration payload, RFC 7296 section 3.15. Attributes that nobody knows are kept. */
import { fail, ok, Reader, type Result, type Writer } from '../../base/index.ts';
import { type ConfigurationAttribute, PayloadType, type WireFault } from './message.ts';

export type Configuration = Readonly<{ type: number; attributes: readonly ConfigurationAttribute[] }>;

export function decodeConfiguration(body: Uint8Array): Result<Configuration, WireFault> {
  const r = new Reader(body);
  const type = r.u8();
  r.u24(); // RESERVED
  const attributes: ConfigurationAttribute[] = [];
  while (r.left > 0) {
    const attribute = r.u16() & 0x7fff; // the first bit is reserved
    attributes.push({ type: attribute, value: r.bytes(r.u16()) });
  }
  return r.short ? fail({ kind: 'short', payload: PayloadType.CP }) : ok({ type, attributes });
}

export function encodeConfiguration(w: Writer, configuration: Configuration): void {
  w.u8(configuration.type).u24(0);
  for (const { type, value } of configuration.attributes) w.u16(type).u16(value.length).bytes(value);
}
