import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress, readU32 } from '../../base/index.ts';
import { parseIp, parseUdp } from '../../ip/index.ts';
import { type Libc, openLibc } from './libc.ts';
import { attachProgram, setInteger } from './listener.ts';
import { udpPacketLength, writeRawPacket, writeUdpPacket } from './outer-packet.ts';
import { PacketBatch, unpackBatch } from './packet-batch.ts';
import { type FilterVerdict, ReaderLoop } from './reader-loop.ts';
import {
  MOST_OUTSTANDING,
  type ReaderOrder,
  type ReaderReport,
  readerCounters,
  SHARED_BYTES,
  sharedCounters,
  sharedWords,
  Word,
} from './reader-protocol.ts';
import { type DatagramClass, datagramClasses, encodeProgram, reuseportProgram } from './reuseport-filter.ts';
import { decodeSockaddr, encodeSockaddr, SOCKADDR_ROOM } from './sockaddr.ts';
import { Domain, EventFlag, IpOption, Level, MessageFlag, SocketOption, SocketType } from './socket-numbers.ts';

const linux = { skip: process.platform === 'linux' ? false : 'needs Linux' };
const loopback = IpAddress.v4(0x7f000001);

function libc(): Libc {
  const opened = openLibc();
  assert.ok(opened.ok);
  return opened.value;
}

function udpSocket(c: Libc, port: number, shared: boolean): number {
  const fd = c.socket(Domain.INET, SocketType.DGRAM | SocketType.CLOEXEC, 0);
  assert.ok(fd >= 0);
  if (shared) setInteger(c, fd, Level.SOCKET, SocketOption.REUSEPORT, 1);
  assert.equal(c.bind(fd, encodeSockaddr(loopback, port), 16), 0);
  setInteger(c, fd, Level.IP, IpOption.RECVTOS, 1);
  setInteger(c, fd, Level.IP, IpOption.RECVTTL, 1);
  return fd;
}

function portOf(c: Libc, fd: number): number {
  const name = new Uint8Array(SOCKADDR_ROOM);
  assert.equal(c.getsockname(fd, name, Uint8Array.of(SOCKADDR_ROOM, 0, 0, 0)), 0);
  return decodeSockaddr(name)?.port ?? 0;
}

function sendTo(c: Libc, fd: number, port: number, data: Uint8Array): void {
  assert.equal(c.sendto(fd, data, data.length, 0, encodeSockaddr(loopback, port), 16), data.length);
}

/** What the program in the kernel is to say, in plain words (RFC 7296 sections 2.6 and 3.1). */
function classify(datagram: Uint8Array, marked: boolean): DatagramClass {
  const message = marked ? datagram.subarray(4) : datagram;
  if (marked && datagram.length >= 4 && readU32(datagram, 0) !== 0) return 'established';
  if (message.length < 16 && !(message.length >= 12 && readU32(message, 8) !== 0)) return 'first';
  if (readU32(message, 8) !== 0 || readU32(message, 12) !== 0) return 'established';
  if (message.length < 19 || message[18] !== 34) return 'first';
  return message[16] === 41 ? 'cookie' : 'first';
}

for (const marked of [false, true]) {
  test(
    `the kernel sorts datagrams ${marked ? 'behind the non-ESP marker' : 'of port 500'} into their classes`,
    linux,
    () => {
      const c = libc();
      const alone = udpSocket(c, 0, false);
      const port = portOf(c, alone);
      setInteger(c, alone, Level.SOCKET, SocketOption.REUSEPORT, 1);
      const sockets = [alone, udpSocket(c, port, true), udpSocket(c, port, true)];
      const sender = udpSocket(c, 0, false);
      assert.equal(attachProgram(c, alone, encodeProgram(reuseportProgram(marked))), 0);
      const room = new Uint8Array(4096);
      const byte = fc.constantFrom(0, 0, 0, 34, 41, 7);
      const messages = fc.record({
        head: fc.array(byte, { maxLength: 40, size: 'max' }),
        exchange: fc.constantFrom(34, 35),
        next: byte,
      });
      const seen = new Set<string>();
      fc.assert(
        fc.property(messages, fc.boolean(), ({ head, exchange, next }, isZero) => {
          const datagram = Uint8Array.from(head);
          const at = marked ? 4 : 0;
          if (isZero) datagram.fill(0, 0, at + 16);
          if (datagram.length > at + 18) datagram.set([exchange], at + 18);
          if (datagram.length > at + 16) datagram.set([next], at + 16);
          sendTo(c, sender, port, datagram);
          const expected = classify(datagram, marked);
          seen.add(expected);
          const got = sockets.map((fd) => c.recv(fd, room, room.length, MessageFlag.DONTWAIT) >= 0);
          assert.deepEqual(
            datagramClasses.filter((_, i) => got[i]),
            [expected],
          );
        }),
        { numRuns: 500 },
      );
      assert.equal(seen.size, 3);
      for (const fd of [...sockets, sender]) c.close(fd);
    },
  );
}

