/** The engine of exec commands over the converged example: abbreviations, refusals, filters. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, assertPings, converge, openScenario } from '../../lab/scenarios/scenario.ts';

const scenario = openScenario('examples/hub-and-spoke/topology.yaml');
converge(scenario);
assertPings(scenario);

const same = [
  ['sh cry ik sa', 'show crypto ikev2 sa'],
  ['SHOW CRYPTO IPSEC SA', 'show crypto ipsec sa'],
  ['  show   bgp  sum ', 'show bgp summary'],
  ['sh int tu1', 'show interface Tunnel1'],
  ['sh int VTI', 'show interface Tunnel1'],
  ['sh run int Tunnel1', 'show running-config interface Tunnel1'],
] as const;

for (const [short, long] of same) {
  test(`'${short}' means '${long}'`, () => assert.equal(ask(scenario, 'spoke1', short), ask(scenario, 'spoke1', long)));
}

const refused = [
  ['show', /% Incomplete command/],
  ['show crypto', /% Incomplete command/],
  ['show bgpsummary', /Did you mean: show bgp summary/],
  ['show foo', /^show foo\n {5}\^\nERROR: % Invalid input detected at '\^' marker\.\n/],
  ['show interface Tunnel9', /no interface Tunnel9/],
  ['show crypto ipsec sa peer nobody', /nobody is not an address/],
  ['ping', /% Incomplete command/],
  ['ping nowhere', /nowhere is not an address/],
  ['ping 10.250.0.1 size', /% Incomplete command/],
  ['ping 10.250.0.1 size 0', /Invalid input/],
  ['show route | include (', /regular expression/],
  ['show route | fold x', /\| fold/],
  ['show route |', /% Incomplete command/],
] as const;

for (const [line, expected] of refused) {
  test(`'${line}' is refused in words`, () => assert.match(ask(scenario, 'spoke1', line), expected));
}

test('filters choose lines', () => {
  const all = ask(scenario, 'spoke1', 'show route').split('\n');
  const bgp = all.filter((line) => /^B /.test(line));
  assert.ok(bgp.length > 0);
  assert.equal(ask(scenario, 'spoke1', 'show route | include ^B '), `${bgp.join('\n')}\n`);
  assert.equal(ask(scenario, 'spoke1', 'show route | grep ^B '), `${bgp.join('\n')}\n`);
  assert.equal(
    ask(scenario, 'spoke1', 'show route | count ^B |^S '),
    `Number of lines which match regexp = ${all.filter((line) => /^B |^S /.test(line)).length}\n`,
  );
  assert.doesNotMatch(ask(scenario, 'spoke1', 'show route | exclude ^B '), /^B /m);
  assert.match(ask(scenario, 'spoke1', 'show route | begin ^Gateway'), /^Gateway of last resort/);
  assert.equal(
    ask(scenario, 'spoke1', 'show running-config | section interface Tunnel1'),
    ask(scenario, 'spoke1', 'show running-config interface Tunnel1').replace('!\n', ''),
  );
});

test('pings of every outcome print their mark', () => {
  assert.match(
    ask(scenario, 'spoke1', 'ping 10.250.0.1 repeat 3'),
    /\n!!!\nSuccess rate is 100 percent \(3\/3\), round-trip min\/avg\/max = 20\/20\/20 ms\n/,
  );
  assert.match(ask(scenario, 'spoke1', 'ping 192.0.2.1'), /\n\?{5}\nSuccess rate is 0 percent \(0\/5\)\n/);
  assert.match(ask(scenario, 'spoke1', 'ping 10.0.0.77'), /\n\.{5}\nSuccess rate is 0 percent \(0\/5\)\n/);
  assert.match(ask(scenario, 'spoke1', 'ping 10.250.0.1 size 1500 df-bit'), /\nM{5}\n/);
  assert.match(ask(scenario, 'spoke1', 'ping 2001:db8:250::1 source 2001:db8:1:1::1'), /\n!!!!!\n/);
});

test('a device that is switched off, or is not there, says so', () => {
  const other = openScenario('examples/hub-and-spoke/topology.yaml');
  assert.match(ask(other, 'spoke1', 'show route'), /switched off/);
  assert.match(ask(other, 'spoke9', 'show route'), /there is no device spoke9; there are hub1, hub2, spoke1, spoke2/);
});
