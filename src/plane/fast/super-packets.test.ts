/** Super-packets: cut on the way out, put together on the way in, and refused where they lie. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, type Family, IpAddress, toHex, writeU16, writeU32 } from '../../base/index.ts';
import { buildIp, internetChecksum, Protocol, parseIp, pseudoHeaderSum } from '../../ip/index.ts';
import { Arena, checksumOf } from './arena.ts';
import { COALESCER_BYTES, Coalescer } from './coalescer.ts';
import { cut } from './fast-twin.fixture.ts';
import { Glance } from './glance.ts';
import { completeChecksum, Segments, VNET_HEADER, VnetGso } from './segmentation.ts';

const AT = 512;
const ADDRESSES = {
  4: ['10.1.0.9', '10.2.0.9'],
  6: ['2001:db8:1::9', '2001:db8:2::9'],
} as const;

function ends(family: Family): readonly [IpAddress, IpAddress] {
  const [source, destination] = ADDRESSES[family].map((text) => IpAddress.parse(text));
  if (source === undefined || destination === undefined) throw new Error('no addresses');
  return [source, destination];
}

type Shape = Readonly<{
  family: Family;
  protocol: 6 | 17;
  payload: number;
  flags?: number;
  options?: number;
  sequence?: number;
}>;

/** A packet with its checksum; of any length that IP has a number for. */
function packetOf({ family, protocol, payload, flags = 0x10, options = 0, sequence = 7000 }: Shape): Uint8Array {
  const [source, destination] = ends(family);
  const header = protocol === 6 ? 20 + options : 8;
  const body = new Uint8Array(header + payload);
  for (let i = header; i < body.length; i++) body[i] = (sequence + i - header) & 0xff;
  writeU16(body, 0, 1000);
  writeU16(body, 2, 2000);
  if (protocol === 6) {
    writeU32(body, 4, sequence);
    writeU32(body, 8, 5);
    body.set([(header / 4) << 4, flags, 1, 0], 12);
    body.fill(1, 20, header);
  } else writeU16(body, 4, body.length);
  const place = protocol === 6 ? 16 : 6;
  const sum = internetChecksum(body, pseudoHeaderSum(source, destination, protocol, body.length));
  writeU16(body, place, sum === 0 && protocol === 17 ? 0xffff : sum);
  return buildIp({ source, destination, protocol, df: true, identification: 9 }, body);
}

function vnet(
  fields: Readonly<{ flags?: number; type?: number; size?: number; start?: number; offset?: number }>,
): Uint8Array {
  const bytes = new Uint8Array(VNET_HEADER);
  const view = new DataView(bytes.buffer);
  bytes[0] = fields.flags ?? 0;
  bytes[1] = fields.type ?? 0;
  view.setUint16(4, fields.size ?? 0, true);
  view.setUint16(6, fields.start ?? 0, true);
  view.setUint16(8, fields.offset ?? 0, true);
  return bytes;
}

/** What `Segments` makes of a packet behind a vnet header; undefined when it refuses. */
function segmentsOf(header: Uint8Array, packet: Uint8Array): Uint8Array[] | undefined {
  const arena = new Arena(new ArrayBuffer(0x1_2000));
  arena.bytes.set(concat(header, packet), AT - VNET_HEADER);
  const glance = new Glance();
  if (!glance.read(arena, AT, packet.length)) return undefined;
  const segments = new Segments(arena, 0);
  if (!segments.begin(AT, glance)) return undefined;
  segments.prepare(glance);
  return Array.from({ length: segments.count }, (_, i) => {
    segments.make(i, glance);
    return arena.bytes.slice(segments.at, segments.at + segments.length);
  });
}

const typeOf = ({ family, protocol }: Shape): number =>
  protocol === 17 ? VnetGso.UDP_L4 : family === 4 ? VnetGso.TCPV4 : VnetGso.TCPV6;

function superPacket(shape: Shape, size: number): readonly [Uint8Array, Uint8Array] {
  const start = shape.family === 4 ? 20 : 40;
  const offset = shape.protocol === 6 ? 16 : 6;
  const packet = packetOf(shape);
  // The kernel leaves the pseudo header's sum there.
  const [source, destination] = ends(shape.family);
  const sum = pseudoHeaderSum(source, destination, shape.protocol, packet.length - start);
  writeU16(packet, start + offset, ~internetChecksum(new Uint8Array(0), sum) & 0xffff);
  return [vnet({ flags: 1, type: typeOf(shape), size, start, offset }), packet];
}