test('packets are rebuilt with headers and sums that a plane takes', () => {
  const v6 = IpAddress.parse('fd00::1');
  assert.ok(v6 !== undefined);
  const place = fc.constantFrom(loopback, v6);
  fc.assert(
    fc.property(
      place,
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(500, 4500),
      fc.nat(255),
      (at, payload, port, tos) => {
        const envelope = { source: at, destination: at, tos, ttl: 61 };
        const packet = new Uint8Array(udpPacketLength(at, payload.length)).fill(0xff);
        writeUdpPacket(packet, envelope, 5000, port, payload);
        const ip = parseIp(packet);
        assert.ok(ip.ok);
        assert.deepEqual([ip.value.tos, ip.value.ttl, ip.value.totalLength], [tos, 61, packet.length]);
        const udp = parseUdp(ip.value, packet);
        assert.ok(udp.ok);
        assert.deepEqual([...udp.value.payload], [...payload]);
        assert.deepEqual([udp.value.sourcePort, udp.value.destinationPort], [5000, port]);
        const raw = new Uint8Array((at.family === 4 ? 20 : 40) + payload.length).fill(0xff);
        writeRawPacket(raw, envelope, 50, payload);
        const read = parseIp(raw);
        assert.ok(read.ok && read.value.protocol === 50);
        assert.deepEqual([...raw.subarray(read.value.payloadOffset)], [...payload]);
      },
    ),
  );
});

test('batches unpack as they were packed, and never hold more than there is room for', () => {
  const packets = fc.array(fc.tuple(fc.nat(9), fc.uint8Array({ maxLength: 50 })), { maxLength: 30 });
  const batch = new PacketBatch();
  fc.assert(
    fc.property(packets, (given) => {
      for (const [source, packet] of given) batch.add(source, packet.length).set(packet);
      const found: unknown[] = [];
      unpackBatch(batch.take(), (source, packet) => found.push([source, [...packet]]));
      assert.deepEqual(
        found,
        given.map(([source, packet]) => [source, [...packet]]),
      );
      assert.equal(batch.count, 0);
    }),
  );
  let count = 0;
  while (batch.hasRoom(65_575)) count += batch.add(1, 65_575).length;
  assert.ok(count > 0 && count <= 1 << 20);
});

/** A loop on sockets of its own, in this thread. */
class Bench {
  readonly c = libc();
  readonly wakeFd = this.c.eventfd(0, EventFlag.NONBLOCK | EventFlag.CLOEXEC);
  readonly shared = new SharedArrayBuffer(SHARED_BYTES);
  readonly reports: ReaderReport[] = [];
  readonly sockets: Readonly<Record<DatagramClass, number>>;
  readonly sender = udpSocket(this.c, 0, false);
  readonly loop: ReaderLoop;
  verdict: ((datagram: Uint8Array) => FilterVerdict) | undefined;
  #orders: ReaderOrder[] = [];
  #sequence = 0;

  constructor() {
    const { c, wakeFd, shared } = this;
    this.sockets = {
      first: udpSocket(c, 0, false),
      cookie: udpSocket(c, 0, false),
      established: udpSocket(c, 0, false),
    };
    this.loop = new ReaderLoop({
      libc: c,
      wakeFd,
      shared,
      post: (report) => void this.reports.push(report),
      orders: () => this.#orders.splice(0),
      filter: { isActive: () => this.verdict !== undefined, judge: (datagram) => this.verdict?.(datagram) ?? 'drop' },
    });
    const add = datagramClasses.map((queue, id) => ({
      id,
      descriptor: { fd: this.sockets[queue], kind: 'udp', queue, local: '127.0.0.1', port: 500 } as const,
    }));
    this.order({ add, remove: [] });
  }

  order(order: Pick<ReaderOrder, 'add' | 'remove'>): void {
    this.#orders.push({ ...order, sequence: ++this.#sequence, secrets: [] });
    this.c.write(this.wakeFd, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), 8);
    this.loop.round(0);
    assert.equal(Atomics.load(sharedWords(this.shared), Word.ACKNOWLEDGED), this.#sequence);
  }

