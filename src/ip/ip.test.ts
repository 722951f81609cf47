import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesEqual, type Family, fromHex, IpAddress, readU16, writeU16 } from '../base/index.ts';
import { internetChecksum, pseudoHeaderSum, updateChecksum } from './checksum.ts';
import { buildIp, decrementTtl, parseIp, parseQuotedIp, setDf, setTos } from './header.ts';
import { buildEcho, buildIcmpError, parseIcmp } from './icmp.ts';
import { Protocol } from './protocol.ts';
import { clampTcpMss } from './tcp-mss.ts';
import { buildUdp, parseUdp } from './udp.ts';

const runs = { numRuns: 100 };
const word = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const v4 = word.map((value) => IpAddress.v4(value));
const v6 = fc.tuple(word, word, word, word).map(([a, b, c, d]) => IpAddress.v6(a, b, c, d));
const pair = fc.oneof(fc.tuple(v4, v4), fc.tuple(v6, v6));
const u8 = fc.integer({ min: 0, max: 255 });
const u16 = fc.integer({ min: 0, max: 0xffff });
const data = fc.uint8Array({ maxLength: 200 });

function bytes(hex: string): Uint8Array {
  const value = fromHex(hex);
  assert.ok(value);
  return value;
}

function address(text: string): IpAddress {
  const value = IpAddress.parse(text);
  assert.ok(value);
  return value;
}

function header(packet: Uint8Array) {
  const parsed = parseIp(packet);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return parsed.value;
}

const here = { 4: address('192.0.2.1'), 6: address('2001:db8::1') };
const there = { 4: address('198.51.100.7'), 6: address('2001:db8:ffff::7') };

test('the checksum of the example in RFC 1071 section 3', () => {
  assert.equal(internetChecksum(bytes('0001f203f4f5f6f7')), ~0xddf2 & 0xffff);
});

test('a well-known IPv4 header checksum (RFC 791 section 3.1)', () => {
  const packet = bytes('45000073000040004011b861c0a80001c0a800c7');
  assert.equal(internetChecksum(packet), 0);
  writeU16(packet, 10, 0);
  assert.equal(internetChecksum(packet), 0xb861);
});

test('an incremental update equals a full computation (RFC 1624)', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 60 }), fc.nat(), u16, (body, where, value) => {
      const at = (where % (body.length >> 1)) * 2;
      const before = internetChecksum(body);
      const old = readU16(body, at);
      const changed = body.slice();
      writeU16(changed, at, value);
      const updated = updateChecksum(before, old, value);
      // Both forms of zero mean the same sum; only all-zero data ever tells them apart.
      const full = internetChecksum(changed);
      assert.equal(updated % 0xffff, full % 0xffff);
    }),
    runs,
  );
});

test('headers round trip for both families (RFC 791, RFC 8200)', () => {
  fc.assert(
    fc.property(
      pair,
      u8,
      u8,
      u8,
      fc.boolean(),
      u16,
      data,
      ([source, destination], ttl, tos, protocol, df, id, body) => {
        const plain = protocol === 0 || [43, 44, 51, 60].includes(protocol) ? Protocol.UDP : protocol;
        const packet = buildIp({ source, destination, protocol: plain, ttl, tos, df, identification: id }, body);
        const read = header(packet);
        assert.ok(read.source.equals(source) && read.destination.equals(destination));
        assert.deepEqual([read.ttl, read.tos, read.protocol], [ttl, tos, plain]);
        assert.equal(read.df, source.family === 6 || df);
        assert.equal(read.totalLength, packet.length);
        assert.ok(bytesEqual(packet.subarray(read.payloadOffset), body));
      },
    ),
    runs,
  );
});

test('every shorter prefix of a packet is a fault', () => {
  for (const family of [4, 6] as const) {
    const packet = buildEcho({
      source: here[family],
      destination: there[family],
      id: 1,
      sequence: 2,
      data: new Uint8Array(20),
      reply: false,
    });
    for (let length = 0; length < packet.length; length++) {
      assert.equal(parseIp(packet.subarray(0, length)).ok, false);
    }
  }
});

