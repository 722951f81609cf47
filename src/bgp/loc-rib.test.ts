/** What the Loc-RIB counts for `show`: entries made and taken away, and the version of each best path. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress, Prefix } from '../base/index.ts';
import { LocRib } from './loc-rib.ts';
import type { Path } from './path.ts';
import { PLAIN } from './path-attributes.ts';

test('activity and versions follow the entries', () => {
  const rib = new LocRib();
  const rules = { defaultLocalPreference: 100, alwaysCompareMed: false, maximumPaths: { ebgp: 1, ibgp: 1 } };
  const path = (last: number): Path => ({
    destination: rib.of(new Prefix(IpAddress.parse(`10.0.${last}.0`) ?? IpAddress.any(4), 24)),
    source: undefined,
    received: PLAIN,
    attributes: PLAIN,
    weight: 32_768,
    hop: undefined,
  });
  const [one, two] = [path(1), path(2)];
  rib.replace(undefined, one);
  rib.settle(rules, () => undefined);
  rib.replace(undefined, two);
  rib.settle(rules, () => undefined);
  assert.deepEqual([one.destination.version, two.destination.version, rib.tableVersion], [2, 3, 3]);
  rib.replace(one, path(1));
  rib.remove(two);
  rib.settle(rules, () => undefined);
  assert.deepEqual(rib.activity, { prefixesAdded: 2, prefixesRemoved: 1, pathsAdded: 3, pathsRemoved: 2 });
});
