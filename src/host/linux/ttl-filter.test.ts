import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Family, IpAddress } from '../../base/index.ts';
import { buildIp, Protocol } from '../../ip/index.ts';
import { type TtlRule, ttlFilter } from './ttl-filter.ts';

const address = (family: Family): fc.Arbitrary<IpAddress> =>
  fc.integer({ min: 0, max: 5 }).map((last) => {
    const text = family === 4 ? `192.0.2.${last}` : `2001:db8::${last}`;
    return IpAddress.parse(text) ?? IpAddress.any(family);
  });

/** What the kernel does with classic BPF, of which the filter uses a part. */
function runs(filter: Uint8Array, packet: Uint8Array, tcpAt: number): boolean {
  const view = new DataView(filter.buffer);
  let [a, x] = [0, 0];
  for (let pc = 0; pc < filter.length / 8; pc++) {
    const [code, k] = [view.getUint16(pc * 8, true), view.getUint32(pc * 8 + 4, true)];
    const jump = (isTrue: boolean): number => view.getUint8(pc * 8 + (isTrue ? 2 : 3));
    const offset = k >= 0xfff0_0000 ? k - 0xfff0_0000 : tcpAt + k;
    if (code === 0x20) a = new DataView(packet.buffer).getUint32(offset);
    else if (code === 0x30) a = packet[offset] ?? 0;
    else if (code === 0x80) a = packet.length - tcpAt;
    else if (code === 0x54) a &= k;
    else if (code === 0x74) a >>>= k;
    else if (code === 0x07) x = a;
    else if (code === 0x1c) a -= x;
    else if (code === 0x05) pc += k;
    else if (code === 0x15) pc += jump(a === k);
    else if (code === 0x35) pc += jump(a >= k);
    else {
      assert.equal(code, 0x06);
      return k !== 0;
    }
  }
  return assert.fail('it runs past its end');
}

for (const family of [4, 6] as const) {
  test(`IPv${family}: data of a neighbour from too far away is dropped, and nothing else`, () => {
    const rule = fc.record({ remote: address(family), minTtl: fc.integer({ min: 1, max: 255 }) });
    const rules = fc.uniqueArray(rule, { minLength: 1, maxLength: 5, selector: ({ remote }) => remote.toString() });
    const segment = fc.record({
      source: address(family),
      ttl: fc.integer({ min: 1, max: 255 }),
      words: fc.integer({ min: 5, max: 15 }),
      data: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(rules, segment, (all: readonly TtlRule[], { source, ttl, words, data }) => {
        const filter = ttlFilter(family, all);
        assert.ok(filter);
        const tcp = new Uint8Array(words * 4 + data);
        tcp[12] = words << 4;
        const packet = buildIp({ source, destination: source, protocol: Protocol.TCP, ttl }, tcp);
        const minTtl = all.find(({ remote }) => remote.equals(source))?.minTtl ?? 0;
        assert.equal(runs(filter, packet, packet.length - tcp.length), data === 0 || ttl >= minTtl);
      }),
    );
  });
}

test('nobody with a rule: no filter; more rules than the kernel takes: none either', () => {
  assert.equal(ttlFilter(4, []), undefined);
  assert.equal(ttlFilter(6, [{ remote: IpAddress.v4(1), minTtl: 255 }]), undefined);
  const many = Array.from({ length: 1000 }, (_, i) => ({ remote: IpAddress.v4(i), minTtl: 255 }));
  assert.equal(ttlFilter(4, many), undefined);
  assert.ok(ttlFilter(4, many.slice(0, 600)));
});
