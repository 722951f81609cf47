/** ICMP (RFC 792, RFC 1191) and ICMPv6 (RFC 4443) in one shape. */
import { fail, type IpAddress, ok, type Result, readU16, readU32, writeU16, writeU32 } from '../base/index.ts';
import { internetChecksum, pseudoHeaderSum } from './checksum.ts';
import { buildIp, type IpHeader, ipHeaderLength, parseIp } from './header.ts';
import { type IpFault, Protocol } from './protocol.ts';

/** A message of either version. `quoted` is the start of the packet an error is about. */
export type IcmpMessage =
  | Readonly<{ kind: 'echo-request' | 'echo-reply'; id: number; sequence: number; data: Uint8Array }>
  | Readonly<{ kind: 'unreachable'; code: number; quoted: Uint8Array }>
  | Readonly<{ kind: 'too-big'; mtu: number; quoted: Uint8Array }>
  | Readonly<{ kind: 'time-exceeded'; code: number; quoted: Uint8Array }>
  | Readonly<{ kind: 'other'; type: number; code: number; body: Uint8Array }>;

export type EchoFields = Readonly<{
  source: IpAddress;
  destination: IpAddress;
  id: number;
  sequence: number;
  data: Uint8Array;
  reply: boolean;
  ttl?: number;
  tos?: number;
  df?: boolean;
  identification?: number;
}>;

export type IcmpErrorFields = Readonly<{
  source: IpAddress;
  kind: 'unreachable' | 'too-big' | 'time-exceeded';
  code?: number;
  mtu?: number;
  offending: Uint8Array;
}>;

const V4 = { ECHO_REPLY: 0, UNREACHABLE: 3, ECHO: 8, TIME_EXCEEDED: 11, PARAMETER_PROBLEM: 12 } as const;
const V6 = { UNREACHABLE: 1, TOO_BIG: 2, TIME_EXCEEDED: 3, ECHO: 128, ECHO_REPLY: 129 } as const;
const SOURCE_QUENCH = 4;
const REDIRECT = 5;
const REDIRECT_V6 = 137;
const CODE_FRAGMENTATION_NEEDED = 4;
const ICMP_HEADER = 8;
/** RFC 1812 section 4.3.2.3: quote as much as fits into 576 bytes. */
const MAX_ERROR_V4 = 576;
/** RFC 4443 section 2.4 (c): as much as fits into the minimum IPv6 MTU. */
const MAX_ERROR_V6 = 1280;
/** Internetwork control precedence, RFC 1812 section 4.3.2.5. */
const TOS_ERROR_V4 = 0xc0;

/** Reads and verifies the message of an unfragmented packet. Arrays in it are views. */
export function parseIcmp(header: IpHeader, packet: Uint8Array): Result<IcmpMessage, IpFault> {
  const v4 = header.family === 4;
  if (header.protocol !== (v4 ? Protocol.ICMP : Protocol.ICMPV6)) return fail('wrong-protocol');
  if (header.moreFragments || header.fragmentOffset > 0) return fail('fragment');
  const { payloadOffset: start, totalLength: end } = header;
  if (end - start < ICMP_HEADER) return fail('truncated');
  const pseudo = v4 ? 0 : pseudoHeaderSum(header.source, header.destination, Protocol.ICMPV6, end - start);
  if (internetChecksum(packet, pseudo, start, end) !== 0) return fail('bad-checksum');
  const type = packet[start] ?? 0;
  const code = packet[start + 1] ?? 0;
  const body = packet.subarray(start + ICMP_HEADER, end);
  if (type === (v4 ? V4.ECHO : V6.ECHO) || type === (v4 ? V4.ECHO_REPLY : V6.ECHO_REPLY)) {
    const kind = type === (v4 ? V4.ECHO : V6.ECHO) ? 'echo-request' : 'echo-reply';
    return ok({ kind, id: readU16(packet, start + 4), sequence: readU16(packet, start + 6), data: body });
  }
  if (v4 && type === V4.UNREACHABLE && code === CODE_FRAGMENTATION_NEEDED) {
    return ok({ kind: 'too-big', mtu: readU16(packet, start + 6), quoted: body });
  }
  if (!v4 && type === V6.TOO_BIG) return ok({ kind: 'too-big', mtu: readU32(packet, start + 4), quoted: body });
  if (type === (v4 ? V4.UNREACHABLE : V6.UNREACHABLE)) return ok({ kind: 'unreachable', code, quoted: body });
  if (type === (v4 ? V4.TIME_EXCEEDED : V6.TIME_EXCEEDED)) return ok({ kind: 'time-exceeded', code, quoted: body });
  return ok({ kind: 'other', type, code, body: packet.subarray(start + 4, end) });
}

