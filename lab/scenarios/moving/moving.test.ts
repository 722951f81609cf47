import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { after, type Endpoint, IpAddress, readU32, Writer } from '../../../src/base/index.ts';
import { loadAsa } from '../../../src/config/index.ts';
import { GatewayNode, HostNode } from '../../../src/lab/index.ts';
import { assertPings, converge, openScenario, type Scenario, snapshot } from '../scenario.ts';

const TOPOLOGY = 'lab/scenarios/moving/topology.yaml';
const SPOKE = readFileSync(new URL('spoke.cfg', import.meta.url), 'utf8');
const OTHER_WAY = SPOKE.replace('10.0.1.1 1\n', '10.0.1.1 2\n').replace('10.0.2.1 254\n', '10.0.2.1 1\n');
const PORT = 9;

/** The spoke may move, unless said otherwise; all is up. */
function up(settings: Parameters<GatewayNode['setPeers']>[0] = [{ peer: '*', mobike: 'offer' }]): Scenario {
  const scenario = openScenario(TOPOLOGY);
  const { lab } = scenario;
  lab.at(lab.now, (now) => lab.node('spoke', GatewayNode).setPeers(settings, now));
  converge(scenario);
  assertPings(scenario);
  return scenario;
}

function route(scenario: Scenario, text: string): void {
  const { lab } = scenario;
  const { model } = loadAsa(text, 'spoke.cfg');
  lab.at(lab.now, (now) => lab.node('spoke', GatewayNode).configure(model, now));
}

/** Numbered datagrams each way, one a millisecond for a while; the numbers that arrived, in the order they did. */
function probe({ lab }: Scenario, forMs: number, act: () => void): Readonly<Record<'lan' | 'dc', readonly number[]>> {
  const hosts = { lan: lab.node('lan', HostNode), dc: lab.node('dc', HostNode) };
  const seen: Record<'lan' | 'dc', number[]> = { lan: [], dc: [] };
  for (const name of ['lan', 'dc'] as const) hosts[name].onUdp(PORT, (payload) => seen[name].push(readU32(payload, 0)));
  const to = (host: HostNode): Endpoint => ({ address: host.address(4) ?? IpAddress.any(4), port: PORT });
  const send = (number: number): void => {
    const payload = new Writer(4).u32(number).finish();
    hosts.lan.sendUdp(PORT, to(hosts.dc), payload);
    hosts.dc.sendUdp(PORT, to(hosts.lan), payload);
    if (number + 1 < forMs) lab.at(after(lab.now, 1), () => send(number + 1));
  };
  lab.at(lab.now, () => send(0));
  lab.run({ until: after(lab.now, 50) });
  act();
  lab.run({ until: after(lab.now, forMs + 500) });
  return seen;
}

function assertWhole(seen: ReturnType<typeof probe>, count: number): void {
  const all = Array.from({ length: count }, (_, i) => i);
  for (const name of ['lan', 'dc'] as const) assert.deepEqual(seen[name], all, `what arrived at ${name}`);
}

const spokeAt = (scenario: Scenario): string | undefined =>
  snapshot(scenario, 'hub').ike.sas[0]?.path.remote.address.toString();

const sessions = (scenario: Scenario) =>
  (['spoke', 'hub'] as const).map((name) => {
    const { ike, log } = snapshot(scenario, name);
    return {
      spis: ike.sas.map(({ localSpi }) => localSpi),
      downs: log.filter(({ code }) => code === 'ike-sa-down' || code === 'bgp-down').length,
    };
  });

test('routes lead out by the other interface: the SAs move there and back, and no probe is lost', () => {
  const scenario = up();
  const before = sessions(scenario);
  assert.equal(spokeAt(scenario), '10.0.1.2');
  assertWhole(
    probe(scenario, 1000, () => route(scenario, OTHER_WAY)),
    1000,
  );
  assert.equal(spokeAt(scenario), '10.0.2.2');
  assertWhole(
    probe(scenario, 1000, () => route(scenario, SPOKE)),
    1000,
  );
  assert.equal(spokeAt(scenario), '10.0.1.2');
  assert.deepEqual(sessions(scenario), before);
});

test('the first way loses its carrier: the second carries on at once, and all comes back', () => {
  const scenario = up();
  const { lab } = scenario;
  const before = sessions(scenario);
  const seen = probe(scenario, 1000, () => lab.setLink('first', false));
  assert.equal(spokeAt(scenario), '10.0.2.2');
  // What was on the wire is lost, and what the hub sent before it heard.
  for (const name of ['lan', 'dc'] as const) {
    assert.ok(seen[name].length > 950, `${seen[name].length} arrived at ${name}`);
    assert.deepEqual(
      [...new Set(seen[name])].sort((a, b) => a - b),
      seen[name],
    );
  }
  assertWhole(
    probe(scenario, 1000, () => lab.setLink('first', true)),
    1000,
  );
  assert.equal(spokeAt(scenario), '10.0.1.2');
  assert.deepEqual(sessions(scenario), before);
});

test('without MOBIKE the SAs stay on the address of their interface', () => {
  const scenario = up([]);
  assertWhole(
    probe(scenario, 500, () => route(scenario, OTHER_WAY)),
    500,
  );
  assert.equal(spokeAt(scenario), '10.0.1.2');
});

test('another address on the outside interface moves the SAs too', () => {
  const scenario = up();
  const before = sessions(scenario);
  route(scenario, SPOKE.replace('ip address 10.0.1.2 255.255.255.0', 'ip address 10.0.1.77 255.255.255.0'));
  const { lab } = scenario;
  lab.run({ until: after(lab.now, 500) });
  assert.equal(spokeAt(scenario), '10.0.1.77');
  assert.deepEqual(sessions(scenario), before);
  assertPings(scenario);
});

test('the spoke authenticates anew every so often: no probe is lost, and the clone at the hub stays', () => {
  const scenario = up([{ peer: '*', reauthenticateMs: 100_000 }]);
  const { lab } = scenario;
  const clone = (): unknown => snapshot(scenario, 'hub').interfaces.find(({ kind }) => kind === 'virtual-access')?.name;
  const before = { clone: clone(), spis: sessions(scenario) };
  for (let i = 0; i < 3; i++) {
    const due = snapshot(scenario, 'spoke').ike.sas[0]?.reauthenticateAt;
    assert.ok(due !== undefined);
    lab.run({ until: after(due, -300) });
    assertWhole(
      probe(scenario, 1000, () => undefined),
      1000,
    );
    const counters = snapshot(scenario, 'hub').ike.counters;
    assert.equal(counters['ike-sas-reauthenticated'], i + 1);
  }
  const now = sessions(scenario);
  assert.deepEqual([clone(), now.map(({ downs }) => downs)], [before.clone, [0, 0]]);
  assert.notDeepEqual(
    now.map(({ spis }) => spis),
    before.spis.map(({ spis }) => spis),
  );
});
