import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { at, bytesEqual, IpAddress, writeU16, writeU32 } from '../base/index.ts';
import { fragmentIp } from './fragment.ts';
import { buildIp, parseIp } from './header.ts';
import { Protocol } from './protocol.ts';
import { Reassembler, type ReassemblyDrop } from './reassembler.ts';

const ends = {
  4: { source: IpAddress.v4(0xc0000201), destination: IpAddress.v4(0xc6336407) },
  6: { source: IpAddress.v6(0x20010db8, 0, 0, 1), destination: IpAddress.v6(0x20010db8, 0, 0, 2) },
} as const;

function headerOf(packet: Uint8Array) {
  const parsed = parseIp(packet);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return parsed.value;
}

function ramp(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7 + (i >> 8));
}

function recorder() {
  const drops: [ReassemblyDrop, number][] = [];
  return { drops, onDrop: (reason: ReassemblyDrop, count: number) => drops.push([reason, count]) };
}

for (const family of [4, 6] as const) {
  test(`fragments, in any order, become the same IPv${family} packet again`, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4000 }),
        fc.integer({ min: family === 4 ? 68 : 120, max: 1500 }),
        fc.infiniteStream(fc.nat()),
        (length, mtu, order) => {
          const packet = buildIp({ ...ends[family], protocol: 17, identification: 77, tos: 0x28 }, ramp(length));
          const fragments = fragmentIp(packet, mtu, 77);
          for (const fragment of fragments) assert.ok(fragment.length <= mtu);
          if (fragments.length === 1) return assert.ok(bytesEqual(fragments[0] ?? packet, packet));
          const { drops, onDrop } = recorder();
          const reassembler = new Reassembler({ onDrop });
          const waiting = [...fragments];
          let whole: Uint8Array | undefined;
          while (waiting.length > 0) {
            assert.equal(whole, undefined);
            const [fragment] = waiting.splice((order.next().value ?? 0) % waiting.length, 1);
            if (fragment) whole = reassembler.add(headerOf(fragment), fragment, at(0));
          }
          assert.ok(whole && bytesEqual(whole, packet));
          assert.deepEqual([drops, reassembler.size, reassembler.bytes], [[], 0, 0]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test(`an overlap loses the whole IPv${family} datagram, later fragments too (RFC 5722 section 4)`, () => {
    const fragments = fragmentIp(buildIp({ ...ends[family], protocol: 17, identification: 5 }, ramp(600)), 256, 5);
    const [first, second, third] = fragments;
    const evil = fragmentIp(buildIp({ ...ends[family], protocol: 17, identification: 5 }, ramp(560)), 192, 5)[1];
    assert.ok(first && second && third && evil);
    const { drops, onDrop } = recorder();
    const reassembler = new Reassembler({ onDrop });
    for (const piece of [first, evil, second, third]) {
      assert.equal(reassembler.add(headerOf(piece), piece, at(0)), undefined);
    }
    assert.deepEqual(drops, [
      ['overlap', 2],
      ['overlap', 1],
      ['overlap', 1],
    ]);
  });

  test(`an exact duplicate is dropped alone for IPv${family} (RFC 8200 section 4.5)`, () => {
    const packet = buildIp({ ...ends[family], protocol: 17 }, ramp(400));
    const [first, second] = fragmentIp(packet, 300);
    assert.ok(first && second);
    const { drops, onDrop } = recorder();
    const reassembler = new Reassembler({ onDrop });
    reassembler.add(headerOf(first), first, at(0));
    reassembler.add(headerOf(first), first, at(0));
    const whole = reassembler.add(headerOf(second), second, at(0));
    assert.ok(whole && bytesEqual(whole, packet));
    assert.deepEqual(drops, [['overlap', 1]]);
  });

  test(`time runs out once for an IPv${family} datagram`, () => {
    const [first] = fragmentIp(buildIp({ ...ends[family], protocol: 17 }, ramp(400)), 300);
    assert.ok(first);
    const { drops, onDrop } = recorder();
    const reassembler = new Reassembler({ onDrop });
    reassembler.add(headerOf(first), first, at(1000));
    const due = reassembler.wakeAt();
    assert.equal(due, family === 4 ? 31_000 : 61_000);
    reassembler.tick(at(Number(due) - 1));
    assert.deepEqual(drops, []);
    reassembler.tick(at(Number(due)));
    assert.deepEqual([drops, reassembler.bytes, reassembler.wakeAt()], [[['timeout', 1]], 0, undefined]);
  });
}

test('a flood of first fragments stays within its limits', () => {
  const { drops, onDrop } = recorder();
  const reassembler = new Reassembler({ onDrop, maxDatagrams: 8, maxBytes: 2000 });
  for (let id = 0; id < 100; id++) {
    const [first] = fragmentIp(buildIp({ ...ends[4], protocol: 17, identification: id }, ramp(900)), 500);
    if (first) reassembler.add(headerOf(first), first, at(id));
    assert.ok(reassembler.bytes <= 2000 && reassembler.size <= 8);
  }
  assert.equal(drops.length + reassembler.size, 100);
});

test('hostile fragments never throw and never leak bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), fc.boolean(), fc.nat(80), fc.nat(2)), { maxLength: 40 }), (pieces) => {
      const reassembler = new Reassembler({ maxDatagrams: 2, maxBytes: 300 });
      let time = 0;
      for (const [offset, more, length, id] of pieces) {
        const packet = buildIp({ ...ends[4], protocol: 17, identification: id }, ramp(length));
        writeU16(packet, 6, (more ? 0x2000 : 0) | offset);
        const parsed = { ...headerOf(buildIp({ ...ends[4], protocol: 17, identification: id }, ramp(length))) };
        reassembler.add({ ...parsed, fragmentOffset: offset * 8, moreFragments: more }, packet, at(time));
        time += 500;
        assert.ok(reassembler.bytes <= 300);
      }
      reassembler.tick(at(1_000_000));
      assert.deepEqual([reassembler.size, reassembler.bytes], [0, 0]);
    }),
    { numRuns: 100 },
  );
});

