/** Sessions on the example fabric, in virtual time: what is typed, what stands there then, and what it does to the fabric. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { converge, openScenario, type Scenario, snapshot } from '../../../lab/scenarios/scenario.ts';
import { after, utf8 } from '../../base/index.ts';
import { labDevices } from '../../cli/lab-device.ts';
import type { GatewayLogEvent } from '../../gateway/index.ts';
import type { ConsoleDevice } from './console-device.ts';
import { Screen } from './screen-fixture.ts';
import { type TerminalOptions, TerminalSession } from './session.ts';

const TOPOLOGY = 'examples/hub-and-spoke/topology.yaml';

type Stage = Readonly<{
  session: TerminalSession;
  /** Types, and gives what was written, carriage returns taken out. */
  type: (text: string) => string;
  /** Runs the fabric on, and gives what was written meanwhile. */
  wait: (ms: number) => string;
  screen: Screen;
  /** How many models were handed to the device. */
  configured: () => number;
  isClosed: () => boolean;
}>;

function stage(scenario: Scenario, name = 'spoke1', options: Partial<TerminalOptions> = {}): Stage {
  const { lab } = scenario;
  const found = labDevices(lab).get(name);
  assert.ok(found);
  let [written, configured, isClosed] = ['', 0, false];
  const device: ConsoleDevice = {
    ...found,
    configure: (model) => {
      configured++;
      found.configure(model);
    },
  };
  const columns = options.columns ?? 120;
  const screen = new Screen(columns);
  const write = (text: string): void => {
    written += text;
    screen.write(text);
  };
  const closed = (): void => {
    isClosed = true;
  };
  const session = new TerminalSession({ device, write, columns, rows: 1000, closed, ...options });
  const taken = (): string => {
    const text = written.replaceAll('\r\n', '\n');
    written = '';
    return text;
  };
  taken();
  return {
    session,
    screen,
    type: (text) => {
      session.input(utf8(text));
      return taken();
    },
    wait: (ms) => {
      lab.run({ until: after(lab.now, ms) });
      return taken();
    },
    configured: () => configured,
    isClosed: () => isClosed,
  };
}

const quiet = openScenario(TOPOLOGY);
converge(quiet);

/** SPIs by tunnel: whoever keeps them was not disturbed. */
function spis(scenario: Scenario, device: string): ReadonlyMap<string, string> {
  const { interfaces, ike } = snapshot(scenario, device);
  return new Map(
    interfaces.flatMap(({ name, lineProtocol, tunnel }) => {
      if (tunnel === undefined) return [];
      const sas = ike.sas.filter(({ session }) => session === tunnel.session);
      const children = sas.flatMap((sa) => sa.children.map((child) => String(child.inboundSpi)));
      return [[name, `${lineProtocol ? 'up' : 'down'} ${children.join(' ')}`] as const];
    }),
  );
}

test('prompts follow levels, modes and the host name', () => {
  const scenario = openScenario(TOPOLOGY);
  scenario.lab.run({ until: after(scenario.lab.now, 10) });
  const { type } = stage(scenario, 'spoke1', { level: 'user' });
  const rows = [
    ['\r', 'spoke1> '],
    ['enable\r', 'spoke1# '],
    ['disable\r', 'spoke1> '],
    ['en\r', 'spoke1# '],
    ['config term\r', 'spoke1(config)# '],
    ['interface Tunnel1\r', 'spoke1(config-if)# '],
    ['crypto ikev2 policy 10\r', 'spoke1(config-ikev2-policy)# '],
    ['crypto ipsec ikev2 ipsec-proposal P\r', 'spoke1(config-ipsec-proposal)# '],
    ['crypto ipsec profile VTI\r', 'spoke1(config-ipsec-profile)# '],
    ['tunnel-group 10.0.0.253 ipsec-attributes\r', 'spoke1(config-tunnel-ipsec)# '],
    ['tunnel-group 10.0.0.253 general-attributes\r', 'spoke1(config-tunnel-general)# '],
    ['group-policy GP internal\r', 'spoke1(config)# '],
    ['group-policy GP attributes\r', 'spoke1(config-group-policy)# '],
    ['router bgp 65001\r', 'spoke1(config-router)# '],
    ['address-family ipv4 unicast\r', 'spoke1(config-router-af)# '],
    ['exit\r', 'spoke1(config-router)# '],
    ['object network LAN\r', 'spoke1(config-network-object)# '],
    ['object-group network LANS\r', 'spoke1(config-network-object-group)# '],
    ['route-map RM permit 10\r', 'spoke1(config-route-map)# '],
    ['quit\r', 'spoke1(config)# '],
    ['hostname branch\r', 'branch(config)# '],
    ['interface Tunnel1\r', 'branch(config-if)# '],
    ['end\r', 'branch# '],
    ['conf t\rint tu1\rdescr half\u001a', 'branch# '],
    ['conf t\r', 'branch(config)# '],
    ['exit\r', 'branch# '],
    ['show x\u0003', 'branch# '],
  ] as const;
  for (const [keys, prompt] of rows) assert.equal(type(keys).split('\n').at(-1), prompt, keys);
});

