import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../../base/index.ts';
import { Errno, errnoName, systemFault } from './errno.ts';
import { type Libc, openLibc } from './libc.ts';
import { decodeSockaddr, encodeSockaddr, SOCKADDR_ROOM } from './sockaddr.ts';
import { Domain, EventFlag, PollEvent, SocketType } from './socket-numbers.ts';

function libc(): Libc {
  const opened = openLibc();
  assert.ok(opened.ok);
  return opened.value;
}

const linux = { skip: process.platform === 'linux' ? false : 'needs Linux' };

test('calls answer values, or negative error numbers', linux, () => {
  assert.equal(libc().close(1_000_000), -Errno.EBADF);
  assert.equal(libc().open('/nowhere/at/all', 0), -Errno.ENOENT);
  assert.equal(libc().socket(12345, 1, 0), -Errno.EAFNOSUPPORT);
});

test('a socket is bound, named and spoken through, by arrays and by addresses', linux, () => {
  const c = libc();
  const fd = c.socket(Domain.INET, SocketType.DGRAM | SocketType.CLOEXEC, 0);
  assert.ok(fd >= 0);
  const loopback = IpAddress.v4(0x7f000001);
  assert.equal(c.bind(fd, encodeSockaddr(loopback, 0), 16), 0);
  const name = new Uint8Array(SOCKADDR_ROOM);
  const length = Uint8Array.of(SOCKADDR_ROOM, 0, 0, 0);
  assert.equal(c.getsockname(fd, name, length), 0);
  const own = decodeSockaddr(name);
  assert.ok(own !== undefined && own.port > 0);
  assert.equal(own.address.toString(), '127.0.0.1');
  assert.equal(c.sendto(fd, Uint8Array.of(1, 2, 3), 3, 0, encodeSockaddr(own.address, own.port), 16), 3);
  const polled = new Uint8Array(8);
  new DataView(polled.buffer).setInt32(0, fd, true);
  polled[4] = PollEvent.IN;
  assert.equal(c.poll(polled, 1, 5000), 1);
  const room = new Uint8Array(64);
  assert.equal(c.recv(fd, c.addressOf(room) + 10, 54, 0), 3);
  assert.deepEqual([...room.subarray(9, 14)], [0, 1, 2, 3, 0]);
  assert.equal(c.close(fd), 0);
});

test('an eventfd counts', linux, () => {
  const c = libc();
  const fd = c.eventfd(0, EventFlag.NONBLOCK | EventFlag.CLOEXEC);
  const eight = Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0);
  assert.equal(c.write(fd, eight, 8), 8);
  const out = new Uint8Array(8);
  assert.equal(c.read(fd, out, 8), 8);
  assert.equal(out[0], 5);
  assert.equal(c.read(fd, out, 8), -Errno.EAGAIN);
  c.close(fd);
});

test('socket addresses read as they were written', () => {
  const address = fc.oneof(
    fc.integer().map((word) => IpAddress.v4(word)),
    fc.tuple(fc.integer(), fc.integer(), fc.integer(), fc.integer()).map((words) => IpAddress.v6(...words)),
  );
  fc.assert(
    fc.property(address, fc.nat(65535), (given, port) => {
      const read = decodeSockaddr(encodeSockaddr(given, port));
      assert.ok(read?.address.equals(given));
      assert.equal(read?.port, port);
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => void decodeSockaddr(bytes)));
});

test('faults name the error, say it in a sentence and tell the way out', () => {
  assert.equal(errnoName(-98), 'EADDRINUSE');
  assert.equal(errnoName(98), 'EADDRINUSE');
  assert.equal(errnoName(4000), 'errno 4000');
  const fault = systemFault('socket', -Errno.EPERM, 'open a raw socket');
  assert.equal(fault.text, 'Can not open a raw socket: that is not permitted (EPERM).');
  assert.match(fault.remedy ?? '', /CAP_NET_RAW/);
  assert.equal(systemFault('ioctl', 5, 'do it').remedy, undefined);
});