  send(queue: DatagramClass, count: number, data = new Uint8Array(40)): void {
    for (let i = 0; i < count; i++) sendTo(this.c, this.sender, portOf(this.c, this.sockets[queue]), data);
  }

  /** Packets of one round by source, and what they weigh is consumed. */
  round(consume = true): readonly number[] {
    this.loop.round(0);
    const counts = [0, 0, 0];
    for (const report of this.reports.splice(0)) {
      if (report.kind !== 'packets') continue;
      unpackBatch(report, (id) => {
        counts[id] = (counts[id] ?? 0) + 1;
      });
      if (consume) Atomics.add(sharedWords(this.shared), Word.CONSUMED, report.weight);
    }
    return counts;
  }

  counter(name: (typeof readerCounters)[number]): number {
    return sharedCounters(this.shared)[readerCounters.indexOf(name)] ?? 0;
  }

  close(): void {
    for (const fd of [...Object.values(this.sockets), this.sender, this.wakeFd]) this.c.close(fd);
  }
}

test('known peers are read first and whole, strangers few at a time', linux, () => {
  const bench = new Bench();
  bench.send('first', 100);
  bench.send('established', 60);
  assert.deepEqual(bench.round(false), [8, 0, 60]);
  // The main thread has not caught up: fewer still.
  assert.deepEqual(bench.round(false), [4, 0, 0]);
  bench.close();
});

test('when the main thread lags nothing is read until it has caught up', linux, () => {
  const bench = new Bench();
  const words = sharedWords(bench.shared);
  bench.send('established', 10);
  Atomics.add(words, Word.POSTED, MOST_OUTSTANDING);
  assert.deepEqual(bench.round(), [0, 0, 0]);
  assert.equal(Atomics.load(words, Word.STALLED), 1);
  assert.equal(bench.counter('reader-stalled'), 1);
  // Orders are obeyed all the same.
  bench.order({ add: [], remove: [0] });
  Atomics.add(words, Word.CONSUMED, MOST_OUTSTANDING);
  assert.deepEqual(bench.round(), [0, 0, 10]);
  bench.close();
});

test('in a flood first messages are answered, dropped or let through by the filter', linux, () => {
  const bench = new Bench();
  bench.verdict = (datagram) =>
    (({ 1: 'pass', 2: 'drop', 3: 'unknown' }) as const)[datagram[0] ?? 0] ?? Uint8Array.of(0xc0, datagram[1] ?? 0);
  bench.send('first', 10, Uint8Array.of(1, 0));
  bench.send('first', 10, Uint8Array.of(2, 0));
  bench.send('first', 10, Uint8Array.of(3, 0));
  bench.send('first', 10, Uint8Array.of(4, 77));
  bench.send('cookie', 3, Uint8Array.of(1, 0));
  bench.send('established', 5, Uint8Array.of(2, 0));
  assert.deepEqual(bench.round(), [14, 3, 5]);
  assert.equal(bench.counter('first-messages'), 43);
  assert.equal(bench.counter('first-messages-answered'), 10);
  assert.equal(bench.counter('first-messages-refused'), 16);
  const answer = new Uint8Array(64);
  assert.equal(bench.c.recv(bench.sender, answer, 64, MessageFlag.DONTWAIT), 2);
  assert.deepEqual([answer[0], answer[1]], [0xc0, 77]);
  bench.close();
});

test('a removed descriptor is not read any more, and one that fails is told', linux, () => {
  const bench = new Bench();
  bench.order({ add: [], remove: [2] });
  bench.send('established', 5);
  bench.send('cookie', 2);
  assert.deepEqual(bench.round(), [0, 2, 0]);
  const dead = bench.c.eventfd(1, EventFlag.NONBLOCK); // no socket: recvmmsg refuses it
  bench.order({ add: [{ id: 9, descriptor: { fd: dead, kind: 'esp', family: 4, local: '127.0.0.1' } }], remove: [] });
  bench.loop.round(0);
  assert.deepEqual(bench.reports, [{ kind: 'gone', id: 9, errno: 88 }]);
  bench.c.close(dead);
  bench.close();
});

test('large datagrams come whole', linux, () => {
  const bench = new Bench();
  const large = new Uint8Array(65_507).fill(3);
  bench.send('established', 3, large);
  bench.loop.round(0);
  const lengths: number[] = [];
  for (const report of bench.reports) {
    if (report.kind === 'packets') unpackBatch(report, (_, packet) => lengths.push(packet.length));
  }
  assert.deepEqual(lengths, [65_535, 65_535, 65_535]);
  bench.close();
});
