/** A packet on one line, as captures of an ASA print it. Packets may be cut short, and anybody may have sent them. */
import { type IpAddress, readU16, readU32 } from '../base/index.ts';
import { type IcmpMessage, type IpHeader, Protocol, parseQuotedIp } from '../ip/index.ts';

/** What a packet says of itself. */
export type PacketSummary = Readonly<{
  text: string;
  header?: IpHeader;
}>;

const TCP_HEADER = 20;
const FLAGS = [
  ['S', 0x02],
  ['F', 0x01],
  ['R', 0x04],
  ['P', 0x08],
] as const;
const TcpOption = { END: 0, NOP: 1, MSS: 2, WINDOW_SCALE: 3, SACK_PERMITTED: 4, TIMESTAMP: 8, MD5: 19 } as const;

export function summarize(bytes: Uint8Array): PacketSummary {
  const parsed = parseQuotedIp(bytes);
  if (!parsed.ok) return { text: `not an IP packet (${parsed.error}), length ${bytes.length}` };
  const header = parsed.value;
  return { text: packetText(header, bytes), header };
}

function packetText(header: IpHeader, bytes: Uint8Array): string {
  const { source, destination, payloadOffset: start, totalLength, fragmentOffset, moreFragments, protocol } = header;
  const ends = `${source} > ${destination}`;
  const length = Math.max(0, totalLength - start);
  const fragment =
    fragmentOffset > 0 || moreFragments
      ? ` (frag ${header.identification}:${length}@${fragmentOffset}${moreFragments ? '+' : ''})`
      : '';
  if (fragmentOffset > 0) return `${ends}${fragment}`;
  switch (protocol) {
    case Protocol.TCP:
      if (bytes.length < start + TCP_HEADER) break;
      return `${withPorts(header, bytes)} ${tcpText(bytes, start, totalLength)}${fragment}`;
    case Protocol.UDP:
      if (bytes.length < start + 8) break;
      return `${withPorts(header, bytes)}  udp ${Math.max(0, readU16(bytes, start + 4) - 8)}${fragment}`;
    case Protocol.ICMP:
    case Protocol.ICMPV6: {
      if (bytes.length < start + 8) break;
      const name = header.family === 4 ? 'icmp' : 'icmp6';
      return `${ends} ${name}: ${icmpText(header, bytes)}${fragment}`;
    }
    default:
  }
  return `${ends} ip-proto-${protocol}, length ${length}${fragment}`;
}

function withPorts({ source, destination, payloadOffset: start }: IpHeader, bytes: Uint8Array): string {
  return `${source}.${readU16(bytes, start)} > ${destination}.${readU16(bytes, start + 2)}:`;
}

function tcpText(bytes: Uint8Array, start: number, end: number): string {
  const dataOffset = ((bytes[start + 12] ?? 0) >> 4) * 4;
  const flags = bytes[start + 13] ?? 0;
  const sequence = readU32(bytes, start + 4);
  const length = Math.max(0, end - start - dataOffset);
  const letters = FLAGS.filter(([, bit]) => (flags & bit) !== 0).map(([letter]) => letter);
  const words = [letters.length === 0 ? '.' : letters.join('')];
  if (length > 0 || (flags & 0x07) !== 0) words.push(`${sequence}:${(sequence + length) >>> 0}(${length})`);
  if ((flags & 0x10) !== 0) words.push('ack', String(readU32(bytes, start + 8)));
  words.push('win', String(readU16(bytes, start + 14)));
  const options = tcpOptions(bytes.subarray(start + TCP_HEADER, start + dataOffset));
  return `${words.join(' ')}${options.length === 0 ? '' : ` <${options.join(',')}>`}`;
}

function tcpOptions(bytes: Uint8Array): readonly string[] {
  const names: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes[at] ?? 0;
    if (kind === TcpOption.END) break;
    if (kind === TcpOption.NOP) {
      names.push('nop');
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    if (length < 2 || at + length > bytes.length) break;
    names.push(tcpOption(kind, length, bytes, at));
    at += length;
  }
  return names;
}

