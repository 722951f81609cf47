/** HMAC for packets gives what Node's own gives (RFC 2104; vectors of RFC 2202 and RFC 4231 are in the suites' tests). */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { PacketHmac } from './packet-hmac.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

for (const hash of ['md5', 'sha1', 'sha256', 'sha384', 'sha512']) {
  test(`HMAC with ${hash}, keys and parts of any length, one after another`, () => {
    fc.assert(
      fc.property(
        bytes(200),
        fc.array(fc.tuple(bytes(40), bytes(20), bytes(5000), bytes(8)), { maxLength: 4 }),
        (key, all) => {
          const hmac = new PacketHmac(hash, key);
          const other = new PacketHmac(hash, Uint8Array.of(1));
          for (const parts of all) {
            other.compute(...parts);
            const whole = createHmac(hash, key).update(Buffer.concat(parts)).digest();
            assert.deepEqual(Buffer.from(hmac.compute(...parts)), whole);
          }
        },
      ),
      { numRuns: 30 },
    );
  });
}
