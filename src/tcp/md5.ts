/** TCP MD5 signature option, RFC 2385: a digest over the segment and a key that both ends were told. */
import { type IpAddress, type SecretKey, Writer } from '../base/index.ts';
import { md5, timingSafeEqual } from '../crypto/index.ts';
import { Protocol } from '../ip/index.ts';

/** What is wrong with a segment's signature: the `code` of the notice. */
export type Md5Fault = 'md5-missing' | 'md5-invalid' | 'md5-unexpected';

/**
 * RFC 2385 section 2.0: digest of the pseudo-header, the header without options and with a zero checksum, the data,
 * and the key, in that order. `segment` is the whole segment with room for the option already in it.
 */
export function segmentDigest(
  segment: Uint8Array,
  source: IpAddress,
  destination: IpAddress,
  key: SecretKey,
): Uint8Array {
  const pseudoHeader = new Writer(40).bytes(source.toBytes()).bytes(destination.toBytes());
  if (source.family === 4) pseudoHeader.u8(0).u8(Protocol.TCP).u16(segment.length);
  else pseudoHeader.u32(segment.length).u32(Protocol.TCP);
  const header = segment.slice(0, 20);
  header.fill(0, 16, 18);
  const data = segment.subarray(((segment[12] ?? 0) >>> 4) * 4);
  return md5(pseudoHeader.finish(), header, data, key.reveal());
}

/** Holds a segment against the key of its sender. With a key every segment must be signed, without one none. */
export function checkDigest(
  segment: Uint8Array,
  digest: Uint8Array | undefined,
  source: IpAddress,
  destination: IpAddress,
  key: SecretKey | undefined,
): Md5Fault | undefined {
  if (key === undefined) return digest === undefined ? undefined : 'md5-unexpected';
  if (digest === undefined) return 'md5-missing';
  return timingSafeEqual(segmentDigest(segment, source, destination, key), digest) ? undefined : 'md5-invalid';
}
