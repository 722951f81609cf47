/** The commands about the lab itself, typed into a session on one of its devices. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { converge, openScenario, type Scenario } from '../../lab/scenarios/scenario.ts';
import { after, utf8 } from '../base/index.ts';
import { TerminalSession } from '../console/index.ts';
import { GatewayNode, NatNode } from '../lab/index.ts';
import { labCommands } from './lab-commands.ts';
import { labDevices } from './lab-device.ts';

type Stage = Readonly<{ type: (text: string) => string; wait: (ms: number) => string }>;

function stage({ lab }: Scenario): Stage {
  const devices = labDevices(lab);
  const [first] = devices.values();
  assert.ok(first);
  let written = '';
  const taken = (): string => {
    const text = written.replaceAll('\r\n', '\n');
    written = '';
    return text;
  };
  const session: TerminalSession = new TerminalSession({
    device: first,
    write: (text) => {
      written += text;
    },
    columns: 120,
    rows: 1000,
    closed: () => undefined,
    commands: labCommands(lab, devices, { at: () => session.device.name, goTo: (device) => session.attach(device) }),
  });
  taken();
  return {
    type: (text) => {
      session.input(utf8(text));
      return taken();
    },
    wait: (ms) => {
      lab.run({ until: after(lab.now, ms) });
      return taken();
    },
  };
}

const scenario = openScenario('lab/scenarios/behind-nat/topology.yaml');
converge(scenario);
const { lab } = scenario;
const { type, wait } = stage(scenario);
const names = lab.nodes(GatewayNode).map(({ name }) => name);

test('a device is gone to by its name, and keeps the mode it was left in', () => {
  assert.match(type('spoke1\r'), /\nspoke1# $/);
  assert.match(type('conf t\rinterface Tunnel1\r'), /\nspoke1\(config-if\)# $/);
  type('\u001a');
  type('hub\r');
  assert.match(type('devices\r'), new RegExp(`${names.map((name) => `[ *] ${name} +on\n`).join('')}hub# $`));
  assert.match(type('disable\rspoke1\r'), /\nspoke1# $/);
  assert.match(type('hub\r'), /\nhub> $/);
  type('enable\r');
});

test('another device is asked without going there', () => {
  assert.match(type('spoke1: show running-config | include ^hostname\r'), /\nhostname spoke1\nhub# $/);
  type('spoke1: ping 10.0.0.77\r');
  assert.match(wait(5000), /Success rate[^\n]*\nhub# $/);
  assert.match(type('spoke9: show route\r'), /Invalid input[^\n]*\n(Did you mean[^\n]*\n)?hub# $/);
});

test('nodes and links go off and on', () => {
  assert.match(type('power off spoke1\r'), /\nspoke1 is off\n/);
  assert.equal(lab.isOn('spoke1'), false);
  assert.match(type('spoke1: show route\r'), /spoke1 is switched off\nhub# $/);
  assert.match(type('devices\r'), / spoke1 +off\n/);
  type('power on spoke1\r');
  assert.equal(lab.isOn('spoke1'), true);
  const [link] = lab.topology.links;
  assert.ok(link);
  type(`link down ${link.name}\r`);
  assert.equal(lab.link(link.name).up, false);
  assert.match(type(`link up ${link.name}\r`), / is up\n/);
  assert.equal(lab.link(link.name).up, true);
  assert.match(type('power off nobody\r'), /Invalid input/);
  assert.match(type('link down\r'), /% Incomplete command/);
});

test('a NAT forgets', () => {
  wait(30_000);
  const [nat] = lab.nodes(NatNode);
  assert.ok(nat);
  assert.ok(nat.mappings(lab.now).length > 0);
  assert.match(type(`forget ${nat.name}\r`), /has no mappings/);
  assert.equal(nat.mappings(lab.now).length, 0);
});

test('a tunnel is explained, as text and as JSON', () => {
  const text = type('spoke1: explain tunnel Tunnel1\r');
  assert.match(text, /Tunnel1/);
  const json = type('spoke1: explain tunnel Tunnel1 | json\r');
  assert.equal(typeof JSON.parse(json.slice(json.indexOf('\n'), json.lastIndexOf('\n'))).claim, 'string');
});

test('? and Tab know the names of the lab', () => {
  const list = type('?');
  for (const word of [...names, 'power', 'link', 'forget', 'explain', 'DEVICE:'])
    assert.match(list, new RegExp(`\n  ${word} `));
  assert.match(type('power off \t'), /spoke1/);
  type('\u0015');
  assert.match(type('explain tunnel ?'), /\n {2}WORD +Interface of a tunnel/);
  type('\u0015');
  assert.match(type('frobnicate\r'), /^frobnicate\n {5}\^\nERROR: % Invalid input detected at '\^' marker\.\nhub# $/);
});

test('what `write memory` says is true', () => {
  assert.match(type('write memory\r'), /The lab keeps nothing/);
  assert.match(type('copy run start\r'), /The lab keeps nothing/);
});
