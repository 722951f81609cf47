/** What an operator does to running gateways: traceroute, ping, captures, clear and debug. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after, bytesEqual, SecretKey, toHex } from '../../../src/base/index.ts';
import { labDevice } from '../../../src/cli/lab-device.ts';
import { openLab } from '../../../src/cli/open-lab.ts';
import { Debugging } from '../../../src/console/index.ts';
import type { GatewayLogEvent, TracerouteProbe } from '../../../src/gateway/index.ts';
import { GatewayNode, PcapngWriter } from '../../../src/lab/index.ts';
import { address, ask, converge, openScenario, pingOnce, runPings, type Scenario, snapshot } from '../scenario.ts';

const EXAMPLE = 'examples/hub-and-spoke/topology.yaml';

function example(): Scenario {
  const scenario = openScenario(EXAMPLE);
  converge(scenario);
  runPings(scenario);
  return scenario;
}

function routed(): Scenario {
  const scenario = openScenario('lab/scenarios/operating/topology.yaml');
  scenario.lab.run({ until: after(scenario.lab.now, 1000) });
  return scenario;
}

/** What stands below the head, without blanks at the ends of lines. */
function hops(scenario: Scenario, device: string, command: string): readonly string[] {
  const lines = ask(scenario, device, command).split('\n');
  assert.deepEqual([lines[0], lines[1], lines[3]], ['', 'Type escape sequence to abort.', '']);
  return lines.slice(4, -1).map((line) => line.trimEnd());
}

test('routers are named in their order, with their round trips', () => {
  const scenario = routed();
  for (const how of ['', ' use-icmp', ' numeric source outside', ' port 40000 source 192.0.2.1']) {
    assert.deepEqual(hops(scenario, 'gw', `traceroute 203.0.113.10${how}`), [
      ' 1  192.0.2.2 10 msec 10 msec 10 msec',
      ' 2  198.51.100.2 30 msec 30 msec 30 msec',
      ' 3  203.0.113.10 32 msec 32 msec 32 msec',
    ]);
    assert.deepEqual(hops(scenario, 'gw', `traceroute 2001:db8:3::10 probe 1${how.replace('192.0.2.1', 'outside')}`), [
      ' 1  2001:db8:1::2 10 msec',
      ' 2  2001:db8:2::2 30 msec',
      ' 3  2001:db8:3::10 32 msec',
    ]);
  }
  assert.deepEqual(hops(scenario, 'gw', 'trac 203.0.113.10 ttl 2 2 prob 2'), [' 2  198.51.100.2 30 msec 30 msec']);
});

test('what stops a packet is told: no route, nobody there, silence', () => {
  const scenario = routed();
  assert.deepEqual(hops(scenario, 'gw', 'traceroute 198.18.0.1 probe 2'), [
    ' 1  192.0.2.2 10 msec 10 msec',
    ' 2  192.0.2.2 10 msec !N 10 msec !N',
  ]);
  const began = scenario.lab.now;
  assert.deepEqual(hops(scenario, 'gw', 'traceroute 203.0.113.99 ttl 1 4 timeout 1 probe 2'), [
    ' 1  192.0.2.2 10 msec 10 msec',
    ' 2  198.51.100.2 30 msec 30 msec',
    ' 3  *  *',
    ' 4  *  *',
  ]);
  assert.equal(Math.round(scenario.lab.now - began), 4080);
  scenario.lab.setLink('gw-r1', false);
  assert.deepEqual(hops(scenario, 'gw', 'traceroute 203.0.113.10'), [' 1  !N']);
});

test('tunnels are one hop: the hub, then what is behind it, and the other spoke by way of the hub', () => {
  const scenario = example();
  assert.deepEqual(hops(scenario, 'spoke1', 'traceroute 10.250.0.10'), [
    ' 1  172.16.1.253 20 msec 20 msec 20 msec',
    ' 2  10.250.0.10 20 msec 20 msec 20 msec',
  ]);
  assert.deepEqual(hops(scenario, 'spoke1', 'traceroute 10.1.2.10 source inside probe 1'), [
    ' 1  172.16.1.253 20 msec',
    ' 2  172.16.1.9 40 msec',
    ' 3  10.1.2.10 40 msec',
  ]);
  assert.deepEqual(hops(scenario, 'spoke1', 'traceroute 2001:db8:250::10 probe 1'), [
    ' 1  2001:db8:172::253 20 msec',
    ' 2  2001:db8:250::10 20 msec',
  ]);
  // A gateway answers as the last hop, at both of its ends of the tunnel.
  assert.deepEqual(hops(scenario, 'spoke1', 'traceroute 172.16.1.253 probe 1'), [' 1  172.16.1.253 20 msec']);
  assert.deepEqual(hops(scenario, 'spoke1', 'traceroute 10.0.0.254 probe 1'), [' 1  10.0.0.254 20 msec']);
});

