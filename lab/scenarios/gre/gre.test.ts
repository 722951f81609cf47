import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after } from '../../../src/base/index.ts';
import { Protocol, parseIp } from '../../../src/ip/index.ts';
import { GatewayNode } from '../../../src/lab/index.ts';
import { capture } from '../captured.ts';
import { ask, assertPings, converge, openScenario, pingOnce, type Scenario, snapshot } from '../scenario.ts';

const TOPOLOGY = 'examples/gre-over-ipsec/topology.yaml';

function up(): Scenario {
  const scenario = openScenario(TOPOLOGY);
  assert.deepEqual(
    scenario.said.filter((line) => /error|warning/.test(line)),
    [],
  );
  converge(scenario);
  return scenario;
}

function run({ lab }: Scenario, ms: number): void {
  lab.run({ until: after(lab.now, ms) });
}

function until({ lab }: Scenario, what: string, holds: () => boolean, withinMs: number): void {
  const reached = lab.run({ until: holds, limit: after(lab.now, withinMs), everyMs: 50 });
  assert.ok(reached, `not within ${withinMs} ms: ${what}`);
}

const isUp = (scenario: Scenario, name: string): boolean =>
  snapshot(scenario, name).interfaces.some((one) => one.name === 'Tunnel0' && one.lineProtocol);

const spi = (scenario: Scenario): number | undefined =>
  snapshot(scenario, 'r1').ike.sas.flatMap(({ children }) => children.map(({ inboundSpi }) => inboundSpi))[0];

test('BGP over protected GRE: up, in the words of the platform, and nothing in clear', () => {
  const scenario = openScenario(TOPOLOGY);
  const captured = capture(scenario.lab, ['left']);
  converge(scenario);
  assertPings(scenario);
  const protocols = captured().map((packet) => {
    const parsed = parseIp(packet);
    return parsed.ok ? parsed.value.protocol : -1;
  });
  assert.deepEqual([...new Set(protocols)].sort(), [Protocol.UDP, Protocol.ESP]);
  const shown = ask(scenario, 'r1', 'show interfaces Tunnel0');
  for (const line of [
    /^Tunnel0 is up, line protocol is up/m,
    /^ {2}Keepalive set \(10 sec\), retries 3$/m,
    /^ {2}Tunnel protocol\/transport GRE\/IP$/m,
    /^ {4}Key 0x64, sequencing disabled$/m,
    /^ {4}Checksumming of packets disabled$/m,
    /^ {2}Tunnel protection via IPSec \(profile "GRE"\)$/m,
  ]) {
    assert.match(shown, line);
  }
  const sa = ask(scenario, 'r1', 'show crypto ipsec sa');
  assert.match(sa, /local {2}ident \(addr\/mask\/prot\/port\): \(198\.51\.101\.1\/255\.255\.255\.255\/47\/0\)/);
  assert.match(sa, /in use settings =\{Transport, \}/);
  assert.match(ask(scenario, 'r1', 'show ip interface brief'), /^Tunnel0 +10\.254\.0\.1 +YES NVRAM +up +up/m);
  assert.match(ask(scenario, 'r1', 'show ip bgp summary'), /10\.254\.0\.2 +4 +65002 /);
});

test('a tenth of the packets lost: it comes up all the same, and stays', () => {
  const scenario = openScenario(TOPOLOGY);
  scenario.lab.link('left').change({ loss: 0.1 });
  converge(scenario, 120_000);
  run(scenario, 30_000);
  assert.ok(isUp(scenario, 'r1') && isUp(scenario, 'r2'), 'both lines are up');
});

test('new child SAs by rekeying: GRE goes on in them without a packet lost', () => {
  const scenario = up();
  const before = spi(scenario);
  const node = scenario.lab.node('r1', GatewayNode);
  node.operator({ kind: 'rekey-child' }, scenario.lab.now);
  run(scenario, 6000);
  assert.notEqual(spi(scenario), before);
  assert.equal(pingOnce(scenario, 'host1', '10.2.0.10', 1400, true).result, 'reply');
});

test('the peer starts anew: the tunnel carries again once IKE has noticed', () => {
  const scenario = up();
  scenario.lab.node('r2', GatewayNode).operator({ kind: 'clear-ike' }, scenario.lab.now);
  run(scenario, 100);
  converge(scenario, 120_000);
  assertPings(scenario);
});

test('a line cut where neither end sees it: keepalives take it down, and bring it back', () => {
  const scenario = up();
  scenario.lab.link('right').change({ loss: 1 });
  until(scenario, 'r1 has found out', () => !isUp(scenario, 'r1'), 45_000);
  assert.match(
    ask(scenario, 'r1', 'show interfaces Tunnel0'),
    /Tunnel is down because: 3 keepalives were not answered/,
  );
  scenario.lab.link('right').change({ loss: 0 });
  until(scenario, 'both are back', () => isUp(scenario, 'r1') && isUp(scenario, 'r2'), 180_000);
  converge(scenario, 60_000);
  assertPings(scenario);
});
