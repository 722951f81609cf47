/**
 * Reads everything that comes to a UDP port, until it is killed:
 *
 *     udp-receiver PORT
 *
 * How much that was, the kernel counts: `InDatagrams` of its namespace.
 */
import { IpAddress } from '../../../src/base/index.ts';
import { openLibc } from '../../../src/host/linux/libc.ts';
import { encodeSockaddr } from '../../../src/host/linux/sockaddr.ts';
import { Domain, Level, MessageFlag, SocketOption, SocketType } from '../../../src/host/linux/socket-numbers.ts';
import { MessageBatch } from './message-batch.ts';

const BATCH = 64;
const MSG_WAITFORONE = 0x10000;
/** The receiver's queue is never what loses packets. */
const QUEUE = 32 << 20;

const opened = openLibc();
if (!opened.ok) throw new Error(opened.error.text);
const libc = opened.value;
const fd = libc.socket(Domain.INET, SocketType.DGRAM | SocketType.CLOEXEC, 0);
const room = new Uint8Array(new Int32Array([QUEUE]).buffer);
libc.setsockopt(fd, Level.SOCKET, SocketOption.RCVBUFFORCE, room, 4);
const name = encodeSockaddr(IpAddress.any(4), Number(process.argv[2]));
const bound = libc.bind(fd, name, name.length);
if (bound < 0) throw new Error(`bind: ${bound}`);
process.stdout.write('listens\n', () => {
  // Bytes past the first few are not copied.
  const batch = new MessageBatch(libc, BATCH, 16);
  while (libc.recvmmsg(fd, batch.address, BATCH, MSG_WAITFORONE | MessageFlag.TRUNC) >= 0);
});
