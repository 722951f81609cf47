/** Packets on one line, whatever they are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../base/index.ts';
import { buildEcho, buildIcmpError, buildIp, buildUdp, fragmentIp, Protocol } from '../ip/index.ts';
import { hexLines, summarize } from './packet-text.ts';

const address = (text: string): IpAddress => IpAddress.parse(text) ?? IpAddress.any(4);
const V4 = { source: address('10.0.0.1'), destination: address('10.0.0.2') };
const V6 = { source: address('2001:db8::1'), destination: address('2001:db8::2') };

function udp(ends: typeof V4, data = 12): Uint8Array {
  const datagram = buildUdp(
    { address: ends.source, port: 500 },
    { address: ends.destination, port: 33_434 },
    new Uint8Array(data),
  );
  return buildIp({ ...ends, protocol: Protocol.UDP, identification: 7 }, datagram);
}

function syn(): Uint8Array {
  const segment = new Uint8Array(48);
  segment.set([0x9c, 0x40, 0, 179, 0, 0, 0, 9, 0, 0, 0, 0, 0xc0, 0x02, 0xff, 0xff, 0, 0, 0, 0]);
  segment.set([2, 4, 5, 0xb4, 1, 3, 3, 7, 19, 18], 20);
  return buildIp({ ...V4, protocol: Protocol.TCP }, segment);
}

const echo = (ends: typeof V4, reply: boolean): Uint8Array =>
  buildEcho({ ...ends, id: 1, sequence: 1, data: new Uint8Array(8), reply });

function error(ends: typeof V4, kind: 'unreachable' | 'too-big' | 'time-exceeded', code: number): Uint8Array {
  const packet = buildIcmpError({ source: ends.destination, kind, code, mtu: 1300, offending: udp(ends) });
  assert.ok(packet);
  return packet;
}

const rows: readonly (readonly [Uint8Array | undefined, string])[] = [
  [udp(V4), '10.0.0.1.500 > 10.0.0.2.33434:  udp 12'],
  [udp(V6), '2001:db8::1.500 > 2001:db8::2.33434:  udp 12'],
  [syn(), '10.0.0.1.40000 > 10.0.0.2.179: S 9:9(0) win 65535 <mss 1460,nop,wscale 7,md5>'],
  [echo(V4, false), '10.0.0.1 > 10.0.0.2 icmp: echo request'],
  [echo(V6, true), '2001:db8::1 > 2001:db8::2 icmp6: echo reply'],
  [error(V4, 'unreachable', 3), '10.0.0.2 > 10.0.0.1 icmp: 10.0.0.2 udp port 33434 unreachable'],
  [error(V6, 'unreachable', 4), '2001:db8::2 > 2001:db8::1 icmp6: 2001:db8::2 udp port 33434 unreachable'],
  [error(V4, 'unreachable', 1), '10.0.0.2 > 10.0.0.1 icmp: host 10.0.0.2 unreachable'],
  [error(V4, 'unreachable', 13), '10.0.0.2 > 10.0.0.1 icmp: admin prohibited: 10.0.0.2 unreachable'],
  [error(V4, 'time-exceeded', 0), '10.0.0.2 > 10.0.0.1 icmp: time exceeded in-transit'],
  [error(V4, 'too-big', 0), '10.0.0.2 > 10.0.0.1 icmp: 10.0.0.2 unreachable - need to frag (mtu 1300)'],
  [error(V6, 'too-big', 0), '2001:db8::2 > 2001:db8::1 icmp6: 2001:db8::2 unreachable - need to frag (mtu 1300)'],
  [buildIp({ ...V4, protocol: Protocol.ESP }, new Uint8Array(60)), '10.0.0.1 > 10.0.0.2 ip-proto-50, length 60'],
  [fragmentIp(udp(V4, 100), 76, 7)[0], '10.0.0.1.500 > 10.0.0.2.33434:  udp 100 (frag 7:56@0+)'],
  [fragmentIp(udp(V4, 100), 76, 7)[1], '10.0.0.1 > 10.0.0.2 (frag 7:52@56)'],
  [new Uint8Array(3), 'not an IP packet (bad-version), length 3'],
];

for (const [packet, text] of rows) {
  test(text, () => {
    assert.ok(packet);
    assert.equal(summarize(packet).text, text);
  });
}

test('no bytes throw, nor do packets that were cut or changed anywhere; nothing but plain text comes out', () => {
  const plain = (bytes: Uint8Array): void => assert.match(summarize(bytes).text, /^[\x20-\x7e]+$/);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), plain));
  const packets = rows.flatMap(([packet]) => packet ?? []);
  for (const packet of packets)
    for (let length = 0; length < packet.length; length++) plain(packet.subarray(0, length));
  const change = fc.tuple(fc.constantFrom(...packets), fc.nat(119), fc.nat(255));
  fc.assert(
    fc.property(change, ([packet, at, value]) => {
      const changed = packet.slice();
      changed[at % changed.length] = value;
      plain(changed);
    }),
  );
});

test('dumps have sixteen bytes to a line and hide what is no character', () => {
  const bytes = Uint8Array.from({ length: 19 }, (_, index) => 0x1b + 5 * index);
  assert.deepEqual(hexLines(bytes), [
    '0x0000   1b20 252a 2f34 393e 4348 4d52 575c 6166        . %*/49>CHMRW\\af',
    '0x0010   6b70 75                                        kpu',
  ]);
  assert.deepEqual(hexLines(new Uint8Array(0)), []);
});
