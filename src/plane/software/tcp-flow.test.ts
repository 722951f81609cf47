import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress, readU32, seededRandom, writeU16, writeU32 } from '../../base/index.ts';
import { buildIp, type IpHeader, internetChecksum, Protocol, parseIp, pseudoHeaderSum } from '../../ip/index.ts';
import { TcpFlow, type Way } from './tcp-flow.ts';
import { ALLOW, CLEAR, type Treatment } from './transit-policy.ts';

const A = IpAddress.v4(0x0a000001);
const B = IpAddress.v4(0x0a000002);
const A6 = IpAddress.v6(0x20010db8, 0, 0, 1);
const B6 = IpAddress.v6(0x20010db8, 0, 0, 2);
const ACK = 0x10;

function treatment(clears: (kind: number) => boolean, changes: Partial<Treatment['cleaning']> = {}): Treatment {
  const options = Uint8Array.from({ length: 256 }, (_, kind) => (clears(kind) ? CLEAR : ALLOW));
  const counts = {
    rule: '',
    connections: 0,
    current: 0,
    embryonic: 0,
    randomised: 0,
    optionsCleared: 0,
    signaturesCleared: 0,
    optionDrops: 0,
    urgentCleared: 0,
    reservedCleared: 0,
    reservedDrops: 0,
    checksumDrops: 0,
    limitDrops: 0,
  };
  return {
    randomises: true,
    timeouts: { idleMs: 0, halfClosedMs: 0, embryonicMs: 0 },
    maxConnections: 0,
    maxEmbryonic: 0,
    cleaning: { options, urgentFlag: 'allow', reservedBits: 'allow', verifiesChecksum: false, ...changes },
    counts,
    cleaned: counts,
  };
}

function headerOf(packet: Uint8Array): IpHeader {
  const parsed = parseIp(packet);
  assert.ok(parsed.ok, 'a packet');
  return parsed.value;
}

function isRight(packet: Uint8Array): boolean {
  const { source, destination, protocol, payloadOffset: start, totalLength: end } = headerOf(packet);
  return internetChecksum(packet, pseudoHeaderSum(source, destination, protocol, end - start), start, end) === 0;
}

function packetOf(way: Way, segment: Uint8Array, v6 = false): Uint8Array {
  const [near, far] = v6 ? [A6, B6] : [A, B];
  const [source, destination] = way === 'outward' ? [near, far] : [far, near];
  writeU16(segment, 16, 0);
  writeU16(segment, 16, internetChecksum(segment, pseudoHeaderSum(source, destination, Protocol.TCP, segment.length)));
  return buildIp({ source, destination, protocol: Protocol.TCP }, segment);
}

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const option = fc.oneof(
  fc.constant([1]),
  fc
    .tuple(fc.integer({ min: 2, max: 255 }), fc.uint8Array({ maxLength: 18 }))
    .map(([kind, body]) => [kind, body.length + 2, ...body]),
);
const segments = fc
  .record({
    way: fc.constantFrom<Way>('outward', 'homeward'),
    v6: fc.boolean(),
    seq: u32,
    ack: u32,
    flags: fc.integer({ min: 0, max: 255 }),
    options: fc.array(option, { maxLength: 6 }),
    data: fc.uint8Array({ maxLength: 40 }),
  })
  .map(({ way, v6, seq, ack, flags, options, data }) => {
    const all = options.flat().slice(0, 40);
    // What was cut off would be malformed: no-operations in its place.
    let at = 0;
    for (const one of options) {
      if (at + one.length > 40) break;
      at += one.length;
    }
    const kept = [...all.slice(0, at), ...Array.from({ length: (4 - (at % 4)) % 4 }, () => 1)];
    const segment = new Uint8Array(20 + kept.length + data.length);
    writeU32(segment, 4, seq);
    writeU32(segment, 8, ack);
    segment[12] = ((20 + kept.length) / 4) << 4;
    segment[13] = flags;
    segment.set(kept, 20);
    segment.set(data, 20 + kept.length);
    return { way, seq, ack, flags, packet: packetOf(way, segment, v6) };
  });

