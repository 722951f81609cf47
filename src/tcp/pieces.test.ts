/** The codec, the queues and the timers by themselves. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { concat, fromHex, IpAddress, SecretKey, utf8 } from '../base/index.ts';
import { md5 } from '../crypto/index.ts';
import { ReassemblyQueue } from './reassembly.ts';
import { MAX_RTO_MS, RetransmissionTimeout } from './retransmission.ts';
import { SendBuffer } from './send-buffer.ts';
import { advance, distance, isBefore } from './sequence.ts';
import { decodeSegment, encodeSegment, Flag, type Segment } from './wire/segment.ts';

const source = IpAddress.v4(0x0a000001);
const destination = IpAddress.v4(0x0a000002);
const source6 = IpAddress.v6(0x20010db8, 0, 0, 1);
const destination6 = IpAddress.v6(0x20010db8, 0, 0, 2);

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const segments = fc.record(
  {
    sourcePort: u16,
    destinationPort: u16,
    sequence: u32,
    acknowledgment: u32,
    flags: fc.integer({ min: 0, max: 63 }).map((flags) => flags | Flag.ACK),
    window: u16,
    mss: u16,
    windowScale: fc.integer({ min: 0, max: 255 }),
    payload: fc.uint8Array({ maxLength: 200 }),
  },
  { requiredKeys: ['sourcePort', 'destinationPort', 'sequence', 'acknowledgment', 'flags', 'window', 'payload'] },
) as fc.Arbitrary<Segment>;

test('what was encoded decodes to itself, signed or not, in both families', () => {
  fc.assert(
    fc.property(segments, fc.boolean(), fc.boolean(), (segment, isSigned, isV6) => {
      const [from, to] = isV6 ? [source6, destination6] : [source, destination];
      const key = isSigned ? new SecretKey(utf8('key')) : undefined;
      const decoded = decodeSegment(encodeSegment(segment, from, to, key), from, to);
      assert.ok(decoded.ok);
      const { md5: digest, ...rest } = decoded.value;
      assert.equal(digest !== undefined, isSigned);
      assert.deepEqual({ ...rest, payload: [...rest.payload] }, { ...segment, payload: [...segment.payload] });
    }),
  );
});

test('every shorter prefix of a segment is a fault', () => {
  const segment = { sourcePort: 1, destinationPort: 179, sequence: 1, acknowledgment: 2, flags: Flag.ACK, window: 3 };
  const bytes = encodeSegment({ ...segment, mss: 1400, payload: utf8('data') }, source, destination, undefined);
  for (let length = 0; length < bytes.length; length++) {
    assert.ok(!decodeSegment(bytes.subarray(0, length), source, destination).ok, `${length} bytes`);
  }
});

test('options are taken by their length or not at all (RFC 9293 section 3.2)', () => {
  const rows = [
    { options: '02 04 05 b4', mss: 1460 },
    { options: '01 01 01 01 02 04 05 b4', mss: 1460 },
    { options: '1e 04 00 00 02 04 05 b4', mss: 1460 },
    { options: '00 02 04 05', mss: undefined },
    { options: '02 03 05 00', mss: undefined },
    { options: '02 00 05 b4', fault: 'bad-option' },
    { options: '02 01 05 b4', fault: 'bad-option' },
    { options: '02 05 05 b4', fault: 'bad-option' },
    { options: '13 04 00 00', fault: 'bad-option' },
    { options: '01 01 01 02', fault: 'bad-option' },
  ];
  const base = { sourcePort: 1, destinationPort: 2, sequence: 0, acknowledgment: 0, flags: Flag.SYN, window: 0 };
  for (const { options, mss, fault } of rows) {
    const extra = fromHex(options) ?? new Uint8Array(0);
    const bytes = encodeSegment({ ...base, payload: extra }, source, destination, undefined);
    bytes[12] = (5 + extra.length / 4) << 4;
    // The data offset moved: mend the checksum by the same amount.
    const sum = ((bytes[16] ?? 0) << 8) + (bytes[17] ?? 0) - ((extra.length / 4) << 12);
    const mended = sum <= 0 ? sum + 0xffff : sum;
    bytes[16] = mended >>> 8;
    bytes[17] = mended;
    const decoded = decodeSegment(bytes, source, destination);
    if (fault !== undefined) assert.ok(!decoded.ok && decoded.error === fault, options);
    else assert.ok(decoded.ok && decoded.value.mss === mss, options);
  }
});

test('the digest covers pseudo-header, bare header, data and key (RFC 2385 section 2.0)', () => {
  const segment = { sourcePort: 0x1234, destinationPort: 179, sequence: 0x01020304, acknowledgment: 0x05060708 };
  const bytes = encodeSegment(
    { ...segment, flags: Flag.ACK, window: 0xffff, payload: utf8('hi') },
    source,
    destination,
    new SecretKey(utf8('key')),
  );
  const decoded = decodeSegment(bytes, source, destination);
  assert.ok(decoded.ok);
  const covered = fromHex(
    '0a000001 0a000002 00 06 002a  1234 00b3 01020304 05060708 a0 10 ffff 0000 0000  6869  6b6579',
  );
  assert.ok(covered !== undefined);
  assert.deepEqual(decoded.value.md5 && [...decoded.value.md5], [...md5(covered)]);
});

test('sequence numbers compare modulo 2^32 (RFC 9293 section 3.4)', () => {
  assert.ok(isBefore(0xffff_fff0, 5));
  assert.ok(!isBefore(5, 0xffff_fff0));
  assert.equal(distance(0xffff_fff0, 5), 21);
  assert.equal(advance(0xffff_ffff, 1), 0);
});

test('the reassembly queue equals a map of bytes', () => {
  const pieces = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20 })), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(u32, pieces, (base, list) => {
      const queue = new ReassemblyQueue();
      const bytes = new Map<number, number>();
      for (const [n, [offset, length]] of list.entries()) {
        const data = new Uint8Array(length).fill(n + 1);
        assert.ok(queue.add(advance(base, offset), data));
        for (let i = 0; i < length; i++) if (!bytes.has(offset + i)) bytes.set(offset + i, n + 1);
      }
      assert.equal(queue.bytes, bytes.size);
      for (let next = 0; next < 90; ) {
        const data = queue.take(advance(base, next));
        if (data === undefined) {
          assert.ok(!bytes.has(next));
          next++;
        } else for (const byte of data) assert.equal(byte, bytes.get(next++));
      }
      assert.ok(queue.isEmpty);
    }),
  );
});

test('the reassembly queue refuses more than 256 pieces', () => {
  const queue = new ReassemblyQueue();
  for (let i = 0; i < 256; i++) assert.ok(queue.add(2 * i + 1, new Uint8Array(1)));
  assert.ok(!queue.add(10_001, new Uint8Array(1)));
});

test('the send buffer equals one array', () => {
  const steps = fc.array(fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.integer({ min: 0, max: 40 })), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(steps, fc.nat(), (list, salt) => {
      const buffer = new SendBuffer();
      let twin: Uint8Array = new Uint8Array(0);
      for (const step of list) {
        if (typeof step === 'number') {
          buffer.release(Math.min(step, twin.length));
          twin = twin.slice(step);
        } else {
          buffer.append(step);
          twin = concat(twin, step);
        }
        assert.equal(buffer.length, twin.length);
        const offset = twin.length === 0 ? 0 : salt % twin.length;
        const length = Math.min(25, twin.length - offset);
        assert.deepEqual([...buffer.read(offset, length)], [...twin.subarray(offset, offset + length)]);
      }
    }),
    { numRuns: 50 },
  );
});

test('the timeout follows the round trips, doubles, and is bounded (RFC 6298)', () => {
  const timeout = new RetransmissionTimeout();
  assert.equal(timeout.ms, 1_000); // 2.1
  timeout.sample(400);
  assert.equal(timeout.ms, 400 + 4 * 200); // 2.2
  timeout.sample(400);
  assert.equal(timeout.ms, 400 + 4 * 150); // 2.3
  timeout.backOff();
  assert.equal(timeout.ms, 2_000); // 5.5
  for (let i = 0; i < 20; i++) timeout.backOff();
  assert.equal(timeout.ms, MAX_RTO_MS); // 2.5
  timeout.relax();
  assert.equal(timeout.ms, 1_000);
  const quick = new RetransmissionTimeout();
  quick.sample(1);
  assert.equal(quick.ms, 200); // our lower bound
});