test('no bytes make a reader throw', () => {
  const nibble = fc.constantFrom(0x45, 0x46, 0x60, 0x4f, 0x00);
  fc.assert(
    fc.property(nibble, fc.uint8Array({ maxLength: 120 }), (first, rest) => {
      const packet = Uint8Array.of(first, ...rest);
      parseQuotedIp(packet);
      const parsed = parseIp(packet);
      clampTcpMss(packet, 1000);
      buildIcmpError({ source: here[4], kind: 'too-big', offending: packet });
      decrementTtl(packet);
      setTos(packet, 3);
      setDf(packet, true);
      if (!parsed.ok) return;
      parseUdp(parsed.value, packet);
      parseIcmp(parsed.value, packet);
    }),
    { numRuns: 500 },
  );
});

test('upper layers of random bytes do not throw either', () => {
  const protocols = fc.constantFrom(Protocol.TCP, Protocol.UDP, Protocol.ICMP, Protocol.ICMPV6, 0, 43, 44, 51, 60);
  fc.assert(
    fc.property(pair, protocols, data, ([source, destination], protocol, body) => {
      const packet = buildIp({ source, destination, protocol }, body);
      const parsed = parseIp(packet);
      if (!parsed.ok) return;
      parseUdp(parsed.value, packet);
      parseIcmp(parsed.value, packet);
      clampTcpMss(packet, 500);
      buildIcmpError({ source: destination, kind: 'unreachable', offending: packet });
    }),
    { numRuns: 300 },
  );
});

test('in-place changes keep the IPv4 header checksum right', () => {
  fc.assert(
    fc.property(pair, u8, u8, u8, fc.boolean(), ([source, destination], ttl, tos, newTos, df) => {
      const packet = buildIp({ source, destination, protocol: 17, ttl, tos }, new Uint8Array(3));
      decrementTtl(packet);
      setTos(packet, newTos);
      setDf(packet, df);
      const read = header(packet);
      assert.deepEqual([read.ttl, read.tos], [Math.max(0, ttl - 1), newTos]);
      assert.equal(read.df, df || source.family === 6);
    }),
    runs,
  );
});

test('IPv6 extension headers are walked (RFC 8200 section 4)', () => {
  const options = bytes('3c00010400000000'); // hop-by-hop, then destination options
  const destinationOptions = bytes('1100010400000000'); // then UDP
  const udp = buildUdp({ address: here[6], port: 1 }, { address: there[6], port: 2 }, bytes('aabb'));
  const body = new Uint8Array([...options, ...destinationOptions, ...udp]);
  const packet = buildIp({ source: here[6], destination: there[6], protocol: Protocol.HOPOPT }, body);
  const read = header(packet);
  assert.deepEqual([read.protocol, read.payloadOffset], [Protocol.UDP, 56]);
  assert.equal(parseUdp(read, packet).ok, true);
  packet[40] = 0; // hop-by-hop twice
  assert.deepEqual(parseIp(packet), { ok: false, error: 'bad-extension-header' });
});

test('UDP datagrams round trip and a flipped bit is seen (RFC 768)', () => {
  fc.assert(
    fc.property(pair, u16, u16, data, fc.nat(), ([source, destination], from, to, body, flip) => {
      const datagram = buildUdp({ address: source, port: from }, { address: destination, port: to }, body);
      const packet = buildIp({ source, destination, protocol: Protocol.UDP }, datagram);
      const read = parseUdp(header(packet), packet);
      assert.ok(read.ok);
      assert.deepEqual([read.value.sourcePort, read.value.destinationPort], [from, to]);
      assert.ok(bytesEqual(read.value.payload, body));
      const place = packet.length - datagram.length + (flip % datagram.length);
      packet[place] = (packet[place] ?? 0) ^ 0x10;
      const damaged = parseUdp(header(packet), packet);
      // Damage may turn the checksum itself into "none", or a length into a shorter one: nothing else passes.
      if (damaged.ok) assert.equal(readU16(packet, packet.length - datagram.length + 6), 0);
    }),
    runs,
  );
});

test('a zero UDP checksum is none for IPv4 and a fault for IPv6 (RFC 8200 section 8.1)', () => {
  const packetOf = (family: Family) => {
    const datagram = buildUdp(
      { address: here[family], port: 4500 },
      { address: there[family], port: 4500 },
      bytes('ff'),
    );
    writeU16(datagram, 6, 0);
    return buildIp({ source: here[family], destination: there[family], protocol: 17 }, datagram);
  };
  assert.equal(parseUdp(header(packetOf(4)), packetOf(4)).ok, true);
  assert.deepEqual(parseUdp(header(packetOf(6)), packetOf(6)), { ok: false, error: 'bad-checksum' });
});

