/** Whether the kernel itself can do ESP. No file says so; adding an SA does. */
import { Errno } from './linux/errno.ts';
import type { Libc } from './linux/libc.ts';
import { Domain, MessageFlag, SocketType } from './linux/socket-numbers.ts';

const NETLINK_XFRM = 6;
const XFRM_MSG_NEWSA = 16;
const XFRM_MSG_DELSA = 17;
const XFRMA_ALG_AEAD = 18;
const REQUEST_ACK = 5;

/** Adds an ESP SA between documentation addresses and takes it away: the only question that every kernel answers. */
export function hasKernelIpsec(libc: Libc): boolean | undefined {
  const fd = libc.socket(Domain.NETLINK, SocketType.RAW | SocketType.CLOEXEC, NETLINK_XFRM);
  if (fd < 0) return -fd === Errno.EPERM ? undefined : false;
  const answer = ask(libc, fd, XFRM_MSG_NEWSA, newSa());
  if (answer === 0) ask(libc, fd, XFRM_MSG_DELSA, saId());
  libc.close(fd);
  if (answer === undefined || answer === -Errno.EPERM) return undefined;
  return answer === 0;
}

/** Sends one message and gives the error number of its acknowledgement, below zero. */
function ask(libc: Libc, fd: number, type: number, body: Uint8Array): number | undefined {
  const message = new Uint8Array(16 + body.length);
  const view = new DataView(message.buffer);
  view.setUint32(0, message.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, REQUEST_ACK, true);
  view.setUint32(8, 1, true);
  message.set(body, 16);
  const kernel = new Uint8Array(12);
  kernel[0] = Domain.NETLINK;
  const sent = libc.sendto(fd, message, message.length, 0, kernel, kernel.length);
  if (sent < 0) return sent;
  const reply = new Uint8Array(4096);
  // The kernel answers before the call that asked has returned.
  const length = libc.recv(fd, reply, reply.length, MessageFlag.DONTWAIT);
  return length < 20 ? undefined : new DataView(reply.buffer).getInt32(16, true);
}

/** Far from what anybody would be given. */
const SPI = 0x77_68_65_65;

/** struct xfrm_usersa_info with an AEAD algorithm (linux/xfrm.h), AES-GCM with an all-zero key. */
function newSa(): Uint8Array {
  const key = 20;
  const algorithm = 64 + 4 + 4 + key;
  const body = new Uint8Array(224 + 4 + algorithm);
  const view = new DataView(body.buffer);
  writeSelectorFamily(view);
  body.set([192, 0, 2, 1], 56);
  view.setUint32(72, SPI, false);
  body[76] = 50;
  body.set([192, 0, 2, 2], 80);
  // No limits: all ones, four times.
  body.fill(0xff, 96, 96 + 32);
  view.setUint16(212, Domain.INET, true);
  body[214] = 1;
  view.setUint16(224, 4 + algorithm, true);
  view.setUint16(226, XFRMA_ALG_AEAD, true);
  body.set(new TextEncoder().encode('rfc4106(gcm(aes))'), 228);
  view.setUint32(292, key * 8, true);
  view.setUint32(296, 128, true);
  return body;
}

function writeSelectorFamily(view: DataView): void {
  view.setUint16(40, Domain.INET, true);
}

/** struct xfrm_usersa_id. */
function saId(): Uint8Array {
  const body = new Uint8Array(24);
  body.set([192, 0, 2, 1], 0);
  const view = new DataView(body.buffer);
  view.setUint32(16, SPI, false);
  view.setUint16(20, Domain.INET, true);
  body[22] = 50;
  return body;
}
