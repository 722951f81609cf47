/**
 * A flood of IKE_SA_INIT requests from random addresses, for `flood.test.ts`. Runs in a namespace of its own:
 *
 *     flood-generator.ts DESTINATION PACKETS_PER_SECOND SECONDS REQUEST_IN_HEX
 *
 * Prints what it sent as one line of JSON. Raw sockets and `sendmmsg`, because a socket bound to one address cannot lie.
 */
import { IpAddress, seededRandom } from '../../src/base/index.ts';
import { openLibc } from '../../src/host/linux/libc.ts';
import { encodeSockaddr } from '../../src/host/linux/sockaddr.ts';
import { Domain, SocketOption, SocketType } from '../../src/host/linux/socket-numbers.ts';

const BATCH = 64;
const HEADERS = 28;
const IPPROTO_RAW = 255;
const SOL_SOCKET = 1;
const MMSGHDR = 64;
const IOVEC = 16;

const [destinationText = '', rateText = '', secondsText = '', hex = ''] = process.argv.slice(2);
const destination = IpAddress.parse(destinationText);
const opened = openLibc();
if (!opened.ok || destination === undefined) throw new Error('flood-generator.ts DESTINATION RATE SECONDS REQUEST');
const libc = opened.value;
const request = Uint8Array.from(Buffer.from(hex, 'hex'));
const rate = Number(rateText);
const seconds = Number(secondsText);

const fd = libc.socket(Domain.INET, SocketType.RAW, IPPROTO_RAW);
if (fd < 0) throw new Error(`socket: ${fd}`);
const room = new Uint8Array(new Int32Array([8 << 20]).buffer);
libc.setsockopt(fd, SOL_SOCKET, SocketOption.SNDBUFFORCE, room, 4);

const size = HEADERS + request.length;
const packets = new Uint8Array(BATCH * size);
const vectors = new DataView(new ArrayBuffer(BATCH * IOVEC));
const messages = new DataView(new ArrayBuffer(BATCH * MMSGHDR));
const name = encodeSockaddr(destination, 0);
const at = (bytes: Uint8Array | ArrayBuffer): bigint => BigInt(libc.addressOf(bytes));
const vectorsAt = at(vectors.buffer);
for (let i = 0; i < BATCH; i++) {
  const packet = new DataView(packets.buffer, i * size, size);
  packet.setUint8(0, 0x45);
  packet.setUint16(2, size);
  packet.setUint8(8, 64);
  packet.setUint8(9, 17);
  destination.write(packets, i * size + 16);
  packet.setUint16(22, 500);
  packet.setUint16(24, size - 20);
  packets.set(request, i * size + HEADERS);
  vectors.setBigUint64(i * IOVEC, at(packets) + BigInt(i * size), true);
  vectors.setBigUint64(i * IOVEC + 8, BigInt(size), true);
  messages.setBigUint64(i * MMSGHDR, at(name), true);
  messages.setUint32(i * MMSGHDR + 8, name.length, true);
  messages.setBigUint64(i * MMSGHDR + 16, vectorsAt + BigInt(i * IOVEC), true);
  messages.setBigUint64(i * MMSGHDR + 24, 1n, true);
}
const messagesAt = libc.addressOf(messages.buffer as ArrayBuffer);
const random = seededRandom(7, 'flood');

/** Other addresses, ports and SPIs; addresses are of 11.0.0.0 to 126.255.255.255, where nobody is in this test. */
function disguise(): void {
  const bytes = random(BATCH * 14);
  for (let i = 0; i < BATCH; i++) {
    const packet = i * size;
    packets.set(bytes.subarray(i * 14, i * 14 + 14).subarray(0, 4), packet + 12);
    packets[packet + 12] = 11 + ((bytes[i * 14] ?? 0) % 116);
    packets[packet + 20] = (bytes[i * 14 + 4] ?? 0) | 4;
    packets[packet + 21] = bytes[i * 14 + 5] ?? 0;
    packets.set(bytes.subarray(i * 14 + 6, i * 14 + 14), packet + HEADERS);
    packets[packet + HEADERS] = 1;
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));
const begun = performance.now();
let sent = 0;
for (;;) {
  const elapsed = performance.now() - begun;
  if (elapsed >= seconds * 1_000) break;
  if (sent >= (rate * elapsed) / 1_000) {
    Atomics.wait(pause, 0, 0, 1);
    continue;
  }
  disguise();
  const count = libc.sendmmsg(fd, messagesAt, BATCH, 0);
  if (count > 0) sent += count;
  else Atomics.wait(pause, 0, 0, 1);
}
libc.close(fd);
process.stdout.write(
  `${JSON.stringify({ sent, perSecond: Math.round((sent * 1_000) / (performance.now() - begun)) })}\n`,
);