test('a pseudo header sum fed to the checksum verifies a datagram', () => {
  const datagram = buildUdp({ address: here[6], port: 9 }, { address: there[6], port: 10 }, bytes('010203'));
  assert.equal(internetChecksum(datagram, pseudoHeaderSum(here[6], there[6], 17, datagram.length)), 0);
});

for (const family of [4, 6] as const) {
  const source = here[family];
  const destination = there[family];
  const echo = buildEcho({ source, destination, id: 7, sequence: 9, data: bytes('0102030405'), reply: false });

  test(`echo round trips for IPv${family}`, () => {
    const read = parseIcmp(header(echo), echo);
    assert.deepEqual(read, {
      ok: true,
      value: { kind: 'echo-request', id: 7, sequence: 9, data: bytes('0102030405') },
    });
  });

  test(`errors quote the offending packet for IPv${family} (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4)`, () => {
    for (const kind of ['unreachable', 'too-big', 'time-exceeded'] as const) {
      const error = buildIcmpError({ source: destination, kind, code: 0, mtu: 1400, offending: echo });
      assert.ok(error);
      const read = parseIcmp(header(error), error);
      assert.ok(read.ok && read.value.kind === kind);
      assert.ok(bytesEqual(read.value.quoted, echo));
      if (read.value.kind === 'too-big') assert.equal(read.value.mtu, 1400);
      assert.ok(header(error).destination.equals(source));
    }
    const large = buildIp({ source, destination, protocol: 17 }, new Uint8Array(3000));
    const error = buildIcmpError({ source: destination, kind: 'too-big', mtu: 1400, offending: large });
    assert.equal(error?.length, family === 4 ? 576 : 1280);
    assert.equal(error && parseQuotedIp(error.subarray(family === 4 ? 28 : 48)).ok, true);
  });

  test(`no error answers an error, a later fragment or a group for IPv${family} (RFC 1122 section 3.2.2)`, () => {
    const about = (offending: Uint8Array) => buildIcmpError({ source: destination, kind: 'time-exceeded', offending });
    const error = about(echo);
    assert.ok(error);
    assert.equal(about(error), undefined);
    const group = address(family === 4 ? '224.0.0.5' : 'ff02::5');
    assert.equal(about(buildIp({ source, destination: group, protocol: 17 }, bytes('00'))), undefined);
    assert.equal(about(buildIp({ source: IpAddress.any(family), destination, protocol: 17 }, bytes('00'))), undefined);
    assert.equal(about(bytes('0011')), undefined);
  });
}

function syn(family: Family, options: string, flags = 0x02): Uint8Array {
  const extra = bytes(options);
  const segment = new Uint8Array(20 + extra.length);
  segment[12] = (segment.length / 4) << 4;
  segment[13] = flags;
  segment.set(extra, 20);
  const pseudo = pseudoHeaderSum(here[family], there[family], Protocol.TCP, segment.length);
  writeU16(segment, 16, internetChecksum(segment, pseudo));
  return buildIp({ source: here[family], destination: there[family], protocol: Protocol.TCP }, segment);
}

const clampRows = [
  { name: 'lowers the option', options: '020405b4', flags: 0x02, changes: true },
  { name: 'lowers it in a SYN-ACK', options: '020405b4', flags: 0x12, changes: true },
  { name: 'lowers it at an odd place', options: '01020405b4010101', flags: 0x02, changes: true },
  { name: 'leaves a lower one', options: '02040200', flags: 0x02, changes: false },
  { name: 'leaves segments without SYN', options: '020405b4', flags: 0x10, changes: false },
  { name: 'stops at the end of options', options: '00020405b4000000', flags: 0x02, changes: false },
  { name: 'stops at an option of length zero', options: '08000204', flags: 0x02, changes: false },
] as const;

for (const row of clampRows) {
  test(`MSS clamp ${row.name}`, () => {
    for (const family of [4, 6] as const) {
      const packet = syn(family, row.options, row.flags);
      const before = packet.slice();
      assert.equal(clampTcpMss(packet, 1360), row.changes);
      const { payloadOffset, totalLength } = header(packet);
      const pseudo = pseudoHeaderSum(here[family], there[family], Protocol.TCP, totalLength - payloadOffset);
      assert.equal(internetChecksum(packet, pseudo, payloadOffset, totalLength), 0);
      assert.equal(bytesEqual(packet, before), !row.changes);
    }
  });
}
