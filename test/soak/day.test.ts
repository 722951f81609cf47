/**
 * A virtual day with one ping a second from spoke to spoke, through all rekeys: not one is lost, doubled or out of
 * order, and memory stays where it was. Prints wall time and heap.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { disagreements } from '../../lab/scenarios/agreement.ts';
import { address, converge, openScenario, type Scenario } from '../../lab/scenarios/scenario.ts';
import { after, at } from '../../src/base/index.ts';
import { type GatewayNode, HostNode } from '../../src/lab/index.ts';
import { openShortLived, UNEQUAL } from './short-lives.ts';

const TOPOLOGY = 'examples/hub-and-spoke/topology.yaml';
const HOUR_MS = 3_600_000;
/** Of the processor: on an idle machine wall time is about the same, on a busy one it says nothing. */
const CPU_LIMIT_MS = 120_000;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

type Outcome = Readonly<{
  sent: number;
  faults: readonly string[];
  heap: readonly number[];
  wallMs: number;
  cpuMs: number;
}>;

/** Pings once a second for some hours; each answer is awaited before the next probe leaves, so none may overtake. */
function runHours(scenario: Scenario, hours: number): Outcome {
  const { lab } = scenario;
  const began = performance.now();
  const cpu = process.cpuUsage();
  const host = lab.node('lan1', HostNode);
  const answering = lab.node('lan2', HostNode);
  const count = (): number => (answering.counters['echo-request'] ?? 0) + (host.counters['echo-reply'] ?? 0);
  const before = count();
  const destination = address('10.1.2.10');
  const request = { destination, count: 1, size: 100, df: false, timeoutMs: 900, intervalMs: 100 };
  const end = after(lab.now, hours * HOUR_MS);
  const faults: string[] = [];
  let sent = 0;
  let answered = 0;
  const next = (now: typeof lab.now): void => {
    if (now >= end) return;
    sent++;
    const own = sent;
    host.ping(request, now, ([probe]) => {
      answered++;
      if (probe?.result !== 'reply') faults.push(`the probe of ${now} ms: ${probe?.result}`);
      if (answered !== own) faults.push(`the probe of ${now} ms is answered out of order`);
    });
    lab.at(after(now, 1000), next);
  };
  lab.at(lab.now, next);
  const heap: number[] = [];
  for (let hour = 1; hour <= hours; hour++) {
    lab.run({ until: at(Math.min(after(lab.now, HOUR_MS), end)) });
    heap.push(heapBytes());
  }
  lab.run({ until: after(end, 2000) });
  // Doubled packets would be more than one request and one reply for each probe.
  const seen = count() - before;
  if (seen !== 2 * sent) faults.push(`${sent} probes made ${seen} requests and replies`);
  const { user, system } = process.cpuUsage(cpu);
  return { sent, faults, heap, wallMs: performance.now() - began, cpuMs: (user + system) / 1000 };
}

function timeText(sent: number, wallMs: number, cpuMs: number): string {
  return `${sent} probes in ${(wallMs / 1000).toFixed(1)} s of wall time, ${(cpuMs / 1000).toFixed(1)} s of processor time`;
}

function countersOf({ lab }: Scenario, node: GatewayNode): Readonly<Record<string, number>> {
  return node.snapshot(lab.now)?.ike.counters ?? {};
}

function assertQuiet(scenario: Scenario): void {
  assert.deepEqual(disagreements(scenario), []);
  for (const node of scenario.gateways) {
    const { plane, log, tcp, ike } = node.snapshot(scenario.lab.now) ?? {};
    assert.deepEqual(plane?.drops, {}, `drops of ${node.name}`);
    assert.ok((log?.length ?? 0) <= 1024, 'the journal is bounded');
    assert.equal(tcp?.connections.filter(({ state }) => state !== 'ESTABLISHED').length, 0, 'connections left over');
    assert.equal(ike?.counters['ike-sas-ended'], undefined, `${node.name} lost an IKE SA`);
  }
}

test('a day of pings, child SAs of 8 h and IKE SAs of 24 h', (t) => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  const { sent, faults, heap, wallMs, cpuMs } = runHours(scenario, 25);
  const [early = 0, late = 0] = [heap[1], heap[23]];
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  t.diagnostic(timeText(sent, wallMs, cpuMs));
  t.diagnostic(`heap after hour 2: ${megabytes(early)}, after hour 24: ${megabytes(late)}`);
  assert.deepEqual(faults, []);
  assert.equal(sent, 25 * 3600);
  assertQuiet(scenario);
  for (const node of scenario.gateways) {
    const counters = countersOf(scenario, node);
    assert.ok((counters['child-sas-made'] ?? 0) >= 8, `${node.name} rekeyed its child SAs`);
    assert.ok((counters['ike-sas-rekeyed'] ?? 0) >= 2, `${node.name} rekeyed its IKE SAs`);
  }
  assert.ok(cpuMs < CPU_LIMIT_MS, `${cpuMs} ms of processor time`);
  assert.ok(late < early * 1.05 + 500_000, `heap grew from ${early} to ${late}`);
});

test('hours of pings with rekeys every few minutes, from both ends', (t) => {
  const scenario = openShortLived(UNEQUAL);
  converge(scenario);
  const { sent, faults, heap, wallMs, cpuMs } = runHours(scenario, 4);
  t.diagnostic(timeText(sent, wallMs, cpuMs));
  assert.deepEqual(faults, []);
  assertQuiet(scenario);
  for (const node of scenario.gateways) {
    const counters = countersOf(scenario, node);
    assert.ok((counters['request-create-child-sa-sent'] ?? 0) > 20, `${node.name} rekeyed`);
    assert.ok((counters['request-create-child-sa-answered'] ?? 0) > 20, `the peers of ${node.name} rekeyed`);
  }
  const [early = 0, late = 0] = [heap[1], heap[3]];
  assert.ok(late < early * 1.05 + 500_000, `heap grew from ${early} to ${late}`);
});
