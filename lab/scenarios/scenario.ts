/** What scenario tests share: a topology opened, brought up in virtual time, pinged and asked. */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, type Instant, IpAddress } from '../../src/base/index.ts';
import { askDevice } from '../../src/cli/lab-ask.ts';
import { openLab } from '../../src/cli/open-lab.ts';
import type { GatewaySnapshot, PingProbe } from '../../src/gateway/index.ts';
import {
  type DecryptionTables,
  GatewayNode,
  HostNode,
  isConverged,
  type Lab,
  type PingReport,
  startPings,
  whyNotConverged,
} from '../../src/lab/index.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export type Scenario = Readonly<{
  lab: Lab;
  gateways: readonly GatewayNode[];
  keys: DecryptionTables;
  /** What the loader said, a line each. */
  said: readonly string[];
}>;

/** Opens a topology (a path from the repository's root); nothing has run yet. */
export function openScenario(path: string, seed = 1): Scenario {
  const said: string[] = [];
  const opened = openLab(join(root, path), seed, (text) => said.push(text));
  assert.ok(opened, said.join('\n'));
  return { lab: opened.lab, gateways: opened.lab.nodes(GatewayNode), keys: opened.keys, said };
}

/** Runs until every tunnel and BGP session that is wanted is up and all routes were told. */
export function converge({ lab, gateways }: Scenario, withinMs = 30_000): void {
  const reached = lab.run({
    until: () => isConverged(gateways, lab.now),
    limit: after(lab.now, withinMs),
    everyMs: 10,
  });
  assert.ok(reached, `at ${lab.now} ms:\n${whyNotConverged(gateways, lab.now).join('\n')}`);
}

/** Runs the topology's own pings to their end. */
export function runPings({ lab, gateways }: Scenario): readonly PingReport[] {
  let reports: readonly PingReport[] | undefined;
  startPings(lab, gateways, (given) => {
    reports = given;
  });
  lab.run({ until: () => reports !== undefined, limit: after(lab.now, 60_000), everyMs: 10 });
  assert.ok(reports, 'the pings did not end');
  return reports;
}

/** Every ping of the topology is answered. */
export function assertPings(scenario: Scenario): void {
  for (const { ping, probes, replies } of runPings(scenario)) {
    const results = probes.map(({ result }) => result).join(' ');
    assert.equal(replies, ping.count, `${ping.from} to ${ping.to}: ${results}`);
  }
}

/** One answer or failure of one echo request from a host. */
export function pingOnce({ lab }: Scenario, from: string, to: string, size = 100, df = false): PingProbe {
  let probe: PingProbe | undefined;
  const destination = address(to);
  const request = { destination, count: 1, size, df, timeoutMs: 2000, intervalMs: 100 };
  lab.node(from, HostNode).ping(request, lab.now, ([first]) => {
    probe = first;
  });
  lab.run({ until: () => probe !== undefined, limit: after(lab.now, 5000), everyMs: 1 });
  assert.ok(probe, 'the ping did not end');
  return probe;
}

/**
 * Pings from a host once every `everyMs` from now until `until`, and gives what became of each in the end: the moment
 * it was sent and its result.
 */
export function pingSteadily(
  { lab }: Scenario,
  from: string,
  to: string,
  until: Instant,
  everyMs = 1000,
): readonly Readonly<{ at: Instant; result: string }>[] {
  const host = lab.node(from, HostNode);
  const destination = address(to);
  const sent: { at: Instant; result: string }[] = [];
  const next = (now: Instant): void => {
    if (now >= until) return;
    const one = { at: now, result: 'pending' };
    sent.push(one);
    const request = { destination, count: 1, size: 100, df: false, timeoutMs: 2000, intervalMs: 100 };
    host.ping(request, now, ([probe]) => {
      one.result = probe?.result ?? 'none';
    });
    lab.at(after(now, everyMs), next);
  };
  lab.at(lab.now, next);
  return sent;
}

/** Text that a device answers. */
export function ask({ lab }: Scenario, device: string, command: string): string {
  let text: string | undefined;
  askDevice(lab, device, command, (answer) => {
    text = answer.text;
  });
  lab.run({ until: () => text !== undefined, limit: after(lab.now, 30_000), everyMs: 10 });
  return text ?? '';
}

export function snapshot({ lab }: Scenario, device: string): GatewaySnapshot {
  const found = lab.node(device, GatewayNode).snapshot(lab.now);
  assert.ok(found);
  return found;
}

export function address(text: string): IpAddress {
  const parsed = IpAddress.parse(text);
  assert.ok(parsed, text);
  return parsed;
}