for (const way of ['exit\r', 'quit\r', 'logout\r', 'conf t\rlogout\r', '\u0004']) {
  test(`${JSON.stringify(way)} ends the session, once`, () => {
    const { type, isClosed, session } = stage(quiet);
    assert.match(type(way), /\nLogoff\n/);
    assert.equal(isClosed(), true);
    session.close();
    assert.equal(type('show route\r'), '');
  });
}

const complaints = [
  { keys: 'sh c\r', says: 'ERROR: % Ambiguous command:  "sh c"\n' },
  { keys: 'show crypto\r', says: 'ERROR: % Incomplete command\n' },
  { keys: 'show frobs\r', says: "\n             ^\nERROR: % Invalid input detected at '^' marker.\n" },
  { keys: 'show bgpsummary\r', says: 'Did you mean: show bgp summary\n' },
  { keys: 'shwo route\r', says: 'Did you mean: show route\n' },
  { keys: 'show crypto ikve2 sa\r', says: 'Did you mean: show crypto ikev2 sa\n' },
  { keys: 'no show route\r', says: '\n           ^\nERROR: % Invalid' },
  { keys: 'terminal width 20\r', says: '20 is not within 40 to 511' },
  { keys: `${'x'.repeat(5000)}\r`, says: 'ERROR: the line is longer than 4096 characters; nothing was done\n' },
] as const;

for (const { keys, says } of complaints) {
  test(`complains about ${JSON.stringify(keys.slice(0, 30))} in the ASA's words`, () => {
    assert.ok(stage(quiet).type(keys).includes(says), stage(quiet).type(keys));
  });
}

const folder = join(dirname(fileURLToPath(import.meta.url)), 'goldens');

/** Lists of `?`: those of configuration, which only the grammar changes. */
const lists = [
  ['config-if', 'conf t\rinterface Tunnel1\r?'],
  ['config-ikev2-policy', 'conf t\rcrypto ikev2 policy 10\r?'],
  ['config-ipsec-profile', 'conf t\rcrypto ipsec profile VTI\r?'],
  ['config-router-af', 'conf t\rrouter bgp 65001\raddress-family ipv4 unicast\r?'],
  ['config-tunnel-ipsec', 'conf t\rtunnel-group 10.0.0.253 ipsec-attributes\r?'],
  ['tunnel', 'conf t\rinterface Tunnel1\rtunnel ?'],
  ['crypto-ikev2', 'conf t\rcrypto ikev2 ?'],
  ['terminal', 'terminal ?'],
] as const;

for (const [name, keys] of lists) {
  test(`? shows the words there are: ${name}`, () => {
    const scenario = openScenario(TOPOLOGY);
    scenario.lab.run({ until: after(scenario.lab.now, 10) });
    const shown = stage(scenario).type(keys);
    const text = shown
      .slice(shown.indexOf('?\n') + 2, shown.lastIndexOf('\n') + 1)
      .split('exec mode commands/options:\n')[0];
    const file = join(folder, `${name}.txt`);
    if (process.env['WRITE_GOLDENS'] === '1') writeFileSync(file, text ?? '');
    assert.equal(text, readFileSync(file, 'utf8'));
  });
}