test('IPv4 options: only those with the copied flag follow (RFC 791 section 3.1)', () => {
  const packet = new Uint8Array(32 + 100);
  packet.set(buildIp({ ...ends[4], protocol: 17 }, new Uint8Array(0)));
  packet[0] = 0x48;
  writeU16(packet, 2, packet.length);
  packet.set([0x07, 7, 4, 0, 0, 0, 0], 20); // record route: not copied
  packet.set([0x94, 4, 0, 0], 27); // router alert: copied
  writeU16(packet, 10, 0);
  let sum = 0;
  for (let i = 0; i < 32; i += 2) sum += ((packet[i] ?? 0) << 8) | (packet[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  writeU16(packet, 10, ~sum);
  const [first, second] = fragmentIp(packet, 100);
  assert.ok(first && second);
  assert.equal(headerOf(first).payloadOffset, 32);
  assert.equal(headerOf(second).payloadOffset, 24);
  assert.deepEqual([...second.subarray(20, 24)], [0x94, 4, 0, 0]);
  const reassembler = new Reassembler();
  reassembler.add(headerOf(second), second, at(0));
  const whole = reassembler.add(headerOf(first), first, at(0));
  assert.ok(whole && bytesEqual(whole, packet));
});

test('IPv6 hop-by-hop options stay in front of each fragment (RFC 8200 section 4.5)', () => {
  const body = new Uint8Array(8 + 300);
  body.set([17, 0, 1, 4, 0, 0, 0, 0]);
  body.set(ramp(300), 8);
  const packet = buildIp({ ...ends[6], protocol: Protocol.HOPOPT }, body);
  const fragments = fragmentIp(packet, 200, 0xabcdef01);
  const reassembler = new Reassembler();
  let whole: Uint8Array | undefined;
  for (const fragment of fragments) {
    const header = headerOf(fragment);
    assert.deepEqual([header.fragmentHeaderOffset, header.identification], [48, 0xabcdef01]);
    whole = reassembler.add(header, fragment, at(0));
  }
  assert.ok(whole && bytesEqual(whole, packet));
  assert.deepEqual(fragmentIp(fragments[0] ?? packet, 100), []);
});

test('congestion seen by one fragment marks the packet (RFC 3168 section 5.3)', () => {
  const fragments = fragmentIp(buildIp({ ...ends[6], protocol: 17, tos: 2 }, ramp(400)), 300, 1);
  const [first, second] = fragments;
  assert.ok(first && second);
  writeU32(second, 0, 0x6000_0000 | (3 << 20));
  const reassembler = new Reassembler();
  reassembler.add(headerOf(first), first, at(0));
  const whole = reassembler.add(headerOf(second), second, at(0));
  assert.ok(whole && headerOf(whole).tos === 3);
});
