import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { after } from '../../../src/base/index.ts';
import { PcapngWriter } from '../../../src/lab/index.ts';
import { ask, assertPings, converge, openScenario, pingOnce, pingSteadily, snapshot } from '../scenario.ts';

const TOPOLOGY = 'examples/hub-and-spoke/topology.yaml';
/** `timers bgp 5 15`. */
const HOLD_MS = 15_000;

test('the fabric comes up and every LAN reaches every LAN, IPv4 and IPv6', () => {
  const scenario = openScenario(TOPOLOGY);
  assert.deepEqual(scenario.said, []);
  converge(scenario, 5000);
  assertPings(scenario);
  assert.match(ask(scenario, 'spoke1', 'show crypto ikev2 sa'), /READY +INITIATOR/);
  assert.match(ask(scenario, 'hub1', 'sh cry ips sa'), /transform: esp-aes esp-sha-hmac/);
  assert.match(ask(scenario, 'hub1', 'show bgp summary'), /172\.16\.1\.5 +4 +65001 /);
  assert.match(
    ask(scenario, 'spoke1', 'show route'),
    /^B +10\.1\.2\.0 255\.255\.255\.0 \[20\/0\] via 172\.16\.1\.253/m,
  );
  assert.match(
    ask(scenario, 'hub1', 'show route'),
    /^V +172\.16\.1\.5 255\.255\.255\.255 connected by VPN \(advertised\), DVTI_va\d/m,
  );
  assert.match(ask(scenario, 'spoke1', 'show interface tu1'), /Tunnel1 "VTI", is up, line protocol is up/);
  assert.match(ask(scenario, 'spoke1', 'ping 172.16.1.253'), /Success rate is 100 percent \(5\/5\)/);
  for (const device of ['hub1', 'hub2', 'spoke1', 'spoke2']) {
    const said = ask(scenario, device, 'show running-config') + ask(scenario, device, 'show logging');
    assert.doesNotMatch(said, /spoke\d-to-hub\d|hub\d-to-spoke\d/, 'no key is shown');
  }
});

test('a spoke has one clone on each hub, gone with its session and back with it', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  const clones = (): string[] =>
    snapshot(scenario, 'hub1')
      .interfaces.filter(({ kind }) => kind === 'virtual-access')
      .map(({ name }) => name);
  assert.deepEqual(clones(), ['Virtual-Access1', 'Virtual-Access2']);
  scenario.lab.powerOff('spoke2');
  // Dead peer detection: 10 s of silence, then three checks 2 s apart.
  scenario.lab.run({ until: after(scenario.lab.now, 30_000) });
  assert.equal(clones().length, 1);
  scenario.lab.powerOn('spoke2');
  converge(scenario);
  assert.equal(clones().length, 2);
});

test('hub 1 off: traffic flows over hub 2 within the hold time; on again: back over hub 1', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  assertPings(scenario);
  const { lab } = scenario;
  const viaHub = (): string | undefined =>
    snapshot(scenario, 'spoke1')
      .routes.flatMap(({ routes }) => routes)
      .find(({ prefix }) => prefix.toString() === '10.1.2.0/24')?.resolved[0]?.interface;
  assert.equal(viaHub(), 'Tunnel1');
  const off = lab.now;
  lab.powerOff('hub1');
  const probes = pingSteadily(scenario, 'lan1', '10.1.2.10', after(off, 60_000));
  lab.run({ until: after(off, 62_000) });
  const lost = probes.filter(({ result }) => result !== 'reply');
  const lastLost = Math.max(...lost.map(({ at }) => at));
  assert.ok(lastLost - off <= HOLD_MS, `the last probe lost was sent ${lastLost - off} ms after the failure`);
  assert.equal(viaHub(), 'Tunnel2');
  lab.powerOn('hub1');
  converge(scenario, 60_000);
  lab.run({ until: after(lab.now, 2000) });
  assert.equal(viaHub(), 'Tunnel1');
  assert.equal(pingOnce(scenario, 'lan1', '10.1.2.10').result, 'reply');
});

function captureDigest(seed: number): string {
  const scenario = openScenario(TOPOLOGY, seed);
  const hash = createHash('sha256');
  scenario.lab.capture(new PcapngWriter((bytes) => hash.update(bytes)));
  converge(scenario);
  assertPings(scenario);
  return hash.digest('hex');
}

test('the same seed gives the same captures byte for byte, another seed others', () => {
  const first = captureDigest(1);
  assert.equal(captureDigest(1), first);
  assert.notEqual(captureDigest(2), first);
});

test('a full-size packet with DF is refused with the MTU that fits, and that one passes', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  assertPings(scenario);
  const refused = pingOnce(scenario, 'lan1', '10.1.2.10', 1500, true);
  assert.equal(refused.result, 'too-big');
  assert.ok(refused.mtu !== undefined && refused.mtu < 1500 && refused.mtu >= 1400, `MTU ${refused.mtu}`);
  assert.equal(pingOnce(scenario, 'lan1', '10.1.2.10', refused.mtu, true).result, 'reply');
  assert.equal(pingOnce(scenario, 'lan1', '10.1.2.10', refused.mtu + 1, true).result, 'too-big');
  assert.equal(pingOnce(scenario, 'lan1', '10.1.2.10', 1500, false).result, 'reply', 'fragmented before encryption');
});
