/** What `explain packet` says of the ways through real labs: lines, causes, edits that mend, there and back. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { after } from '../../../src/base/index.ts';
import {
  applyEdit,
  deviceWalker,
  explainCommand,
  type PacketReport,
  packetMermaid,
  packetText,
  readPacketQuery,
  readPacketTracer,
  walkPacket,
} from '../../../src/explain/index.ts';
import { GatewayNode, labEvidence } from '../../../src/lab/index.ts';
import { converge, openScenario, type Scenario } from '../scenario.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const HUBS = 'examples/hub-and-spoke/topology.yaml';

function up(path: string): Scenario {
  const scenario = openScenario(path);
  converge(scenario, 60_000);
  return scenario;
}

function ask({ lab }: Scenario, device: string, line: string): PacketReport {
  const query = readPacketQuery(line.split(' '));
  assert.ok(query.ok, JSON.stringify(query));
  const walked = walkPacket(labEvidence(lab), device, query.value);
  assert.ok(walked.ok, JSON.stringify(walked));
  return walked.value;
}

test('from LAN to LAN over a hub and back: every device, every decision, with its line', () => {
  const scenario = up(HUBS);
  const report = ask(scenario, 'spoke1', '10.1.1.10 10.1.2.10 both');
  assert.equal(report.forth.verdict, 'delivered');
  assert.equal(report.forth.node, 'lan2');
  assert.equal(report.back?.node, 'lan1');
  assert.equal(report.asymmetry, undefined);
  const devices = report.forth.hops.filter(({ kind }) => kind === 'device').map(({ node }) => node);
  assert.deepEqual(devices, ['spoke1', 'hub1', 'spoke2']);
  const [first] = report.forth.hops;
  const kinds = ['input', 'route', 'passage', 'child-sa', 'sealed', 'route', 'transmit'];
  assert.deepEqual(
    first?.steps.map(({ step }) => step),
    kinds,
  );
  for (const { step, lines } of first?.steps ?? []) assert.ok(lines.length > 0, `${step} has no line`);
  const text = packetText(report);
  assert.match(text, /spoke1\.cfg:\d+: tunnel protection ipsec profile VTI/);
  assert.match(packetMermaid(report), /^flowchart LR\n {2}n0\["spoke1"\]\n/);
  assert.doesNotThrow(() => JSON.stringify(report));
});

test('what does not fit is dropped where it does not fit, or cut', () => {
  const scenario = up(HUBS);
  const { forth } = ask(scenario, 'spoke1', '10.1.1.10 10.1.2.10 udp port 5000 size 1500 df');
  assert.equal(forth.verdict, 'dropped');
  assert.deepEqual([forth.node, forth.reason], ['spoke1', 'too-big']);
  assert.match(forth.claim, /1426 bytes fit/);
  const cut = ask(scenario, 'spoke1', '10.1.1.10 10.1.2.10 udp port 5000 size 1500').forth;
  assert.equal(cut.verdict, 'delivered');
  assert.equal(cut.hops.find(({ node }) => node === 'hub1')?.pieces, 2);
});

test('both hubs are off: it is dropped at the spoke', () => {
  const scenario = up(HUBS);
  const { lab } = scenario;
  lab.powerOff('hub1');
  lab.powerOff('hub2');
  lab.run({ until: after(lab.now, 200_000) });
  const { forth } = ask(scenario, 'spoke1', '10.1.1.10 10.1.2.10');
  assert.equal(forth.verdict, 'dropped');
  assert.equal(forth.node, 'spoke1');
});

test('from the lower level of an ASA: refused, and the lines with the levels', () => {
  const scenario = up('examples/asa-to-asr/topology.yaml');
  const { forth } = ask(scenario, 'asa-xfw01', '203.0.113.77 10.10.0.10 tcp port 22 input Outside');
  assert.equal(forth.verdict, 'dropped');
  assert.equal(forth.reason, 'security-level');
  assert.ok(forth.lines.length > 0, 'the levels have lines');
});

test('an access list that denies: its line, and the edit that lets the flow pass', () => {
  const folder = mkdtempSync(join(tmpdir(), 'packet-walk-'));
  try {
    cpSync(join(root, 'examples/asa-to-asr'), folder, { recursive: true });
    const file = join(folder, 'asa-xfw01.cfg');
    const list = 'access-list IN extended deny tcp any any eq 22\naccess-list IN extended permit ip any any\n';
    const text = `${readFileSync(file, 'utf8').trimEnd()}\n${list}access-group IN in interface Inside\n`;
    writeFileSync(file, text);
    const topology = relative(root, join(folder, 'topology.yaml'));
    const line = '10.10.0.10 10.20.0.10 tcp port 22';
    const { forth } = ask(up(topology), 'asa-xfw01', line);
    assert.deepEqual([forth.verdict, forth.node, forth.reason], ['dropped', 'asa-xfw01', 'access-list']);
    assert.match(forth.lines[0]?.text ?? '', /deny tcp any any eq 22/);
    const [edit] = forth.edits;
    assert.ok(edit !== undefined, 'there is an edit');
    writeFileSync(file, applyEdit(text, edit));
    assert.equal(ask(up(topology), 'asa-xfw01', line).forth.verdict, 'delivered');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('packet-tracer, as an ASA has it, and one device alone', () => {
  const { lab } = up('examples/asa-to-asr/topology.yaml');
  const words = 'packet-tracer input Inside tcp 10.10.0.10 1025 10.20.0.10 80 detailed'.split(' ');
  const whole = explainCommand(labEvidence(lab), 'asa-xfw01', words);
  assert.match(whole?.text ?? '', /there: delivered: it reaches site\n$/);
  const node = lab.node('asa-xfw01', GatewayNode);
  const own = labEvidence(lab).get('asa-xfw01');
  assert.ok(own !== undefined, 'it is known');
  const before = JSON.stringify(node.counters());
  const walker = (): ReturnType<typeof deviceWalker> =>
    deviceWalker(node.name, lab.now, (watch) => node.planeTwin(watch));
  const alone = explainCommand(new Map([[node.name, { ...own, walker }]]), node.name, words);
  assert.match(alone?.text ?? '', /there: left: it leaves what is known: from asa-xfw01 by GigabitEthernet0\/0/);
  assert.equal(JSON.stringify(node.counters()), before, 'and nothing of it has changed');
});

test('what can not be read is said', () => {
  for (const [words, why] of [
    ['', /a source is not an address/],
    ['10.0.0.1', /a destination is not an address/],
    ['10.0.0.1 2001:db8::1', /are not of one family/],
    ['10.0.0.1 10.0.0.2 port 70000', /port 70000 is not a number that fits/],
    ['10.0.0.1 10.0.0.2 quickly', /quickly is no protocol and no option/],
  ] as const) {
    const read = readPacketQuery(words.split(' '));
    assert.ok(!read.ok, words);
    assert.match(read.error, why);
  }
  assert.equal(readPacketTracer(['input']).ok, false);
  const icmp = readPacketTracer('input inside icmp 10.0.0.1 8 0 10.0.0.2'.split(' '));
  assert.ok(icmp.ok, JSON.stringify(icmp));
  assert.deepEqual([icmp.value.protocol, icmp.value.input, `${icmp.value.to}`], [1, 'inside', '10.0.0.2']);
});
