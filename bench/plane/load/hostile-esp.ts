/** Hostile ESP from outside, made of packets that the peer really sent. */
import { encodeSockaddr } from '../../../src/host/linux/sockaddr.ts';
import { Domain, IpOption, Level, MessageFlag, PollEvent, SocketType } from '../../../src/host/linux/socket-numbers.ts';
import { HOSTILE_TOS, type HostileKind } from '../hostile-kinds.ts';
import { MessageBatch } from './message-batch.ts';
import { openPacketSocket, Packet, type Place } from './packet-socket.ts';

const IP_HEADER = 20;
const UDP_HEADER = 8;
const Protocol = { UDP: 17, ESP: 50, RAW: 255 } as const;
const PORT = 4500;
const UDP_SEGMENT = 103;
const CAPTURED = 64;
const CAPTURE_WITHIN_MS = 3_000;
const MOST = 1500;
const LARGEST_SHORT = 7;
const TINY = 64;
const OVERSIZED = 20_000;
/** No sequence number of an honest packet comes this far in the time of a test. */
const FAR_AHEAD = 1 << 28;

type Send = (most: number) => number;

export function espFlood(kind: HostileKind, place: Place): Send {
  const captured = capture(place);
  switch (kind) {
    case 'oversized':
      return datagrams(place, oversized(captured), undefined);
    case 'tiny-datagrams':
      return datagrams(place, new Uint8Array(TINY).fill(0x55), 1);
    case 'replayed':
      return packets(place, captured, () => undefined);
    case 'short':
      return packets(place, captured.map(shortened), () => undefined);
    case 'wrong-spi':
      return packets(place, captured, (esp) => void esp.setUint32(0, 0x8000_0000 + Math.random() * 0x7fff_ffff));
    case 'bad-icv': {
      let sequence = FAR_AHEAD;
      const broken = captured.map((packet) => Uint8Array.from(packet).with(-1, ~(packet.at(-1) ?? 0)));
      return packets(place, broken, (esp) => void esp.setUint32(4, sequence++));
    }
    default:
      throw new Error(`no kind ${kind} of hostile ESP`);
  }
}

/** Whole packets with their IP headers, each disguised anew before it is sent. */
function packets(place: Place, models: readonly Uint8Array[], disguise: (esp: DataView) => void): Send {
  const { libc, destination, batch: count } = place;
  const fd = libc.socket(Domain.INET, SocketType.RAW | SocketType.CLOEXEC, Protocol.RAW);
  if (fd < 0) throw new Error(`socket: ${fd}`);
  const batch = new MessageBatch(libc, count, MOST, encodeSockaddr(destination, 0));
  const views = Array.from({ length: count }, (_, i) => {
    const model = models[i % models.length] ?? new Uint8Array();
    const message = batch.message(i);
    message.set(model);
    batch.setLength(i, model.length);
    return new DataView(message.buffer, message.byteOffset + espAt(model), 8);
  });
  return (most) => {
    for (let i = 0; i < most; i++) disguise(views[i] ?? new DataView(new ArrayBuffer(8)));
    return libc.sendmmsg(fd, batch.address, most, 0);
  };
}

/** By a UDP socket with a port of its own: the kernel cuts what is too large, by `segment` or into fragments. */
function datagrams({ libc, destination, batch: count }: Place, payload: Uint8Array, segment: number | undefined): Send {
  const fd = libc.socket(Domain.INET, SocketType.DGRAM | SocketType.CLOEXEC, 0);
  const integer = (value: number): Uint8Array => new Uint8Array(new Int32Array([value]).buffer);
  libc.setsockopt(fd, Level.IP, IpOption.TOS, integer(HOSTILE_TOS), 4);
  const cut = segment === undefined ? 0 : libc.setsockopt(fd, Protocol.UDP, UDP_SEGMENT, integer(segment), 4);
  if (fd < 0 || cut < 0) throw new Error(`socket: ${fd}, UDP_SEGMENT: ${cut}`);
  const batch = new MessageBatch(libc, count, payload.length, encodeSockaddr(destination, PORT));
  for (let i = 0; i < count; i++) batch.message(i).set(payload);
  return (most) => libc.sendmmsg(fd, batch.address, most, 0);
}

/** ESP packets that go to the destination now. */
function capture(place: Place): readonly Uint8Array[] {
  const { libc } = place;
  const fd = openPacketSocket(place, SocketType.DGRAM, Packet.ALL);
  const poll = new DataView(new ArrayBuffer(8));
  poll.setInt32(0, fd, true);
  poll.setInt16(4, PollEvent.IN, true);
  const bytes = new Uint8Array(1 << 16);
  const found: Uint8Array[] = [];
  const until = performance.now() + CAPTURE_WITHIN_MS;
  while (found.length < CAPTURED && performance.now() < until) {
    if (libc.poll(new Uint8Array(poll.buffer), 1, 100) <= 0) continue;
    const length = libc.recv(fd, bytes, bytes.length, MessageFlag.DONTWAIT);
    if (length > 0 && isEsp(bytes.subarray(0, length), place)) found.push(marked(bytes.slice(0, length)));
  }
  libc.close(fd);
  if (found.length === 0) throw new Error('no ESP packet passes');
  return found;
}

/** Of super-packets there is but one header for many packets: they are passed over. */
function isEsp(packet: Uint8Array, { destination }: Place): boolean {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  if (packet.length < IP_HEADER + 32 || packet.length > MOST || packet[0] !== 0x45) return false;
  if (view.getUint16(2) !== packet.length) return false;
  const to = new Uint8Array(4);
  destination.write(to, 0);
  if (to.some((byte, i) => byte !== packet[16 + i])) return false;
  if (packet[9] === Protocol.ESP) return true;
  return packet[9] === Protocol.UDP && view.getUint16(22) === PORT && view.getUint32(IP_HEADER + UDP_HEADER) !== 0;
}

function marked(packet: Uint8Array): Uint8Array {
  packet[1] = HOSTILE_TOS;
  // The sum is left to the device when it is captured; none is as good (RFC 3948 section 2.1).
  if (packet[9] === Protocol.UDP) packet.fill(0, IP_HEADER + 6, IP_HEADER + 8);
  return packet;
}

function espAt(packet: Uint8Array): number {
  return packet[9] === Protocol.UDP ? IP_HEADER + UDP_HEADER : IP_HEADER;
}

/** Lengths of 1 to 7 in turn. One byte of 0xff would be a NAT keepalive, four of zero the mark of IKE. */
function shortened(packet: Uint8Array, i: number): Uint8Array {
  const length = 1 + (i % LARGEST_SHORT);
  const short = packet.slice(0, espAt(packet) + length).fill(0x55, espAt(packet));
  const view = new DataView(short.buffer);
  view.setUint16(2, short.length);
  if (short[9] === Protocol.UDP) view.setUint16(IP_HEADER + 4, UDP_HEADER + length);
  return short;
}

/** The right SPI before what no path carries in one piece. */
function oversized([packet = new Uint8Array()]: readonly Uint8Array[]): Uint8Array {
  const large = new Uint8Array(OVERSIZED);
  large.set(packet.subarray(espAt(packet)));
  return large;
}
