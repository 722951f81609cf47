/** TCP maximum segment size clamping: RFC 9293 section 3.7.1 says what the option means, RFC 1624 mends the checksum. */
import { readU16, writeU16 } from '../base/index.ts';
import { updateChecksum } from './checksum.ts';
import { type IpHeader, parseIp } from './header.ts';
import { Protocol } from './protocol.ts';

const TCP_HEADER = 20;
const FLAG_SYN = 0x02;
const OPTION_END = 0;
const OPTION_NOP = 1;
const OPTION_MSS = 2;

/** Lowers the MSS option of a SYN segment to `mss` in place; says whether it changed anything. */
export function clampTcpMss(packet: Uint8Array, mss: number, known?: IpHeader): boolean {
  const header = known ?? headerOf(packet);
  if (header === undefined || header.protocol !== Protocol.TCP || header.fragmentOffset > 0) return false;
  const start = header.payloadOffset;
  if (start + TCP_HEADER > header.totalLength || ((packet[start + 13] ?? 0) & FLAG_SYN) === 0) return false;
  const end = start + ((packet[start + 12] ?? 0) >> 4) * 4;
  if (end > header.totalLength) return false;
  let at = start + TCP_HEADER;
  while (at < end) {
    const kind = packet[at] ?? 0;
    if (kind === OPTION_END) return false;
    if (kind === OPTION_NOP) {
      at++;
      continue;
    }
    const length = packet[at + 1] ?? 0;
    if (length < 2 || at + length > end) return false;
    if (kind === OPTION_MSS && length === 4) return lower(packet, at + 2, mss, start, header.totalLength);
    at += length;
  }
  return false;
}

function headerOf(packet: Uint8Array): IpHeader | undefined {
  const parsed = parseIp(packet);
  return parsed.ok ? parsed.value : undefined;
}

function lower(packet: Uint8Array, offset: number, mss: number, start: number, end: number): boolean {
  const offered = readU16(packet, offset);
  if (offered <= mss || offset + 2 > end) return false;
  let checksum = readU16(packet, start + 16);
  // The option may stand at an odd place: then its bytes lie in two words, with the sum's bytes swapped.
  const odd = ((offset - start) & 1) === 1;
  checksum = updateChecksum(checksum, odd ? swap(offered) : offered, odd ? swap(mss) : mss);
  writeU16(packet, offset, mss);
  writeU16(packet, start + 16, checksum);
  return true;
}

function swap(word: number): number {
  return ((word & 0xff) << 8) | (word >> 8);
}