test('a traceroute can be stopped; two at once and a ping beside them do not disturb each other', () => {
  const { lab, gateways } = routed();
  const [gw] = gateways;
  assert.ok(gw);
  const request = { method: 'udp', probes: 3, minTtl: 1, maxTtl: 30, timeoutMs: 1000, port: 33_434 } as const;
  const ended: (readonly TracerouteProbe[])[] = [];
  const done = (probes: readonly TracerouteProbe[]): void => void ended.push(probes);
  const dead = gw.traceroute({ ...request, destination: address('203.0.113.99') }, lab.now, done);
  gw.traceroute({ ...request, destination: address('203.0.113.10') }, lab.now, done);
  gw.traceroute({ ...request, destination: address('203.0.113.10'), method: 'icmp' }, lab.now, done);
  let replies = 0;
  const ping = { destination: address('203.0.113.10'), count: 5, size: 100, df: false, timeoutMs: 1000, intervalMs: 5 };
  gw.ping(ping, lab.now, (probes) => {
    replies = probes.filter(({ result }) => result === 'reply').length;
  });
  lab.run({ until: after(lab.now, 3000) });
  gw.operator({ kind: 'cancel', id: dead }, lab.now);
  assert.equal(replies, 5);
  assert.deepEqual(
    ended.map((probes) => probes.map(({ hop, result }) => `${hop}${result[0]}`).join(' ')),
    ['1t 1t 1t 2t 2t 2t 3r 3r 3r', '1t 1t 1t 2t 2t 2t 3r 3r 3r', '1t 1t 1t 2t 2t 2t 3t 3t'],
  );
});

test('pings by interface, with data and validation', () => {
  const scenario = example();
  ask(scenario, 'spoke1', 'capture V interface VTI match icmp any any');
  assert.match(ask(scenario, 'spoke1', 'ping inside 10.250.0.10 repeat 2 data 0xbeef validate size 48'), /\n!!\n/);
  assert.match(ask(scenario, 'spoke1', 'ping 10.250.0.10 source inside repeat 1 timeout 1'), /\n!\n/);
  assert.match(ask(scenario, 'spoke1', 'ping 2001:db8:250::10 source inside repeat 1'), /\n!\n/);
  const packets = scenario.lab.node('spoke1', GatewayNode).captured('V') ?? [];
  assert.equal(packets.length, 6);
  for (const { bytes } of packets.slice(0, 4)) assert.equal(toHex(bytes.subarray(28)), 'beef'.repeat(10));
  assert.match(ask(scenario, 'spoke1', 'show capture V'), /10\.1\.1\.1 > 10\.250\.0\.10 icmp: echo request/);
  for (const [line, expected] of [
    ['ping nowhere 10.250.0.10', /nowhere is not an address/],
    ['ping inside', /Incomplete/],
    ['ping inside 10.250.0.10 data xyz', /Invalid input detected: data xyz/],
    ['ping 10.250.0.10 source nowhere', /nowhere is neither an address nor an interface/],
    ['ping 10.250.0.10 s 100', /Ambiguous command: {2}"s"/],
    ['ping 10.250.0.10 source 2001:db8::1', /is not an IPv4 address/],
  ] as const) {
    assert.match(ask(scenario, 'spoke1', line), expected);
  }
});

test('a capture holds what passed the wire, byte for byte', () => {
  const scenario = example();
  const { lab } = scenario;
  const frames: Uint8Array[] = [];
  const writer = new PcapngWriter((block) => {
    const view = new DataView(block.buffer, block.byteOffset, block.length);
    if (view.getUint32(0, true) === 6) frames.push(block.slice(28, 28 + view.getUint32(20, true)));
  });
  lab.capture(writer, ['spoke1-outside']);
  ask(scenario, 'spoke1', 'capture ALL interface outside packet-length 9000 buffer 4000000');
  ask(scenario, 'spoke1', 'capture CLEAR interface VTI packet-length 9000');
  // A capture at a virtual template is one at all of its clones.
  const begun = ask(
    scenario,
    'hub1',
    'cap CLEAR interf DVTI match icmp host 10.250.0.10 10.1.1.0 255.255.255.0 packet 9000',
  );
  assert.equal(begun, '');
  for (const size of [28, 100, 1400, 2000])
    assert.equal(pingOnce(scenario, 'lan1', '10.250.0.10', size).result, 'reply');
  lab.run({ until: after(lab.now, 10_000) });
  // What is still under way is on the wire and not yet in the capture, or the other way round: it is quiet now.
  const node = lab.node('spoke1', GatewayNode);
  const captured = (node.captured('ALL') ?? []).map(({ bytes }) => toHex(bytes)).sort();
  const passed = frames.map((frame) => toHex(frame.subarray(14))).sort();
  assert.ok(captured.length > 20);
  assert.deepEqual(captured, passed);
  // The tunnel's ends saw the same pings in clear.
  const icmp = (name: string): readonly string[] =>
    (lab.node(name, GatewayNode).captured('CLEAR') ?? [])
      .filter(({ bytes }) => bytes[0] === 0x45 && bytes[9] === 1)
      .map(({ bytes }) => toHex(bytes));
  const [spoke, hub] = [icmp('spoke1'), icmp('hub1')];
  assert.ok(spoke.length >= 8);
  assert.deepEqual([...hub].sort(), [...spoke].sort());
});