function tcpOption(kind: number, length: number, bytes: Uint8Array, at: number): string {
  if (kind === TcpOption.MSS && length === 4) return `mss ${readU16(bytes, at + 2)}`;
  if (kind === TcpOption.WINDOW_SCALE && length === 3) return `wscale ${bytes[at + 2]}`;
  if (kind === TcpOption.SACK_PERMITTED) return 'sackOK';
  if (kind === TcpOption.TIMESTAMP && length === 10)
    return `timestamp ${readU32(bytes, at + 2)} ${readU32(bytes, at + 6)}`;
  // What authenticates a segment is nobody's business.
  return kind === TcpOption.MD5 ? 'md5' : `opt-${kind}`;
}

/** ICMP by its first bytes: its checksum can not be told where the packet was cut. */
function icmpText({ family, payloadOffset: start, destination }: IpHeader, bytes: Uint8Array): string {
  const [type, code] = [bytes[start] ?? 0, bytes[start + 1] ?? 0];
  const kind = icmpKind(family, type, code);
  const quoted = bytes.subarray(start + 8);
  switch (kind) {
    case 'echo-request':
      return 'echo request';
    case 'echo-reply':
      return 'echo reply';
    case 'time-exceeded':
      return code === 0 ? 'time exceeded in-transit' : 'ip reassembly time exceeded';
    case 'too-big': {
      const mtu = family === 4 ? readU16(bytes, start + 6) : readU32(bytes, start + 4);
      return `${quotedDestination(quoted) ?? destination} unreachable - need to frag (mtu ${mtu})`;
    }
    case 'unreachable':
      return unreachableText(family, code, quoted);
    case 'other':
      return `type-#${type}`;
    default:
      return kind satisfies never;
  }
}

function icmpKind(family: 4 | 6, type: number, code: number): IcmpMessage['kind'] {
  if (family === 6) {
    const kinds = {
      1: 'unreachable',
      2: 'too-big',
      3: 'time-exceeded',
      128: 'echo-request',
      129: 'echo-reply',
    } as const;
    return kinds[type as keyof typeof kinds] ?? 'other';
  }
  if (type === 3) return code === 4 ? 'too-big' : 'unreachable';
  const kinds = { 0: 'echo-reply', 8: 'echo-request', 11: 'time-exceeded' } as const;
  return kinds[type as keyof typeof kinds] ?? 'other';
}

function unreachableText(family: 4 | 6, code: number, quoted: Uint8Array): string {
  const parsed = parseQuotedIp(quoted);
  if (!parsed.ok) return `unreachable, code ${code}`;
  const { destination, protocol, payloadOffset } = parsed.value;
  if (code === (family === 4 ? 3 : 4)) {
    const name = protocol === Protocol.UDP ? 'udp' : protocol === Protocol.TCP ? 'tcp' : `ip-proto-${protocol}`;
    const port = quoted.length >= payloadOffset + 4 ? ` ${readU16(quoted, payloadOffset + 2)}` : '';
    return `${destination} ${name} port${port} unreachable`;
  }
  const v4 = { 0: 'net', 1: 'host', 2: 'protocol', 9: 'net prohibited', 10: 'host prohibited', 13: 'admin prohibited' };
  const v6 = { 0: 'net', 1: 'admin prohibited', 3: 'host' };
  const names: Readonly<Record<number, string>> = family === 4 ? v4 : v6;
  const name = names[code] ?? `code ${code}`;
  return name.endsWith('prohibited') ? `${name}: ${destination} unreachable` : `${name} ${destination} unreachable`;
}

function quotedDestination(quoted: Uint8Array): IpAddress | undefined {
  const parsed = parseQuotedIp(quoted);
  return parsed.ok ? parsed.value.destination : undefined;
}

/** Bytes as `dump` prints them: sixteen to a line, as words and as characters. */
export function hexLines(bytes: Uint8Array): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    let words = '';
    let characters = '';
    for (const [index, byte] of row.entries()) {
      words += byte.toString(16).padStart(2, '0') + (index % 2 === 1 ? ' ' : '');
      characters += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
    }
    lines.push(`0x${at.toString(16).padStart(4, '0')}   ${words.padEnd(40)}       ${characters}`);
  }
  return lines;
}