test('whatever passes has a right checksum, and restored it is what was sent (RFC 1624)', () => {
  fc.assert(
    fc.property(segments, fc.integer(), ({ way, seq, ack, flags, packet }, seed) => {
      const flow = new TcpFlow(
        treatment((kind) => kind === 5),
        seededRandom(seed),
      );
      const sent = packet.slice();
      const header = headerOf(packet);
      assert.equal(flow.pass(way, header, packet), undefined);
      assert.ok(isRight(packet), 'a right checksum');
      const [own, other] = way === 'outward' ? [flow.near, flow.far] : [flow.far, flow.near];
      const start = header.payloadOffset;
      assert.equal(readU32(packet, start + 4), (seq + own.offset) >>> 0);
      assert.equal(readU32(packet, start + 8), (flags & ACK) === 0 ? ack : (ack - other.offset) >>> 0);
      flow.restore(way, packet, start, header.totalLength);
      assert.ok(isRight(packet), 'a right checksum again');
      assert.deepEqual(packet.subarray(start, start + 16), sent.subarray(start, start + 16));
    }),
  );
});

test('SACK blocks name numbers that their receiver has sent (RFC 2018)', () => {
  fc.assert(
    fc.property(
      fc.array(u32, { minLength: 2, maxLength: 6 }),
      fc.integer({ min: 0, max: 3 }),
      fc.integer(),
      (edges, pad, seed) => {
        const flow = new TcpFlow(
          treatment(() => false),
          seededRandom(seed),
        );
        const even = edges.slice(0, edges.length & ~1);
        const length = 2 + 4 * even.length;
        const total = Math.ceil((pad + length) / 4) * 4;
        const segment = new Uint8Array(20 + total).fill(1, 20);
        segment[12] = ((20 + total) / 4) << 4;
        segment[13] = ACK;
        segment.set([5, length], 20 + pad);
        for (const [i, edge] of even.entries())
          writeU32(segment, 20 + pad + 2 + 4 * i, (edge + flow.near.offset) >>> 0);
        const packet = packetOf('homeward', segment);
        const header = headerOf(packet);
        assert.equal(flow.pass('homeward', header, packet), undefined);
        assert.ok(isRight(packet), 'a right checksum');
        for (const [i, edge] of even.entries())
          assert.equal(readU32(packet, header.payloadOffset + 22 + pad + 4 * i), edge);
      },
    ),
  );
});

test('no bytes make it throw, and what was cleared does no harm', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), fc.integer(), (bytes, isOutward, seed) => {
      const cleaning = { urgentFlag: 'clear', reservedBits: 'clear' } as const;
      const flow = new TcpFlow(
        treatment((kind) => kind > 8, cleaning),
        seededRandom(seed),
      );
      const packet = buildIp({ source: A, destination: B, protocol: Protocol.TCP }, bytes);
      const { length } = packet;
      flow.believesReset(headerOf(packet), packet);
      flow.pass(isOutward ? 'outward' : 'homeward', headerOf(packet), packet);
      flow.restore('outward', packet.slice(20, 28));
      assert.equal(packet.length, length);
    }),
  );
});

test('a wrong checksum is dropped where that is asked for, and passes as wrong as before otherwise', () => {
  for (const verifiesChecksum of [true, false]) {
    const flow = new TcpFlow(
      treatment(() => false, { verifiesChecksum }),
      seededRandom(1),
    );
    const segment = new Uint8Array(20);
    segment[12] = 0x50;
    const packet = packetOf('outward', segment);
    packet[25] = 9;
    assert.equal(flow.pass('outward', headerOf(packet), packet), verifiesChecksum ? 'bad-checksum' : undefined);
    assert.ok(!isRight(packet), 'nothing is made right that was wrong');
  }
});
