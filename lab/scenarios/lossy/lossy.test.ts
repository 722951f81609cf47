import { test } from 'node:test';
import { runLossy } from './lossy.ts';

for (let seed = 1; seed <= 10; seed++) {
  test(`with 5 % loss, 2 % reordering and 1 % duplication on every link the fabric converges, seed ${seed}`, () => {
    runLossy(seed);
  });
}
