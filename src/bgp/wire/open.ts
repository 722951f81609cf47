/** OPEN, RFC 4271 section 4.2, with capabilities (RFC 5492) and long parameters on receipt (RFC 9072). */
import { fail, IpAddress, ok, Reader, type Result, Writer } from '../../base/index.ts';
import { AS_TRANS } from '../as-path.ts';
import { type BgpFamily, FAMILIES } from '../evpn.ts';
import type { BgpFault } from '../faults.ts';
import { encodeFrame } from './framing.ts';

/** IANA "Capability Codes". */
export const CAPABILITY = {
  multiprotocol: 1,
  routeRefresh: 2,
  gracefulRestart: 64,
  fourOctetAs: 65,
  enhancedRouteRefresh: 70,
} as const;

/** IANA "Address Family Numbers" of what we speak, and the other way round. */
export const AFI: Readonly<Record<BgpFamily, number>> = { 4: 1, 6: 2, evpn: 25 };
export const SAFI: Readonly<Record<BgpFamily, number>> = { 4: 1, 6: 1, evpn: 70 };

export function familyOf(afi: number, safi: number): BgpFamily | undefined {
  return FAMILIES.find((family) => AFI[family] === afi && SAFI[family] === safi);
}

export type Capability =
  | Readonly<{ kind: 'multiprotocol'; afi: number; safi: number }>
  | Readonly<{ kind: 'route-refresh' }>
  | Readonly<{ kind: 'four-octet-as'; asn: number }>
  | Readonly<{ kind: 'unknown'; code: number; body: Uint8Array }>;

/** `asn` is the two-octet field: AS_TRANS when the real number does not fit. */
export type Open = Readonly<{
  version: number;
  asn: number;
  holdSeconds: number;
  routerId: IpAddress;
  capabilities: readonly Capability[];
}>;

const PARAMETER_CAPABILITIES = 2;
const EXTENDED_LENGTH = 255;

/** The two-octet form of an AS number. */
export function shortAsn(asn: number): number {
  return asn > 0xffff ? AS_TRANS : asn;
}

export function encodeOpen(open: Open): Uint8Array {
  const capabilities = new Writer(64);
  for (const capability of open.capabilities) encodeCapability(capabilities, capability);
  const w = new Writer(64);
  w.u8(open.version).u16(open.asn).u16(open.holdSeconds).u32(open.routerId.a);
  const bytes = capabilities.finish();
  if (bytes.length === 0) w.u8(0);
  else if (bytes.length <= 253)
    w.u8(bytes.length + 2)
      .u8(PARAMETER_CAPABILITIES)
      .u8(bytes.length)
      .bytes(bytes);
  else {
    w.u8(EXTENDED_LENGTH)
      .u8(EXTENDED_LENGTH)
      .u16(bytes.length + 3);
    w.u8(PARAMETER_CAPABILITIES).u16(bytes.length).bytes(bytes);
  }
  return encodeFrame('open', w.finish());
}

/** Reads any OPEN that is well formed; whether we like what it says is the session's question. */
export function decodeOpen(body: Uint8Array): Result<Open, BgpFault> {
  const r = new Reader(body);
  const version = r.u8();
  // RFC 4271 section 6.2: the answer names the highest version we speak. Later fields may mean something else there.
  if (!r.short && version !== 4) return fail({ kind: 'unsupported-version', data: Uint8Array.of(0, 4) });
  const asn = r.u16();
  const holdSeconds = r.u16();
  const routerId = IpAddress.v4(r.u32());
  let length = r.u8();
  // RFC 9072 section 2: both octets 255 announce two-octet lengths.
  const extended = length === EXTENDED_LENGTH && body[r.offset] === EXTENDED_LENGTH;
  if (extended) {
    r.u8();
    length = r.u16();
  }
  const parameters = r.sub(length);
  if (r.short || r.left !== 0) return fail({ kind: 'open-malformed' });
  const capabilities: Capability[] = [];
  while (parameters.left > 0) {
    const type = parameters.u8();
    const value = parameters.sub(extended ? parameters.u16() : parameters.u8());
    if (parameters.short) return fail({ kind: 'open-malformed' });
    if (type !== PARAMETER_CAPABILITIES) return fail({ kind: 'unsupported-optional-parameter' });
    if (!decodeCapabilities(value, capabilities)) return fail({ kind: 'open-malformed' });
  }
  return ok({ version, asn, holdSeconds, routerId, capabilities });
}

function encodeCapability(w: Writer, capability: Capability): void {
  switch (capability.kind) {
    case 'multiprotocol':
      w.u8(CAPABILITY.multiprotocol).u8(4).u16(capability.afi).u8(0).u8(capability.safi);
      return;
    case 'route-refresh':
      w.u8(CAPABILITY.routeRefresh).u8(0);
      return;
    case 'four-octet-as':
      w.u8(CAPABILITY.fourOctetAs).u8(4).u32(capability.asn);
      return;
    case 'unknown':
      w.u8(capability.code).u8(capability.body.length).bytes(capability.body);
      return;
    default:
      capability satisfies never;
  }
}

/** Appends what one parameter holds. RFC 5492 section 4: several parameters, each with several capabilities. */
function decodeCapabilities(r: Reader, into: Capability[]): boolean {
  while (r.left > 0) {
    const code = r.u8();
    const value = r.sub(r.u8());
    if (r.short) return false;
    const length = value.left;
    if (code === CAPABILITY.multiprotocol && length === 4) {
      const afi = value.u16();
      value.u8(); // reserved
      into.push({ kind: 'multiprotocol', afi, safi: value.u8() });
    } else if (code === CAPABILITY.routeRefresh && length === 0) into.push({ kind: 'route-refresh' });
    else if (code === CAPABILITY.fourOctetAs && length === 4) into.push({ kind: 'four-octet-as', asn: value.u32() });
    else into.push({ kind: 'unknown', code, body: value.rest().slice() });
  }
  return true;
}
