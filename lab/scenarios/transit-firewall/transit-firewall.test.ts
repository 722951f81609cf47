import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after } from '../../../src/base/index.ts';
import { formatDiagnosis } from '../../../src/explain/index.ts';
import {
  aloneWith,
  asked,
  brokenTexts,
  type Change,
  type Fault,
  mend,
  named,
  remove,
  replace,
  run,
} from '../faults/fault.ts';
import { ask, converge, openScenario, snapshot } from '../scenario.ts';

const TOPOLOGY = 'lab/scenarios/transit-firewall/topology.yaml';
const FILE = 'firewall.cfg';
const ALLOW = 'tcp-options range 19 19 allow';
const DISABLE = 'set connection random-sequence-number disable';
const SERVICE = 'service-policy global_policy global';
const WHOLE = [
  'access-list GLOBAL_POLICY_BGP_TCP179 extended permit tcp any any eq bgp',
  'class-map CM_BGP',
  'match access-list GLOBAL_POLICY_BGP_TCP179',
  'tcp-map TCP_MD5_ALLOW',
  ALLOW,
  'policy-map global_policy',
  'class CM_BGP',
  DISABLE,
  'set connection advanced-options TCP_MD5_ALLOW',
  SERVICE,
];
const without = (...lines: readonly string[]): readonly Change[] => lines.map((line) => remove(FILE, line));

test('a signed session comes up through an ASA that was told to let it be', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario, 20_000);
  assert.match(ask(scenario, 'r1', 'show ip bgp summary'), /10\.2\.0\.2 +4 +65002 /);
  const [rule] = snapshot(scenario, 'firewall').plane.transit ?? [];
  assert.deepEqual([rule?.signaturesCleared, rule?.randomised], [0, 0]);
  assert.ok((rule?.connections ?? 0) > 0, 'the session is of the class');
  const conn = ask(scenario, 'firewall', 'show conn');
  assert.match(
    conn,
    /^1 in use, \d+ most used\n\nTCP outside {2}10\.2\.0\.2:\d+ inside {2}10\.1\.0\.2:\d+, idle 0:00:0\d, bytes \d+, flags UIOB?\n$/,
  );
  assert.match(
    ask(scenario, 'firewall', 'show conn detail'),
    /flags UIOB?, idle \d+s, uptime \d+s, timeout 1h0m, bytes/,
  );
  assert.match(
    ask(scenario, 'firewall', 'show service-policy'),
    /Class-map: CM_BGP\n +Set connection policy: random-sequence-number disable drop 0\n +current conns 1,/,
  );
  assert.match(
    ask(scenario, 'firewall', 'show logging'),
    /%ASA-6-302013: Built outbound TCP connection 1 for outside:10\.2\.0\.2\/179 \(10\.2\.0\.2\/179\) to inside:10\.1\.0\.2\/\d+ /,
  );
});

test('connections that the operator clears are told, and segments of them are refused', () => {
  const scenario = openScenario(TOPOLOGY);
  converge(scenario, 20_000);
  ask(scenario, 'firewall', 'clear conn address 10.1.0.2');
  assert.match(ask(scenario, 'firewall', 'show conn count'), /^0 in use/);
  scenario.lab.run({ until: after(scenario.lab.now, 8_000) });
  const log = ask(scenario, 'firewall', 'show logging');
  assert.match(
    log,
    /%ASA-6-302014: Teardown TCP connection \d+ for outside:\S+ to inside:\S+ duration 0:00:\d\d bytes \d+ Xlate Clear/,
  );
  assert.match(
    log,
    /%ASA-6-106015: Deny TCP \(no connection\) from 10\.[12]\.0\.2\/\d+ to 10\.[12]\.0\.2\/\d+ flags PSH ACK {2}on interface (?:in|out)side/,
  );
  converge(scenario, 60_000);
});

type Row = Readonly<{
  name: string;
  changes: readonly Change[];
  claim: RegExp;
  adds: readonly RegExp[];
  lines?: readonly string[];
}>;