const shapes = fc.record({
  family: fc.constantFrom<Family[]>(4, 6),
  protocol: fc.constantFrom<(6 | 17)[]>(6, 17),
  payload: fc.integer({ min: 1, max: 20_000 }),
  options: fc.constantFrom(0, 12),
});

test('the sum is that of RFC 1071, at any place and of any length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(7), (bytes, place) => {
      const arena = new Arena(new ArrayBuffer(128));
      arena.bytes.set(bytes, place);
      assert.equal(checksumOf(arena.sum(place, bytes.length)), internetChecksum(bytes));
    }),
  );
});

test('a super-packet is cut into what its sender would have sent one by one', () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 8, max: 1400 }), (shape, size) => {
      const segments = segmentsOf(...superPacket({ ...shape, flags: 0x19 }, size)) ?? [];
      assert.equal(segments.length, Math.ceil(shape.payload / size));
      segments.forEach((segment, i) => {
        const isLast = i === segments.length - 1;
        const payload = isLast ? shape.payload - i * size : size;
        const flags = isLast ? 0x19 : 0x10;
        const expected = packetOf({ ...shape, payload, flags, sequence: 7000 + (shape.protocol === 6 ? i * size : 0) });
        const parsed = parseIp(segment);
        assert.ok(parsed.ok, 'its header is right');
        const { source, destination, protocol, payloadOffset, totalLength } = parsed.value;
        assert.deepEqual([totalLength, protocol], [expected.length, shape.protocol]);
        const sum = pseudoHeaderSum(source, destination, protocol, segment.length - payloadOffset);
        assert.equal(internetChecksum(segment, sum, payloadOffset), 0, 'its checksum is right');
        if (protocol === Protocol.TCP) assert.equal(segment[payloadOffset + 13], flags);
        if (protocol === Protocol.TCP)
          assert.equal(toHex(segment.subarray(payloadOffset)), toHex(expected.subarray(payloadOffset)));
      });
    }),
    { numRuns: 60 },
  );
});

test('what a vnet header says and the packet does not is refused, and nothing throws', () => {
  const plain = packetOf({ family: 4, protocol: 6, payload: 100 });
  const lies = [
    { flags: 1, start: 20, offset: 6 },
    { flags: 1, start: 0xffff, offset: 16 },
    { flags: 1, start: 20, offset: 0xffff },
    { flags: 1, type: VnetGso.TCPV6, size: 50, start: 20, offset: 16 },
    { flags: 1, type: VnetGso.UDP_L4, size: 50, start: 20, offset: 16 },
    { flags: 1, type: VnetGso.TCPV4, size: 0, start: 20, offset: 16 },
    { flags: 0, type: VnetGso.TCPV4, size: 50, start: 20, offset: 16 },
    { flags: 1, type: 3, size: 50, start: 20, offset: 16 },
  ];
  for (const lie of lies) assert.equal(segmentsOf(vnet(lie), plain), undefined, JSON.stringify(lie));
  const many = superPacket({ family: 4, protocol: 6, payload: 60_000 }, 1);
  assert.equal(segmentsOf(...many), undefined, 'one byte in each segment');
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 10, maxLength: 10 }),
      fc.uint8Array({ maxLength: 200 }),
      fc.boolean(),
      (header, junk, isReal) => {
        const packet = isReal ? plain : junk;
        const segments = segmentsOf(header, packet) ?? [];
        assert.ok(
          segments.every(({ length }) => length <= packet.length),
          'no segment is longer',
        );
        const arena = new Arena(new ArrayBuffer(2048));
        arena.bytes.set(concat(header, packet), AT - VNET_HEADER);
        completeChecksum(arena, AT, packet.length);
        assert.ok(
          arena.bytes.subarray(AT + packet.length).every((byte) => byte === 0),
          'nothing behind it is touched',
        );
      },
    ),
  );
});

type Written = Readonly<{ device: number; bytes: Uint8Array }>;

