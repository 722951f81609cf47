import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import {
  after,
  at,
  bytesEqual,
  compareBytes,
  Deadlines,
  fromHex,
  IpAddress,
  netmask,
  Prefix,
  PrefixTrie,
  prefixLength,
  Reader,
  SecretKey,
  seededRandom,
  toHex,
  Writer,
} from './index.ts';

const addresses = fc.oneof(
  fc.integer().map((value) => IpAddress.v4(value)),
  fc.tuple(fc.integer(), fc.integer(), fc.integer(), fc.integer()).map(([a, b, c, d]) => IpAddress.v6(a, b, c, d)),
  // Mostly zeros: where the shortest text has its corner cases.
  fc.array(fc.constantFrom(0, 0, 1, 0xffff), { minLength: 8, maxLength: 8 }).map((groups) => {
    const word = (i: number): number => ((groups[2 * i] ?? 0) << 16) | (groups[2 * i + 1] ?? 0);
    return IpAddress.v6(word(0), word(1), word(2), word(3));
  }),
);
const prefixes = fc
  .tuple(addresses, fc.integer({ min: 0, max: 128 }))
  .map(([address, length]) => new Prefix(address, length));

test('addresses survive text and bytes', () => {
  fc.assert(
    fc.property(addresses, (address) => {
      assert.ok(IpAddress.parse(address.toString())?.equals(address));
      assert.ok(IpAddress.fromBytes(address.toBytes())?.equals(address));
    }),
  );
});

const texts = [
  { text: '2001:0db8::0001', canonical: '2001:db8::1' },
  { text: '2001:db8:0:1:1:1:1:1', canonical: '2001:db8:0:1:1:1:1:1' },
  { text: '2001:0:0:1:0:0:0:1', canonical: '2001:0:0:1::1' },
  { text: '::ffff:10.0.0.1', canonical: '::ffff:a00:1' },
  { text: '::', canonical: '::' },
  { text: '1::', canonical: '1::' },
  { text: '010.1.1.1', canonical: '10.1.1.1' },
] as const;

for (const { text, canonical } of texts) {
  test(`${text} prints as ${canonical} (RFC 5952 section 4)`, () => {
    assert.equal(IpAddress.parse(text)?.toString(), canonical);
  });
}

for (const text of [
  '',
  '1.2.3',
  '1.2.3.256',
  '1.2.3.4.5',
  ':::',
  '1:2:3:4:5:6:7',
  '1::2::3',
  'g::',
  '12345::',
  '1:2:3:4:5:6:7:8:9',
]) {
  test(`'${text}' is no address`, () => assert.equal(IpAddress.parse(text), undefined));
}

test('no text makes the address parser throw', () => {
  fc.assert(fc.property(fc.string(), (text) => void IpAddress.parse(text)));
});

test('netmasks and prefix lengths are inverse; holes are refused', () => {
  for (let length = 0; length <= 32; length++) assert.equal(prefixLength(netmask(length)), length);
  assert.equal(prefixLength(IpAddress.v4(0xff00ff00)), undefined);
});

