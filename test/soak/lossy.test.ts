/** Two hundred seeds of the lossy scenario; prints how long convergence took. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LossyRun, runLossy } from '../../lab/scenarios/lossy/lossy.ts';

const SEEDS = 200;

test(`seeds 1 to ${SEEDS} converge on lossy links`, (t) => {
  const runs: LossyRun[] = [];
  const failures: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      runs.push(runLossy(seed));
    } catch (error) {
      failures.push(String(error));
    }
  }
  const times = runs.map(({ convergedMs }) => convergedMs).sort((a, b) => a - b);
  const at = (share: number): string =>
    `${((times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0) / 1000).toFixed(1)} s`;
  t.diagnostic(`converged: median ${at(0.5)}, 90 % ${at(0.9)}, 99 % ${at(0.99)}, all ${at(1)}`);
  assert.deepEqual(failures, []);
});
