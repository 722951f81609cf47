import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../base/index.ts';
import { SipHash } from './siphash.ts';

/** Of the reference implementation: key 00 01 … 0f, input 00 01 … of each length. */
const VECTORS = [
  { length: 0, tag: '310e0edd47db6f72' },
  { length: 1, tag: 'fd67dc93c539f874' },
  { length: 2, tag: '5a4fa9d909806c0d' },
  { length: 7, tag: '37d1018bf50002ab' },
  { length: 8, tag: '6224939a79f5f593' },
  { length: 15, tag: 'e545be4961ca29a1' },
];

const key = Uint8Array.from({ length: 16 }, (_, i) => i);

for (const { length, tag } of VECTORS) {
  test(`the published tag of ${length} bytes`, () => {
    const data = Uint8Array.from({ length: length + 3 }, (_, i) => i);
    const out = new Uint8Array(10);
    new SipHash(key).hashInto(out, 1, data, length);
    assert.equal(toHex(out), `00${tag}00`);
  });
}

test('every bit of key and data changes the tag', () => {
  const data = new Uint8Array(20);
  const tagOf = (secret: Uint8Array, bytes: Uint8Array): string => {
    const out = new Uint8Array(8);
    new SipHash(secret).hashInto(out, 0, bytes, bytes.length);
    return toHex(out);
  };
  const seen = new Set([tagOf(key, data)]);
  for (const what of [key, data]) {
    for (let bit = 0; bit < what.length * 8; bit++) {
      const changed = what.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      seen.add(what === key ? tagOf(changed, data) : tagOf(key, changed));
    }
  }
  assert.equal(seen.size, 1 + 16 * 8 + 20 * 8);
});
