/** Two hundred seeds of the lossy scenario; prints how long convergence took. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { disagreements } from '../../lab/scenarios/agreement.ts';
import { BAD, type LossyRun, runLossy } from '../../lab/scenarios/lossy/lossy.ts';
import { converge, snapshot } from '../../lab/scenarios/scenario.ts';
import { after } from '../../src/base/index.ts';
import { EQUAL, openShortLived, UNEQUAL } from './short-lives.ts';

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

const HOURS = 2;

for (const [name, lifetimes] of Object.entries({ equal: EQUAL, unequal: UNEQUAL })) {
  test(`hours of rekeys on lossy links, ${name} lifetimes: no tunnel goes down and both ends agree`, () => {
    for (let seed = 1; seed <= 2; seed++) {
      const scenario = openShortLived(lifetimes, seed);
      const { lab, gateways } = scenario;
      for (const link of lab.links) link.change(BAD);
      converge(scenario, 60_000);
      // An IKE SA may have been lost before its other end knew of it, but not later.
      lab.run({ until: after(lab.now, 60_000) });
      const ended = (): number[] =>
        gateways.map((node) => snapshot(scenario, node.name).ike.counters['ike-sas-ended'] ?? 0);
      const before = ended();
      lab.run({ until: after(lab.now, HOURS * 3_600_000) });
      const agree = (): boolean => disagreements(scenario).length === 0;
      assert.ok(lab.run({ until: agree, limit: after(lab.now, 180_000) }), disagreements(scenario).join('\n'));
      assert.deepEqual(ended(), before, `seed ${seed}: an IKE SA was lost`);
    }
  });
}
