/** The hub-and-spoke example on bad links: what the short test and the soak test share. */
import assert from 'node:assert/strict';
import { after, type IpAddress } from '../../../src/base/index.ts';
import { HostNode, isConverged, whyNotConverged } from '../../../src/lab/index.ts';
import { disagreements } from '../agreement.ts';
import { openScenario, type Scenario } from '../scenario.ts';

const TOPOLOGY = 'examples/hub-and-spoke/topology.yaml';
/** Of every frame on every link, in each direction. */
export const BAD = { loss: 0.05, reorder: 0.02, duplicate: 0.01 };

const CONVERGE_MS = 60_000;
const ANSWER_MS = 60_000;
const AGREE_MS = 120_000;

export type LossyRun = Readonly<{ convergedMs: number; pingTries: number }>;

/**
 * Brings the fabric up with one seed, has every ping of the topology answered, and waits for both ends of all SAs to
 * agree. Single probes may be lost, so they are repeated.
 */
export function runLossy(seed: number): LossyRun {
  const scenario = openScenario(TOPOLOGY, seed);
  const { lab, gateways } = scenario;
  for (const link of lab.links) link.change(BAD);
  const reached = lab.run({
    until: () => isConverged(gateways, lab.now),
    limit: after(lab.now, CONVERGE_MS),
    everyMs: 10,
  });
  assert.ok(reached, `seed ${seed} at ${lab.now} ms:\n${whyNotConverged(gateways, lab.now).join('\n')}`);
  const convergedMs = lab.now;
  let pingTries = 0;
  for (const { from, to } of lab.topology.pings) {
    pingTries += triesUntilAnswered(scenario, seed, lab.node(from, HostNode), to);
  }
  const agree = lab.run({
    until: () => disagreements(scenario).length === 0,
    limit: after(lab.now, AGREE_MS),
    everyMs: 100,
  });
  assert.ok(agree, `seed ${seed} at ${lab.now} ms:\n${disagreements(scenario).join('\n')}`);
  return { convergedMs, pingTries };
}

function triesUntilAnswered({ lab }: Scenario, seed: number, host: HostNode, destination: IpAddress): number {
  const limit = after(lab.now, ANSWER_MS);
  for (let tries = 1; ; tries++) {
    let result: string | undefined;
    const request = { destination, count: 1, size: 100, df: false, timeoutMs: 500, intervalMs: 100 };
    host.ping(request, lab.now, ([probe]) => {
      result = probe?.result ?? 'none';
    });
    lab.run({ until: () => result !== undefined, limit: after(lab.now, 2000), everyMs: 1 });
    if (result === 'reply') return tries;
    assert.ok(lab.now < limit, `seed ${seed}: ${host.name} gets no answer from ${destination}: ${result}`);
  }
}
