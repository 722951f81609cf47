/** Traffic Selector payloads, RFC 7296 section 3.13. */
import { fail, IpAddress, ok, Reader, type Result, type Writer } from '../../base/index.ts';
import type { TrafficSelector } from '../policy.ts';
import type { WireFault } from './message.ts';

const TS_IPV4_ADDR_RANGE = 7;
const TS_IPV6_ADDR_RANGE = 8;

/**
 * Selectors of types we do not know are left out: nothing of ours could overlap with them, so narrowing (section 2.9)
 * would drop them too.
 */
export function decodeTrafficSelectors(
  body: Uint8Array,
  payload: number,
): Result<readonly TrafficSelector[], WireFault> {
  const r = new Reader(body);
  const count = r.u8();
  r.u24(); // RESERVED
  if (!r.short && count === 0) return fail({ kind: 'bad-payload', payload, detail: 'no selectors' });
  const selectors: TrafficSelector[] = [];
  for (let i = 0; i < count; i++) {
    const type = r.u8();
    const protocol = r.u8();
    const inner = r.sub(r.u16() - 4);
    if (r.short) return fail({ kind: 'short', payload });
    if (type !== TS_IPV4_ADDR_RANGE && type !== TS_IPV6_ADDR_RANGE) continue;
    const selector = decodeRange(inner, protocol, type === TS_IPV4_ADDR_RANGE ? 4 : 6);
    if (selector === 'bad-length') return fail({ kind: 'bad-length', payload });
    if (selector === 'backwards') return fail({ kind: 'bad-payload', payload, detail: 'range runs backwards' });
    selectors.push(selector);
  }
  if (r.short) return fail({ kind: 'short', payload });
  return r.left > 0 ? fail({ kind: 'bad-length', payload }) : ok(selectors);
}

export function encodeTrafficSelectors(w: Writer, selectors: readonly TrafficSelector[]): void {
  w.u8(selectors.length).u24(0);
  for (const selector of selectors) {
    const isV4 = selector.start.family === 4;
    w.u8(isV4 ? TS_IPV4_ADDR_RANGE : TS_IPV6_ADDR_RANGE)
      .u8(selector.protocol)
      .u16(isV4 ? 16 : 40);
    w.u16(selector.startPort).u16(selector.endPort).bytes(selector.start.toBytes()).bytes(selector.end.toBytes());
  }
}

function decodeRange(r: Reader, protocol: number, family: 4 | 6): TrafficSelector | 'bad-length' | 'backwards' {
  const size = family === 4 ? 4 : 16;
  const startPort = r.u16();
  const endPort = r.u16();
  const start = IpAddress.read(r.bytes(size), 0, family);
  const end = IpAddress.read(r.bytes(size), 0, family);
  if (r.short || r.left > 0) return 'bad-length';
  // Section 3.13.1: 65535 to 0 is not a mistake but OPAQUE, "ports that cannot be seen".
  const isOpaque = startPort === 65535 && endPort === 0;
  if ((startPort > endPort && !isOpaque) || start.compare(end) > 0) return 'backwards';
  return { protocol, startPort, endPort, start, end };
}
