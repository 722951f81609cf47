import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, IpAddress } from '../../base/index.ts';
import { PathMtus } from './path-mtu.ts';
import { TokenBucket } from './token-bucket.ts';

const peer = { 4: IpAddress.v4(0xc0000201), 6: IpAddress.v6(0x20010db8, 0, 0, 1) };

const rows = [
  { name: 'believes a smaller one', family: 4, current: 1500, suggested: 1400, learns: 1400 },
  { name: 'believes no larger one', family: 4, current: 1400, suggested: 1500, learns: undefined },
  { name: 'stops at 256 for IPv4', family: 4, current: 1500, suggested: 68, learns: 256 },
  { name: 'steps down without a value', family: 4, current: 1500, suggested: 0, learns: 1244 },
  { name: 'steps no lower than the floor', family: 4, current: 300, suggested: 0, learns: 256 },
  { name: 'stops at 1280 for IPv6', family: 6, current: 1500, suggested: 100, learns: 1280 },
] as const;

for (const { name, family, current, suggested, learns } of rows) {
  test(`path MTU ${name} (RFC 1191, RFC 8201)`, () => {
    const mtus = new PathMtus();
    assert.equal(mtus.learn('front', peer[family], current, suggested, at(0)), learns !== undefined);
    assert.equal(mtus.get('front', peer[family]), learns);
    assert.equal(mtus.get('other', peer[family]), undefined);
  });
}

test('a path MTU is forgotten after ten minutes (RFC 1191 section 6.3)', () => {
  const mtus = new PathMtus();
  mtus.learn('front', peer[4], 1500, 1400, at(0));
  assert.deepEqual([mtus.tick(at(599_999)), mtus.wakeAt()], [false, 600_000]);
  assert.deepEqual([mtus.tick(at(600_000)), mtus.get('front', peer[4]), mtus.wakeAt()], [true, undefined, undefined]);
});

test('a token bucket lets a burst through, then its rate', () => {
  const bucket = new TokenBucket(10, 3);
  const takes = (now: number): number => Array.from({ length: 5 }, () => bucket.take(at(now))).filter(Boolean).length;
  assert.deepEqual([takes(0), takes(0), takes(100), takes(10_000)], [3, 0, 1, 3]);
});