const rows: readonly Row[] = [
  {
    name: 'an ASA as it comes',
    changes: without(...WHOLE),
    claim: /no class of a policy is about this session/,
    adds: [
      /^access-list /m,
      /^class-map /m,
      /^ tcp-options range 19 19 allow$/m,
      /^service-policy global_policy global$/m,
    ],
  },
  {
    name: 'the document as printed: the map empty, and no service-policy',
    changes: without(ALLOW, SERVICE),
    claim:
      /`tcp-options range 19 19 allow` is missing in tcp-map TCP_MD5_ALLOW, and `service-policy global_policy global` is missing/,
    adds: [/^tcp-map TCP_MD5_ALLOW\n tcp-options range 19 19 allow\nservice-policy global_policy global$/],
    lines: ['tcp-map TCP_MD5_ALLOW', 'policy-map global_policy'],
  },
  {
    name: 'the map empty',
    changes: without(ALLOW),
    claim: /clears TCP option 19; `tcp-options range 19 19 allow` is missing/,
    adds: [/^tcp-map TCP_MD5_ALLOW\n tcp-options range 19 19 allow$/],
    lines: ['tcp-map TCP_MD5_ALLOW'],
  },
  {
    name: 'no service-policy',
    changes: without(SERVICE),
    claim: /`service-policy global_policy global` is missing$/,
    adds: [/^service-policy global_policy global$/],
    lines: ['policy-map global_policy'],
  },
  {
    name: 'sequence numbers made anew',
    changes: without(DISABLE),
    claim: /it makes sequence numbers anew; `set connection random-sequence-number disable` is missing in class CM_BGP/,
    adds: [/^policy-map global_policy\n class CM_BGP\n {2}set connection random-sequence-number disable$/],
  },
  {
    name: 'a class of other sessions',
    changes: [replace(FILE, WHOLE[0] ?? '', 'access-list GLOBAL_POLICY_BGP_TCP179 extended permit tcp any any eq 180')],
    claim: /no class of a policy is about this session/,
    adds: [/^policy-map global_policy\n class BGP_MD5$/m],
  },
  {
    name: 'the map named by nobody',
    changes: without('set connection advanced-options TCP_MD5_ALLOW'),
    claim: /clears TCP option 19/,
    adds: [/set connection advanced-options/],
  },
];

for (const { name, changes, claim, adds, lines = [] } of rows) {
  test(`${name}: explain names the firewall and the lines, and they mend it`, () => {
    const fault: Fault = {
      name,
      says: name,
      topology: TOPOLOGY,
      changes,
      ask: { device: 'r1', neighbor: '10.2.0.2' },
      code: 'firewall-breaks-md5',
      layer: 'tcp',
      lines: [],
      forMs: 15_000,
    };
    const broken = brokenTexts(fault);
    const { fabric } = run(fault, broken, 'asked');
    const diagnosis = asked(fabric, fault.ask);
    const text = formatDiagnosis(diagnosis);
    assert.deepEqual([diagnosis.code, diagnosis.layer, diagnosis.state], [fault.code, fault.layer, 'down'], text);
    assert.match(diagnosis.claim, /^firewall stands between r1 and r2 and breaks the MD5 signatures/);
    assert.match(diagnosis.claim, claim);
    for (const line of lines)
      assert.ok(
        diagnosis.lines.some((one) => one.text === line),
        `${line} in\n${text}`,
      );
    const [edit] = diagnosis.edits;
    assert.ok(edit, text);
    assert.equal(edit.device, 'firewall');
    for (const added of adds) assert.match(edit.text, added);
    const back = asked(fabric, { device: 'r2', neighbor: '10.1.0.2' });
    assert.equal(back.code, fault.code, 'the same of the other end');
    mend(fault, broken, edit);
  });
}

test('nobody may begin: the access list is named, and the line that lets the session begin', () => {
  const changes = [
    replace(
      FILE,
      SERVICE,
      `${SERVICE}\naccess-list IN extended permit icmp any any\naccess-group IN in interface inside`,
    ),
  ];
  const ask = { device: 'r1', neighbor: '10.2.0.2' };
  const fault: Fault = {
    name: 'denied',
    says: '',
    topology: TOPOLOGY,
    changes,
    ask,
    code: 'firewall-denies',
    layer: 'tcp',
    lines: [named(FILE, 'access-group IN in interface inside')],
  };
  const broken = brokenTexts(fault);
  const diagnosis = asked(run(fault, broken, 'asked').fabric, ask);
  assert.equal(diagnosis.code, fault.code, formatDiagnosis(diagnosis));
  const [edit] = diagnosis.edits;
  assert.ok(edit, formatDiagnosis(diagnosis));
  mend(fault, broken, edit);
});

test('with one end alone it is said that a firewall may be in the way', () => {
  const fault: Fault = {
    name: 'alone',
    says: '',
    topology: TOPOLOGY,
    changes: without(ALLOW),
    ask: { device: 'r1', neighbor: '10.2.0.2' },
    code: '',
    layer: 'tcp',
    lines: [],
  };
  const { fabric } = run(fault, brokenTexts(fault), 'asked');
  const diagnosis = asked(aloneWith(fabric, 'r2'), { device: 'r2', neighbor: '10.1.0.2' });
  assert.match(diagnosis.missing ?? '', /firewall/, formatDiagnosis(diagnosis));
});