/** A whole IP packet with an echo request or reply. */
export function buildEcho(fields: EchoFields): Uint8Array {
  const { source, destination, data, reply, id, sequence, ...rest } = fields;
  const v4 = source.family === 4;
  const message = new Uint8Array(ICMP_HEADER + data.length);
  const [echo, echoReply] = v4 ? [V4.ECHO, V4.ECHO_REPLY] : [V6.ECHO, V6.ECHO_REPLY];
  message[0] = reply ? echoReply : echo;
  writeU16(message, 4, id);
  writeU16(message, 6, sequence);
  message.set(data, ICMP_HEADER);
  return finish(message, { ...rest, source, destination });
}

/**
 * The error a router or host sends about a packet, or undefined where none may be sent: RFC 1122 section 3.2.2,
 * RFC 1812 section 4.3.2.7, RFC 4443 section 2.4 (e).
 */
export function buildIcmpError(fields: IcmpErrorFields): Uint8Array | undefined {
  const { source, kind, offending } = fields;
  const parsed = parseIp(offending);
  if (!parsed.ok || parsed.value.family !== source.family) return undefined;
  const header = parsed.value;
  if (!mayAnswer(header, offending, kind)) return undefined;
  const v4 = source.family === 4;
  const room = (v4 ? MAX_ERROR_V4 : MAX_ERROR_V6) - ipHeaderLength(source.family) - ICMP_HEADER;
  const quoted = offending.subarray(0, Math.min(header.totalLength, room));
  const message = new Uint8Array(ICMP_HEADER + quoted.length);
  message.set(quoted, ICMP_HEADER);
  if (kind === 'too-big') {
    message[0] = v4 ? V4.UNREACHABLE : V6.TOO_BIG;
    message[1] = v4 ? CODE_FRAGMENTATION_NEEDED : 0;
    if (v4) writeU16(message, 6, Math.min(fields.mtu ?? 0, 0xffff));
    else writeU32(message, 4, fields.mtu ?? 0);
  } else {
    const types = v4 ? V4 : V6;
    message[0] = kind === 'unreachable' ? types.UNREACHABLE : types.TIME_EXCEEDED;
    message[1] = fields.code ?? 0;
  }
  return finish(message, { source, destination: header.source, ...(v4 && { tos: TOS_ERROR_V4 }) });
}

type Carrier = Readonly<{
  source: IpAddress;
  destination: IpAddress;
  ttl?: number;
  tos?: number;
  df?: boolean;
  identification?: number;
}>;

function finish(message: Uint8Array, carrier: Carrier): Uint8Array {
  const { source, destination } = carrier;
  const v4 = source.family === 4;
  const protocol = v4 ? Protocol.ICMP : Protocol.ICMPV6;
  const pseudo = v4 ? 0 : pseudoHeaderSum(source, destination, protocol, message.length);
  writeU16(message, 2, internetChecksum(message, pseudo));
  return buildIp({ ...carrier, protocol }, message);
}

function mayAnswer(header: IpHeader, packet: Uint8Array, kind: IcmpErrorFields['kind']): boolean {
  const { source, destination } = header;
  if (header.fragmentOffset > 0) return false;
  if (source.isUnspecified || source.isMulticast || isV4Special(source)) return false;
  // RFC 4443 section 2.4 (e.3): packet too big may answer multicast, so that path MTU discovery works for it.
  const forMulticast = header.family === 6 && kind === 'too-big';
  if ((destination.isMulticast && !forMulticast) || (header.family === 4 && destination.a === -1)) return false;
  return !isIcmpError(header, packet);
}

/** Loopback, class E and limited broadcast: addresses no single host can own as a source. */
function isV4Special(address: IpAddress): boolean {
  return address.family === 4 && (address.a >>> 24 === 127 || address.a >>> 28 === 15);
}

function isIcmpError(header: IpHeader, packet: Uint8Array): boolean {
  const type = packet[header.payloadOffset] ?? 0;
  const present = header.payloadOffset < header.totalLength;
  if (header.family === 6) {
    return header.protocol === Protocol.ICMPV6 && (!present || type < 128 || type === REDIRECT_V6);
  }
  if (header.protocol !== Protocol.ICMP) return false;
  return (
    !present ||
    type === V4.UNREACHABLE ||
    type === SOURCE_QUENCH ||
    type === REDIRECT ||
    type === V4.TIME_EXCEEDED ||
    type === V4.PARAMETER_PROBLEM
  );
}