test('the trie finds what a plain search finds', () => {
  fc.assert(
    fc.property(
      fc.array(prefixes, { maxLength: 30 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      addresses,
      (all, gone, probe) => {
        const trie = new PrefixTrie<string>();
        const plain = new Map<string, Prefix>();
        for (const prefix of all) {
          trie.set(prefix, prefix.toString());
          plain.set(prefix.toString(), prefix);
        }
        for (const index of gone) {
          const prefix = all[index % Math.max(1, all.length)];
          if (prefix === undefined) continue;
          assert.equal(trie.delete(prefix), plain.delete(prefix.toString()));
        }
        assert.equal(trie.size, plain.size);
        const sorted = [...plain.values()].sort((a, b) => a.compare(b));
        assert.deepEqual(
          [...trie.entries()].map(([prefix]) => prefix.toString()),
          sorted.map(String),
        );
        for (const address of [probe, ...all.map(({ last }) => last)]) {
          const best = sorted.filter((prefix) => prefix.contains(address)).sort((a, b) => b.length - a.length)[0];
          assert.equal(trie.lookup(address), best?.toString());
          assert.equal(trie.match(address)?.prefix.toString(), best?.toString());
        }
        for (const prefix of all) {
          assert.equal(trie.get(prefix), plain.has(prefix.toString()) ? prefix.toString() : undefined);
          const inside = sorted.filter((other) => prefix.covers(other)).map(String);
          assert.deepEqual(
            [...trie.within(prefix)].map(([, text]) => text),
            inside,
          );
        }
      },
    ),
  );
});

test('a reader past its end yields zeros and stays short', () => {
  const reader = new Reader(new Uint8Array([1, 2, 3]));
  assert.equal(reader.u16(), 0x0102);
  assert.equal(reader.u32(), 0);
  assert.equal(reader.short, true);
  assert.equal(reader.u8(), 0);
  assert.equal(reader.left, 0);
  assert.equal(reader.rest().length, 0);
});

test('what a writer wrote a reader reads', () => {
  const writer = new Writer(1).u8(0xfe).u16(0xbeef).u24(0x123456).u32(0xdeadbeef).u64(0x0123456789abcdefn).zeros(3);
  const reader = new Reader(writer.finish());
  assert.deepEqual(
    [reader.u8(), reader.u16(), reader.u24(), reader.u32(), reader.u64()],
    [0xfe, 0xbeef, 0x123456, 0xdeadbeef, 0x0123456789abcdefn],
  );
  assert.equal(reader.left, 3);
});

test('hexadecimal text and bytes are inverse', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => bytesEqual(fromHex(toHex(bytes)) ?? new Uint8Array(1), bytes)));
  assert.equal(fromHex('abc'), undefined);
  assert.equal(fromHex('zz'), undefined);
});

test('octet strings compare as numbers of equal length do', () => {
  assert.ok(compareBytes(new Uint8Array([1, 255]), new Uint8Array([2, 0])) < 0);
  assert.ok(compareBytes(new Uint8Array([1]), new Uint8Array([1, 0])) < 0);
});

test('a secret key shows nothing but its length', () => {
  const key = new SecretKey(new TextEncoder().encode('hunter2'));
  for (const text of [`${key}`, JSON.stringify({ key }), inspect(key), inspect({ deep: [key] })]) {
    assert.match(text, /<7 secret bytes>/);
    assert.doesNotMatch(text, /hunter2|104/);
  }
});

test('deadlines come out in order, each once, as a plain list would give them', () => {
  const commands = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.option(fc.integer({ min: 0, max: 50 }))));
  fc.assert(
    fc.property(commands, (list) => {
      const deadlines = new Deadlines<number>();
      const plain = new Map<number, number>();
      for (const [key, when] of list) {
        deadlines.set(key, when === null ? undefined : at(when));
        if (when === null) plain.delete(key);
        else plain.set(key, when);
      }
      assert.equal(deadlines.size, plain.size);
      assert.equal(deadlines.earliest(), plain.size === 0 ? undefined : Math.min(...plain.values()));
      let last = 0;
      for (;;) {
        const key = deadlines.takeDue(after(at(0), 50));
        if (key === undefined) break;
        const when = plain.get(key) ?? -1;
        assert.ok(when >= last);
        last = when;
        plain.delete(key);
      }
      assert.equal(plain.size, 0);
    }),
  );
});

test('seeded randomness repeats by seed and label, and differs otherwise', () => {
  const first = toHex(seededRandom(7, 'hub1')(64));
  assert.equal(toHex(seededRandom(7, 'hub1')(64)), first);
  assert.notEqual(toHex(seededRandom(8, 'hub1')(64)), first);
  assert.notEqual(toHex(seededRandom(7, 'hub2')(64)), first);
});