test('an exported capture is a pcapng file with its packets; nothing is written where nothing may be', () => {
  const scenario = example();
  const { lab } = scenario;
  const node = lab.node('spoke1', GatewayNode);
  const files = new Map<string, Uint8Array>();
  const device = labDevice(lab, node, (name, bytes) => {
    files.set(name, bytes);
    return { ok: true, value: name };
  });
  ask(scenario, 'spoke1', 'capture V interface VTI packet-length 64 match icmp any any');
  ask(scenario, 'spoke1', 'ping 10.250.0.10 repeat 3');
  let text = '';
  const write = (more: string): void => {
    text += more;
  };
  const output = { write, done: () => undefined };
  device.perform({ kind: 'export', capture: 'V', file: 'v.pcapng' }, output);
  assert.equal(text, '6 packets copied to v.pcapng\n');
  const bytes = files.get('v.pcapng');
  assert.ok(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const kinds: number[] = [];
  for (let at = 0; at < bytes.length; at += view.getUint32(at + 4, true)) {
    const kind = view.getUint32(at, true);
    kinds.push(kind);
    if (kind === 1) assert.equal(view.getUint16(at + 8, true), 101, 'raw IP');
    if (kind !== 6) continue;
    assert.deepEqual([view.getUint32(at + 20, true), view.getUint32(at + 24, true)], [64, 100]);
    const kept = node.captured('V')?.[kinds.length - 3]?.bytes;
    assert.ok(kept && bytesEqual(bytes.subarray(at + 28, at + 28 + 64), kept));
  }
  assert.deepEqual(kinds, [0x0a0d0d0a, 1, 6, 6, 6, 6, 6, 6]);
  text = '';
  labDevice(lab, node).perform({ kind: 'export', capture: 'V', file: 'v.pcapng' }, output);
  assert.match(text, /^ERROR: no files are written from here/);
  assert.match(ask(scenario, 'spoke1', 'copy /pcap capture:V ../v.pcapng'), /not a file below this folder/);
  assert.match(ask(scenario, 'spoke1', 'copy capture:NOBODY v.pcapng'), /Capture <NOBODY> does not exist/);
});

test('captures are listed, filtered, changed, emptied and ended', () => {
  const scenario = example();
  const run = (command: string): string => ask(scenario, 'spoke1', command);
  run('capture C type raw-data interface outside buffer 2000 match esp any any match udp any any eq isakmp');
  run('cap C packet 80 match icmp host 10.0.0.1 any');
  run('capture RING circular-buffer interface VTI buffer 2000');
  for (let i = 0; i < 4; i++) run('ping 10.250.0.10');
  assert.equal(
    run('show capture'),
    [
      'capture C type raw-data buffer 2000 packet-length 80 interface outside [Buffer Full - 1920 bytes] ',
      '  match esp any any ',
      '  match udp any any eq isakmp ',
      '  match icmp host 10.0.0.1 any ',
      'capture RING type raw-data buffer 2000 circular-buffer interface VTI [Capturing - 1972 bytes] ',
      '',
    ].join('\n'),
  );
  assert.match(
    run('show capture C'),
    /^\n20 packets captured\n\n {3}1: .* 10\.0\.0\.1 > 10\.0\.0\.253 ip-proto-50, length 148 \n/,
  );
  assert.match(
    run('show capture RING detail'),
    /VTI in \(decrypted\) 0x0800 Length: 100\n {6}10\.250\.0\.10 > .*ttl 63/,
  );
  run('clear capture C');
  assert.match(run('show capture C'), /^\n0 packets captured\n\n0 packets shown\n$/);
  run('no capture C');
  assert.doesNotMatch(run('show capture'), /capture C /);
  for (const [line, expected] of [
    ['no capture C', /Capture <C> does not exist/],
    ['clear capture C', /Capture <C> does not exist/],
    ['show capture C dump', /Capture <C> does not exist/],
    ['capture X interface nowhere', /no interface nowhere/],
    ['capture X type asp-drop', /type asp-drop/],
    ['capture X match', /Incomplete/],
    ['capture X match udp any', /Incomplete/],
    ['capture X match udp any eq', /Incomplete/],
    ['capture X match udp any eq 70000 any', /port 70000/],
    ['capture X match ip 10.0.0.0 255.0.255.0 any', /255\.0\.255\.0 is not a mask/],
    ['capture X match ip host 10.0.0.1 2001:db8::/32', /different families/],
    ['capture X match foo any any', /protocol foo/],
    ['capture X buffer 12', /buffer 12/],
  ] as const) {
    assert.match(run(line), expected, line);
  }
  assert.doesNotMatch(run('show capture'), /capture X /, 'a refused line begins nothing');
  // A capture does not survive the power.
  scenario.lab.powerOff('spoke1');
  scenario.lab.powerOn('spoke1');
  assert.equal(run('show capture'), '');
});

test('clear takes down what it names, and only that', () => {
  const scenario = example();
  const { lab } = scenario;
  const peers = (): readonly string[] =>
    snapshot(scenario, 'spoke1').ike.sas.map(({ path, session }) => `${path.remote.address} ${session}`);
  const before = peers();
  ask(scenario, 'spoke1', 'clear crypto ikev2 sa 10.0.0.253');
  lab.run({ until: after(lab.now, 60_000) });
  converge(scenario, 60_000);
  const kept = before.filter((one) => peers().includes(one));
  assert.deepEqual(
    kept.map((one) => one.split(' ')[0]),
    ['10.0.0.254'],
  );
  const spis = (): readonly number[] => snapshot(scenario, 'spoke1').plane.childSas.map(({ id }) => id);
  const sas = spis();
  ask(scenario, 'spoke1', 'clear crypto ipsec sa peer 10.0.0.254');
  lab.run({ until: after(lab.now, 60_000) });
  converge(scenario, 60_000);
  assert.equal(sas.filter((id) => spis().includes(id)).length, 1);
});

test('BGP is cleared hard, softly, in one direction, one neighbour or all', () => {
  const scenario = example();
  const { lab } = scenario;
  const session = (neighbor: string) =>
    snapshot(scenario, 'spoke1').bgp?.neighbors.find((one) => one.address.toString() === neighbor);
  const since = session('172.16.1.253')?.since;
  for (const line of ['clear bgp 172.16.1.253 soft in', 'clear bgp * soft', 'clear bgp * soft out', 'clear bgp * in']) {
    ask(scenario, 'spoke1', line);
    lab.run({ until: after(lab.now, 1000) });
    assert.equal(session('172.16.1.253')?.since, since, line);
  }
  const other = session('172.16.2.254')?.since;
  ask(scenario, 'spoke1', 'clear bgp 172.16.1.253');
  lab.run({ until: after(lab.now, 60_000) });
  converge(scenario, 60_000);
  assert.notEqual(session('172.16.1.253')?.since, since);
  assert.equal(session('172.16.2.254')?.since, other);
});

test('debug tells what IKE does, on its own terminal, and never a key', () => {
  const used = new Map<string, Uint8Array>();
  const { reveal } = SecretKey.prototype;
  SecretKey.prototype.reveal = function (this: SecretKey): Uint8Array {
    const bytes = reveal.call(this);
    used.set(toHex(bytes), bytes.slice());
    return bytes;
  };
  const debugging = new Debugging();
  const silent = new Debugging();
  const said: string[] = [];
  try {
    debugging.set('protocol', 255);
    debugging.set('platform', 255);
    const hear = (device: string, event: GatewayLogEvent): void => {
      assert.deepEqual(silent.lines(event), []);
      if (device === 'spoke1') said.push(...debugging.lines(event));
    };
    const opened = openLab(EXAMPLE, 1, () => undefined, hear);
    assert.ok(opened);
    const { lab } = opened;
    lab.run({ until: after(lab.now, 5000) });
    lab.node('spoke1', GatewayNode).operator({ kind: 'clear-ike' }, lab.now);
    lab.run({ until: after(lab.now, 5000) });
    lab.setLink('spoke1-outside', false);
    lab.run({ until: after(lab.now, 120_000) });
  } finally {
    SecretKey.prototype.reveal = reveal;
  }
  const text = said.join('\n');
  assert.match(text, /^IKEv2-PROTO-3: \[10\.0\.0\.25[34]\] IKE SA with 10\.0\.0\.25[34] is up/m);
  assert.match(text, /^IKEv2-PLAT-\d: .*child SA/m);
  assert.match(text, /^IKEv2-PROTO-5: .*sent again/m);
  assert.match(text, / {2}because /);
  assert.ok(used.size > 10);
  for (const [hex, bytes] of used) {
    const printable = bytes.every((byte) => byte >= 0x20 && byte < 0x7f) ? new TextDecoder().decode(bytes) : hex;
    assert.ok(!text.includes(hex) && !text.includes(printable), 'a key was told');
  }
});
