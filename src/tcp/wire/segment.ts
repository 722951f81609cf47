/** TCP segment, RFC 9293 section 3.1, with the options we know: MSS, window scale (RFC 7323), MD5 (RFC 2385). */
import { fail, type IpAddress, ok, Reader, type Result, type SecretKey, writeU16, writeU32 } from '../../base/index.ts';
import { internetChecksum, Protocol, pseudoHeaderSum } from '../../ip/index.ts';
import { segmentDigest } from '../md5.ts';

export const Flag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 } as const;

/** Option kinds of the IANA registry "TCP Option Kind Numbers". */
export const OptionKind = { END: 0, NO_OPERATION: 1, MSS: 2, WINDOW_SCALE: 3, MD5: 19 } as const;

/** Bytes of a header without options. */
export const HEADER_LENGTH = 20;

/** What the MD5 option takes of each segment: 18 bytes and two of padding. */
export const MD5_LENGTH = 20;

export type Segment = Readonly<{
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  /** Zero when the ACK flag is not set. */
  acknowledgment: number;
  flags: number;
  /** As it stands in the header, not scaled. */
  window: number;
  mss?: number;
  windowScale?: number;
  /** Digest of the MD5 option, not verified. */
  md5?: Uint8Array;
  payload: Uint8Array;
}>;

export type SegmentFault = 'too-short' | 'bad-offset' | 'bad-option' | 'bad-checksum';

/** What a segment takes of the sequence space: its data, and one each for SYN and FIN. */
export function sequenceLength(segment: Segment): number {
  const { flags, payload } = segment;
  return payload.length + ((flags & Flag.SYN) === 0 ? 0 : 1) + ((flags & Flag.FIN) === 0 ? 0 : 1);
}

/** Reads a segment and verifies its checksum. The payload is a view. Unknown options are skipped (RFC 9293, MUST-6). */
export function decodeSegment(
  bytes: Uint8Array,
  source: IpAddress,
  destination: IpAddress,
): Result<Segment, SegmentFault> {
  if (bytes.length < HEADER_LENGTH || bytes.length > 0xffff) return fail('too-short');
  const sum = pseudoHeaderSum(source, destination, Protocol.TCP, bytes.length);
  if (internetChecksum(bytes, sum) !== 0) return fail('bad-checksum');
  const r = new Reader(bytes);
  const sourcePort = r.u16();
  const destinationPort = r.u16();
  const sequence = r.u32();
  const acknowledgment = r.u32();
  const headerLength = (r.u8() >>> 4) * 4;
  const flags = r.u8() & 0x3f;
  const window = r.u16();
  r.u32(); // checksum (verified), urgent pointer (BGP has no use for it)
  if (headerLength < HEADER_LENGTH || headerLength > bytes.length) return fail('bad-offset');
  const options = decodeOptions(r.sub(headerLength - HEADER_LENGTH));
  if (options === undefined) return fail('bad-option');
  return ok({
    sourcePort,
    destinationPort,
    sequence,
    acknowledgment: (flags & Flag.ACK) === 0 ? 0 : acknowledgment,
    flags,
    window,
    ...options,
    payload: r.rest(),
  });
}

const NO_OPTIONS = {};

/** The options we know; undefined when a length does not fit. */
function decodeOptions(r: Reader): Pick<Segment, 'mss' | 'windowScale' | 'md5'> | undefined {
  if (r.left === 0) return NO_OPTIONS;
  const options: { mss?: number; windowScale?: number; md5?: Uint8Array } = {};
  while (r.left > 0) {
    const kind = r.u8();
    if (kind === OptionKind.END) break;
    if (kind === OptionKind.NO_OPERATION) continue;
    const length = r.u8() - 2;
    const body = r.bytes(length);
    if (r.short) return undefined;
    const [first = 0, second = 0] = body;
    if (kind === OptionKind.MSS && length === 2) options.mss = (first << 8) | second;
    else if (kind === OptionKind.WINDOW_SCALE && length === 1) options.windowScale = first;
    else if (kind === OptionKind.MD5 && length === 16) options.md5 = body;
    else if (kind === OptionKind.MD5) return undefined;
  }
  return options;
}

/** Writes a segment with its checksum, and signed when there is a key (`md5` in the value is not looked at). */
export function encodeSegment(
  segment: Segment,
  source: IpAddress,
  destination: IpAddress,
  key: SecretKey | undefined,
): Uint8Array {
  const { mss, windowScale, payload } = segment;
  const optionsLength =
    (mss === undefined ? 0 : 4) + (windowScale === undefined ? 0 : 4) + (key === undefined ? 0 : MD5_LENGTH);
  const out = new Uint8Array(HEADER_LENGTH + optionsLength + payload.length);
  writeU16(out, 0, segment.sourcePort);
  writeU16(out, 2, segment.destinationPort);
  writeU32(out, 4, segment.sequence);
  writeU32(out, 8, segment.acknowledgment);
  out[12] = ((HEADER_LENGTH + optionsLength) / 4) << 4;
  out[13] = segment.flags;
  writeU16(out, 14, segment.window);
  let o = HEADER_LENGTH;
  if (mss !== undefined) {
    writeU32(out, o, ((OptionKind.MSS << 24) | (4 << 16) | mss) >>> 0);
    o += 4;
  }
  if (windowScale !== undefined) {
    const option = (OptionKind.NO_OPERATION << 24) | (OptionKind.WINDOW_SCALE << 16) | (3 << 8) | windowScale;
    writeU32(out, o, option >>> 0);
    o += 4;
  }
  out.set(payload, HEADER_LENGTH + optionsLength);
  if (key !== undefined) {
    writeU32(out, o, (OptionKind.NO_OPERATION << 24) | (OptionKind.NO_OPERATION << 16) | (OptionKind.MD5 << 8) | 18);
    out.set(segmentDigest(out, source, destination, key), o + 4);
  }
  const sum = pseudoHeaderSum(source, destination, Protocol.TCP, out.length);
  writeU16(out, 16, internetChecksum(out, sum));
  return out;
}
