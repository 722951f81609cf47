import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../../base/index.ts';
import { AddressMap } from './address-map.ts';

/** Few addresses, some of both families with one hash, so that buckets are shared. */
const few = fc.oneof(
  fc.integer({ min: 0, max: 5 }).map((value) => IpAddress.v4(value)),
  fc.integer({ min: 0, max: 5 }).map((value) => IpAddress.v6(0, 0, 0, value)),
);

test('an address map behaves as a map by text', () => {
  const step = fc.tuple(few, fc.constantFrom('set', 'delete'), fc.integer());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new AddressMap<number>();
      const twin = new Map<string, number>();
      for (const [address, action, value] of steps) {
        if (action === 'set') {
          map.set(address, value);
          twin.set(String(address), value);
        } else {
          map.delete(address);
          twin.delete(String(address));
        }
        assert.deepEqual([map.get(address), map.size], [twin.get(String(address)), twin.size]);
      }
    }),
    { numRuns: 200 },
  );
});
