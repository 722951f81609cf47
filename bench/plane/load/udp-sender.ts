/**
 * UDP at a rate from one socket, each datagram by itself as most programs send them:
 *
 *     udp-sender ADDRESS PORT PAYLOAD_BYTES PACKETS_PER_SECOND SECONDS
 *
 * Prints what it sent as one line of JSON.
 */
import { IpAddress } from '../../../src/base/index.ts';
import { openLibc } from '../../../src/host/linux/libc.ts';
import { encodeSockaddr } from '../../../src/host/linux/sockaddr.ts';
import { Domain, SocketType } from '../../../src/host/linux/socket-numbers.ts';
import { MessageBatch } from './message-batch.ts';
import { pace } from './pacer.ts';

const BATCH = 64;

const [addressText = '', port, payload, rate, seconds] = process.argv.slice(2);
const address = IpAddress.parse(addressText);
const opened = openLibc();
if (!opened.ok || address === undefined) throw new Error('udp-sender ADDRESS PORT PAYLOAD RATE SECONDS');
const libc = opened.value;
const fd = libc.socket(Domain.INET, SocketType.DGRAM | SocketType.CLOEXEC, 0);
const name = encodeSockaddr(address, Number(port));
const connected = fd < 0 ? fd : libc.connect(fd, name, name.length);
if (connected < 0) throw new Error(`connect: ${connected}`);

const batch = new MessageBatch(libc, BATCH, Number(payload));
const paced = pace({
  perSecond: Number(rate),
  seconds: Number(seconds),
  batch: BATCH,
  send: (most) => libc.sendmmsg(fd, batch.address, most, 0),
});
libc.close(fd);
process.stdout.write(`${JSON.stringify(paced)}\n`);
