import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Random, seededRandom, toHex } from '../base/index.ts';
import { createKeyShare } from './key-share.ts';
import { KeySharePool } from './key-share-pool.ts';
import { Ke } from './registry.ts';

function counted(): Readonly<{ random: Random; draws: () => number }> {
  const source = seededRandom(1);
  let draws = 0;
  return {
    random: (length) => {
      draws++;
      return source(length);
    },
    draws: () => draws,
  };
}

test('nothing is prepared of groups that nobody asked for', () => {
  const { random, draws } = counted();
  const pool = new KeySharePool(random);
  assert.equal(pool.isShort, false);
  pool.prepare();
  assert.equal(draws(), 0);
});

test('what was prepared is given out once, and only as much is prepared as may be', () => {
  const { random, draws } = counted();
  const pool = new KeySharePool(random);
  const values = [pool.take(Ke.ECP_256), pool.take(Ke.CURVE25519)].map(({ publicValue }) => toHex(publicValue));
  let rounds = 0;
  while (pool.isShort) {
    pool.prepare();
    rounds++;
  }
  assert.equal(rounds, 64, '32 of each group');
  pool.prepare();
  assert.equal(draws(), 2 + 64, 'no more than that');
  for (let i = 0; i < 32; i++) {
    const share = pool.take(Ke.ECP_256);
    assert.equal(share.group, Ke.ECP_256);
    values.push(toHex(share.publicValue));
  }
  assert.equal(draws(), 2 + 64, 'nothing was computed for them');
  assert.equal(new Set(values).size, values.length, 'each is another');
  const late = pool.take(Ke.ECP_256);
  assert.equal(draws(), 2 + 64 + 1, 'none is left: one is made');
  const peer = createKeyShare(Ke.ECP_256, seededRandom(2));
  assert.deepEqual(late.computeSecret(peer.publicValue), peer.computeSecret(late.publicValue));
});

test('the group with the fewest comes first', () => {
  const { random, draws } = counted();
  const pool = new KeySharePool(random);
  pool.take(Ke.ECP_256);
  for (let i = 0; i < 4; i++) pool.prepare();
  pool.take(Ke.CURVE25519);
  pool.prepare();
  const before = draws();
  assert.equal(pool.take(Ke.CURVE25519).group, Ke.CURVE25519);
  assert.equal(draws(), before, 'it was there');
  pool.clear();
  assert.equal(pool.isShort, false);
});