/** A coalescer, and how packets reach it: opened where it says. */
function bench(takesUdp = true): Readonly<{
  add: (device: number, packet: Uint8Array) => void;
  spoil: (length: number) => void;
  written: Written[];
  flush: () => void;
}> {
  const arena = new Arena(new ArrayBuffer((COALESCER_BYTES + 0xffff) & ~0xffff));
  const written: Written[] = [];
  const coalescer = new Coalescer({
    arena,
    place: 0,
    takesUdp,
    write: (device, at, length) => void written.push({ device, bytes: arena.bytes.slice(at, at + length) }),
  });
  const glance = new Glance();
  return {
    written,
    flush: () => coalescer.flush(),
    add: (device, packet) => {
      const at = coalescer.lay(packet.length + 20);
      arena.bytes.set(packet, at);
      arena.bytes.fill(0xee, at + packet.length, at + packet.length + 20);
      assert.ok(glance.read(arena, at, packet.length), 'a packet for the fast path');
      coalescer.add(device, at, glance);
    },
    spoil: (length) => {
      const at = coalescer.lay(length);
      arena.bytes.fill(0xdd, at, at + length);
      coalescer.leave();
    },
  };
}

test('segments of a connection go as one, and come apart as they were', () => {
  const { add, flush, written } = bench();
  const sent = Array.from({ length: 10 }, (_, i) =>
    packetOf({
      family: 4,
      protocol: 6,
      payload: i === 9 ? 100 : 1200,
      sequence: 7000 + i * 1200,
      flags: i === 9 ? 0x18 : 0x10,
      options: 12,
    }),
  );
  for (const one of sent) add(1, one);
  flush();
  assert.equal(written.length, 1);
  const back = cut(written[0]?.bytes ?? new Uint8Array(0));
  assert.deepEqual(
    back.map((one) => toHex(one.subarray(20))),
    sent.map((one) => toHex(one.subarray(20))),
  );
});

test('whatever comes in whatever order goes out as it came, of any flow and device', () => {
  const mostly = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
    fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
  const packets = fc
    .record({ family: fc.constantFrom<Family[]>(4, 6), protocol: fc.constantFrom<(6 | 17)[]>(6, 17) })
    .chain(({ family, protocol }) =>
      fc.array(
        fc.record({
          family: mostly<Family>(family, 4, 6),
          protocol: mostly<6 | 17>(protocol, 6, 17),
          payload: mostly(100, 0, 1, 99),
          flags: mostly(0x10, 0x18, 0x11),
          options: mostly(0, 12),
          follows: mostly(true, false),
          device: mostly(1, 2),
          isWrong: mostly(false, true),
          isSpoilt: fc.constantFrom(false, false, true),
        }),
        { maxLength: 90 },
      ),
    );
  let large = 0;
  fc.assert(
    fc.property(packets, fc.boolean(), (sent, takesUdp) => {
      const { add, spoil, flush, written } = bench(takesUdp);
      let sequence = 0xffff_ff00;
      const expected = sent.map(({ device, follows, isWrong, isSpoilt, ...shape }) => {
        if (!follows) sequence += 5;
        const packet = packetOf({ ...shape, sequence: sequence >>> 0 });
        sequence += shape.payload;
        if (isWrong) packet[packet.length - 1] = (packet.at(-1) ?? 0) ^ 0x55;
        if (isSpoilt) spoil(300);
        add(device, packet);
        return `${device} ${withoutIdentification(packet)}`;
      });
      flush();
      large += written.filter(({ bytes }) => bytes[1] !== 0).length;
      const got = written.flatMap(({ device, bytes }) =>
        cut(bytes).map((one) => `${device} ${withoutIdentification(one)}`),
      );
      assert.deepEqual(got, expected);
    }),
    { numRuns: 300 },
  );
  assert.ok(large > 100, `${large} super-packets`);
});

/** Packets that must not be cut need none (RFC 6864 section 4.1), and a super-packet has one for all. */
function withoutIdentification(packet: Uint8Array): string {
  const copy = packet.slice();
  if (copy[0] === 0x45) copy.fill(0, 4, 6).fill(0, 10, 12);
  return toHex(copy);
}