test('? at once, and the line goes on', () => {
  const { type } = stage(quiet);
  const begun = type('sh?');
  assert.match(begun, /^sh\?\n {2}show {2}Show running system information\nspoke1# sh$/);
  assert.match(type('ow cry?'), /\n {2}crypto +IKE and IPsec\nspoke1# show cry$/);
  assert.match(type('pto ikev2 sa ?'), /\n {2}detail .*\n {2}<cr>\nspoke1# show crypto ikev2 sa $/s);
  assert.match(type('\u0015show frob ?'), /ERROR: % Unrecognized command\nspoke1# show frob $/);
  assert.match(type('\u0015ping ?'), /spoke1# ping $/);
  assert.match(type('\u0015show route | ?'), / {2}include .*\n {2}json .*/s);
  assert.match(type('\u0015no ?'), /^\S*no \?\n.* {2}terminal .*\nspoke1# no $/s);
});

test('Tab completes what is unique and lists what is not', () => {
  const { type, session } = stage(quiet);
  assert.equal(type('sh\t'), 'show ');
  assert.match(type('cr\t'), /^ypto $|^rypto $|ypto /);
  assert.match(type('ik\t'), /ev2 $/);
  assert.match(type('s\t'), /a stats|sa {2}stats|sa\b/);
  assert.match(type('\u0015show i\t'), /\ninterface {2}ip {2,}ipv6.*\nspoke1# show i$/s);
  assert.equal(type('zzz\t').at(-1), '\u0007');
  assert.match(type('\u0015conf t\rinterface Tunnel1\rdes\t'), /des.*cription $/s);
  session.close();
});

test('exec commands work in configuration, configuration does not work outside', () => {
  const { type } = stage(quiet);
  assert.match(type('interface Tunnel1\r'), /Invalid input/);
  type('conf t\rint tu1\r');
  assert.match(type('sh int ip br\r'), /^sh int ip br\nInterface .*\nspoke1\(config-if\)# $/s);
  assert.match(type('sh bgpsummary\r'), /Did you mean: show bgp summary/);
  assert.match(type('terminal pager 0\r'), /^terminal pager 0\nspoke1\(config-if\)# $/);
});

test('a line applies at once and leaves everything else alone', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  const { type, wait } = stage(scenario);
  const [spoke, hub, other] = [spis(scenario, 'spoke1'), spis(scenario, 'hub1'), spis(scenario, 'spoke2')];
  assert.equal(
    type('conf t\rinterface Tunnel1\rdescription the first hub\r'),
    'conf t\nspoke1(config)# interface Tunnel1\nspoke1(config-if)# description the first hub\nspoke1(config-if)# ',
  );
  assert.match(type('show running-config interface Tunnel1\r'), /\n description the first hub\n/);
  assert.match(type('show interface Tunnel1\r'), /the first hub/);
  wait(20_000);
  assert.deepEqual(spis(scenario, 'spoke1'), spoke);

  type('shutdown\r');
  wait(1000);
  assert.match(spis(scenario, 'spoke1').get('Tunnel1') ?? '', /^down/);
  assert.equal(spis(scenario, 'spoke1').get('Tunnel2'), spoke.get('Tunnel2'));
  assert.deepEqual(spis(scenario, 'spoke2'), other);
  type('no shutdown\r');
  wait(20_000);
  assert.match(spis(scenario, 'spoke1').get('Tunnel1') ?? '', /^up/);
  assert.equal(spis(scenario, 'spoke1').get('Tunnel2'), spoke.get('Tunnel2'));
  assert.notDeepEqual(spis(scenario, 'hub1'), hub);

  const after1 = spis(scenario, 'spoke1');
  type('router bgp 65001\rtimers bgp 10 30 0\r');
  wait(20_000);
  assert.match(type('show running-config router\r'), / timers bgp 10 30\b/);
  assert.deepEqual(spis(scenario, 'spoke1'), after1);
});

test('a line that is refused changes nothing, and is said where it is wrong', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  const { type, wait, configured } = stage(scenario);
  type('conf t\rinterface Tunnel1\r');
  const [count, { model }, before] = [configured(), snapshot(scenario, 'spoke1'), spis(scenario, 'spoke1')];
  assert.equal(
    type('tunnel distination 10.0.0.253\r'),
    `tunnel distination 10.0.0.253
${' '.repeat(26)}^
ERROR: % Invalid input detected at '^' marker.
\`distination\` does not fit here
Did you mean: tunnel destination 10.0.0.253
spoke1(config-if)# `,
  );
  assert.match(type('encryption aes\r'), /belongs under `crypto ikev2 policy <priority>`/);
  assert.match(type('ip address 10.1.1.2\r'), /ERROR: % Incomplete command\n/);
  assert.match(type('ip address 10.1.1.2 255.255.255.0\r'), /ERROR: 10\.1\.1\.0\/24 overlaps with/);
  wait(5000);
  assert.equal(configured(), count);
  assert.equal(snapshot(scenario, 'spoke1').model, model);
  assert.deepEqual(spis(scenario, 'spoke1'), before);
});

test('a thousand lines are pasted at once, in chunks that cut lines, bad ones among them', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  const { type, wait, configured } = stage(scenario);
  const before = spis(scenario, 'spoke1');
  const lines = Array.from({ length: 250 }, (_, i) => [
    `interface Loopback${i + 1}`,
    ` nameif L${i + 1}`,
    ` ip address 10.99.${Math.floor(i / 200)}.${(i % 200) + 1} 255.255.255.255`,
    i === 100 ? ' descripshun what? is this' : ` description number ${i + 1}, why?`,
  ]).flat();
  type('conf t\r');
  const paste = `\u001b[200~${lines.join('\r')}\r\u001b[201~`;
  let said = '';
  for (let at = 0; at < paste.length; at += 4095) said += type(paste.slice(at, at + 4095));
  assert.ok(configured() < 30, `${configured()} configurations`);
  assert.equal(said.split('Invalid input').length, 2);
  assert.match(said, /spoke1\(config-if\)# {2}descripshun what\? is this\n {20}\^\nERROR: % Invalid/);
  assert.equal(said.split('\n').filter((line) => /^spoke1\(config(-if)?\)# /.test(line)).length, 1000);
  wait(5000);
  const { interfaces } = snapshot(scenario, 'spoke1');
  assert.equal(interfaces.filter(({ name }) => name.startsWith('Loopback')).length, 250);
  assert.match(type('show run int Loopback250\r'), /description number 250, why\?\n/);
  assert.deepEqual(spis(scenario, 'spoke1'), before);
});

test('words run together are taken as what they mean, with a warning', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  const { type } = stage(scenario);
  assert.match(type('conf t\rrouteVTI 10.77.0.0 255.255.0.0 172.16.1.253 1\r'), /WARNING: .*read as `route VTI/);
  assert.match(type('show run route\r'), /route VTI 10\.77\.0\.0/);
});

test('output comes a page at a time', () => {
  const { type, screen } = stage(quiet, 'spoke1', { rows: 11, columns: 80 });
  const first = type('show running-config\r');
  assert.equal(first.split('\n').length, 12);
  assert.ok(first.endsWith('<--- More --->'));
  assert.equal(type('x'), '');
  assert.equal(type('\r').split('\n').length, 2);
  assert.equal(type(' ').split('\n').length, 11);
  assert.equal(screen.lines.at(-1), '<--- More --->');
  assert.match(type('q'), /spoke1# $/);
  assert.equal(screen.lines.at(-1), 'spoke1#');
  assert.match(type('show running-config\r\u0003'), /spoke1# $/);
  assert.match(type('terminal pager 3\rshow running-config\r'), /Version 9.20\(2\)\n<--- More --->$/);
  type('q');
  assert.doesNotMatch(type('terminal pager 0\rshow running-config\r'), /More/);
  assert.match(type('show pager\r'), /no pager\n/);
});

test('help of many lines comes by pages as well, and the line is still there', () => {
  const { type } = stage(quiet, 'spoke1', { rows: 8 });
  assert.match(type('conf t\rno ?'), /<--- More --->$/);
  assert.match(type('q'), /spoke1\(config\)# no $/);
});

test('a ping prints as it goes, keeps what is typed meanwhile and ends with Control-C', () => {
  const { type, wait } = stage(quiet);
  assert.match(type('ping 10.250.0.1 source 10.1.1.1\r'), /Sending 5, 100-byte ICMP Echos to 10\.250\.0\.1.*:\n$/s);
  assert.equal(type('show clock-'), '');
  assert.match(
    wait(1000),
    /^!!!!!\nSuccess rate is 100 percent \(5\/5\), round-trip min\/avg\/max = [\d/]+ ms\nspoke1# show clock-$/,
  );
  type('\u0015ping 10.0.0.77 repeat 1000\r');
  assert.match(wait(3000), /^\.+$/);
  assert.match(type('show version\r\u0003'), /^\nSuccess rate is 0 percent \(0\/\d+\)\nspoke1# $/);
  assert.equal(wait(5000), '');
  assert.match(type('ping 192.0.2.200\r'), /\?{5}\nSuccess rate is 0 percent \(0\/5\)\nspoke1# $/);
});

test('pipes filter, and `json` gives the value', () => {
  const { type } = stage(quiet);
  assert.match(type('show running-config | include hostname\r'), /\nhostname spoke1\nspoke1# $/);
  assert.match(type('show history | count show\r'), /regexp = 2\n/);
});

test('`terminal monitor` shows what happens above the line being typed', () => {
  const { session, screen, type } = stage(quiet, 'spoke1', { columns: 60 });
  const event = (text: string): GatewayLogEvent => ({ at: quiet.lab.now, severity: 5, code: 'bgp-down', text });
  session.log(event('nobody looks'));
  type('terminal monitor\rshow crypto ik');
  session.log(event('a neighbour with a long description went away\u001b[2J'));
  assert.deepEqual(screen.lines.slice(-3), [screen.lines.at(-3), screen.lines.at(-2), 'spoke1# show crypto ik']);
  assert.match(
    screen.lines.slice(-3, -1).join(''),
    /%[A-Z]+-5-\w+: a neighbour with a long description went away\.\[2J/,
  );
  assert.doesNotMatch(screen.lines.join('\n'), /nobody looks/);
  type('\u0015no term mon\r');
  session.log(event('unseen'));
  assert.doesNotMatch(screen.lines.join('\n'), /unseen/);
});

test('messages wait while pages are shown', () => {
  const { session, type } = stage(quiet, 'spoke1', { rows: 5 });
  type('terminal monitor\rshow running-config\r');
  session.log({ at: quiet.lab.now, severity: 5, code: 'x', text: 'something happened' });
  assert.match(type('q'), /something happened\nspoke1# $/);
});

test('a session that ends stops what runs and writes no more', () => {
  const { session, type, wait, isClosed } = stage(quiet);
  type('ping 10.0.0.77 repeat 1000\r');
  session.close();
  assert.equal(isClosed(), true);
  wait(10);
  assert.equal(wait(5000), '');
  assert.equal(type('show route\r'), '');
});

test('a device that is switched off says so, and is there again later', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  const { type } = stage(scenario);
  scenario.lab.powerOff('spoke1');
  assert.match(type('show route\r'), /spoke1 is switched off\n/);
  assert.match(type('conf t\r'), /spoke1 is switched off\nspoke1# $/);
  scenario.lab.powerOn('spoke1');
  assert.match(type('show interface ip brief\r'), /Tunnel1/);
});

test('what somebody else configured is not undone', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  const [one, other] = [stage(scenario), stage(scenario)];
  one.type('conf t\rinterface Tunnel1\rdescription by one\r');
  other.type('conf t\rinterface Tunnel2\rdescription by the other\r');
  assert.match(one.type('interface Tunnel1\r'), /changed elsewhere/);
  one.type('interface Tunnel1\rmtu outside 1400\r');
  const shown = one.type('show run interface\r');
  assert.match(shown, /by one/);
  assert.match(shown, /by the other/);
});

test('keys that were typed are in no list, complaint or answer', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario);
  const { type } = stage(scenario);
  type('conf t\rtunnel-group 10.0.0.253 ipsec-attributes\r');
  const typed = [
    'ikev2 local-authentication pre-shared-key OpenSesame1',
    'ikev2 local-authentication pre-shared-key OpenSesame2 OpenSesame3',
    'ikev2 locl-authentication pre-shared-key OpenSesame4',
    'ikev2 l pre-shared-key OpenSesame5',
  ];
  // What is echoed while typing apart.
  const answers = typed.map((line) => type(`${line}\r`).replace(line, ''));
  answers.push(type('show history\rend\rshow history\rshow running-config\rshow logging\r\u0010\u0010\u0010\u0010'));
  assert.doesNotMatch(answers.join('\n'), /OpenSesame/);
  assert.match(answers.join('\n'), /pre-shared-key \*{5}/);
});

test('no bytes make a session throw', () => {
  const words = fc.constantFrom(
    'show ',
    'conf t\r',
    'int tu1\r',
    'no ',
    '?',
    '\t',
    ' ',
    '\r',
    'exit\r',
    '| ',
    '\u001b[',
    '\u0003',
    'q',
    '-',
  );
  const input = fc.array(fc.oneof(words.map(utf8), fc.uint8Array({ maxLength: 12 })), { maxLength: 20 });
  fc.assert(
    fc.property(input, fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 30 }), (chunks, columns, rows) => {
      const { session } = stage(quiet, 'spoke2', { columns, rows });
      for (const chunk of chunks) session.input(chunk);
      session.close();
    }),
    { numRuns: 60 },
  );
});
